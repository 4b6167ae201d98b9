"""Uploads, downloads and waits where tasks, threads and foreign HTTP clients come in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from xai_dual import AsyncClient, Client, errors

from . import codecs as api
from .wires import Wires

NONE = api.CallOptions()
DATA = api.filler(0, 700_001)
HANG = {"size": 3_000_000, "sent": 2_000_000, "end": "hang"}


async def until(seen: Any) -> None:
    end = time.monotonic() + 5
    while not seen():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_cancelling_an_upload(wires: Wires, transport: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield DATA
            await asyncio.sleep(0.01)

    def plain() -> Iterator[bytes]:
        while True:
            yield DATA
            time.sleep(0.01)

    async def main() -> None:
        async with AsyncClient(**wires.options(transport)) as client:
            for content in (endless(), plain()):
                wires.seen.clear()
                request = api.UploadRequest({"discard": True})
                task = asyncio.ensure_future(client._caller.upload(api.UPLOAD, request, content, NONE))
                await until(lambda: wires.seen and wires.seen[-1].received > 2_000_000)
                await cancelled(task)
                assert await asyncio.to_thread(wires.wait_cancelled) < 0.25
            assert (await client._caller.unary(api.ECHO, {"text": "ok"}, NONE)).text == "ok"

    asyncio.run(main())


def test_cancelling_a_blocked_upload(wires: Wires, transport: str) -> None:
    async def main() -> None:
        async with AsyncClient(**wires.options(transport)) as client:
            request = api.UploadRequest({"discard": True, "stall": 1})
            task = asyncio.ensure_future(client._caller.upload(api.UPLOAD, request, [DATA] * 100, NONE))
            await asyncio.sleep(0.3)
            await cancelled(task)
            await asyncio.to_thread(wires.wait_cancelled)

    asyncio.run(main())


def test_cancelling_a_save(wires: Wires, transport: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncClient(**wires.options(transport)) as client:
            stream = client._caller.download(api.DOWNLOAD, HANG, NONE)
            task = asyncio.ensure_future(stream.save(tmp_path / "x"))
            await until(lambda: stream.received == 2_000_000)
            assert [name[:10] for name in os.listdir(tmp_path)] == [".xai-dual-"]
            await cancelled(task)
            assert os.listdir(tmp_path) == []
            assert await asyncio.to_thread(wires.wait_cancelled) < 0.25

    asyncio.run(main())


def test_cancelling_a_wait(wires: Wires, transport: str) -> None:
    async def main() -> None:
        async with AsyncClient(**wires.options(transport)) as client:
            for request, interval in (({"states": ["pending"]}, 30.0), ({"states": ["pending"], "delay": 30}, 0.1)):
                waiting = client._caller.wait(
                    api.JOB, request, NONE, state=lambda answer: answer.text, interval=interval, timeout=None
                )
                task = asyncio.ensure_future(waiting)
                await asyncio.sleep(0.2)
                await cancelled(task)
            await asyncio.to_thread(wires.wait_cancelled)

    asyncio.run(main())


def test_closing_a_download_from_elsewhere(wires: Wires, transport: str, tmp_path: Path) -> None:
    """What was closed while it was read is not taken for whole."""

    async def main() -> None:
        async with AsyncClient(**wires.options(transport)) as client:
            for save in (False, True):
                stream = client._caller.download(api.DOWNLOAD, HANG, NONE)
                task = asyncio.ensure_future(stream.save(tmp_path / "x") if save else stream.read())  # type: ignore[arg-type]
                await until(lambda: stream.received == 2_000_000)  # noqa: B023
                await stream.aclose()
                with pytest.raises(errors.StreamInterrupted, match="closed") as caught:
                    await task
                assert caught.value.partial == (None if save else api.filler(0, 2_000_000))
                await asyncio.to_thread(wires.wait_cancelled)

    asyncio.run(main())
    with Client(**wires.options(transport)) as client:
        stream = client._caller.download(api.DOWNLOAD, HANG, NONE)
        threading.Timer(0.3, stream.close).start()
        with pytest.raises(errors.StreamInterrupted, match="closed"):
            stream.save(tmp_path / "x")
    assert os.listdir(tmp_path) == []


class SlowFile:
    """A disk that takes its time."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.threads: set[int] = set()

    def read(self, size: int) -> bytes:
        time.sleep(0.1)
        self.threads.add(threading.get_ident())
        self._left -= 1
        return b"x" * size if self._left >= 0 else b""


@contextlib.asynccontextmanager
async def responsive() -> AsyncIterator[None]:
    """Fails when the event loop is held up."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            start = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - start)

    task = asyncio.ensure_future(tick())
    yield
    task.cancel()
    assert longest < 0.09


def test_disks_do_not_hold_up_the_loop(
    wires: Wires, transport: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*arguments: Any) -> None:
        time.sleep(0.1)
        replace(*arguments)

    replace = os.replace
    monkeypatch.setattr(os, "replace", slow)

    def generated() -> Iterator[bytes]:
        time.sleep(0.1)
        yield DATA

    async def main() -> None:
        async with AsyncClient(**wires.options(transport)) as client:
            await client._caller.unary(api.ECHO, {}, NONE)
            request = api.UploadRequest({"discard": True})
            async with responsive():
                for content in (SlowFile(3), generated()):
                    await client._caller.upload(api.UPLOAD, request, content, NONE)
                await client._caller.download(api.DOWNLOAD, {"size": 100_000}, NONE).save(tmp_path / "x")

    asyncio.run(main())


def test_content_is_read_in_the_callers_thread(wires: Wires, transport: str) -> None:
    file = SlowFile(2)
    with Client(**wires.options(transport)) as client:
        client._caller.upload(api.UPLOAD, api.UploadRequest({"discard": True}), file, NONE)
    assert file.threads == {threading.get_ident()}


def test_asynchronous_files(wires: Wires, transport: str) -> None:
    class File:
        filename = "dir/a.txt"

        def __init__(self) -> None:
            self._parts = [b"a", b"b", b""]

        async def read(self, size: int) -> bytes:
            await asyncio.sleep(0)
            return self._parts.pop(0)

    async def main() -> None:
        async with AsyncClient(**wires.options(transport)) as client:
            answer = await client._caller.upload(api.UPLOAD, api.UploadRequest(), File(), NONE)
            assert (answer.seen["found"]["files"][0]["file"], answer.seen["found"]["files"][0]["size"]) == ("a.txt", 2)

    asyncio.run(main())
    with Client(**wires.options(transport)) as client, pytest.raises(errors.UsageError, match="asynchronous"):
        client._caller.upload(api.UPLOAD, api.UploadRequest(), File(), NONE)


def modules() -> list[Any]:
    with contextlib.suppress(ImportError):
        import httpx2  # type: ignore[import-not-found, unused-ignore]

        return [httpx, httpx2]
    return [httpx]


@pytest.mark.parametrize("module", modules(), ids=lambda module: str(module.__name__))
def test_the_callers_http_client(wires: Wires, module: Any, tmp_path: Path) -> None:
    async def main() -> None:
        async with module.AsyncClient() as http:
            client = AsyncClient(base_url=wires.url, api_key="k", http_client=http)
            for content in (DATA, iter([DATA])):
                answer = await client._caller.upload(api.UPLOAD, api.UploadRequest({}, {"a": 1}), content, NONE)
                assert answer.seen["found"]["fields"] == [["a", "1"]]
                assert answer.seen["found"]["files"][0]["size"] == len(DATA)
            assert await client._caller.download(api.DOWNLOAD, {"size": 9}, NONE).save(tmp_path / "x") == 9
            stream = client._caller.download(api.DOWNLOAD, {"size": 90_000, "sent": 80_000, "end": "cut"}, NONE)
            with pytest.raises(errors.StreamIncomplete):
                await stream.read()

    asyncio.run(main())
    with module.Client() as http:
        client = Client(base_url=wires.url, api_key="k", http_client=http)
        answer = client._caller.upload(api.UPLOAD, api.UploadRequest(), DATA, NONE)
        assert answer.seen["found"]["files"][0]["size"] == len(DATA)
        assert client._caller.download(api.DOWNLOAD, {"size": 9}, NONE).read() == api.filler(0, 9)
