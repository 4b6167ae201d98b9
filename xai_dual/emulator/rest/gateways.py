"""Gateways: services of others that sell chat in OpenAI's shape, over REST alone.

Two are played, each on a port of its own. They differ from api.x.ai, and from each other, in what they leave out, in
how they count reasoning and in their error bodies. Neither tells a request id.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from xai_dual.emulator.errors import ServiceError
from xai_dual.emulator.faults import Fault, FaultHit
from xai_dual.emulator.rest import body as bodies
from xai_dual.emulator.rest import call as calls
from xai_dual.emulator.rest import chat
from xai_dual.emulator.rest.body import BodyError
from xai_dual.emulator.rest.call import Call, Json, UnsupportedMediaType
from xai_dual.emulator.rest.logged import Logged
from xai_dual.emulator.service import brain, catalog, entries
from xai_dual.emulator.service import chat as chat_service
from xai_dual.emulator.service.forms import Completion, Usage
from xai_dual.emulator.state import EMPTY_GATEWAY_KEY, GATEWAY_KEY, State

_PATH = "/v1/chat/completions"
_UPSTREAM = "grok-4"  # what answers under a name that the catalogue does not have
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


@dataclass(frozen=True)
class Gateway:
    """What is particular about one of them."""

    name: str
    answer: Callable[[Completion, str], Json]
    """A whole answer, of a completion and the model that was asked for."""
    chunk: Callable[[Json, str], Json]
    """An event of a stream, of xAI's event and the model that was asked for."""
    usage: Callable[[Usage], Json]
    code: Callable[[int, str | None], str | None]
    """`error.code`, of an HTTP status and the name of the failure."""
    tells_usage: bool
    """Whether streams tell the usage unasked."""
    moderates: bool


# ---- maxtoken


def _maxtoken(whole: Completion, asked: str) -> Json:
    # The name of what answered, which need not be the one that was asked for.
    body = chat.write_chat(whole)
    choices = [
        {"finish_reason": choice["finish_reason"], "message": _message(choice["message"])} for choice in body["choices"]
    ]
    return {
        "choices": choices,
        "created": body["created"],
        "id": body["id"],
        "model": body["model"],
        "object": body["object"],
        "system_fingerprint": body["system_fingerprint"],
        "usage": _with_details(whole.usage),
    }


def _maxtoken_chunk(event: Json, asked: str) -> Json:
    names = ("id", "object", "created", "model", "system_fingerprint")
    return {name: event[name] for name in names}


def _with_details(usage: Usage) -> Json:
    return {
        **_plain_usage(usage),
        "completion_tokens_details": {
            "accepted_prediction_tokens": 0,
            "audio_tokens": 0,
            "reasoning_tokens": usage.reasoning,
            "rejected_prediction_tokens": 0,
        },
        "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": usage.cached},
    }


def _number(status: int, name: str | None) -> str | None:
    return "503" if name == "content_policy" else str(status)  # though its HTTP status is 400


# ---- llmprovider


def _llmprovider(whole: Completion, asked: str) -> Json:
    body = chat.write_chat(whole)
    choices = [
        {
            "index": choice["index"],
            "message": _message(choice["message"]),
            "finish_reason": choice["finish_reason"],
        }
        for choice in body["choices"]
    ]
    return {
        "id": _completion_id(body["id"]),
        "object": body["object"],
        "created": body["created"],
        "model": asked,
        "choices": choices,
        "usage": _plain_usage(whole.usage),
    }


def _llmprovider_chunk(event: Json, asked: str) -> Json:
    return {
        "id": _completion_id(event["id"]),
        "object": event["object"],
        "created": event["created"],
        "model": asked,
    }


def _completion_id(name: str) -> str:
    return f"cmpl-{name.replace('-', '')}"


def _name(status: int, name: str | None) -> str | None:
    return name


# ---- both


def _message(message: Json) -> Json:
    """OpenAI's message: without the reasoning, and with null for the text of one that only calls tools."""
    found: Json = {"role": message["role"], "content": message["content"]}
    if message.get("tool_calls"):
        found.update(content=message["content"] or None, tool_calls=message["tool_calls"])
    if message.get("refusal"):
        found["refusal"] = message["refusal"]
    return found


def _plain_usage(usage: Usage) -> Json:
    """Reasoning is inside the completion: the total is prompt and completion."""
    completion = usage.completion + usage.reasoning
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": completion,
        "total_tokens": usage.prompt + completion,
    }


MAXTOKEN = Gateway("maxtoken", _maxtoken, _maxtoken_chunk, _with_details, _number, tells_usage=True, moderates=True)
LLMPROVIDER = Gateway(
    "llmprovider", _llmprovider, _llmprovider_chunk, _plain_usage, _name, tells_usage=False, moderates=False
)


class _Refusal(Exception):
    """A refusal by the gateway itself."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = name


class _Call(Call):
    """A call of a gateway, which has keys of its own."""

    def authenticate(self, authorization: str | None, operation: str) -> str:
        scheme, _, key = (authorization or "").strip().partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise ServiceError("UNAUTHENTICATED", "You didn't provide an API key.")
        if key.partition("/")[0] not in (GATEWAY_KEY, EMPTY_GATEWAY_KEY):
            raise ServiceError("UNAUTHENTICATED", "The API key is invalid.")
        return key

    async def request_body(self) -> Json:
        """The checked body."""
        if not self.request.headers.get("content-type", "").lower().startswith("application/json"):
            raise UnsupportedMediaType
        return bodies.parse(await self.request.body(), "ChatRequest")


async def _complete(gateway: Gateway, call: _Call) -> Response:
    if call.key.partition("/")[0] == EMPTY_GATEWAY_KEY:
        raise _Refusal(403, "insufficient_balance", "Your account balance is insufficient.")
    body = await call.request_body()
    request = chat.read_chat(body)
    if not request.model.startswith("grok-"):
        raise _Refusal(404, "model_not_found", f"The model {request.model} does not exist.")
    if gateway.moderates and brain.last_user_text(request).lower().startswith("moderate:"):
        raise _Refusal(400, "content_policy", "The request was refused by the content policy.")
    known = request.model in {name for model in catalog.of_kind(catalog.LANGUAGE) for name in catalog.names(model.id)}
    whole = chat_service.complete(request if known else dataclasses.replace(request, model=_UPSTREAM))
    if not body.get("stream"):
        return call.answer(gateway.answer(whole, request.model))
    tells = gateway.tells_usage or bool((body.get("stream_options") or {}).get("include_usage"))
    events = _events(gateway, whole, request.model, tells)
    return call.stream(events, failed=lambda fault, position: _fault_body(gateway, fault))


def _events(gateway: Gateway, whole: Completion, asked: str, tells_usage: bool) -> Iterator[Json]:
    """OpenAI's events: the role comes once, reasoning never, and the usage in an event of its own at the end."""
    head: Json = {}
    spoke: set[int] = set()
    for chunk in chat_service.chunks(entries.merged(whole)):
        event = chat.write_chunk(chunk)
        head = gateway.chunk(event, asked)
        choices = [_choice(choice, spoke) for choice in event["choices"]]
        choices = [choice for choice in choices if choice["delta"] or choice["finish_reason"]]
        if choices:
            yield {**head, "choices": choices}
    if tells_usage:
        yield {**head, "choices": [], "usage": gateway.usage(whole.usage)}


def _choice(choice: Json, spoke: set[int]) -> Json:
    index, given = choice["index"], choice["delta"]
    delta = {name: given[name] for name in ("content", "tool_calls", "refusal") if given.get(name)}
    if index not in spoke:
        spoke.add(index)
        delta = {"role": "assistant", "content": "", **delta}
    return {"index": index, "delta": delta, "finish_reason": choice["finish_reason"]}


# ---- errors


def _error(gateway: Gateway, status: int, message: str, name: str | None = None) -> Json:
    """The error body, in OpenAI's nested form."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": gateway.code(status, name)}}


def _fault_body(gateway: Gateway, fault: Fault) -> Json:
    return _error(gateway, fault.http or fault.status.http, fault.message)


def _handlers(gateway: Gateway) -> dict[Any, Any]:
    def answer(status: int, message: str, name: str | None = None) -> Response:
        return JSONResponse(_error(gateway, status, message, name), status)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, _Refusal)
        return answer(error.status, str(error), error.name)

    async def service_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, ServiceError)
        return answer(error.code.http, error.message, "invalid_api_key" if error.code.http == 401 else None)

    async def fault_hit(request: Request, error: Exception) -> Response:
        assert isinstance(error, FaultHit)
        fault = error.fault
        if fault.action != "error" or fault.body is not None:
            return await calls.fault_hit(request, error)
        found = JSONResponse(_fault_body(gateway, fault), fault.http or fault.status.http)
        found.headers.update(fault.http_headers)
        return found

    async def body_error(request: Request, error: Exception) -> Response:
        return answer(400, str(error))

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(error.status_code, f"{request.method} {request.url.path} is not served here.")

    return {
        _Refusal: refused,
        ServiceError: service_error,
        FaultHit: fault_hit,
        BodyError: body_error,
        UnsupportedMediaType: calls.media_type_error,
        HTTPException: http_error,
    }


def make_gateway(state: State, gateway: Gateway) -> ASGIApp:
    """The app that plays a gateway."""

    async def endpoint(request: Request) -> Response:
        return await _Call(request).serve(partial(_complete, gateway))

    # Also below any path, as where a proxy hands it on.
    routes = [Route(path, endpoint, methods=["POST"]) for path in (_PATH, "/{prefix:path}" + _PATH)]
    app = Starlette(routes=routes, exception_handlers=_handlers(gateway))
    app.state.emulator = state
    return Logged(app, state)
