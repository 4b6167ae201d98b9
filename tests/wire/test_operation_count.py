"""How many operations of Python it takes to decode what streams and calls are made of.

Times differ from machine to machine and from run to run; the bytecode that runs does not. So this is where it shows
when the way of every chunk grows.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import pytest

import xai_dual
from xai_dual._gen.fold.chat import FoldChatCompletion
from xai_dual._gen.operations.chat import CHAT_CREATE, CHAT_STREAM
from xai_dual._proto import message
from xai_dual._sse import SseParser

RECORDED = {
    "chunk on gRPC": 185,
    "chunk on REST": 444,
    "answer on gRPC": 264,
    "answer on REST": 777,
    "event of a stream on REST": 128,
    "chunk added to the answer": 154,
}
"""Operations on Python 3.11."""
ROOM = 1.05 if sys.version_info[:2] == (3, 11) else 1.5
"""How many times as many there may be. Another version of Python has other operations for the same code."""

HEAD = {"id": "f1ae140c-3060-5a04-8ee8-6b64877e0f74", "created": 1752854522, "model": "grok-4"}
WORDS = "Why the sky is blue: light is scattered."
COUNTS = {"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135}


def grpc(name: str, output: dict[str, Any], **more: Any) -> bytes:
    head = {**HEAD, "created": {"seconds": HEAD["created"]}, "system_fingerprint": "fp_3a"}
    data: bytes = message(f"xai_api.{name}")(**head, outputs=[output], **more).SerializeToString()
    return data


def rest(kind: str, choice: dict[str, Any], **more: Any) -> bytes:
    return orjson.dumps(
        {**HEAD, "object": kind, "choices": [{"index": 0, **choice}], **more, "system_fingerprint": "fp_3a"}
    )


GRPC_CHUNK = grpc("GetChatCompletionChunk", {"delta": {"content": " light", "role": 2}})
REST_CHUNK = rest("chat.completion.chunk", {"delta": {"role": "assistant", "content": " light"}, "finish_reason": None})
GRPC_ANSWER = grpc(
    "GetChatCompletionResponse",
    {"finish_reason": 3, "message": {"content": WORDS, "role": 2}},
    usage={**COUNTS, "prompt_text_tokens": 32, "reasoning_tokens": 94},
)
REST_ANSWER = rest(
    "chat.completion",
    {"message": {"role": "assistant", "content": WORDS, "refusal": None}, "finish_reason": "stop"},
    usage={
        **COUNTS,
        "prompt_tokens_details": {"text_tokens": 32, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 6},
        "completion_tokens_details": {"reasoning_tokens": 94, "audio_tokens": 0},
        "num_sources_used": 0,
    },
)


def decoder(operation: Any, wire: str) -> Callable[[Any], Any]:
    binding = operation.grpc if wire == "grpc" else operation.rest["completions"]
    decode: Callable[[Any], Any] = binding.codec.decode
    return decode


def case(name: str) -> Callable[[], object]:
    """What is counted under that name; all that comes before it is done."""
    if name == "event of a stream on REST":
        parser, event = SseParser(), b"data: " + REST_CHUNK + b"\n\n"
        return lambda: parser.feed(event)
    if name == "chunk added to the answer":
        fold, chunk = FoldChatCompletion(), decoder(CHAT_STREAM, "grpc")(GRPC_CHUNK)
        return lambda: fold.add(chunk)
    operation = CHAT_STREAM if name.startswith("chunk") else CHAT_CREATE
    if name.endswith("gRPC"):
        data = GRPC_CHUNK if operation is CHAT_STREAM else GRPC_ANSWER
        return lambda: decoder(operation, "grpc")(data)
    parsed = orjson.loads(REST_CHUNK if operation is CHAT_STREAM else REST_ANSWER)
    return lambda: decoder(operation, "rest")(parsed)


def operations(call: Callable[[], object]) -> int:
    """How many operations of the package's own code, and of what attrs makes for its models, the call takes."""
    own, count = str(Path(xai_dual.__file__).parent), 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        if event == "call":
            frame.f_trace_opcodes = frame.f_code.co_filename.startswith((own, "<attrs generated"))
            return trace if frame.f_trace_opcodes else None
        count += event == "opcode"
        return trace

    call()  # loads what is loaded once
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", RECORDED)
def test_no_more_operations_than_recorded(name: str) -> None:
    count, recorded = operations(case(name)), RECORDED[name]
    assert count <= recorded * ROOM, (
        f"{name}: {count} operations of Python, where {recorded} are recorded. All that is decoded pays for them: see"
        " in the diff of xai_dual/_gen, _json.py, _proto.py, _sse.py and accumulate.py what it does more than before."
        f" If that has to be, record {count} here (on Python 3.11), and measure the times in docs/performance.md again."
    )


def test_the_count_repeats() -> None:
    assert operations(case("chunk on gRPC")) == operations(case("chunk on gRPC")) > 50
