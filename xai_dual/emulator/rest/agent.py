"""Endpoints of the Responses API, of Anthropic's shapes and of skills."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from xai_dual.emulator.errors import invalid, too_large
from xai_dual.emulator.faults import Fault
from xai_dual.emulator.rest import messages, query, response_events, response_input, responses
from xai_dual.emulator.rest.call import Call, Json
from xai_dual.emulator.service import stored
from xai_dual.emulator.service.forms import CREATED
from xai_dual.emulator.service.lists import page
from xai_dual.emulator.service.skills import MAX_BYTES, Skill

_FORM_OVERHEAD = 1 << 20
_PAGE = 20


async def create_response(call: Call) -> Response:
    """POST /v1/responses"""
    body = await call.body("ModelRequest")
    whole = stored.respond(responses.read(body), call.state.responses, call.key)
    if not body.get("stream"):
        answer = responses.write(whole)
        if call.legacy:  # the documented answer has no reasoning item, though it counts reasoning tokens
            answer["output"] = [item for item in answer["output"] if item["type"] != "reasoning"]
        return call.answer(answer)

    def failed(fault: Fault, position: int) -> Json:
        return response_events.failed(whole, fault, position)

    return call.stream(response_events.events(whole), named=True, failed=failed)


async def get_response(call: Call) -> Response:
    """GET /v1/responses/{response_id}"""
    return call.answer(responses.write_stored(_stored(call).whole))


async def delete_response(call: Call) -> Response:
    """DELETE /v1/responses/{response_id}"""
    name = call.state.responses.delete(call.key, call.request.path_params["response_id"])
    return call.answer({"id": name, "object": "response", "deleted": True})


async def list_input_items(call: Call) -> Response:
    """GET /v1/responses/{response_id}/input_items"""
    whole = _stored(call).whole
    assert whole.request is not None
    items = response_input.write(whole.request.messages, whole.id)
    limit = query.integer(call, "limit")
    order = query.choice(call, "order", ("asc", "desc"), "desc")
    after = query.text(call, "after") or ""
    found = page(items, lambda item: str(item["id"]), after, _PAGE if limit is None else limit, order)
    names = [item["id"] for item in found.items] or [None]
    return call.answer(
        {"object": "list", "data": found.items, "first_id": names[0], "last_id": names[-1], "has_more": found.more}
    )


async def compact(call: Call) -> Response:
    """POST /v1/responses/compact"""
    body = await call.body("CompactRequest")
    return call.answer(
        responses.write_compacted(stored.compact(body["model"], response_input.read(body["input"])), CREATED)
    )


def _stored(call: Call) -> stored.Stored:
    return call.state.responses.get(call.key, call.request.path_params["response_id"])


async def create_message(call: Call) -> Response:
    """POST /v1/messages"""
    body = await call.body("MessageRequest")
    whole = stored.respond(messages.read(body), call.state.responses, call.key)
    if not body.get("stream"):
        answer = messages.write(whole)
        if call.legacy:
            answer["content"] = [block for block in answer["content"] if block["type"] != "thinking"]
        return call.answer(answer)
    return call.stream(messages.events(whole), named=True, failed=lambda fault, position: messages.failed(fault))


async def complete(call: Call) -> Response:
    """POST /v1/complete"""
    body = await call.body("CompleteRequest")
    whole = stored.respond(messages.read_complete(body), call.state.responses, call.key)
    if not body.get("stream"):
        return call.answer(messages.write_complete(whole))
    events = messages.complete_events(whole)
    return call.stream(events, named=True, failed=lambda fault, position: messages.failed(fault))


# ---- skills


async def upload_skill(call: Call) -> Response:
    """POST /v1/skills"""
    request = call.request
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise invalid("Invalid `boundary` for `multipart/form-data` request.")
    if int(request.headers.get("content-length") or 0) > MAX_BYTES + _FORM_OVERHEAD:
        raise too_large(f"A skill may have at most {MAX_BYTES} bytes.")
    try:
        async with request.form(max_files=1000, max_fields=100) as form:
            given = [*form.getlist("files[]"), *form.getlist("files")]
            files = [
                (_path(item.filename or "", position), await item.read())
                for position, item in enumerate(given)
                if isinstance(item, UploadFile)
            ]
    except HTTPException as error:
        raise invalid(f"The form is not valid: {error.detail}") from None
    return call.answer(_write_skill(call.state.skills.upload(files)))


def _path(name: str, position: int) -> str:
    """A file's path inside the archive, kept from leaving it."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or f"file{position}"


async def list_skills(call: Call) -> Response:
    """GET /v1/skills"""
    limit = query.integer(call, "limit")
    order = query.choice(call, "order", ("asc", "desc"), "desc")
    found = call.state.skills.list(query.text(call, "after") or "", limit, order)
    data = [_write_skill(skill) for skill in found.items]
    names = [skill["id"] for skill in data] or [""]
    return call.answer(
        {"object": "list", "data": data, "first_id": names[0], "last_id": names[-1], "has_more": found.more}
    )


async def get_skill(call: Call) -> Response:
    """GET /v1/skills/{skill_id}"""
    return call.answer(_write_skill(_skill(call)))


async def delete_skill(call: Call) -> Response:
    """DELETE /v1/skills/{skill_id}"""
    name = call.state.skills.delete(call.request.path_params["skill_id"])
    return call.answer({"id": name, "object": "skill.deleted", "deleted": True})


async def skill_content(call: Call) -> Response:
    """GET /v1/skills/{skill_id}/content"""
    skill = _skill(call)
    headers = {"content-disposition": f"attachment; filename={json.dumps(skill.id + '.zip')}"}
    return Response(skill.archive, media_type="application/zip", headers=headers)


def _skill(call: Call) -> Skill:
    return call.state.skills.get(call.request.path_params["skill_id"])


def _write_skill(skill: Skill) -> Json:
    return {
        "id": skill.id,
        "object": "skill",
        "name": skill.name,
        "description": skill.description,
        "created_at": skill.created,
        "default_version": skill.version,
        "latest_version": skill.version,
    }


ROUTES: list[tuple[str, str, Callable[[Call], Awaitable[Response]]]] = [
    ("POST", "/v1/responses", create_response),
    ("POST", "/v1/responses/compact", compact),
    ("GET", "/v1/responses/{response_id}", get_response),
    ("DELETE", "/v1/responses/{response_id}", delete_response),
    ("GET", "/v1/responses/{response_id}/input_items", list_input_items),
    ("POST", "/v1/messages", create_message),
    ("POST", "/v1/complete", complete),
    ("GET", "/v1/skills", list_skills),
    ("POST", "/v1/skills", upload_skill),
    ("GET", "/v1/skills/{skill_id}", get_skill),
    ("DELETE", "/v1/skills/{skill_id}", delete_skill),
    ("GET", "/v1/skills/{skill_id}/content", skill_content),
]
