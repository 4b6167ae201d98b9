"""Batches as JSON, and the lines of the files that fill them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse, Response

from xai_dual.emulator import jsontext, options
from xai_dual.emulator.errors import ServiceError, invalid, too_large
from xai_dual.emulator.rest import body, chat, media, query, responses, video
from xai_dual.emulator.rest.body import BodyError
from xai_dual.emulator.rest.call import Call, Json
from xai_dual.emulator.rest.times import stamp
from xai_dual.emulator.service import batch_runs
from xai_dual.emulator.service.account import account
from xai_dual.emulator.service.batch_runs import CHAT, EXTENSION, IMAGE, VIDEO
from xai_dual.emulator.service.batches import CANCELLED, FAILED, PENDING, SUCCEEDED, Batch, Item, Work, check_size
from xai_dual.emulator.service.files import Content
from xai_dual.emulator.service.forms import Completion
from xai_dual.emulator.service.media import ImageRequest, Images

Reader = Callable[[Json], Any]
_MOST_LINES = 50_000
_LONGEST_LINE = 25 << 20


async def create(call: Call) -> Response:
    """POST /v1/batches"""
    given = await call.body("CreateBatchRequest")
    file_id = given.get("input_file_id", "")
    works = read_lines(call.state.files.content(file_id)) if file_id else None
    polls = options.polls(call.request.headers.get(options.POLLS))
    key_id = account(call.state, call.key).key_id
    return call.answer(_write_batch(call.state.batches.create(given["name"], call.key, key_id, polls, file_id, works)))


async def list_batches(call: Call) -> Response:
    """GET /v1/batches"""
    found = call.state.batches.listing(query.paging(call))
    return call.answer({"batches": [_write_batch(item) for item in found.entries], "pagination_token": found.token})


async def retrieve(call: Call) -> Response:
    """GET /v1/batches/{batch_id}"""
    return call.answer(_write_batch(batch_runs.poll(call.state, _id(call))))


async def cancel(call: Call) -> Response:
    """POST /v1/batches/{batch_id}:cancel"""
    return call.answer(_write_batch(call.state.batches.cancel(_id(call))))


async def add(call: Call) -> Response:
    """POST /v1/batches/{batch_id}/requests"""
    check_size(int(call.request.headers.get("content-length") or 0))  # before it is read
    given = await call.body("AddBatchRequestsRequest")
    works = []
    for item in given["batch_requests"]:
        ((kind, request),) = item["batch_request"].items()
        works.append(_work(item.get("batch_request_id"), request, *_KINDS[kind]))
    header = call.request.headers.get(options.POLLS)
    polls = None if header is None else options.polls(header)
    call.state.batches.add(_id(call), works, call.key, polls, len(await call.request.body()))
    return JSONResponse({})


async def list_requests(call: Call) -> Response:
    """GET /v1/batches/{batch_id}/requests"""
    found = call.state.batches.requests(_id(call), query.paging(call))
    entries = [_write_metadata(item) for item in found.entries]
    return call.answer({"batch_request_metadata": entries, "pagination_token": found.token})


async def list_results(call: Call) -> Response:
    """GET /v1/batches/{batch_id}/results"""
    found = call.state.batches.results(_id(call), query.paging(call))
    return call.answer({"results": [_write_result(item) for item in found.entries], "pagination_token": found.token})


ROUTES = [
    ("POST", "/v1/batches", create),
    ("GET", "/v1/batches", list_batches),
    ("POST", "/v1/batches/{batch_id}:cancel", cancel),
    ("GET", "/v1/batches/{batch_id}", retrieve),
    ("POST", "/v1/batches/{batch_id}/requests", add),
    ("GET", "/v1/batches/{batch_id}/requests", list_requests),
    ("GET", "/v1/batches/{batch_id}/results", list_results),
]


def _id(call: Call) -> str:
    return str(call.request.path_params["batch_id"])


# ---- reading


def _read_edit(given: Json) -> ImageRequest:
    request = media.read_image(given)
    if not request.sources:
        raise invalid("An edit needs an image.")
    return request


def _read_video(given: Json) -> Any:
    return video.read_edit(given) if given.get("video") else video.read_generation(given)


_KINDS: dict[str, tuple[str, Reader]] = {
    "chat_get_completion": (CHAT, chat.read_chat),
    "responses": (CHAT, responses.read),
    "image_generation": (IMAGE, media.read_image),
    "image_edit": (IMAGE, _read_edit),
    "video_generation": (VIDEO, _read_video),
    "video_extension": (EXTENSION, video.read_extension),
}
_URLS: dict[str, tuple[str, str, Reader]] = {
    "/v1/chat/completions": ("ChatRequest", CHAT, chat.read_chat),
    "/v1/responses": ("ModelRequest", CHAT, responses.read),
    "/v1/images/generations": ("GenerateImageRequest", IMAGE, media.read_image),
    "/v1/images/edits": ("EditImageRequest", IMAGE, _read_edit),
    "/v1/videos/generations": ("GenerateVideoRequest", VIDEO, video.read_generation),
    "/v1/videos/edits": ("EditVideoRequest", VIDEO, video.read_edit),
    "/v1/videos/extensions": ("ExtendVideoRequest", EXTENSION, video.read_extension),
}


def _work(name: str | None, given: Json, endpoint: str, read: Reader) -> Work:
    """A request; what is wrong with it is told in its result."""
    try:
        request = read(given)
    except ServiceError as error:
        return Work(name, endpoint, str(given.get("model") or ""), fault=error)
    return Work(name, endpoint, request.model, request)


def read_lines(content: Content) -> list[Work]:
    """The requests of a JSONL file. They are bodies of REST, whichever wire names the file."""
    works: list[Work] = []
    for number, line in enumerate(content.lines(_LONGEST_LINE), 1):
        if not line.strip():
            continue
        if len(works) == _MOST_LINES:
            raise too_large(f"The input file has more than {_MOST_LINES} requests.")
        try:
            works.append(_read_line(line))
        except BodyError as error:
            raise invalid(f"Line {number} of the input file is not valid: {error}") from None
    if not works:
        raise invalid("The input file has no requests.")
    return works


def _read_line(line: bytes) -> Work:
    try:
        given = jsontext.loads(line.decode())
    except ValueError as error:
        raise BodyError(str(error)) from None
    shape = {"custom_id": str, "method": str, "url": str, "body": dict}
    for field, kind in shape.items():
        if not isinstance(given, dict) or not isinstance(given.get(field), kind):
            raise BodyError(f"it needs the property {field}")
    if given["method"] != "POST":
        raise BodyError(f"method must be POST; got {given['method']}")
    name, url, request = given["custom_id"], given["url"], given["body"]
    model = str(request.get("model") or "")
    if url not in _URLS:
        return Work(name, url, model, fault=invalid(f"A batch cannot call {url}."))
    schema_name, endpoint, read = _URLS[url]
    try:
        return _work(name, body.parse(json.dumps(request).encode(), schema_name), endpoint, read)
    except BodyError as error:
        return Work(name, endpoint, model, fault=invalid(str(error)))


# ---- writing


def _write_batch(found: Batch) -> Json:
    return {
        "batch_id": found.id,
        "name": found.name,
        "create_time": stamp(found.created),
        "expire_time": stamp(found.expires),
        "create_api_key_id": found.key_id,
        "cancel_time": stamp(found.cancelled),
        "cancel_by_xai_message": None,
        "state": {
            "num_requests": len(found.items),
            "num_pending": found.count(PENDING),
            "num_success": found.count(SUCCEEDED),
            "num_error": found.count(FAILED),
            "num_cancelled": found.count(CANCELLED),
        },
    }


def _write_metadata(item: Item) -> Json:
    return {
        "batch_request_id": item.id,
        "endpoint": item.work.endpoint,
        "model": item.work.model,
        "state": item.state,
        "create_time": stamp(item.created),
        "finish_time": stamp(item.finished),
    }


def _write_result(item: Item) -> Json:
    if item.error is not None:
        error = {"code": item.error.code.number, "message": item.error.message}
        return {"batch_request_id": item.id, "batch_result": {"error": error}, "error_message": item.error.message}
    assert item.outcome is not None
    return {"batch_request_id": item.id, "batch_result": {"response": _write_answer(item.outcome.answer)}}


def _write_answer(answer: Any) -> Json:
    if isinstance(answer, Completion):
        return {"chat_get_completion": chat.write_chat(answer)}
    if isinstance(answer, Images):
        return {"image_generation": media.write_images(answer)}
    return {"video_generation": video.write_job(answer)}
