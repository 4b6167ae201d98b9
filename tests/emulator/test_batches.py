"""Batches: filled on one wire, worked off and read on both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from xai_dual.emulator import definitions

from .equal import chat_of_json, chat_of_proto
from .heaps import CANCEL, CAT, LIST, ONE, REQUESTS, RESULTS, STATES, add, chat, create, line, proto_chat, state
from .shapes import checked, missing
from .wires import Wires, moment, parsed, refusal


def counters(message: Any) -> dict[str, int]:
    return {
        key: getattr(message.state, key)
        for key in ("num_requests", "num_pending", "num_success", "num_error", "num_cancelled")
    }


def batch_of_json(body: dict[str, Any]) -> dict[str, Any]:
    names = ("batch_id", "name", "create_time", "expire_time", "create_api_key_id", "cancel_time", "state")
    return {name: body[name] for name in names}


def batch_of_proto(message: Any) -> dict[str, Any]:
    return {
        "batch_id": message.batch_id,
        "name": message.name,
        "create_time": moment(message.create_time),
        "expire_time": moment(message.expire_time),
        "create_api_key_id": message.create_api_key_id,
        "cancel_time": moment(message.cancel_time),
        "state": counters(message),
    }


def result_of_json(item: dict[str, Any]) -> dict[str, Any]:
    result = item["batch_result"]
    if "error" in result:
        assert item["error_message"] == result["error"]["message"]
        return {"id": item["batch_request_id"], "error": (result["error"]["code"], result["error"]["message"])}
    ((kind, answer),) = result["response"].items()
    if kind == "chat_get_completion":
        return {"id": item["batch_request_id"], "chat": chat_of_json(answer)}
    if kind == "image_generation":
        return {"id": item["batch_request_id"], "images": [image["url"] for image in answer["data"]]}
    return {"id": item["batch_request_id"], "video": (answer["video"]["url"], answer["video"]["duration"])}


def result_of_proto(item: Any) -> dict[str, Any]:
    if item.WhichOneof("result") == "error":
        return {"id": item.batch_request_id, "error": (item.error.code, item.error.message)}
    kind = item.response.WhichOneof("response")
    if kind == "completion_response":
        return {"id": item.batch_request_id, "chat": chat_of_proto(item.response.completion_response)}
    if kind == "image_response":
        return {"id": item.batch_request_id, "images": [image.url for image in item.response.image_response.images]}
    video = item.response.video_response.video
    return {"id": item.batch_request_id, "video": (video.url, video.duration)}


def all_results(wires: Wires, name: str) -> list[dict[str, Any]]:
    body = checked(wires.rest.get(RESULTS.format(batch_id=name)), RESULTS)
    found = [result_of_json(item) for item in body["results"]]
    assert found == [
        result_of_proto(item) for item in wires.call("xai_api.BatchMgmt/ListBatchResults", batch_id=name).results
    ]
    return found


def test_every_kind_of_request(wires: Wires) -> None:
    name = create(wires)
    video = {"prompt": "a cat"}
    add(
        wires,
        name,
        chat("chat"),
        {"batch_request_id": "response", "batch_request": {"responses": {"model": "grok-4", "input": "Say dog"}}},
        {"batch_request_id": "image", "batch_request": {"image_generation": {"prompt": "a cat", "n": 2}}},
        {
            "batch_request_id": "edit",
            "batch_request": {"image_edit": {"prompt": "more", "image": {"url": "https://example.com/a.png"}}},
        },
        {"batch_request_id": "video", "batch_request": {"video_generation": video}},
        {
            "batch_request_id": "extension",
            "batch_request": {"video_extension": {"prompt": "on", "video": {"url": "https://example.com/a.mp4"}}},
        },
        chat("unknown model", model="nope"),
        chat("bad value", temperature=5),
        {"batch_request_id": "no video", "batch_request": {"video_generation": {"prompt": "fail: permission_denied"}}},
        chat(),
    )
    assert state(wires, name)["num_pending"] == 5
    assert state(wires, name) == {
        "num_requests": 10, "num_pending": 0, "num_success": 7, "num_error": 3, "num_cancelled": 0,
    }  # fmt: skip
    found = {item["id"]: item for item in all_results(wires, name)}
    assert found["chat"]["chat"]["choices"][0]["text"] == "cat"
    assert found["response"]["chat"]["choices"][0]["text"] == "dog"
    assert len(found["image"]["images"]) == 2
    assert len(found["edit"]["images"]) == 1
    assert found["video"]["video"][1] == 8
    assert found["extension"]["video"][1] == 14
    assert found["unknown model"]["error"][0] == grpc.StatusCode.NOT_FOUND.value[0]
    assert found["bad value"]["error"][0] == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert found["no video"]["error"][0] == grpc.StatusCode.PERMISSION_DENIED.value[0]
    assert len(found) == 10  # the last one got an id
    direct = wires.rest.post("/v1/chat/completions", json={"model": "grok-3", "messages": [CAT]}).json()
    assert found["chat"]["chat"] == chat_of_json(direct)
    costs = wires.call("xai_api.BatchMgmt/GetBatch", batch_id=name).cost_breakdown
    assert costs.total_cost_usd_ticks == sum(cost.cost_usd_ticks for cost in costs.endpoint_costs) > 0
    assert {cost.endpoint: cost.request_count for cost in costs.endpoint_costs} == {
        "xai_api.Chat/GetCompletion": 3,
        "xai_api.Image/GenerateImage": 2,
        "xai_api.Video/GenerateVideo": 1,
        "xai_api.Video/ExtendVideo": 1,
    }
    assert costs.HasField("calculation_time")


def test_requests_read_back(wires: Wires) -> None:
    """gRPC alone reads a request with its result, also one that REST or a file brought."""
    name = create(wires)
    wires.call("xai_api.BatchMgmt/AddBatchRequests", batch_id=name, batch_requests=[proto_chat("rpc")])
    add(wires, name, chat("rest", stop=["x"], n=2), {"batch_request": {"image_generation": {"prompt": "cat"}}})
    get = "xai_api.BatchMgmt/GetBatchRequestResult"
    pending = wires.call(get, batch_id=name, batch_request_id="rpc")
    assert not pending.HasField("result")
    assert pending.request == definitions.message("xai_api.BatchRequest")(**proto_chat("rpc"))
    state(wires, name), state(wires, name)
    for request in ("rpc", "rest"):
        found = wires.call(get, batch_id=name, batch_request_id=request)
        asked = found.request.completion_request
        assert (asked.model, asked.messages[0].content[0].text) == ("grok-3", "Say cat")
        again = wires.call("xai_api.Chat/GetCompletion", **{field.name: value for field, value in asked.ListFields()})
        assert chat_of_proto(again) == chat_of_proto(found.result.response.completion_response)
    rest = [
        item["batch_request_id"]
        for item in wires.rest.get(REQUESTS.format(batch_id=name)).json()["batch_request_metadata"]
    ]
    assert wires.call(get, batch_id=name, batch_request_id=rest[2]).request.image_request.prompt == "cat"
    with pytest.raises(grpc.RpcError) as caught:
        wires.call(get, batch_id=name, batch_request_id="none")
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(("polls", "steps"), [(0, [3]), (1, [1, 3]), (2, [1, 2, 3]), (4, [0, 0, 1, 2, 3])])
def test_polls(wires: Wires, polls: int, steps: list[int]) -> None:
    name = create(wires, polls)
    assert state(wires, name)["num_requests"] == 0
    add(wires, name, chat("a"), chat("b"), chat("c"))
    listed = wires.rest.get(LIST).json()["batches"][0]
    assert (listed["batch_id"], listed["state"]["num_pending"]) == (name, 3)  # lists and results are no polls
    assert all_results(wires, name) == []
    for position, done in enumerate(steps):
        if position % 2:
            assert state(wires, name)["num_success"] == done
        else:
            assert counters(wires.call("xai_api.BatchMgmt/GetBatch", batch_id=name))["num_success"] == done
        assert len(all_results(wires, name)) == done


def test_both_wires_tell_the_same(wires: Wires) -> None:
    made = wires.call("xai_api.BatchMgmt/CreateBatch", name="mine")
    assert not made.HasField("input_file_id")
    name = made.batch_id
    assert name.startswith("batch_")
    add(wires, name, chat("a"), chat("b", "nope"), **{"x-emulator-polls": "0"})
    body = checked(wires.rest.get(ONE.format(batch_id=name)), ONE)
    assert missing("Batch", body) == set()
    assert batch_of_json(body) == batch_of_proto(wires.call("xai_api.BatchMgmt/GetBatch", batch_id=name))
    assert (parsed(body["expire_time"]) - parsed(body["create_time"])).total_seconds() == 24 * 3600
    page = checked(wires.rest.get(REQUESTS.format(batch_id=name)), REQUESTS)["batch_request_metadata"]
    same = wires.call("xai_api.BatchMgmt/ListBatchRequestMetadata", batch_id=name).batch_request_metadata
    assert page == [
        {
            "batch_request_id": item.batch_request_id,
            "endpoint": item.endpoint,
            "model": item.model,
            "state": STATES[item.state],
            "create_time": moment(item.create_time),
            "finish_time": moment(item.finish_time),
        }
        for item in same
    ]
    assert [(item["state"], item["endpoint"]) for item in page] == [
        ("succeeded", "xai_api.Chat/GetCompletion"),
        ("failed", "xai_api.Chat/GetCompletion"),
    ]
    failed = wires.call("xai_api.BatchMgmt/ListBatchRequestMetadata", batch_id=name, status=[4, 1])
    assert [item.batch_request_id for item in failed.batch_request_metadata] == ["b"]


def pages(wires: Wires, path: str, items: str, rpc: str, limit: int, **fields: Any) -> Iterator[list[Any]]:
    """The pages of a list; both wires give the same tokens."""
    token: str | None = None
    while True:
        params = {"limit": limit, **({"pagination_token": token} if token else {})}
        body = checked(wires.rest.get(path.format(**fields), params=params), path)
        same = wires.call(f"xai_api.BatchMgmt/{rpc}", limit=limit, pagination_token=token, **fields)
        names = [item.get("batch_request_id") or item["batch_id"] for item in body[items]]
        key = "batch_id" if items == "batches" else "batch_request_id"
        assert [getattr(item, key) for item in getattr(same, items)] == names
        token = body["pagination_token"]
        assert (same.pagination_token or None) == token
        yield names
        if token is None:
            return


def test_pages(wires: Wires) -> None:
    name = create(wires, 0)
    add(wires, name, *(chat(str(number)) for number in range(7)))
    state(wires, name)
    for limit, sizes in ((1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (1000, [7])):
        for path, items, rpc in (
            (REQUESTS, "batch_request_metadata", "ListBatchRequestMetadata"),
            (RESULTS, "results", "ListBatchResults"),
        ):
            found = list(pages(wires, path, items, rpc, limit, batch_id=name))
            assert [len(page) for page in found] == sizes
            assert [entry for page in found for entry in page] == [str(number) for number in range(7)]
    made = [create(wires) for _ in range(3)]
    flat = [entry for page in pages(wires, LIST, "batches", "ListBatches", 2) for entry in page]
    assert flat[:3] == made[::-1]  # the newest first
    assert len(set(flat)) == len(flat)


def test_from_a_file(wires: Wires) -> None:
    lines = [
        line("a", "/v1/chat/completions", {"model": "grok-3", "messages": [CAT]}),
        "",
        line("b", "/v1/responses", {"model": "grok-3", "input": "Say dog"}),
        line("c", "/v1/images/generations", {"prompt": "cat"}),
        line("d", "/v1/videos/generations", {"prompt": "cat"}),
        line("e", "/v1/embeddings", {"model": "v1", "input": "x"}),
        line("f", "/v1/chat/completions", {"model": "grok-3", "messages": "none"}),
    ]
    stored = wires.store("b.jsonl", "\n".join(lines).encode())["id"]
    rest = create(wires, input_file_id=stored)
    made = wires.call("xai_api.BatchMgmt/CreateBatch", name="x", input_file_id=stored)
    assert made.input_file_id == stored
    for name in (rest, made.batch_id):
        listed = {item["batch_id"]: item for item in wires.rest.get(LIST).json()["batches"]}
        assert listed[name]["state"]["num_requests"] == 0  # not loaded yet
        assert state(wires, name)["num_pending"] == 3
        assert state(wires, name)["num_success"] == 4
        found = {item["id"]: item for item in all_results(wires, name)}
        assert found["b"]["chat"]["choices"][0]["text"] == "dog"
        assert found["e"]["error"] == (3, "A batch cannot call /v1/embeddings.")
        assert found["f"]["error"][0] == 3
        assert "messages: invalid type" in found["f"]["error"][1]
        answer = wires.rest.post(REQUESTS.format(batch_id=name), json={"batch_requests": [chat()]})

        def same(name: str = name) -> Any:
            return wires.call("xai_api.BatchMgmt/AddBatchRequests", batch_id=name, batch_requests=[proto_chat()])

        assert refusal(answer, same) == (400, "FAILED_PRECONDITION")


def test_cancel(wires: Wires) -> None:
    name = create(wires, 2)
    add(wires, name, *(chat(str(number)) for number in range(6)))
    state(wires, name)
    body = checked(wires.rest.post(CANCEL.format(batch_id=name)), CANCEL)
    assert body["state"] == {
        "num_requests": 6, "num_pending": 0, "num_success": 2, "num_error": 0, "num_cancelled": 4,
    }  # fmt: skip
    assert body["cancel_time"] is not None
    assert body["cancel_by_xai_message"] is None
    again = wires.call("xai_api.BatchMgmt/CancelBatch", batch_id=name)
    assert batch_of_proto(again) == batch_of_json(body)
    assert state(wires, name) == body["state"]
    found = all_results(wires, name)
    assert [item.get("error", (0,))[0] for item in found] == [0, 0, 1, 1, 1, 1]
    states = wires.call("xai_api.BatchMgmt/ListBatchRequestMetadata", batch_id=name, status=[3])
    assert len(states.batch_request_metadata) == 4
    answer = wires.rest.post(REQUESTS.format(batch_id=name), json={"batch_requests": [chat()]})
    call = wires.call
    assert refusal(
        answer, lambda: call("xai_api.BatchMgmt/AddBatchRequests", batch_id=name, batch_requests=[proto_chat()])
    ) == (400, "FAILED_PRECONDITION")


def test_a_batch_lapses(wires: Wires) -> None:
    name = create(wires)
    add(wires, name, chat("a"))
    wires.server.advance(24 * 3600)
    assert [state(wires, name)["num_pending"] for _ in range(3)] == [1, 1, 1]
    answer = wires.rest.post(REQUESTS.format(batch_id=name), json={"batch_requests": [chat()]})
    assert (answer.status_code, answer.json()["error"]) == (400, f"The batch {name} has expired.")
