"""Files from upload to deletion, and the ways to hand over and to take contents."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from xai_dual import AsyncClient, NotFoundError, UsageError
from xai_dual.types.files import FileUpload

from ..facts import dead
from ..given import PNG

pytestmark = pytest.mark.anyio

DATA = bytes(range(256)) * 5000  # more than one piece


def fetched(url: str) -> bytes | None:
    """What lies behind an address; None where nothing does."""
    try:
        with urllib.request.urlopen(url) as answer:
            found: bytes = answer.read()
            return found
    except urllib.error.HTTPError as error:
        error.close()
        return None


def names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


async def pieces() -> AsyncIterator[bytes]:
    for start in range(0, len(DATA), 100_000):
        yield DATA[start : start + 100_000]


def named_file() -> Any:
    found = io.BytesIO(DATA)
    found.name = "/somewhere/else/data.bin"
    return found


CONTENTS: dict[str, Any] = {
    "bytes": lambda path: DATA,
    "bytearray": lambda path: bytearray(DATA),
    "memoryview": lambda path: memoryview(DATA),
    "path": lambda path: path,
    "name of a path": str,
    "file": lambda path: path.open("rb"),
    "file in memory": lambda path: io.BytesIO(DATA),
    "file with a name": lambda path: named_file(),
    "list": lambda path: [DATA[:10], DATA[10:]],
    "iterator": lambda path: iter([DATA[:10], b"", DATA[10:]]),
    "pieces": lambda path: pieces(),
    "named": lambda path: ("data.bin", DATA),
    "named file": lambda path: ("data.bin", path.open("rb")),
}
NAMED = ("path", "name of a path", "file", "file with a name", "named", "named file")


@pytest.mark.parametrize("kind", CONTENTS)
async def test_contents(client: AsyncClient, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(DATA)
    content = CONTENTS[kind](path)
    made = await client.files.upload(content=content)
    assert (made.bytes, made.filename) == (len(DATA), "data.bin" if kind in NAMED else "upload")
    assert await client.files.content(file_id=made.id).read() == DATA
    (content[1] if isinstance(content, tuple) else content).close() if "file" in kind else None
    await client.files.delete(file_id=made.id)


async def test_from_disk_to_disk(client: AsyncClient, tmp_path: Path) -> None:
    made = await client.files.upload(content=("näme 1.bin", DATA), expires_after=3600)
    assert made.expires_at == made.created_at + 3600
    assert await client.files.get(file_id=made.id) == made
    target = tmp_path / "copy.bin"
    download = client.files.content(file_id=made.id)
    before = download.meta
    assert before is None
    assert await download.save(target) == len(DATA)
    assert target.read_bytes() == DATA
    assert download.meta is not None
    assert names(tmp_path) == ["copy.bin"]
    parts = [part async for part in client.files.content(file_id=made.id)]
    assert b"".join(parts) == DATA
    async with client.files.content(file_id=made.id) as stream:
        first = await stream.__anext__()
        assert stream.received == len(first)
        assert first + await stream.read() == DATA
        assert stream.completed
    again = await client.files.upload(content=client.files.content(file_id=made.id), filename="copy.bin")
    assert (again.bytes, again.filename) == (made.bytes, "copy.bin")
    assert (await client.files.delete(file_id=made.id)).deleted


async def test_public(client: AsyncClient) -> None:
    made = await client.files.upload(content=("a.png", PNG))
    link = await client.files.create_public_url(file_id=made.id)
    assert fetched(link.public_url) == PNG
    assert (await client.files.get(file_id=made.id)).public_url == link.public_url
    gone = await client.files.revoke_public_url(file_id=made.id)
    assert (gone.revoked, gone.public_url, gone.file_id) == (True, link.public_url, made.id)
    assert fetched(link.public_url) is None
    await client.files.delete(file_id=made.id)


async def test_gone(client: AsyncClient) -> None:
    made = await client.files.upload(content=b"x")
    assert (await client.files.delete(file_id=made.id)).id == made.id
    calls = [client.files.get, client.files.delete, client.files.create_public_url, client.files.revoke_public_url]
    for call in calls:
        with pytest.raises(NotFoundError, match="does not exist"):
            await call(file_id=made.id)
    download = client.files.content(file_id=made.id)
    with pytest.raises(NotFoundError):
        await download.read()
    with pytest.raises(NotFoundError):
        async with client.files.content(file_id=made.id):
            raise AssertionError("entered")
    with pytest.raises(NotFoundError):
        async for _ in client.files.content(file_id=made.id):
            pass


async def test_nothing_is_left_of_a_failed_download(client: AsyncClient, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        await client.files.content(file_id="nope").save(tmp_path / "x")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "content",
    [None, 5, {"a": 1}, {b"x"}, io.StringIO("x"), "", ("name", 5), memoryview(b"abcd")[::2], FileUpload()],
    ids=lambda value: type(value).__name__,
)
async def test_what_cannot_be_sent(transport: str, content: Any) -> None:
    async with AsyncClient(**dead(transport)) as client:
        with pytest.raises(UsageError) as caught:
            await client.files.upload(content=content)
        assert caught.value.attempts == 0


async def test_no_such_file(transport: str, tmp_path: Path) -> None:
    async with AsyncClient(**dead(transport)) as client:
        for missing in (tmp_path / "nope", str(tmp_path / "nope"), ("a.txt", tmp_path), tmp_path):
            with pytest.raises(UsageError, match="content: "):
                await client.files.upload(content=missing)
        with pytest.raises(UsageError, match="content="):
            await client.files.upload()  # type: ignore[call-arg]


async def test_errors_of_a_content(client: AsyncClient) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await client.files.upload(content=broken())
    with pytest.raises(UsageError, match="bytes"):
        await client.files.upload(content=iter([b"x", "y"]))  # type: ignore[arg-type]
