"""The gate of a gRPC connection: sees each call begin and end, and keeps calls from the server behind if a fault asks.

Header blocks of callers are read and written anew. So the server's table of headers never misses a block that was held
back, and each call can carry the number by which the server finds it in the call log.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import hpack

from xai_dual.emulator import frames, options
from xai_dual.emulator.calls import Attempt, Ending
from xai_dual.emulator.faults import HELD_BACK, Fault
from xai_dual.emulator.frames import Frame

if TYPE_CHECKING:
    from xai_dual.emulator.public import Link
    from xai_dual.emulator.state import State

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GARBAGE = frames.frame(frames.PING, 0xFF, 0x7FFFFFFF, b"\xff" * 3)
"""A ping of a wrong length, with flags and a stream that pings do not have: of unknown kinds clients take anything."""
_LATE = b"4"  # DEADLINE_EXCEEDED
_LINGER = 0.1  # seconds from the end of all work to the end of a connection that takes no more
Fields = list[tuple[bytes, bytes]]


class Gate:
    """Both directions of one connection, frame by frame."""

    def __init__(self, link: Link, state: State) -> None:
        self.link = link
        self.state = state
        self._preface = len(PREFACE)  # bytes of it still to come
        self._requests, self._request_headers = frames.FrameReader(), frames.header_reader()
        self._answers, self._answer_headers = frames.FrameReader(), frames.header_reader()
        self._streams: dict[int, Attempt] = {}  # open ones
        self._codes: dict[int, bytes] = {}  # of open streams: the grpc-status that was read
        self._held: set[int] = set()  # streams that the server never sees
        self._seen = 0  # the newest stream
        self._newest = 0  # the newest stream that the server saw
        self._last: int | None = None  # after GOAWAY: the last stream that is worked on

    # ---- what a caller sends

    def from_client(self, data: bytes) -> bytes:
        """What of a caller's bytes goes to the server."""
        preface, data = data[: self._preface], data[self._preface :]
        self._preface -= len(preface)
        try:
            return preface + b"".join(map(self._request, self._requests.feed(data)))
        except hpack.HPACKError:
            self.link.answer(frames.goaway(0, frames.COMPRESSION_ERROR))
            self.link.cut(reset=False)
            return b""

    def _request(self, frame: Frame) -> bytes:
        raw = frame.raw
        if frame.kind == frames.HEADERS:
            fields = [(name, value) for name, value in self._request_headers.decode(frame.block, raw=True)]
            if frame.stream > self._seen:
                self._seen = frame.stream
                fields = self._arrive(frame.stream, fields)
            raw = frames.headers(frame.stream, fields, frame.ends_stream)
        if frame.kind == frames.RST_STREAM:
            self._end(frame.stream, "cancelled")
        if frame.stream not in self._held:
            return raw
        if frame.kind == frames.DATA and len(raw) > 9:  # nobody else will give leave for as many bytes more
            self.link.answer(frames.window_update(0, len(raw) - 9))
        return b""

    def _arrive(self, stream: int, fields: Fields) -> Fields:
        """A new call: log it and see whether a fault holds it back. Its headers, with its number in the log."""
        given = {name.decode(): value.decode(errors="replace") for name, value in fields}
        attempt = self._log(given)
        self._streams[stream] = attempt
        if self._last is not None:  # it crossed our GOAWAY
            self._held.add(stream)
            self._end(stream, "failed")
            return fields
        fault = self.state.arrive(attempt, given.get("authorization"), given.get(options.FAULT))
        if fault is not None and fault.action in HELD_BACK:
            if not fault.processed:
                self._held.add(stream)
            asyncio.get_running_loop().call_later(fault.pause, self._strike, stream, fault)
        if stream not in self._held:
            self._newest = stream
        number = (options.CALL.encode(), str(attempt.call.number).encode())
        return [*(field for field in fields if field[0] != number[0]), number]

    def _log(self, given: dict[str, str]) -> Attempt:
        key = given.get("authorization", "").strip().partition(" ")[2].strip()
        operation = given.get(":path", "")[1:]
        return self.state.calls.begin("grpc", operation, given.get(options.CLIENT_REQUEST_ID), key, self.link)

    # ---- what the server sends

    def from_server(self, data: bytes) -> None:
        """Hand on the server's frames; note which end a stream."""
        for frame in self._answers.feed(data):
            if frame.kind == frames.HEADERS:
                found = dict(self._answer_headers.decode(frame.block, raw=True)).get(b"grpc-status")
                if found is not None:
                    self._codes[frame.stream] = bytes(found)
            self.link.answer(frame.raw)
            if frame.ends_stream:
                self.link.after(partial(self._end, frame.stream, self._outcome(frame.stream)))

    def _outcome(self, stream: int) -> Ending:
        code = self._codes.pop(stream, b"")
        fault = self._streams[stream].fault if stream in self._streams else None
        if code == _LATE and (fault is None or fault.action != "error"):
            return "cancelled"  # the server saw that the caller's time is up before it was told
        return "finished" if code == b"0" else "failed"

    def _end(self, stream: int, outcome: Ending) -> None:
        attempt = self._streams.pop(stream, None)
        if attempt is not None:
            attempt.end(outcome)
        self._codes.pop(stream, None)
        if self._last is not None and not self._streams:  # not at once: calls that crossed the GOAWAY are logged too
            asyncio.get_running_loop().call_later(_LINGER, self.link.cut, False)

    # ---- what faults do here

    def _strike(self, stream: int, fault: Fault) -> None:
        """Do to a stream what its fault says, unless its caller has left meanwhile."""
        if stream not in self._streams:
            return
        if fault.action == "goaway":
            self._last = self._newest  # what the server saw cannot be disowned
            self.link.answer(frames.goaway(self._last))
            if not fault.processed and stream < self._last:
                self.link.answer(frames.rst_stream(stream, frames.REFUSED_STREAM))
        elif fault.action == "refused_stream":
            self.link.answer(frames.rst_stream(stream, frames.REFUSED_STREAM))
        else:
            status, page = fault.page
            fields = [(b":status", str(status).encode()), (b"content-type", b"text/html; charset=utf-8")]
            self.link.answer(frames.headers(stream, fields) + frames.data(stream, page.encode()))
        if not fault.processed:
            self._end(stream, "failed")
