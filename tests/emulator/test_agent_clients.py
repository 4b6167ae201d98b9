"""The official clients with responses, messages, server-side tools and stored answers."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from xai_dual.emulator import Server

from .agent_cases import FUNCTION
from .cases import SCHEMA, WEATHER
from .test_official_clients import xai

__all__ = ["xai"]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def imported(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name)


@pytest.fixture
def openai(server: Server) -> Iterator[Any]:
    module = imported("openai")
    with module.OpenAI(base_url=f"{server.url}/v1", api_key=f"{server.api_key}/openai", max_retries=0) as client:
        yield client


def test_openai_responses(openai: Any) -> None:
    answer = openai.responses.create(model="latest", input="What is 101*3?", instructions="Be brief.")
    assert answer.output_text == "101 multiplied by 3 is 303."
    assert answer.status == "completed"
    assert answer.output[0].type == "reasoning"
    assert answer.usage.total_tokens > 0
    again = openai.responses.retrieve(answer.id)
    assert again.output == answer.output
    items = list(openai.responses.input_items.list(answer.id))
    assert [item.content[0].text for item in items] == ["What is 101*3?"]
    following = openai.responses.create(model="latest", input="Hello", previous_response_id=answer.id)
    assert following.previous_response_id == answer.id
    openai.responses.delete(answer.id)
    with pytest.raises(imported("openai").NotFoundError):
        openai.responses.retrieve(answer.id)


def test_openai_pages_input_items(openai: Any) -> None:
    given = [{"role": "user", "content": f"Message {number}"} for number in range(5)]
    answer = openai.responses.create(model="grok-3", input=given)
    items = openai.responses.input_items.list(answer.id, limit=2, order="asc")
    assert [item.content[0].text for item in items] == [f"Message {number}" for number in range(5)]


def test_openai_response_streams(openai: Any) -> None:
    given: dict[str, Any] = {
        "model": "latest",
        "input": "Search the web and X posts, run code: what is 2*3?",
        "tools": [
            {"type": "web_search"},
            {"type": "x_search"},
            {"type": "code_interpreter", "container": {"type": "auto"}},
        ],
    }
    answer = openai.responses.create(**given)
    events = list(openai.responses.create(**given, stream=True))
    assert events[-1].type == "response.completed"
    assert events[-1].response == answer
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == answer.output_text
    with openai.responses.stream(model="latest", input="What is 2+2?") as stream:
        kinds = {event.type for event in stream}
        assert stream.get_final_response().output_text == "2 plus 2 is 4."
    assert "response.reasoning_summary_text.delta" in kinds
    cut = list(openai.responses.create(model="grok-3", input="Count to 50", max_output_tokens=5, stream=True))
    assert cut[-1].response.incomplete_details.reason == "max_output_tokens"


def test_openai_functions(openai: Any) -> None:
    messages: list[Any] = [{"role": "user", "content": "Weather in Rome in celsius?"}]
    answer = openai.responses.create(model="latest", input=messages, tools=[FUNCTION])
    call = answer.output[-1]
    assert json.loads(call.arguments) == {"city": "Rome", "unit": "celsius"}
    messages += answer.output
    messages.append({"type": "function_call_output", "call_id": call.call_id, "output": "20 degrees"})
    answer = openai.responses.create(model="latest", input=messages, tools=[FUNCTION])
    assert answer.output_text == "get_weather returned: 20 degrees."
    shaped = openai.responses.create(
        model="latest",
        input="What is 2+2?",
        text={"format": {"type": "json_schema", "name": "x", "schema": SCHEMA, "strict": True}},
    )
    assert json.loads(shaped.output_text)["answer"] == 4


def test_openai_compacts(openai: Any) -> None:
    made = openai.responses.compact(model="latest", input=[{"role": "user", "content": "word " * 200}])
    assert made.output[0].type == "compaction"
    item = made.output[0].model_dump(exclude_none=True)
    answer = openai.responses.create(model="latest", input=[item, {"role": "user", "content": "Hello"}])
    assert answer.output_text == "Hello! How can I help you today?"


@pytest.fixture
def anthropic(server: Server) -> Iterator[Any]:
    module = imported("anthropic")
    with module.Anthropic(base_url=server.url, api_key=server.api_key, max_retries=0) as client:
        yield client


def test_anthropic_messages(anthropic: Any) -> None:
    given: dict[str, Any] = {
        "model": "latest",
        "max_tokens": 100,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "What is 101*3?"}],
    }
    answer = anthropic.messages.create(**given)
    assert answer.content[-1].text == "101 multiplied by 3 is 303."
    assert (answer.stop_reason, answer.content[0].type) == ("end_turn", "thinking")
    with anthropic.messages.stream(**given) as stream:
        assert "".join(stream.text_stream) == answer.content[-1].text
        whole = stream.get_final_message()
    assert whole.content[0].thinking == answer.content[0].thinking
    assert whole.content[0].signature == answer.content[0].signature
    assert whole.usage.output_tokens == answer.usage.output_tokens
    with pytest.raises(imported("anthropic").NotFoundError):
        anthropic.messages.create(**{**given, "model": "nope"})


def test_anthropic_tools(anthropic: Any) -> None:
    given: dict[str, Any] = {
        "model": "latest",
        "max_tokens": 100,
        "tools": [{"name": "get_weather", "description": "The weather", "input_schema": WEATHER}],
    }
    messages: list[Any] = [{"role": "user", "content": "Weather in Rome in celsius?"}]
    with anthropic.messages.stream(**given, messages=messages) as stream:
        answer = stream.get_final_message()
    call = answer.content[-1]
    assert (call.input, answer.stop_reason) == ({"city": "Rome", "unit": "celsius"}, "tool_use")
    messages.append({"role": "assistant", "content": answer.content})
    messages.append(
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "20 degrees"}]}
    )
    assert anthropic.messages.create(**given, messages=messages).content[-1].text == "get_weather returned: 20 degrees."


def test_xai_sdk_server_tools(xai: Any) -> None:
    from xai_sdk import chat, tools

    conversation = xai.chat.create(
        model="latest",
        tools=[
            tools.web_search(allowed_domains=["example.com"]),
            tools.x_search(allowed_x_handles=["xai"]),
            tools.code_execution(),
            tools.collections_search(["collection_1"]),
            tools.mcp("https://example.com/mcp", server_label="wiki"),
        ],
        include=["inline_citations", "code_execution_call_output"],
        messages=[chat.user("Search the web, X posts and the collections, run code, ask the wiki: what is 2*3?")],
        max_turns=5,
    )
    answer = conversation.sample()
    assert [call.function.name for call in answer.tool_calls] == [
        "web_search",
        "x_keyword_search",
        "code_execution",
        "collections_search",
        "wiki.ask",
    ]
    assert answer.content.startswith("2 multiplied by 3 is 6.")
    assert answer.reasoning_content == ""  # it stands before the first call
    assert answer.finish_reason == "REASON_STOP"
    assert [output.message.content for output in answer.tool_outputs] == ["6\n"]
    assert list(answer.citations) == [
        citation.web_citation.url
        or citation.x_citation.url
        or f"collections://collection_1/files/{citation.collections_citation.file_id}"
        for citation in answer.inline_citations
    ]
    assert answer.server_side_tool_usage == {
        f"SERVER_SIDE_TOOL_{name}": 1
        for name in ("WEB_SEARCH", "X_SEARCH", "CODE_EXECUTION", "COLLECTIONS_SEARCH", "MCP")
    }
    pairs = list(conversation.stream())
    whole = pairs[-1][0]
    assert whole.content == answer.content
    assert list(whole.tool_calls) == list(answer.tool_calls)
    assert list(whole.inline_citations) == list(answer.inline_citations)
    assert whole.usage == answer.usage
    conversation.append(answer)
    conversation.append(chat.user("Hello"))
    assert conversation.sample().content == "Hello! How can I help you today?"


def test_xai_sdk_images(xai: Any) -> None:
    from xai_sdk import chat, tools

    prompt = chat.user("Draw a picture of a cat")
    conversation = xai.chat.create(model="latest", tools=[tools.image_generation()], messages=[prompt])
    for answer in (conversation.sample(), list(conversation.stream())[-1][0]):
        assert [output.mime_type for output in answer.image_outputs] == ["image/png"]
        assert answer.image_outputs[0].image.startswith(b"\x89PNG")


def test_xai_sdk_stored(xai: Any) -> None:
    from xai_sdk import chat

    conversation = xai.chat.create(model="latest", messages=[chat.user("Say stored by the SDK")], store_messages=True)
    answer = conversation.sample()
    again = xai.chat.get_stored_completion(answer.id)
    assert [item.content for item in again] == ["stored by the SDK"]
    assert again[0].request_settings.store_messages
    following = xai.chat.create(
        model="latest",
        previous_response_id=answer.id,
        messages=[chat.user("Hello")],
        use_encrypted_content=True,
    ).sample()
    assert following.request_settings.previous_response_id == answer.id
    assert following.usage.prompt_tokens > answer.usage.prompt_tokens
    assert following.encrypted_content
    assert xai.chat.delete_stored_completion(answer.id) == answer.id


def test_xai_sdk_defers_and_compacts(xai: Any) -> None:
    from xai_sdk import chat, tools

    conversation = xai.chat.create(
        model="latest", tools=[tools.web_search()], messages=[chat.user("Search the web for cats")]
    )
    answer = conversation.sample()
    deferred = conversation.defer(interval=timedelta(milliseconds=10))
    assert deferred.proto == answer.proto  # the client itself looks at the first entry only
    conversation.append(answer)
    compacted = conversation.compact()
    assert compacted.dropped_message_count == 3
    conversation.append(chat.user("Hello"))
    assert conversation.sample().content == "Hello! How can I help you today?"
