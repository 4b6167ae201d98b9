"""What stands between a client and its server, on the loopback: TLS, proxies, holes; a thread each."""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import re
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from typing import Any

import attrs

Change = Callable[[bytes], bytes]


@attrs.define
class Box:
    """One of them."""

    port: int = 0
    connections: int = 0
    heads: list[str] = attrs.field(factory=list)
    """The heads of the requests that were for the box itself."""


class Boxes:
    """Makes boxes. They listen until `close`."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []

    def close(self) -> None:
        """End them all, and what goes through them."""
        for one in self._sockets:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)
            one.close()

    def forward(
        self,
        target: str,
        *,
        host: str = "127.0.0.1",
        path: str | None = None,
        tls: ssl.SSLContext | None = None,
        change: Change = bytes,
    ) -> Box:
        """Hands on to a server what comes, changed; by TLS if there is a context for it."""

        def handle(client: socket.socket, box: Box) -> None:
            self._join(client, target, change=change)

        return self._serve(handle, host=host, path=path, tls=tls)

    def proxy(
        self,
        *,
        login: str | None = None,
        moved: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> Box:
        """Plays CONNECT and forwards plain requests, to those who can log in. `moved` says where a name really is."""
        wanted = None if login is None else "Basic " + base64.b64encode(login.encode()).decode()

        def handle(client: socket.socket, box: Box) -> None:
            head, body = _head(client)
            box.heads.append(head)
            fields = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head.splitlines()[1:])}
            if wanted is not None and fields.get("proxy-authorization") != wanted:
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
                return
            method, name, _ = head.split("\r\n")[0].split(" ")
            if method == "CONNECT":
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._join(client, (moved or {}).get(name, name))
            else:
                name = name.split("/")[2]
                whole = f" http://{name}/".encode()

                def change(data: bytes) -> bytes:
                    return data.replace(whole, b" /", 1)

                self._join(client, (moved or {}).get(name, name), change(head.encode() + body), change=change)

        return self._serve(handle, tls=tls)

    def socks(self, *, login: str | None = None, moved: Mapping[str, str] | None = None) -> Box:
        """The same as SOCKS5: heads are the addresses that it was asked for."""

        def handle(client: socket.socket, box: Box) -> None:
            _, count = _exactly(client, 2)
            method = 0 if login is None else 2
            known = method in _exactly(client, count)
            client.sendall(bytes([5, method if known else 255]))
            if not known:
                return
            if login is not None:
                given = [
                    _exactly(client, _exactly(client, size)[-1]).decode() for size in (2, 1)
                ]  # with a version first
                right = ":".join(given) == login
                client.sendall(bytes([1, not right]))
                if not right:
                    return
            kind = _exactly(client, 4)[3]
            host = _exactly(client, _exactly(client, 1)[0]).decode() if kind == 3 else str(_address(client, kind))
            name = f"{host}:{int.from_bytes(_exactly(client, 2), 'big')}"
            box.heads.append(name)
            client.sendall(bytes([5, 0, 0, 1, *bytes(6)]))
            self._join(client, (moved or {}).get(name, name))

        return self._serve(handle)

    def hole(self) -> Box:
        """Takes all and says nothing."""

        def handle(client: socket.socket, box: Box) -> None:
            while client.recv(65536):
                pass

        return self._serve(handle)

    def saying(self, answer: bytes) -> Box:
        """Gives each connection the same answer."""

        def handle(client: socket.socket, box: Box) -> None:
            box.heads.append(_head(client)[0])
            client.sendall(answer)

        return self._serve(handle)

    def scripted(self, *answers: bytes | Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Box:
        """Gives one request after the other, on whatever connection, the next of the answers; then closes."""
        left = list(answers)

        def handle(client: socket.socket, box: Box) -> None:
            while left:
                head, body = _head(client)
                box.heads.append(head)
                length = re.search(r"content-length: (\d+)", head)
                _exactly(client, int(length[1]) - len(body) if length else 0)
                answer = left.pop(0)
                if callable(answer):
                    return answer(client)
                client.sendall(answer)

        return self._serve(handle, tls=tls)

    def resetting(self, *, tls: ssl.SSLContext | None = None) -> Box:
        """Breaks each connection as soon as it stands."""

        def handle(client: socket.socket, box: Box) -> None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        return self._serve(handle, tls=tls)

    def _serve(
        self,
        handle: Callable[[socket.socket, Box], None],
        *,
        host: str = "127.0.0.1",
        path: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> Box:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        where: Any = (host, 0) if path is None else path
        listener = socket.create_server(where, family=family if path is None else socket.AF_UNIX)
        self._sockets.append(listener)
        box = Box(port=listener.getsockname()[1] if path is None else 0)

        def serve(client: socket.socket) -> None:
            with contextlib.suppress(OSError, ValueError), client:
                if tls is None:
                    handle(client, box)
                    return
                with tls.wrap_socket(client, server_side=True) as secured:  # what fails sends its alert
                    self._sockets.append(secured)
                    handle(secured, box)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    self._sockets.append(client)
                    box.connections += 1
                    threading.Thread(target=serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return box

    def _join(self, client: socket.socket, target: str, first: bytes = b"", *, change: Change = bytes) -> None:
        """Hand on in both directions until one of the two ends."""
        host, _, port = target.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port))) as server:
            self._sockets.append(server)
            server.sendall(first)
            while True:
                waiting = isinstance(client, ssl.SSLSocket) and client.pending() > 0
                ready = [client] if waiting else select.select([client, server], [], [])[0]
                for one in ready:
                    data = one.recv(65536)
                    if not data:
                        return
                    if one is client:
                        server.sendall(change(data))
                    else:
                        client.sendall(data)


def _exactly(client: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = client.recv(size - len(data))
        if not more:
            raise ValueError("too short")
        data += more
    return data


def _address(client: socket.socket, kind: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(_exactly(client, 4 if kind == 1 else 16))


def _head(client: socket.socket) -> tuple[str, bytes]:
    """The head of a request, and what has come of its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(65536)
        if not more:
            raise ValueError("no request")
        data += more
    head, end, body = data.partition(b"\r\n\r\n")
    return (head + end).decode("latin-1"), body
