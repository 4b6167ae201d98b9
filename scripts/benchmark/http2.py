"""gRPC from bytes made in advance: as much of HTTP/2 as gRPC's clients need. Headers of requests are not even read."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, cast

import attrs

from .payloads import ASKED, BLOCK, grpc_chunks, grpc_last_chunk, grpc_unary

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, WINDOW = 0, 1, 3, 4, 6, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
FRAME = 16384
"""Most bytes that a frame may have."""


class Write(NamedTuple):
    """Some frames of one stream: what stands around its number, and how many bytes of them the window must have."""

    parts: list[bytes]
    size: int


def _frame(kind: int, flags: int, payload: bytes) -> tuple[bytes, bytes]:
    """What stands before and after the number of the stream."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)), payload


def _writing(*frames: tuple[bytes, bytes]) -> Write:
    parts = [frames[0][0]]
    for (_, payload), (head, _) in itertools.pairwise(frames):
        parts.append(payload + head)
    parts.append(frames[-1][1])
    return Write(parts, sum(len(payload) for head, payload in frames if head[3] == DATA))


def _fields(start: bytes, *fields: tuple[bytes, bytes]) -> bytes:
    """A block of headers, all of them written out."""
    return start + b"".join(b"\0%c%b%c%b" % (len(name), name, len(value), value) for name, value in fields)


START = _frame(
    HEADERS,
    END_HEADERS,
    _fields(
        b"\x88",  # :status 200
        (b"content-type", b"application/grpc"),
        (b"date", b"Sun, 22 Nov 2026 05:29:19 GMT"),
        (b"x-request-id", b"b3eea649-3687-478a-b962-a76ac10fdd82"),
    ),
)
END = _frame(HEADERS, END_HEADERS | END_STREAM, _fields(b"", (b"grpc-status", b"0")))


BEGIN = _writing(START)


def _message(data: bytes) -> bytes:
    return b"\0" + len(data).to_bytes(4, "big") + data


@functools.cache
def _block(count: int) -> Write:
    return _writing(*(_frame(DATA, 0, _message(chunk)) for chunk in grpc_chunks()[:count]))


@functools.cache
def _unary(kind: str, size: int) -> list[Write]:
    data = _message(grpc_unary(kind, size))
    frames = [_frame(DATA, 0, data[at : at + FRAME]) for at in range(0, len(data), FRAME)]
    if len(frames) == 1:
        return [_writing(START, *frames, END)]
    return [_writing(START), *map(_writing, frames), _writing(END)]


@functools.cache
def _last() -> Write:
    return _writing(_frame(DATA, 0, _message(grpc_last_chunk())), END)


def _stream(count: int) -> Iterator[Write]:
    """The writes of a stream of that many chunks."""
    yield BEGIN
    blocks, rest = divmod(count - 1, BLOCK)
    for _ in range(blocks):
        yield _block(BLOCK)
    if rest:
        yield _block(rest)
    yield _last()


@attrs.define(eq=False)
class _Answer:
    """A stream on its way."""

    number: bytes
    writes: Iterator[Write]
    window: int
    waiting: Write | None = None
    """What the window had no room for."""
    parked: bool = False
    """Whether it is out of turn until the window grows."""


class Http2(asyncio.Protocol):
    """One connection with many streams, which take turns."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._begun = False
        self._room = 65535
        self._first_room = 65535
        self._requests: dict[bytes, bytearray] = {}
        self._answers: dict[bytes, _Answer] = {}
        self._windows: dict[bytes, int] = {}  # what was granted before the answer began
        self._turns: deque[_Answer] = deque()
        self._paused = False
        self._scheduled = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._loop = asyncio.get_running_loop()
        more = (0x7FFFFFFF - 65535).to_bytes(4, "big")  # what clients send is never held up
        self._transport.write(b"\0\0\0\4\0\0\0\0\0" + b"\0\0\4\x08\0\0\0\0\0" + more)

    def connection_lost(self, error: Exception | None) -> None:
        self._turns.clear()
        self._paused = True

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        if not self._begun:
            if len(buffer) < len(PREFACE):
                return
            del buffer[: len(PREFACE)]
            self._begun = True
        at = 0
        while len(buffer) >= at + 9:
            end = at + 9 + int.from_bytes(buffer[at : at + 3], "big")
            if len(buffer) < end:
                break
            self._take(buffer[at + 3], buffer[at + 4], bytes(buffer[at + 5 : at + 9]), bytes(buffer[at + 9 : end]))
            at = end
        del buffer[:at]
        self._write()

    def _take(self, kind: int, flags: int, number: bytes, payload: bytes) -> None:
        if kind == DATA:
            self._requests.setdefault(number, bytearray()).extend(payload)
            if flags & END_STREAM:
                self._answer(number, bytes(self._requests.pop(number)))
        elif kind == WINDOW:
            self._grant(number, int.from_bytes(payload, "big"))
        elif kind == SETTINGS and not flags & ACK:
            self._settle(payload)
            self._transport.write(b"\0\0\0\4\1\0\0\0\0")
        elif kind == PING and not flags & ACK:
            self._transport.write(b"\0\0\x08\6\1\0\0\0\0" + payload)
        elif kind == RESET:
            self._requests.pop(number, None)
            gone = self._answers.pop(number, None)
            if gone is not None:
                gone.writes, gone.waiting = iter(()), None

    def _settle(self, payload: bytes) -> None:
        for at in range(0, len(payload), 6):
            if payload[at : at + 2] == b"\0\4":
                room = int.from_bytes(payload[at + 2 : at + 6], "big")
                for answer in self._answers.values():
                    self._widen(answer, room - self._first_room)
                self._first_room = room

    def _grant(self, number: bytes, more: int) -> None:
        if number == b"\0\0\0\0":
            self._room += more
            return
        answer = self._answers.get(number)
        if answer is None:
            if number in self._requests:
                self._windows[number] = self._windows.get(number, 0) + more
            return
        self._widen(answer, more)

    def _widen(self, answer: _Answer, more: int) -> None:
        answer.window += more
        if answer.parked:
            answer.parked = False
            self._turns.append(answer)

    def _answer(self, number: bytes, request: bytes) -> None:
        asked = ASKED.search(request)
        if asked is None:
            raise ValueError("the request does not say what to answer")
        kind, size = asked[1].decode(), int(asked[2])
        writes = _stream(size) if kind == "stream" else iter(_unary(kind, size))
        answer = _Answer(number, writes, self._first_room + self._windows.pop(number, 0))
        self._answers[number] = answer
        self._turns.append(answer)

    def _write(self) -> None:
        """Go on with the answers by turns, as far as windows go."""
        self._scheduled = False
        for _ in range(32):
            if self._paused or not self._turns:
                return
            answer = self._turns[0]
            write = answer.waiting or next(answer.writes, None)
            if write is None:
                self._answers.pop(answer.number, None)
                self._turns.popleft()
                continue
            answer.waiting = write
            if write.size > self._room:
                return
            if write.size > answer.window:
                answer.parked = True
                self._turns.popleft()
                continue
            answer.waiting = None
            answer.window -= write.size
            self._room -= write.size
            self._transport.write(answer.number.join(write.parts))
            self._turns.rotate(-1)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._write)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._write()
