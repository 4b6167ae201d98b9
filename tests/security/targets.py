"""What is fuzzed: functions of bytes that hold for any bytes. Hypothesis runs them here, atheris in scripts/fuzz."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import orjson

from xai_dual import errors
from xai_dual._async.grpc_transport import _decoded
from xai_dual._async.rest_transport import _payload
from xai_dual._framing import ChunkedReader, FramingError
from xai_dual._gen import json as json_codecs
from xai_dual._heads import HeadReader
from xai_dual._inflate import PIECE, DecodingError, inflater
from xai_dual._multipart import Form, Part
from xai_dual._policy import GRPC_CODES, error_from_grpc, error_from_http, error_from_payload
from xai_dual._retry import failure_of, retry_after, retry_delay
from xai_dual._secrets import HIDDEN, kept_headers, scrub, scrubbed
from xai_dual._sse import SseEvent, SseParser
from xai_dual.meta import Meta
from xai_dual.operation import DownloadOperation, StreamOperation

from ..conformance.case import OPERATIONS

__all__ = ["TARGETS"]

SECRET = "xai-canary+/=0123456789"
NAMES = sorted(OPERATIONS)
ON_GRPC = [name for name in NAMES if OPERATIONS[name].grpc is not None]
ON_REST = [
    (name, shape)
    for name in NAMES
    for shape in OPERATIONS[name].rest
    if not isinstance(OPERATIONS[name], DownloadOperation)
]
WORDS = sorted(
    {
        word
        for item in iter_modules(json_codecs.__path__)
        for found in vars(import_module(f"{json_codecs.__name__}.{item.name}")).values()
        if isinstance(found, (dict, frozenset))
        for word in found
        if isinstance(word, str) and not word.startswith("_")
    }
    | {
        "error",
        "code",
        "message",
        "type",
        "response.completed",
        "response.output_text.delta",
        "message_start",
        "[DONE]",
    }
)
"""Names of properties, and tags of unions."""
STREAMS = [(name, shape) for name, shape in ON_REST if isinstance(OPERATIONS[name], StreamOperation)]


def _number(data: bytes) -> tuple[int, bytes]:
    return int.from_bytes(data[:2], "big"), data[2:]


def _texts(data: bytes) -> list[str]:
    return [part.decode("utf-8", "replace") for part in data.split(b"\0")]


def grown(data: bytes) -> dict[str, Any]:
    """An object of the properties that the API has, with values of all types: bytes are seldom JSON by themselves."""
    left = iter(data)

    def text() -> str:
        number = next(left, 0) * 256 + next(left, 0)
        return WORDS[number % len(WORDS)]

    def value(depth: int) -> Any:
        kind = next(left, 0)
        if kind % 8 < 3 and depth < 12:
            return {text(): value(depth + 1) for _ in range(kind // 8 % 6)}
        if kind % 8 == 3 and depth < 12:
            return [value(depth + 1) for _ in range(kind // 8 % 4)]
        scalars: tuple[Any, ...] = (None, True, kind, -kind / 7, 2**63, 1e308, "5", "", "9" * 5000, "\0", SECRET)
        return text() if kind % 8 < 6 else scalars[kind // 8 % len(scalars)]

    return {text(): value(0) for _ in range(8)}


def _events(parts: list[bytes]) -> list[SseEvent]:
    parser = SseParser()
    return [event for part in parts for event in parser.feed(part)] + parser.close()


def _cut(data: bytes, at: bytes) -> Iterator[bytes]:
    for size in at:
        yield data[:size]
        data = data[size:]
    yield data


def sse(data: bytes) -> None:
    """Equal bytes are equal events, however they are split."""
    whole = _events([data])
    assert _events([data[i : i + 1] for i in range(len(data))]) == whole
    assert _events(list(_cut(data, data[:6]))) == whole


def hints(data: bytes) -> None:
    """What the server says of waiting never raises."""
    texts = _texts(data)
    for name in ("retry-after", "retry-after-ms", "grpc-retry-pushback-ms"):
        for text in texts:
            seconds = retry_after({name: text}, 1.7e9)
            assert seconds is None or abs(seconds) < float("inf")
    _finite(retry_after({"grpc-status-details-bin": data}))


def _finite(seconds: float | None) -> None:
    assert seconds is None or (seconds == seconds and abs(seconds) < float("inf"))


def _usable(error: errors.XaiError) -> None:
    """An error as any other: with texts, a class for retries, and no secret left in it."""
    scrub(error, (SECRET,))
    failure_of(error)
    retry_delay(error, 1, lambda: 0.5)
    assert SECRET not in str(error) + repr(error) + repr(error.args)
    same = pickle.loads(pickle.dumps(error))
    assert (type(same), str(same)) == (type(error), str(error))


def http_error(data: bytes) -> None:
    """Any status from 300 on, any headers, any body."""
    number, data = _number(data)
    head, _, body = data.partition(b"\n\n")
    texts = [*_texts(head), "", "", ""]
    headers = {"retry-after": texts[0], "x-request-id": texts[1], "location": texts[2]}
    _usable(error_from_http(300 + number % 300, headers, body, now=1.7e9))


def payload_error(data: bytes) -> None:
    """Any JSON object inside a stream."""
    try:
        payload = orjson.loads(data)
    except orjson.JSONDecodeError:
        payload = grown(data)
    if isinstance(payload, dict):
        _usable(error_from_payload(payload))


def grpc_error(data: bytes) -> None:
    """Any status, any text, any metadata."""
    number, data = _number(data)
    details, _, rest = data.partition(b"\0")
    trailing: dict[str, str | bytes] = {"grpc-status-details-bin": rest} if rest else {}
    for text in _texts(rest) if rest else ():
        trailing["retry-after"] = text
    text = details.decode("utf-8", "replace")
    _usable(error_from_grpc(GRPC_CODES[number % 17].upper(), text, trailing, ready=number % 2 == 0))


class _Response:
    status = 200
    headers: dict[str, str] = {}  # noqa: RUF012


META = Meta(transport="rest", route="POST /v1/x")


def json_answer(data: bytes) -> None:
    """Any body: a lenient result, or DecodeError."""
    number, data = _number(data)
    name, shape = ON_REST[number % len(ON_REST)]
    binding = OPERATIONS[name].rest[shape]
    try:
        payload = _payload(data, _Response(), META, pending=binding.pending)
    except errors.DecodeError:
        payload = grown(data)
    _shown(binding.decoder(_Request())(payload))


class _Request:
    """A request that a reader of answers can ask for anything."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


def _shown(value: Any) -> None:
    """Only what is nested almost as deep as Python's stack cannot be shown; it was read, though."""
    with suppress(RecursionError):
        repr(value)


def json_events(data: bytes) -> None:
    """Any JSON objects as the events of a stream: chunks and a folded answer, or errors of ours."""
    number, data = _number(data)
    name, shape = STREAMS[number % len(STREAMS)]
    op: Any = OPERATIONS[name]
    decode, fold = op.rest[shape].decoder(_Request()), op.new_fold()
    for line in data.split(b"\n"):
        try:
            payload = orjson.loads(line)
        except orjson.JSONDecodeError:
            payload = grown(line)
        if not isinstance(payload, dict):
            continue
        try:
            chunk = decode(payload)
        except errors.XaiError:
            return
        if chunk is not None:
            fold.add(chunk)
            _shown(fold.response())


def proto_answer(data: bytes) -> None:
    """Any bytes: a model, or DecodeError."""
    number, data = _number(data)
    binding: Any = OPERATIONS[ON_GRPC[number % len(ON_GRPC)]].grpc
    try:
        repr(_decoded(binding.codec, data, META))
    except errors.DecodeError:
        return


def filename(data: bytes) -> None:
    """No name of a file adds lines to the head of its part."""
    name = data.decode("utf-8", "surrogateescape")
    (head,) = Form([], [Part(name, name, 1)], boundary="b").heads
    lines = head.decode("utf-8", "replace").split("\r\n")
    assert [line.partition(" ")[0] for line in lines] == ["--b", "Content-Disposition:", "Content-Type:", "", ""]
    assert "\n" not in "".join(lines)
    assert "\r" not in "".join(lines)


def secrets(data: bytes) -> None:
    """No spelling of a secret is left, wherever it stands."""
    around = data.decode("latin-1")
    for secret in (SECRET, "".join(f"%{ord(char):02x}" for char in SECRET), SECRET.replace("/", "\\/")):
        assert secret not in scrubbed(f"{around}{secret}{around}", (SECRET,))
    assert kept_headers([("x", around + SECRET)], (SECRET,))["x"].endswith(HIDDEN)


def heads(data: bytes) -> None:
    """The head of an answer reads the same however it is cut, or is none."""
    number, data = _number(data)
    found = []
    for size in (len(data) or 1, number % 7 + 1):
        reader = HeadReader()
        head = None
        try:
            for at in range(0, len(data), size):
                head = head or reader.feed(data[at : at + size])
        except FramingError:
            continue
        if head is not None:
            found.append((head.status, head.reason, head.headers, head.keeps, type(head.body)))
    assert len(found) < 2 or found[0] == found[1]


def chunks(data: bytes) -> None:
    """A body in chunks reads the same however it is cut, or is none."""
    number, data = _number(data)
    found = []
    for size in (len(data) or 1, number % 7 + 1):
        reader, body = ChunkedReader(), b""
        try:
            for at in range(0, len(data), size):
                if not reader.done:
                    body += reader.feed(data[at : at + size])
        except FramingError:
            continue
        found.append((body, reader.done))
    assert len(found) < 2 or found[0] == found[1]


def unpacked(data: bytes) -> None:
    """A compressed body comes in small pieces, or is none."""
    number, data = _number(data)
    given = inflater(("gzip", "deflate", "identity")[number % 3])
    with suppress(DecodingError):
        given.feed(data)
        while piece := given.next():
            assert len(piece) <= max(PIECE, len(data))


TARGETS: dict[str, Callable[[bytes], None]] = {
    one.__name__: one
    for one in (
        sse,
        hints,
        http_error,
        payload_error,
        grpc_error,
        json_answer,
        json_events,
        proto_answer,
        filename,
        secrets,
        heads,
        chunks,
        unpacked,
    )
}
