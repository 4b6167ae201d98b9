"""The bytes that the load server answers with, made in advance, and the names by which they are asked for."""

from __future__ import annotations

import base64
import functools
import re
from typing import Any

import orjson
from google.protobuf.message import Message
from xai_sdk.proto import chat_pb2, image_pb2, usage_pb2

ASKED = re.compile(rb"bench-([a-z]+)-([0-9]+)")
"""A model's name says what the answer is to be: bench-unary-1, bench-stream-3000, bench-text-1048576, ..."""
BLOCK = 16
"""Chunks that the server sends in one write."""

IDENT = "f1ae140c-3060-5a04-8ee8-6b64877e0f74"
CREATED = 1752854522
MODEL = "grok-4"
FINGERPRINT = "fp_3a7881249c"
PIECES = (
    " light",
    " is",
    " scattered",
    " by",
    " small",
    " parts",
    " of",
    " the air",
    ", and",
    " blue",
    " most",
    " of all",
)
WORDS = [PIECES[number % len(PIECES)] for number in range(BLOCK)]
USAGE = {"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135}


def _chat_message(kind: type[Message], **fields: Any) -> bytes:
    message = kind(id=IDENT, model=MODEL, system_fingerprint=FINGERPRINT, **fields)
    message.created.seconds = CREATED  # type: ignore[attr-defined]
    return message.SerializeToString()


def _grpc_usage() -> usage_pb2.SamplingUsage:
    return usage_pb2.SamplingUsage(**USAGE, prompt_text_tokens=32, reasoning_tokens=94)


def _rest_usage() -> dict[str, Any]:
    prompt = {"text_tokens": 32, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 6}
    names = ("audio_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens")
    completion = {"reasoning_tokens": 94, **dict.fromkeys(names, 0)}
    return {**USAGE, "prompt_tokens_details": prompt, "completion_tokens_details": completion, "num_sources_used": 0}


@functools.cache
def grpc_chunks() -> list[bytes]:
    """One block of chunks as messages."""
    outputs = [
        chat_pb2.CompletionOutputChunk(delta=chat_pb2.Delta(content=word, role=chat_pb2.ROLE_ASSISTANT))
        for word in WORDS
    ]
    return [_chat_message(chat_pb2.GetChatCompletionChunk, outputs=[output]) for output in outputs]


@functools.cache
def grpc_last_chunk() -> bytes:
    output = chat_pb2.CompletionOutputChunk(
        delta=chat_pb2.Delta(role=chat_pb2.ROLE_ASSISTANT), finish_reason="REASON_STOP"
    )
    return _chat_message(chat_pb2.GetChatCompletionChunk, outputs=[output], usage=_grpc_usage())


def grpc_answer(text: str) -> bytes:
    """A whole chat answer."""
    message = chat_pb2.CompletionMessage(content=text, role=chat_pb2.ROLE_ASSISTANT)
    output = chat_pb2.CompletionOutput(finish_reason="REASON_STOP", message=message)
    return _chat_message(chat_pb2.GetChatCompletionResponse, outputs=[output], usage=_grpc_usage())


@functools.cache
def picture(size: int) -> str:
    """That many bytes as base64."""
    return base64.b64encode(bytes(range(256)) * (size // 256)).decode()


@functools.cache
def grpc_unary(kind: str, size: int) -> bytes:
    """The answer that such a name asks for."""
    if kind == "image":
        image = image_pb2.GeneratedImage(base64="data:image/png;base64," + picture(size), respect_moderation=True)
        return image_pb2.ImageResponse(images=[image], model=MODEL, usage=_grpc_usage()).SerializeToString()
    return grpc_answer(text_of(kind, size))


def text_of(kind: str, size: int) -> str:
    """The text of an answer: a sentence, or as long as asked for."""
    words = "".join(PIECES)
    return (words * (size // len(words) + 1))[:size] if kind == "text" else words


def _rest_chunk(delta: dict[str, Any], finish_reason: str | None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish_reason}
    head = {"id": IDENT, "object": "chat.completion.chunk", "created": CREATED, "model": MODEL}
    return orjson.dumps({**head, "choices": [choice], **more, "system_fingerprint": FINGERPRINT})


@functools.cache
def rest_chunks() -> list[bytes]:
    """One block of chunks as JSON."""
    return [_rest_chunk({"content": word}, None) for word in WORDS]


@functools.cache
def rest_last_chunk() -> bytes:
    return _rest_chunk({"content": ""}, "stop", usage=_rest_usage())


@functools.cache
def rest_unary(kind: str, size: int) -> bytes:
    """The answer that such a name asks for."""
    if kind == "image":
        return orjson.dumps({"data": [{"b64_json": picture(size), "mime_type": "image/png"}], "usage": _rest_usage()})
    message = {"role": "assistant", "content": text_of(kind, size), "refusal": None}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    head = {"id": IDENT, "object": "chat.completion", "created": CREATED, "model": MODEL}
    return orjson.dumps({**head, "choices": choices, "usage": _rest_usage(), "system_fingerprint": FINGERPRINT})
