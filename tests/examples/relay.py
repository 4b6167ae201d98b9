"""A relay in front of the emulator. It notes the REST calls that pass, and takes them below a path too, as gateways do.

gRPC passes through it unread.
"""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import threading

PATH = "/gateway"
_HEAD = re.compile(rb"^([A-Z]+) ((?:%b)?)(/v1/\S*) HTTP/1\.1\r\n" % PATH.encode(), re.MULTILINE)
_ID = re.compile(r"\b(?:file_)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


class Relay(socketserver.ThreadingTCPServer):
    """Use it as a context manager."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self.behind = (host, int(port))
        self.seen: list[str] = []  # "POST /v1/chat/completions"; ids are written {id}
        super().__init__(("127.0.0.1", 0), _Connection)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def note(self, data: bytes) -> bytes:
        """Note the heads of requests in what a client sends; what to send on."""
        for method, path, route in _HEAD.findall(data):
            self.seen.append(f"{method.decode()} {path.decode()}{_ID.sub('{id}', route.decode())}")
        return _HEAD.sub(rb"\1 \3 HTTP/1.1\r\n", data)

    def __exit__(self, *args: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Connection(socketserver.BaseRequestHandler):
    server: Relay
    request: socket.socket

    def handle(self) -> None:
        with socket.create_connection(self.server.behind) as behind:
            back = threading.Thread(target=_answers, args=(behind, self.request), daemon=True)
            back.start()
            with contextlib.suppress(OSError):
                while data := self.request.recv(65536):
                    behind.sendall(self.server.note(data))
            with contextlib.suppress(OSError):  # so that a call that was left open ends behind the relay too
                behind.shutdown(socket.SHUT_RDWR)
            back.join()


def _answers(behind: socket.socket, client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := behind.recv(65536):
            client.sendall(data)
    with contextlib.suppress(OSError):
        client.shutdown(socket.SHUT_WR)
