"""Chat over `/v1/responses`: answers and streams of events are read alike, and all that they say is there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_dual._chat.responses import AnswerReader, ChunkReader, CompactReader
from xai_dual._gen.fold.chat import FoldChatCompletion
from xai_dual.errors import ApiError
from xai_dual.types.chat import ChatChunk, ChatCompletion, ChatRequest, CompactedChat, StoredChatRequest

from .project import deep, thorough, valid
from .responses import EventMaker, Json, objects, responses, spoilt, with_strangers, words
from .values import json_values

REQUESTS: list[Any] = [
    ChatRequest(model="m", messages="Hi"),
    ChatRequest(model="m", messages="Hi", include=["inline_citations"]),
    ChatRequest(model="m", messages="Hi", logprobs=True, include=["web_search_call_output"]),
    StoredChatRequest(response_id="R"),  # of which nobody knows what was asked for
    None,
]
requests = st.sampled_from(REQUESTS)
INLINE = {1, 3, 4}
LOGPROBS = {2, 3, 4}


def folded(request: Any, events: list[Json]) -> ChatCompletion:
    """What a stream of these events comes to."""
    fold, read = FoldChatCompletion(), ChunkReader(request)
    for event in events:
        chunk = read(event)
        assert chunk is None or isinstance(chunk, ChatChunk)
        if chunk is not None:
            fold.add(chunk)
    assert fold.complete
    return fold.response()


@thorough
@given(data=st.data(), request=requests, response=responses())
def test_streams_fold_into_what_answers_are_read_as(data: st.DataObject, request: Any, response: Json) -> None:
    events = with_strangers(data.draw, EventMaker(data.draw, response).run())
    assert folded(request, events) == AnswerReader(request)(response)


def note(url: str) -> Json:
    return {"type": "url_citation", "url": url, "start_index": 1, "end_index": 2}


def text(said: str, *notes: Json) -> Json:
    return {"type": "output_text", "text": said, "annotations": list(notes)}


def message(*content: Json) -> Json:
    return {"type": "message", "role": "assistant", "content": list(content)}


def event(kind: str, index: int = 0, **content: Any) -> Json:
    return {"type": f"response.{kind}", "output_index": index, "item_id": "", **content}


CALL: Json = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
SEARCH: Json = {"type": "web_search_call", "action": {"type": "search", "query": "q"}, "id": "ws_R_s"}
RARE: list[tuple[list[Json], list[Json]]] = [
    # what stands in the output, what comes before the last event
    (  # each text counts its own sources
        [message(text("a", note("1"), note("2")), text("b", note("3"), note("4")))],
        [
            event("output_text.delta", content_index=0, delta="a"),
            event("output_text.annotation.added", content_index=0, annotation_index=0, annotation=note("1")),
            event("output_text.annotation.added", content_index=0, annotation_index=1, annotation=note("2")),
            event("output_text.delta", content_index=1, delta="b"),
            event("output_text.annotation.added", content_index=1, annotation_index=0, annotation=note("3")),
        ],
    ),
    (  # the second text comes with the item
        [message(text("a"), text("b"))],
        [event("output_text.delta", content_index=0, delta="a")],
    ),
    (  # places are counted from where the entry's text begins
        [message(text("abc", note("1")), text("de", note("2"))), message(text("f", note("3")))],
        [
            event("output_text.delta", content_index=0, delta="ab"),
            event("output_text.delta", content_index=0, delta="c"),
            event("output_text.annotation.added", content_index=0, annotation_index=0, annotation=note("1")),
            event("output_text.delta", content_index=1, delta="de"),
            event("output_text.annotation.added", content_index=1, annotation_index=0, annotation=note("2")),
        ],
    ),
    (  # sources belong where their text stands, and not behind what came later
        [message(text("a", note("1"))), SEARCH, message(text("b", note("2")))],
        [],
    ),
    ([CALL], [event("output_item.added", item=CALL), event("output_item.done", item=CALL)]),
    ([CALL], [event("output_item.added", item=CALL)]),
    ([CALL, CALL], [event("output_item.added", 1, item=CALL), event("output_item.done", 1, item=CALL)]),
    ([CALL], [event("function_call_arguments.delta", delta="{}"), event("output_item.done", item=CALL)]),
    ([SEARCH, message(text("a"))], [event("output_item.done", item=SEARCH)]),
]


@pytest.mark.parametrize(("output", "before"), RARE, ids=range(len(RARE)))
def test_streams_that_tell_part_of_it(output: list[Json], before: list[Json]) -> None:
    response = {"id": "R", "model": "m", "status": "completed", "output": output}
    begun = {"type": "response.created", "response": {**response, "output": [], "status": "in_progress"}}
    request = ChatRequest(model="m", messages="Hi", include=["inline_citations"])
    whole = AnswerReader(request)(response)
    assert folded(request, [begun, *before, {"type": "response.completed", "response": response}]) == whole


# --- nothing is lost ---


def entries(response: Json) -> list[Json]:
    """What the entries of the completion must be, told from the output in another way than the reader's."""
    found: list[Json] = [{"role": "assistant", "items": []}]
    for item in response["output"]:
        kind = item["type"]
        if kind in ("message", "reasoning", "function_call"):
            found[-1]["items"].append(item)
        elif kind in RUNS:
            found[-1]["run"] = item
            output = RUNS[kind](item)
            found += [{"role": "tool", "output": output, "run": item, "items": []}] if output else []
            found.append({"role": "assistant", "items": []})
    return found


RUNS: dict[str, Any] = {
    "web_search_call": lambda x: "\n".join(s["url"] for s in x["action"].get("sources", ()) if s.get("url")),
    "custom_tool_call": lambda x: "",
    "code_interpreter_call": lambda x: "".join(part.get("logs") or part.get("url", "") for part in x["outputs"]),
    "file_search_call": lambda x: "\n".join(result["text"] for result in x["results"]),
    "mcp_call": lambda x: x["output"],
    "image_generation_call": lambda x: f"data:image/png;base64,{x['result']}" if x.get("result") else "",
}
"""Items of what the service ran -> what came out of it, as far as it is shown."""

KINDS = {
    "web_search_call": "web_search_tool", "code_interpreter_call": "code_execution_tool",
    "file_search_call": "collections_search_tool", "mcp_call": "mcp_tool",
    "image_generation_call": "image_generation_tool",
}  # fmt: skip


def parts(items: list[Json], kind: str) -> list[Json]:
    return [part for item in items if item["type"] == "message" for part in item["content"] if part["type"] == kind]


def thoughts(items: list[Json]) -> str:
    told = [part for x in items if x["type"] == "reasoning" for part in x.get("content") or x["summary"]]
    return "".join(part["text"] for part in told)


@deep
@given(request=requests, response=responses())
def test_all_that_an_answer_says_is_there(request: Any, response: Json) -> None:
    read = AnswerReader(request)(response)
    assert (read.id, read.model, read.created, read.service_tier) == (
        response["id"], response["model"], response["created_at"], response["service_tier"],
    )  # fmt: skip
    wanted = entries(response)
    assert [choice.index for choice in read.choices] == list(range(len(wanted)))
    for choice, entry in zip(read.choices, wanted, strict=True):
        message, items = choice.message, entry["items"]
        assert message.role == entry["role"]
        refusals = [part["refusal"] for part in parts(items, "refusal")]
        sealed = [item.get("encrypted_content") or "" for item in items if item["type"] == "reasoning"]
        said = "".join(part["text"] for part in parts(items, "output_text"))
        assert message.content == entry.get("output", said)
        assert message.refusal == ("".join(refusals) if refusals else None)
        assert message.reasoning_content == thoughts(items)
        assert message.encrypted_content == "".join(sealed)
        calls = [item for item in items if item["type"] == "function_call"]
        own = [
            (c.id, c.type, c.function.name, c.function.arguments) for c in message.tool_calls if c.type == "function"
        ]
        assert own == [(c["call_id"], "function", c["name"], c["arguments"]) for c in calls]
        assert len(message.tool_calls) == len(calls) + ("run" in entry)


@deep
@given(number=st.integers(0, len(REQUESTS) - 1), response=responses())
def test_sources_and_probabilities_are_there_where_they_were_asked_for(number: int, response: Json) -> None:
    read = AnswerReader(REQUESTS[number])(response)
    notes = [note for part in parts(response["output"], "output_text") for note in part.get("annotations", ())]
    assert read.citations == list(dict.fromkeys(note["url"] for note in notes))
    for choice, entry in zip(read.choices, entries(response), strict=True):
        texts = parts(entry["items"], "output_text")
        begins = [len("".join(part["text"] for part in texts[:n])) for n in range(len(texts))]
        noted = [(n, at) for part, at in zip(texts, begins, strict=True) for n in part.get("annotations", ())]
        noted = noted if number in INLINE else []
        for citation, (note, begin) in zip(choice.message.citations, noted, strict=True):
            places = (note.get(name) for name in ("start_index", "end_index"))
            assert [citation.start_index, citation.end_index] == [0 if at is None else begin + at for at in places]
            assert citation.id == note.get("title", "")
            source = citation.web_citation or citation.x_citation or citation.collections_citation
            assert source is not None
            assert getattr(source, "url", "collections://c1/files/f1") == note["url"]
            assert (citation.x_citation is not None) == ("x.com" in note["url"] or "twitter.com" in note["url"])
        tokens = [odd["token"] for part in texts for odd in part.get("logprobs", ())] if number in LOGPROBS else []
        assert [odd.token for odd in (choice.logprobs.content if choice.logprobs else ())] == tokens


@deep
@given(request=requests, response=responses())
def test_why_an_answer_ended_and_what_it_took(request: Any, response: Json) -> None:
    read = AnswerReader(request)(response)
    calls = any(item["type"] == "function_call" for item in response["output"])
    reasons = {"output_tokens": "length", "prompt_tokens": "context_length", "time_limit": "time_limit"}
    cut = (response.get("incomplete_details") or {"reason": "max_output_tokens"})["reason"].removeprefix("max_")
    wanted = "tool_calls" if calls else "stop"
    assert read.choices[-1].finish_reason == (wanted if response["status"] == "completed" else reasons[cut])
    assert all(choice.finish_reason == "tool_calls" for choice in read.choices[:-1] if choice.message.role != "tool")
    usage = response["usage"]
    assert (read.usage is None) == (usage is None)
    if read.usage is not None:
        assert (read.usage.prompt_tokens, read.usage.completion_tokens, read.usage.total_tokens) == (
            usage["input_tokens"], usage["output_tokens"], usage["total_tokens"],
        )  # fmt: skip
        assert read.usage.cached_tokens == usage["input_tokens_details"]["cached_tokens"]
        assert read.usage.reasoning_tokens == usage["output_tokens_details"]["reasoning_tokens"]
        assert read.usage.cost_in_usd_ticks == usage.get("cost_in_usd_ticks", 0)


@pytest.mark.parametrize("status", ["in_progress", "queued"])
def test_a_stored_answer_that_is_not_finished_has_no_reason_to_have_ended(status: str) -> None:
    read = AnswerReader(None)({"id": "R", "status": status, "output": [message(text("a")), CALL]})
    assert [(choice.message.content, choice.finish_reason) for choice in read.choices] == [("a", None)]


@deep
@given(response=responses())
def test_runs_of_the_service_are_calls(response: Json) -> None:
    read = AnswerReader(None)(response)
    for choice, entry in zip(read.choices, entries(response), strict=True):
        if "run" not in entry:
            continue
        item, call = entry["run"], choice.message.tool_calls[-1]
        named = "attachment_search_tool" if item.get("name") == "attachment_search" else "x_search_tool"
        assert call.type == KINDS.get(item["type"], named)
        assert call.status == item.get("status", "completed")
        own_id = item["call_id"] if item["type"] == "custom_tool_call" else item.get("id", "").removeprefix("ws_R_")
        assert call.id == own_id
        assert call.error_message == item.get("error")
        known = [
            value for value in (item.get("code"), item.get("prompt"), item.get("action", {}).get("query")) if value
        ]
        known += item.get("queries", [])
        arguments = call.function.arguments
        if "arguments" in item or item["type"] == "custom_tool_call":
            assert arguments == item.get("arguments", item.get("input") or "{}")
        else:
            told = [x for v in json.loads(arguments).values() for x in (v if isinstance(v, list) else [v])]
            assert all(value in told for value in known)


@pytest.mark.parametrize("output", [[CALL, SEARCH], [SEARCH, CALL], [CALL, SEARCH, message(text("a"))]])
def test_functions_are_asked_for_wherever_they_stand_beside_runs(output: list[Json]) -> None:
    read = AnswerReader(None)({"id": "R", "status": "completed", "output": output})
    assert [(call.id, call.type) for call in read.tool_calls] == [("c", "function")]
    assert [(call.id, call.type) for call in read.server_tool_calls] == [("s", "web_search_tool")]
    assert read.finish_reason == "tool_calls"
    assert [call.id for call in read.to_message().tool_calls or ()] == ["c"]


# --- failures, and what no definition tells ---


@pytest.mark.parametrize("read", [AnswerReader, lambda request: lambda d: folded(request, [{"type": "x", **d}])])
def test_a_failed_answer_is_an_error(read: Any) -> None:
    failure = {"code": "server_error", "message": "The model broke."}
    response = {"id": "R", "status": "failed", "error": failure, "output": []}
    given_ = response if read is AnswerReader else {"type": "response.failed", "response": response}
    with pytest.raises(ApiError) as caught:
        read(None)(given_)
    assert "The model broke." in str(caught.value)


@deep
@given(error=json_values, output=st.lists(json_values, max_size=2))
def test_whatever_a_failure_says(error: Any, output: Any) -> None:
    with pytest.raises(ApiError):
        AnswerReader(None)({"status": "failed", "error": error, "output": output})


@deep
@given(data=st.data(), request=requests, response=responses())
def test_odd_answers_never_break_the_reader(data: st.DataObject, request: Any, response: Json) -> None:
    odd = data.draw(st.builds(dict)) if data.draw(st.integers(0, 9)) == 0 else spoilt(data.draw, response)
    read = AnswerReader(request)(odd if isinstance(odd, dict) else {"output": odd})
    assert isinstance(read, ChatCompletion)
    assert ChatCompletion.from_dict(read.to_dict()) == read


@deep
@given(data=st.data(), request=requests, response=responses())
def test_odd_events_never_break_the_reader(data: st.DataObject, request: Any, response: Json) -> None:
    events = with_strangers(data.draw, EventMaker(data.draw, response).run())
    read, fold = ChunkReader(request), FoldChatCompletion()
    for event in [spoilt(data.draw, event) for event in events]:
        try:
            chunk = read(event if isinstance(event, dict) else {"type": event})
        except ApiError:
            assert event["response"]["status"] == "failed"
            continue
        if chunk is not None:
            assert ChatChunk.from_dict(chunk.to_dict()) == chunk
            fold.add(chunk)
    assert isinstance(fold.response(), ChatCompletion)


# --- condensed conversations ---

_counts = st.integers(0, 2**31 - 1)
_usages = st.fixed_dictionaries(
    {
        "input_tokens": _counts,
        "input_tokens_details": st.builds(lambda n: {"cached_tokens": n}, _counts),
        "output_tokens": _counts,
        "output_tokens_details": st.builds(lambda n: {"reasoning_tokens": n}, _counts),
        "total_tokens": _counts,
        "dropped_message_count": _counts,
    }
)
_others = objects("message", {"role": st.just("user"), "content": words})
compacted = st.fixed_dictionaries(
    {
        "object": st.just("response.compaction"),
        "id": words,
        "created_at": _counts,
        "model": words,
        "output": st.lists(_others | objects("compaction", {"encrypted_content": words}), max_size=3),
    },
    optional={"usage": st.none() | _usages},
)


@deep
@given(answer=compacted)
def test_a_condensed_conversation(answer: Json) -> None:
    valid(answer, "/components/schemas/CompactResponse")
    read = CompactReader(None)(answer)
    sealed = [item["encrypted_content"] for item in answer["output"] if item["type"] == "compaction"]
    assert (read.id, read.encrypted_content) == (answer["id"], (sealed or [""])[0])
    usage = answer.get("usage")
    assert (read.usage is None) == (usage is None)
    assert read.dropped_message_count == (usage["dropped_message_count"] if usage else 0)
    if usage:
        assert read.usage is not None
        assert read.usage.extra is None
        assert (read.usage.prompt_tokens, read.usage.completion_tokens, read.usage.total_tokens) == (
            usage["input_tokens"], usage["output_tokens"], usage["total_tokens"],
        )  # fmt: skip
        assert read.usage.cached_tokens == usage["input_tokens_details"]["cached_tokens"]
        assert read.usage.reasoning_tokens == usage["output_tokens_details"]["reasoning_tokens"]


@deep
@given(data=st.data(), answer=compacted)
def test_an_odd_condensed_conversation_never_breaks_the_reader(data: st.DataObject, answer: Json) -> None:
    odd = spoilt(data.draw, answer)
    read = CompactReader(None)(odd if isinstance(odd, dict) else {"output": odd})
    assert isinstance(read, CompactedChat)
    assert CompactedChat.from_dict(read.to_dict()) == read
