"""Chat over `/v1/responses`: its output items and events as the completions and chunks that the other ways give.

One answer is a list of entries, as on gRPC: for each run of a tool of the service its call and, where it is shown, its
result; then the text. A whole answer is read as if all of it came in one event.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .._policy import error_from_payload
from .server_runs import run_of

if TYPE_CHECKING:
    from ..types.chat import ChatChunk, ChatCompletion, ChoiceChunk, CompactedChat, InlineCitation
    from ..types.responses import Annotation, Response

__all__ = ["AnswerReader", "ChunkReader", "CompactReader"]

_CUT = {
    "max_output_tokens": "length",
    "max_prompt_tokens": "context_length",
    "max_time_limit": "time_limit",
}


class AnswerReader:
    """Reads the answer to one request."""

    def __init__(self, request: Any) -> None:
        self._request = request

    def __call__(self, d: Mapping[str, Any]) -> ChatCompletion:
        from .._gen.fold.chat import FoldChatCompletion

        fold = FoldChatCompletion()
        chunk = ChunkReader(self._request)({"type": "response.completed", "response": d})
        if chunk is not None:
            fold.add(chunk)
        return fold.response()


class CompactReader:
    """Reads a condensed conversation."""

    def __init__(self, request: Any) -> None:
        pass

    def __call__(self, d: Mapping[str, Any]) -> CompactedChat:
        from .._gen.json.responses import decode_compacted_response
        from .._gen.json.shared import decode_usage_compact
        from ..types.chat import CompactedChat
        from ..types.responses import CompactionItem
        from ..types.shared import Usage

        answer = decode_compacted_response(d)
        sealed = (item.encrypted_content for item in answer.output if isinstance(item, CompactionItem))
        usage = d.get("usage")
        if isinstance(usage, Mapping):  # one of the counts is of messages
            usage = decode_usage_compact({k: v for k, v in usage.items() if k != "dropped_message_count"})
        return CompactedChat(
            id=answer.id,
            encrypted_content=next(sealed, None) or "",
            dropped_message_count=answer.usage.dropped_message_count if answer.usage else 0,
            usage=usage if isinstance(usage, Usage) else None,
        )


class ChunkReader:
    """Reads the events of the answer to one request, in the order in which they come."""

    def __init__(self, request: Any) -> None:
        include = getattr(request, "include", ())  # of a stored answer nobody knows what was asked for
        self._inline = not hasattr(request, "include") or "inline_citations" in (include or ())
        self._logprobs = bool(getattr(request, "logprobs", True))
        self._head: dict[str, Any] = {}
        self._entry = 0  # the index of the entry that is being written
        self._length = 0  # of its text so far
        self._calls = 0  # calls of functions in it so far
        self._items: dict[int, _Item] = {}  # by position in the output

    def __call__(self, d: Mapping[str, Any]) -> ChatChunk | None:
        """The chunk that an event makes; None where it adds nothing."""
        from .._gen.json.responses import decode_response_event

        event = decode_response_event(d)
        handle = _HANDLERS.get(type(event).__name__)
        return handle(self, event, d) if handle else None

    # --- events ---

    def _begun(self, event: Any, d: Mapping[str, Any]) -> ChatChunk | None:
        if self._head:
            return None
        self._take_head(event.response)
        return self._chunk([])

    def _text(self, event: Any, d: Mapping[str, Any]) -> ChatChunk:
        known = self._item(event.output_index)
        known.told.add(event.content_index)
        known.begins.setdefault(event.content_index, self._length)
        self._length += len(event.delta)
        return self._chunk([self._delta(content=event.delta, logprobs=event.logprobs)])

    def _summary(self, event: Any, d: Mapping[str, Any]) -> ChatChunk | None:
        return self._thought(event, "summary")

    def _reasoning(self, event: Any, d: Mapping[str, Any]) -> ChatChunk | None:
        return self._thought(event, "content")

    def _thought(self, event: Any, kind: str) -> ChatChunk | None:
        """Reasoning may come in full and summed up: the one that comes first counts."""
        item = self._item(event.output_index)
        if {"summary", "content"} - {kind} & item.told:
            return None
        item.told.add(kind)
        return self._chunk([self._delta(reasoning=event.delta)])

    def _annotation(self, event: Any, d: Mapping[str, Any]) -> ChatChunk:
        known = self._item(event.output_index)
        known.annotations[event.content_index] += 1
        begin = known.begins.get(event.content_index, self._length)
        return self._cited([event.annotation], self._placed([event.annotation], begin))

    def _added(self, event: Any, d: Mapping[str, Any]) -> ChatChunk | None:
        item = event.item
        if type(item).__name__ != "FunctionToolCall":
            return None
        known = self._item(event.output_index)
        known.call, self._calls = self._calls, self._calls + 1
        if item.arguments:  # the call may come whole
            known.told.add("arguments")
        return self._chunk([self._delta(calls=[self._call(known.call, item.call_id, item.name, item.arguments)])])

    def _arguments(self, event: Any, d: Mapping[str, Any]) -> ChatChunk | None:
        known = self._item(event.output_index)
        if known.call is None:
            return None  # they come whole with the item
        known.told.add("arguments")
        return self._chunk([self._delta(calls=[self._call(known.call, "", "", event.delta)])])

    def _done(self, event: Any, d: Mapping[str, Any]) -> ChatChunk | None:
        choices, annotations = self._finish_item(event.item, event.output_index)
        return self._cited(annotations, choices) if choices or annotations else None

    def _ended(self, event: Any, d: Mapping[str, Any]) -> ChatChunk:
        from .._gen.json.shared import decode_usage_responses

        response: Response = event.response
        self._take_head(response)
        if response.status == "failed":
            failure = response.error if isinstance(response.error, Mapping) else {}
            raise error_from_payload({"error": {"message": "The response failed.", **failure}})
        choices: list[ChoiceChunk] = []
        annotations: list[Annotation] = []
        for position, item in enumerate(response.output):
            more, cited = self._finish_item(item, position)
            choices += more
            annotations += cited
        reason: str | None = "tool_calls" if self._calls else "stop"
        if response.status in ("in_progress", "queued"):  # of a stored one
            reason = None
        elif response.status == "incomplete":
            why = response.incomplete_details.reason if response.incomplete_details else ""
            reason = _CUT.get(why, why) or "length"
        choices.append(self._delta(finish_reason=reason))
        raw = d["response"].get("usage") if isinstance(d.get("response"), Mapping) else None
        usage = decode_usage_responses(raw) if isinstance(raw, Mapping) else None
        return self._cited(annotations, choices, usage)

    # --- items ---

    def _finish_item(self, item: Any, position: int) -> tuple[list[ChoiceChunk], list[Annotation]]:
        """What an item that is done adds to what its events have told."""
        known = self._item(position)
        if known.done:
            return [], []
        known.done = True
        finish = _FINISHERS.get(type(item).__name__)
        if finish is not None:
            return finish(self, item, known)
        run = run_of(item, self._head.get("id", ""))
        if run is None:
            return [], []
        choices = [self._delta(calls=[run.call], finish_reason="tool_calls")]
        self._next_entry()
        if run.output is not None:
            result = self._delta(role="tool", content=run.output, calls=[run.call], finish_reason="stop")
            choices.append(result)
            self._next_entry()
        return choices, []

    def _next_entry(self) -> None:
        self._entry, self._length = self._entry + 1, 0

    def _finish_message(self, item: Any, known: _Item) -> tuple[list[ChoiceChunk], list[Annotation]]:
        choices, annotations = [], []
        for position, part in enumerate(item.content):
            if type(part).__name__ == "OutputRefusal":
                choices.append(self._delta(refusal=part.refusal))
            elif type(part).__name__ == "OutputText":
                if position not in known.told:
                    known.begins[position] = self._length
                    self._length += len(part.text)
                    choices.append(self._delta(content=part.text, logprobs=part.logprobs))
                left = part.annotations[known.annotations[position] :]
                choices += self._placed(left, known.begins[position])
                annotations += left
        return choices, annotations

    def _finish_reasoning(self, item: Any, known: _Item) -> tuple[list[ChoiceChunk], list[Annotation]]:
        text = "" if known.told else "".join(part.text for part in item.content or item.summary)
        if not text and not item.encrypted_content:
            return [], []
        return [self._delta(reasoning=text, sealed=item.encrypted_content or "")], []

    def _finish_function(self, item: Any, known: _Item) -> tuple[list[ChoiceChunk], list[Annotation]]:
        if known.call is None:
            known.call, self._calls = self._calls, self._calls + 1
        elif "arguments" in known.told:
            return [], []
        return [self._delta(calls=[self._call(known.call, item.call_id, item.name, item.arguments)])], []

    # --- what chunks are made of ---

    def _item(self, position: int) -> _Item:
        return self._items.setdefault(position, _Item())

    def _take_head(self, response: Response) -> None:
        self._head = {
            "id": response.id,
            "model": response.model,
            "created": response.created_at,
            "service_tier": response.service_tier,
        }

    def _call(self, index: int | None, call_id: str, name: str, arguments: str) -> Any:
        from ..types.chat import FunctionCall, ToolCall

        kind = "function" if call_id else None
        return ToolCall(index=index, id=call_id, type=kind, function=FunctionCall(name=name, arguments=arguments))

    def _delta(
        self,
        *,
        role: str = "assistant",
        content: str = "",
        reasoning: str = "",
        refusal: str | None = None,
        sealed: str = "",
        calls: list[Any] | None = None,
        logprobs: Any = None,
        finish_reason: str | None = None,
    ) -> ChoiceChunk:
        from ..types.chat import ChoiceChunk, Delta, LogProbs

        delta = Delta(role=role, content=content, reasoning_content=reasoning, tool_calls=calls or [])
        delta.refusal, delta.encrypted_content = refusal, sealed
        probable = LogProbs(content=list(logprobs)) if logprobs and self._logprobs else None
        return ChoiceChunk(index=self._entry, delta=delta, logprobs=probable, finish_reason=finish_reason)

    def _chunk(self, choices: list[ChoiceChunk], citations: list[str] | None = None, usage: Any = None) -> ChatChunk:
        from ..types.chat import ChatChunk

        return ChatChunk(choices=choices, citations=citations or [], usage=usage, **self._head)

    def _cited(self, annotations: list[Annotation], choices: list[ChoiceChunk], usage: Any = None) -> ChatChunk:
        """A chunk with the addresses of sources."""
        return self._chunk(choices, list(dict.fromkeys(a.url for a in annotations)), usage)

    def _placed(self, annotations: list[Annotation], begin: int) -> list[ChoiceChunk]:
        """The places of sources in the entry's text, where the caller asked for them; their part begins there."""
        if not annotations or not self._inline:
            return []
        placed = self._delta()
        placed.delta.citations = [_inline(annotation, begin) for annotation in annotations]
        return [placed]


class _Item:
    """What has been told of one output item."""

    __slots__ = ("annotations", "begins", "call", "done", "told")

    def __init__(self) -> None:
        self.told: set[str | int] = set()  # "summary", "content", "arguments"; of a text its place in the message
        self.annotations: Counter[int] = Counter()  # by that place
        self.begins: dict[int, int] = {}  # where in the entry's text a text begins, by that place
        self.call: int | None = None  # place among the calls of functions
        self.done = False


def _inline(annotation: Annotation, begin: int) -> InlineCitation:
    """The kind of source is told by its address."""
    from ..types.chat import CollectionsCitation, InlineCitation, WebCitation, XCitation

    url = annotation.url
    start, end = (0 if at is None else begin + at for at in (annotation.start_index, annotation.end_index))
    found = InlineCitation(id=annotation.title or "", start_index=start, end_index=end)
    if url.startswith("collections://"):
        collection, _, file_id = url.removeprefix("collections://").partition("/files/")
        found.collections_citation = CollectionsCitation(file_id=file_id, collection_ids=[collection])
    elif url.startswith(("https://x.com/", "https://twitter.com/")):
        found.x_citation = XCitation(url=url)
    else:
        found.web_citation = WebCitation(url=url)
    return found


_Handler = Callable[[ChunkReader, Any, Mapping[str, Any]], "ChatChunk | None"]
_HANDLERS: dict[str, _Handler] = {
    "ResponseCreatedEvent": ChunkReader._begun,
    "ResponseInProgressEvent": ChunkReader._begun,
    "ResponseOutputTextDeltaEvent": ChunkReader._text,
    "ResponseReasoningSummaryTextDeltaEvent": ChunkReader._summary,
    "ResponseReasoningTextDeltaEvent": ChunkReader._reasoning,
    "ResponseOutputTextAnnotationAddedEvent": ChunkReader._annotation,
    "ResponseOutputItemAddedEvent": ChunkReader._added,
    "ResponseFunctionCallArgumentsDeltaEvent": ChunkReader._arguments,
    "ResponseOutputItemDoneEvent": ChunkReader._done,
    "ResponseCompletedEvent": ChunkReader._ended,
    "ResponseIncompleteEvent": ChunkReader._ended,
    "ResponseFailedEvent": ChunkReader._ended,
    "ResponseDoneEvent": ChunkReader._ended,
}
_FINISHERS = {
    "OutputMessage": ChunkReader._finish_message,
    "ReasoningItem": ChunkReader._finish_reasoning,
    "FunctionToolCall": ChunkReader._finish_function,
}
