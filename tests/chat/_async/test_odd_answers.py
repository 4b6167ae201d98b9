"""Answers of `/v1/responses` that other servers give, or this one seldom: read whole and as streams alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from xai_dual import (
    ApiError,
    AsyncClient,
    DecodeError,
    InvalidRequestError,
    OverloadedError,
    StreamIncomplete,
    StreamInterrupted,
)
from xai_dual.events import Citation, Done, TextDelta, ToolCallDone, ToolResult, joined
from xai_dual.types.chat import ChatCompletion

from ..canned import Canned, function, items, message, reasoning, response, streamed, text

pytestmark = pytest.mark.anyio

ASK: dict[str, Any] = {"model": "grok-4", "messages": "Hi"}


@pytest.fixture
def canned() -> Iterator[Canned]:
    with Canned() as running:
        yield running


@pytest.fixture
async def client(canned: Canned) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(
        transport="rest", rest_route="responses", base_url=canned.url, api_key="k", max_retries=0
    ) as client:
        yield client


async def both(client: AsyncClient, canned: Canned, *output: dict[str, Any], **more: Any) -> ChatCompletion:
    """The answer that has this output: the same whole, as a stream of items, and as a stream of its end alone."""
    whole = {name: more.pop(name) for name in ("status", "incomplete_details", "usage") if name in more}
    end = response(*output, **whole)
    canned.answer = end
    answer = await client.chat.create(**ASK, **more)
    for events in (streamed(*items(*output), end=end), streamed(end=end)):
        canned.answer = events
        stream = client.chat.stream(**ASK, **more)
        async for _ in stream:
            pass
        assert stream.completed
        assert stream.response == answer
    return answer


async def test_text_beside_calls(client: AsyncClient, canned: Canned) -> None:
    answer = await both(
        client, canned, reasoning("Hm."), message(text("I look.")), function("c1", "f"), function("c2", "g", '{"a": 1}')
    )
    assert (answer.text, answer.reasoning, answer.finish_reason) == ("I look.", "Hm.", "tool_calls")
    assert [(call.id, call.function.name, call.function.arguments) for call in answer.tool_calls] == [
        ("c1", "f", "{}"), ("c2", "g", '{"a": 1}'),
    ]  # fmt: skip
    back = answer.to_message()
    assert (back.content, back.reasoning_content, len(back.tool_calls or ())) == ("I look.", "Hm.", 2)


async def test_several_messages_and_parts(client: AsyncClient, canned: Canned) -> None:
    answer = await both(client, canned, message(text("One, "), text("two, ")), message(text("three."), id="msg_2"))
    assert answer.text == "One, two, three."
    assert answer.finish_reason == "stop"
    assert len(answer.choices) == 1


async def test_nothing_at_all(client: AsyncClient, canned: Canned) -> None:
    for output in ([], [message()], [message(text(""))]):
        answer = await both(client, canned, *output)
        assert (answer.text, answer.finish_reason, answer.tool_calls) == ("", "stop", [])


async def test_items_of_tomorrow(client: AsyncClient, canned: Canned) -> None:
    answer = await both(
        client, canned, {"type": "hologram", "id": "h", "depth": 3}, message({"type": "smell"}, text("Roses."))
    )
    assert answer.text == "Roses."


async def test_refused_half_way(client: AsyncClient, canned: Canned) -> None:
    answer = await both(client, canned, message(text("Well, "), {"type": "refusal", "refusal": "no."}))
    assert (answer.text, answer.refusal) == ("Well, ", "no.")


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("max_output_tokens", "length"),
        ("max_prompt_tokens", "context_length"),
        ("max_time_limit", "time_limit"),
        ("content_filter", "content_filter"),
        ("", "length"),
    ],
)
async def test_cut(client: AsyncClient, canned: Canned, reason: str, finish: str) -> None:
    answer = await both(
        client, canned, message(text("One, tw")), status="incomplete", incomplete_details={"reason": reason}
    )
    assert (answer.text, answer.finish_reason) == ("One, tw", finish)


async def test_no_usage(client: AsyncClient, canned: Canned) -> None:
    answer = await both(client, canned, message(text("Hi")), usage=None)
    assert answer.usage is None


RUNS: list[tuple[dict[str, Any], tuple[str, str, str], str | None]] = [
    (
        {"type": "web_search_call", "id": "ws_1", "action": {"type": "open_page", "url": "https://x.ai"}},
        ("web_search_tool", "open_page", '{"url": "https://x.ai"}'),
        None,
    ),
    (
        {
            "type": "web_search_call",
            "id": "ws_2",
            "action": {"type": "find_in_page", "url": "https://x.ai", "pattern": "grok"},
        },
        ("web_search_tool", "find_in_page", '{"url": "https://x.ai", "pattern": "grok"}'),
        None,
    ),
    (
        {"type": "web_search_call", "id": "ws_3", "action": {"type": "search", "query": "cats"}},
        ("web_search_tool", "web_search", '{"query": "cats"}'),
        None,
    ),
    (
        {
            "type": "code_interpreter_call",
            "id": "ci_1",
            "code": "print(1)",
            "outputs": [{"type": "logs", "logs": "1\n"}, {"type": "image", "url": "https://x.ai/a.png"}],
        },
        ("code_execution_tool", "code_execution", '{"code": "print(1)"}'),
        "1\nhttps://x.ai/a.png",
    ),
    (
        {
            "type": "file_search_call",
            "id": "fs_1",
            "queries": ["cats", "dogs"],
            "results": [{"text": "Cats sleep.", "file_id": "f"}, {"text": "Dogs bark.", "file_id": "f"}],
        },
        ("collections_search_tool", "collections_search", '{"queries": ["cats", "dogs"]}'),
        "Cats sleep.\nDogs bark.",
    ),
    (
        {"type": "mcp_call", "id": "mcp_1", "name": "find", "server_label": "shelf", "arguments": "{}", "output": "a"},
        ("mcp_tool", "shelf.find", "{}"),
        "a",
    ),
    (
        {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "x_user_search", "input": "{}"},
        ("x_search_tool", "x_user_search", "{}"),
        None,
    ),
    (
        {"type": "image_generation_call", "id": "ig_1", "prompt": "a cat", "result": "AAAA"},
        ("image_generation_tool", "image_generation", '{"prompt": "a cat"}'),
        "data:image/png;base64,AAAA",
    ),
]


@pytest.mark.parametrize(("item", "made", "output"), RUNS, ids=[run[1][1] for run in RUNS])
async def test_runs(
    client: AsyncClient, canned: Canned, item: dict[str, Any], made: tuple[str, str, str], output: str | None
) -> None:
    answer = await both(client, canned, {**item, "status": "completed"}, message(text("Done.")))
    (call,) = answer.server_tool_calls
    assert (call.type, call.function.name, call.function.arguments) == made
    assert call.id == item.get("call_id", item["id"])
    shown = [choice.message.content for choice in answer.choices if choice.message.role == "tool"]
    assert shown == ([output] if output else [])
    assert (answer.text, answer.tool_calls, answer.finish_reason) == ("Done.", [], "stop")
    assert answer.choices[0].message.tool_calls == [call]


async def test_a_run_that_failed(client: AsyncClient, canned: Canned) -> None:
    item = {"type": "mcp_call", "id": "m", "name": "find", "server_label": "s", "arguments": "{}", "status": "failed"}
    answer = await both(client, canned, {**item, "error": "no such book"}, message(text("None.")))
    (call,) = answer.server_tool_calls
    assert (call.status, call.error_message) == ("failed", "no such book")


async def test_functions_behind_runs(client: AsyncClient, canned: Canned) -> None:
    run = {"type": "web_search_call", "id": "ws", "action": {"type": "search", "query": "q"}, "status": "completed"}
    answer = await both(client, canned, run, message(text("So: ")), function("c1", "f"))
    assert [call.type for call in answer.server_tool_calls] == ["web_search_tool"]
    assert [call.id for call in answer.tool_calls] == ["c1"]
    assert (answer.text, answer.finish_reason) == ("So: ", "tool_calls")


async def test_reasoning_between_runs(client: AsyncClient, canned: Canned) -> None:
    """All of it is shown; the last seal is the one to go on with."""
    run = {"type": "web_search_call", "id": "ws", "action": {"type": "search", "query": "q"}, "status": "completed"}
    answer = await both(
        client, canned, reasoning("First. ", "seal 1"), run, reasoning("Second.", "seal 2"), message(text("Done."))
    )
    assert answer.reasoning == "First. Second."
    message_ = answer.to_message()
    assert (message_.reasoning_content, message_.encrypted_content) == ("First. Second.", "seal 2")


async def test_reasoning_in_full(client: AsyncClient, canned: Canned) -> None:
    answer = await both(client, canned, reasoning(content="All of it."), message(text("Done.")))
    assert answer.reasoning == "All of it."
    answer = await both(client, canned, reasoning("Sum.", content="All of it."), message(text("Done.")))
    assert answer.reasoning in ("Sum.", "All of it.")


CITED = {"type": "url_citation", "url": "https://x.ai", "title": "1", "start_index": 3, "end_index": 8}


async def test_citations(client: AsyncClient, canned: Canned) -> None:
    again = {**CITED, "start_index": 8, "end_index": 9}
    output = message(text("abc[[1]]d", CITED, again))
    plain = await both(client, canned, output)
    assert plain.citations == ["https://x.ai"]
    assert plain.choices[0].message.citations == []
    placed = await both(client, canned, output, include=["inline_citations"])
    assert placed.citations == ["https://x.ai"]
    assert [(c.start_index, c.end_index) for c in placed.choices[0].message.citations] == [(3, 8), (8, 9)]
    assert canned.seen[-1]["include"] == []


async def test_deltas_and_items_are_told_once(client: AsyncClient, canned: Canned) -> None:
    """What deltas have said is not said again by the item that is done, nor by the end."""
    thought, said, call = reasoning("I think."), message(text("Hello.", CITED)), function("c1", "f", '{"a": 1}')
    end = response(thought, said, call)
    at = {"output_index": 1, "content_index": 0, "item_id": "msg_1"}
    canned.answer = streamed(
        {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "I "},
        {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "think."},
        {"type": "response.output_item.done", "output_index": 0, "item": thought},
        {"type": "response.output_text.delta", **at, "delta": "Hel"},
        {"type": "response.output_text.annotation.added", **at, "annotation_index": 0, "annotation": CITED},
        {"type": "response.output_text.delta", **at, "delta": "lo."},
        {"type": "response.output_text.done", **at, "text": "Hello."},
        {"type": "response.output_item.done", "output_index": 1, "item": said},
        {"type": "response.output_item.added", "output_index": 2, "item": {**call, "arguments": ""}},
        {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": '{"a":'},
        {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": " 1}"},
        {"type": "response.function_call_arguments.done", "output_index": 2, "arguments": '{"a": 1}'},
        {"type": "response.output_item.done", "output_index": 2, "item": call},
        end=end,
    )
    stream = client.chat.stream(**ASK, include=["inline_citations"])
    events = joined([event async for event in stream.events()])
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Hel", "lo."]
    assert [event.arguments for event in events if isinstance(event, ToolCallDone)] == [{"a": 1}]
    assert [event.index for event in events if isinstance(event, Citation)] == [0, None]
    canned.answer = end
    assert stream.response == await client.chat.create(**ASK, include=["inline_citations"])
    assert (stream.response.text, stream.response.reasoning) == ("Hello.", "I think.")


async def test_calls_that_come_whole(client: AsyncClient, canned: Canned) -> None:
    call = function("c1", "f", '{"a": 1}')
    canned.answer = streamed(
        {"type": "response.output_item.added", "output_index": 0, "item": call},
        {"type": "response.output_item.done", "output_index": 0, "item": call},
        end=response(call),
    )
    stream = client.chat.stream(**ASK)
    async for _ in stream:
        pass
    assert [made.function.arguments for made in stream.response.tool_calls] == ['{"a": 1}']


async def test_runs_as_events(client: AsyncClient, canned: Canned) -> None:
    run = {**RUNS[3][0], "status": "completed"}
    canned.answer = streamed(*items(run, message(text("Done."))), end=response(run, message(text("Done."))))
    events = joined([event async for event in client.chat.stream(**ASK).events()])
    kinds = [type(event) for event in events]
    assert kinds.index(ToolCallDone) < kinds.index(ToolResult) < kinds.index(TextDelta)
    assert kinds[-1] is Done


async def test_failed(client: AsyncClient, canned: Canned) -> None:
    canned.answer = response(status="failed", usage=None, error={"code": "unavailable", "message": "Too busy."})
    with pytest.raises(OverloadedError, match="Too busy") as caught:
        await client.chat.create(**ASK)
    assert caught.value.meta is not None
    assert caught.value.meta.request_id == caught.value.request_id == "canned"
    canned.answer = response(status="failed", usage=None, error=None)
    with pytest.raises(ApiError, match="The response failed"):
        await client.chat.create(**ASK)


async def test_failed_half_way(client: AsyncClient, canned: Canned) -> None:
    failed = response(status="failed", usage=None, error={"code": "invalid_prompt", "message": "Not so."})
    at = {"output_index": 0, "content_index": 0, "item_id": "msg_1"}
    said = {"type": "response.output_text.delta", **at, "delta": "One, "}
    for last in (
        {"type": "response.failed", "response": failed},
        {"type": "error", "code": "invalid_prompt", "message": "Not so."},
        {"error": {"code": "invalid_prompt", "message": "Not so."}},
    ):
        canned.answer = [*streamed(said), last]
        stream = client.chat.stream(**ASK)
        with pytest.raises(StreamInterrupted, match="Not so") as caught:
            async for _ in stream:
                pass
        assert isinstance(caught.value.__cause__, ApiError)
        assert caught.value.partial.text == stream.response.text == "One, "
        assert stream.response.finish_reason is None


async def test_ends_without_an_end(client: AsyncClient, canned: Canned) -> None:
    at = {"output_index": 0, "content_index": 0, "item_id": "msg_1"}
    run = {**RUNS[2][0], "status": "completed"}
    said = message(text("One, "))
    for events in (
        streamed(),
        streamed({"type": "response.output_text.delta", **at, "delta": "One, "}),
        streamed(*items(run)),
        streamed(*items(run, said)),
        streamed(*items(function("c1", "f"))),
        streamed({"type": "response.hologram.added", "depth": 3}),
    ):
        canned.answer = events
        stream = client.chat.stream(**ASK)
        with pytest.raises(StreamIncomplete):
            async for _ in stream:
                pass
        assert stream.response.text in ("", "One, ")


async def test_no_response(client: AsyncClient, canned: Canned) -> None:
    canned.answer = {"error": {"type": "invalid_request_error", "message": "Not here."}}
    with pytest.raises(InvalidRequestError, match="Not here"):
        await client.chat.stream(**ASK).__aenter__()
    canned.answer = {}
    with pytest.raises(DecodeError):
        await client.chat.stream(**ASK).__aenter__()


async def test_what_is_sent(client: AsyncClient, canned: Canned) -> None:
    """Nothing is kept unless it is asked for: the service's own default is to keep."""
    canned.answer = response(message(text("Hi")))
    await client.chat.create(**ASK)
    assert canned.seen[-1] == {
        "model": "grok-4", "input": [{"role": "user", "content": "Hi"}], "store": False, "stream": False,
    }  # fmt: skip
    await client.chat.create(**ASK, store=True, use_encrypted_content=True, include=["mcp_call_output"])
    assert canned.seen[-1]["store"] is True
    assert sorted(canned.seen[-1]["include"]) == ["mcp_call.outputs", "reasoning.encrypted_content"]
