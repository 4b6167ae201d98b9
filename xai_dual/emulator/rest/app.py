"""The ASGI app: routes, errors and the request id of every answer."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xai_dual.emulator.errors import ServiceError, invalid
from xai_dual.emulator.faults import FaultHit, parse
from xai_dual.emulator.rest import (
    agent,
    batches,
    billing,
    chat,
    collections,
    files,
    management,
    media,
    models,
    video,
    voice,
)
from xai_dual.emulator.rest import call as calls
from xai_dual.emulator.rest.body import BodyError
from xai_dual.emulator.rest.call import Call, Json
from xai_dual.emulator.rest.logged import Logged
from xai_dual.emulator.service import account, catalog, entries, scripts, stored
from xai_dual.emulator.service import chat as chat_service
from xai_dual.emulator.service import media as media_service
from xai_dual.emulator.state import State

Handler = Callable[[Call], Awaitable[Response]]


async def chat_completions(call: Call) -> Response:
    """POST /v1/chat/completions"""
    body = await call.body("ChatRequest")
    whole = stored.respond(chat.read_chat(body), call.state.responses, call.key)
    if body.get("deferred"):
        return call.defer("chat", whole)
    if not body.get("stream"):
        return call.answer(chat.write_chat(whole))
    events = (chat.write_chunk(chunk) for chunk in chat_service.chunks(entries.merged(whole)))
    if call.split_tool_calls:
        return call.stream(piece for event in events for piece in chat.split_tool_calls(event))
    return call.stream(events)


async def completions(call: Call) -> Response:
    """POST /v1/completions"""
    body = await call.body("SampleRequest")
    whole = chat_service.sample(chat.read_sample(body))
    if not body.get("stream"):
        return call.answer(chat.write_sample(whole))
    return call.stream(chat.write_sample_chunk(chunk) for chunk in chat_service.chunks(whole))


async def image_generations(call: Call) -> Response:
    """POST /v1/images/generations"""
    return _images(call, await call.body("GenerateImageRequest"))


async def image_edits(call: Call) -> Response:
    """POST /v1/images/edits"""
    body = await call.body("EditImageRequest")
    if not body.get("image") and not body.get("images"):
        raise invalid("An edit needs an image.")
    return _images(call, body)


def _images(call: Call, body: Json) -> Response:
    answer = media_service.generate(media.read_image(body), call.state)
    if body.get("deferred"):
        return call.defer("image", scripts.failure(body["prompt"]) or answer)
    return call.answer(media.write_images(answer))


async def deferred_completion(call: Call) -> Response:
    """GET /v1/chat/deferred-completion/{request_id}"""
    whole = call.state.deferred.poll("chat", call.request.path_params["request_id"])
    return Response(status_code=202) if whole is None else call.answer(chat.write_chat(whole))


async def deferred_image(call: Call) -> Response:
    """GET /v1/images/{request_id}"""
    name = call.request.path_params["request_id"]
    answer = call.state.deferred.poll("image", name, keep=True)
    return Response(status_code=202) if answer is None else call.answer(media.write_deferred_images(name, answer))


async def embeddings(call: Call) -> Response:
    """POST /v1/embeddings"""
    request = media.read_embed(await call.body("EmbeddingRequest"))
    return call.answer(media.write_embeddings(media_service.embed(request), request.base64))


async def tokenize_text(call: Call) -> Response:
    """POST /v1/tokenize-text"""
    body = await call.body("TokenizeRequest")
    return call.answer(media.write_tokens(media_service.tokenize(body["text"], body["model"])[1]))


async def api_key(call: Call) -> Response:
    """GET /v1/api-key"""
    return call.answer(media.write_api_key(account.account(call.state, call.key)))


async def me(call: Call) -> Response:
    """GET /v1/me"""
    return call.answer(media.write_me(account.account(call.state, call.key)))


async def list_models(call: Call) -> Response:
    """GET /v1/models"""
    return call.answer({"data": [models.write_model(model) for model in catalog.MODELS], "object": "list"})


async def get_model(call: Call) -> Response:
    """GET /v1/models/{model_id}"""
    return call.answer(models.write_model(catalog.find(call.request.path_params["model_id"])))


def _lister(kind: str) -> Handler:
    async def list_kind(call: Call) -> Response:
        return call.answer({"models": [models.write_specific(model) for model in catalog.of_kind(kind)]})

    return list_kind


def _getter(kind: str) -> Handler:
    async def get_kind(call: Call) -> Response:
        return call.answer(models.write_specific(catalog.find(call.request.path_params["model_id"], kind)))

    return get_kind


async def _image(request: Request) -> Response:
    """Pictures the emulator made, without a key as the CDN serves them."""
    data = request.app.state.emulator.images.get(request.path_params["name"])
    if data is None:
        raise HTTPException(404)
    return Response(data, media_type="image/png")


async def _stats(request: Request) -> Response:
    """Counters for tests."""
    return JSONResponse(vars(request.app.state.emulator.stats))


async def _calls(request: Request) -> Response:
    """The call log (GET), of one ``key`` or ``client_request_id`` if these are asked for; DELETE begins a new one."""
    log = request.app.state.emulator.calls
    if request.method == "DELETE":
        log.forget()
        return Response(status_code=204)
    found = log.list(request.query_params.get("key"), request.query_params.get("client_request_id"))
    return JSONResponse([asdict(call) for call in found])


async def _faults(request: Request) -> Response:
    """Let a fault wait (POST) or forget all (DELETE). A refusal of connections waits for no call."""
    state = request.app.state.emulator
    if request.method == "DELETE":
        state.faults.clear()
        return Response(status_code=204)
    fault = parse((await request.body()).decode())
    if fault.action == "refuse":
        state.refuse(fault.pause)
    else:
        state.faults.add(fault)
    return Response(status_code=204)


async def _clock(request: Request) -> Response:
    """Let time pass (``advance``) or stop (``now``, Unix seconds); DELETE brings the time of day back."""
    clock = request.app.state.emulator.clock
    if request.method == "DELETE":
        clock.reset()
    elif request.method == "POST":
        try:
            given = {name: float(value) for name, value in json.loads(await request.body()).items()}
        except (ValueError, TypeError, AttributeError):
            raise invalid("The clock is told by an object with the numbers `now` and `advance`.") from None
        if "now" in given:
            clock.stop(given["now"])
        clock.advance(given.get("advance", 0))
    return JSONResponse({"now": clock.now().timestamp()})


def _endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A handler behind the key check."""

    async def endpoint(request: Request) -> Response:
        return await Call(request).serve(handler)

    return endpoint


def _routes() -> list[Route]:
    table: list[tuple[str, str, Handler]] = [
        ("POST", "/v1/chat/completions", chat_completions),
        ("POST", "/v1/completions", completions),
        ("POST", "/v1/images/generations", image_generations),
        ("POST", "/v1/images/edits", image_edits),
        ("GET", "/v1/images/{request_id}", deferred_image),
        ("GET", "/v1/chat/deferred-completion/{request_id}", deferred_completion),
        ("POST", "/v1/embeddings", embeddings),
        ("POST", "/v1/tokenize-text", tokenize_text),
        ("GET", "/v1/api-key", api_key),
        ("GET", "/v1/me", me),
        ("GET", "/v1/models", list_models),
        ("GET", "/v1/models/{model_id}", get_model),
    ]
    kinds = {
        "language": catalog.LANGUAGE,
        "image-generation": catalog.IMAGE,
        "embedding": catalog.EMBEDDING,
        "video-generation": catalog.VIDEO,
    }
    for path, kind in kinds.items():
        table.append(("GET", f"/v1/{path}-models", _lister(kind)))
        table.append(("GET", f"/v1/{path}-models/{{model_id}}", _getter(kind)))
    table += [*agent.ROUTES, *files.ROUTES, *batches.ROUTES, *collections.ROUTES]
    table += [*video.ROUTES, *management.ROUTES, *billing.ROUTES, *voice.ROUTES]
    routes = [Route(path, _endpoint(handler), methods=[method]) for method, path, handler in table]
    routes.append(Route("/emulator/images/{name}.png", _image, methods=["GET"]))
    routes.append(Route("/emulator/files/{token}/{name}", files.public, methods=["GET"]))
    routes.append(Route("/emulator/clock", _clock, methods=["GET", "POST", "DELETE"]))
    routes.append(Route("/emulator/videos/{name}.mp4", video.serve, methods=["GET"]))
    routes.append(Route("/emulator/keys/{api_key_id}/blocked", management.block, methods=["POST", "DELETE"]))
    routes.append(Route("/emulator/faults", _faults, methods=["POST", "DELETE"]))
    routes.append(Route("/emulator/calls", _calls, methods=["GET", "DELETE"]))
    routes.append(Route("/emulator/stats", _stats, methods=["GET"]))
    return routes


class _RequestId:
    """Puts an ``x-request-id`` on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = str(uuid.uuid4()).encode()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", name)]
            await send(message)

        await self.app(scope, receive, send_with_id)


def make_app(state: State) -> ASGIApp:
    """The app that serves one state."""
    handlers: dict[Any, Any] = {
        ServiceError: calls.service_error,
        FaultHit: calls.fault_hit,
        BodyError: calls.body_error,
        calls.UnsupportedMediaType: calls.media_type_error,
        HTTPException: calls.http_error,
        Exception: calls.internal_error,
    }
    app = Starlette(routes=_routes(), exception_handlers=handlers)
    app.router.redirect_slashes = False
    app.state.emulator = state
    return Logged(_RequestId(app), state)
