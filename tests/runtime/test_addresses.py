"""Callers' own HTTP clients, sockets, and addresses where nothing answers."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from xai_dual import errors
from xai_dual._async.client import AsyncClient
from xai_dual._sync.client import Client
from xai_dual.options import CallOptions, Timeout

from . import codecs as api
from .wires import Wires, _Handler

NONE = CallOptions()


@pytest.fixture
def silent() -> Iterator[str]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("module", ["httpx", "httpx2"])
def test_own_client(wires: Wires, module: str) -> None:
    http = pytest.importorskip(module)
    own = http.Client(headers={"x-own": "1"}, timeout=5)
    with Client(**wires.options("rest"), http_client=own) as client:
        assert client._caller.unary(api.ECHO, {"text": "hi"}, NONE).text == "hi"
        assert [c.text for c in client._caller.stream(api.STREAM, {"chunks": ["a", "b"]}, NONE)] == ["a", "b"]
        with pytest.raises(errors.TimeoutError) as caught:
            client._caller.unary(api.ECHO, {"delay": 5}, CallOptions(timeout=Timeout(first_event=0.1)))
        assert caught.value.timer == "first_event"
        with pytest.raises(errors.UsageError, match="pickled"):
            client.__getstate__()
    assert wires.seen[0].headers["x-own"] == "1"
    assert not own.is_closed
    own.close()
    with pytest.raises(errors.ConnectError), http.Client() as other:
        Client(api_key="k", base_url="http://127.0.0.1:9", http_client=other, max_retries=0)._caller.unary(
            api.ECHO, {}, NONE
        )


@pytest.mark.anyio
@pytest.mark.parametrize("module", ["httpx", "httpx2"])
async def test_own_async_client(wires: Wires, module: str) -> None:
    http = pytest.importorskip(module)
    async with http.AsyncClient() as own, AsyncClient(**wires.options("auto"), http_client=own) as client:
        answer = await client._caller.unary(api.ECHO, {"text": "hi"}, NONE)
        assert answer.text == "hi"
        stream = client._caller.stream(api.STREAM, {"chunks": ["a"], "end": "reset"}, NONE)
        with pytest.raises(errors.StreamInterrupted):
            [c.text async for c in stream]
        await client.aclose()
        assert not own.is_closed


def test_clients_of_the_other_kind() -> None:
    with httpx.Client() as own, pytest.raises(errors.UsageError, match="http_client"):
        AsyncClient(api_key="k", http_client=own)
    with pytest.raises(errors.UsageError, match="http_client"):
        Client(api_key="k", http_client=httpx.AsyncClient())


def test_connect_timer(silent: str, transport: str) -> None:
    scheme = "http" if transport == "grpc" else "https"
    timeout = Timeout(connect=0.2)
    with Client(
        api_key="k", transport=transport, base_url=f"{scheme}://{silent}", timeout=timeout, max_retries=1
    ) as client:
        start = time.monotonic()
        with pytest.raises(errors.TimeoutError) as caught:
            client._caller.unary(api.ECHO, {}, NONE)
        assert (caught.value.timer, caught.value.attempts, caught.value.maybe_sent) == ("connect", 2, False)
        assert time.monotonic() - start < 2


@pytest.mark.anyio
async def test_connect_timer_async(silent: str, transport: str) -> None:
    scheme = "http" if transport == "grpc" else "https"
    options: dict[str, Any] = {"transport": transport, "base_url": f"{scheme}://{silent}", "max_retries": 0}
    async with AsyncClient(api_key="k", **options) as client:
        for timeout, timer in ((Timeout(connect=0.2), "connect"), (0.2, "total")):
            with pytest.raises(errors.TimeoutError) as caught:
                await client._caller.unary(api.ECHO, {}, CallOptions(timeout=timeout))
            assert caught.value.timer == timer


def test_unix_sockets(wires: Wires) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "s")
        server = grpc.server(futures.ThreadPoolExecutor(2))
        server.add_generic_rpc_handlers((_Handler(wires),))
        server.add_insecure_port(f"unix:{path}")
        server.start()
        with Client(api_key="k", transport="grpc", base_url=f"unix:{path}") as client:
            assert client._caller.unary(api.ECHO, {"text": "hi"}, NONE).text == "hi"
        server.stop(None).wait()
        path = Path(folder, "t")
        done = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(_serve(wires, path, done)))
        thread.start()
        while not path.exists():
            time.sleep(0.01)
        with Client(api_key="k", transport="rest", base_url=f"unix:{path}") as client:
            assert client._caller.unary(api.ECHO, {"text": "hi"}, NONE).text == "hi"
        done.set()
        thread.join(5)


async def _serve(wires: Wires, path: Path, done: threading.Event) -> None:
    server = await asyncio.start_unix_server(wires._serve, path)
    while not done.is_set():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    server.close()


def test_a_server_that_comes_back(transport: str, wires: Wires) -> None:
    """What was refused a connection is tried again, also where it is a write."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with Client(api_key="k", transport=transport, base_url=f"http://127.0.0.1:{port}", max_retries=6) as client:
        server = grpc.server(futures.ThreadPoolExecutor(2))
        server.add_generic_rpc_handlers((_Handler(wires),))
        if transport == "rest":
            return
        timer = threading.Timer(0.3, lambda: (server.add_insecure_port(f"127.0.0.1:{port}"), server.start()))
        timer.start()
        answer = client._caller.unary(api.ECHO, {"text": "hi"}, NONE)
        assert answer.meta is not None
        assert answer.meta.attempts > 1
        timer.join()
        server.stop(None).wait()
