"""A stream that ends too early never looks like a whole one, and what arrived is kept."""

from __future__ import annotations

import pytest

from xai_dual import AsyncClient, StreamIncomplete, StreamInterrupted, TransportError, XaiError, same
from xai_dual.emulator import Server

from ..kit import SUM, TEXT, fault
from .reading import all_of

pytestmark = pytest.mark.anyio


async def read(client: AsyncClient, action: str, after: int) -> tuple[list[str], XaiError | None, bool, str]:
    """What came of a stream that meets a fault: its texts, its error, whether it is complete, what was folded."""
    stream = client.chat.stream(**SUM, headers=fault(action, after_chunks=after) if after else fault(action))
    texts: list[str] = []
    error = None
    try:
        while True:
            texts.append((await stream.__anext__()).text)
    except StopAsyncIteration:
        pass
    except XaiError as caught:
        error = caught
    return texts, error, stream.completed, stream.response.text


async def chunks(client: AsyncClient) -> list[str]:
    return [chunk.text for chunk in await all_of(client.chat.stream(**SUM))]


async def test_need_06_a_clean_end_after_any_chunk(client: AsyncClient) -> None:
    whole = await chunks(client)
    for after in range(len(whole)):
        texts, error, completed, folded = await read(client, "end", after)
        assert texts == whole[:after]
        assert type(error) is StreamIncomplete
        assert not completed
        assert error.partial.text == folded == "".join(whole[:after])
        assert error.partial.finish_reason is None
    texts, error, completed, folded = await read(client, "end", len(whole))
    assert (texts, error, completed, folded) == (whole, None, True, TEXT)


@pytest.mark.parametrize("action", ["reset", "close", "garbage", "garbage_frame", "error"])
async def test_need_06_a_broken_connection_after_some_chunks(client: AsyncClient, action: str) -> None:
    whole = await chunks(client)
    for after in (1, 2, len(whole) // 2, len(whole) - 1):
        texts, error, completed, folded = await read(client, action, after)
        assert texts == whole[: len(texts)]
        # gRPC drops the messages that were not asked for yet when it finds the connection broken
        assert len(texts) == after or action in ("reset", "close", "garbage_frame")
        assert type(error) is (StreamInterrupted if texts else TransportError)
        assert not completed
        assert folded == "".join(texts)
        assert not isinstance(error, StreamInterrupted) or error.partial.text == folded


async def test_need_06_other_streams(client: AsyncClient) -> None:
    """Each API has its own mark of the end."""
    streams = {
        "completions": lambda headers: client.completions.stream(model="grok-3", prompt="1, 2, 3, ", headers=headers),
    }
    if client._options.transport == "rest":
        streams["responses"] = lambda headers: client.responses.stream(
            model="grok-4", input="Say a b c", headers=headers
        )
        streams["messages"] = lambda headers: client.messages.stream(
            model="grok-4", max_tokens=99, messages=[{"role": "user", "content": "Say a b c"}], headers=headers
        )
    for name, make in streams.items():
        whole = await all_of(make({}))
        for after in range(len(whole)):
            stream = make(fault("end", after_chunks=after) if after else fault("end"))
            with pytest.raises(StreamIncomplete) as caught:
                await all_of(stream)
            assert type(caught.value.partial) is type(stream.response), name


async def test_need_15_folded_is_what_one_answer_says(client: AsyncClient, server: Server) -> None:
    for messages in ("What is 101*3?", "Say a b c", "Count to 40"):
        stream = client.chat.stream(model="grok-4", messages=messages)
        async for _ in stream:
            assert stream.response.text is not None
        folded, answer = stream.response, await client.chat.create(model="grok-4", messages=messages)
        for one in (folded, answer):
            one.id, one.created = "", 0
        assert same(folded, answer)
