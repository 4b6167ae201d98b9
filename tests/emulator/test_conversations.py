"""What was said before reaches the model: sent again, stored on either wire, or compacted."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .agent_cases import CODE, WEB
from .agent_cases import ask as ask_items
from .conftest import Rpc
from .schemas import check
from .test_responses import RESPONSES
from .three_ways import ask, function, result, same, to_proto, to_responses

FIRST, MANY = "What did I say first?", "How many messages so far?"
COMPLETION = "GetChatCompletionResponse"


def text(body: dict[str, Any]) -> str:
    return str(body["output"][-1]["content"][0]["text"])


@pytest.mark.parametrize(
    "question",
    [FIRST, "what did I say to you first", "What was my first message?", "What was the first thing I said to you?"],
)
def test_first_message(rest: httpx.Client, rpc: Rpc, question: str) -> None:
    talk = ask({"role": "system", "content": "Be brief."}, "My name is Ada.", {"role": "assistant", "content": "Hi!"})
    assert same(rest, rpc, talk.then(question)).text == "My name is Ada."
    assert same(rest, rpc, talk.then("And then?", {"role": "assistant", "content": "x"}, question)).text == (
        "My name is Ada."
    )
    assert same(rest, rpc, ask(question)).text == question


def test_number_of_messages(rest: httpx.Client, rpc: Rpc) -> None:
    assert same(rest, rpc, ask(MANY)).text == "There is 1 message so far."
    talk = ask({"role": "system", "content": "Be brief."}, "Call f and g", tools=[function("f"), function("g")])
    first = same(rest, rpc, talk)
    talk = talk.then(first.turn, *(result(call_id, "1") for call_id, _, _ in first.calls))
    assert same(rest, rpc, talk.then(MANY)).text == "There are 6 messages so far."
    second = same(rest, rpc, talk)
    assert same(rest, rpc, talk.then(second.turn, MANY)).text == "There are 7 messages so far."


def test_questions_about_other_things(rest: httpx.Client, rpc: Rpc) -> None:
    for prompt in ("What is the first prime?", "echo: How many messages so far?", "Who did what first?"):
        assert same(rest, rpc, ask("Hello", prompt)).text not in ("Hello", "There are 2 messages so far.")


def test_in_json(rest: httpx.Client, rpc: Rpc) -> None:
    assert same(rest, rpc, ask("Hello", FIRST, json_object=True)).text == '{"answer": "Hello"}'


def test_runs_of_tools_are_no_messages(rest: httpx.Client, rpc: Rpc) -> None:
    """gRPC sends every entry of an answer again, REST leaves the runs out."""
    given = ask_items("Search the web and run code", WEB, CODE, include=["code_interpreter_call.outputs"])
    body = rest.post(RESPONSES, json=given).json()
    items = [{"role": "user", "content": given["input"]}, *body["output"], {"role": "user", "content": MANY}]
    said = text(rest.post(RESPONSES, json=ask_items(items)).json())
    request = rpc.message("GetCompletionsRequest", model="latest", include=[3])
    request.messages.add(role=1).content.add(text=given["input"])
    request.tools.add().web_search.allowed_domains.extend(WEB["filters"]["allowed_domains"])
    request.tools.add().code_execution.SetInParent()
    message = rpc("Chat/GetCompletion", request, COMPLETION)
    assert len(message.outputs) == 4
    for output in message.outputs:
        added = request.messages.add(role=output.message.role, reasoning_content=output.message.reasoning_content)
        added.content.add(text=output.message.content)
        added.tool_calls.extend(output.message.tool_calls)
        if output.message.role == 5:
            added.tool_call_id = output.message.tool_calls[0].id
    request.messages.add(role=1).content.add(text=MANY)
    again = rpc("Chat/GetCompletion", request, COMPLETION)
    assert again.outputs[-1].message.content == said == "There are 3 messages so far."


# ---- stored


def test_stored_on_grpc_continued_on_rest(rest: httpx.Client, rpc: Rpc) -> None:
    first = rpc("Chat/GetCompletion", to_proto(rpc, ask("I am Ada.", store=True)), COMPLETION)
    given = {"model": "grok-4", "previous_response_id": first.id}
    assert text(rest.post(RESPONSES, json={**given, "input": FIRST}).json()) == "I am Ada."
    body = rest.post(RESPONSES, json={**given, "input": MANY}).json()
    assert text(body) == "There are 3 messages so far."
    last = rest.post(RESPONSES, json={**given, "previous_response_id": body["id"], "input": MANY}).json()
    assert text(last) == "There are 5 messages so far."


def test_stored_on_rest_continued_on_grpc(rest: httpx.Client, rpc: Rpc) -> None:
    first = rest.post(RESPONSES, json=to_responses(ask("I am Ada."))).json()
    request = to_proto(rpc, ask(FIRST, store=True, previous_response_id=first["id"]))
    second = rpc("Chat/GetCompletion", request, COMPLETION)
    assert second.outputs[0].message.content == "I am Ada."
    chunks = list(rpc.stream("Chat/GetCompletionChunk", request, "GetChatCompletionChunk"))
    assert "".join(part.delta.content for chunk in chunks for part in chunk.outputs) == "I am Ada."
    third = rest.post(RESPONSES, json={"model": "grok-4", "input": MANY, "previous_response_id": second.id}).json()
    assert text(third) == "There are 5 messages so far."


def test_stored_is_as_good_as_sent(rest: httpx.Client, rpc: Rpc) -> None:
    """A conversation that is built upon gives what the whole one gives, token by token."""
    talk = ask("I am Ada.", model="grok-3")
    first = same(rest, rpc, talk)
    whole = same(rest, rpc, talk.then(first.turn, FIRST))
    stored = rest.post(RESPONSES, json=to_responses(talk)).json()["id"]
    given = ask(FIRST, model="grok-3", previous_response_id=stored)
    body = rest.post(RESPONSES, json=to_responses(given)).json()
    message = rpc("Chat/GetCompletion", to_proto(rpc, given), COMPLETION)
    assert body["id"] == message.id == whole.id
    assert body["usage"]["input_tokens"] == message.usage.prompt_tokens == dict(whole.usage)["prompt"]


def test_instructions_are_messages_but_not_kept(rest: httpx.Client) -> None:
    given = {"model": "grok-3", "input": MANY, "instructions": "Be brief."}
    first = rest.post(RESPONSES, json=given).json()
    assert text(first) == "There are 2 messages so far."
    del given["instructions"]
    following = rest.post(RESPONSES, json={**given, "previous_response_id": first["id"]}).json()
    assert text(following) == "There are 3 messages so far."


# ---- compacted


def compacted(rest: httpx.Client, rpc: Rpc, wire: str) -> str:
    talk = ask("I am Ada.", {"role": "assistant", "content": "Hi!"})
    if wire == "rest":
        body = {"model": "grok-4", "input": to_responses(talk)["input"]}
        made = rest.post(f"{RESPONSES}/compact", json=body).json()
        check("CompactResponse", made)
        return str(made["output"][0]["encrypted_content"])
    request = rpc.message("CompactContextRequest", model="grok-4", input=to_proto(rpc, talk).messages)
    return str(rpc("Chat/CompactContext", request, "CompactContextResponse").encrypted_content)


@pytest.mark.parametrize("wire", ["grpc", "rest"])
def test_compacted_on_one_wire_for_both(rest: httpx.Client, rpc: Rpc, wire: str) -> None:
    sealed = compacted(rest, rpc, wire)
    for question, said in ((FIRST, "I am Bob."), (MANY, "There are 3 messages so far.")):
        items = [{"type": "compaction", "encrypted_content": sealed}]
        items += [{"role": "user", "content": said} for said in ("I am Bob.", question)]
        body = rest.post(RESPONSES, json={"model": "grok-4", "input": items}).json()
        request = rpc.message("GetCompletionsRequest", model="grok-4")
        request.messages.add(role=2, encrypted_content=sealed)
        for message in ("I am Bob.", question):
            request.messages.add(role=1).content.add(text=message)
        answer = rpc("Chat/GetCompletion", request, COMPLETION)
        assert text(body) == answer.outputs[0].message.content == said
        assert (body["id"], body["usage"]["total_tokens"]) == (answer.id, answer.usage.total_tokens)


def test_results_of_compacted_calls(rest: httpx.Client, rpc: Rpc) -> None:
    """What a compacted conversation called is not known any more, so its results are taken as they are."""
    items = [
        {"type": "compaction", "encrypted_content": compacted(rest, rpc, "rest")},
        {"type": "function_call_output", "call_id": "call_x", "output": "7"},
    ]
    assert text(rest.post(RESPONSES, json={"model": "grok-3", "input": items}).json()) == "the tool returned: 7."


@pytest.mark.parametrize("sealed", ["abc", "emu1.", "emu1.AAAA"])
def test_spoiled_compaction(rest: httpx.Client, sealed: str) -> None:
    items = [{"type": "compaction", "encrypted_content": sealed}, {"role": "user", "content": "Hi"}]
    assert rest.post(RESPONSES, json={"model": "grok-3", "input": items}).status_code == 400
