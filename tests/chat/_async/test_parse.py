"""Answers as values of a type."""

from __future__ import annotations

import pickle
from itertools import pairwise
from typing import Any

import pytest

from xai_dual import (
    AsyncClient,
    InvalidOutputError,
    OutputError,
    Parsed,
    RefusalError,
    StreamIncomplete,
    StreamInterrupted,
    TruncatedOutputError,
    UsageError,
    XaiError,
    same,
)
from xai_dual.schemas import InvalidJson, SchemaMismatch
from xai_dual.types.chat import ChatCompletion
from xai_dual.types.tools import WebSearch

from ..shapes import KINDS, SCHEMA, Dish, Item, Person
from ..tools import get_weather
from ..ways import AGENT, GRPC, WAYS, fault
from .collect import collect

pytestmark = pytest.mark.anyio

ANN = 'Describe "Ann", 41, "calm", "tall"'


def ask(text: str, schema: Any = Person, **more: Any) -> dict[str, Any]:
    return {"model": "grok-4", "messages": text, "schema": schema, **more}


async def streamed(client: AsyncClient, **request: Any) -> tuple[list[Any], Any]:
    """What was seen of the value on the way, and the stream."""
    async with client.chat.parse_stream(**request) as stream:
        seen = [partial async for partial in stream.partials()]
    return seen, stream


@pytest.mark.parametrize("kind", KINDS)
async def test_kinds(client: AsyncClient, way: str, kind: str) -> None:
    schema, text, value = KINDS[kind]
    parsed = await client.chat.parse(**ask(text, schema))
    assert type(parsed) is Parsed
    if kind == "pydantic":
        assert isinstance(parsed.value, Item)
        assert (parsed.value.name, parsed.value.price) == ("Desk", 12.5)
    else:
        assert parsed.value == value
        assert type(parsed.value) is type(value)
    assert parsed.response.finish_reason == "stop"
    assert parsed.response.usage is not None
    assert parsed.meta is parsed.response.meta
    assert parsed.meta is not None
    assert parsed.meta.shape == ("" if way == GRPC else way)
    seen, stream = await streamed(client, **ask(text, schema))
    assert stream.completed
    assert stream.parsed.value == parsed.value
    assert stream.parsed.response == stream.response
    assert seen


async def test_equal_over_the_ways(clients: dict[str, AsyncClient]) -> None:
    for schema, text, _ in KINDS.values():
        found = [await clients[way].chat.parse(**ask(text, schema)) for way in WAYS]
        assert found[0].value == found[1].value == found[2].value
        assert same(found[0].response, found[1].response)
        assert same(found[1].response, found[2].response)


async def test_asks_for_the_schema(clients: dict[str, AsyncClient]) -> None:
    parsed = await clients[GRPC].chat.parse(**ask(ANN))
    assert parsed.response.settings is not None
    form: Any = parsed.response.settings.response_format
    assert form.type == "json_schema"
    schema = form.json_schema.get("schema", form.json_schema)
    assert schema["required"] == ["name", "age", "tags"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["name"] == {"type": "string", "description": "As on the card."}
    assert schema["description"] == "Someone."


async def test_partials(client: AsyncClient) -> None:
    seen, stream = await streamed(client, **ask(ANN))
    assert seen[-1] == {"name": "Ann", "age": 41, "tags": ["calm", "tall"]}
    assert stream.partial == seen[-1]
    assert stream.parsed.value == Person("Ann", 41, ["calm", "tall"])
    assert all(before != after for before, after in pairwise(seen))
    keys = [list(partial) for partial in seen]
    assert all(after[: len(before)] == before for before, after in pairwise(keys))
    assert {} in seen
    assert {"name": "Ann"} in seen
    assert not any("na" in partial for partial in seen)


async def test_partials_of_roots_that_are_no_objects(client: AsyncClient) -> None:
    seen, stream = await streamed(client, **ask("Tell 3, 50 and 700", list[int]))
    assert seen[-1] == stream.parsed.value == [3, 50, 700]
    assert all(isinstance(partial, list) for partial in seen)
    seen, stream = await streamed(client, **ask("Say hello to all of you", str))
    assert seen[-1] == stream.parsed.value == "hello to all of you"
    assert all(seen[-1].startswith(partial) for partial in seen)


async def test_a_stream_can_be_looked_at_in_other_ways(client: AsyncClient) -> None:
    async with client.chat.parse_stream(**ask(ANN)) as stream:
        assert stream.partial is None
        text = ""
        async for chunk in stream:
            text += chunk.text
            assert stream.response.text == text
    assert stream.parsed.value.name == "Ann"
    async with client.chat.parse_stream(**ask(ANN)) as stream:
        pieces = [piece async for piece in stream.text()]
    assert "".join(pieces) == text
    async with client.chat.parse_stream(**ask(ANN)) as stream:
        events = [event.type async for event in stream.events()]
    assert events[-1] == "done"
    assert stream.parsed.value.age == 41


async def failures(client: AsyncClient, kind: type[OutputError], **request: Any) -> list[OutputError]:
    """The error of the whole answer and of the streamed one; both keep the answer, and can be pickled."""
    found: list[OutputError] = []
    with pytest.raises(kind) as caught:
        await client.chat.parse(**request)
    found.append(caught.value)
    _, stream = await streamed(client, **request)
    with pytest.raises(kind) as caught:
        _ = stream.parsed
    found.append(caught.value)
    for error in found:
        assert type(error) is kind
        assert isinstance(error.response, ChatCompletion)
        assert error.response.usage is not None
        assert error.meta is error.response.meta is not None
        twin = pickle.loads(pickle.dumps(error))
        assert (type(twin), str(twin), twin.text, twin.response) == (kind, str(error), error.text, error.response)
        assert repr(twin.__cause__) == repr(error.__cause__)
    assert str(found[0]) == str(found[1])
    return found


async def test_refused(client: AsyncClient, way: str) -> None:
    request = ask("Refuse: I do not describe people.")
    if way == GRPC:  # has no field for it: the refusal is all that the answer says
        for error in await failures(client, InvalidOutputError, **request):
            assert error.text == "I do not describe people."
            assert isinstance(error.__cause__, InvalidJson)
        return
    for error in await failures(client, RefusalError, **request):
        assert error.text == error.response.refusal == "I do not describe people."
        assert "refused: I do not describe people." in str(error)


async def test_cut(client: AsyncClient) -> None:
    for error in await failures(client, TruncatedOutputError, **ask(ANN, max_tokens=9)):
        assert error.response.finish_reason == "length"
        assert error.text.startswith('{"name": "Ann"')
        assert "max_tokens" in str(error)
        assert error.__cause__ is None


async def test_cut_behind_the_value(client: AsyncClient) -> None:
    """Just enough tokens: nothing is missing."""
    whole = await client.chat.parse(**ask(ANN))
    assert whole.response.usage is not None
    enough = await client.chat.parse(**ask(ANN, max_tokens=whole.response.usage.completion_tokens))
    assert enough.value == whole.value


async def test_no_json(client: AsyncClient) -> None:
    for error in await failures(client, InvalidOutputError, **ask(f"Broken JSON: {ANN}")):
        assert isinstance(error.__cause__, InvalidJson)
        assert error.text.startswith('{"name": ')
        assert "is no Person: not JSON" in str(error)


async def test_other_json(client: AsyncClient) -> None:
    for error in await failures(client, InvalidOutputError, **ask(f"Wrong JSON: {ANN}")):
        assert isinstance(error.__cause__, SchemaMismatch)
        assert "name: is missing" in str(error)
        assert error.text == error.response.text != ""


async def test_fenced_json(client: AsyncClient) -> None:
    parsed = await client.chat.parse(**ask(f"Fenced JSON: {ANN}"))
    assert parsed.response.text.startswith("```json\n")
    assert parsed.value == Person("Ann", 41, ["calm", "tall"])
    seen, stream = await streamed(client, **ask(f"Fenced JSON: {ANN}"))
    assert stream.parsed.value == parsed.value
    assert seen[-1] == {"name": "Ann", "age": 41, "tags": ["calm", "tall"]}


async def test_tools_first(client: AsyncClient) -> None:
    request = ask('What is the weather in "Rome"?', Dish, tools=[get_weather])
    for error in await failures(client, InvalidOutputError, **request):
        assert "asks for tools (get_weather)" in str(error)
        assert [call.function.name for call in error.response.tool_calls] == ["get_weather"]
        assert error.text == ""
    parsed = await client.chat.parse(**{**request, "tool_choice": "none"})
    assert isinstance(parsed.value, Dish)


@pytest.mark.parametrize("way", AGENT)
async def test_with_tools_of_the_service(client: AsyncClient) -> None:
    request = ask('Search the web for "Ann", 41', tools=[WebSearch(allowed_domains=["x.ai"])])
    for include in ([], ["web_search_call_output", "inline_citations"]):
        parsed = await client.chat.parse(**request, include=include)
        assert parsed.value == Person("Ann", 41, ["Ann"])
        assert parsed.response.citations == ["https://x.ai/1"]
        seen, stream = await streamed(client, **request, include=include)
        assert stream.parsed.value == parsed.value
        assert seen[-1] == {"name": "Ann", "age": 41, "tags": ["Ann"]}


@pytest.mark.parametrize("way", ["grpc", "completions"])
async def test_several_answers(client: AsyncClient) -> None:
    parsed = await client.chat.parse(**ask(ANN, n=2))
    assert parsed.value == Person("Ann", 41, ["calm", "tall"])
    assert len(parsed.response.choices) == 2
    seen, stream = await streamed(client, **ask(ANN, n=2))
    assert seen[-1] == {"name": "Ann", "age": 41, "tags": ["calm", "tall"]}
    assert stream.parsed.value == parsed.value


async def test_schemas_give_plain_values(client: AsyncClient) -> None:
    parsed = await client.chat.parse(**ask("What is 101*3?", SCHEMA))
    assert parsed.value == {"answer": 303, "steps": ["steps"]}
    loose = {"type": "object", "properties": {"answer": {"type": "integer"}, "note": {"type": "string"}}}
    parsed = await client.chat.parse(**ask("What is 101*3?", loose))
    assert parsed.value["answer"] == 303


async def test_broken_streams(client: AsyncClient) -> None:
    whole = [chunk async for chunk in client.chat.parse_stream(**ask(ANN))]
    for action, kind in (("end", StreamIncomplete), ("garbage", StreamInterrupted)):
        stream = client.chat.parse_stream(**ask(ANN), headers=fault(action=action, after_chunks=len(whole) - 8))
        seen: list[Any] = []
        with pytest.raises(kind) as caught:
            await collect(stream.partials(), seen)
        assert seen[-1] == stream.partial
        assert next(iter(stream.partial)) == "name"
        assert caught.value.partial.text == stream.response.text
        with pytest.raises(XaiError):
            _ = stream.parsed


@pytest.mark.parametrize("schema", [3, "Person", {}, {"type": "nope"}, {"properties": object()}, lambda: 1, object()])
async def test_what_is_no_type(client: AsyncClient, schema: Any) -> None:
    with pytest.raises(UsageError, match=r"^schema: ") as caught:
        await client.chat.parse(**ask(ANN, schema))
    assert caught.value.field == "schema"
    with pytest.raises(UsageError, match=r"^schema: "):
        client.chat.parse_stream(**ask(ANN, schema))
    with pytest.raises(UsageError, match="needs schema="):
        await client.chat.parse(model="grok-4", messages="Hi")  # type: ignore[call-arg]
