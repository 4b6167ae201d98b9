"""One running emulator inside an event loop: the gRPC server, the ASGI server and the public port before them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator, Mapping

import grpc.aio
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from xai_dual.emulator.public import Connector
from xai_dual.emulator.rest.app import make_app
from xai_dual.emulator.rest.gateways import LLMPROVIDER, MAXTOKEN, make_gateway
from xai_dual.emulator.rpc.service import Handler
from xai_dual.emulator.splice import Splice
from xai_dual.emulator.state import State

_LOOPBACK = "127.0.0.1"
_GRPC_OPTIONS = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # Clients ping to keep idle connections open; the server must not take that for abuse (GOAWAY "too_many_pings").
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 1000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.so_reuseport", 0),
)


class _Uvicorn(uvicorn.Server):
    """uvicorn without its own signal handling: the emulator's loop decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def running(state: State, host: str, port: int, max_streams: int) -> AsyncIterator[int]:
    """Run an emulator while the context is open; yields the public port."""
    grpc_server = grpc.aio.server(options=(*_GRPC_OPTIONS, ("grpc.max_concurrent_streams", max_streams)))
    grpc_server.add_generic_rpc_handlers((Handler(state),))
    grpc_port = grpc_server.add_insecure_port(f"{_LOOPBACK}:0")
    apps = (make_app(state), make_gateway(state, MAXTOKEN), make_gateway(state, LLMPROVIDER))
    listeners = [_listener() for _ in apps]
    ports = [listener.getsockname()[1] for listener in listeners]
    config = uvicorn.Config(
        _by_port(dict(zip(ports, apps, strict=True))),
        lifespan="off",
        log_config=None,
        log_level="error",  # gateways are asked for HTTP/2, which is no warning
        access_log=False,
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=120,  # clients keep idle connections; closing them early would be a fault nobody asked for
    )
    web = _Uvicorn(config)
    web_task = None
    api, maxtoken, llmprovider = splices = [
        Splice(state, None if position else _connector(grpc_port), _connector(rest_port))
        for position, rest_port in enumerate(ports)
    ]

    def refuse(seconds: float) -> None:
        for splice in splices:
            splice.refuse(seconds)

    state.refuse = refuse
    try:
        await grpc_server.start()
        web_task = asyncio.get_running_loop().create_task(web.serve(sockets=listeners))
        while not web.started:
            if web_task.done():
                await web_task
                raise RuntimeError("the ASGI server did not start")
            await asyncio.sleep(0.005)
        used = await api.start(host, port)
        origin = f"http://{f'[{host}]' if ':' in host else host}"
        state.url = f"{origin}:{used}"
        state.maxtoken_url = f"{origin}:{await maxtoken.start(host, 0)}"
        state.llmprovider_url = f"{origin}:{await llmprovider.start(host, 0)}/v1"
        yield used
    finally:
        for splice in splices:
            splice.stop()
        web.should_exit = True
        await grpc_server.stop(0)
        if web_task is not None:
            await web_task
        for listener in listeners:
            listener.close()


def _listener() -> socket.socket:
    # asyncio turns Nagle's algorithm off only where the protocol number is given; with it every answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind((_LOOPBACK, 0))
    listener.listen(1024)
    return listener


def _by_port(apps: Mapping[int, ASGIApp]) -> ASGIApp:
    """One web server for all: the port that a request came by says which app it is for."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await apps[scope["server"][1]](scope, receive, send)

    return app


def _connector(port: int) -> Connector:
    # TCP, not Unix sockets: both servers then see a client port, by which a fault finds the public connection to cut.
    return lambda factory: asyncio.get_running_loop().create_connection(factory, _LOOPBACK, port)
