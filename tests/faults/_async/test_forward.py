"""Fields, values and events that no definition has yet break nothing."""

from __future__ import annotations

import pytest

from xai_dual import AsyncClient, Model, Unknown

from ..kit import SUM, TEXT, fault
from .reading import all_of

pytestmark = pytest.mark.anyio


async def test_need_14_an_unknown_field(client: AsyncClient) -> None:
    answer = await client.chat.create(**SUM, headers=fault("unknown_field"))
    assert answer.text == TEXT
    if client._options.transport == "rest":
        assert any("unknown" in name for name in answer.extra)
    stream = client.chat.stream(**SUM, headers=fault("unknown_field"))
    await all_of(stream)
    assert stream.response.text == TEXT
    assert len(await client.models.list_language(headers=fault("unknown_field")))


async def test_need_14_an_unknown_value(client: AsyncClient) -> None:
    new = "#99" if client._options.transport == "grpc" else "emulator_unknown"
    answer = await client.chat.create(**SUM, headers=fault("unknown_enum"))
    assert answer.text == TEXT
    assert answer.choices[0].finish_reason == new
    stream = client.chat.stream(**SUM, headers=fault("unknown_enum"))
    assert await all_of(stream)
    assert stream.completed
    assert stream.response.choices[0].finish_reason == new


async def test_need_14_an_unknown_event(client: AsyncClient) -> None:
    streams = [client.chat.stream(**SUM, headers=fault("unknown_event", after_chunks=2))]
    if client._options.transport == "rest":
        more = {"headers": fault("unknown_event", after_chunks=2)}
        streams.append(client.responses.stream(model="grok-4", input="What is 101*3?", **more))  # type: ignore[arg-type]
    for stream in streams:
        chunks = await all_of(stream)
        assert stream.completed
        assert all(isinstance(chunk, Model) for chunk in chunks)
        assert stream is streams[0] or any(isinstance(chunk, Unknown) for chunk in chunks)
    assert streams[0].response.text == TEXT
