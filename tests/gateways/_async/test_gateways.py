"""Chat over gateways in OpenAI's shape: only `base_url` and `api_key` differ."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from xai_dual import AsyncClient, StreamIncomplete, assistant, developer, image, system, tool, tool_result, user

from ..kit import ASKED, SUM, TEXT, Gateway, fault

pytestmark = pytest.mark.anyio

PICTURE = "https://example.com/cat.png"
WEATHER = tool("get_weather", "The weather in a city", {"type": "object", "properties": {"city": {"type": "string"}}})


@pytest.fixture
async def client(gateway: Gateway, transport: str, anyio_backend: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(**gateway.options(transport)) as one:
        yield one


async def test_need_34_an_answer(client: AsyncClient, gateway: Gateway) -> None:
    answer = await client.chat.create(**SUM, max_tokens=100)
    assert (answer.text, answer.finish_reason, answer.answer.index) == (TEXT, "stop", 0)
    assert answer.meta.transport == "rest"
    assert answer.meta.request_id is None
    assert answer.created > 0
    assert answer.reasoning == ""
    if gateway.name == "maxtoken":
        assert answer.model == "grok-4"  # not the name that was asked for
        assert answer.system_fingerprint.startswith("fp_")
    else:
        assert answer.model == ASKED
        assert answer.id.startswith("cmpl-")
        assert answer.system_fingerprint == ""
    assert answer.extra is None


async def test_need_25_usage_of_gateways(client: AsyncClient, gateway: Gateway) -> None:
    usage = (await client.chat.create(**SUM)).usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.output_total == usage.completion_tokens  # reasoning is in there
    assert (usage.prompt_text_tokens, usage.prompt_image_tokens) == (0, 0)
    assert (usage.num_sources_used, usage.cost_in_usd_ticks, usage.cost_usd) == (0, 0, 0.0)
    assert usage.server_side_tool_usage_details is None
    assert usage.extra is None
    if gateway.name == "maxtoken":
        assert 0 < usage.reasoning_tokens < usage.completion_tokens
        assert usage.prompt_audio_tokens == usage.completion_audio_tokens == 0
    else:
        assert (usage.reasoning_tokens, usage.cached_tokens) == (0, 0)
        assert usage.prompt_audio_tokens is None
        assert usage.completion_audio_tokens is None


async def test_need_34_a_stream(client: AsyncClient, gateway: Gateway) -> None:
    unary = await client.chat.create(**SUM)
    async with client.chat.stream(**SUM) as stream:
        chunks = [chunk async for chunk in stream]
    assert stream.completed
    assert "".join(chunk.text for chunk in chunks) == stream.response.text == TEXT
    assert len(chunks) > 5
    assert stream.response.finish_reason == "stop"
    assert stream.response.answer.message.role == "assistant"
    assert (stream.response.id, stream.response.model) == (unary.id, unary.model)
    assert stream.meta.request_id is None
    if gateway.name == "maxtoken":
        assert stream.response.usage == unary.usage
        assert chunks[-1].choices == []  # the usage comes in an event of its own
    else:
        assert stream.response.usage is None


async def test_need_34_usage_of_a_stream_that_is_asked_for_it(client: AsyncClient) -> None:
    unary = await client.chat.create(**SUM)
    async with client.chat.stream(**SUM, stream_options={"include_usage": True}) as stream:
        assert "".join([text async for text in stream.text()]) == TEXT
    assert stream.response.usage == unary.usage


async def test_need_34_the_end_of_a_stream(client: AsyncClient) -> None:
    """The finish reason counts: with it a stream is complete without `[DONE]`, and cut before it it is not."""
    async with client.chat.stream(**SUM) as stream:
        chunks = [chunk async for chunk in stream]
    finished = next(at for at, chunk in enumerate(chunks) if chunk.choices and chunk.choices[0].finish_reason)
    for after in (1, finished):
        with pytest.raises(StreamIncomplete) as caught:
            async with client.chat.stream(**SUM, headers=fault("end", after_chunks=after)) as stream:
                [chunk async for chunk in stream]
        assert caught.value.partial.text == "".join(chunk.text for chunk in chunks[:after])
    if finished + 1 < len(chunks):
        async with client.chat.stream(**SUM, headers=fault("end", after_chunks=finished + 1)) as stream:
            [chunk async for chunk in stream]
        assert stream.completed
        assert (stream.response.text, stream.response.usage) == (TEXT, None)


async def test_need_34_tools(client: AsyncClient) -> None:
    asked = user("What is the weather in Paris?")
    answer = await client.chat.create(model=ASKED, messages=[asked], tools=[WEATHER])
    assert (answer.finish_reason, answer.text) == ("tool_calls", "")
    (call,) = answer.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})
    async with client.chat.stream(model=ASKED, messages=[asked], tools=[WEATHER]) as stream:
        [chunk async for chunk in stream]
    assert stream.completed
    assert stream.response.tool_calls == answer.tool_calls
    said = await client.chat.create(
        model=ASKED,
        messages=[asked, answer.to_message(), tool_result("21 degrees", tool_call_id=call.id)],
        tools=[WEATHER],
    )
    assert "21 degrees" in said.text


async def test_need_34_messages(client: AsyncClient) -> None:
    """All that the gateways document: roles with names, text and pictures."""
    answer = await client.chat.create(
        model=ASKED,
        messages=[
            developer("Be brief.", name="dev"),
            system("Speak plainly.", name="sys"),
            user("My name is Ann.", name="ann"),
            assistant("Hello Ann."),
            user("How many messages so far?", image(PICTURE), name="ann"),
        ],
        max_tokens=50,
        temperature=0.5,
        top_p=0.9,
        presence_penalty=0.1,
        frequency_penalty=0.1,
        stop=["\n\n"],
    )
    assert "5 messages" in answer.text
    dicts: list[dict[str, Any]] = [
        {"role": "developer", "name": "dev", "content": "Be brief."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": PICTURE}}],
        },
    ]
    assert (await client.chat.create(model=ASKED, messages=dicts)).usage.prompt_tokens > 256


async def test_need_34_parsed(client: AsyncClient) -> None:
    parsed = await client.chat.parse(model=ASKED, messages="Make up a city", schema=dict[str, str])
    assert isinstance(parsed.value, dict)


async def test_need_34_auto_asks_a_root_on_this_machine_once(gateway: Gateway) -> None:
    """There gRPC is to be expected; the gateway answers in HTTP/1.1, so REST it is from then on."""
    async with AsyncClient(**gateway.options("auto")) as one, AsyncClient(**gateway.options("auto")) as two:
        answers = [await one.chat.create(**SUM)]
        asked = probes(gateway)
        assert asked >= 1
        answers += [await client.chat.create(**SUM) for client in (two, one)]
    assert probes(gateway) == asked
    assert [answer.meta.transport for answer in answers] == ["rest"] * 3
    assert [call.outcome for call in gateway.calls()] == ["finished"] * 3


@pytest.mark.parametrize("below", ["/proxy", "/proxy/v1", "/a/b/v1/"])
async def test_need_34_below_a_path_nobody_asks(gateway: Gateway, below: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "xai_dual")
    before = probes(gateway)
    root = gateway.url.removesuffix("/v1")
    async with AsyncClient(base_url=root + below, api_key=gateway.key) as client:
        answer = await client.chat.create(**SUM)
    assert (answer.text, answer.meta.transport) == (TEXT, "rest")
    assert probes(gateway) == before
    assert not caplog.records


async def test_need_34_a_host_elsewhere_is_not_asked(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The host is neither of x.ai's nor this machine by its name, so gRPC is not to be expected."""
    caplog.set_level(logging.INFO, "xai_dual")
    host = {"maxtoken": "api.maxtoken.io", "llmprovider": "platform.llmprovider.ai"}[gateway.name]
    found = socket.getaddrinfo
    names = (host, host.encode())
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda name, *more, **kw: found("127.0.0.1" if name in names else name, *more, **kw)
    )
    before = probes(gateway)
    url = gateway.url.replace("127.0.0.1", host)
    async with AsyncClient(base_url=url, api_key=gateway.key, allow_plaintext_hosts=[host]) as client:
        answer = await client.chat.create(**SUM)
        async with client.chat.stream(**SUM) as stream:
            [chunk async for chunk in stream]
    assert (answer.text, answer.meta.transport, stream.response.text) == (TEXT, "rest", TEXT)
    assert probes(gateway) == before
    assert not [record for record in caplog.records if record.name == "xai_dual"]


def probes(gateway: Gateway) -> int:
    """How often a client has asked whether gRPC is there."""
    return sum(call.operation.startswith("PRI") for call in gateway.server.calls())
