"""What only the blocking client has: threads, and its timers."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from xai_dual import errors
from xai_dual._sync.client import Client
from xai_dual.options import CallOptions, Timeout

from . import codecs as api
from .wires import Wires

NONE = CallOptions()
HANG = {"chunks": ["a"], "end": "hang"}


def test_closing_from_another_thread(wires: Wires, transport: str) -> None:
    with Client(**wires.options(transport)) as client:
        stream = client._caller.stream(api.STREAM, HANG, NONE)
        closer = threading.Timer(0.2, stream.close)
        closer.start()
        start = time.monotonic()
        assert "".join(chunk.text for chunk in stream) == "a"
        assert time.monotonic() - start < 1
        closer.join()
        assert wires.wait_cancelled() < 0.25
        assert not stream.completed
        assert client._caller.unary(api.ECHO, {"text": "ok"}, NONE).text == "ok"


def test_one_client_in_many_threads(wires: Wires, transport: str) -> None:
    with Client(**wires.options(transport)) as client, ThreadPoolExecutor(8) as pool:

        def work(i: int) -> tuple[str, str]:
            request = {"text": str(i), "chunks": [str(i), "-", str(i)], "gap": 0.01}
            stream = client._caller.stream(api.STREAM, request, NONE)
            return client._caller.unary(api.ECHO, request, NONE).text, "".join(chunk.text for chunk in stream)

        assert list(pool.map(work, range(32))) == [(str(i), f"{i}-{i}") for i in range(32)]


def test_many_timers(wires: Wires, transport: str) -> None:
    with Client(**wires.options(transport)) as client, ThreadPoolExecutor(6) as pool:

        def work(i: int) -> float:
            limit = 0.1 + 0.05 * i
            stream = client._caller.stream(api.STREAM, HANG, CallOptions(timeout=Timeout(idle=limit)))
            next(stream)
            start = time.monotonic()
            with pytest.raises(errors.StreamInterrupted) as caught:
                next(stream)
            assert isinstance(caught.value.__cause__, errors.TimeoutError)
            return time.monotonic() - start - limit

        assert all(-0.02 < late < 0.3 for late in pool.map(work, [5, 0, 3, 1, 4, 2]))


def test_an_async_key_is_refused(wires: Wires, transport: str) -> None:
    async def key() -> str:
        return "k"

    with (
        Client(**{**wires.options(transport), "api_key": key}) as client,
        pytest.raises(errors.UsageError, match="async"),
    ):
        client._caller.unary(api.ECHO, {}, NONE)


def test_dripping_bodies_end_by_total(wires: Wires) -> None:
    request = {"chunks": ["a", "b"], "gap": 0.05, "comments": 100}
    with Client(**wires.options("rest")) as client:
        start = time.monotonic()
        with pytest.raises(errors.StreamInterrupted) as caught:
            list(client._caller.stream(api.STREAM, request, CallOptions(timeout=0.4)))
        assert time.monotonic() - start < 1
    assert caught.value.__cause__.timer == "total"  # type: ignore[union-attr]


def test_pool_timer(wires: Wires) -> None:
    timeout = Timeout(pool=0.1)
    with Client(**wires.options("rest"), max_connections=1, max_retries=1, timeout=timeout) as client:
        with client._caller.stream(api.STREAM, HANG, NONE), pytest.raises(errors.TimeoutError) as caught:
            client._caller.unary(api.ECHO, {}, NONE)
        assert (caught.value.timer, caught.value.attempts, caught.value.maybe_sent) == ("pool", 2, False)
        assert client._caller.unary(api.ECHO, {"text": "ok"}, NONE).text == "ok"
