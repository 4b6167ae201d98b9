"""Spans survive what streams go through, and hold no content unless that is asked for."""

from __future__ import annotations

import gc
import logging
import threading
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from xai_dual import AsyncClient, StreamInterrupted, otel

from ..kit import SLOW, SUM, fault
from .reading import all_of

pytestmark = pytest.mark.anyio


class Traced:
    """A provider whose spans can be looked at."""

    def __init__(self) -> None:
        self.provider = TracerProvider()
        self._memory = InMemorySpanExporter()
        self.provider.add_span_processor(SimpleSpanProcessor(self._memory))

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._memory.get_finished_spans())

    def one(self) -> dict[str, Any]:
        """The attributes of the only span."""
        (span,) = self.spans
        return dict(span.attributes or {})


@pytest.fixture
def traced() -> Traced:
    return Traced()


async def test_need_19_a_call(client: AsyncClient, traced: Traced, transport: str, key: str) -> None:
    view = client.with_options(hooks=otel.hooks(tracer_provider=traced.provider))
    busy = fault("error", id=key, times=1, code="RESOURCE_EXHAUSTED", headers={"retry-after-ms": "1"})
    with traced.provider.get_tracer("test").start_as_current_span("outer") as outer:
        answer = await view.chat.create(**SUM, headers=busy)
        assert trace.get_current_span() is outer
    inner, _ = traced.spans
    assert inner.parent is not None
    assert inner.parent.span_id == outer.get_span_context().span_id
    assert inner.name == "chat grok-4"
    found = dict(inner.attributes or {})
    assert answer.usage is not None
    assert found["gen_ai.usage.input_tokens"] == answer.usage.prompt_tokens
    assert found["gen_ai.usage.output_tokens"] == answer.usage.output_total
    assert found["gen_ai.response.finish_reasons"] == ("stop",)
    assert (found["xai.transport"], found["xai.attempts"], found["xai.completed"]) == (transport, 2, True)
    assert [event.name for event in inner.events] == ["retry"]


@pytest.mark.parametrize("way", ["whole", "break", "drop", "error"])
async def test_need_19_streams_end_their_spans(
    client: AsyncClient, traced: Traced, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    caplog.set_level(logging.WARNING)
    view = client.with_options(hooks=otel.hooks(tracer_provider=traced.provider))
    with traced.provider.get_tracer("test").start_as_current_span("outer") as outer:
        if way == "whole":
            await all_of(view.chat.stream(**SUM))
        elif way == "error":
            with pytest.raises(StreamInterrupted):
                await all_of(view.chat.stream(**SUM, headers=fault("error", after_chunks=3)))
        elif way == "break":
            async with view.chat.stream(**SLOW) as stream:
                async for _ in stream:
                    break
        else:
            box = [view.chat.stream(**SLOW)]
            await box[0].__anext__()
            thread = threading.Thread(target=box.clear)
            thread.start()
            thread.join()
            gc.collect()
        assert trace.get_current_span() is outer
    inner = traced.spans[0]
    found = dict(inner.attributes or {})
    assert inner.end_time is not None
    assert found["xai.completed"] is (way == "whole")
    assert found.get("error.type") == ("StreamInterrupted" if way == "error" else None)
    assert [event.name for event in inner.events] == ["first_event"]
    assert "xai.first_event_seconds" in found
    assert len(traced.spans) == 2
    assert not caplog.records


async def test_need_19_no_content_unless_asked_for(client: AsyncClient, traced: Traced) -> None:
    view = client.with_options(hooks=otel.hooks(tracer_provider=traced.provider))
    await view.chat.create(model="grok-4", messages="Say canary-1")
    with pytest.raises(Exception, match="canary-2"):
        await view.chat.create(**SUM, headers=fault("error", code="NOT_FOUND", message="canary-2"))
    assert "canary" not in "".join(span.to_json() for span in traced.spans)
    open_view = client.with_options(hooks=otel.hooks(content=True, tracer_provider=traced.provider))
    await open_view.chat.create(model="grok-4", messages="Say canary-1")
    found = dict(traced.spans[-1].attributes or {})
    assert "canary-1" in str(found["gen_ai.input.messages"])
    assert "canary-1" in str(found["gen_ai.output.messages"])
