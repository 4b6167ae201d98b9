"""Spans of OpenTelemetry for calls, by its conventions for generative AI; needs the package opentelemetry-api.

from xai_dual import Client, otel

client = Client(hooks=otel.hooks())
"""

from __future__ import annotations

import json
from typing import Any

from .errors import ApiError, UsageError
from .hooks import CallEvent, Hooks
from .meta import Retry

__all__ = ["hooks"]

_NAMES = {
    "chat.create": "chat",
    "chat.stream": "chat",
    "chat.parse": "chat",
    "responses.create": "chat",
    "responses.stream": "chat",
    "messages.create": "chat",
    "messages.stream": "chat",
    "completions.create": "text_completion",
    "completions.stream": "text_completion",
    "complete.create": "text_completion",
    "complete.stream": "text_completion",
    "embeddings.create": "embeddings",
    "images.generate": "generate_content",
    "videos.generate": "generate_content",
}
"""gen_ai.operation.name; other calls have their own names."""


def hooks(*, content: bool = False, tracer_provider: Any = None) -> Hooks:
    """Hooks that make a span of each call, streams to their ends.

    A span is the child of what is current when the call begins. It is never current itself: so it outlives a `break`,
    a cancellation, and a stream that is read in another task or thread.

    Args:
        content: also put what is asked and answered into spans.
        tracer_provider: where tracers come from; else the global one.

    Raises:
        UsageError: opentelemetry-api is not installed.
    """
    try:
        from opentelemetry import trace
    except ImportError as error:
        raise UsageError("tracing needs the package opentelemetry-api: pip install 'xai-dual[otel]'") from error
    spans = _Spans(trace.get_tracer("xai_dual", tracer_provider=tracer_provider), content)
    return Hooks(
        on_request=spans.begin, on_retry=spans.retry, on_response=spans.answered, on_stream_end=spans.stream_ended
    )


class _Spans:
    """The spans of calls that are under way."""

    def __init__(self, tracer: Any, content: bool) -> None:
        self._tracer = tracer
        self._content = content
        self._open: dict[str, Any] = {}

    def begin(self, event: CallEvent) -> None:
        from opentelemetry.trace import SpanKind

        name = _NAMES.get(event.operation, event.operation)
        model = getattr(event.request, "model", None)
        span = self._tracer.start_span(f"{name} {model}" if model else name, kind=SpanKind.CLIENT)
        if span.is_recording():
            _set(
                span,
                {
                    "gen_ai.operation.name": name,
                    "gen_ai.provider.name": "x_ai",
                    "gen_ai.request.model": model,
                    "gen_ai.request.temperature": getattr(event.request, "temperature", None),
                    "gen_ai.request.top_p": getattr(event.request, "top_p", None),
                    "gen_ai.request.max_tokens": getattr(event.request, "max_tokens", None),
                    "xai.operation": event.operation,
                    "xai.client_request_id": event.client_request_id,
                },
            )
            if self._content:
                span.set_attribute("gen_ai.input.messages", _text(getattr(event.request, "messages", event.request)))
        self._open[event.client_request_id] = span

    def retry(self, retry: Retry) -> None:
        meta = retry.error.meta
        span = self._open.get(meta.client_request_id or "") if meta is not None else None
        if span is not None:
            facts = {"xai.attempt": retry.attempt, "error.type": _kind(retry.error), "xai.pause": retry.pause}
            span.add_event("retry", facts)

    def answered(self, event: CallEvent) -> None:
        span = self._open.get(event.client_request_id)
        if span is None:
            return
        if event.error is None and not event.completed:  # a stream has begun
            meta = event.meta
            seconds = meta.first_event_seconds if meta is not None else None
            span.add_event("first_event", {} if seconds is None else {"xai.first_event_seconds": seconds})
            return
        self.stream_ended(event)

    def stream_ended(self, event: CallEvent) -> None:
        span = self._open.pop(event.client_request_id, None)  # atomic, and finalizers come here
        if span is None:
            return
        if span.is_recording():
            _set(span, _facts(event))
            if self._content and event.result is not None:
                span.set_attribute("gen_ai.output.messages", _text(event.result))
            if event.error is not None:
                from opentelemetry.trace import StatusCode

                span.set_attribute("error.type", _kind(event.error))
                span.set_status(StatusCode.ERROR, type(event.error).__name__)
        span.end()


def _facts(event: CallEvent) -> dict[str, Any]:
    """What is known at the end of a call, without its content."""
    meta, result = event.meta, event.result
    usage = getattr(result, "usage", None)
    choices = getattr(result, "choices", None)
    reasons = [reason for reason in (getattr(c, "finish_reason", None) for c in choices or ()) if reason]
    facts: dict[str, Any] = {
        "gen_ai.response.id": getattr(result, "id", None) or None,
        "gen_ai.response.model": getattr(result, "model", None) or None,
        "gen_ai.response.finish_reasons": reasons or None,
        "gen_ai.usage.input_tokens": _first(usage, "prompt_tokens", "input_tokens"),
        "gen_ai.usage.output_tokens": _first(usage, "output_total", "output_tokens", "completion_tokens"),
        "xai.completed": event.completed,
    }
    if meta is not None:
        facts |= {
            "xai.transport": meta.transport,
            "xai.route": meta.route,
            "xai.attempts": meta.attempts,
            "xai.request_id": meta.request_id,
            "xai.first_event_seconds": meta.first_event_seconds,
        }
    return facts


def _first(holder: Any, *names: str) -> Any:
    return next((value for value in (getattr(holder, name, None) for name in names) if isinstance(value, int)), None)


def _set(span: Any, facts: dict[str, Any]) -> None:
    span.set_attributes({name: value for name, value in facts.items() if value is not None})


def _kind(error: BaseException) -> str:
    return error.code if isinstance(error, ApiError) else type(error).__name__


def _text(value: Any) -> str:
    return json.dumps(value, default=lambda item: item.to_dict() if hasattr(item, "to_dict") else repr(item))
