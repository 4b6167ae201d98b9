"""The key and its owner, as the examples of the API show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xai_dual.emulator.state import State


@dataclass(frozen=True)
class Account:
    """What is known about the key of a request."""

    redacted_key: str
    key_id: str
    name: str
    user_id: str
    team_id: str
    modified_by: str
    created: datetime
    modified: datetime
    acls: tuple[str, ...]
    key_blocked: bool = False
    key_disabled: bool = False
    team_blocked: bool = False
    zdr_status: str = "no_zdr"


def account(state: State, key: str) -> Account:
    """The key of a call and its owner."""
    found = state.keys.by_secret(key)
    assert found is not None  # calls with an unknown key do not get here
    return Account(
        redacted_key=found.redacted,
        key_id=found.id,
        name=found.name,
        user_id=found.user_id,
        team_id=found.team_id,
        modified_by=found.modified_by,
        created=found.created,
        modified=found.modified,
        acls=found.acls,
        key_blocked=found.blocked,
        key_disabled=found.disabled,
    )
