"""A server on both wires that notes what each call brings along, and refuses it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs
import grpc

__all__ = ["Brought", "Recorder"]


@attrs.frozen
class Brought:
    """What one call brought."""

    route: str
    headers: dict[str, str]
    deadline: float | None
    """Seconds left of the deadline that gRPC tells the server; None on REST, which tells none."""


class Recorder:
    """Both servers, in threads of this process."""

    def __init__(self) -> None:
        self.brought: list[Brought] = []
        brought = self.brought
        self._grpc = grpc.server(futures.ThreadPoolExecutor(4))
        self._grpc.add_generic_rpc_handlers((_Handler(brought),))
        self.grpc_target = f"127.0.0.1:{self._grpc.add_insecure_port('127.0.0.1:0')}"
        self._grpc.start()

        class Web(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                brought.append(Brought(f"{self.command} {self.path}", headers, None))
                if self.headers.get("transfer-encoding") == "chunked":
                    while int(self.rfile.readline(), 16):
                        self.rfile.readline()
                else:
                    self.rfile.read(int(self.headers.get("content-length", 0)))
                self.send_response(404)
                self.send_header("content-length", "0")
                self.end_headers()

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self._web = ThreadingHTTPServer(("127.0.0.1", 0), Web)
        self._web.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._web.server_port}"
        self._thread = threading.Thread(target=self._web.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._web.shutdown()
        self._web.server_close()
        self._thread.join(5)
        self._grpc.stop(None).wait()


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, brought: list[Brought]) -> None:
        self._brought = brought

    def service(self, details: Any) -> Any:
        def refuse(requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
            metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
            left = context.time_remaining()
            self._brought.append(Brought(details.method.lstrip("/"), metadata, left))
            context.abort(grpc.StatusCode.NOT_FOUND, "noted")
            yield b""

        return grpc.stream_stream_rpc_method_handler(refuse)
