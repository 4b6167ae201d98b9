"""What callers are told from inside calls."""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest

from xai_dual import AsyncClient, CallEvent, Hooks, NotFoundError, Retry, StreamInterrupted
from xai_dual.emulator import Server

from ..kit import SLOW, SUM, TEXT, fault
from .reading import all_of

pytestmark = pytest.mark.anyio


class Ear:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.hooks = Hooks(
            on_request=lambda event: self.heard.append(("request", event)),
            on_retry=lambda retry: self.heard.append(("retry", retry)),
            on_response=lambda event: self.heard.append(("response", event)),
            on_stream_end=lambda event: self.heard.append(("end", event)),
        )

    @property
    def kinds(self) -> str:
        return " ".join(kind for kind, _ in self.heard)

    @property
    def last(self) -> CallEvent:
        event = self.heard[-1][1]
        assert isinstance(event, CallEvent)
        return event


async def test_a_call(client: AsyncClient, key: str, transport: str) -> None:
    ear = Ear()
    view = client.with_options(hooks=ear.hooks)
    busy = fault("error", id=key, times=1, code="RESOURCE_EXHAUSTED", headers={"retry-after-ms": "1"})
    answer = await view.chat.create(**SUM, headers=busy)
    assert ear.kinds == "request retry response"
    first, retry, last = (event for _, event in ear.heard)
    assert (first.operation, first.request.model, first.meta) == ("chat.create", "grok-4", None)
    assert isinstance(retry, Retry)
    assert last.result is answer
    assert last.completed
    assert last.error is None
    assert last.meta is answer.meta
    assert last.meta.transport == transport
    assert first.client_request_id == last.client_request_id == answer.meta.client_request_id
    for _, event in ear.heard:
        assert "What is" not in repr(event)


async def test_a_failure(client: AsyncClient) -> None:
    ear = Ear()
    with pytest.raises(NotFoundError) as caught:
        await client.with_options(hooks=ear.hooks).chat.create(**SUM, headers=fault("error", code="NOT_FOUND"))
    assert ear.kinds == "request response"
    assert ear.last.error is caught.value
    assert ear.last.meta is caught.value.meta
    assert not ear.last.completed


async def test_a_whole_stream(client: AsyncClient) -> None:
    ear = Ear()
    stream = client.with_options(hooks=ear.hooks).chat.stream(**SUM)
    assert not ear.heard
    async with stream:
        assert ear.kinds == "request response"
        assert not ear.last.completed
        await all_of(stream)
        assert ear.kinds == "request response end"
    assert ear.kinds == "request response end"
    assert ear.last.completed
    assert ear.last.result.text == TEXT
    assert ear.last.meta is stream.meta


@pytest.mark.parametrize("way", ["break", "drop", "error", "cut"])
async def test_a_stream_that_ends_early(client: AsyncClient, server: Server, way: str) -> None:
    ear = Ear()
    view = client.with_options(hooks=ear.hooks)
    if way in ("error", "cut"):
        how = fault("error", after_chunks=3) if way == "error" else fault("end", after_chunks=3)
        stream = view.chat.stream(**SUM, headers=how)
        with pytest.raises(Exception, match="stream") as caught:
            await all_of(stream)
        assert ear.last.error is caught.value
        assert isinstance(caught.value, StreamInterrupted) == (way == "error")
    else:
        stream = view.chat.stream(**SLOW)
        await stream.__anext__()
        if way == "break":
            await stream.aclose()
            await stream.aclose()
        else:
            box = [stream]
            del stream
            thread = threading.Thread(target=box.clear)
            thread.start()
            thread.join()
            gc.collect()
        assert ear.last.error is None
    assert ear.kinds == "request response end"
    assert not ear.last.completed
    assert ear.last.result is not None
    assert ear.last.meta is not None
    assert ear.last.meta.total_seconds is not None


async def test_uploads_and_downloads(client: AsyncClient) -> None:
    ear = Ear()
    view = client.with_options(hooks=ear.hooks)
    uploaded = await view.files.upload(content=b"abc", filename="a.txt")
    assert ear.kinds == "request response"
    assert ear.last.result is uploaded
    ear.heard.clear()
    assert await view.files.content(file_id=uploaded.id).read() == b"abc"
    assert ear.kinds == "request response end"
    assert ear.last.completed


async def test_hooks_that_raise(client: AsyncClient, server: Server, key: str) -> None:
    def refuse(event: CallEvent) -> None:
        raise KeyError(event.operation)

    with pytest.raises(KeyError):
        await client.with_options(hooks=Hooks(on_request=refuse)).chat.create(**SUM)
    assert not server.calls(key)
    for hooks in (Hooks(on_response=refuse), Hooks(on_stream_end=refuse)):
        with pytest.raises(KeyError):
            await all_of(client.with_options(hooks=hooks).chat.stream(**SUM))
    assert client.pool.in_use == 0
    assert (await client.chat.create(**SUM)).text == TEXT
