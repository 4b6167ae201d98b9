"""Both wires on one port: a connection is handed on by its first bytes.

An HTTP/2 connection with prior knowledge starts with a fixed preface; every other client is speaking HTTP/1.1.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING

from xai_dual.emulator.public import Connector, Link

if TYPE_CHECKING:
    from xai_dual.emulator.state import State

_BACKLOG = 1024
_Address = tuple[socket.AddressFamily, tuple[object, ...]]


class Splice:
    """A public port; without ``grpc`` one that takes whatever comes for HTTP/1.1."""

    def __init__(self, state: State, grpc: Connector | None, rest: Connector) -> None:
        self.state = state
        self.grpc = grpc
        self.rest = rest
        self._public: set[Link] = set()
        self._servers: list[asyncio.Server] = []
        self._opening: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; the port in use."""
        server = await asyncio.get_running_loop().create_server(self._link, host, port, backlog=_BACKLOG)
        self._servers = [server]
        used: int = server.sockets[0].getsockname()[1]
        return used

    def _link(self) -> Link:
        return Link(self, next(self.state.connections))

    # ---- what links tell

    def opened(self, link: Link) -> None:
        """A connection was accepted."""
        self._public.add(link)
        self.count(1)

    def count(self, step: int) -> None:
        """Count a connection among those of callers, or take it out again."""
        self.state.stats.connections_accepted += step
        self.state.stats.connections_open += step

    def closed(self, link: Link) -> None:
        """A connection has ended."""
        self._public.discard(link)
        if link.counted:
            self.state.stats.connections_open -= 1

    # ---- faults

    def refuse(self, seconds: float) -> None:
        """Reset all connections of callers and refuse new ones for a while, on the same port."""
        for link in list(self._public):
            if link.counted:
                link.cut(reset=True)
        if self._opening is None:
            addresses: list[_Address] = [(raw.family, raw.getsockname()) for s in self._servers for raw in s.sockets]
            self._close()
            # Bound but not listening: callers are refused, and nobody else gets the port.
            bound = [_bind(*address) for address in addresses]
            self._opening = asyncio.get_running_loop().create_task(self._reopen(bound, seconds))

    async def _reopen(self, bound: list[socket.socket], seconds: float) -> None:
        with contextlib.ExitStack() as stack:
            for raw in bound:
                stack.callback(raw.close)
            await asyncio.sleep(seconds)
            for raw in bound:
                server = await asyncio.get_running_loop().create_server(self._link, sock=raw, backlog=_BACKLOG)
                self._servers.append(server)
            stack.pop_all()
        self._opening = None

    def _close(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()

    def stop(self) -> None:
        """Stop listening and drop all connections."""
        if self._opening is not None:
            self._opening.cancel()
        self._close()
        for link in list(self._public):
            if link.transport is not None:
                link.transport.abort()


def _bind(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    # With the protocol number, as asyncio turns Nagle's algorithm off only then.
    raw = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    raw.bind(address)
    return raw
