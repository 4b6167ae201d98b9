"""`auto` asks once whether gRPC answers, and takes REST where it does not."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from xai_dual import AsyncClient
from xai_dual.emulator import Server, serve

from ..crowd import AsyncCrowd
from ..kit import SUM, TEXT, options
from .reading import all_of

pytestmark = pytest.mark.anyio

PREFACE = b"PRI * HTTP/2.0"
Relay = Callable[[str], str]


@pytest.fixture
def fresh() -> Iterator[Server]:
    """An emulator whose address nobody has probed yet."""
    with serve() as running:
        yield running


@pytest.fixture
def relay(fresh: Server) -> Iterator[Relay]:
    """Makes relays to the emulator that do something to gRPC, and let HTTP/1.1 through."""
    with ExitStack() as stack:

        def make(way: str) -> str:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            threading.Thread(target=_accept, args=(listener, fresh.target, way), daemon=True).start()
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

        yield make


def _accept(listener: socket.socket, target: str, way: str) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_relay, args=(client, target, way), daemon=True).start()


def _relay(client: socket.socket, target: str, way: str) -> None:
    host, _, port = target.partition(":")
    with contextlib.suppress(OSError), client, socket.create_connection((host, int(port))) as server:
        first = client.recv(65536)
        if first.startswith(PREFACE):
            if way == "silent":  # a black hole: takes all, says nothing
                while client.recv(65536):
                    pass
                return
            if way == "bare":  # HTTP/2, but nobody there who speaks gRPC: a channel gets READY and calls hang
                client.sendall(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
                while client.recv(65536):
                    pass
                return
            if way == "http1":
                client.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
            return  # or ends it
        server.sendall(first)
        back = threading.Thread(target=_pump, args=(server, client), daemon=True)
        back.start()
        _pump(client, server)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def notes(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "xai_dual"]


def auto(server: Server, **more: Any) -> dict[str, Any]:
    return options(server, "auto", server.api_key, **more)


async def test_need_05_grpc_where_it_answers(fresh: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "xai_dual")
    async with AsyncClient(**auto(fresh)) as client, AsyncClient(**auto(fresh)) as second:
        for one in (client, second):
            for _ in range(2):
                answer = await one.chat.create(**SUM)
                assert answer.meta is not None
                assert answer.meta.transport == "grpc"
    probes = [call for call in fresh.calls() if call.operation == "xai_api.Auth/get_api_key_info"]
    assert [(call.key, call.started) for call in probes] == [("", None)]
    assert len(notes(caplog)) == 1
    assert "gRPC answers at" in notes(caplog)[0]


async def test_need_05_calls_of_one_wire_need_no_probe(fresh: Server) -> None:
    async with AsyncClient(**auto(fresh)) as client:
        assert (await client.auth.me()) is not None
    assert [call.wire for call in fresh.calls()] == ["rest"]


@pytest.mark.parametrize("way", ["silent", "bare", "http1", "ends"])
async def test_need_05_rest_where_grpc_cannot_get_through(
    fresh: Server, relay: Relay, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    caplog.set_level(logging.INFO, "xai_dual")
    async with AsyncClient(**auto(fresh, base_url=relay(way))) as client:
        start = time.monotonic()
        answers = await AsyncCrowd.all([lambda: client.chat.create(**SUM) for _ in range(4)])
        assert time.monotonic() - start < 5
        start = time.monotonic()
        stream = client.chat.stream(**SUM)
        await all_of(stream)
        assert time.monotonic() - start < 2
    assert [answer.text for answer in answers] == [TEXT] * 4
    assert [answer.meta and answer.meta.transport for answer in answers] == ["rest"] * 4
    assert stream.meta is not None
    assert stream.meta.transport == "rest"
    assert len(notes(caplog)) == 1
    assert "auto: REST, for gRPC does not answer at" in notes(caplog)[0]
    assert sum(call.started is not None for call in fresh.calls()) == 5


async def test_need_05_an_absent_host_is_asked_again(
    fresh: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody there says nothing about gRPC."""
    caplog.set_level(logging.INFO, "xai_dual")
    fresh.inject(action="refuse", delay_ms=1500)
    async with AsyncClient(**auto(fresh, max_retries=8)) as client:
        module = sys.modules[type(client._connections.of("api").transport).__module__]
        monkeypatch.setattr(module, "UNREACHED_SECONDS", -1.0)
        answer = await client.chat.create(**SUM)
        assert answer.text == TEXT
    assert len(notes(caplog)) > 1
    assert "gRPC answers" in notes(caplog)[-1]
