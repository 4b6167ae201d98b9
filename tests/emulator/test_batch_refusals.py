"""What of batches is refused. The same on both wires."""

from __future__ import annotations

import json
from typing import Any

import grpc
import pytest

from xai_dual.emulator.service import batches

from .heaps import CANCEL, LIST, ONE, REQUESTS, RESULTS, add, chat, create, line, proto_chat, state
from .wires import Wires, refusal


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"{",
        b"[]",
        b"\xff",
        b'{"custom_id": "a"}',
        json.dumps({"custom_id": "a", "method": "GET", "url": "/v1/responses", "body": {}}).encode(),
        "\n".join([line("a", "/v1/responses", {}), line("a", "/v1/responses", {})]).encode(),
    ],
)
def test_refused_files(wires: Wires, content: bytes) -> None:
    stored = wires.store("b.jsonl", content)["id"]
    answer = wires.rest.post(LIST, json={"name": "b", "input_file_id": stored})
    call = wires.call
    assert refusal(answer, lambda: call("xai_api.BatchMgmt/CreateBatch", name="b", input_file_id=stored)) == (
        400,
        "INVALID_ARGUMENT",
    )


@pytest.mark.parametrize(
    ("method", "path", "rpc"),
    [
        ("GET", ONE, "GetBatch"),
        ("POST", CANCEL, "CancelBatch"),
        ("GET", REQUESTS, "ListBatchRequestMetadata"),
        ("GET", RESULTS, "ListBatchResults"),
    ],
)
def test_unknown_batch(wires: Wires, method: str, path: str, rpc: str) -> None:
    answer = wires.rest.request(method, path.format(batch_id="batch_1"))
    assert refusal(answer, lambda: wires.call(f"xai_api.BatchMgmt/{rpc}", batch_id="batch_1")) == (404, "NOT_FOUND")


def test_refused_requests(wires: Wires) -> None:
    name = create(wires)
    path, rpc = REQUESTS.format(batch_id=name), "xai_api.BatchMgmt/AddBatchRequests"

    def same(given: list[dict[str, Any]], batch: str = name) -> Any:
        return lambda: wires.call(rpc, batch_id=batch, batch_requests=given)

    add(wires, name, chat("a"))
    bad = (400, "INVALID_ARGUMENT")
    assert refusal(wires.rest.post(path, json={"batch_requests": []}), same([])) == bad
    for twice in (["a"], ["b", "b"]):
        answer = wires.rest.post(path, json={"batch_requests": [chat(item) for item in twice]})
        assert refusal(answer, same([proto_chat(item) for item in twice])) == bad
    assert state(wires, name)["num_requests"] == 1  # all or none
    with pytest.raises(grpc.RpcError, match="must have a request"):
        same([{}])()
    nowhere = wires.rest.post(REQUESTS.format(batch_id="x"), json={"batch_requests": [chat()]})
    assert refusal(nowhere, same([proto_chat()], "x")) == (404, "NOT_FOUND")
    for payload in ({}, {"chat_get_completion": {}, "responses": {}}, {"chat_get_completion": {"model": "grok-3"}}):
        assert wires.rest.post(path, json={"batch_requests": [{"batch_request": payload}]}).status_code == 422
    assert wires.rest.post(LIST, json={}).status_code == 422
    create_batch = "xai_api.BatchMgmt/CreateBatch"
    assert refusal(wires.rest.post(LIST, json={"name": ""}), lambda: wires.call(create_batch)) == bad
    lost = wires.rest.post(LIST, json={"name": "b", "input_file_id": "file_1"})
    assert refusal(lost, lambda: wires.call(create_batch, name="b", input_file_id="file_1")) == (404, "NOT_FOUND")
    for path, rpc_name, limit in ((LIST, "ListBatches", 101), (RESULTS, "ListBatchResults", 1001)):
        fields = {} if path == LIST else {"batch_id": name}
        for query in ({"limit": limit}, {"pagination_token": "nothing"}):
            answer = wires.rest.get(path.format(batch_id=name), params=query)
            full = f"xai_api.BatchMgmt/{rpc_name}"
            assert (
                refusal(answer, lambda full=full, query=query, fields=fields: wires.call(full, **query, **fields))
                == bad
            )
    with pytest.raises(grpc.RpcError, match="unknown value 9"):
        wires.call("xai_api.BatchMgmt/ListBatchRequestMetadata", batch_id=name, status=[9])


def test_too_large(wires: Wires) -> None:
    name = create(wires)
    huge = "x" * (batches.MAX_ADDED + 1)
    body = chat("a")
    body["batch_request"]["chat_get_completion"]["messages"] = [{"role": "user", "content": huge}]
    answer = wires.rest.post(REQUESTS.format(batch_id=name), json={"batch_requests": [body]})
    message = proto_chat("a")
    message["completion_request"]["messages"][0]["content"][0]["text"] = huge
    call = wires.call
    assert refusal(
        answer, lambda: call("xai_api.BatchMgmt/AddBatchRequests", batch_id=name, batch_requests=[message])
    ) == (413, "OUT_OF_RANGE")
    assert state(wires, name)["num_requests"] == 0
