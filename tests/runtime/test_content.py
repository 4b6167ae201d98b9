"""Contents and files on their own: cutting, reading and writing, and what threads do meanwhile."""

from __future__ import annotations

import gzip
import io
import os
import pathlib
import tempfile
import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_dual import content as c
from xai_dual._grpc_upload import Pipe
from xai_dual.errors import UsageError


def source(content: Any, **options: Any) -> c.Source:
    arguments = {"field": "file", "several": False, "optional": False, "allow_async": True, **options}
    found = c.sources_of(content, **arguments)
    assert len(found) == 1
    found[0].prepare()
    return found[0]


def read(found: c.Source) -> bytes:
    reader = found.reader()
    return b"".join(iter(reader.next, b""))


@given(st.lists(st.one_of(st.binary(), st.integers(0, 3 * c.PIECE).map(bytes)), max_size=5))
def test_pieces_are_of_equal_size(parts: list[bytes]) -> None:
    packer = c.Packer()
    pieces = [piece for part in parts for piece in packer.feed(part)]
    assert all(len(piece) == c.PIECE for piece in pieces)
    pieces += packer.rest()
    assert b"".join(pieces) == b"".join(parts)
    assert not any(packer.rest())


@pytest.mark.parametrize(
    ("make", "repeatable", "size", "name"),
    [
        (lambda path: str(path), True, 3, "a.txt"),
        (lambda path: os.fsencode(path), True, None, "upload"),  # bytes are content
        (lambda path: path.open("rb"), True, 3, "a.txt"),
        (lambda path: path.open("rb", buffering=0), True, 3, "a.txt"),
        (lambda path: path.open("r+b"), True, 3, "a.txt"),
        (lambda path: io.BytesIO(b"abc"), True, 3, "upload"),
        (lambda path: tempfile.SpooledTemporaryFile(), True, None, "upload"),  # noqa: SIM115
        (lambda path: gzip.GzipFile(path), True, None, "a.txt"),
        (lambda path: os.fdopen(os.pipe()[0], "rb"), False, None, "upload"),
        (lambda path: [b"abc"], True, None, "upload"),
        (lambda path: iter([b"abc"]), False, None, "upload"),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_what_is_known(tmp_path: pathlib.Path, make: Any, repeatable: bool, size: int | None, name: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc")
    content = make(path)
    found = source(content)
    if isinstance(content, bytes):
        size = len(content)
    assert (found.repeatable, found.size, found.filename) == (repeatable, size, name)


def test_files_are_read_again_from_where_they_stood(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.gz"
    with gzip.open(path, "wb") as packed:
        packed.write(b"0123456789")
    with gzip.open(path, "rb") as file:
        assert file.read(3) == b"012"
        found = source(file)
        for _ in range(2):
            found.prepare()
            assert read(found) == b"3456789"


def test_files_of_the_system_have_no_size() -> None:
    found = source("/proc/self/status")
    assert found.size is None
    assert read(found).startswith(b"Name:")


def test_text_and_asynchronous_content() -> None:
    with pytest.raises(UsageError, match="binary"):
        source(io.StringIO("x"))

    async def later() -> Any:
        yield b""

    assert source(later()).kind == "async"
    with pytest.raises(UsageError, match="asynchronous"):
        source(later(), allow_async=False)
    with pytest.raises(UsageError, match="non-blocking"):
        read(source(type("F", (), {"read": lambda self, size: None})()))


def test_a_reader_is_closed_by_the_thread_that_reads() -> None:
    go, closed = threading.Event(), threading.Event()

    def pieces() -> Any:
        try:
            go.wait(5)
            yield b"x"
        finally:
            closed.set()

    reader = c.Reader(pieces())
    thread = threading.Thread(target=reader.next)
    thread.start()
    time.sleep(0.05)
    reader.close()
    assert not closed.is_set()
    go.set()
    thread.join(5)
    assert closed.is_set()
    assert reader.next() == b""


def test_pipes() -> None:
    pipe = Pipe()
    taken: list[bytes] = []
    thread = threading.Thread(target=lambda: taken.extend(pipe))
    thread.start()
    for n in range(100):
        assert pipe.put(b"%d" % n)
        assert len(taken) == n + 1
    pipe.close()
    thread.join(5)
    assert taken == [b"%d" % n for n in range(100)]
    assert not pipe.put(b"x")


@pytest.mark.parametrize("taken", [0, 1])
def test_a_pipe_is_left_when_it_is_closed(taken: int) -> None:
    pipe = Pipe()
    thread = threading.Thread(target=lambda: [next(pipe) for _ in range(taken)])
    thread.start()
    threading.Timer(0.05, pipe.close).start()
    assert not pipe.put(b"1")
    thread.join(5)


def test_part_files(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "a"
    file = c.PartFile(target)
    file.open()
    assert not target.exists()
    file.write([b"a", b"b"])
    file.write([])
    file.commit([b"c"])
    file.abandon()
    assert target.read_bytes() == b"abc"
    other = c.PartFile(target)
    other.abandon()
    other.open()
    other.write([b"x"])
    other.abandon()
    other.abandon()
    assert target.read_bytes() == b"abc"
    assert os.listdir(tmp_path) == ["a"]
