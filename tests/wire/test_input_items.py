"""Messages as `/v1/responses` takes them: items valid by the document, in which all that was said arrives."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest
from hypothesis import given

from xai_dual._chat.reshape import flat_tool_choice, include_options, text_format
from xai_dual.errors import UnsupportedOnTransport, UsageError
from xai_dual.types.chat import (
    ChatRequest,
    ChoiceMessage,
    CompactContextRequest,
    ContentPart,
    FileRef,
    FunctionCall,
    ImageUrl,
    Message,
    ToolCall,
)

from .project import API, body_pointer, operation, thorough, valid
from .strategies import REST, models, on_route

Json = dict[str, Any]


def sent(request: Any) -> list[Json]:
    """The items of a request, checked by the schema of its route."""
    name, shape = ("chat.create", "responses") if isinstance(request, ChatRequest) else ("chat.compact", "compact")
    binding = operation(API.operations[name]).rest[shape]
    body = binding.codec.encode(request).body
    valid(body, body_pointer(binding.method, binding.path))
    items: list[Json] = body["input"]
    return items


def items_of(*messages: Any) -> list[Json]:
    return sent(ChatRequest(model="m", messages=list(messages), previous_response_id="r"))


# --- all that is said arrives ---


def part_said(part: Any) -> tuple[Any, ...]:
    if part.type == "text":
        return ("text", part.text)
    if part.type == "image_url":
        return ("image", part.image_url.url or "", part.image_url.file_id)
    ref = part.file
    return ("file", ref.file_id, ref.url, ref.data, ref.filename, ref.mime_type)


def content_said(content: Any) -> list[tuple[Any, ...]]:
    if content is None or isinstance(content, str):
        return [("text", content)] if content else []
    return [part_said(part) for part in content]


def said(message: Any) -> list[tuple[Any, ...]]:
    """What a message says, in the order in which the model met it: thoughts, words, calls."""
    if isinstance(message, str):
        message = Message(role="user", content=message)
    if isinstance(message, ChoiceMessage):
        message = message.to_message()
    if message.role == "tool":
        return [("result", message.tool_call_id, content_said(message.content))]
    found: list[tuple[Any, ...]] = [("thought", message.reasoning_content)] if message.reasoning_content else []
    found += [("sealed", message.encrypted_content)] if message.encrypted_content else []
    words = content_said(message.content)
    if words or message.name:
        found.append(("said", message.role, message.name, words))
    calls = [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or ()]
    return found + [("call", *call) for call in calls]


def content_heard(content: Any, text: str) -> list[tuple[Any, ...]]:
    if isinstance(content, str):
        return [("text", content)] if content else []
    found: list[tuple[Any, ...]] = []
    for part in content:
        fields = dict(part)
        kind = fields.pop("type")
        if kind == text:
            found.append(("text", fields.pop("text")))
        elif kind == "input_image":
            found.append(("image", fields.pop("image_url"), fields.pop("file_id", None)))
        else:
            assert kind == "input_file"
            data = fields.pop("file_data", None)
            names = ("file_id", "file_url", "filename", "mime_type")
            file_id, url, filename, mime_type = (fields.pop(name, None) for name in names)
            found.append(("file", file_id, url, None if data is None else b64decode(data), filename, mime_type))
        assert fields == {}, "nothing else stands beside it"
    return found


def heard(item: Json) -> list[tuple[Any, ...]]:
    """What an item tells the model."""
    fields = dict(item)
    kind = fields.pop("type", "message")
    found: list[tuple[Any, ...]] = []
    if kind == "message":
        role, name = fields.pop("role"), fields.pop("name", None)
        words = content_heard(fields.pop("content"), "output_text" if role == "assistant" else "input_text")
        found = [("said", role, name, words)] if words or name else []
    elif kind == "function_call":
        found = [("call", *(fields.pop(name) for name in ("call_id", "name", "arguments")))]
    elif kind == "function_call_output":
        found = [("result", fields.pop("call_id"), content_heard(fields.pop("output"), "input_text"))]
    elif kind == "compaction":
        found = [("sealed", fields.pop("encrypted_content"))]
    else:
        assert kind == "reasoning"
        found = [("thought", part["text"]) for part in fields.pop("summary")]
        found += [("sealed", fields.pop("encrypted_content"))] if "encrypted_content" in fields else []
    assert fields == {}, "nothing else stands beside it"
    return found


@thorough
@given(request=models("ChatRequest", on_route(REST, "responses")))
def test_all_that_messages_say_arrives(request: ChatRequest) -> None:
    messages = [request.messages] if isinstance(request.messages, str) else request.messages
    expected = [fact for message in messages or () for fact in said(message)]
    assert [fact for item in sent(request) for fact in heard(item)] == expected


@thorough
@given(request=models("CompactContextRequest", on_route(REST, "compact")))
def test_all_that_a_conversation_to_be_condensed_says_arrives(request: CompactContextRequest) -> None:
    messages = [request.input] if isinstance(request.input, str) else request.input
    expected = [fact for message in messages for fact in said(message)]
    assert [fact for item in sent(request) for fact in heard(item)] == expected


@pytest.mark.parametrize("role", ["user", "system", "developer", "assistant"])
def test_no_message_is_without_an_item(role: str) -> None:
    for content, wanted in ((None, ""), ("", ""), ([], [])):
        assert items_of(Message(role=role, content=content)) == [{"role": role, "content": wanted}]


CALL = ToolCall(id="c", type="function", function=FunctionCall(name="f", arguments="{}"))


def test_a_turn_of_the_model_is_told_in_its_order() -> None:
    turn = Message(role="assistant", content="Ho", reasoning_content="Hm", encrypted_content="x", tool_calls=[CALL])
    assert items_of("Hi", turn, Message(role="tool", content="3", tool_call_id="c")) == [
        {"role": "user", "content": "Hi"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}], "encrypted_content": "x"},
        {"role": "assistant", "content": "Ho"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "3"},
    ]


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (Message(role="assistant", encrypted_content="x"), "compaction"),
        (Message(role="assistant", encrypted_content="x", content=""), "compaction"),
        (Message(role="user", encrypted_content="x"), "compaction"),
        (Message(role="assistant", encrypted_content="x", reasoning_content="Hm"), "reasoning"),
        (Message(role="assistant", encrypted_content="x", content="Ho"), "reasoning"),
        (Message(role="assistant", encrypted_content="x", tool_calls=[CALL]), "reasoning"),
    ],
)
def test_sealed_content_is_a_thought_or_a_whole_conversation(message: Message, kind: str) -> None:
    (item,) = (x for x in items_of(message) if "encrypted_content" in x)
    assert (item["type"], item["encrypted_content"]) == (kind, "x")


# --- what cannot arrive is refused ---


def spoken(*parts: Any, role: str = "user") -> Message:
    return Message(role=role, content=list(parts))


def asked(**fields: Any) -> Message:
    return Message(role="assistant", tool_calls=[{"id": "c", "function": {"name": "f", "arguments": "{}"}, **fields}])


HALF = "a\ud800b"
ODD: Any = 5
REFUSED: list[tuple[Any, str, type[UsageError]]] = [
    # message, path in it, error
    (Message(role="function", content="x"), "role", UnsupportedOnTransport),
    (Message(role="narrator", content="x"), "role", UnsupportedOnTransport),
    (Message(role=ODD), "role", UsageError),
    ({"content": "x"}, "role", UsageError),
    (Message(role="user", tool_call_id="c"), "tool_call_id", UnsupportedOnTransport),
    ({"role": "user", "content": "x", "mood": 5}, "mood", UnsupportedOnTransport),
    (Message(role="user", content=ODD), "content", UsageError),
    (Message(role="user", content=HALF), "content", UsageError),
    (Message(role="user", content="x", name=ODD), "name", UsageError),
    (Message(role="assistant", reasoning_content=ODD), "reasoning_content", UsageError),
    (Message(role="assistant", reasoning_content=HALF), "reasoning_content", UsageError),
    (Message(role="assistant", encrypted_content=ODD), "encrypted_content", UsageError),
    (Message(role="assistant", content="x", encrypted_content=ODD), "encrypted_content", UsageError),
    # what is nothing to Python is no text either
    (Message(role="assistant", content="x", reasoning_content=0), "reasoning_content", UsageError),  # type: ignore[arg-type]
    (Message(role="assistant", content="x", encrypted_content=False), "encrypted_content", UsageError),  # type: ignore[arg-type]
    # results of tools
    (Message(role="tool", content="x"), "tool_call_id", UsageError),
    (Message(role="tool", content="x", tool_call_id=ODD), "tool_call_id", UsageError),
    (Message(role="tool", content="x", tool_call_id="c", name="n"), "name", UnsupportedOnTransport),
    (Message(role="tool", tool_call_id="c", reasoning_content="x"), "reasoning_content", UnsupportedOnTransport),
    (Message(role="tool", tool_call_id="c", encrypted_content="x"), "encrypted_content", UnsupportedOnTransport),
    (Message(role="tool", tool_call_id="c", tool_calls=[CALL]), "tool_calls", UnsupportedOnTransport),
    # parts
    (spoken(ODD), "content[0]", UsageError),
    (spoken(ContentPart(type="audio")), "content[0].type", UsageError),
    (spoken(ContentPart(type="text")), "content[0].text", UsageError),
    (spoken({"type": "text", "text": "a"}, {"type": "text", "text": HALF}), "content[1].text", UsageError),
    (spoken({"type": "text", "text": "a", "tone": "b"}), "content[0].tone", UnsupportedOnTransport),
    (spoken(ContentPart(type="text", text="a", file=FileRef(file_id="f"))), "content[0].file", UsageError),
    (
        spoken(ContentPart(type="file", image_url=ImageUrl(url="u"), file=FileRef(file_id="f"))),
        "content[0].file",
        UsageError,
    ),
    (
        spoken(ContentPart(type="image_url", image_url=ImageUrl(url="u", detail="low"))),
        "content[0].image_url.detail",
        UnsupportedOnTransport,
    ),
    (spoken(ContentPart(type="image_url", image_url=ImageUrl(url=ODD))), "content[0].image_url.url", UsageError),
    (spoken(ContentPart(type="file", file=FileRef(data="x"))), "content[0].file.data", UsageError),  # type: ignore[arg-type]
    (Message(role="tool", tool_call_id="c", content=[{"type": "x"}]), "content[0].type", UsageError),  # type: ignore[list-item]
    # calls
    (Message(role="assistant", tool_calls=ODD), "tool_calls", UsageError),
    (asked(type="web_search_tool"), "tool_calls[0].type", UnsupportedOnTransport),
    (asked(mood="x"), "tool_calls[0].mood", UnsupportedOnTransport),
    (
        asked(function={"name": "f", "arguments": "{}", "mood": 1}),
        "tool_calls[0].function.mood",
        UnsupportedOnTransport,
    ),
    (asked(function={"name": 5}), "tool_calls[0].function.name", UsageError),
    (asked(id=5), "tool_calls[0].id", UsageError),
]


@pytest.mark.parametrize(
    ("message", "path", "error"), [pytest.param(*case, id=f"{i}-{case[1]}") for i, case in enumerate(REFUSED)]
)
def test_what_cannot_arrive_is_refused_by_its_path(message: Any, path: str, error: type[UsageError]) -> None:
    for send, name in (
        (lambda: items_of("Hi", message), "messages"),
        (lambda: sent(CompactContextRequest(model="m", input=["Hi", message])), "input"),
    ):
        with pytest.raises(UsageError) as caught:
            send()
        assert caught.value.field == f"{name}[1].{path}"
        assert isinstance(caught.value, UnsupportedOnTransport) == (error is UnsupportedOnTransport)


def test_positions_of_calls_in_a_stream_are_no_part_of_them() -> None:
    call = ToolCall(id="c", type="function", index=0, status="completed", function=FunctionCall(name="f"))
    assert items_of(Message(role="assistant", tool_calls=[call])) == [
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": ""}
    ]


# --- values that this route spells in its own way ---


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ("auto", "auto"),
        ({"type": "function", "function": {"name": "f"}}, {"type": "function", "name": "f"}),
        ({"function": {"name": "f"}}, {"type": "function", "name": "f"}),
    ],
)
def test_choices_of_tools(given_: Any, wanted: Any) -> None:
    assert flat_tool_choice(given_, "x") == wanted
    valid(wanted, "/components/schemas/ModelToolChoice")


@pytest.mark.parametrize("wrong", [5, None, {"type": "function"}, {"type": "function", "name": "f"}, ["auto"]])
def test_choices_of_tools_that_are_none(wrong: Any) -> None:
    with pytest.raises(UsageError) as caught:
        flat_tool_choice(wrong, "x")
    assert caught.value.field == "x"


SCHEMA = {"type": "object", "properties": {"schema": {"type": "string"}}}


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ({"type": "text"}, {"type": "text"}),
        ({"type": "json_object"}, {"type": "json_object"}),
        (
            {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}},
            {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True},
        ),
        (
            {"type": "json_schema", "json_schema": {"schema": SCHEMA}},
            {"type": "json_schema", "name": "answer", "schema": SCHEMA},
        ),
        (
            {"type": "json_schema", "json_schema": {"name": "", "schema": {}}},
            {"type": "json_schema", "name": "answer", "schema": {}},
        ),
        ({"type": "json_schema", "json_schema": SCHEMA}, {"type": "json_schema", "name": "answer", "schema": SCHEMA}),
    ],
)
def test_forms_of_answers(given_: Any, wanted: Any) -> None:
    assert text_format(given_, "x") == wanted
    valid(wanted, "/components/schemas/ModelResponseFormat")


def test_additional_output() -> None:
    given_ = ["web_search_call_output", "inline_citations", "code_execution_call_output", "from the future"]
    assert include_options(given_, "x") == [
        "web_search_call.action.sources", "code_interpreter_call.outputs", "from the future",
    ]  # fmt: skip
    for name in ("verbose_streaming", "attachment_search_call_output", "code_execution_files_output"):
        with pytest.raises(UnsupportedOnTransport) as caught:
            include_options(["inline_citations", name], "x")
        assert caught.value.field == "x[1]"
