"""Chat streams as events: one sequence however an answer was cut into chunks, nothing lost or doubled, linear cost."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_dual import Client, Model, same
from xai_dual.emulator import Server, serve
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
from xai_dual.types.chat import ChatChunk, ChatCompletion, ChoiceChunk, Delta, FunctionCall, ToolCall, WebSearch
from xai_dual.types.shared import Usage

from .test_events import call, part, piece, read

Segments = list[tuple[str, Any]]
Answer = list[tuple[Segments, str | None]]
"""For each choice what it says, as pairs of a delta's field and the value, and its finish reason."""

FIELDS = ("reasoning_content", "content", "tool_calls")
URLS = ["https://a", "https://b", "https://c"]
USAGE = Usage(total_tokens=9)
texts = st.text(min_size=1, max_size=6)
objects = st.dictionaries(texts, st.integers() | texts, max_size=2)
seeds = st.integers(0, 2**32)
"""Of a Random that does the cutting: drawing every cut from hypothesis takes ten times as long."""


@st.composite
def segments(draw: Callable[..., Any]) -> Segments:
    kinds = draw(st.lists(st.sampled_from(FIELDS), max_size=5))
    arguments = objects.map(json.dumps) | st.text(max_size=5)
    return [
        (k, call(f"id{i}", draw(texts), draw(arguments)) if k == "tool_calls" else draw(texts))
        for i, k in enumerate(kinds)
    ]


answers = st.lists(st.tuples(segments(), st.sampled_from(["stop", None])), max_size=3)


def expected(index: int, said: Segments) -> tuple[list[ChatEvent], list[ChatEvent]]:
    """The joined deltas of a choice, and the ends of its calls."""
    deltas: list[ChatEvent] = []
    done: list[ChatEvent] = []
    for field, value in said:
        place = {"index": index, "position": len(done)}
        if field == "tool_calls":
            text = value.function.arguments
            deltas.append(ToolCallDelta(**place, id=value.id, name=value.function.name, arguments=text))
            done.append(ToolCallDone(**place, call=value, arguments=parsed(text)))
        else:
            deltas.append((TextDelta if field == "content" else ReasoningDelta)(text=value, index=index))
    return joined(deltas), done


def parsed(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def slices(text: str, rng: Random) -> list[str]:
    """Pieces that make the text; some may be empty."""
    at = sorted(rng.randint(0, len(text)) for _ in range(rng.randint(0, 3)))
    return [text[a:b] for a, b in zip([0, *at], [*at, len(text)], strict=True)]


def call_pieces(whole: ToolCall, index: int, rng: Random) -> list[ToolCall]:
    """As REST sends a call: id and name first, then only text."""
    first, *rest = slices(whole.function.arguments, rng)
    function = FunctionCall(name=whole.function.name, arguments=first)
    return [attrs.evolve(whole, index=index, function=function), *(piece(index, text) for text in rest)]


def atoms(said: Segments, in_pieces: bool, rng: Random) -> Iterator[tuple[str, Any]]:
    """What the deltas of a choice are made of."""
    calls: list[ToolCall] = []
    for field, value in said:
        if field != "tool_calls":
            yield from ((field, text) for text in slices(value, rng))
            continue
        calls.append(value)
        if in_pieces:
            yield from ((field, [one]) for one in call_pieces(value, len(calls) - 1, rng))
        else:
            yield field, [copy.deepcopy(value)]
            if rng.random() < 0.3:
                yield field, [copy.deepcopy(rng.choice(calls))]  # a repeat


def parts(index: int, said: Segments, finish: str | None, in_pieces: bool, rng: Random) -> list[ChoiceChunk]:
    """A choice in any number of parts; a part holds things in the order of FIELDS."""
    deltas: list[dict[str, Any]] = [{}]
    for field, value in atoms(said, in_pieces, rng):
        if rng.random() < 0.5 or any(FIELDS.index(name) > FIELDS.index(field) for name in deltas[-1]):
            deltas.append({})
        deltas[-1][field] = deltas[-1][field] + value if field in deltas[-1] else value
    deltas += [{}] * rng.randint(0, 2)
    found = [ChoiceChunk(index=index, delta=Delta(role="assistant", **delta)) for delta in deltas]
    found[-1].finish_reason = finish
    return found


def stream(answer: Answer, in_pieces: bool, side_by_side: bool, rng: Random) -> list[ChatChunk]:
    """The chunks of an answer with URLS and USAGE, with heartbeats between them."""
    queues = [parts(i, said, finish, in_pieces, rng) for i, (said, finish) in enumerate(answer)]
    chunks = [ChatChunk()]
    while waiting := [queue for queue in queues if queue]:
        item = (rng.choice(waiting) if side_by_side else waiting[0]).pop(0)
        if rng.random() < 0.7:
            chunks += [ChatChunk() for _ in range(rng.randint(1, 2))]
        chunks[-1].choices.append(item)
    reported, cited = rng.randrange(len(chunks)), 0
    for i, chunk in enumerate(chunks):
        chunk.usage = rng.choice([None, Usage(), USAGE if i > reported else Usage(total_tokens=1)])
        cited = rng.randint(cited, len(URLS))
        chunk.citations = rng.choice([[], URLS[:cited]])
    chunks[reported].usage = USAGE
    chunks[-1].citations = URLS[:]
    return chunks


def check(found: Sequence[ChatEvent]) -> None:
    """What holds for any stream: nothing of a call after its end, one end for each, and the end is the end."""
    begun: dict[tuple[int, int], str] = {}
    ended: set[tuple[int, int]] = set()
    called: set[str] = set()  # ids of calls that began
    whole: set[str] = set()  # and of those that are done
    for event in found:
        if isinstance(event, ToolCallDelta):
            place = (event.index, event.position)
            assert place not in ended
            begun[place] = begun.get(place, "") + event.arguments
            called.add(event.id)
        elif isinstance(event, ToolCallDone):
            place = (event.index, event.position)
            assert begun[place] == event.call.function.arguments
            assert event.arguments == parsed(begun[place])
            assert place not in ended
            ended.add(place)
            whole.add(event.call.id)
        elif isinstance(event, ToolResult) and event.call is not None and event.call.id:
            assert event.call.id in whole or event.call.id not in called
    assert ended == begun.keys()
    assert [event for event in found if isinstance(event, Done)] == [found[-1]]
    assert sum(isinstance(event, UsageEvent) for event in found) <= 1


def in_turn(choices: list[tuple[list[ChatEvent], list[ChatEvent]]], finish: list[str | None]) -> Iterator[ChatEvent]:
    """The events of choices one after the other: without a finish reason calls end behind everything else."""
    late: list[ChatEvent] = []
    for (deltas, done), reason in zip(choices, finish, strict=True):
        yield from deltas
        if reason:
            yield from done
        else:
            late += done
    yield from late


@given(answers, st.booleans(), seeds)
def test_one_sequence_however_an_answer_was_cut(answer: Answer, side_by_side: bool, seed: int) -> None:
    rng = Random(seed)
    wanted = [expected(i, said) for i, (said, _) in enumerate(answer)]
    responses = []
    for in_pieces in (False, True):
        chunks = stream(answer, in_pieces, side_by_side, rng)
        before = copy.deepcopy(chunks)
        found = read(*chunks)
        assert chunks == before
        check(found)
        for i, (deltas, done) in enumerate(wanted):
            assert joined(event for event in found if getattr(event, "index", None) == i) == [*deltas, *done]
        responses.append(found[-1].response.choices)  # type: ignore[union-attr]
        tail = [*(Citation(url=url, inline=None, index=None) for url in URLS), UsageEvent(usage=USAGE), found[-1]]
        assert found[-5:] == tail
        if not side_by_side:
            assert joined(found) == [*in_turn(wanted, [finish for _, finish in answer]), *tail]
            text = "".join(value for said, _ in answer for field, value in said if field == "content")
            assert "".join(map(text_of, chunks)) == text
    assert same(*responses)


@given(st.lists(st.tuples(texts, objects), max_size=4), seeds)
def test_calls_side_by_side(wanted: list[tuple[str, dict[str, Any]]], seed: int) -> None:
    """Their pieces may come in any order that keeps those of each."""
    rng = Random(seed)
    whole = [call(f"id{i}", name, json.dumps(arguments)) for i, (name, arguments) in enumerate(wanted)]
    queues = [call_pieces(item, 3 * i, rng) for i, item in enumerate(whole)]
    chunks = []
    while waiting := [queue for queue in queues if queue]:
        chunks.append(part(tool_calls=[rng.choice(waiting).pop(0)]))
    found = read(*chunks, part(finish="tool_calls"))
    check(found)
    done = [event for event in found if isinstance(event, ToolCallDone)]
    answer: ChatCompletion = found[-1].response  # type: ignore[union-attr]
    assert [event.call for event in done] == (answer.tool_calls if wanted else [])
    assert [event.position for event in done] == list(range(len(wanted)))
    assert {event.call.id: (event.call.function.name, event.arguments) for event in done} == {
        f"id{i}": item for i, item in enumerate(wanted)
    }


ids = st.sampled_from(["", "a", "b"])
any_calls = st.builds(call, ids, ids, texts | st.just(""), st.none() | st.integers(0, 1))
any_parts = st.builds(
    lambda index, finish, text, calls: ChoiceChunk(
        index=index,
        finish_reason=finish,
        delta=Delta(content=text, reasoning_content=text, tool_calls=calls, role="tool" if index == 2 else None),
    ),
    st.integers(0, 2), st.sampled_from([None, None, "stop"]), texts | st.just(""), st.lists(any_calls, max_size=2),
)  # fmt: skip


@given(st.lists(st.lists(any_parts, max_size=2), max_size=8))
def test_whatever_comes(groups: list[list[ChoiceChunk]]) -> None:
    """Nothing raises, and nothing is lost but late pieces of calls."""
    found = read(*(ChatChunk(choices=group) for group in groups))
    check(found)
    answer: ChatCompletion = found[-1].response  # type: ignore[union-attr]
    for choice in answer.choices:
        mine = [event for event in found if getattr(event, "index", None) == choice.index]
        said = [e.text for e in mine if isinstance(e, TextDelta)] + [
            e.content for e in mine if isinstance(e, ToolResult)
        ]
        assert "".join(said) == choice.message.content
        assert "".join(e.text for e in mine if isinstance(e, ReasoningDelta)) == choice.message.reasoning_content
        if choice.index == 2:
            continue
        done = sorted((e for e in mine if isinstance(e, ToolCallDone)), key=lambda e: e.position)
        whole = [one.function.arguments for one in choice.message.tool_calls]
        assert len(done) == len(whole)
        assert all(text.startswith(e.call.function.arguments) for text, e in zip(whole, done, strict=True))


def long_stream(count: int) -> Iterator[ChatChunk]:
    """Text, reasoning, pieces of one call, and more and more calls, results and sources."""
    for i in range(count // 5):
        yield part(content="x", reasoning_content="y")
        yield part(tool_calls=[call("a", "f", "", 0) if i == 0 else piece(0, "z")])
        yield part(1, "tool_calls", tool_calls=[call(f"id{i}", "f", "{}")])
        yield part(2, "stop", role="tool", content="r", tool_calls=[call(f"id{i}", "f", "{}")])
        yield ChatChunk(citations=[f"https://{i}"], usage=Usage(total_tokens=i))


def steps(run: Callable[[], object]) -> tuple[int, int]:
    """Lines of Python and calls that it takes, and how many of these join strings."""
    count = joins = 0

    def note(frame: object, event: str, argument: Any) -> Any:
        nonlocal count, joins
        count += 1
        joins += event == "c_call" and argument.__name__ == "join"
        return note

    tracing, profiling = sys.gettrace(), sys.getprofile()
    sys.setprofile(note)
    sys.settrace(note)
    try:
        run()
    finally:
        sys.settrace(tracing)
        sys.setprofile(profiling)
    return count, joins


def test_linear_cost() -> None:
    def cost(count: int) -> int:
        chunks = list(long_stream(count))
        found: list[ChatEvent] = []

        def run() -> None:
            reader = EventReader()
            for chunk in chunks:
                found.extend(reader.feed(chunk))
            found.extend(reader.finish(ChatCompletion()))

        reading, joins = steps(run)
        assert joins == 1, "the arguments of the long call, when it is done"
        return reading + steps(lambda: joined(found))[0]

    small, large = cost(200), cost(2_000)
    assert large < 10.5 * small
    assert cost(20_000) < 10.5 * large


# ---- the emulator, over both wires


@pytest.fixture(scope="module")
def emulator() -> Iterator[Server]:
    with serve() as server:
        yield server


def ask(server: Server, transport: Any, **request: Any) -> list[ChatEvent]:
    split = {"x-emulator-split-tool-calls": "1"}
    client = Client(base_url=server.url, api_key=server.api_key, transport=transport, headers=split)
    with client, client.chat.stream(**request) as stream:
        reader = EventReader()
        found = [event for chunk in stream for event in reader.feed(chunk)]
        return found + reader.finish(stream.response)


def alike(a: Iterable[ChatEvent], b: Iterable[ChatEvent]) -> bool:
    """Equal in all that both wires carry."""
    plain = [[(type(e), *(getattr(e, f.name) for f in attrs.fields(type(e)))) for e in found] for found in (a, b)]
    return same(*([list(event) for event in found] for found in plain))


TOOLS = [
    {
        "type": "function",
        "function": {"name": name, "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
    for name in ("get_weather", "get_time")
]
ASKED: dict[str, dict[str, Any]] = {
    "text": {"messages": "What is 101*3?"},
    "calls": {"messages": "Call get_time and get_weather for Paris", "tools": TOOLS},
    "choices": {"messages": "Call get_time and get_weather for Paris", "tools": TOOLS, "n": 2},
    "cut": {"model": "grok-3", "messages": "Count to 50", "max_tokens": 7, "n": 3},
    "search": {"messages": "Search the web for cats", "search_parameters": {"mode": "on", "return_citations": True}},
}


@pytest.mark.parametrize("name", ASKED)
def test_both_wires_of_the_emulator(emulator: Server, name: str) -> None:
    found = [ask(emulator, transport, **{"model": "grok-4", **ASKED[name]}) for transport in ("grpc", "rest")]
    assert alike(*map(joined, found))
    for events in found:
        check(events)
    kinds = {event.type for event in found[0]}
    assert kinds >= {"text": {"text_delta"}, "cut": {"text_delta"}, "search": {"citation"}}.get(
        name, {"tool_call_done"}
    )
    assert isinstance(found[0][-2], UsageEvent)


def test_server_side_tools_of_the_emulator(emulator: Server) -> None:
    include = ["web_search_call_output", "inline_citations"]
    request = {"model": "grok-4", "messages": "Search the web for cats", "tools": [WebSearch()], "include": include}
    found = ask(emulator, "grpc", **request)
    check(found)
    kinds = " ".join(dict.fromkeys(event.type for event in found))
    assert kinds == "reasoning_delta tool_call_delta tool_call_done tool_result text_delta citation usage done"
    (done,) = [event for event in found if isinstance(event, ToolCallDone)]
    (result,) = [event for event in found if isinstance(event, ToolResult)]
    assert done.server_side
    assert isinstance(result.call, Model)
    assert result.call.id == done.call.id
    cited = [event for event in found if isinstance(event, Citation)]
    assert {event.url for event in cited if event.inline} == {event.url for event in cited if not event.inline}
