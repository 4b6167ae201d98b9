"""Errors: the same class, code and text on both wires."""

from __future__ import annotations

import contextlib
import copy
import pickle
from typing import Any

import attrs
import pytest

from xai_dual import (
    ApiError,
    AsyncClient,
    AuthenticationError,
    InvalidRequestError,
    NotFoundError,
    TransportError,
    UsageError,
    XaiError,
    image,
)
from xai_dual.emulator import Server

from ..facts import DEAD, options
from ..table import CALL, WEATHER
from .begin import begin

pytestmark = pytest.mark.anyio

CHAT: dict[str, Any] = {"model": "grok-3", "messages": "Hi"}


@attrs.frozen
class Refusal:
    """A call, and the error it has to end with."""

    cls: type[ApiError]
    code: str
    text: str
    arguments: dict[str, Any]
    op: str = "chat.create"
    client: dict[str, Any] = attrs.field(factory=dict)


NO_MODEL = "The model nope does not exist"
WRONG_KEY: dict[str, Any] = {"api_key": "xai-wrong-key"}
REFUSALS = {
    "unknown model": Refusal(NotFoundError, "not_found", NO_MODEL, {**CHAT, "model": "nope"}),
    "unknown model, stream": Refusal(NotFoundError, "not_found", NO_MODEL, {**CHAT, "model": "nope"}, "chat.stream"),
    "unknown model, get": Refusal(NotFoundError, "not_found", NO_MODEL, {"model": "nope"}, "models.get_language"),
    "unknown model, image": Refusal(
        NotFoundError, "not_found", NO_MODEL, {"model": "nope", "prompt": "x"}, "images.generate"
    ),
    "unknown model, tokens": Refusal(
        NotFoundError, "not_found", NO_MODEL, {"model": "nope", "text": "x"}, "tokenizer.tokenize"
    ),
    "unknown model, vectors": Refusal(
        NotFoundError, "not_found", NO_MODEL, {"model": "nope", "input": "x"}, "embeddings.create"
    ),
    "unknown model, sampling": Refusal(
        NotFoundError, "not_found", NO_MODEL, {"model": "nope", "prompt": "x"}, "completions.create"
    ),
    "odd model": Refusal(
        NotFoundError, "not_found", "The model a ü?c#%41 does", {"model": "a ü?c#%41"}, "models.get_language"
    ),
    "wrong key": Refusal(
        AuthenticationError, "unauthenticated", "Incorrect API key provided: xa***ey", CHAT, client=WRONG_KEY
    ),
    "wrong key, stream": Refusal(
        AuthenticationError, "unauthenticated", "Incorrect API key", CHAT, "chat.stream", WRONG_KEY
    ),
    "no key": Refusal(
        AuthenticationError, "unauthenticated", "No API key provided", {**CHAT, "headers": {"authorization": "Basic x"}}
    ),
    "temperature": Refusal(
        InvalidRequestError,
        "invalid_argument",
        "temperature must be between 0 and 2; got 2.5.",
        {**CHAT, "temperature": 2.5},
    ),
    "temperature, stream": Refusal(
        InvalidRequestError, "invalid_argument", "temperature must", {**CHAT, "temperature": 2.5}, "chat.stream"
    ),
    "zero choices": Refusal(InvalidRequestError, "invalid_argument", "n must be between 1", {**CHAT, "n": 0}),
    "top_logprobs": Refusal(
        InvalidRequestError, "invalid_argument", "top_logprobs needs logprobs", {**CHAT, "top_logprobs": 2}
    ),
    "blind model": Refusal(
        InvalidRequestError,
        "invalid_argument",
        "The model grok-3 does not accept images.",
        {
            "model": "grok-3",
            "messages": [{"role": "user", "content": [image("https://example.com/a.png")]}],
        },
    ),
    "tool_choice": Refusal(
        InvalidRequestError, "invalid_argument", "tool_choice is required", {**CHAT, "tool_choice": "required"}
    ),
    "images": Refusal(
        InvalidRequestError,
        "invalid_argument",
        "n must be between 1 and 10",
        {"model": "grok-imagine-image", "prompt": "x", "n": 11},
        "images.generate",
    ),
}  # fmt: skip


async def refuse(server: Server, transport: str, case: Refusal) -> ApiError:
    async with AsyncClient(**options(server, transport, **case.client)) as client:
        with pytest.raises(ApiError) as caught:
            await begin(client, case.op, case.arguments)
    return caught.value


@pytest.mark.parametrize("name", REFUSALS)
async def test_refusals(server: Server, name: str) -> None:
    case = REFUSALS[name]
    over_grpc, over_rest = await refuse(server, "grpc", case), await refuse(server, "rest", case)
    for transport, error in (("grpc", over_grpc), ("rest", over_rest)):
        assert type(error) is case.cls
        assert error.code == case.code
        assert error.message.startswith(case.text)
        assert error.request_id
        assert error.attempts == 1
        assert error.meta is not None
        assert (error.meta.transport, error.meta.request_id) == (transport, error.request_id)
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None
        assert str(error).startswith(f"{case.code}: {case.text}")
        assert error.request_id in str(error)
        twin = pickle.loads(pickle.dumps(error))
        for other in (twin, copy.copy(error)):
            assert type(other) is case.cls
            assert str(other) == str(error)
            assert vars(other) == vars(error)
    assert over_grpc.message == over_rest.message
    assert over_grpc.slug == over_rest.slug
    assert over_grpc.retry_after is None
    assert over_rest.retry_after is None
    assert (over_grpc.http_status, over_rest.grpc_status) == (None, None)
    assert over_rest.http_status is not None
    assert over_grpc.grpc_status is not None
    assert isinstance(over_rest.body, dict)


async def test_errors_of_streams_come_first(server: Server, transport: str) -> None:
    async with AsyncClient(**options(server, transport)) as client:
        stream = client.chat.stream(model="nope", messages="Hi")
        assert stream.meta is None
        with pytest.raises(NotFoundError):
            await stream.__anext__()
        assert [chunk async for chunk in stream] == []
        assert not stream.completed
        assert stream.response.text == ""
        await stream.aclose()
        with pytest.raises(NotFoundError):
            async with client.chat.stream(model="nope", messages="Hi"):
                raise AssertionError("entered")


async def test_wrong_type_of_body(server: Server) -> None:
    """What only REST can say: a plain text 422."""
    async with AsyncClient(**options(server, "rest")) as client:
        with pytest.raises(InvalidRequestError) as caught:
            await client.chat.create(model="grok-3", messages="Hi", extra_body={"n": "three"})
    assert caught.value.http_status == 422
    assert caught.value.code == "invalid_argument"
    assert "n: invalid type" in caught.value.message
    assert isinstance(caught.value.body, str)


def test_no_key_at_construction(transport: str) -> None:
    with pytest.raises(UsageError) as caught:
        AsyncClient(transport=transport)  # type: ignore[arg-type]
    assert str(caught.value) == "api_key: is missing: pass api_key= or set XAI_API_KEY"
    for empty in ("", "  "):
        with pytest.raises(UsageError, match="XAI_API_KEY"):
            AsyncClient(api_key=empty)
    with pytest.raises(UsageError, match="api_key"):
        AsyncClient(api_key="xai-\n1")


async def test_no_key_at_the_call(server: Server, transport: str) -> None:
    url = server.url
    unpickled = pickle.loads(pickle.dumps(AsyncClient(**options(server, transport))))
    for client in (
        AsyncClient(management_key="m", base_url=url, transport=transport),  # type: ignore[arg-type]
        AsyncClient(api_key=lambda: "", base_url=url, transport=transport),  # type: ignore[arg-type]
        unpickled,
    ):
        with pytest.raises(UsageError, match="pass api_key= or set XAI_API_KEY"):
            await client.auth.get_api_key()
        with pytest.raises(UsageError, match="pass api_key= or set XAI_API_KEY"):
            await client.chat.stream(**CHAT).__aenter__()


async def test_key_of_the_environment(server: Server, transport: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAI_API_KEY", f" {server.api_key}\n")
    monkeypatch.setenv("XAI_BASE_URL", server.url)
    monkeypatch.setenv("XAI_TRANSPORT", transport)
    async with AsyncClient() as client:
        answer = await client.auth.get_api_key()
    assert answer.meta is not None
    assert answer.meta.transport == transport


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "model= and messages="),
        ({"model": "grok-4"}, "messages="),
        ({"messages": "Hi"}, "model="),
        ({"model": None, "messages": "Hi"}, "model="),
        ({"model": 4, "messages": "Hi"}, "model"),
        ({"model": "grok-4", "messages": 5}, "messages"),
        ({"model": "grok-4", "messages": [5]}, "messages[0]"),
        ({"model": "grok-4", "messages": []}, "messages"),
        ({"model": "grok-4", "messages": [{"role": "user", "content": [5]}]}, "messages[0].content"),
        ({"model": "grok-4", "messages": [{"content": "x"}]}, "messages[0].role"),
        ({**CHAT, "n": 1.5}, "n"),
        ({**CHAT, "n": True}, "n"),
        ({**CHAT, "temperature": "hot"}, "temperature"),
        ({**CHAT, "stop": [1]}, "stop[0]"),
        ({**CHAT, "timeout": -1}, "timeout"),
        ({**CHAT, "timeout": "5"}, "timeout"),
        ({**CHAT, "max_retries": -1}, "max_retries"),
        ({**CHAT, "headers": {"a b": "c"}}, "headers['a b']"),
        ({**CHAT, "messages": [{"role": "user", "content": "\ud800"}]}, ""),
    ],
)  # fmt: skip
async def test_bad_arguments(transport: str, arguments: dict[str, Any], text: str) -> None:
    async with AsyncClient(api_key="k", base_url=DEAD, transport=transport) as client:  # type: ignore[arg-type]
        for op in ("chat.create", "chat.stream"):
            with pytest.raises(UsageError) as caught:
                await begin(client, op, arguments)
            assert text in str(caught.value)
            assert caught.value.attempts == 0


@pytest.mark.parametrize(
    ("op", "arguments"),
    [
        ("images.generate", {"model": "m"}),
        ("embeddings.create", {"model": "m"}),
        ("tokenizer.tokenize", {"text": "x"}),
        ("completions.create", {"model": "m"}),
        ("completions.stream", {"prompt": "x"}),
        ("models.get_language", {}),
        ("models.get_language", {"model": ""}),
        ("models.get_language", {"model": ".."}),
    ],
)
async def test_missing_arguments(transport: str, op: str, arguments: dict[str, Any]) -> None:
    async with AsyncClient(api_key="k", base_url=DEAD, transport=transport) as client:  # type: ignore[arg-type]
        if arguments.get("model") in ("", "..") and transport == "grpc":
            pytest.skip("a name, and no part of a path, there")
        with pytest.raises(UsageError):
            await begin(client, op, arguments)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"model": "grok-4", "messages": [{"role": "user", "content": "x", "nmae": "y"}]}, "nmae"),
        ({**CHAT, "tools": [{"type": "nope"}]}, "tools[0]"),
    ],
    ids=["property", "tag"],
)
async def test_what_the_definitions_do_not_know(server: Server, arguments: dict[str, Any], text: str) -> None:
    """REST sends it as it is; protobuf has no place for it."""
    async with AsyncClient(api_key="k", base_url=DEAD, transport="grpc") as client:
        with pytest.raises(UsageError) as caught:
            await client.chat.create(**arguments)
        assert text in str(caught.value)
    async with AsyncClient(**options(server, "rest")) as client:
        with contextlib.suppress(InvalidRequestError):
            assert (await client.chat.create(**arguments)).text


async def test_unknown_keywords(transport: str) -> None:
    async with AsyncClient(api_key="k", base_url=DEAD, transport=transport) as client:  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="temprature"):
            await client.chat.create(**CHAT, temprature=1)  # type: ignore[call-arg]
        with pytest.raises((TypeError, UsageError)):
            await client.chat.create("grok-4", "Hi")  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="temprature"):
            client.chat.stream(**CHAT, temprature=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="nope"):
        AsyncClient(api_key="k", nope=1)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "settings",
    [
        {"transport": "http"},
        {"transport": "GRPC"},
        {"base_url": "api.x.ai"},
        {"base_url": "http://example.com"},
        {"base_url": "https://u:p@example.com"},
        {"base_url": "http://localhost:1/proxy", "transport": "grpc"},
        {"timeout": 0},
        {"max_retries": 1.5},
        {"http_client": object()},
        {"headers": {"Authorization": "Bearer x"}},
        {"rest_route": ""},
    ],
    ids=" ".join,
)
def test_bad_settings(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        AsyncClient(**{"api_key": "k", **settings})


async def test_no_server(transport: str) -> None:
    async with AsyncClient(api_key="k", base_url=DEAD, transport=transport, max_retries=0) as client:  # type: ignore[arg-type]
        with pytest.raises(TransportError) as caught:
            await client.chat.create(model="grok-4", messages="Hi", tools=[WEATHER])
        assert not caught.value.maybe_sent
        assert isinstance(caught.value, XaiError)
        twin = pickle.loads(pickle.dumps(caught.value))
        assert (type(twin), str(twin)) == (type(caught.value), str(caught.value))
        assert CALL.id not in str(caught.value)
