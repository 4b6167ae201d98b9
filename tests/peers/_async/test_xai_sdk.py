"""xai-sdk, which speaks gRPC."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

import xai_dual
from xai_dual import AsyncClient
from xai_dual.emulator import Server

from ..requests_ import PROMPTS, SCHEMA, Prompt, Seen, call_of, ours, tool_arguments

xai_sdk = pytest.importorskip("xai_sdk", reason="a development dependency")
theirs = pytest.importorskip("xai_sdk.chat")

pytestmark = pytest.mark.anyio

FINISH = {"REASON_STOP": "stop", "REASON_MAX_LEN": "length", "REASON_TOOL_CALLS": "tool_calls"}


@pytest.fixture
async def peer(server: Server) -> AsyncIterator[Any]:
    async with xai_sdk.AsyncClient(api_key=server.api_key, api_host=server.target, use_insecure_channel=True) as peer:
        yield peer


def seen(answer: Any) -> Seen:
    usage = answer.usage
    return Seen(
        id=answer.id,
        model=answer.proto.model,
        created=int(answer.created.timestamp()),
        text=answer.content,
        reasoning=answer.reasoning_content,
        finish_reason=FINISH[answer.finish_reason],
        tool_calls=[call_of(call) for call in answer.tool_calls],
        usage={
            "prompt": usage.prompt_tokens,
            "completion": usage.completion_tokens,
            "reasoning": usage.reasoning_tokens,
            "cached": usage.cached_prompt_text_tokens,
            "total": usage.total_tokens,
        },
    )


def conversation(peer: Any, prompt: Prompt) -> Any:
    return peer.chat.create(
        model=prompt.model,
        messages=prompt.messages(theirs.system, theirs.user),
        **tool_arguments(prompt, theirs.tool),
        **prompt.settings,
    )


def arguments(prompt: Prompt) -> dict[str, Any]:
    """Our request. The emulator makes ids out of requests, and xai-sdk always says how many choices it wants."""
    return {
        "n": 1,
        "model": prompt.model,
        "messages": prompt.messages(xai_dual.system, xai_dual.user),
        **tool_arguments(prompt, xai_dual.tool),
        **prompt.settings,
    }


@pytest.mark.parametrize("name", PROMPTS)
async def test_chat(client: AsyncClient, peer: Any, name: str) -> None:
    answer = await conversation(peer, PROMPTS[name]).sample()
    own = await client.chat.create(**arguments(PROMPTS[name]))
    assert ours(own) == seen(answer)
    assert own.usage is not None
    assert own.usage.cost_usd == pytest.approx(answer.cost_usd)
    assert own.system_fingerprint == answer.system_fingerprint


@pytest.mark.parametrize("name", PROMPTS)
async def test_stream(client: AsyncClient, peer: Any, name: str) -> None:
    whole: Any = None
    pieces = []
    async for answer, piece in conversation(peer, PROMPTS[name]).stream():
        whole = answer
        pieces.append((piece.content, piece.reasoning_content, len(piece.tool_calls)))
    stream = client.chat.stream(**arguments(PROMPTS[name]))
    own = [(c.text, c.reasoning, len(c.choices[0].delta.tool_calls)) async for c in stream]
    assert own == pieces
    assert ours(stream.response) == seen(whole)


async def test_tool_round(client: AsyncClient, peer: Any) -> None:
    prompt = PROMPTS["tools"]
    chat = conversation(peer, prompt)
    chat.append(await chat.sample())
    own = arguments(prompt)
    first = await client.chat.create(**own)
    own["messages"].append(first.to_message())
    for call in first.tool_calls:
        chat.append(theirs.tool_result("12", call.id))
        own["messages"].append(xai_dual.tool_result("12", tool_call_id=call.id))
    own_answer, answer = await client.chat.create(**own), await chat.sample()
    assert own_answer.text == answer.content == "get_time returned: 12; get_weather returned: 12."
    assert own_answer.usage is not None
    assert own_answer.usage.prompt_tokens == answer.usage.prompt_tokens


async def test_images_in_a_prompt(client: AsyncClient, peer: Any) -> None:
    url = "https://example.com/a.png"
    chat = peer.chat.create(model="grok-4", messages=[theirs.user("Look", theirs.image(url))])
    own = await client.chat.create(model="grok-4", messages=[xai_dual.user("Look", xai_dual.image(url))])
    answer = await chat.sample()
    assert (own.text, ours(own).usage) == (answer.content, seen(answer).usage)


async def test_json_schema(client: AsyncClient, peer: Any) -> None:
    pydantic = pytest.importorskip("pydantic")
    shape = pydantic.create_model("Shape", answer=(int, ...), steps=(list[str], ...))
    chat = peer.chat.create(model="grok-4", messages=[theirs.user("What is 2+2?")])
    answer, parsed = await chat.parse(shape)
    own = await client.chat.create(
        model="grok-4",
        messages="What is 2+2?",
        response_format={"type": "json_schema", "json_schema": {"name": "Shape", "schema": SCHEMA}},
    )
    assert shape.model_validate_json(own.text) == parsed
    assert parsed.answer == 4
    assert own.text == answer.content


@pytest.mark.parametrize("kind", ["url", "b64_json"])
async def test_images(client: AsyncClient, peer: Any, kind: str) -> None:
    settings: dict[str, Any] = {"model": "grok-imagine-image", "aspect_ratio": "16:9"}
    their_kind = "url" if kind == "url" else "base64"
    batch = await peer.image.sample_batch("a cat", n=2, image_format=their_kind, **settings)
    own = await client.images.generate(prompt="a cat", n=2, response_format=kind, **settings)
    assert len(own.data) == 2
    for image, other in zip(own.data, batch, strict=True):
        if kind == "url":
            assert image.url == other.url
        else:
            assert image.b64_json is not None
            data = base64.b64decode(image.b64_json, validate=True)
            assert data.startswith(b"\x89PNG")
            assert other.base64.endswith(image.b64_json)
    assert own.usage is not None
    assert own.usage.cost_usd == pytest.approx(batch[0].cost_usd)


async def test_models(client: AsyncClient, peer: Any) -> None:
    for kind in ("language", "embedding", "image_generation"):
        listed = await getattr(peer.models, f"list_{kind}_models")()
        own = await getattr(client.models, f"list_{kind}")()
        assert [model.id for model in own] == [model.name for model in listed]
        assert [model.aliases for model in own] == [list(model.aliases) for model in listed]
        assert [model.created for model in own] == [model.created.seconds for model in listed]
        assert [model.fingerprint for model in own] == [model.system_fingerprint for model in listed]
        one = await getattr(peer.models, f"get_{kind}_model")(own[0].id)
        assert (await getattr(client.models, f"get_{kind}")(model=own[0].id)).version == one.version
    language = await peer.models.get_language_model("grok-4")
    own_language = await client.models.get_language(model="grok-4")
    for price in ("prompt_text_token_price", "completion_text_token_price", "prompt_image_token_price"):
        assert getattr(own_language, price) == getattr(language, price)


async def test_tokenizer(client: AsyncClient, peer: Any) -> None:
    text = "Hello wörld, 日本語!"
    tokens = await peer.tokenize.tokenize_text(text, "grok-4")
    own = await client.tokenizer.tokenize(model="grok-4", text=text)
    assert [(t.token_id, t.string_token, t.token_bytes) for t in own.token_ids] == [
        (t.token_id, t.string_token, t.token_bytes) for t in tokens
    ]


async def test_key(client: AsyncClient, peer: Any) -> None:
    key, own = await peer.auth.get_api_key_info(), await client.auth.get_api_key()
    for name in ("redacted_api_key", "user_id", "team_id", "name", "api_key_id", "modified_by", "team_blocked"):
        assert getattr(own, name) == getattr(key, name)
    assert own.acls == list(key.acls)
    assert own.create_time is not None
    assert own.create_time.timestamp() == pytest.approx(key.create_time.seconds + key.create_time.nanos / 1e9)


async def test_errors(client: AsyncClient, peer: Any) -> None:
    grpc = pytest.importorskip("grpc")
    with pytest.raises(grpc.RpcError) as theirs_:
        await peer.chat.create(model="nope", messages=[theirs.user("Hi")]).sample()
    with pytest.raises(xai_dual.NotFoundError) as caught:
        await client.chat.create(model="nope", messages="Hi")
    assert caught.value.message == theirs_.value.details()
    assert caught.value.code.upper() == theirs_.value.code().name
