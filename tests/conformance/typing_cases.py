"""What type checkers make of the client. test_typing.py runs mypy --strict over this file; it is never run.

A `type: ignore` without an error is an error: so they say what has to be refused.
"""

from __future__ import annotations

from datetime import datetime

from typing_extensions import assert_type

import xai_dual
from xai_dual import (
    AsyncChatStream,
    AsyncClient,
    ChatStream,
    Client,
    Listing,
    Meta,
    Stream,
    assistant,
    image,
    tool,
    tool_result,
    user,
)
from xai_dual.types.auth import ApiKey
from xai_dual.types.chat import ChatChunk, ChatCompletion, FunctionTool, Message, ToolCall
from xai_dual.types.completions import SampleResponse
from xai_dual.types.embeddings import EmbeddingResponse
from xai_dual.types.images import ImageResponse
from xai_dual.types.models import LanguageModel, ModelSummary
from xai_dual.types.shared import Usage
from xai_dual.types.tokenizer import TokenizeResponse


def sync(client: Client) -> None:
    answer = client.chat.create(model="grok-4", messages=[user("Hi", image("a.png"))], temperature=1, stop="x")
    assert_type(answer, ChatCompletion)
    assert_type(answer.text, str)
    assert_type(answer.reasoning, str)
    assert_type(answer.tool_calls, list[ToolCall])
    assert_type(answer.choices[0].message.content, str)
    assert_type(answer.usage, Usage | None)
    assert_type(answer.meta, Meta | None)
    assert_type(answer.created, int)
    assert_type(answer.to_message(), Message)

    stream = client.chat.stream(model="grok-4", messages="Hi")
    assert_type(stream, ChatStream)
    with stream as entered:
        assert_type(entered, ChatStream)
        for chunk in entered:
            assert_type(chunk, ChatChunk)
            assert_type(chunk.text, str)
    assert_type(stream.response, ChatCompletion)
    assert_type(stream.completed, bool)
    assert_type(stream.meta, Meta | None)

    assert_type(client.models.list(), Listing[ModelSummary])
    assert_type(client.models.list_language()[0], LanguageModel)
    assert_type(client.models.list_language().meta, Meta | None)
    assert_type(client.models.get_language(model="grok-4"), LanguageModel)
    assert_type(client.auth.get_api_key(), ApiKey)
    assert_type(client.auth.get_api_key().create_time, datetime | None)
    assert_type(client.images.generate(model="m", prompt="x"), ImageResponse)
    assert_type(client.embeddings.create(model="m", input=["x"]), EmbeddingResponse)
    assert_type(client.tokenizer.tokenize(model="m", text="x"), TokenizeResponse)
    assert_type(client.completions.create(model="m", prompt="x"), SampleResponse)
    assert_type(client.completions.stream(model="m", prompt="x"), Stream[SampleResponse, SampleResponse])
    assert_type(client.with_options(timeout=None, max_retries=1), Client)
    with client as same:
        assert_type(same, Client)


async def async_(client: AsyncClient) -> None:
    answer = await client.chat.create(model="grok-4", messages="Hi", timeout=5, headers={"a": "b"})
    assert_type(answer, ChatCompletion)
    stream = client.chat.stream(model="grok-4", messages="Hi")
    assert_type(stream, AsyncChatStream)
    async with stream as entered:
        assert_type(entered, AsyncChatStream)
        async for chunk in entered:
            assert_type(chunk, ChatChunk)
    assert_type(stream.response, ChatCompletion)
    assert_type(await client.models.list_language(), Listing[LanguageModel])
    assert_type(client.with_options(timeout=5), AsyncClient)
    async with client as same:
        assert_type(same, AsyncClient)


def messages(client: Client, answer: ChatCompletion) -> None:
    """All that may be said in `messages` and `tools`."""
    weather = tool("get_weather", "Weather", {"type": "object"})
    assert_type(weather, FunctionTool)
    client.chat.create(
        model="m", messages=["a", user("b"), {"role": "user", "content": "c"}, answer.choices[0].message]
    )
    client.chat.create(model="m", messages=[answer.to_message(), tool_result({"a": 1}, tool_call_id="c")])
    client.chat.create(model="m", messages=[assistant(tool_calls=answer.tool_calls)], tools=[weather])
    client.chat.create(model="m", messages="x", tools=[{"type": "function"}], reasoning_effort="a new one")
    client.chat.create(model="m", messages="x", response_format={"type": "json_object"}, stop=["a", "b"])


def refused(client: Client) -> None:
    client.chat.create(model="m")  # type: ignore[call-arg]
    client.chat.create("m", "x")  # type: ignore[call-arg]
    client.chat.create(model="m", messages="x", temprature=1)  # type: ignore[call-arg]
    client.chat.create(model=4, messages="x")  # type: ignore[arg-type]
    client.chat.create(model="m", messages=[4])  # type: ignore[list-item]
    client.chat.create(model="m", messages="x", temperature="hot")  # type: ignore[arg-type]
    client.chat.create(model="m", messages="x", timeout="5")  # type: ignore[arg-type]
    client.chat.stream(model="m")  # type: ignore[call-arg]
    client.chat.nope()  # type: ignore[attr-defined]
    xai_dual.Clientt  # type: ignore[attr-defined] # noqa: B018
    Client(transport="http")  # type: ignore[arg-type]
    Client("key")  # type: ignore[call-arg]
    Client(api_keys="k")  # type: ignore[call-arg]
    client.chat.create(model="m", messages="x").txet  # type: ignore[attr-defined] # noqa: B018
