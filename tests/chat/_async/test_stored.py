"""Answers that the service keeps, and condensed conversations: made over one way, gone on from over another."""

from __future__ import annotations

from typing import Any

import pytest

from xai_dual import AsyncClient, NotFoundError, UnsupportedOnTransport, UsageError, same, tool_result, user
from xai_dual.types.chat import ChatCompletion, Message
from xai_dual.types.tools import WebSearch

from ..tools import TIME, WEATHER
from ..ways import AGENT, COMPLETIONS, anew

pytestmark = pytest.mark.anyio

FIRST = "What did I say first?"


@pytest.fixture(params=AGENT)
def other(request: pytest.FixtureRequest, clients: dict[str, AsyncClient]) -> AsyncClient:
    """The client that looks at, or goes on from, what the first one made."""
    return clients[request.param]


async def asked(client: AsyncClient, text: str, **more: Any) -> ChatCompletion:
    return await client.chat.create(model="grok-4", messages=text, **more)


async def streamed(client: AsyncClient, text: str, **more: Any) -> ChatCompletion:
    stream = client.chat.stream(model="grok-4", messages=text, **more)
    async for _ in stream:
        pass
    return stream.response


async def test_nothing_is_kept_unasked(client: AsyncClient, other: AsyncClient) -> None:
    for call in (asked, streamed):
        answer = await call(client, anew("Say unkept"))
        with pytest.raises(NotFoundError, match=answer.id):
            await other.chat.retrieve(response_id=answer.id)
        with pytest.raises(NotFoundError, match=answer.id):
            await asked(other, FIRST, previous_response_id=answer.id)


@pytest.mark.parametrize("way", AGENT)
async def test_kept(client: AsyncClient, other: AsyncClient, way: str) -> None:
    for call in (asked, streamed):
        answer = await call(client, anew("Say kept"), store=True)
        found = await other.chat.retrieve(response_id=answer.id)
        assert same(found, answer)
        assert found.text == answer.text
        assert (found.id, found.model, found.finish_reason) == (answer.id, "grok-4", "stop")
        assert found.reasoning == answer.reasoning != ""
        assert found.meta is not None
        assert found.meta.route in ("xai_api.Chat/GetStoredCompletion", "GET /v1/responses/{response_id}")


@pytest.mark.parametrize("way", AGENT)
async def test_kept_runs_of_tools(client: AsyncClient, other: AsyncClient) -> None:
    tools: list[Any] = [WebSearch(allowed_domains=["x.ai"])]
    answer = await asked(client, anew("Search the web for cats"), store=True, tools=tools)
    found = await other.chat.retrieve(response_id=answer.id)
    assert found.text == answer.text
    assert found.citations == answer.citations == ["https://x.ai/1"]
    assert [call.id for call in found.server_tool_calls] == [call.id for call in answer.server_tool_calls] != []
    assert found.reasoning == answer.reasoning


@pytest.mark.parametrize("way", AGENT)
async def test_going_on(client: AsyncClient, other: AsyncClient) -> None:
    text = anew("Say the first thing")
    first = await asked(client, text, store=True)
    second = await streamed(other, FIRST, store=True, previous_response_id=first.id)
    assert second.text == text
    third = await asked(client, "How many messages were there?", previous_response_id=second.id)
    assert third.text == "There are 5 messages so far."
    assert first.usage is not None
    assert second.usage is not None
    assert third.usage is not None
    assert first.usage.prompt_tokens < second.usage.prompt_tokens < third.usage.prompt_tokens
    assert (await asked(other, FIRST, previous_response_id=first.id)).text == text, "there may be several branches"


@pytest.mark.parametrize("way", AGENT)
async def test_results_of_tools_for_a_kept_answer(client: AsyncClient, other: AsyncClient) -> None:
    tools: list[Any] = [WEATHER, TIME]
    answer = await asked(client, anew("Call get_time and get_weather for Paris"), store=True, tools=tools)
    results = [tool_result(call.function.name, tool_call_id=call.id) for call in answer.tool_calls]
    again = await other.chat.create(model="grok-4", messages=results, tools=tools, previous_response_id=answer.id)
    assert again.text == "get_time returned: get_time; get_weather returned: get_weather."
    assert again.finish_reason == "stop"


@pytest.mark.parametrize("way", AGENT)
async def test_deleted(client: AsyncClient, other: AsyncClient) -> None:
    answer = await asked(client, anew("Say deleted"), store=True)
    assert (await other.chat.delete(response_id=answer.id)).id == answer.id
    for call in (client.chat.retrieve, other.chat.retrieve, client.chat.delete, other.chat.delete):
        with pytest.raises(NotFoundError, match=answer.id):
            await call(response_id=answer.id)
    with pytest.raises(NotFoundError, match=answer.id):
        await asked(client, FIRST, previous_response_id=answer.id)
    with pytest.raises(NotFoundError, match=answer.id):
        await streamed(other, FIRST, previous_response_id=answer.id)


async def test_completions_keep_nothing(clients: dict[str, AsyncClient]) -> None:
    client = clients[COMPLETIONS]
    with pytest.raises(UnsupportedOnTransport, match=r"store: .*only POST /v1/responses carries it"):
        await asked(client, "Hi", store=True)
    with pytest.raises(UnsupportedOnTransport, match=r"previous_response_id: .*only POST /v1/responses carries it"):
        await asked(client, "Hi", previous_response_id="x")


LONG: list[Any] = ["Say the first thing", {"role": "assistant", "content": "word " * 200}, "And so on"]


async def test_condensed(client: AsyncClient, clients: dict[str, AsyncClient]) -> None:
    made = await client.chat.compact(model="grok-4", input=LONG)
    assert made.dropped_message_count == 3
    assert made.encrypted_content
    assert made.usage is not None
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens > 200
    assert made.usage.prompt_tokens > made.usage.completion_tokens
    assert made.meta is not None
    assert made.meta.route in ("xai_api.Chat/CompactContext", "POST /v1/responses/compact")
    for each in clients.values():
        assert same(await each.chat.compact(model="grok-4", input=LONG), made)


@pytest.mark.parametrize("way", AGENT)
async def test_going_on_from_a_condensed_one(client: AsyncClient, other: AsyncClient, way: str) -> None:
    made = await client.chat.compact(model="grok-4", input=LONG)
    sealed = Message(role="assistant", encrypted_content=made.encrypted_content)
    for messages in ([sealed, user("How many messages were there?")], [*LONG, sealed, "How many messages were there?"]):
        answer = await other.chat.create(model="grok-4", messages=messages)
        assert answer.text == "There are 2 messages so far."  # the condensed text, and the question
        assert answer.usage is not None
        assert answer.usage.prompt_tokens < made.usage.prompt_tokens  # type: ignore[union-attr]


async def test_condensed_text_goes_to_the_route_that_has_it(clients: dict[str, AsyncClient]) -> None:
    made = await clients["rest"].chat.compact(model="grok-4", input=LONG)
    messages = [Message(role="assistant", encrypted_content=made.encrypted_content), user("Say hello")]
    answer = await clients["rest"].chat.create(model="grok-4", messages=messages)
    assert answer.meta is not None
    assert (answer.text, answer.meta.shape) == ("hello", "responses")
    with pytest.raises(UnsupportedOnTransport, match=r"messages\[0\].encrypted_content: .*only POST /v1/responses"):
        await clients[COMPLETIONS].chat.create(model="grok-4", messages=messages)


async def test_ids_are_needed(client: AsyncClient) -> None:
    for call in (client.chat.retrieve, client.chat.delete):
        with pytest.raises(UsageError, match="response_id"):
            await call()  # type: ignore[call-arg]
        with pytest.raises(UsageError, match="response_id"):
            await call(response_id=7)  # type: ignore[arg-type]
