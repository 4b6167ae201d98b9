"""Chat streams as events: examples of each."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, get_args

import attrs
import pytest

from xai_dual import events
from xai_dual._gen.fold.chat import FoldChatCompletion
from xai_dual.events import (
    ChatEvent,
    Citation,
    Done,
    EventReader,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallDone,
    ToolResult,
    UsageEvent,
    joined,
    text_of,
)
from xai_dual.types.chat import (
    ChatChunk,
    ChatCompletion,
    ChoiceChunk,
    CollectionsCitation,
    Delta,
    FunctionCall,
    InlineCitation,
    ToolCall,
    WebCitation,
    XCitation,
)
from xai_dual.types.shared import ServerSideToolUsageDetails, Usage


def part(index: int = 0, finish: str | None = None, **delta: Any) -> ChatChunk:
    return ChatChunk(choices=[ChoiceChunk(index=index, finish_reason=finish, delta=Delta(**delta))])


def call(
    id: str = "", name: str = "", arguments: str = "", index: int | None = None, type: str | None = "function"
) -> ToolCall:
    return ToolCall(id=id, type=type, index=index, function=FunctionCall(name=name, arguments=arguments))


def piece(index: int, arguments: str) -> ToolCall:
    return call(arguments=arguments, index=index, type=None)


def read(*chunks: ChatChunk) -> list[ChatEvent]:
    """All events of a stream; those of each chunk come with it."""
    reader, fold = EventReader(), FoldChatCompletion()
    found: list[ChatEvent] = []
    for chunk in chunks:
        found += reader.feed(chunk)
        fold.add(chunk)
    return found + reader.finish(fold.response())


def body(*chunks: ChatChunk) -> list[ChatEvent]:
    """The same without the last event."""
    found = read(*chunks)
    assert isinstance(found.pop(), Done)
    return found


def test_text_and_reasoning() -> None:
    found = body(
        part(role="assistant", reasoning_content="Let "),
        part(reasoning_content="me see."),
        ChatChunk(),
        part(content="It is ", reasoning_content="Yes."),
        part(content="303."),
        part(content="", finish="stop"),
    )
    assert found == [
        ReasoningDelta(text="Let ", index=0),
        ReasoningDelta(text="me see.", index=0),
        ReasoningDelta(text="Yes.", index=0),
        TextDelta(text="It is ", index=0),
        TextDelta(text="303.", index=0),
    ]
    assert joined(found) == [ReasoningDelta(text="Let me see.Yes.", index=0), TextDelta(text="It is 303.", index=0)]


def test_a_stream_of_nothing() -> None:
    assert read() == [Done(response=ChatCompletion())]
    assert read(ChatChunk(), ChatChunk(id="a")) == [Done(response=ChatCompletion(id="a"))]


def test_calls_in_pieces_and_whole() -> None:
    first, second = call("a", "f", '{"x": 1}'), call("b", "g", "")
    pieces = body(
        part(content="So:", tool_calls=[call("a", "f", "", 0)]),
        part(tool_calls=[piece(0, '{"x"')]),
        part(tool_calls=[piece(0, ""), piece(0, ": 1}")]),
        part(tool_calls=[call("b", "g", "", 1)]),
        part(finish="tool_calls"),
    )
    whole = body(
        part(content="So:"), part(tool_calls=[first]), part(tool_calls=[second]), part(tool_calls=[first]),
        part(finish="tool_calls", tool_calls=[first, second]), part(tool_calls=[second]),
    )  # fmt: skip
    assert whole == [
        TextDelta(text="So:", index=0),
        ToolCallDelta(index=0, position=0, id="a", name="f", arguments='{"x": 1}'),
        ToolCallDelta(index=0, position=1, id="b", name="g", arguments=""),
        ToolCallDone(index=0, position=0, call=first, arguments={"x": 1}),
        ToolCallDone(index=0, position=1, call=second, arguments=None),
    ]
    assert joined(pieces) == whole
    assert [event.arguments for event in pieces[1:4]] == ["", '{"x"', ": 1}"]  # type: ignore[union-attr]


def test_calls_end_with_the_stream_where_no_finish_reason_came() -> None:
    reader = EventReader()
    assert len(reader.feed(part(1, tool_calls=[call("b", "g", "{}")]))) == 1
    assert len(reader.feed(part(0, tool_calls=[call("a", "f", "{}", 0)]))) == 1
    done = [event for event in reader.finish(ChatCompletion()) if isinstance(event, ToolCallDone)]
    assert [(event.index, event.call.id) for event in done] == [(0, "a"), (1, "b")]


def test_id_and_name_as_far_as_known() -> None:
    found = body(
        part(tool_calls=[piece(7, "{")]),
        part(tool_calls=[call("a", "", "", 7)]),
        part(tool_calls=[call("a", "f", "}", 7)]),
        part(finish="tool_calls"),
    )
    deltas = [(e.id, e.name, e.arguments) for e in found if isinstance(e, ToolCallDelta)]
    assert deltas == [("", "", "{"), ("a", "", ""), ("a", "f", "}")]
    assert joined(found)[0] == ToolCallDelta(index=0, position=0, id="a", name="f", arguments="{}")
    assert joined(found)[1] == ToolCallDone(index=0, position=0, call=call("a", "f", "{}"), arguments={})


def test_calls_of_one_id_in_several_choices() -> None:
    found = body(*(part(i, "tool_calls", tool_calls=[call("a", f"f{i}", "{}")]) for i in (0, 1)))
    assert [(e.index, e.call.function.name) for e in found if isinstance(e, ToolCallDone)] == [(0, "f0"), (1, "f1")]


def test_what_comes_after_the_finish_reason() -> None:
    """A new call ends with the stream; a piece of one that is done is in the folded answer only."""
    found = read(
        part(tool_calls=[call("a", "f", "{", 0)], finish="tool_calls"),
        part(tool_calls=[piece(0, "}"), call("b", "g", "{}", 1)], content="!"),
    )
    assert found[2:5] == [
        TextDelta(text="!", index=0),
        ToolCallDelta(index=0, position=1, id="b", name="g", arguments="{}"),
        ToolCallDone(index=0, position=1, call=call("b", "g", "{}"), arguments={}),
    ]
    assert found[1] == ToolCallDone(index=0, position=0, call=call("a", "f", "{"), arguments=None)
    assert found[5].response.tool_calls[0] == call("a", "f", "{}")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("{}", {}),
        (' {"a": {"b": [1, null]}} ', {"a": {"b": [1, None]}}),
        ('{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        ("", None),
        ("{", None),
        ("[1]", None),
        ("null", None),
        ('"{}"', None),
        ("{} {}", None),
        ('{"a": NaN}', None),
        ('{"a": -Infinity}', None),
        ('{"a":' * 200_000, None),
    ],
)
def test_parsed_arguments(text: str, arguments: Any) -> None:
    done = body(part(tool_calls=[call("a", "f", text)], finish="tool_calls"))[1]
    assert isinstance(done, ToolCallDone)
    assert done.arguments == arguments


@pytest.mark.parametrize(("type", "runs_there"), [("function", False), (None, False), ("web_search_tool", True)])
def test_whose_tool_it_is(type: str | None, runs_there: bool) -> None:
    done = body(part(tool_calls=[call("a", "f", "{}", type=type)], finish="tool_calls"))[1]
    assert isinstance(done, ToolCallDone)
    assert done.server_side is runs_there


SEARCH = call("s", "web_search", '{"query": "cats"}', type="web_search_tool")


def test_a_run_of_a_server_side_tool() -> None:
    found = body(
        part(0, reasoning_content="Search."),
        part(0, tool_calls=[SEARCH]),
        part(0, "tool_calls"),
        part(1, role="tool", content="A page "),
        part(1, content="of cats", tool_calls=[SEARCH]),
        part(1, "stop"),
        part(1, "stop", role="tool", tool_calls=[SEARCH]),
        part(2, "stop", content="Cats."),
    )
    assert found == [
        ReasoningDelta(text="Search.", index=0),
        ToolCallDelta(index=0, position=0, id="s", name="web_search", arguments='{"query": "cats"}'),
        ToolCallDone(index=0, position=0, call=SEARCH, arguments={"query": "cats"}),
        ToolResult(index=1, call=SEARCH, content="A page of cats"),
        TextDelta(text="Cats.", index=2),
    ]


def test_a_result_comes_after_its_call_is_done() -> None:
    other = call("o", "x_search", "{}", type="x_search_tool")
    found = body(
        part(0, tool_calls=[other, SEARCH]),
        part(1, "stop", role="tool", tool_calls=[SEARCH], content="a"),
        part(0, "tool_calls"),
        part(2, role="tool", tool_calls=[other]),
        part(3, "stop", role="tool", content="b"),
    )
    last = [(event.type, event.call and event.call.id) for event in found[2:]]  # type: ignore[union-attr]
    assert last == [
        ("tool_call_done", "s"), ("tool_result", "s"), ("tool_call_done", "o"), ("tool_result", None),
        ("tool_result", "o"),
    ]  # fmt: skip


def test_citations() -> None:
    web = InlineCitation(id="1", start_index=0, end_index=4, web_citation=WebCitation(url="https://a"))
    post = InlineCitation(id="2", x_citation=XCitation(url="https://x"))
    passage = InlineCitation(id="3", collections_citation=CollectionsCitation(file_id="f"))
    found = body(
        ChatChunk(citations=["https://b", "https://a"]),
        part(content="Cats", citations=[web]),
        part(3, content="!", citations=[post, passage]),
        ChatChunk(citations=["https://a", "https://c"]),
    )
    assert found == [
        TextDelta(text="Cats", index=0),
        Citation(url="https://a", inline=web, index=0),
        TextDelta(text="!", index=3),
        Citation(url="https://x", inline=post, index=3),
        Citation(url="", inline=passage, index=3),
        *(Citation(url=f"https://{name}", inline=None, index=None) for name in "bac"),
    ]


def test_usage_is_the_last_one_that_says_anything() -> None:
    first, last = Usage(total_tokens=1), Usage(total_tokens=2, cost_in_usd_ticks=5)
    nothing = Usage(server_side_tool_usage_details=ServerSideToolUsageDetails(), server_side_tools_used=[])
    reports = [nothing, first, last, nothing, Usage(), None]
    assert body(*(ChatChunk(usage=usage) for usage in reports)) == [UsageEvent(usage=last)]
    assert body(ChatChunk(usage=Usage()), ChatChunk()) == []
    unknown = Usage.from_dict({"input_tokens": 3})
    assert body(ChatChunk(usage=unknown)) == [UsageEvent(usage=unknown)]


def test_after_the_end() -> None:
    reader = EventReader()
    reader.finish(ChatCompletion())
    with pytest.raises(ValueError, match="has ended"):
        reader.feed(ChatChunk())
    with pytest.raises(ValueError, match="has ended"):
        reader.finish(ChatCompletion())


def test_text_of_a_chunk() -> None:
    assert text_of(ChatChunk()) == ""
    assert text_of(part(2, content="a", role="assistant")) == "a"
    assert text_of(part(1, content="a", role="tool")) == ""
    several = [part(i, content=text, role=role).choices[0] for i, (text, role) in enumerate(["a-", "bt", "c-"])]
    assert text_of(ChatChunk(choices=several)) == "abc"


def test_the_classes() -> None:
    classes = get_args(ChatEvent)
    assert {cls.__name__ for cls in classes} <= set(events.__all__)
    assert len({cls.type for cls in classes}) == len(classes)
    assert {name for name in dir(events) if not name.startswith("_")} >= set(events.__all__)
    event = TextDelta(text="a", index=0)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.text = "b"  # type: ignore[misc]
    assert not any(hasattr(cls(**dict.fromkeys(attrs.fields_dict(cls))), "__dict__") for cls in classes)
    with pytest.raises(TypeError):
        TextDelta("a", 0)  # type: ignore[misc]


def test_importing_is_light() -> None:
    code = "import sys, xai_dual.events; sys.exit(any(n.startswith('xai_dual.types') for n in sys.modules))"
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], check=False).returncode == 0
