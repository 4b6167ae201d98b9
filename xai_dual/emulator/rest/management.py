"""API keys, rights, models and the audit log of the team, as the management host serves them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timezone
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from xai_dual.emulator.errors import ServiceError, invalid
from xai_dual.emulator.rest import query, team_models
from xai_dual.emulator.rest.call import Call, Json
from xai_dual.emulator.rest.times import stamp
from xai_dual.emulator.service import access
from xai_dual.emulator.service.audit import Event, Filter
from xai_dual.emulator.service.keys import ApiKey, redact
from xai_dual.emulator.service.paging import Paging

_KEY_ID = "7c2b3d0e-64b4-4b5f-9d0e-2f1c5a7e9b10"
_MADE = "2024-01-01T12:55:18.139305Z"
_FRACTION = re.compile(r"\.(\d+)")
_RIGHTS = (
    "CreateApiKey", "ListApiKeys", "UpdateApiKey", "RotateApiKey", "DeleteApiKey", "CheckApiKeyPropagation",
    "ListPossibleEndpointAcls", "ListModels", "ListAuditEvents", "AddFileToCollection",
)  # fmt: skip
_FIELDS = {  # names in bodies and masks, and those of the record
    "name": "name", "aclStrings": "acls", "acl_strings": "acls", "acls": "acls", "qps": "qps", "qpm": "qpm",
    "tpm": "tpm", "expireTime": "expires", "expire_time": "expires", "disabled": "disabled",
}  # fmt: skip
_CLEARED: dict[str, Any] = {"acls": (), "qps": 0, "qpm": 0, "tpm": 0, "expires": None, "disabled": False, "name": ""}


def team(call: Call) -> None:
    """Refuse a team that the management key does not manage."""
    params = call.request.path_params
    wanted = params.get("teamId") or params.get("team_id")
    if wanted != access.TEAM_ID:
        raise ServiceError("PERMISSION_DENIED", f"The management key has no access to the team {wanted}.")


def time(name: str, text: str | None) -> datetime | None:
    """A time in RFC 3339."""
    if text is None:
        return None
    try:
        # Python 3.10 reads neither a "Z" nor fractions of other lengths.
        text = _FRACTION.sub(lambda digits: f".{digits[1][:6]:<06}", re.sub("[zZ]$", "+00:00", text))
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise invalid(f"{name} must be a time like 2025-01-31T23:59:59Z; got {text!r}.") from None


def integer(name: str, text: str | None) -> int:
    """A 64-bit integer, which JSON carries as a string."""
    try:
        found = int(text or "0") if (text or "0").lstrip("-").isdecimal() else 2**63
    except ValueError:
        found = 2**63
    if not -(2**63) <= found < 2**63:
        raise invalid(f"{name} must be a 64-bit integer; got {text!r}.")
    return found


def _key(call: Call) -> ApiKey:
    params = call.request.path_params
    return call.state.keys.by_id(params.get("apiKeyId") or params["api_key_id"])


def _settings(given: Json, names: Sequence[str]) -> dict[str, Any]:
    """The properties of a key that are named; what is named but not given is cleared."""
    settings = {}
    for name in names:
        if name not in _FIELDS:
            raise invalid(f"{name} cannot be set.")
        target = _FIELDS[name]
        sources = [source for source, meant in _FIELDS.items() if meant == target and source in given]
        value = given[sources[0]] if sources else _CLEARED[target]
        if target == "tpm":
            value = integer(name, value or "0")
        elif target == "expires":
            value = time(name, value)
        settings[target] = tuple(value) if target == "acls" else value
    return settings


async def create_key(call: Call) -> Response:
    """POST /auth/teams/{teamId}/api-keys"""
    team(call)
    body = await call.body("CreateApiKeyRequest")
    names = [name for name in ("name", "acls", "qps", "qpm", "tpm", "expireTime") if name in body]
    key = call.state.keys.create(_settings(body, names))
    call.state.audit.record(f"Created the API key {key.name} ({key.id}).")
    return call.answer(write_key(key, secret=True))


async def list_keys(call: Call) -> Response:
    """GET /auth/teams/{teamId}/api-keys"""
    team(call)
    wanted = Paging(query.integer(call, "pageSize") or None, query.text(call, "paginationToken"))
    active = query.choice(call, "activeOnly", ("true", "false"), "false") == "true"
    found = call.state.keys.page(wanted, call.request.query_params.getlist("aclFilters"), active)
    body: Json = {"apiKeys": [write_key(key) for key in found.entries]}
    return call.answer(body | ({"paginationToken": found.token} if found.token else {}))


async def update_key(call: Call) -> Response:
    """PUT /auth/api-keys/{api_key_id}"""
    key = _key(call)
    body = await call.body("UpdateApiKeyRequest")
    given = body["apiKey"]
    mask = [name.strip() for name in (body.get("fieldMask") or "").split(",") if name.strip()]
    call.state.keys.change(key, _settings(given, mask or [name for name in given if name in _FIELDS]))
    call.state.audit.record(f"Changed the API key {key.name} ({key.id}).")
    return call.answer(write_key(key))


async def rotate_key(call: Call) -> Response:
    """POST /auth/api-keys/{apiKeyId}/rotate"""
    key = _key(call)
    body = await call.body("RotateApiKeyRequest")
    times = (time(name, body.get(name)) for name in ("expireTime", "oldSecretExpireTime"))
    call.state.keys.rotate(key, *times)
    call.state.audit.record(f"Rotated the API key {key.name} ({key.id}).")
    return call.answer(write_key(key, secret=True))


async def delete_key(call: Call) -> Response:
    """DELETE /auth/api-keys/{apiKeyId}"""
    key = _key(call)
    call.state.keys.delete(key)
    call.state.audit.record(f"Deleted the API key {key.name} ({key.id}).")
    return call.answer({})


async def propagation(call: Call) -> Response:
    """GET /auth/api-keys/{apiKeyId}/propagation"""
    _key(call)
    return call.answer({"icPropagation": {f"{team_models.CLUSTER}.api.x.ai": True}})


async def validate_key(call: Call) -> Response:
    """GET /auth/management-keys/validation"""
    return call.answer(
        {
            "apiKeyId": _KEY_ID,
            "teamId": access.TEAM_ID,
            "scope": "SCOPE_TEAM",
            "scopeId": access.TEAM_ID,
            "ownerUserId": access.USER_ID,
            "createTime": _MADE,
            "modifyTime": _MADE,
            "name": "My management key",
            "acls": [f"team-token:endpoint:{name}" for name in _RIGHTS],
            "redactedApiKey": redact(call.state.management_key),
            "ipRanges": None,
        }
    )


async def list_models(call: Call) -> Response:
    """GET /auth/teams/{teamId}/models"""
    team(call)
    return call.answer({"clusterConfigs": [team_models.write_cluster()]})


async def list_endpoints(call: Call) -> Response:
    """GET /auth/teams/{teamId}/endpoints"""
    team(call)
    rights = {"*": "All endpoints", **access.ENDPOINTS}
    acls = [
        {
            "acl": f"api-key:endpoint:{name}",
            "description": text,
            "namespace": "api-key",
            "key": "endpoint",
            "value": name,
        }
        for name, text in rights.items()
    ]
    return call.answer({"acls": acls})


async def list_events(call: Call) -> Response:
    """GET /audit/teams/{teamId}/events"""
    team(call)
    condition = Filter(
        user_id=query.text(call, "eventFilter.userId"),
        query=query.text(call, "eventFilter.query"),
        event_id=query.text(call, "eventFilter.eventId"),
        since=time("eventTimeFrom", query.text(call, "eventTimeFrom")),
        until=time("eventTimeTo", query.text(call, "eventTimeTo")),
    )
    order = query.choice(call, "orderBy", ("TIME_ASCENDING", "TIME_DESCENDING"), "TIME_ASCENDING")
    wanted = Paging(query.integer(call, "pageSize") or None, query.text(call, "pageToken"))
    found = call.state.audit.page(wanted, condition, order == "TIME_DESCENDING")
    body: Json = {"events": [_event(event) for event in found.entries]}
    return call.answer(body | ({"nextPageToken": found.token} if found.token else {}))


async def block(request: Request) -> Response:
    """Block a key as xAI does with a leaked one (POST), or let it be used again (DELETE)."""
    key = request.app.state.emulator.keys.by_id(request.path_params["api_key_id"])
    key.blocked = request.method == "POST"
    return Response(status_code=204)


def write_key(key: ApiKey, secret: bool = False) -> Json:
    """A key; limits and times that are not set are left out."""
    body: Json = {
        "redactedApiKey": key.redacted,
        "userId": key.user_id,
        "name": key.name,
        "createTime": stamp(key.created),
        "modifyTime": stamp(key.modified),
        "teamId": key.team_id,
        "apiKeyId": key.id,
        "disabled": key.disabled,
        "aclStrings": list(key.acls),
    }
    if secret:
        body["apiKey"] = key.secret
    if key.expires:
        body["expireTime"] = stamp(key.expires)
    if key.tpm:
        body["tpm"] = str(key.tpm)
    return body | {name: value for name, value in (("qps", key.qps), ("qpm", key.qpm)) if value}


def _event(event: Event) -> Json:
    user = {
        "userId": event.user_id,
        "email": "user@example.com",
        "profileImage": "",
        "givenName": "Emma",
        "familyName": "Lator",
        "profileImageUrl": "https://example.com/emma.png",
    }
    return {"eventTime": stamp(event.time), "eventId": event.id, "description": event.description, "user": user}


ROUTES: list[tuple[str, str, Callable[[Call], Awaitable[Response]]]] = [
    ("POST", "/auth/teams/{teamId}/api-keys", create_key),
    ("GET", "/auth/teams/{teamId}/api-keys", list_keys),
    ("PUT", "/auth/api-keys/{api_key_id}", update_key),
    ("DELETE", "/auth/api-keys/{apiKeyId}", delete_key),
    ("POST", "/auth/api-keys/{apiKeyId}/rotate", rotate_key),
    ("GET", "/auth/api-keys/{apiKeyId}/propagation", propagation),
    ("GET", "/auth/management-keys/validation", validate_key),
    ("GET", "/auth/teams/{teamId}/models", list_models),
    ("GET", "/auth/teams/{teamId}/endpoints", list_endpoints),
    ("GET", "/audit/teams/{teamId}/events", list_events),
]
