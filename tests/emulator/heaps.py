"""Batches and the requests to fill them with."""

from __future__ import annotations

import json
from typing import Any

from .shapes import checked
from .wires import Wires

LIST, ONE = "/v1/batches", "/v1/batches/{batch_id}"
REQUESTS, RESULTS, CANCEL = f"{ONE}/requests", f"{ONE}/results", f"{ONE}:cancel"
STATES = {0: "unknown", 1: "pending", 2: "succeeded", 3: "cancelled", 4: "failed"}
CAT = {"role": "user", "content": "Say cat"}


def chat(name: str | None = None, model: str = "grok-3", **more: Any) -> dict[str, Any]:
    request = {"chat_get_completion": {"model": model, "messages": [CAT], **more}}
    return {"batch_request": request, **({"batch_request_id": name} if name else {})}


def proto_chat(name: str | None = None, model: str = "grok-3") -> dict[str, Any]:
    return {
        "batch_request_id": name,
        "completion_request": {"model": model, "messages": [{"role": 1, "content": [{"text": "Say cat"}]}]},
    }


def create(wires: Wires, polls: int | None = None, **more: Any) -> str:
    headers = {} if polls is None else {"x-emulator-polls": str(polls)}
    name: str = checked(wires.rest.post(LIST, json={"name": "b", **more}, headers=headers), LIST)["batch_id"]
    return name


def add(wires: Wires, name: str, *requests: dict[str, Any], **headers: str) -> None:
    answer = wires.rest.post(REQUESTS.format(batch_id=name), json={"batch_requests": requests}, headers=headers)
    assert checked(answer, REQUESTS.replace("GET", "POST")) == {}


def state(wires: Wires, name: str) -> dict[str, int]:
    found: dict[str, int] = checked(wires.rest.get(ONE.format(batch_id=name)), ONE)["state"]
    assert found["num_requests"] == sum(count for key, count in found.items() if key != "num_requests")
    return found


def line(name: str, url: str, body: Any) -> str:
    return json.dumps({"custom_id": name, "method": "POST", "url": url, "body": body})
