"""One running emulator inside an event loop: the gRPC server, the ASGI server and the public port before them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import grpc.aio
import uvicorn

from xai_dual.emulator.public import Connector
from xai_dual.emulator.rest.app import make_app
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
    # asyncio turns Nagle's algorithm off only where the protocol number is given; with it every answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind((_LOOPBACK, 0))
    listener.listen(1024)
    config = uvicorn.Config(
        make_app(state),
        lifespan="off",
        log_config=None,
        access_log=False,
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=120,  # clients keep idle connections; closing them early would be a fault nobody asked for
    )
    web = _Uvicorn(config)
    web_task = None
    splice = Splice(state, _connector(grpc_port), _connector(listener.getsockname()[1]))
    state.refuse = splice.refuse
    try:
        await grpc_server.start()
        web_task = asyncio.get_running_loop().create_task(web.serve(sockets=[listener]))
        while not web.started:
            if web_task.done():
                await web_task
                raise RuntimeError("the ASGI server did not start")
            await asyncio.sleep(0.005)
        used = await splice.start(host, port)
        state.url = f"http://{f'[{host}]' if ':' in host else host}:{used}"
        yield used
    finally:
        splice.stop()
        web.should_exit = True
        await grpc_server.stop(0)
        if web_task is not None:
            await web_task
        listener.close()


def _connector(port: int) -> Connector:
    # TCP, not Unix sockets: both servers then see a client port, by which a fault finds the public connection to cut.
    return lambda factory: asyncio.get_running_loop().create_connection(factory, _LOOPBACK, port)
