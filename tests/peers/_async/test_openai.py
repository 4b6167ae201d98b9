"""openai, which speaks REST."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

import xai_dual
from xai_dual import AsyncClient
from xai_dual.emulator import Server

from ..requests_ import PROMPTS, SCHEMA, WEATHER, Prompt, Seen, call_of, ours, tool_arguments

openai = pytest.importorskip("openai", reason="a development dependency")

pytestmark = pytest.mark.anyio


@pytest.fixture
async def peer(server: Server) -> AsyncIterator[Any]:
    async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=server.api_key, max_retries=0) as peer:
        yield peer


def counted(usage: Any) -> dict[str, int]:
    return {
        "prompt": usage.prompt_tokens,
        "completion": usage.completion_tokens,
        "reasoning": usage.completion_tokens_details.reasoning_tokens,
        "cached": usage.prompt_tokens_details.cached_tokens,
        "total": usage.total_tokens,
    }


def seen(answer: Any) -> Seen:
    choice = answer.choices[0]
    return Seen(
        id=answer.id,
        model=answer.model,
        created=answer.created,
        text=choice.message.content or "",
        reasoning=getattr(choice.message, "reasoning_content", None) or "",
        finish_reason=choice.finish_reason,
        tool_calls=[call_of(call) for call in choice.message.tool_calls or ()],
        usage=counted(answer.usage),
    )


def tool(name: str, description: str, parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def arguments(prompt: Prompt) -> dict[str, Any]:
    """The request as dicts, which both clients take."""
    return {
        "model": prompt.model,
        "messages": prompt.messages(
            lambda text: {"role": "system", "content": text}, lambda text: {"role": "user", "content": text}
        ),
        **tool_arguments(prompt, tool),
        **prompt.settings,
    }


@pytest.mark.parametrize("name", PROMPTS)
async def test_chat(client: AsyncClient, peer: Any, name: str) -> None:
    answer = await peer.chat.completions.create(**arguments(PROMPTS[name]))
    assert ours(await client.chat.create(**arguments(PROMPTS[name]))) == seen(answer)


@pytest.mark.parametrize("name", PROMPTS)
async def test_stream(client: AsyncClient, peer: Any, name: str) -> None:
    pieces = []
    last: Any = None
    async for piece in await peer.chat.completions.create(**arguments(PROMPTS[name]), stream=True):
        delta = piece.choices[0].delta
        pieces.append((delta.content or "", getattr(delta, "reasoning_content", None) or ""))
        last = piece
    stream = client.chat.stream(**arguments(PROMPTS[name]))
    own = [(chunk.text, chunk.reasoning) async for chunk in stream]
    assert own == pieces
    assert stream.response.choices[0].finish_reason == last.choices[0].finish_reason
    assert ours(stream.response).usage == counted(last.usage)


@pytest.mark.parametrize("split", ["0", "1"])
async def test_folded_tool_calls(client: AsyncClient, peer: Any, split: str) -> None:
    headers = {"x-emulator-split-tool-calls": split}
    given = arguments(PROMPTS["tools"])
    async with peer.chat.completions.stream(**given, extra_headers=headers) as theirs:
        answer = await theirs.get_final_completion()
    stream = client.chat.stream(**given, headers=headers)
    async for _ in stream:
        pass
    calls = [call_of(call) for call in answer.choices[0].message.tool_calls]
    assert ours(stream.response).tool_calls == calls
    assert len(calls) == 2


async def test_tool_round(client: AsyncClient, peer: Any) -> None:
    given = arguments(PROMPTS["tools"])
    answer = await peer.chat.completions.create(**given)
    own = await client.chat.create(**given)
    results = [{"role": "tool", "tool_call_id": call.id, "content": "12"} for call in own.tool_calls]
    message = answer.choices[0].message.model_dump(exclude_none=True)
    again = await peer.chat.completions.create(**{**given, "messages": [*given["messages"], message, *results]})
    own_again = await client.chat.create(**{**given, "messages": [*given["messages"], own.to_message(), *results]})
    assert own_again.text == again.choices[0].message.content == "get_time returned: 12; get_weather returned: 12."


async def test_their_answer_as_our_message(client: AsyncClient, peer: Any) -> None:
    """Programs that move over keep what openai gave them, as dicts."""
    given = arguments(PROMPTS["tool"])
    answer = await peer.chat.completions.create(**given)
    message = answer.choices[0].message.model_dump(include={"role", "content", "tool_calls"})
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "12"}
    own = await client.chat.create(**{**given, "messages": [*given["messages"], message, result]})
    assert own.text == "get_weather returned: 12."


async def test_json_schema(client: AsyncClient, peer: Any) -> None:
    shape = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}}
    given = {**arguments(PROMPTS["sum"]), "response_format": shape}
    answer = await peer.chat.completions.create(**given)
    own = await client.chat.create(**given)
    assert own.text == answer.choices[0].message.content
    assert json.loads(own.text)["answer"] == 303


async def test_logprobs(client: AsyncClient, peer: Any) -> None:
    given = {**arguments(PROMPTS["echo"]), "logprobs": True, "top_logprobs": 2, "n": 2}
    answer = await peer.chat.completions.create(**given)
    own = await client.chat.create(**given)
    for choice, other in zip(own.choices, answer.choices, strict=True):
        assert choice.logprobs is not None
        assert [(t.token, t.logprob, list(t.bytes)) for t in choice.logprobs.content] == [
            (t.token, t.logprob, t.bytes) for t in other.logprobs.content
        ]


async def test_completions(client: AsyncClient, peer: Any) -> None:
    given: dict[str, Any] = {"model": "grok-3", "prompt": "1, 2, 3, ", "max_tokens": 3}
    answer = await peer.completions.create(**given)
    own = await client.completions.create(**given)
    assert (own.id, own.text, own.choices[0].finish_reason) == (answer.id, answer.choices[0].text, "length")
    assert own.usage is not None
    assert own.usage.total_tokens == answer.usage.total_tokens
    texts = [piece.choices[0].text async for piece in await peer.completions.create(**given, stream=True)]
    assert [chunk.text async for chunk in client.completions.stream(**given)] == texts


@pytest.mark.parametrize("kind", ["float", "base64"])
async def test_embeddings(client: AsyncClient, peer: Any, kind: str) -> None:
    answer = await peer.embeddings.create(model="v1", input=["a", "b"], encoding_format=kind)
    own = await client.embeddings.create(model="v1", input=["a", "b"], encoding_format=kind)
    assert own.model == answer.model
    for vector, other in zip(own.data, answer.data, strict=True):
        assert vector.index == other.index
        if kind == "float":
            assert vector.embedding == pytest.approx(other.embedding, rel=1e-6)
        else:
            assert vector.embedding == other.embedding


@pytest.mark.parametrize("kind", ["url", "b64_json"])
async def test_images(client: AsyncClient, peer: Any, kind: str) -> None:
    given: dict[str, Any] = {"model": "grok-imagine-image", "prompt": "a cat", "n": 2, "response_format": kind}
    answer = await peer.images.generate(**given)
    own = await client.images.generate(**given)
    assert [(image.url, image.b64_json) for image in own.data] == [(i.url, i.b64_json) for i in answer.data]


async def test_models(client: AsyncClient, peer: Any) -> None:
    listed = {model.id: model.created async for model in peer.models.list()}
    for kind in ("language", "embedding", "image_generation"):
        for model in await getattr(client.models, f"list_{kind}")():
            assert listed[model.id] == model.created
    assert (await peer.models.retrieve("grok-4")).id == (await client.models.get_language(model="grok-4")).id


async def test_errors(client: AsyncClient, peer: Any) -> None:
    with pytest.raises(openai.NotFoundError) as theirs:
        await peer.chat.completions.create(model="nope", messages=[{"role": "user", "content": "Hi"}])
    with pytest.raises(xai_dual.NotFoundError) as caught:
        await client.chat.create(model="nope", messages="Hi")
    assert caught.value.message == theirs.value.response.json()["error"]
    assert theirs.value.status_code == 404


async def test_files(client: AsyncClient, peer: Any) -> None:
    made = await peer.files.create(file=("a.txt", b"x" * 5), purpose="assistants")
    own = await client.files.get(file_id=made.id)
    assert (own.id, own.filename, own.bytes, own.created_at) == (made.id, made.filename, made.bytes, made.created_at)
    mine = await client.files.upload(content=("b.txt", b"y" * 6))
    theirs = await peer.files.retrieve(mine.id)
    assert (theirs.filename, theirs.bytes, theirs.created_at) == (mine.filename, mine.bytes, mine.created_at)
    assert (await peer.files.content(mine.id)).read() == await client.files.content(file_id=mine.id).read()
    listed = [item.id async for item in peer.files.list(limit=2)]
    assert [item.id async for item in client.files.list(limit=2, order="desc")] == listed
    assert (await peer.files.delete(mine.id)).deleted
    assert (await client.files.delete(file_id=made.id)).deleted
    with pytest.raises(openai.NotFoundError) as caught:
        await peer.files.retrieve(mine.id)
    with pytest.raises(xai_dual.NotFoundError) as own_caught:
        await client.files.get(file_id=mine.id)
    assert own_caught.value.message == caught.value.response.json()["error"]


FUNCTION = {"type": "function", "name": "get_weather", "description": "The weather", "parameters": WEATHER}
RESPONSES: dict[str, dict[str, Any]] = {
    "sum": {"model": "grok-4", "input": "What is 101*3?", "instructions": "Be brief."},
    "messages": {"model": "grok-3", "input": [{"role": "user", "content": "Say naïve 😀"}], "user": "u"},
    "cut": {"model": "grok-3", "input": "Count to 50", "max_output_tokens": 7},
    "function": {"model": "grok-4", "input": "Weather in Rome in celsius?", "tools": [FUNCTION]},
    "web": {"model": "grok-4", "input": "Search the web for cats", "tools": [{"type": "web_search"}]},
    "schema": {
        "model": "grok-4",
        "input": "What is 2+2?",
        "text": {"format": {"type": "json_schema", "name": "x", "schema": SCHEMA, "strict": True}},
    },
}


def plain(value: Any) -> Any:
    """JSON without what is null or empty, which one says and the other does not."""
    if isinstance(value, dict):
        return {key: found for key, item in value.items() if (found := plain(item)) not in (None, [], {}, "")}
    return [plain(item) for item in value] if isinstance(value, list) else value


def compared(response: Any) -> dict[str, Any]:
    data = plain(response)
    return {name: data.get(name) for name in ("id", "model", "status", "output", "created_at", "incomplete_details")}


@pytest.mark.parametrize("name", RESPONSES)
async def test_responses(over_rest: AsyncClient, peer: Any, name: str) -> None:
    answer = await peer.responses.create(**RESPONSES[name])
    own = await over_rest.responses.create(**RESPONSES[name])
    assert compared(own.to_dict()) == compared(answer.model_dump(mode="json", warnings=False))
    assert own.output_text == answer.output_text
    assert own.usage is not None
    assert (own.usage.input_tokens, own.usage.output_tokens, own.usage.cached_tokens, own.usage.reasoning_tokens) == (
        answer.usage.input_tokens,
        answer.usage.output_tokens,
        answer.usage.input_tokens_details.cached_tokens,
        answer.usage.output_tokens_details.reasoning_tokens,
    )


@pytest.mark.parametrize("name", RESPONSES)
async def test_streamed_responses(over_rest: AsyncClient, peer: Any, name: str) -> None:
    events = [event async for event in await peer.responses.create(**RESPONSES[name], stream=True)]
    stream = over_rest.responses.stream(**RESPONSES[name])
    own = [event async for event in stream]
    assert len(own) == len(events)
    for event, other in zip(own, events, strict=True):
        for field in ("sequence_number", "item_id", "output_index", "delta", "text", "arguments"):
            assert getattr(event, field, None) == getattr(other, field, None)
    assert compared(stream.response.to_dict()) == compared(events[-1].response.model_dump(mode="json", warnings=False))


async def test_stored_responses(over_rest: AsyncClient, peer: Any) -> None:
    answer = await peer.responses.create(**RESPONSES["sum"])
    own = await over_rest.responses.get(response_id=answer.id)
    assert compared(own.to_dict()) == compared(answer.model_dump(mode="json", warnings=False))
    items = [item async for item in peer.responses.input_items.list(answer.id)]
    own_items = [item async for item in over_rest.responses.input_items(response_id=answer.id)]
    assert [plain(item.to_dict()) for item in own_items] == [plain(item.model_dump(mode="json")) for item in items]
    given = {"model": "grok-4", "input": "Hello", "previous_response_id": answer.id}
    following = await peer.responses.create(**given)
    assert (await over_rest.responses.create(**given)).id == following.id


async def test_response_tools(over_rest: AsyncClient, peer: Any) -> None:
    """Items of one client's answers serve the other one."""
    messages: list[Any] = [{"role": "user", "content": "Weather in Rome in celsius?"}]
    answer = await peer.responses.create(model="grok-4", input=messages, tools=[FUNCTION])
    own = await over_rest.responses.create(model="grok-4", input=messages, tools=[FUNCTION])
    call = answer.output[-1]
    assert call.call_id == own.output[-1].call_id  # type: ignore[union-attr]
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "20 degrees"}
    dumped = [item.model_dump(mode="json", exclude_none=True) for item in answer.output]
    texts = [
        (await peer.responses.create(model="grok-4", input=[*messages, *dumped, result])).output_text,
        (await over_rest.responses.create(model="grok-4", input=[*messages, *dumped, result])).output_text,
        (await over_rest.responses.create(model="grok-4", input=[*messages, *own.output, result])).output_text,
    ]
    assert texts == ["get_weather returned: 20 degrees."] * 3
