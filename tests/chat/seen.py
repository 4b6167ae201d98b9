"""What events tell, as plain tuples: without what the ways show each in its own words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xai_dual.events import (
    ChatEvent,
    Citation,
    Done,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallDone,
    ToolResult,
    UsageEvent,
)


def shown(events: Iterable[ChatEvent]) -> list[tuple[Any, ...]]:
    """Each event as a tuple. Left out are outputs of the service's tools, and fields that not all ways have."""
    return [(event.type, *_facts(event)) for event in events]


def _facts(event: ChatEvent) -> tuple[Any, ...]:
    if isinstance(event, (TextDelta, ReasoningDelta)):
        return event.index, event.text
    if isinstance(event, ToolCallDelta):
        return event.index, event.position, event.id, event.name, event.arguments
    if isinstance(event, ToolCallDone):
        call = event.call
        made = (call.id, call.type, call.function.name, call.function.arguments)
        return event.index, event.position, *made, event.arguments, event.server_side
    if isinstance(event, ToolResult):
        return event.index, event.call.id if event.call else None
    if isinstance(event, Citation):
        place = event.inline
        return event.url, event.index, (place.id, place.start_index, place.end_index) if place else None
    if isinstance(event, UsageEvent):
        return usage_of(event.usage)
    assert isinstance(event, Done)
    answer = event.response
    return answer.id, answer.model, answer.text, answer.reasoning, answer.finish_reason, answer.citations


def usage_of(usage: Any) -> tuple[Any, ...]:
    """The counts that every way tells."""
    counts = (usage.prompt_tokens, usage.completion_tokens, usage.reasoning_tokens, usage.total_tokens)
    return (*counts, usage.cached_tokens, usage.num_sources_used, usage.cost_in_usd_ticks)
