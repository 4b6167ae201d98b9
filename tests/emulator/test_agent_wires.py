"""gRPC chat and POST /v1/responses give the same answer to the same conversation, and share what is stored."""

from __future__ import annotations

import base64
import json
from typing import Any

import grpc
import httpx
import pytest

from xai_dual.emulator import Server

from .agent_cases import CASES, CODE, INLINE, OUTPUTS, REST_OUTPUTS, WEB, X, ask, of_json, of_proto, to_proto
from .conftest import Rpc

RESPONSES = "/v1/responses"
COMPLETION = "GetChatCompletionResponse"


def folded(chunks: list[Any], rpc: Rpc) -> Any:
    """A gRPC stream as one answer."""
    whole = rpc.message(COMPLETION)
    for chunk in chunks:
        whole.id, whole.model, whole.created.seconds = chunk.id, chunk.model, chunk.created.seconds
        whole.usage.CopyFrom(chunk.usage)
        whole.citations.extend(chunk.citations)
        for part in chunk.outputs:
            while len(whole.outputs) <= part.index:
                whole.outputs.add(index=len(whole.outputs))
            output = whole.outputs[part.index]
            output.message.role = part.delta.role
            output.message.content += part.delta.content
            output.message.reasoning_content += part.delta.reasoning_content
            output.message.encrypted_content += part.delta.encrypted_content
            output.message.tool_calls.extend(part.delta.tool_calls)
            output.message.citations.extend(part.delta.citations)
            output.finish_reason = part.finish_reason or output.finish_reason
    return whole


@pytest.mark.parametrize("name", CASES)
def test_same_answer(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    answer = rest.post(RESPONSES, json=CASES[name])
    assert answer.status_code == 200, answer.text
    request = to_proto(rpc, CASES[name])
    message = rpc("Chat/GetCompletion", request, COMPLETION)
    assert of_json(answer.json()) == of_proto(message)
    chunks = list(rpc.stream("Chat/GetCompletionChunk", request, "GetChatCompletionChunk"))
    whole = folded(chunks, rpc)
    assert list(whole.outputs) == list(message.outputs)
    assert whole.usage == message.usage
    assert list(whole.citations) == list(message.citations)


def test_cases_say_what_they_are_for(rest: httpx.Client) -> None:
    found = {name: of_json(rest.post(RESPONSES, json=given).json()) for name, given in CASES.items()}
    kinds = {name: [call[0] for call in given["calls"]] for name, given in found.items() if given["calls"]}
    assert kinds == {
        "file": ["attachment_search"],
        "function": ["function"],
        "named": ["function"],
        "web": ["web_search"],
        "web, no reasoning": ["web_search"],
        "web, cut": ["web_search"],
        "web, json": ["web_search"],
        "x": ["x_search"],
        "code": ["code_execution"],
        "collections": ["collections_search"],
        "mcp": ["mcp"],
        "draw": ["image_generation"],
        "all": ["web_search", "x_search", "code_execution", "mcp"],
        "max turns": ["web_search", "x_search"],
        "one at a time": ["web_search"],
        "forced": ["code_execution"],
        "chosen": ["web_search"],
        "both": ["web_search", "function"],
    }
    assert found["sum"]["text"] == "101 multiplied by 3 is 303."
    assert found["sum"]["reasoning"]
    assert found["web"]["citations"] == ["https://example.com/1", "https://example.org/2"]
    assert "[[1]](https://example.com/1)" in found["web"]["text"]
    assert found["web"]["sources"] == 2
    assert [found[name]["cut"] for name in ("web, cut", "web")] == [True, False]
    assert len(found["web, cut"]["citations"]) < 2
    assert found["web, json"]["citations"]
    assert json.loads(found["web, json"]["text"])
    assert found["x"]["citations"] == ["https://x.com/xai/status/1900"]
    assert "printed: 144" in found["code"]["text"]
    assert found["collections"]["citations"][0].startswith("collections://collection_1/files/")
    assert found["result"]["text"] == "get_weather returned: 12 degrees."
    assert found["mcp"]["calls"][0][2] == "wiki.ask"


def test_inline_citations_and_outputs(rest: httpx.Client, rpc: Rpc) -> None:
    given = CASES["all"]
    request = to_proto(rpc, given)
    plain = rpc("Chat/GetCompletion", request, COMPLETION)
    assert [output.message.role for output in plain.outputs] == [2] * 5
    assert not any(output.message.citations for output in plain.outputs)
    request.include.extend([INLINE, *OUTPUTS])
    message = rpc("Chat/GetCompletion", request, COMPLETION)
    assert [output.message.role for output in message.outputs] == [2, 5, 2, 5, 2, 5, 2, 5, 2]
    assert [output.index for output in message.outputs] == list(range(9))
    body = rest.post(RESPONSES, json={**given, "include": REST_OUTPUTS}).json()
    assert of_proto(message) == of_proto(plain) == of_json(body)
    text = message.outputs[-1].message.content
    inline = [
        (item.id, item.start_index, item.end_index, item.web_citation.url or item.x_citation.url)
        for item in message.outputs[-1].message.citations
    ]
    notes = body["output"][-1]["content"][0]["annotations"]
    assert inline == [(note["title"], note["start_index"], note["end_index"], note["url"]) for note in notes]
    assert [text[start:end] for _, start, end, _ in inline] == [f"[[{id}]]({url})" for id, _, _, url in inline]
    items = {item["type"]: item for item in body["output"]}
    assert [source["url"] for source in items["web_search_call"]["action"]["sources"]] == [inline[0][3], inline[1][3]]
    results = [output.message for output in message.outputs if output.message.role == 5]
    assert items["code_interpreter_call"]["outputs"] == [{"type": "logs", "logs": results[2].content}]
    assert items["mcp_call"]["output"] == results[3].content
    assert [result.tool_calls[0].type for result in results] == [2, 3, 4, 6]
    bare = rest.post(RESPONSES, json={**given, "include": ["no_inline_citations"]}).json()
    assert bare["output"][-1]["content"][0]["annotations"] == []


def test_pictures_come_without_asking(rest: httpx.Client, rpc: Rpc) -> None:
    message = rpc("Chat/GetCompletion", to_proto(rpc, CASES["draw"]), COMPLETION)
    envelope = json.loads(message.outputs[1].message.content)
    assert envelope["__type"] == "image_generation_result"
    item = next(
        item
        for item in rest.post(RESPONSES, json=CASES["draw"]).json()["output"]
        if item["type"] == "image_generation_call"
    )
    assert envelope["result"] == f"data:image/png;base64,{item['result']}"
    assert base64.b64decode(item["result"]).startswith(b"\x89PNG")


def test_settings(rpc: Rpc) -> None:
    given = {**CASES["all"], "temperature": 0.5, "user": "u", "parallel_tool_calls": True, "store": True}
    request = to_proto(rpc, given)
    request.include.append(INLINE)
    request.agent_count = 1
    message = rpc("Chat/GetCompletion", request, COMPLETION)
    settings = message.settings
    assert list(settings.tools) == list(request.tools)
    assert (settings.user, settings.temperature, settings.store_messages) == ("u", 0.5, True)
    assert list(settings.include) == [INLINE]
    assert settings.parallel_tool_calls
    assert not settings.HasField("max_tokens")
    stored = rpc(
        "Chat/GetStoredCompletion", rpc.message("GetStoredCompletionRequest", response_id=message.id), COMPLETION
    )
    assert stored == message


def test_encrypted_reasoning(rest: httpx.Client, rpc: Rpc) -> None:
    given = ask("What is 6*7?", include=["reasoning.encrypted_content"], store=False)
    item = rest.post(RESPONSES, json=given).json()["output"][0]
    request = to_proto(rpc, given)
    assert rpc("Chat/GetCompletion", request, COMPLETION).outputs[0].message.encrypted_content == ""
    request.use_encrypted_content = True
    message = rpc("Chat/GetCompletion", request, COMPLETION).outputs[0].message
    assert message.encrypted_content == item["encrypted_content"] != ""
    again = [
        {"role": "user", "content": "What is 6*7?"},
        {"type": "reasoning", "summary": [], "encrypted_content": item["encrypted_content"]},
        {"role": "assistant", "content": "42"},
        {"role": "user", "content": "Hello"},
    ]
    first = rest.post(RESPONSES, json=ask(again)).json()
    request = rpc.message("GetCompletionsRequest", model="latest")
    request.messages.add(role=1).content.add(text="What is 6*7?")
    request.messages.add(role=2, encrypted_content=item["encrypted_content"]).content.add(text="42")
    request.messages.add(role=1).content.add(text="Hello")
    assert of_proto(rpc("Chat/GetCompletion", request, COMPLETION)) == of_json(first)
    broken = [{"type": "reasoning", "summary": [], "encrypted_content": "abc"}, {"role": "user", "content": "Hi"}]
    assert rest.post(RESPONSES, json=ask(broken)).status_code == 400


# ---- stored answers


def owner(server: Server, name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {server.api_key}/{name}"}


def test_stored_by_grpc_read_by_rest(rest: httpx.Client, rpc: Rpc) -> None:
    given = {**CASES["all"], "store": True}
    message = rpc("Chat/GetCompletion", to_proto(rpc, given), COMPLETION)
    path = f"{RESPONSES}/{message.id}"
    body = rest.get(path).json()
    assert of_json(body) == of_proto(message)
    assert body["store"] is True
    assert [tool["type"] for tool in body["tools"]] == [tool["type"] for tool in given["tools"]]
    assert body["tools"][4]["server_label"] == "wiki"
    items = rest.get(f"{path}/input_items").json()["data"]
    assert [(item["role"], item["content"][0]["text"]) for item in items] == [("user", given["input"])]
    assert rest.delete(path).json() == {"id": message.id, "object": "response", "deleted": True}
    assert rest.get(path).status_code == 404
    with pytest.raises(grpc.RpcError) as caught:
        rpc("Chat/GetStoredCompletion", rpc.message("GetStoredCompletionRequest", response_id=message.id), COMPLETION)
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.NOT_FOUND


def test_stored_by_rest_read_by_grpc(rest: httpx.Client, rpc: Rpc) -> None:
    given = {**ask("Search X posts, then run code", X, CODE, WEB), "temperature": 0.25, "metadata": {"a": "b"}}
    body = rest.post(RESPONSES, json=given).json()
    named = rpc.message("GetStoredCompletionRequest", response_id=body["id"])
    message = rpc("Chat/GetStoredCompletion", named, COMPLETION)
    assert of_proto(message) == of_json(body)
    assert list(message.settings.tools) == list(to_proto(rpc, given).tools)
    assert message.settings.temperature == 0.25
    gone = rpc(
        "Chat/DeleteStoredCompletion",
        rpc.message("DeleteStoredCompletionRequest", response_id=body["id"]),
        "DeleteStoredCompletionResponse",
    )
    assert gone.response_id == body["id"]
    assert rest.get(f"{RESPONSES}/{body['id']}").status_code == 404


def test_conversations_go_on_across_wires(rest: httpx.Client, rpc: Rpc) -> None:
    first = rest.post(RESPONSES, json=ask("Weather in Rome?", CASES["function"]["tools"][0], instructions="Be brief."))
    call = first.json()["output"][-1]
    request = rpc.message("GetCompletionsRequest", model="latest", previous_response_id=first.json()["id"])
    request.messages.add(role=5, tool_call_id=call["call_id"]).content.add(text="20 degrees")
    request.store_messages = True
    second = rpc("Chat/GetCompletion", request, COMPLETION)
    assert second.outputs[0].message.content == "get_weather returned: 20 degrees."
    assert second.settings.previous_response_id == first.json()["id"]
    third = rest.post(RESPONSES, json=ask("Hello", previous_response_id=second.id)).json()
    assert third["previous_response_id"] == second.id
    assert third["usage"]["input_tokens"] > second.usage.prompt_tokens
    # The same conversation sent whole costs the same, but for the instructions, which are not carried over.
    assert third["usage"]["input_tokens_details"]["cached_tokens"] > 0


def test_not_stored(rest: httpx.Client, rpc: Rpc, server: Server) -> None:
    for given in (ask("Say unstored", store=False), ask("Say deferred")):
        name = rpc("Chat/GetCompletion", to_proto(rpc, given), COMPLETION).id
        assert rest.get(f"{RESPONSES}/{name}").status_code == 404
    body = rest.post(RESPONSES, json=ask("Say mine"), headers=owner(server, "a")).json()
    assert rest.get(f"{RESPONSES}/{body['id']}", headers=owner(server, "a")).status_code == 200
    assert rest.get(f"{RESPONSES}/{body['id']}", headers=owner(server, "b")).status_code == 404
    answer = rest.post(RESPONSES, json=ask("Hi", previous_response_id="nope"))
    assert answer.status_code == 404
    assert answer.json() == {
        "code": "previous_response_not_found",
        "error": "Previous response with id=nope not found.",
    }
    with pytest.raises(grpc.RpcError) as caught:
        rpc("Chat/GetCompletion", to_proto(rpc, ask("Hi", previous_response_id="nope")), COMPLETION)
    error: Any = caught.value
    assert (error.code(), error.details()) == (grpc.StatusCode.NOT_FOUND, answer.json()["error"])


def test_compaction(rest: httpx.Client, rpc: Rpc) -> None:
    talk = [{"role": role, "content": f"{role} says {'word ' * 100}"} for role in ("system", "user", "assistant")]
    made = rest.post(f"{RESPONSES}/compact", json={"model": "latest", "input": talk}).json()
    request = rpc.message("CompactContextRequest", model="latest")
    request.input.extend(to_proto(rpc, ask(talk)).messages)
    compacted = rpc("Chat/CompactContext", request, "CompactContextResponse")
    item = made["output"][0]
    assert (made["id"], item["encrypted_content"]) == (compacted.id, compacted.encrypted_content)
    assert made["usage"]["dropped_message_count"] == compacted.dropped_message_count == 3
    assert made["usage"]["input_tokens"] == compacted.usage.prompt_tokens
    question = {"role": "user", "content": "Hello"}
    short = rest.post(RESPONSES, json=ask([*talk, item, question])).json()
    assert of_json(short)["text"] == "Hello! How can I help you today?"
    whole = rest.post(RESPONSES, json=ask([*talk, question])).json()
    assert short["usage"]["input_tokens"] < whole["usage"]["input_tokens"] / 2
    for role in (1, 2):  # the official client sends it in a message of the user, its documentation in one of the model
        request = rpc.message("GetCompletionsRequest", model="latest")
        request.messages.add(role=role, encrypted_content=compacted.encrypted_content)
        request.messages.add(role=1).content.add(text="Hello")
        assert of_proto(rpc("Chat/GetCompletion", request, COMPLETION)) == of_json(short)


def test_deferred(rest: httpx.Client, rpc: Rpc) -> None:
    request = to_proto(rpc, CASES["web"])
    started = rpc("Chat/StartDeferredCompletion", request, "StartDeferredResponse", ("x-emulator-polls", "1"))
    named = rpc.message("GetDeferredRequest", request_id=started.request_id)
    assert rpc("Chat/GetDeferredCompletion", named, "GetDeferredCompletionResponse").status == 3
    done = rpc("Chat/GetDeferredCompletion", named, "GetDeferredCompletionResponse")
    assert done.status == 1
    assert done.response == rpc("Chat/GetCompletion", request, COMPLETION)
    with pytest.raises(grpc.RpcError):
        rpc("Chat/GetDeferredCompletion", named, "GetDeferredCompletionResponse")
    body = {"model": "grok-3", "messages": [{"role": "user", "content": "Say later"}], "deferred": True}
    path = f"/v1/chat/deferred-completion/{rest.post('/v1/chat/completions', json=body).json()['request_id']}"
    answers = [rest.get(path) for _ in range(3)]
    assert [(answer.status_code, bool(answer.content)) for answer in answers] == [
        (202, False),
        (200, True),
        (404, True),
    ]
    assert answers[1].json()["choices"][0]["message"]["content"] == "later"


REFUSED = {
    "unknown model": ("NOT_FOUND", ask("x", model="nope")),
    "nothing": ("INVALID_ARGUMENT", ask([])),
    "domains": ("INVALID_ARGUMENT", ask("x", {"type": "web_search", "filters": {"allowed_domains": list("abcdef")}})),
    "mcp": ("INVALID_ARGUMENT", ask("x", {**CASES["mcp"]["tools"][0], "server_url": ""})),
    "turns": ("INVALID_ARGUMENT", ask("x", WEB, max_turns=0)),
    "hot": ("INVALID_ARGUMENT", ask("x", temperature=2.5)),
    "tokens": ("INVALID_ARGUMENT", ask("x", max_output_tokens=0)),
    "required": ("INVALID_ARGUMENT", ask("x", tool_choice="required")),
    "unknown tool": ("INVALID_ARGUMENT", ask("x", WEB, tool_choice={"type": "mcp", "name": "mcp"})),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_alike(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    code, given = REFUSED[name]
    for stream in (False, True):
        answer = rest.post(RESPONSES, json={**given, "stream": stream})
        assert answer.status_code == {"NOT_FOUND": 404, "INVALID_ARGUMENT": 400}[code], answer.text
        with pytest.raises(grpc.RpcError) as caught:
            rpc("Chat/GetCompletion", to_proto(rpc, given), COMPLETION)
        error: Any = caught.value
        assert (error.code().name, error.details()) == (code, answer.json()["error"])


def test_unknown_include_and_tools_are_refused(rpc: Rpc) -> None:
    for change in ({"include": [99]}, {"tools": [rpc.message("Tool")]}):
        request = rpc.message("GetCompletionsRequest", model="latest", **change)
        request.messages.add(role=1).content.add(text="Hi")
        with pytest.raises(grpc.RpcError) as caught:
            rpc("Chat/GetCompletion", request, COMPLETION)
        error: Any = caught.value
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
