"""Connections are used again, filled up before others are opened, and lost without losing calls."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from xai_dual import AsyncClient, StreamInterrupted, TransportError
from xai_dual.emulator import Server, serve

from ...runtime import codecs as api
from ...runtime.wires import Wires
from ..crowd import AsyncCrowd
from ..kit import SUM, TEXT, fault, options
from .reading import all_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def narrow() -> Iterator[Server]:
    """An emulator that takes ten gRPC calls at once on a connection."""
    with serve(max_streams=10) as running:
        yield running


class Hole:
    """A way to a server that from some moment on swallows everything, without a word to either side."""

    def __init__(self) -> None:
        self.swallows = threading.Event()
        self.sockets: list[socket.socket] = []

    def to(self, target: str) -> str:
        """The URL of a port that leads there."""
        host, _, port = target.partition(":")
        listener = socket.create_server(("127.0.0.1", 0))
        self.sockets.append(listener)

        def accept() -> None:
            client, _ = listener.accept()
            server = socket.create_connection((host, int(port)))
            self.sockets.extend((client, server))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.swallows.is_set():
                    sink.sendall(data)


@pytest.fixture
def hole() -> Iterator[Hole]:
    found = Hole()
    yield found
    for one in found.sockets:
        one.close()


def settings_of(client: AsyncClient) -> Any:
    """The module with the settings of channels, of the client's flavour."""
    name = type(client._connections.of("api").transport).__module__
    return sys.modules[name.replace("grpc_transport", "channels")]


async def whole(client: AsyncClient, **how: Any) -> str:
    async with client.chat.stream(**{**SUM, **how}) as stream:
        async for _ in stream:
            pass
    return stream.response.text


async def test_need_17_streams_in_a_row_use_one_connection(client: AsyncClient, server: Server, key: str) -> None:
    for _ in range(50):
        assert await whole(client) == TEXT
    assert len({call.connection for call in server.calls(key)}) == 1


async def test_need_17_many_streams_at_once(client: AsyncClient, server: Server, key: str, transport: str) -> None:
    slow = {"headers": {"x-emulator-delay-ms": "20"}}
    texts = await AsyncCrowd.all([lambda: whole(client, **slow) for _ in range(150)])
    assert texts == [TEXT] * 150
    used = len({call.connection for call in server.calls(key)})
    assert used == 2 if transport == "grpc" else used <= 150
    assert client.pool.in_use == 0


async def test_need_17_a_server_that_takes_few_streams(narrow: Server, transport: str) -> None:
    """More than it takes wait; none fails."""
    async with AsyncClient(**options(narrow, transport, narrow.api_key)) as client:
        assert await AsyncCrowd.all([lambda: whole(client) for _ in range(60)]) == [TEXT] * 60


async def test_need_21_a_connection_that_the_server_ends_loses_no_call(
    client: AsyncClient, server: Server, key: str, transport: str
) -> None:
    """Calls that it did not look at are sent again, on gRPC whatever they are, on REST those that only read."""
    for number in range(5):
        await client.auth.get_api_key()
        going = fault("goaway", id=f"{key}{number}", times=1)
        if transport == "grpc":
            assert (await client.chat.create(**SUM, headers=going)).text == TEXT
        assert (await client.auth.get_api_key(headers=going)).name
        assert await whole(client) == TEXT
    assert all(call.outcome in ("finished", "failed") for call in server.calls(key))


async def test_need_21_a_quiet_connection(wires: Wires, monkeypatch: pytest.MonkeyPatch, transport: str) -> None:
    """A long quiet call is kept alive on both wires, and never so eagerly that a server takes offence."""
    async with AsyncClient(**wires.options(transport)) as client:
        module = settings_of(client)
        if transport == "grpc":
            # a stock server of grpc allows a ping each 300 s; load balancers forget a quiet connection after 350 s
            assert 300_000 < module.PING_EVERY_MS < 350_000
            monkeypatch.setattr(module, "PING_EVERY_MS", 300)
            monkeypatch.setattr(module, "PING_ANSWER_MS", 300)
        stream = client._caller.stream(api.STREAM, {"chunks": ["a", "b"], "gap": 1.0}, api.CallOptions())
        async with stream:
            if transport == "rest":
                raw: Any = stream._raw
                connection = raw._response.network.get_extra_info("socket")
                assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert len(await all_of(stream)) == 2


async def test_need_21_a_way_that_swallows_everything(
    wires: Wires, monkeypatch: pytest.MonkeyPatch, hole: Hole
) -> None:
    """A ping that is not answered ends the calls of its connection."""
    async with AsyncClient(transport="grpc", base_url=hole.to(wires.grpc_target), api_key="k") as client:
        module = settings_of(client)
        monkeypatch.setattr(module, "PING_EVERY_MS", 300)
        monkeypatch.setattr(module, "PING_ANSWER_MS", 300)
        stream = client._caller.stream(api.STREAM, {"chunks": ["a"], "end": "hang"}, api.CallOptions())
        await stream.__anext__()
        hole.swallows.set()
        start = time.monotonic()
        with pytest.raises(StreamInterrupted) as caught:
            await all_of(stream)
        assert isinstance(caught.value.__cause__, TransportError)
        assert time.monotonic() - start < 5


async def test_need_21_a_server_that_was_away(server: Server, key: str, transport: str) -> None:
    """While it is away nothing can be sent, so that is tried again until it is back."""
    with serve() as own:
        async with AsyncClient(**options(own, transport, own.api_key, max_retries=6)) as client:
            assert (await client.chat.create(**SUM)).text == TEXT
            own.inject(action="refuse", delay_ms=400)
            assert (await client.auth.get_api_key()).name
            assert (await client.chat.create(**SUM)).text == TEXT
