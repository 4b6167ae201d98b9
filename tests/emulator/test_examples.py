"""The documented examples: requests are accepted, their properties are in the answers, answers fit the schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from xai_dual.emulator import Server, definitions, serve

EXAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("examples.json").read_text())
ARGUMENTS = {
    "GET /v1/models/{model_id}": "latest",
    "GET /v1/language-models/{model_id}": "latest",
    "GET /v1/image-generation-models/{model_id}": "grok-imagine-image",
    "GET /v1/embedding-models/{model_id}": "v1",
    "GET /v1/video-generation-models/{model_id}": "grok-imagine-video",
}


def ask(client: httpx.Client, operation: str) -> Any:
    method, path = operation.split(" ")
    path = path.replace("{model_id}", ARGUMENTS.get(operation, ""))
    given = EXAMPLES[operation]["request"]
    headers = {}
    content = None
    if given is not None:
        content = given if isinstance(given, str) else json.dumps(given)
        headers = {"content-type": "application/json"}
    answer = client.request(method, path, content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def kind(value: Any) -> str:
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def differences(example: Any, answer: Any, exact: bool, where: str = "") -> Iterator[str]:
    if kind(example) != kind(answer):
        yield f"{where}: {kind(example)} became {kind(answer)}"
    elif isinstance(example, dict):
        yield from (f"{where}.{name} is missing" for name in example if name not in answer)
        if exact:
            yield from (f"{where}.{name} is too much" for name in answer if name not in example)
        for name in example:
            if name in answer:
                yield from differences(example[name], answer[name], exact, f"{where}.{name}")
    elif isinstance(example, list) and example and isinstance(example[0], dict):
        by_id = {item["id"]: item for item in answer if "id" in item}
        for position, item in enumerate(example):
            mine = by_id.get(item.get("id"), answer[min(position, len(answer) - 1)])
            yield from differences(item, mine, exact, f"{where}[{position}]")


@pytest.mark.parametrize("operation", EXAMPLES)
def test_superset_of_the_example(rest: httpx.Client, operation: str) -> None:
    answer = ask(rest, operation)
    assert list(differences(EXAMPLES[operation]["response"]["200"], answer, exact=False)) == []
    method, path = operation.split(" ")
    responses = definitions.openapi()["paths"][path][method.lower()]["responses"]
    schema = responses["200"]["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator({**schema, "components": definitions.openapi()["components"]}).validate(answer)


@pytest.mark.parametrize("operation", EXAMPLES)
def test_legacy_header_gives_exactly_the_example(server: Server, operation: str) -> None:
    headers = {"authorization": f"Bearer {server.api_key}", "x-emulator-legacy": "1"}
    with httpx.Client(base_url=server.url, headers=headers) as client:
        assert list(differences(EXAMPLES[operation]["response"]["200"], ask(client, operation), exact=True)) == []


def test_legacy_server() -> None:
    with serve(legacy=True, api_key="other") as server:
        headers = {"authorization": "Bearer other"}
        with httpx.Client(base_url=server.url, headers=headers) as client:
            answer = ask(client, "POST /v1/chat/completions")
            assert "service_tier" not in answer
            assert "cost_in_usd_ticks" not in answer["usage"]
            given = {**EXAMPLES["POST /v1/chat/completions"]["request"], "stream": True}
            text = client.post("/v1/chat/completions", json=given).text
            first = json.loads(text.split("\n\n")[0][6:])
            assert "service_tier" not in first
            assert first["choices"][0]["delta"]["role"] == "assistant"
