"""A forward proxy for plain HTTP that leads every host to one address."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType

__all__ = ["Proxy"]


class Proxy:
    """Runs in threads while its context is open."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self.seen: list[str] = []
        """The request lines."""
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(self._target) as server:
            threading.Thread(target=_pump, args=(server, client), daemon=True).start()
            while data := client.recv(65536):  # a request begins a read: these are small, and come one at a time
                if data.startswith(b"POST http://"):
                    line, _, rest = data.partition(b"\r\n")
                    self.seen.append(line.decode())
                    method, url, version = line.split()
                    path = b"/" + url.split(b"/", 3)[3]
                    data = b" ".join((method, path, version)) + b"\r\n" + rest
                server.sendall(data)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
