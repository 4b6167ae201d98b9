"""Folds the events of a streamed `/v1/responses` answer into the response; pure.

The last event carries the whole response. Until it comes, and when it never does, the response is built from the items,
parts and deltas so far.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from .accumulate import Text
from .types import responses as t

_WHOLE = (
    t.ResponseCreatedEvent,
    t.ResponseInProgressEvent,
    t.ResponseCompletedEvent,
    t.ResponseFailedEvent,
    t.ResponseIncompleteEvent,
)
_TERMINAL = (t.ResponseCompletedEvent, t.ResponseFailedEvent, t.ResponseIncompleteEvent)


class _Item:
    """One output item under construction."""

    def __init__(self) -> None:
        self.item: Any = None
        self.done = False
        self.parts: dict[int, _Part] = {}  # of a message
        self.summaries: dict[int, Text] = {}  # of reasoning
        self.text = Text()  # the growing text of a call: arguments, input or code; or of raw reasoning

    def value(self) -> Any:
        """The item so far; None while nothing says what it is."""
        item = self.item
        if item is None and self.parts:
            item = t.OutputMessage(role="assistant")
        if item is None or self.done:
            return item
        changes: dict[str, Any] = {}
        if isinstance(item, t.OutputMessage) and self.parts:
            changes["content"] = [part.value() for _, part in sorted(self.parts.items())]
        if isinstance(item, t.ReasoningItem):
            if self.summaries:
                texts = [text.value() for _, text in sorted(self.summaries.items())]
                changes["summary"] = [t.SummaryText(type="summary_text", text=text) for text in texts]
            if self.text:
                changes["content"] = [t.ReasoningText(type="reasoning_text", text=self.text.value())]
        field = _GROWING.get(item.__class__)
        if field and self.text:
            changes[field] = self.text.value()
        return attrs.evolve(item, **changes) if changes else item


class _Part:
    """One content part of a message under construction."""

    def __init__(self) -> None:
        self.part: Any = None
        self.text = Text()
        self.annotations: list[t.Annotation] = []
        self.logprobs: list[Any] = []

    def value(self) -> Any:
        part = self.part if self.part is not None else t.OutputText()
        if not isinstance(part, t.OutputText):
            return part
        return attrs.evolve(
            part,
            text=self.text.value() or part.text,
            annotations=[*self.annotations] or part.annotations,
            logprobs=[*self.logprobs] or part.logprobs,
        )


_GROWING: dict[type, str] = {t.FunctionToolCall: "arguments", t.CustomToolCall: "input", t.CodeInterpreterCall: "code"}
"""The field of an item that its deltas add to."""


class FoldResponse:
    """Builds a `Response` out of its events."""

    def __init__(self) -> None:
        self._base: t.Response | None = None
        self._items: dict[int, _Item] = {}
        self._complete = False

    def add(self, event: Any) -> None:
        """Take in one event; kinds that add nothing, and unknown ones, are passed over."""
        if isinstance(event, _WHOLE):
            self._base = event.response
            self._complete = isinstance(event, _TERMINAL)
            return
        if isinstance(event, t.ResponseDoneEvent):
            self._complete = True
            return
        handle = _HANDLERS.get(event.__class__)
        if handle is not None:
            handle(self._items.setdefault(event.output_index, _Item()), event)

    @property
    def complete(self) -> bool:
        """Whether a completed, failed or incomplete event has come."""
        return self._complete

    def response(self) -> t.Response:
        """The response so far."""
        base = self._base if self._base is not None else t.Response()
        if self._complete and base.output:
            return attrs.evolve(base)
        output = [value for _, item in sorted(self._items.items()) if (value := item.value()) is not None]
        return attrs.evolve(base, output=output or list(base.output))


def _item_added(item: _Item, event: Any) -> None:
    item.item = event.item


def _item_done(item: _Item, event: Any) -> None:
    item.item, item.done = event.item, event.item is not None


def _part(item: _Item, event: Any) -> _Part:
    return item.parts.setdefault(event.content_index, _Part())


def _part_said(item: _Item, event: Any) -> None:
    _part(item, event).part = event.part


def _text_delta(item: _Item, event: Any) -> None:
    part = _part(item, event)
    part.text.add(event.delta)
    part.logprobs.extend(event.logprobs)


def _text_done(item: _Item, event: Any) -> None:
    part = _part(item, event)
    part.text = _whole(event.text)
    part.logprobs = list(event.logprobs) or part.logprobs
    part.annotations = list(event.annotations) or part.annotations


def _annotation(item: _Item, event: Any) -> None:
    _part(item, event).annotations.append(event.annotation)


def _summary_part(item: _Item, event: Any) -> None:
    text = item.summaries.setdefault(event.summary_index, Text())
    if event.part.text:
        item.summaries[event.summary_index] = _whole(event.part.text)
    elif not text:
        item.summaries[event.summary_index] = text


def _summary_delta(item: _Item, event: Any) -> None:
    item.summaries.setdefault(event.summary_index, Text()).add(event.delta)


def _summary_done(item: _Item, event: Any) -> None:
    item.summaries[event.summary_index] = _whole(event.text)


def _growing_delta(item: _Item, event: Any) -> None:
    item.text.add(event.delta)


def _growing_done(field: str) -> Callable[[_Item, Any], None]:
    def handle(item: _Item, event: Any) -> None:
        item.text = _whole(getattr(event, field))

    return handle


def _whole(text: str) -> Text:
    whole = Text()
    whole.add(text)
    return whole


_HANDLERS: dict[type, Callable[[_Item, Any], None]] = {
    t.ResponseOutputItemAddedEvent: _item_added,
    t.ResponseOutputItemDoneEvent: _item_done,
    t.ResponseContentPartAddedEvent: _part_said,
    t.ResponseContentPartDoneEvent: _part_said,
    t.ResponseOutputTextDeltaEvent: _text_delta,
    t.ResponseOutputTextDoneEvent: _text_done,
    t.ResponseOutputTextAnnotationAddedEvent: _annotation,
    t.ResponseReasoningSummaryPartAddedEvent: _summary_part,
    t.ResponseReasoningSummaryPartDoneEvent: _summary_part,
    t.ResponseReasoningSummaryTextDeltaEvent: _summary_delta,
    t.ResponseReasoningSummaryTextDoneEvent: _summary_done,
    t.ResponseReasoningTextDeltaEvent: _growing_delta,
    t.ResponseReasoningTextDoneEvent: _growing_done("text"),
    t.ResponseFunctionCallArgumentsDeltaEvent: _growing_delta,
    t.ResponseFunctionCallArgumentsDoneEvent: _growing_done("arguments"),
    t.ResponseCustomToolCallInputDeltaEvent: _growing_delta,
    t.ResponseCustomToolCallInputDoneEvent: _growing_done("input"),
    t.ResponseCodeInterpreterCallCodeDeltaEvent: _growing_delta,
    t.ResponseCodeInterpreterCallCodeDoneEvent: _growing_done("code"),
}
