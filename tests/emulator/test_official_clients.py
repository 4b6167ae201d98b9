"""The official clients work against the emulator."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from xai_dual.emulator import Server

from .cases import SCHEMA, WEATHER, tool

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(params=["localhost", "insecure"])
def xai(server: Server, request: pytest.FixtureRequest) -> Iterator[Any]:
    """``xai_sdk`` speaks plain text to ``localhost:PORT`` by itself, and to any host with ``use_insecure_channel``."""
    xai_sdk = pytest.importorskip("xai_sdk")
    if request.param == "localhost":
        client = xai_sdk.Client(api_key=server.api_key, api_host=server.target.replace("127.0.0.1", "localhost"))
    else:
        client = xai_sdk.Client(api_key=server.api_key, api_host=server.target, use_insecure_channel=True)
    yield client
    client.close()


def test_xai_sdk(xai: Any) -> None:
    from xai_sdk import chat

    conversation = xai.chat.create(model="grok-4", messages=[chat.system("Be brief."), chat.user("What is 101*3?")])
    answer = conversation.sample()
    assert answer.content == "101 multiplied by 3 is 303."
    assert answer.reasoning_content
    assert answer.finish_reason == "REASON_STOP"
    pairs = list(conversation.stream())
    whole = pairs[-1][0]
    assert "".join(chunk.content for _, chunk in pairs) == whole.content == answer.content
    assert whole.usage == answer.usage
    with pytest.warns(PendingDeprecationWarning):
        batch = xai.chat.create(model="grok-3", messages=[chat.user("Say a")]).sample_batch(2)
    assert [item.content for item in batch] == ["a", "a (2)"]


def test_xai_sdk_deferred(xai: Any) -> None:
    from datetime import timedelta

    from xai_sdk import chat

    conversation = xai.chat.create(model="grok-3", messages=[chat.user("Say later")])
    assert conversation.defer(interval=timedelta(milliseconds=10)).content == "later"


def test_xai_sdk_tools(xai: Any) -> None:
    from xai_sdk import chat

    tools = [chat.tool("get_weather", "Weather", WEATHER)]
    conversation = xai.chat.create(model="grok-4", tools=tools, messages=[chat.user("Weather in Rome in celsius?")])
    answer = conversation.sample()
    assert json.loads(answer.tool_calls[0].function.arguments) == {"city": "Rome", "unit": "celsius"}
    conversation.append(answer)
    conversation.append(chat.tool_result("20 degrees"))
    assert conversation.sample().content == "get_weather returned: 20 degrees."


def test_xai_sdk_the_rest(xai: Any) -> None:
    image = xai.image.sample("a cat", model="grok-imagine-image", image_format="base64")
    assert image.image.startswith(b"\x89PNG")
    assert len(xai.image.sample_batch("a cat", n=2, model="grok-imagine-image", image_format="url")) == 2
    assert [token.string_token for token in xai.tokenize.tokenize_text("Hello world!", "grok-4")] == [
        "Hello",
        " world",
        "!",
    ]
    assert xai.auth.get_api_key_info().name == "My API Key"
    assert xai.models.get_language_model("grok-4").name == "grok-4"
    assert len(xai.models.list_image_generation_models()) == 2
    assert len(xai.models.list_embedding_models()) == 1


@pytest.fixture
def openai(server: Server) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = pytest.importorskip("openai")
    with module.OpenAI(base_url=f"{server.url}/v1", api_key=server.api_key, max_retries=0) as client:
        yield client


def test_openai_chat(openai: Any) -> None:
    messages = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "What is 101*3?"}]
    answer = openai.chat.completions.create(model="grok-4", messages=messages)
    assert answer.choices[0].message.content == "101 multiplied by 3 is 303."
    chunks = list(
        openai.chat.completions.create(
            model="grok-4", messages=messages, stream=True, stream_options={"include_usage": True}
        )
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "101 multiplied by 3 is 303."
    assert chunks[-1].usage.total_tokens == answer.usage.total_tokens
    call = openai.chat.completions.create(
        model="grok-4", messages=[{"role": "user", "content": "Weather in Rome?"}], tools=[tool("get_weather")]
    )
    assert call.choices[0].message.tool_calls[0].function.name == "get_weather"
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
    shaped = openai.chat.completions.create(model="grok-4", messages=messages, response_format=wanted)
    assert json.loads(shaped.choices[0].message.content)["answer"] == 303


@pytest.mark.parametrize("split", [False, True])
def test_openai_folds_streamed_tool_calls(openai: Any, split: bool) -> None:
    headers = {"x-emulator-split-tool-calls": "1"} if split else {}
    with openai.chat.completions.stream(
        model="grok-4",
        messages=[{"role": "user", "content": "Use get_weather and get_time for Rome"}],
        tools=[tool("get_weather"), tool("get_time")],
        extra_headers=headers,
    ) as stream:
        calls = stream.get_final_completion().choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["get_weather", "get_time"]
    assert all(json.loads(call.function.arguments)["city"] == "Rome" for call in calls)


def test_openai_the_rest(openai: Any) -> None:
    assert openai.completions.create(model="grok-3", prompt="1, 2, 3, ", max_tokens=3).choices[0].text == "4, 5"
    assert len(openai.embeddings.create(model="v1", input=["a", "b"]).data[0].embedding) == 8
    assert openai.images.generate(model="grok-imagine-image", prompt="a cat").data[0].url
    assert any(model.id == "grok-4" for model in openai.models.list())
