"""Which way a request takes, and what it says where none can carry it."""

from __future__ import annotations

from typing import Any

import pytest

from xai_dual import AsyncClient, UnsupportedOnTransport, UsageError, file, user
from xai_dual.emulator import Server
from xai_dual.types.chat import LiveSearchTool, Message, WebSource
from xai_dual.types.tools import MCP, AttachmentSearch, CodeExecution, WebSearch, WebSearchFilters, XSearch

from ..ways import AGENT, COMPLETIONS, DEAD, RESPONSES, REST, ROUTES, settings, unsent

pytestmark = pytest.mark.anyio

HI: dict[str, Any] = {"model": "grok-3", "messages": "Hi"}
BYTES = [user("Read", file(data=b"abc", filename="a.txt"))]
SEALED = [Message(role="assistant", encrypted_content="not ours"), user("Hi")]
MODERATED = [{"policy": {"category": "nsfw", "behavior": "decline"}}]
EITHER: list[dict[str, Any]] = [
    {},
    {"max_tokens": 5},
    {"max_completion_tokens": 5},
    {"prompt_cache_key": "k"},
    {"temperature": 0.5, "top_p": 0.5, "user": "u", "safety_identifier": "s", "service_tier": "priority"},
    {"logprobs": True, "top_logprobs": 1},
    {"reasoning_effort": "low", "model": "grok-4"},
    {"response_format": {"type": "json_object"}},
    {"search_parameters": {"mode": "on"}},
    {"messages": [user("Read", file(url="https://example.com/a.txt"))], "model": "grok-4"},
]
"""Requests that both REST routes carry."""
ONE: list[tuple[str, dict[str, Any]]] = [
    (COMPLETIONS, {"n": 2}),
    (COMPLETIONS, {"seed": 1}),
    (COMPLETIONS, {"stop": ["x"]}),
    (COMPLETIONS, {"frequency_penalty": 0.5}),
    (COMPLETIONS, {"presence_penalty": 0.5}),
    (COMPLETIONS, {"logit_bias": {"7": 1.0}}),
    (COMPLETIONS, {"web_search_options": {"search_context_size": "low"}}),
    (COMPLETIONS, {"tools": [LiveSearchTool(sources=[WebSource()])]}),
    (RESPONSES, {"store": True}),
    (RESPONSES, {"include": ["inline_citations"]}),
    (RESPONSES, {"max_turns": 2}),
    (RESPONSES, {"use_encrypted_content": True}),
    (RESPONSES, {"tools": [WebSearch(filters=WebSearchFilters(allowed_domains=["x.ai"]))]}),
    (RESPONSES, {"tools": [XSearch()]}),
    (RESPONSES, {"tools": [CodeExecution()]}),
    (RESPONSES, {"tools": [{"type": "web_search"}]}),
    (RESPONSES, {"tools": [MCP(server_url="https://mcp.example.com", server_label="m")]}),
    (RESPONSES, {"messages": BYTES, "model": "grok-4"}),
]
"""Requests that one REST route carries."""
GRPC_ALONE: list[dict[str, Any]] = [
    {"guidelines": MODERATED},
    {"tools": [AttachmentSearch()]},
    {"include": ["verbose_streaming"]},
]


def named(cases: list[Any]) -> list[Any]:
    """Parameters with readable names."""
    return [pytest.param(*(c if isinstance(c, tuple) else (c,)), id=f"{n}-{_keys(c)}") for n, c in enumerate(cases)]


def _keys(case: Any) -> str:
    found = case[-1] if isinstance(case, tuple) else case
    return "+".join(found) or "nothing"


def of_stream(client: AsyncClient, **more: Any) -> Any:
    return client.chat.stream(**{**HI, **more})


async def routes(client: AsyncClient, **more: Any) -> tuple[str, str]:
    """The shapes of the routes that a call and a stream take."""
    answer = await client.chat.create(**{**HI, **more})
    async with of_stream(client, **more) as stream:
        assert stream.meta is not None
        assert answer.meta is not None
        assert stream.meta.route == (
            ROUTES[stream.meta.shape] if stream.meta.shape else "xai_api.Chat/GetCompletionChunk"
        )
        assert answer.meta.route == ROUTES[answer.meta.shape or "grpc"]
        assert stream.response.meta is stream.meta
        return answer.meta.shape, stream.meta.shape


async def test_meta(client: AsyncClient, way: str) -> None:
    answer = await client.chat.create(**HI)
    assert answer.meta is not None
    assert answer.meta.route == ROUTES[way]
    assert answer.meta.transport == ("grpc" if way == "grpc" else "rest")
    assert answer.meta.shape == ("" if way == "grpc" else way)
    assert answer.meta.request_id
    assert answer.meta.attempts == 1


@pytest.mark.parametrize("more", named(EITHER))
async def test_carried_by_both(clients: dict[str, AsyncClient], more: dict[str, Any]) -> None:
    assert await routes(clients["rest"], **more) == (COMPLETIONS, COMPLETIONS)
    assert await routes(clients[RESPONSES], **more) == (RESPONSES, RESPONSES)


@pytest.mark.parametrize(("shape", "more"), named(ONE))
async def test_carried_by_one(clients: dict[str, AsyncClient], shape: str, more: dict[str, Any]) -> None:
    assert await routes(clients["rest"], **more) == (shape, shape)
    other = RESPONSES if shape == COMPLETIONS else COMPLETIONS
    with pytest.raises(UnsupportedOnTransport) as caught:
        await clients[other].chat.create(**{**HI, **more})
    with pytest.raises(UnsupportedOnTransport) as streamed:
        await of_stream(clients[other], **more).__aenter__()
    assert str(caught.value) == str(streamed.value)
    assert f"only {ROUTES[shape]} carries it" in str(caught.value)
    assert f"rest_route='{other}' takes {ROUTES[other]}" in str(caught.value)
    assert caught.value.field is not None
    assert caught.value.field.partition("[")[0] in more


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        (("tools[0]", "n"), {"tools": [WebSearch()], "n": 2}),
        (("store", "seed"), {"store": True, "seed": 1}),
        (("include", "stop"), {"include": ["inline_citations"], "stop": "x"}),
        (("max_turns", "logit_bias"), {"max_turns": 1, "logit_bias": {"7": 1.0}}),
        (("previous_response_id", "presence_penalty"), {"previous_response_id": "r", "presence_penalty": 1.0}),
        (("messages[0].content[1].file.data", "n"), {"messages": BYTES, "n": 2}),
        (("messages[0].encrypted_content", "n"), {"messages": SEALED, "n": 2}),
    ],
)
async def test_what_needs_both_routes(fields: tuple[str, str], more: dict[str, Any]) -> None:
    async with AsyncClient(**unsent("rest")) as client:
        with pytest.raises(UnsupportedOnTransport) as caught:
            await client.chat.create(**{**HI, **more})
        with pytest.raises(UnsupportedOnTransport) as streamed:
            await of_stream(client, **more).__aenter__()
    text = str(caught.value)
    assert text == str(streamed.value)
    for field, route in zip(fields, (ROUTES[RESPONSES], ROUTES[COMPLETIONS]), strict=True):
        assert field in text
        assert f"only {route} carries" in text
    assert caught.value.transport == "rest"
    assert caught.value.field in fields
    assert caught.value.attempts == 0


@pytest.mark.parametrize("more", named(GRPC_ALONE))
async def test_grpc_alone(clients: dict[str, AsyncClient], more: dict[str, Any]) -> None:
    assert (await clients["grpc"].chat.create(**{**HI, **more})).text
    for name in ("rest", *REST):
        with pytest.raises(UnsupportedOnTransport, match="cannot be sent over rest") as caught:
            await clients[name].chat.create(**{**HI, **more})
        if name != COMPLETIONS:
            assert "transport='grpc'" in str(caught.value)


@pytest.mark.parametrize("where", ["client", "view", "call"])
@pytest.mark.parametrize("shape", REST)
async def test_forced(server: Server, where: str, shape: str) -> None:
    async with AsyncClient(
        **settings(server, "rest", **({"rest_route": shape} if where == "client" else {}))
    ) as client:
        used = client.with_options(rest_route=shape) if where == "view" else client
        own = {"rest_route": shape} if where == "call" else {}
        assert await routes(used, **own) == (shape, shape)
        if where != "client":
            assert await routes(client) == (COMPLETIONS, COMPLETIONS)


async def test_the_nearest_setting_counts(clients: dict[str, AsyncClient]) -> None:
    view = clients[COMPLETIONS].with_options(rest_route=RESPONSES)
    assert await routes(view) == (RESPONSES, RESPONSES)
    assert await routes(view, rest_route=COMPLETIONS) == (COMPLETIONS, COMPLETIONS)
    assert await routes(view.with_options(timeout=20)) == (RESPONSES, RESPONSES)
    assert await routes(view, rest_route="auto", n=2) == (COMPLETIONS, COMPLETIONS)


async def test_a_route_is_no_matter_of_grpc(clients: dict[str, AsyncClient]) -> None:
    for shape in REST:
        assert await routes(clients["grpc"], rest_route=shape, n=1) == ("", "")


@pytest.mark.parametrize("value", ["nope", "", None, 3])
async def test_routes_that_are_none(way: str, value: Any) -> None:
    async with AsyncClient(**unsent(way)) as client:
        with pytest.raises(UsageError, match="must be 'auto', 'completions' or 'responses'") as caught:
            await client.chat.create(**HI, rest_route=value)
        assert caught.value.field == "rest_route"
        with pytest.raises(UsageError, match="must be 'auto', 'completions' or 'responses'") as caught:
            await client.with_options(rest_route=value).chat.create(**HI)
        assert caught.value.field == "rest_route"
    with pytest.raises(UsageError, match="must be 'auto', 'completions' or 'responses'"):
        AsyncClient(**{**unsent(way), "rest_route": value})


@pytest.mark.parametrize(
    ("shape", "more"),
    [
        ("", {}),
        ("", {"store": True}),
        ("", {"n": 2}),
        ("", {"guidelines": MODERATED}),
        ("", {"tools": [WebSearch()]}),
        (COMPLETIONS, {"logit_bias": {"7": 1.0}}),
        (COMPLETIONS, {"prompt_cache_key": "k"}),
        (COMPLETIONS, {"max_completion_tokens": 9, "seed": 1}),
        (RESPONSES, {"tools": [WebSearch(search_context_size="low")]}),
        (RESPONSES, {"prompt_cache_key": "k", "store": True}),
        (RESPONSES, {"prompt_cache_key": "k", "rest_route": RESPONSES}),
    ],
)
async def test_auto(clients: dict[str, AsyncClient], shape: str, more: dict[str, Any]) -> None:
    assert await routes(clients["auto"], **more) == (shape, shape)


async def test_auto_where_no_way_does(clients: dict[str, AsyncClient]) -> None:
    for more in ({"guidelines": MODERATED, "logit_bias": {"7": 1.0}}, {"store": True, "logit_bias": {"7": 1.0}}):
        with pytest.raises(UnsupportedOnTransport) as caught:
            await clients["auto"].chat.create(**HI, **more)
        assert caught.value.field == "logit_bias"
        assert caught.value.transport == "grpc"
        assert all(field in str(caught.value) for field in more), "it says what stands against each way"


async def test_auto_without_grpc(server: Server) -> None:
    async with AsyncClient(transport="auto", base_url=f"{DEAD}/gateway", api_key="k", max_retries=0) as client:
        with pytest.raises(UnsupportedOnTransport, match="guidelines"):
            await client.chat.create(**HI, guidelines=MODERATED)
        with pytest.raises(UnsupportedOnTransport, match="carries it"):
            await client.chat.create(**HI, store=True, n=2)


@pytest.mark.parametrize("way", AGENT)
async def test_empty_lists_say_nothing(client: AsyncClient) -> None:
    plain = await client.chat.create(**HI)
    assert await client.chat.create(**HI, tools=[], include=[]) == plain
