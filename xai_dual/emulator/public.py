"""The public end of a connection: tells the wires apart, hands bytes on, and does to them what a fault asks."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from xai_dual.emulator.calls import Attempt
from xai_dual.emulator.http2 import PREFACE, Gate
from xai_dual.emulator.pace import Drip, Throttle

if TYPE_CHECKING:
    from xai_dual.emulator.splice import Splice

Connector = Callable[[Callable[[], asyncio.Protocol]], Awaitable[tuple[asyncio.BaseTransport, asyncio.BaseProtocol]]]
LAST_WORD = 0.05  # seconds in which what a server behind has written arrives here
_LINGER = 0.1  # seconds from FIN to the end of a connection that is cut
_KEPT = 5.0  # seconds in which a server behind may still find bytes of a connection that has ended
_GONE = (7, 8)  # TCP_CLOSE, TCP_CLOSE_WAIT: the peer has reset or ended the connection


class End(asyncio.Protocol):
    """One end of a splice: what arrives here leaves at the peer, at the peer's pace."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.peer: End | None = None
        self.has_ended = False  # nothing more will arrive here
        self._holds: set[str] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, data: bytes) -> None:
        """Write to the other side of the network, if it is still there."""
        if data and self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def hold(self, reason: str, on: bool) -> None:
        """Stop reading for a reason, or for this reason no more."""
        (self._holds.add if on else self._holds.discard)(reason)
        if self.transport is not None and not self.transport.is_closing():
            if self._holds:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()

    def eof_received(self) -> bool:
        """Half-close the peer; this direction stays open until the other end closes it too."""
        self.has_ended = True
        peer = self.peer.transport if self.peer is not None else None
        if self.peer is not None and peer is not None and not peer.is_closing() and peer.can_write_eof():
            peer.write_eof()
            if self.peer.has_ended:
                peer.close()
        return self.peer is None or not self.peer.has_ended

    def connection_lost(self, error: Exception | None) -> None:
        peer = self.peer.transport if self.peer is not None else None
        if peer is not None and not peer.is_closing():
            if error is None:
                peer.close()
            else:
                peer.abort()

    def pause_writing(self) -> None:
        if self.peer is not None:
            self.peer.hold("peer", True)

    def resume_writing(self) -> None:
        if self.peer is not None:
            self.peer.hold("peer", False)


class _Back(End):
    """The end at a server behind."""

    def __init__(self, front: Link) -> None:
        super().__init__()
        self.peer: Link = front

    def data_received(self, data: bytes) -> None:
        if self.peer.gate is not None:
            self.peer.gate.from_server(data)
        else:
            self.peer.answer(data)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.peer.is_broken:
            super().connection_lost(error)
        asyncio.get_running_loop().call_later(_KEPT, self.peer.forget)


class Link(End):
    """The end at a caller. It waits for enough bytes to tell the wires apart, then connects to the server behind."""

    def __init__(self, splice: Splice, number: int) -> None:
        super().__init__()
        self.splice = splice
        self.number = number
        self.port = 0  # by which the server behind knows this connection
        self.gate: Gate | None = None
        self.attempts: set[Attempt] = set()  # open ones
        self.is_lost = False
        self.counted = True  # among the connections of callers
        self.worked = False  # had a request for more than the emulator itself
        self.is_broken = False  # by a fault, not by the caller
        self._drip: Drip | None = None
        self._throttle: Throttle | None = None
        self._held = b""
        self._connecting: asyncio.Task[None] | None = None

    # ---- a caller's bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.splice.opened(self)

    def data_received(self, data: bytes) -> None:
        if self._throttle is not None:
            self._throttle.put(data)
        elif self.peer is not None:
            self._hand_on(data)
        else:
            self._held += data
            start = self._held[: len(PREFACE)]
            grpc = self.splice.grpc if start == PREFACE else None
            if self._connecting is None and (start == PREFACE or not PREFACE.startswith(start)):
                self.hold("connecting", True)
                self._connecting = asyncio.get_running_loop().create_task(self._connect(grpc))

    def _hand_on(self, data: bytes) -> None:
        if self.peer is not None and not self.is_lost:
            self.peer.send(data if self.gate is None else self.gate.from_client(data))

    async def _connect(self, grpc: Connector | None) -> None:
        assert self.transport is not None
        back = _Back(self)
        try:
            await (grpc or self.splice.rest)(lambda: back)
        except OSError:
            self.transport.abort()
            return
        assert back.transport is not None
        if self.transport.is_closing():
            back.transport.abort()
            return
        self.peer = back
        self.port = back.transport.get_extra_info("sockname")[1]
        self.splice.state.links[self.port] = self
        if grpc is not None:
            self.gate = Gate(self, self.splice.state)
            self.use(own=False)
        held, self._held = self._held, b""
        self._hand_on(held)
        self.hold("connecting", False)
        if self.has_ended:
            self._lose()
            super().eof_received()

    def eof_received(self) -> bool:
        if self.peer is None:
            self.has_ended = True
            return self._connecting is not None  # nothing was asked: close; else the task hands the end on
        self._lose()  # both servers behind take the end of what a caller sends for the end of all
        return super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        self.splice.closed(self)
        if self._connecting is not None and self.peer is None:
            self._connecting.cancel()
        self._lose()
        super().connection_lost(error)

    def _lose(self) -> None:
        """The caller is gone, or we are gone for the caller."""
        self.is_lost = True
        for attempt in list(self.attempts):
            attempt.end("failed" if self.is_broken else "cancelled")

    def forget(self) -> None:
        """Let go of the port, which another connection may have by now."""
        if self.splice.state.links.get(self.port) is self:
            del self.splice.state.links[self.port]

    def use(self, own: bool) -> None:
        """Note a request. A connection whose requests are all about the emulator itself is no caller's."""
        self.worked = self.worked or not own
        if self.worked != self.counted:
            self.counted = self.worked
            self.splice.count(1 if self.counted else -1)

    def carry(self, attempt: Attempt) -> None:
        """Know an attempt as long as it is open."""
        self.attempts.add(attempt)
        attempt.watchers.append(lambda: self.attempts.discard(attempt))

    # ---- answers

    def answer(self, data: bytes) -> None:
        """Send to the caller, at the pace of a fault if there is one."""
        if self._drip is not None:
            self._drip.put(data)
        else:
            self.send(data)

    def after(self, then: Callable[[], None]) -> None:
        """Call back when what was answered so far has left."""
        if self._drip is not None:
            self._drip.after(then)
        else:
            then()

    async def settle(self) -> None:
        """Wait until a dripping answer has left, which the server behind has written."""
        if self._drip is not None:
            await asyncio.sleep(LAST_WORD)
            left = asyncio.Event()
            self.after(left.set)
            await left.wait()

    # ---- what faults do

    def drip(self, gap: float, attempt: Attempt) -> None:
        """Send byte by byte until the attempt ends."""
        if self._drip is None:
            self._drip = Drip(gap, self.send, lambda on: self.peer.hold("drip", on) if self.peer is not None else None)
            attempt.watchers.append(self._stop_drip)

    def _stop_drip(self) -> None:
        drip, self._drip = self._drip, None
        if drip is not None:
            drip.stop()

    def throttle(self, rate: float, attempt: Attempt) -> None:
        """Read at a rate until the attempt ends."""
        if self._throttle is None:
            self._throttle = Throttle(rate, self._hand_on, lambda on: self.hold("throttle", on), self._watch)
            attempt.watchers.append(self._stop_throttle)

    def _stop_throttle(self) -> None:
        throttle, self._throttle = self._throttle, None
        if throttle is not None:
            throttle.stop()

    def _watch(self) -> None:
        """See that the caller left though nothing is read; only Linux tells."""
        if self.transport is not None and hasattr(socket, "TCP_INFO"):
            raw = self.transport.get_extra_info("socket")
            if raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in _GONE:
                self.transport.abort()

    def cut(self, reset: bool) -> None:
        """Cut the connection: by RST at once, or by FIN in good order."""
        if self.transport is None or self.transport.is_closing() or self.is_broken:
            return
        self.is_broken = True
        if reset:
            raw = self.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self._finish(self.transport)

    def _finish(self, transport: asyncio.Transport) -> None:
        """End what is sent by FIN, and read on for a moment: a close before the caller's last bytes would be an RST,
        which takes from the caller what it has not read yet."""
        self._lose()
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.abort()
        self._holds.clear()
        transport.resume_reading()
        transport.write_eof()
        asyncio.get_running_loop().call_later(_LINGER, transport.close)
