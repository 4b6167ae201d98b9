"""anthropic, which speaks REST in a shape of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

import xai_dual
from xai_dual import AsyncClient
from xai_dual.emulator import Server
from xai_dual.types.messages import MessagePingEvent

from ..requests_ import WEATHER

anthropic = pytest.importorskip("anthropic", reason="a development dependency")

pytestmark = pytest.mark.anyio

TOOL = {"name": "get_weather", "description": "The weather", "input_schema": WEATHER}


def ask(text: Any, model: str = "grok-4", **more: Any) -> dict[str, Any]:
    return {"model": model, "max_tokens": 200, "messages": [{"role": "user", "content": text}], **more}


ASKED: dict[str, dict[str, Any]] = {
    "sum": ask("What is 101*3?", system="Be brief."),
    "echo": ask("Say naïve 😀 日本語", model="grok-3"),
    "blocks": ask([{"type": "text", "text": "Say"}, {"type": "text", "text": "hello"}], metadata={"user_id": "u"}),
    "cut": {**ask("Count to 50", model="grok-3"), "max_tokens": 7},
    "stop": ask("Count to 50", model="grok-3", stop_sequences=["5"]),
    "tool": ask("Weather in Rome in celsius?", tools=[TOOL], tool_choice={"type": "auto"}),
}


@pytest.fixture
async def peer(server: Server) -> AsyncIterator[Any]:
    async with anthropic.AsyncAnthropic(base_url=server.url, api_key=server.api_key, max_retries=0) as peer:
        yield peer


def plain(value: Any) -> Any:
    """JSON without what is null or empty, which one says and the other does not."""
    if isinstance(value, dict):
        return {key: found for key, item in value.items() if (found := plain(item)) not in (None, [], {}, "")}
    return [plain(item) for item in value] if isinstance(value, list) else value


def shown(message: Any) -> dict[str, Any]:
    data = message.model_dump(mode="json", warnings=False) if hasattr(message, "model_dump") else message.to_dict()
    names = ("id", "model", "role", "type", "content", "stop_reason", "stop_sequence")
    usage = {name: data["usage"].get(name) or 0 for name in ("input_tokens", "output_tokens")}
    return {**plain({name: data.get(name) for name in names}), "usage": usage}


@pytest.mark.parametrize("name", ASKED)
async def test_messages(over_rest: AsyncClient, peer: Any, name: str) -> None:
    answer = await peer.messages.create(**ASKED[name])
    own = await over_rest.messages.create(**ASKED[name])
    assert shown(own) == shown(answer)


@pytest.mark.parametrize("name", ASKED)
async def test_streams(over_rest: AsyncClient, peer: Any, name: str) -> None:
    events = [event async for event in await peer.messages.create(**ASKED[name], stream=True)]
    async with peer.messages.stream(**ASKED[name]) as folded:
        whole = await folded.get_final_message()
    stream = over_rest.messages.stream(**ASKED[name])
    own = [event async for event in stream]
    # anthropic hides pings
    seen = [event.to_dict() for event in own if not isinstance(event, MessagePingEvent)]
    assert [event["type"] for event in seen] == [event.type for event in events]
    deltas = [event["delta"] for event in seen if event["type"] == "content_block_delta"]
    assert deltas == [event.delta.model_dump(mode="json") for event in events if event.type == "content_block_delta"]
    assert shown(stream.response) == shown(whole)


async def test_tool_round(over_rest: AsyncClient, peer: Any) -> None:
    """Blocks of one client's answers serve the other one."""
    answer = await peer.messages.create(**ASKED["tool"])
    own = await over_rest.messages.create(**ASKED["tool"])
    call = answer.content[-1]
    assert own.content[-1].id == call.id  # type: ignore[union-attr]
    result = {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "20 degrees"}],
    }
    dumped = [block.model_dump(mode="json", exclude_none=True) for block in answer.content]
    texts = []
    given: list[tuple[Any, Any]] = [(peer, dumped), (over_rest, dumped), (over_rest, own.content)]
    for client, content in given:
        messages = [*ASKED["tool"]["messages"], {"role": "assistant", "content": content}, result]
        found = await client.messages.create(model="grok-4", max_tokens=200, messages=messages, tools=[TOOL])
        texts.append(found.content[-1].text)
    assert texts == ["get_weather returned: 20 degrees."] * 3


async def test_errors(over_rest: AsyncClient, peer: Any) -> None:
    with pytest.raises(anthropic.NotFoundError) as theirs:
        await peer.messages.create(**ask("Hi", model="nope"))
    with pytest.raises(xai_dual.NotFoundError) as caught:
        await over_rest.messages.create(**ask("Hi", model="nope"))
    assert theirs.value.status_code == caught.value.http_status == 404
    assert caught.value.message in str(theirs.value.response.json())
