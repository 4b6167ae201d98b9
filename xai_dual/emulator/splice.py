"""Both wires on one port: a connection is handed on by its first bytes, byte for byte.

An HTTP/2 connection with prior knowledge starts with a fixed preface; every other client is speaking HTTP/1.1.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
Connector = Callable[[Callable[[], asyncio.Protocol]], Awaitable[tuple[asyncio.BaseTransport, asyncio.BaseProtocol]]]


class _End(asyncio.Protocol):
    """One end of a splice: what arrives here leaves at the peer, at the peer's pace."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.peer: _End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        peer = self.peer.transport if self.peer is not None else None
        if peer is not None and not peer.is_closing():
            peer.write(data)

    def eof_received(self) -> bool:
        """Half-close the peer; this direction stays open until the other end closes it."""
        peer = self.peer.transport if self.peer is not None else None
        if peer is not None and not peer.is_closing() and peer.can_write_eof():
            peer.write_eof()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        peer = self.peer.transport if self.peer is not None else None
        if peer is not None and not peer.is_closing():
            if error is None:
                peer.close()
            else:
                peer.abort()

    def pause_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None and not self.peer.transport.is_closing():
            self.peer.transport.resume_reading()


class _Front(_End):
    """The public end. It waits for enough bytes to tell the wires apart, then connects to the server behind."""

    def __init__(self, splice: Splice) -> None:
        super().__init__()
        self.splice = splice
        self.held = b""
        self.connecting: asyncio.Task[None] | None = None
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.splice.fronts[self] = 0

    def data_received(self, data: bytes) -> None:
        if self.peer is not None:
            super().data_received(data)
            return
        self.held += data
        start = self.held[: len(PREFACE)]
        if self.connecting is None and (start == PREFACE or not PREFACE.startswith(start)):
            assert self.transport is not None
            self.transport.pause_reading()
            connector = self.splice.grpc if start == PREFACE else self.splice.rest
            self.connecting = asyncio.get_running_loop().create_task(self._connect(connector))

    def eof_received(self) -> bool:
        self.ended = True
        if self.peer is None:
            return self.connecting is not None  # nothing was asked: close; else the task hands the end on
        return super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        self.splice.fronts.pop(self, None)
        if self.connecting is not None and self.peer is None:
            self.connecting.cancel()
        super().connection_lost(error)

    async def _connect(self, connector: Connector) -> None:
        assert self.transport is not None
        back = _End()
        back.peer = self
        try:
            await connector(lambda: back)
        except OSError:
            self.transport.abort()
            return
        if self.transport.is_closing():
            if back.transport is not None:
                back.transport.abort()
            return
        self.peer = back
        if back.transport is not None:
            self.splice.fronts[self] = back.transport.get_extra_info("sockname")[1]
        super().data_received(self.held)
        self.held = b""
        self.transport.resume_reading()
        if self.ended:
            super().eof_received()


class Splice:
    """The public port."""

    def __init__(self, grpc: Connector, rest: Connector) -> None:
        self.grpc = grpc
        self.rest = rest
        self.fronts: dict[_Front, int] = {}  # with the port that the server behind sees as its client's
        self.server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; the port in use."""
        self.server = await asyncio.get_running_loop().create_server(lambda: _Front(self), host, port, backlog=1024)
        used: int = self.server.sockets[0].getsockname()[1]
        return used

    def cut(self, port: int, reset: bool) -> None:
        """Cut the connection that a server behind knows by its client port: by RST at once, or by FIN in good order."""
        for front, known in list(self.fronts.items()):
            if known == port and front.transport is not None:
                if reset:
                    raw = front.transport.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    front.transport.abort()
                else:
                    front.transport.close()

    def stop(self) -> None:
        """Stop listening and drop all connections."""
        if self.server is not None:
            self.server.close()
        for front in list(self.fronts):
            if front.transport is not None:
                front.transport.abort()
