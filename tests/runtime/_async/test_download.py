"""Downloads, over both wires."""

from __future__ import annotations

import gc
import os
import pathlib
import pickle
import time
from typing import Any

import pytest

from xai_dual import AsyncByteStream, AsyncClient, Timeout, errors

from .. import codecs as api
from ..wires import Wires

pytestmark = pytest.mark.anyio

SIZE = 300_001
DATA = api.filler(0, SIZE)
HANG = {"size": SIZE, "sent": 50_000, "end": "hang"}


def begin(client: AsyncClient, request: dict[str, Any] | None = None, **options: Any) -> AsyncByteStream:
    return client._caller.download(api.DOWNLOAD, request or {"size": SIZE}, api.CallOptions(**options))


async def test_read(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        stream = begin(client)
        assert not wires.seen
        assert stream.meta is None
        assert stream.received == 0
        assert await stream.read() == DATA
        assert stream.completed
        assert stream.received == SIZE
        assert stream.meta is not None
        assert (stream.meta.transport, stream.meta.request_id) == (transport, "req-1")
        assert stream.meta.total_seconds is not None
        assert await stream.read() == b""
        assert await begin(client, {"size": 0}).read() == b""
    if transport == "rest":
        assert wires.seen[0].headers["accept"] == "*/*"
    assert wires.seen[0].headers["authorization"] == "Bearer key-1"


async def test_iterate(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        async with begin(client, {"size": SIZE, "blanks": True}) as stream:
            assert wires.seen
            pieces = [piece async for piece in stream]
            assert stream.completed
        assert b"".join(pieces) == DATA
        assert all(pieces)
        async with begin(client) as stream:
            first = await stream.__anext__()
            assert stream.received == len(first)
            assert first + await stream.read() == DATA


async def test_http_framing(wires: Wires) -> None:
    before = wires.connections
    async with AsyncClient(**wires.options("rest")) as client:
        assert await begin(client, {"size": SIZE, "chunked": True}).read() == DATA
        assert await begin(client, {"size": SIZE, "gzip": True}).read() == DATA
        assert await begin(client).read() == DATA
    assert wires.connections == before + 1


async def test_save(wires: Wires, transport: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "out.bin"
    async with AsyncClient(**wires.options(transport)) as client:
        size = 3_000_000
        stream = begin(client, {"size": size})
        assert await stream.save(path) == size
        assert path.read_bytes() == api.filler(0, size)
        assert stream.completed
        assert await begin(client).save(str(path)) == SIZE
        assert path.read_bytes() == DATA
        (tmp_path / "link").symlink_to(path)
        assert await begin(client, {"size": 3}).save(tmp_path / "link") == 3
        assert path.read_bytes() == DATA[:3]
        assert await begin(client, {"size": 0}).save(tmp_path / "empty") == 0
        for size in (0, 5):
            async with begin(client, {"size": size}) as stream:
                assert await stream.save(tmp_path / "empty") == size
    assert sorted(os.listdir(tmp_path)) == ["empty", "link", "out.bin"]
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("end", ["error", "reset", "cut", "idle"])
async def test_broken_downloads_leave_nothing(wires: Wires, transport: str, end: str, tmp_path: pathlib.Path) -> None:
    if transport == "rest" and end == "error":
        pytest.skip("a body has no place for an error")
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")
    request = {"size": 3_000_000, "sent": 2_000_000, "end": "hang" if end == "idle" else end}
    cls = errors.StreamIncomplete if (transport, end) == ("rest", "cut") else errors.StreamInterrupted
    async with AsyncClient(**wires.options(transport)) as client:
        stream = begin(client, request, timeout=Timeout(idle=0.3))
        with pytest.raises(cls) as caught:
            await stream.save(path)
        assert os.listdir(tmp_path) == ["out.bin"]
        assert path.read_bytes() == b"old"
        assert caught.value.partial is None
        assert not stream.completed
        assert stream.meta is caught.value.meta
        with pytest.raises(cls) as caught:
            await begin(client, request, timeout=Timeout(idle=0.3)).read()
        partial = caught.value.partial
        assert 0 < len(partial) <= 2_000_000
        assert partial == api.filler(0, len(partial))
        if end != "reset":
            assert len(partial) == 2_000_000
        assert pickle.loads(pickle.dumps(caught.value)).partial == partial
        stream = begin(client, request, timeout=Timeout(idle=0.3))
        with pytest.raises(cls) as caught:
            [piece async for piece in stream]
        assert 0 < stream.received <= 2_000_000
        assert caught.value.partial is None
        with pytest.raises(errors.UsageError):
            await stream.read()
        with pytest.raises(errors.UsageError):
            await stream.save(path)


async def test_cut_chunked_bodies(wires: Wires) -> None:
    async with AsyncClient(**wires.options("rest")) as client:
        with pytest.raises(errors.StreamInterrupted) as caught:
            await begin(client, {"size": SIZE, "chunked": True, "end": "cut"}).read()
        assert type(caught.value.__cause__) is errors.TransportError
        assert caught.value.partial == DATA


async def test_cut_before_the_first_byte(wires: Wires) -> None:
    async with AsyncClient(**wires.options("rest"), max_retries=1) as client:
        with pytest.raises(errors.TransportError) as caught:
            await begin(client, {"size": SIZE, "sent": 0, "end": "cut"}).read()
        assert caught.value.attempts == 2
    assert len(wires.seen) == 2


async def test_errors_before_the_first_byte(wires: Wires, transport: str, tmp_path: pathlib.Path) -> None:
    busy = {"code": "unavailable"}
    async with AsyncClient(**wires.options(transport)) as client:
        stream = begin(client, {"size": SIZE, "errors": [busy]})
        assert await stream.save(tmp_path / "a") == SIZE
        assert stream.meta is not None
        assert stream.meta.attempts == 2
        with pytest.raises(errors.NotFoundError):
            await begin(client, {"size": SIZE, "errors": [{"code": "not_found"}]}).save(tmp_path / "b")
    assert os.listdir(tmp_path) == ["a"]


async def test_places_that_cannot_be_written(wires: Wires, transport: str, tmp_path: pathlib.Path) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        for path in (tmp_path, tmp_path / "none" / "x", "/dev/null", "a\0b", 3):
            with pytest.raises(errors.UsageError, match=r"^path: "):
                await begin(client).save(path)  # type: ignore[arg-type]
        async with begin(client) as stream:
            await stream.__anext__()
            with pytest.raises(errors.UsageError, match="begun"):
                await stream.save(tmp_path / "x")
    assert os.listdir(tmp_path) == []
    assert len(wires.seen) == 1


async def test_a_full_disk(wires: Wires, transport: str, tmp_path: pathlib.Path, monkeypatch: Any) -> None:
    def fail(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    async with AsyncClient(**wires.options(transport)) as client:
        with pytest.raises(OSError, match="No space"):
            await begin(client).save(tmp_path / "x")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("way", ["break", "aclose", "error", "drop"])
async def test_leaving_early_cancels(wires: Wires, transport: str, way: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        stream = begin(client, HANG)
        if way == "break":
            async with stream:
                async for _ in stream:
                    break
        elif way == "aclose":
            await stream.__anext__()
            await stream.aclose()
            await stream.aclose()
        elif way == "error":
            with pytest.raises(KeyError):
                async with stream:
                    raise KeyError
        else:
            async for _ in stream:
                break
            del stream
            gc.collect()
            await client._caller.unary(api.ECHO, {}, api.CallOptions())  # lets an event loop run
            wires.seen.pop()
        assert wires.wait_cancelled() < 0.25
        if way != "drop":
            assert not stream.completed
            assert [piece async for piece in stream] == []
            with pytest.raises(errors.UsageError):
                await stream.read()


@pytest.mark.parametrize(("timeout", "timer"), [(Timeout(first_event=0.2), "first_event"), (0.2, "total")])
async def test_timers_before_the_first_byte(wires: Wires, transport: str, timeout: Any, timer: str) -> None:
    async with AsyncClient(**wires.options(transport), max_retries=0) as client:
        start = time.monotonic()
        with pytest.raises(errors.TimeoutError) as caught:
            await begin(client, {"size": SIZE, "delay": 5}, timeout=timeout).read()
        assert caught.value.timer == timer
        assert time.monotonic() - start < 1
        wires.wait_cancelled()


@pytest.mark.parametrize(("timeout", "timer"), [(Timeout(idle=0.2), "idle"), (Timeout(total=0.3), "total")])
async def test_timers_after_the_first_byte(wires: Wires, transport: str, timeout: Timeout, timer: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        start = time.monotonic()
        with pytest.raises(errors.StreamInterrupted) as caught:
            await begin(client, HANG, timeout=timeout).read()
        cause = caught.value.__cause__
        assert isinstance(cause, errors.TimeoutError)
        assert cause.timer == timer
        assert len(caught.value.partial) == 50_000
        assert time.monotonic() - start < 1
        wires.wait_cancelled()


async def test_idle_is_no_total(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        request = {"size": 50, "piece": 10, "gap": 0.1}
        assert await begin(client, request, timeout=Timeout(idle=0.25, first_event=0.25)).read() == DATA[:50]


async def test_auto(wires: Wires) -> None:
    async with AsyncClient(**wires.options("auto")) as client:
        for request, wire in (({"size": 9}, "grpc"), ({"size": 9, "rest_only": 1}, "rest")):
            stream = begin(client, request)
            assert await stream.read() == DATA[:9]
            assert stream.meta is not None
            assert stream.meta.transport == wire
