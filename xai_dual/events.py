"""A chat stream as events: pure, and the same sequence on both wires, however a server cut the answer into chunks.

Tool calls come in pieces on REST and whole on gRPC, sources in any chunk, usage in one chunk or in all of them. The
rules that make one sequence of it:

- Text, reasoning, inline citations and pieces of calls are given as they come. What one chunk has for a choice is given
  in the order in which models speak: reasoning, text and its citations, calls.
- A call is done when nothing can be added to it: at its choice's finish reason. Before that a piece of an earlier call
  may follow the begin of a later one. All calls of a choice are then done in the order in which they began, and
  `position` counts in that order, as `message.tool_calls` does in the folded answer.
- The result of a server-side tool is given at its entry's finish reason, and after its call is done.
- What no finish reason has ended ends with the stream. Last come the sources of the whole answer, its usage and `Done`.

Deltas are cut as the chunks were; `joined` undoes that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, TypeAlias

import attrs

from .accumulate import Text, ToolCalls
from .model import Model

if TYPE_CHECKING:
    from .types.chat import ChatChunk, ChatCompletion, Delta, InlineCitation, ToolCall
    from .types.shared import Usage

__all__ = [
    "ChatEvent",
    "Citation",
    "Done",
    "EventReader",
    "ReasoningDelta",
    "TextDelta",
    "ToolCallDelta",
    "ToolCallDone",
    "ToolResult",
    "UsageEvent",
    "joined",
    "text_of",
]


@attrs.frozen(kw_only=True)
class TextDelta:
    """The answer goes on."""

    type: ClassVar[Literal["text_delta"]] = "text_delta"

    text: str
    """What to append; never empty."""
    index: int
    """The choice."""


@attrs.frozen(kw_only=True)
class ReasoningDelta:
    """The reasoning goes on, where the model shows it."""

    type: ClassVar[Literal["reasoning_delta"]] = "reasoning_delta"

    text: str
    """What to append; never empty."""
    index: int
    """The choice."""


@attrs.frozen(kw_only=True)
class ToolCallDelta:
    """A tool call begins or goes on. Every call has at least one, also where there are no arguments."""

    type: ClassVar[Literal["tool_call_delta"]] = "tool_call_delta"

    index: int
    """The choice."""
    position: int
    """Place of the call among those of its choice."""
    id: str
    """Id of the call, as far as known; "" until it comes."""
    name: str
    """Name of the function, as far as known; "" until it comes."""
    arguments: str
    """What to append to the text of the arguments."""


@attrs.frozen(kw_only=True)
class ToolCallDone:
    """A tool call is whole. Once for each call."""

    type: ClassVar[Literal["tool_call_done"]] = "tool_call_done"

    index: int
    """The choice."""
    position: int
    """Place of the call among those of its choice."""
    call: ToolCall
    """The whole call, as in the folded answer."""
    arguments: dict[str, Any] | None
    """The parsed arguments; None if their text is no JSON object."""

    @property
    def server_side(self) -> bool:
        """Whether the service runs the tool itself, so that there is nothing for the caller to run."""
        return self.call.type not in (None, "", "function")


@attrs.frozen(kw_only=True)
class ToolResult:
    """What a server-side tool gave back, where the service shows it: see `include` of the request."""

    type: ClassVar[Literal["tool_result"]] = "tool_result"

    index: int
    """The entry that holds the result; not the one that holds the call."""
    call: ToolCall | None
    """The call that this answers, as the entry repeats it; None if it does not."""
    content: str
    """The whole result."""


@attrs.frozen(kw_only=True)
class Citation:
    """A source: one of the whole answer, each address once, or one with its place in the text."""

    type: ClassVar[Literal["citation"]] = "citation"

    url: str
    """Address of the source; "" for an inline citation that has none, such as a passage of a stored document."""
    inline: InlineCitation | None
    """The source with its place in the text; None for a source of the whole answer."""
    index: int | None
    """The choice that an inline citation is in; None for a source of the whole answer."""


@attrs.frozen(kw_only=True)
class UsageEvent:
    """Tokens and cost of the call. Once at the end, if the service reported any."""

    type: ClassVar[Literal["usage"]] = "usage"

    usage: Usage
    """The last report that says anything."""


@attrs.frozen(kw_only=True)
class Done:
    """The stream has ended: always the last event."""

    type: ClassVar[Literal["done"]] = "done"

    response: ChatCompletion
    """The answer, folded from all chunks."""


ChatEvent: TypeAlias = (
    TextDelta | ReasoningDelta | ToolCallDelta | ToolCallDone | ToolResult | Citation | UsageEvent | Done
)
"""What a chat stream tells. Tell the kinds apart by class or by `type`."""


class EventReader:
    """Reads the chunks of one stream into events; does no I/O, changes no chunk, and takes time linear in the stream.

    A piece that comes for a call which is done already breaks the protocol: it gives no event, and is in the folded
    answer only.
    """

    __slots__ = ("_calls", "_ended", "_entries", "_urls", "_usage")

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._calls: dict[str, _Call] = {}  # of all entries, by id
        self._urls: dict[str, None] = {}  # ordered and without repeats
        self._usage: Usage | None = None
        self._ended = False

    def feed(self, chunk: ChatChunk) -> list[ChatEvent]:
        """The events that a chunk makes; none for a heartbeat. Raises ValueError after `finish`."""
        self._check_open()
        events: list[ChatEvent] = []
        for part in chunk.choices:
            entry = self._entries.get(part.index)
            if entry is None:
                entry = self._entries[part.index] = _Entry(part.index, self._calls)
            events.extend(entry.read(part.delta))
            if part.finish_reason:
                events.extend(self._end(entry))
        self._urls.update(dict.fromkeys(chunk.citations))
        if chunk.usage is not None and _says_anything(chunk.usage):
            self._usage = chunk.usage
        return events

    def finish(self, response: ChatCompletion) -> list[ChatEvent]:
        """The last events. `response` is the answer that the chunks fold into; a part of one, if the stream broke.

        Raises ValueError if called again.
        """
        self._check_open()
        self._ended = True
        events = [event for _, entry in sorted(self._entries.items()) for event in self._end(entry)]
        events.extend(Citation(url=url, inline=None, index=None) for url in self._urls)
        if self._usage is not None:
            events.append(UsageEvent(usage=self._usage))
        events.append(Done(response=response))
        return events

    def _check_open(self) -> None:
        if self._ended:
            raise ValueError("the stream has ended: its last event was given")

    def _end(self, entry: _Entry) -> Iterator[ChatEvent]:
        """What an entry makes when it ends."""
        yield from entry.end_calls()
        result = entry.end_result()
        if result is not None:
            call = self._calls.get(result.call.id) if result.call is not None else None
            if call is not None and not call.done:
                yield call.end()
            yield result


class _Entry:
    """One choice of the stream: an answer, or a step to it by a server-side tool."""

    __slots__ = ("_asked", "_began", "_by_id", "_by_index", "_calls", "_content", "_given", "_index", "_open", "_role")

    def __init__(self, index: int, calls: dict[str, _Call]) -> None:
        self._index = index
        self._calls = calls
        self._role: str | None = None
        self._began = 0
        self._open: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._given = False
        self._asked: ToolCall | None = None
        self._content: Text | None = None

    def read(self, delta: Delta) -> Iterator[ChatEvent]:
        """What a chunk adds."""
        self._role = delta.role or self._role
        is_result = self._role == "tool"
        if delta.reasoning_content:
            yield ReasoningDelta(text=delta.reasoning_content, index=self._index)
        if delta.content and not is_result:
            yield TextDelta(text=delta.content, index=self._index)
        for source in delta.citations or ():
            yield Citation(url=_url(source), inline=source, index=self._index)
        if is_result:
            self._read_result(delta)
            return
        for piece in delta.tool_calls:
            event = self._read_call(piece)
            if event is not None:
                yield event

    def end_calls(self) -> list[ToolCallDone]:
        """The calls that are not done yet are."""
        ended = [call.end() for call in self._open if not call.done]
        self._open.clear()
        return ended

    def end_result(self) -> ToolResult | None:
        """The result that this entry holds, if it was not given yet."""
        if self._content is None:
            return None
        result = ToolResult(index=self._index, call=self._asked, content=self._content.value())
        self._content = None
        return result

    def _read_call(self, piece: ToolCall) -> ToolCallDelta | None:
        """By the rules of `ToolCalls`: pieces of one index are one call, one without is whole and may be a repeat."""
        if piece.index is not None:
            call = self._by_index.get(piece.index)
            if call is None:
                call = self._by_index[piece.index] = self._new_call()
        elif piece.id and piece.id in self._by_id:
            return None
        else:
            call = self._new_call()
        event = call.add(piece)
        if call.id:
            self._by_id[call.id] = self._calls[call.id] = call
        return event

    def _new_call(self) -> _Call:
        call = _Call(self._index, self._began)
        self._began += 1
        self._open.append(call)
        return call

    def _read_result(self, delta: Delta) -> None:
        if self._content is None and (delta.content or not self._given):  # a bare repeat is no second result
            self._content = Text()
            self._given = True
        if self._content is not None:
            self._content.add(delta.content)
        if self._asked is None and delta.tool_calls:
            self._asked = attrs.evolve(delta.tool_calls[0], index=None)


class _Call:
    """One tool call while it arrives."""

    __slots__ = ("_index", "_name", "_pieces", "_position", "done", "id")

    def __init__(self, index: int, position: int) -> None:
        self._index = index
        self._position = position
        self._pieces: ToolCalls[ToolCall] = ToolCalls()  # all of this call
        self._name: str | None = None
        self.id: str | None = None
        self.done = False

    def add(self, piece: ToolCall) -> ToolCallDelta | None:
        """Take in a piece; None if it tells nothing new."""
        if self.done:
            return None
        known = (self.id, self._name)
        self._pieces.add((piece,))
        self.id = self.id or piece.id
        self._name = self._name or piece.function.name
        new = piece.function.arguments
        if not new and known == (self.id, self._name):
            return None
        return ToolCallDelta(index=self._index, position=self._position, id=self.id, name=self._name, arguments=new)

    def end(self) -> ToolCallDone:
        """No more pieces: the call is whole."""
        self.done = True
        (call,) = self._pieces.value()
        arguments = _object(call.function.arguments)
        return ToolCallDone(index=self._index, position=self._position, call=call, arguments=arguments)


def joined(events: Iterable[ChatEvent]) -> list[ChatEvent]:
    """The events with adjacent deltas of one text, one reasoning or one call made one.

    What is left is equal on both wires where choices and calls come one after the other. Where choices come side by
    side, the events of each choice are.
    """
    result: list[ChatEvent] = []
    for place, group in groupby(events, _place):
        run = list(group)
        if place is None or len(run) == 1:
            result.extend(run)
            continue
        last: Any = run[-1]  # it knows the most of id and name
        field = "arguments" if isinstance(last, ToolCallDelta) else "text"
        result.append(attrs.evolve(last, **{field: "".join([getattr(event, field) for event in run])}))
    return result


def text_of(chunk: ChatChunk, *, only: int | None = None) -> str:
    """The text that a chunk adds to the answer, in all its choices or in one, without results of server-side tools.

    It goes by the roles that this one chunk tells; an `EventReader` also knows those that earlier ones told.
    """
    parts = [part for part in chunk.choices if only is None or part.index == only]
    return "".join([part.delta.content for part in parts if part.delta.role != "tool"])


def _place(event: ChatEvent) -> tuple[object, ...] | None:
    """What a delta adds to; None for other events."""
    if isinstance(event, (TextDelta, ReasoningDelta, ToolCallDelta)):
        return (event.type, event.index, getattr(event, "position", None))
    return None


def _url(source: InlineCitation) -> str:
    page = source.web_citation or source.x_citation
    return page.url if page is not None else ""


def _says_anything(value: Any) -> bool:
    """Whether any field of a report is more than its zero: some servers send an empty one with every chunk."""
    if isinstance(value, Model):
        fields: Any = attrs.fields
        return any(_says_anything(getattr(value, field.name)) for field in fields(value.__class__))
    return bool(value)


def _object(text: str) -> dict[str, Any] | None:
    """The JSON object that a model wrote; None if it wrote anything else."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
