"""The gRPC service: which method does what, keys, request ids and errors."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from xai_dual.emulator import options, protobytes, shapes
from xai_dual.emulator.calls import Attempt
from xai_dual.emulator.definitions import message
from xai_dual.emulator.errors import ServiceError
from xai_dual.emulator.faults import ENDS, Fault, FaultHit
from xai_dual.emulator.http2 import GARBAGE
from xai_dual.emulator.public import LAST_WORD
from xai_dual.emulator.rpc import batches, chat, collections, files, media, video
from xai_dual.emulator.service import account, catalog, stored
from xai_dual.emulator.service import chat as chat_service
from xai_dual.emulator.service import media as media_service
from xai_dual.emulator.service.forms import Completion
from xai_dual.emulator.state import State

Metadata = tuple[tuple[str, str | bytes], ...]
_EMPTY = "google.protobuf.Empty"
_LAST_WORD = 0.01  # seconds


@dataclass(frozen=True)
class Call:
    """What a method may need beside its request."""

    state: State
    metadata: dict[str, str]
    key: str
    attempt: Attempt
    fault: Fault | None


@dataclass(frozen=True)
class Method:
    """A method the emulator serves: its request message and what makes the answer, or the answers, of it."""

    request: str
    run: Callable[[Any, Call], Any]
    streams: bool = False
    uploads: bool = False
    name: str = ""  # as faults know it: "xai_api.Chat/GetCompletion"


def _get_completion(request: Any, call: Call) -> Any:
    return chat.write_chat(_completed(request, call))


def _completed(request: Any, call: Call) -> Completion:
    return stored.respond(chat.read_chat(request), call.state.responses, call.key)


def _get_completion_chunk(request: Any, call: Call) -> Iterable[Any]:
    whole = _completed(request, call)
    return (chat.write_chunk(chunk) for chunk in chat_service.chunks(whole))


def _get_stored(request: Any, call: Call) -> Any:
    return chat.write_chat(call.state.responses.get(call.key, request.response_id).whole)


def _delete_stored(request: Any, call: Call) -> Any:
    name = call.state.responses.delete(call.key, request.response_id)
    return message("xai_api.DeleteStoredCompletionResponse")(response_id=name)


def _compact(request: Any, call: Call) -> Any:
    messages = tuple(chat.read_message(item, position) for position, item in enumerate(request.input))
    return chat.write_compacted(stored.compact(request.model, messages))


def _start_deferred(request: Any, call: Call) -> Any:
    whole = _completed(request, call)
    polls = options.polls(call.metadata.get(options.POLLS))
    return message("xai_api.StartDeferredResponse")(request_id=call.state.deferred.start("chat", whole, polls))


def _get_deferred(request: Any, call: Call) -> Any:
    return chat.write_deferred(call.state.deferred.poll("chat", request.request_id))


def _sample_text(request: Any, call: Call) -> Any:
    return chat.write_sample(chat_service.sample(chat.read_sample(request)))


def _sample_text_streaming(request: Any, call: Call) -> Iterable[Any]:
    whole = chat_service.sample(chat.read_sample(request))
    return (chat.write_sample_chunk(chunk) for chunk in chat_service.chunks(whole))


def _generate_image(request: Any, call: Call) -> Any:
    return media.write_images(media_service.generate(media.read_image(request), call.state))


def _embed(request: Any, call: Call) -> Any:
    wanted = media.read_embed(request)
    return media.write_embeddings(media_service.embed(wanted), wanted.base64)


def _tokenize(request: Any, call: Call) -> Any:
    return media.write_tokens(*media_service.tokenize(request.text, request.model))


def _api_key(request: Any, call: Call) -> Any:
    return media.write_api_key(account.account(call.state, call.key))


def _models(kind: str) -> tuple[Method, Method]:
    def get(request: Any, call: Call) -> Any:
        return media.write_model(catalog.find(request.name, kind))

    def list_all(request: Any, call: Call) -> Any:
        return media.write_models(kind, catalog.of_kind(kind))

    return Method("xai_api.GetModelRequest", get), Method(_EMPTY, list_all)


def _methods() -> dict[str, Method]:
    methods = {
        "/xai_api.Chat/GetCompletion": Method("xai_api.GetCompletionsRequest", _get_completion),
        "/xai_api.Chat/GetCompletionChunk": Method(
            "xai_api.GetCompletionsRequest", _get_completion_chunk, streams=True
        ),
        "/xai_api.Chat/StartDeferredCompletion": Method("xai_api.GetCompletionsRequest", _start_deferred),
        "/xai_api.Chat/GetDeferredCompletion": Method("xai_api.GetDeferredRequest", _get_deferred),
        "/xai_api.Chat/GetStoredCompletion": Method("xai_api.GetStoredCompletionRequest", _get_stored),
        "/xai_api.Chat/DeleteStoredCompletion": Method("xai_api.DeleteStoredCompletionRequest", _delete_stored),
        "/xai_api.Chat/CompactContext": Method("xai_api.CompactContextRequest", _compact),
        "/xai_api.Sample/SampleText": Method("xai_api.SampleTextRequest", _sample_text),
        "/xai_api.Sample/SampleTextStreaming": Method(
            "xai_api.SampleTextRequest", _sample_text_streaming, streams=True
        ),
        "/xai_api.Image/GenerateImage": Method("xai_api.GenerateImageRequest", _generate_image),
        "/xai_api.Embedder/Embed": Method("xai_api.EmbedRequest", _embed),
        "/xai_api.Tokenize/TokenizeText": Method("xai_api.TokenizeTextRequest", _tokenize),
        "/xai_api.Auth/get_api_key_info": Method(_EMPTY, _api_key),
    }
    for name, kind in (
        ("Language", catalog.LANGUAGE),
        ("ImageGeneration", catalog.IMAGE),
        ("Embedding", catalog.EMBEDDING),
    ):
        get, list_all = _models(kind)
        methods[f"/xai_api.Models/Get{name}Model"] = get
        methods[f"/xai_api.Models/List{name}Models"] = list_all
    for module in (files, batches, collections, video):
        methods |= {path: Method(*entry) for path, entry in module.METHODS.items()}
    methods |= {path: Method(*entry, streams=True) for path, entry in files.STREAMS.items()}
    methods |= {path: Method(*entry, uploads=True) for path, entry in files.UPLOADS.items()}
    return methods


class Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Serves all methods over one state."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.methods = {path: replace(method, name=path[1:]) for path, method in _methods().items()}

    def service(self, details: Any) -> Any:
        """The handler of a call, by its method name."""
        method = self.methods.get(details.method)
        if method is None:
            # A stream-stream handler fits callers of every shape.
            return grpc.stream_stream_rpc_method_handler(_unimplemented)
        # Requests stay bytes here: grpc would answer UNKNOWN to what is no message.
        if method.streams:
            return grpc.unary_stream_rpc_method_handler(self._streamer(method), None, None)
        if method.uploads:
            return grpc.stream_unary_rpc_method_handler(self._collector(method), None, None)
        return grpc.unary_unary_rpc_method_handler(self._answerer(method), None, None)

    def _answerer(self, method: Method) -> Any:
        async def answer(data: bytes, context: Any) -> Any:
            trailer = _request_id()
            try:
                call = await self._enter(context)
                if call.fault is not None and call.fault.action in ENDS and not call.fault.after_chunks:
                    response = await self._fail(call, call.fault)
                else:
                    request = _parse(method, data, call)
                    call.attempt.start()
                    response = await self._done(method.run(request, call), call)
            except Exception as error:
                await _abort(context, error, trailer)
            await context.send_initial_metadata(trailer)
            return response

        return answer

    def _collector(self, method: Method) -> Any:
        async def collect(pieces: AsyncIterator[bytes], context: Any) -> Any:
            trailer = _request_id()
            try:
                call = await self._enter(context)
                if call.fault is not None and call.fault.action in ENDS and not call.fault.after_chunks:
                    response = await self._fail(call, call.fault)
                else:
                    call.attempt.start()
                    response = await self._done(await method.run(self._pieces(method, pieces, call), call), call)
            except Exception as error:
                await _abort(context, error, trailer)
            await context.send_initial_metadata(trailer)
            return response

        return collect

    async def _pieces(self, method: Method, pieces: AsyncIterator[bytes], call: Call) -> AsyncIterator[Any]:
        """The messages of an upload, up to where a fault waits."""
        position = 0
        fault = call.fault
        async for data in pieces:
            if fault is not None and fault.action in ENDS and position == fault.after_chunks:
                await self._fail(call, fault)
                return
            yield _parse(method, data, call)
            position += 1
        await asyncio.sleep(_LAST_WORD)  # a caller who left ends the pieces too; what cancels this comes a moment later

    async def _done(self, answer: Any, call: Call) -> bytes:
        """The bytes of an answer to work that is done, unless it is dropped."""
        if call.fault is not None and call.fault.action == "drop":
            await self._fail(call, call.fault)
        return shapes.proto_answer(answer, call.fault)

    def _streamer(self, method: Method) -> Any:
        async def stream(data: bytes, context: Any) -> AsyncIterator[Any]:
            trailer = _request_id()
            try:
                call = await self._enter(context)
                fault = call.fault
                if fault is not None and fault.action in ENDS - {"end", "garbage"} and not fault.after_chunks:
                    await self._fail(call, fault)
                request = _parse(method, data, call)
                call.attempt.start()
                messages = method.run(request, call)
                if fault is not None and fault.action == "drop":
                    await self._fail(call, fault)
            except Exception as error:
                await _abort(context, error, trailer)
            await context.send_initial_metadata(trailer)
            with self.state.stats.stream():
                async for piece in self._sent(messages, call, context, trailer):
                    yield piece

        return stream

    async def _sent(self, messages: Iterable[Any], call: Call, context: Any, trailer: Metadata) -> AsyncIterator[bytes]:
        """The messages of a stream, with what a fault does among them."""
        pause = options.delay(call.metadata.get(options.DELAY))
        fault = call.fault
        for position, item in enumerate(messages):
            if fault is not None and position == fault.after_chunks:
                if fault.action in ENDS:
                    try:
                        piece = await self._fail(call, fault)
                    except FaultHit as hit:
                        await _abort(context, hit, trailer)
                    if piece:
                        yield piece
                    break
                if fault.action == "unknown_event":
                    yield protobytes.unknown(1)
                if fault.action == "drip":
                    await asyncio.sleep(LAST_WORD)  # lets what was sent reach the client first
                    call.attempt.link.drip(fault.gap_ms / 1000, call.attempt)
            if position and pause:
                await asyncio.sleep(pause)
            yield shapes.proto_answer(item, fault, position)

    async def _enter(self, context: Any) -> Call:
        """The call as it was noted when it arrived, with the fault that hits it; refused if its key is wrong."""
        metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        attempt = self.state.calls.open.get(int(metadata[options.CALL]))
        if attempt is None:
            raise ServiceError("CANCELLED", "The caller has left.")
        if attempt.refusal is not None:
            raise attempt.refusal
        self.state.clock.advance(options.seconds(metadata.get(options.ADVANCE)))
        fault = attempt.fault
        if fault is not None and fault.action not in ("refuse", "goaway"):
            await asyncio.sleep(fault.pause)
        return Call(self.state, metadata, attempt.call.key, attempt, fault)

    async def _fail(self, call: Call, fault: Fault) -> bytes:
        """How a call goes on at a fault: by an error, with these bytes as its answer, or not at all."""
        link = call.attempt.link
        if fault.action == "error":
            raise FaultHit(fault)
        if fault.action in ("end", "garbage"):
            return b"\xff" if fault.action == "garbage" else b""
        if fault.action == "refuse":
            self.state.refuse(fault.pause)
        elif fault.action != "hang":
            await asyncio.sleep(LAST_WORD)  # lets what was sent reach the client first
            if fault.action == "garbage_frame":
                call.attempt.is_failing = True
                link.answer(GARBAGE)
            else:
                link.cut(fault.action in ("reset", "drop"))
        await asyncio.Event().wait()  # cancelled when the connection is gone
        raise AssertionError


def _parse(method: Method, data: bytes, call: Call) -> Any:
    """The request; refused if the key has no right to the model it names."""
    try:
        request = message(method.request).FromString(data)
    except DecodeError as error:
        raise ServiceError("INTERNAL", f"The request is no {method.request}: {error}") from None
    model = getattr(request, "model", "")
    call.state.keys.check_model(call.key, method.name, model if isinstance(model, str) else "")
    return request


def _request_id() -> Metadata:
    return (("x-request-id", str(uuid.uuid4())),)


async def _abort(context: Any, error: Exception, trailer: Metadata) -> None:
    """End a call by an error. ``abort`` raises."""
    if isinstance(error, FaultHit):
        trailer = (*trailer, *error.fault.metadata)
        error = ServiceError(error.fault.code, error.fault.message)
    elif not isinstance(error, ServiceError):
        logging.getLogger(__name__).error("the emulator failed", exc_info=error)
        error = ServiceError("INTERNAL", f"The emulator failed: {error!r}")
    await context.abort(grpc.StatusCode[error.code.name], error.message, trailer)


async def _unimplemented(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, "The method is not implemented by the emulator.", _request_id())
    yield b""  # unreachable; makes this an async generator
