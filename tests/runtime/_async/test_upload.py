"""Uploads, over both wires."""

from __future__ import annotations

import array
import hashlib
import io
import os
import pathlib
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from xai_dual import AsyncClient, Timeout, errors

from .. import codecs as api
from ..wires import Wires

pytestmark = pytest.mark.anyio

BUSY = {"code": "resource_exhausted", "headers": {"retry-after": "0.01"}}
DATA = api.filler(0, 700_001)
SMALL = b"hello"


async def upload(
    client: AsyncClient, content: Any, script: Any = None, *, op: Any = api.UPLOAD, request: Any = None, **options: Any
) -> Any:
    request = request or api.UploadRequest(script or {})
    answer = await client._caller.upload(op, request, content, api.CallOptions(**options))
    found = answer.seen["found"]
    return found["files"] if found is not None else answer


def fact(data: bytes, name: str | None = None) -> dict[str, Any]:
    facts = {"size": len(data), "sha": hashlib.sha256(data).hexdigest()}
    return {**facts, "file": name} if name is not None else facts


def same(found: list[dict[str, Any]], *expected: dict[str, Any]) -> bool:
    return [{name: item[name] for name in wanted} for item, wanted in zip(found, expected, strict=True)] == [*expected]


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in [*parts]:
        assert isinstance(part, bytes)
        yield part


def plain_chunks(*parts: bytes) -> Iterator[bytes]:
    yield from parts


class Rough:
    """A file object that has `read` and nothing else."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, 1000))


async def test_kinds_of_content(wires: Wires, transport: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "räuber.txt"
    path.write_bytes(DATA)
    empty = tmp_path / "empty"
    empty.touch()
    async with AsyncClient(**wires.options(transport)) as client:
        for content in (path, str(path)):
            assert same(await upload(client, content), fact(DATA, "räuber.txt"))
        assert same(await upload(client, empty), fact(b"", "empty"))
        with path.open("rb") as file:
            file.read(1)
            assert same(await upload(client, file), fact(DATA[1:], "räuber.txt"))
            assert not file.closed
        for content in (DATA, bytearray(DATA), memoryview(DATA), io.BytesIO(DATA), Rough(DATA)):
            assert same(await upload(client, content), fact(DATA, "upload"))
        assert same(await upload(client, memoryview(array.array("H", [1, 2]))), fact(b"\1\0\2\0"))
        for content in ([SMALL, b"", DATA], plain_chunks(SMALL, DATA), chunks(SMALL, DATA), (SMALL, DATA)):
            assert same(await upload(client, content), fact(SMALL + DATA, "upload"))
        assert same(await upload(client, b""), fact(b""))
        assert same(await upload(client, plain_chunks()), fact(b""))
        for content in (path, SMALL, io.BytesIO(SMALL), chunks(SMALL)):
            assert (await upload(client, ("other.bin", content)))[0]["file"] == "other.bin"
        with os.fdopen(os.open(path, os.O_RDONLY), "rb") as file:
            assert same(await upload(client, file), fact(DATA, "upload"))


async def test_pieces(wires: Wires) -> None:
    async with AsyncClient(**wires.options("grpc")) as client:
        for content in (DATA, io.BytesIO(DATA), plain_chunks(*(DATA[i : i + 7] for i in range(0, len(DATA), 7)))):
            answer = await client._caller.upload(api.UPLOAD, api.UploadRequest(), content, api.CallOptions())
            assert answer.seen["found"]["sizes"] == [262144, 262144, len(DATA) - 524288]


async def test_forms(wires: Wires) -> None:
    fields = {"purpose": "assistants", "count": 3, "on": True, "off": None, "tags": ["a", "b"], "map": {"x": [1]}}
    async with AsyncClient(**wires.options("rest")) as client:
        request = api.UploadRequest({}, fields, filename='a "b".json')
        answer = await client._caller.upload(
            api.UPLOAD, request, SMALL, api.CallOptions(extra_body={"count": 4, "new": 1.5})
        )
        found = answer.seen["found"]
        assert found["fields"] == [
            ["purpose", "assistants"],
            ["count", "4"],
            ["on", "true"],
            ["tags", "a"],
            ["tags", "b"],
            ["map", '{"x":[1]}'],
            ["new", "1.5"],
        ]
        assert found["files"] == [{"name": "file", "type": "application/json", **fact(SMALL, "a %22b%22.json")}]
        assert not found["chunked"]
        for content in (plain_chunks(SMALL), Rough(SMALL)):
            answer = await client._caller.upload(api.UPLOAD, request, content, api.CallOptions())
            assert answer.seen["found"]["chunked"]
    assert wires.seen[0].headers["accept"] == "application/json"


async def test_several(wires: Wires, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(DATA)
    async with AsyncClient(**wires.options("rest")) as client:
        contents = [path, ("b.md", SMALL), io.BytesIO(b"c")]
        found = await upload(client, contents, op=api.UPLOAD_SEVERAL)
        assert same(found, fact(DATA, "a.txt"), fact(SMALL, "b.md"), fact(b"c", "upload"))
        assert {file["name"] for file in found} == {"file"}
        assert same(await upload(client, ("b.md", SMALL), op=api.UPLOAD_SEVERAL), fact(SMALL, "b.md"))
        assert await upload(client, None, op=api.UPLOAD_SEVERAL) == []
        assert await upload(client, [], op=api.UPLOAD_SEVERAL) == []
    async with AsyncClient(**wires.options("grpc")) as client:
        assert same(await upload(client, [SMALL], op=api.UPLOAD_SEVERAL), fact(SMALL))
        assert same(await upload(client, None, op=api.UPLOAD_SEVERAL), fact(b""))
        with pytest.raises(errors.UnsupportedOnTransport):
            await upload(client, contents, op=api.UPLOAD_SEVERAL)
    async with AsyncClient(**wires.options("auto")) as client:
        assert len(await upload(client, [SMALL, SMALL], op=api.UPLOAD_SEVERAL)) == 2


async def test_everything_else_arrives(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        options = api.CallOptions(headers={"x-one": "1"}, timeout=5)
        answer = await client._caller.upload(api.UPLOAD, api.UploadRequest(), SMALL, options)
    assert answer.seen["authorization"] == "Bearer key-1"
    headers = wires.seen[0].headers
    assert headers["x-one"] == "1"
    assert headers["user-agent"].startswith("xai-dual/")
    meta = answer.meta
    assert meta is not None
    assert (meta.transport, meta.request_id, meta.attempts) == (transport, "req-1", 1)
    assert meta.client_request_id == headers["x-client-request-id"]
    assert meta.route == ("test.Api/Upload" if transport == "grpc" else "POST /v1/upload")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("/no/such/file", "No such file"),
        ("/", "directory"),
        ("", "empty path"),
        ("a\0b", "null"),
        (None, "NoneType"),
        (3, "int"),
        ({"a": 1}, "dict"),
        (io.StringIO("x"), "binary"),
        (memoryview(b"abcd")[::2], "gaps"),
    ],
)
async def test_refused_before_sending(wires: Wires, transport: str, content: Any, text: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        with pytest.raises(errors.UsageError, match=f"(?i)^content: .*{text}"):
            await upload(client, content)
        with pytest.raises(errors.UsageError, match=r"^content\[1\]: "):
            await upload(client, [b"", content], op=api.UPLOAD_SEVERAL)
    assert not wires.seen


async def test_empty_lists(wires: Wires) -> None:
    async with AsyncClient(**wires.options("rest")) as client:
        op = api.UPLOAD.__class__(**{**_fields(api.UPLOAD), "several": True})
        with pytest.raises(errors.UsageError, match="empty"):
            await upload(client, [], op=op)


def _fields(op: Any) -> dict[str, Any]:
    names = ("name", "grpc", "rest", "read_only", "host", "part", "several", "optional", "wrapper")
    return {name: getattr(op, name) for name in names}


@pytest.mark.parametrize("kind", ["generator", "async", "file", "bytes"])
async def test_errors_of_the_content(wires: Wires, transport: str, kind: str) -> None:
    error: Exception = errors.TransportError("of the content") if kind == "file" else KeyError("x")

    def fail() -> None:
        while not wires.seen:
            time.sleep(0.005)
        raise error

    def plain() -> Iterator[bytes]:
        yield DATA
        fail()

    async def later() -> AsyncIterator[bytes]:
        yield DATA
        fail()

    class Broken:
        def read(self, size: int) -> bytes:
            fail()
            return b""

    def wrong() -> Iterator[Any]:
        yield DATA
        while not wires.seen:
            time.sleep(0.005)
        yield "text"

    content = {"generator": plain, "async": later, "file": Broken, "bytes": wrong}[kind]()
    async with AsyncClient(**wires.options(transport), retry_writes=True) as client:
        with pytest.raises(errors.UsageError if kind == "bytes" else type(error)) as caught:
            await upload(client, content)
        if kind == "bytes":
            assert "must give bytes, not str" in str(caught.value)
        else:
            assert caught.value is error
        wires.wait_cancelled()
        assert same(await upload(client, SMALL), fact(SMALL))
    assert len(wires.seen) == 2


async def test_repeatable_content_is_sent_again(wires: Wires, transport: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(DATA)
    script = {"errors": [BUSY, BUSY], "stop": len(DATA) - 100}
    async with AsyncClient(**wires.options(transport)) as client:
        with path.open("rb") as file:
            file.read(10)
            for content, data in ((path, DATA), (DATA, DATA), (file, DATA[10:]), ([DATA, SMALL], DATA + SMALL)):
                wires.seen.clear()
                assert same(await upload(client, content, script), fact(data))
                assert len(wires.seen) == 3


async def test_other_content_is_not(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        for content in (chunks(DATA, DATA), plain_chunks(DATA, DATA), Rough(DATA)):
            wires.seen.clear()
            # on REST the connection may be reset before the answer is read
            with pytest.raises((errors.RateLimitError, *([errors.TransportError] if transport == "rest" else []))):
                await upload(client, content, {"errors": [BUSY], "stop": 100_000})
            assert len(wires.seen) == 1


async def test_unread_content_is_sent_again(wires: Wires, transport: str) -> None:
    options = {**wires.options(transport), "base_url": "http://127.0.0.1:9", "grpc_target": "127.0.0.1:9"}
    content = plain_chunks(SMALL)
    async with AsyncClient(**options, max_retries=1) as client:
        with pytest.raises(errors.ConnectError) as caught:
            await upload(client, content)
        assert caught.value.attempts == 2
    assert next(content) == SMALL


async def test_early_answers(wires: Wires, transport: str) -> None:
    """A server that refuses in the middle of the content is believed, and not sent the rest."""
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 10_000:
            sent += 1
            yield b"x" * 100_000

    async with AsyncClient(**wires.options(transport)) as client:
        script = {"errors": [{"code": "invalid_argument", "message": "too big"}], "stop": 200_000}
        with pytest.raises(errors.XaiError) as caught:
            await upload(client, endless(), script)
        if transport == "grpc" or isinstance(caught.value, errors.ApiError):  # a reset may come first
            assert isinstance(caught.value, errors.InvalidRequestError)
            assert caught.value.message == "too big"
        assert sent < 10_000


async def test_early_success(wires: Wires) -> None:
    async with AsyncClient(**wires.options("grpc")) as client:
        answer = await upload(client, plain_chunks(*[DATA] * 30), {"enough": 100_000, "text": "enough"})
        assert answer.text == "enough"


@pytest.mark.parametrize(
    ("timeout", "timer"),
    [(Timeout(first_event=0.3), "first_event"), (0.3, "total")],
)
async def test_timers_of_the_answer(wires: Wires, transport: str, timeout: Any, timer: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        start = time.monotonic()
        with pytest.raises(errors.TimeoutError) as caught:
            await upload(client, DATA, {"stall": 3, "delay": 3}, timeout=timeout)
        assert caught.value.timer == timer
        assert time.monotonic() - start < 1
        assert same(await upload(client, SMALL), fact(SMALL))


@pytest.mark.parametrize(
    ("timeout", "timer"),
    [(Timeout(idle=0.3), "idle"), (0.3, "total")],
)
async def test_timers_of_the_content(wires: Wires, transport: str, timeout: Any, timer: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        start = time.monotonic()
        with pytest.raises(errors.TimeoutError) as caught:
            await upload(client, [DATA] * 60, {"stall": 4, "discard": True}, timeout=timeout)
        assert caught.value.timer == timer
        assert caught.value.attempts == 1
        assert time.monotonic() - start < 2
        assert same(await upload(client, SMALL), fact(SMALL))


async def test_slow_content_is_not_idle(wires: Wires, transport: str) -> None:
    def slow() -> Iterator[bytes]:
        for _ in range(5):
            time.sleep(0.1)
            yield SMALL

    async with AsyncClient(**wires.options(transport)) as client:
        found = await upload(client, slow(), timeout=Timeout(idle=0.3, first_event=0.3))
        assert same(found, fact(SMALL * 5))


async def test_files_that_grow_are_sent_as_they_were(wires: Wires, transport: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(DATA)

    def grow() -> Iterator[bytes]:
        yield SMALL
        with path.open("ab") as more:
            more.write(SMALL)

    async with AsyncClient(**wires.options("rest")) as client:
        found = await upload(client, [grow(), path], op=api.UPLOAD_SEVERAL)
        assert same(found, fact(SMALL), fact(DATA))
        assert same(await upload(client, path), fact(DATA + SMALL))


async def test_files_that_shrink(wires: Wires, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(DATA)

    def cut() -> Iterator[bytes]:
        yield SMALL
        path.write_bytes(SMALL)

    async with AsyncClient(**wires.options("rest"), retry_writes=True) as client:
        with pytest.raises(errors.UsageError, match=r"content\[1\]: ended 699996 bytes early"):
            await upload(client, [cut(), path], op=api.UPLOAD_SEVERAL)
        wires.wait_cancelled()
    assert len(wires.seen) == 1


async def test_auto(wires: Wires) -> None:
    async with AsyncClient(**wires.options("auto")) as client:
        options = api.CallOptions(extra_body={"a": 1})
        answer = await client._caller.upload(api.UPLOAD, api.UploadRequest(), plain_chunks(SMALL), options)
        assert answer.meta is not None
        assert answer.meta.transport == "rest"
        answer = await client._caller.upload(api.UPLOAD, api.UploadRequest(), SMALL, api.CallOptions())
        assert answer.meta is not None
        assert answer.meta.transport == "grpc"

        def refusing() -> Iterator[bytes]:
            yield DATA
            raise errors.UnsupportedOnTransport("x", "grpc", "of the content")

        wires.seen.clear()
        with pytest.raises(errors.UnsupportedOnTransport, match="of the content"):
            await client._caller.upload(api.UPLOAD, api.UploadRequest(), refusing(), api.CallOptions())
    assert len(wires.seen) <= 1  # the call may be over before the server sees it


async def test_own_downloads_can_be_uploaded(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        stream = client._caller.download(api.DOWNLOAD, {"size": 100_000}, api.CallOptions())
        assert same(await upload(client, stream), fact(api.filler(0, 100_000), "upload"))
        stream = client._caller.download(
            api.DOWNLOAD, {"size": 10, "errors": [{"code": "not_found"}]}, api.CallOptions()
        )
        with pytest.raises(errors.NotFoundError):
            await upload(client, stream)
