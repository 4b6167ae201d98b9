"""The async client never blocks its event loop: no file, no socket, no sleep is waited for on it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import grpc.aio
import pytest
from blockbuster import BlockBuster, BlockingError, blockbuster_ctx

from xai_dual import AsyncClient, TimeoutError
from xai_dual.emulator import Server

from .kit import SUM, TEXT, fault, options


@pytest.fixture
def another_channel() -> Iterator[None]:
    """Where the last channel of a process is freed, grpc waits for its thread: so there is one that is not."""

    async def opened() -> grpc.aio.Channel:
        return grpc.aio.insecure_channel("127.0.0.1:1")

    with contextlib.closing(asyncio.new_event_loop()) as loop:
        channel = loop.run_until_complete(opened())
        yield
        loop.run_until_complete(channel.close())


@pytest.fixture
def strict(another_channel: None) -> Iterator[BlockBuster]:
    """What blocks the event loop is an error, but for imports, which happen once."""
    with blockbuster_ctx() as detector:
        for name, function in detector.functions.items():
            function.can_block_in("<frozen importlib._bootstrap>", "_find_and_load")
            if name.startswith(("os.", "io.")):
                function.can_block_in("xai_dual/_proto.py", "_pool")  # which is part of the import, but late
        yield detector


async def everything(server: Server, transport: str, key: str, folder: Path) -> None:
    async def find_key() -> str:
        await asyncio.sleep(0)
        return key

    async with AsyncClient(**{**options(server, transport, key), "api_key": find_key}) as client:
        assert (await client.chat.create(**SUM)).text == TEXT
        async with client.chat.stream(**SUM) as stream:
            async for _ in stream:
                pass
        assert stream.response.text == TEXT
        async for _ in client.chat.stream(**SUM):
            break
        uploaded = await client.files.upload(content=folder / "in.txt")
        await client.files.content(file_id=uploaded.id).save(folder / "out.txt")
        async for file in client.files.list():
            assert file.id
        again = fault("error", id=f"{key}-again", times=1, code="RESOURCE_EXHAUSTED", headers={"retry-after-ms": "30"})
        assert (await client.chat.create(**SUM, headers=again)).text == TEXT
        with pytest.raises(TimeoutError):
            await client.chat.create(**SUM, headers=fault("hang"), timeout=0.1)
        job = await client.chat.defer(**SUM, headers={"x-emulator-polls": "1"})
        assert (await client.chat.wait(request_id=job.request_id, interval=0.05)).response.text == TEXT


def test_need_37_nothing_blocks_the_loop(
    server: Server, transport: str, key: str, tmp_path: Path, strict: BlockBuster
) -> None:
    (tmp_path / "in.txt").write_bytes(b"abc" * 100_000)
    asyncio.run(everything(server, transport, key, tmp_path))
    assert (tmp_path / "out.txt").read_bytes() == b"abc" * 100_000


def test_the_detector_detects(strict: BlockBuster, tmp_path: Path) -> None:
    async def read() -> None:
        (tmp_path / "x").read_bytes()

    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(BlockingError):
        asyncio.run(read())
