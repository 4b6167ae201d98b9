"""Folds the events of a streamed `/v1/messages` answer into the message; pure."""

from __future__ import annotations

from typing import Any

import attrs
import orjson

from .accumulate import Text
from .types import messages as t


class _Block:
    """One content block under construction."""

    def __init__(self, start: Any) -> None:
        self.start = start
        self.text = Text()  # of a text block, of thinking, or the JSON of a tool's input
        self.signature = Text()

    def add(self, delta: Any) -> None:
        if isinstance(delta, t.TextDelta):
            self.text.add(delta.text)
        elif isinstance(delta, t.InputJsonDelta):
            self.text.add(delta.partial_json)
        elif isinstance(delta, t.ThinkingDelta):
            self.text.add(delta.thinking)
        elif isinstance(delta, t.SignatureDelta):
            self.signature.add(delta.signature)

    def value(self) -> Any:
        """The block so far."""
        start, text = self.start, self.text.value()
        if isinstance(start, t.TextBlock):
            return attrs.evolve(start, text=start.text + text)
        if isinstance(start, t.ThinkingBlock):
            signature = (start.signature or "") + self.signature.value()
            return attrs.evolve(start, thinking=start.thinking + text, signature=signature or None)
        if isinstance(start, t.ToolUseBlock) and text:
            return _with_input(start, text)
        return start


def _with_input(start: t.ToolUseBlock, text: str) -> t.ToolUseBlock:
    """The tool's input; while its JSON is cut off, the text so far is kept in `extra`."""
    try:
        return attrs.evolve(start, input=orjson.loads(text))
    except orjson.JSONDecodeError:
        return attrs.evolve(start, extra={**(start.extra or {}), "partial_json": text})


class FoldMessage:
    """Builds a `MessageResponse` out of its events."""

    def __init__(self) -> None:
        self._base = t.MessageResponse(type="message", role="assistant")
        self._blocks: dict[int, _Block] = {}
        self._stop_reason: str | None = None
        self._stop_sequence: str | None = None
        self._usage: dict[str, Any] = {}
        self._complete = False
        self._last = -1

    def add(self, event: Any) -> None:
        """Take in one event; kinds that add nothing, and unknown ones, are passed over."""
        if isinstance(event, t.MessageStartEvent):
            self._base = event.message
        elif isinstance(event, t.MessageContentBlockStartEvent):
            # some servers leave the index out: blocks then count up
            self._last = event.index if event.index is not None else self._last + 1
            self._blocks[self._last] = _Block(event.content_block)
        elif isinstance(event, t.MessageContentBlockDeltaEvent):
            index = event.index if event.index is not None else max(self._last, 0)
            self._blocks.setdefault(index, _Block(t.TextBlock())).add(event.delta)
        elif isinstance(event, t.MessageDeltaEvent):
            self._stop_reason = event.delta.stop_reason or self._stop_reason
            self._stop_sequence = event.delta.stop_sequence or self._stop_sequence
            self._note_usage(event.usage)
        elif isinstance(event, t.MessageStopEvent):
            self._complete = True

    def _note_usage(self, usage: t.MessageDeltaUsage | None) -> None:
        if usage is not None:
            counts = {f.name: getattr(usage, f.name) for f in attrs.fields(t.MessageUsage) if f.name != "extra"}
            self._usage.update({name: count for name, count in counts.items() if count is not None})

    @property
    def complete(self) -> bool:
        """Whether `message_stop` has come."""
        return self._complete

    def response(self) -> t.MessageResponse:
        """The message so far."""
        blocks = [block.value() for _, block in sorted(self._blocks.items())]
        return attrs.evolve(
            self._base,
            content=[*self._base.content, *[block for block in blocks if block is not None]],
            stop_reason=self._stop_reason or self._base.stop_reason,
            stop_sequence=self._stop_sequence or self._base.stop_sequence,
            usage=attrs.evolve(self._base.usage, **self._usage),
        )
