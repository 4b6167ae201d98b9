"""The API keys of a team: made, changed, rotated and deleted by a management key, and checked at every call."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from xai_dual.emulator.errors import ServiceError, invalid, not_found
from xai_dual.emulator.service import access, catalog
from xai_dual.emulator.service.access import TEAM_ID, USER_ID
from xai_dual.emulator.service.clock import Clock
from xai_dual.emulator.service.paging import Page, Paging, page

_EVERYTHING = ("api-key:model:*", "api-key:endpoint:*")
_FIRST_ID = "ae1e1841-4326-4b36-a8a9-8a1a7237db11"
_MODIFIER = "3d38b4dc-4eb7-4785-ae26-c3fa8997ffc7"
_ACL = re.compile(r"api-key:(endpoint|model):\S+")
_OLD_SECRET = timedelta(hours=24)
_OLD_SECRET_MAX = timedelta(days=7)


def redact(key: str) -> str:
    """A key as error texts show it: ``xa***ey``."""
    return f"{key[:2]}***{key[-2:]}" if len(key) > 4 else "***"


@dataclass
class ApiKey:
    """An API key. ``secret`` is the newest one; a rotated one may still work beside it."""

    id: str
    name: str
    secret: str
    created: datetime
    modified: datetime
    acls: tuple[str, ...] = ()
    qps: int = 0
    qpm: int = 0
    tpm: int = 0
    expires: datetime | None = None
    disabled: bool = False
    blocked: bool = False
    deleted: bool = False
    user_id: str = USER_ID
    team_id: str = TEAM_ID
    modified_by: str = USER_ID

    @property
    def redacted(self) -> str:
        """The first and last characters of the secret."""
        return f"{self.secret[:4]}...{self.secret[-4:]}"

    def fault(self, now: datetime) -> str:
        """Why calls with this key are not served; empty if they are."""
        if self.deleted:
            return "was deleted"
        if self.blocked:
            return "is blocked"
        if self.disabled:
            return "is disabled"
        return "has expired" if self.expires and self.expires <= now else ""

    def allows(self, kind: str, names: Iterable[str]) -> bool:
        """Whether one of the rights ``api-key:KIND:NAME`` is there."""
        return any(f"api-key:{kind}:{name}" in self.acls for name in ("*", *names))


class Keys:
    """All API keys of an emulator; ``first`` is the secret of the one that is there from the start."""

    def __init__(self, first: str, clock: Clock) -> None:
        self._clock = clock
        created = datetime(2024, 1, 1, 12, 55, 18, 139305, timezone.utc)
        modified = datetime(2024, 8, 28, 17, 20, 12, 343321, timezone.utc)
        key = ApiKey(_FIRST_ID, "My API Key", first, created, modified, _EVERYTHING, modified_by=_MODIFIER)
        self._keys = {key.id: key}
        self._secrets: dict[str, tuple[ApiKey, datetime | None]] = {first: (key, None)}

    def page(self, wanted: Paging, acls: Sequence[str], active_only: bool) -> Page[ApiKey]:
        """One page of the keys that are not deleted, oldest first."""
        now = self._clock.now()
        found = [
            key
            for key in self._keys.values()
            if not key.deleted and set(acls) <= set(key.acls) and not (active_only and key.fault(now))
        ]
        places = {key_id: place for place, key_id in enumerate(self._keys)}
        return page(found, wanted, place=lambda key: places[key.id], known=self._keys, name=lambda key: key.id)

    def by_id(self, key_id: str) -> ApiKey:
        """The key of an id, or NOT_FOUND."""
        key = self._keys.get(key_id)
        if key is None or key.deleted:
            raise not_found(f"The API key {key_id} does not exist.")
        return key

    def by_secret(self, secret: str) -> ApiKey | None:
        """The key of a secret, whether it still works or not. What tests put behind a slash does not count."""
        found = self._secrets.get(secret.partition("/")[0])
        return found[0] if found else None

    def check(self, secret: str, operation: str) -> None:
        """Refuse a secret that does not work, or whose key has no right to the operation."""
        found = self._secrets.get(secret.partition("/")[0])
        if found is None:
            raise invalid(
                f"Incorrect API key provided: {redact(secret)}. You can obtain an API key from https://console.x.ai."
            )
        if operation in access.ABOUT_ITSELF and not found[0].deleted:
            return
        key, lapses = found
        now = self._clock.now()
        fault = key.fault(now) or ("was rotated" if lapses and lapses <= now else "")
        if fault:
            raise _denied(f"The API key {redact(secret)} {fault}.")
        name = access.endpoint(operation)
        if name is not None and not key.allows("endpoint", [name]):
            raise _denied(f"The API key {redact(secret)} has no right api-key:endpoint:{name}.")

    def check_model(self, secret: str, operation: str, model: str) -> None:
        """Refuse a model that the key has no right to. Rights may name a model or one of its aliases."""
        key = self.by_secret(secret)
        wanted = model or access.default_model(operation)
        if key is None or not wanted or access.is_management(operation):
            return
        if not key.allows("model", catalog.names(wanted)):
            raise _denied(f"The API key {redact(secret)} has no right api-key:model:{wanted}.")

    def create(self, settings: Mapping[str, Any]) -> ApiKey:
        """Make a key. It works at once."""
        now = self._clock.now()
        made = ApiKey(str(uuid.uuid4()), "", _secret(), now, now)
        _set(made, settings)
        self._keys[made.id] = made
        self._secrets[made.secret] = (made, None)
        return made

    def change(self, key: ApiKey, settings: Mapping[str, Any]) -> None:
        """Change the properties that are named."""
        _set(key, settings)
        key.modified = self._clock.now()

    def rotate(self, key: ApiKey, expires: datetime | None, old_expires: datetime | None) -> None:
        """Give a key a new secret; the old one lapses 24 hours from now unless said otherwise."""
        now = self._clock.now()
        if old_expires is not None and old_expires > now + _OLD_SECRET_MAX:
            raise invalid("oldSecretExpireTime must be at most 7 days from now.")
        if expires is not None and expires <= now:
            raise invalid("expireTime must be in the future.")
        self._secrets[key.secret] = (key, old_expires or now + _OLD_SECRET)
        key.secret = _secret()
        self._secrets[key.secret] = (key, None)
        key.expires = expires or key.expires
        key.modified = now

    def delete(self, key: ApiKey) -> None:
        """Remove a key for good. Its secrets are remembered: they are refused as deleted, not as unknown."""
        key.deleted = True


def _set(key: ApiKey, settings: Mapping[str, Any]) -> None:
    changed = replace(key, **settings)
    if not changed.name:
        raise invalid("The key must have a name.")
    for acl in changed.acls:
        if not _ACL.fullmatch(acl):
            raise invalid(f"{acl} is no right; rights look like api-key:endpoint:chat or api-key:model:*.")
    if any(limit < 0 for limit in (changed.qps, changed.qpm, changed.tpm)):
        raise invalid("qps, qpm and tpm must not be negative.")
    for name in settings:
        setattr(key, name, getattr(changed, name))


def _secret() -> str:
    return "xai-" + secrets.token_hex(40)


def _denied(message: str) -> ServiceError:
    return ServiceError("PERMISSION_DENIED", message)
