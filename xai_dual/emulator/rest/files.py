"""Files over REST: forms in, JSON and bytes out."""

from __future__ import annotations

import asyncio
import re
import urllib.parse
from collections.abc import AsyncIterator

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from xai_dual.emulator import options
from xai_dual.emulator.errors import invalid, too_large
from xai_dual.emulator.faults import ENDS, FaultHit
from xai_dual.emulator.public import LAST_WORD
from xai_dual.emulator.rest import query
from xai_dual.emulator.rest.call import Call, Json
from xai_dual.emulator.service.files import FORMATS, MAX_BYTES, PIECE, SORTS, Content, StoredFile
from xai_dual.emulator.service.paging import Paging

_FORM_OVERHEAD = 1 << 20
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}")


async def upload(call: Call) -> Response:
    """POST /v1/files"""
    request = call.request
    kind, _, _ = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "multipart/form-data":
        raise invalid("Invalid `boundary` for `multipart/form-data` request.")
    if int(request.headers.get("content-length") or 0) > MAX_BYTES + _FORM_OVERHEAD:
        raise too_large(f"The file is larger than {MAX_BYTES} bytes.")
    try:
        async with request.form(max_files=10, max_fields=100) as form:
            made = await _store(call, form)
    except HTTPException as error:
        raise invalid(f"The form is not valid: {error.detail}") from None
    except ClientDisconnect:
        return Response(status_code=499)  # nobody reads it
    return call.answer(write_file(made))


async def _store(call: Call, form: FormData) -> StoredFile:
    if call.fault is not None and call.fault.action in ENDS:
        raise FaultHit(call.fault)
    given = form.get("file")
    if not isinstance(given, UploadFile):
        raise invalid("The form must have a file.")
    purpose = _word(form, "purpose")
    lifetime = _word(form, "expires_after")
    if lifetime and not _NUMBER.fullmatch(lifetime):
        raise invalid(f"expires_after must be a number of seconds; got {lifetime}.")
    content = Content()
    while piece := await given.read(PIECE):
        content.write(piece)
    return call.state.files.add(given.filename or "", content, int(lifetime) if lifetime else None, purpose)


def _word(form: FormData, name: str) -> str:
    found = form.get(name)
    return found.strip() if isinstance(found, str) else ""


async def list_files(call: Call) -> Response:
    """GET /v1/files"""
    wanted = query.paging(call)
    found = call.state.files.list(
        Paging(wanted.limit, wanted.token or query.text(call, "after")),
        descending=query.choice(call, "order", ("asc", "desc"), "desc") == "desc",
        sort_by=query.choice(call, "sort_by", SORTS, "created_at"),
        condition=query.text(call, "filter"),
    )
    return call.answer({"data": [write_file(item) for item in found.entries], "pagination_token": found.token})


async def retrieve(call: Call) -> Response:
    """GET /v1/files/{file_id}"""
    return call.answer(write_file(call.state.files.get(_id(call))))


async def delete(call: Call) -> Response:
    """DELETE /v1/files/{file_id}"""
    call.state.files.delete(_id(call))
    return call.answer({"id": _id(call), "object": "file", "deleted": True})


async def content(call: Call) -> Response:
    """GET /v1/files/{file_id}/content"""
    form = query.choice(call, "format", FORMATS, "original")
    found = call.state.files.get(_id(call))
    return _download(call, found, form)


async def publish(call: Call) -> Response:
    """POST /v1/files/{file_id}/public-url"""
    body = await call.body("CreatePublicUrlRequest")
    found = call.state.files.publish(_id(call), body.get("expires_after"))
    return call.answer({"public_url": found.link, "expires_at": found.link_expires})


async def revoke(call: Call) -> Response:
    """POST /v1/files/{file_id}/public-url/revoke"""
    link = call.state.files.revoke(_id(call))
    return call.answer({"id": _id(call), "revoked": link is not None, "public_url": link})


ROUTES = [
    ("POST", "/v1/files", upload),
    ("GET", "/v1/files", list_files),
    ("GET", "/v1/files/{file_id}", retrieve),
    ("DELETE", "/v1/files/{file_id}", delete),
    ("GET", "/v1/files/{file_id}/content", content),
    ("POST", "/v1/files/{file_id}/public-url", publish),
    ("POST", "/v1/files/{file_id}/public-url/revoke", revoke),
]


async def public(request: Request) -> Response:
    """What a public link shows, without a key."""
    files = request.app.state.emulator.files
    found = files.published(request.path_params["token"], request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    stored = files.content(found.id)
    headers = {"content-length": str(stored.size)}
    return StreamingResponse(stored.pieces(), media_type=found.content_type, headers=headers)


def _id(call: Call) -> str:
    found: str = call.request.path_params["file_id"]
    return found


def write_file(found: StoredFile) -> Json:
    """The record of a file. A link shows only while there is one, as in the examples."""
    body: Json = {
        "id": found.id,
        "object": "file",
        "bytes": found.size,
        "created_at": found.created,
        "expires_at": found.expires,
        "filename": found.name,
        "purpose": found.purpose,
    }
    if found.link is not None:
        body["public_url"] = found.link
        body["public_url_expires_at"] = found.link_expires
    return body


def _download(call: Call, found: StoredFile, form: str) -> Response:
    stored = call.state.files.content(found.id)
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{urllib.parse.quote(found.name, safe='')}"}
    length = stored.length(form)
    if length is not None:
        headers["content-length"] = str(length)
    return StreamingResponse(_bytes(call, stored, form), media_type="application/octet-stream", headers=headers)


async def _bytes(call: Call, stored: Content, form: str) -> AsyncIterator[bytes]:
    pause = options.delay(call.request.headers.get(options.DELAY))
    with call.state.stats.stream():
        for position, piece in enumerate(stored.pieces(form)):
            if call.fault is not None and position == call.fault.after_chunks:
                if call.fault.action in ENDS:
                    await asyncio.sleep(LAST_WORD)  # lets what was sent reach the client first
                    await call.break_off(call.fault)  # all that bytes on their way can do
                await call.turn(call.fault)
            if position:
                await asyncio.sleep(pause)
            yield piece
