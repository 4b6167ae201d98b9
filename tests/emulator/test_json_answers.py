"""Answers in JSON: right ones, those that are spoiled on request, and schemas that cannot be strict."""

from __future__ import annotations

import json
from typing import Any

import httpx
import jsonschema
import pytest

from .cases import SCHEMA
from .conftest import Rpc
from .three_ways import (
    CHAT,
    COMPLETIONS,
    ITEMS,
    RESPONSES,
    Ask,
    ask,
    function,
    refusals,
    same,
    to_completions,
    to_responses,
)

REST = (COMPLETIONS, ITEMS)
FORMATS: dict[str, dict[str, Any]] = {"schema": {"schema": SCHEMA}, "object": {"json_object": True}}
STRING = {"type": "string"}


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("form", FORMATS)
def test_right(rest: httpx.Client, rpc: Rpc, form: str) -> None:
    answer = same(rest, rpc, ask("What is 2+2?", **FORMATS[form]))
    made = json.loads(answer.text)
    if form == "schema":
        jsonschema.validate(made, SCHEMA)
        assert made["answer"] == 4
    else:
        assert made == {"answer": "2 plus 2 is 4."}


@pytest.mark.parametrize("form", FORMATS)
def test_broken(rest: httpx.Client, rpc: Rpc, form: str) -> None:
    right = same(rest, rpc, ask("What is 2+2?", **FORMATS[form]))
    answer = same(rest, rpc, ask("Give me Broken  JSON: what is 2+2?", **FORMATS[form]))
    assert answer.finish == "stop"
    assert answer.text
    assert right.text.startswith(answer.text[:5])
    assert not is_json(answer.text)


@pytest.mark.parametrize("form", FORMATS)
def test_wrong(rest: httpx.Client, rpc: Rpc, form: str) -> None:
    answer = same(rest, rpc, ask("wrong JSON please", **FORMATS[form]))
    assert (json.loads(answer.text), answer.finish) == ({"unexpected": True}, "stop")


@pytest.mark.parametrize("form", FORMATS)
def test_fenced(rest: httpx.Client, rpc: Rpc, form: str) -> None:
    answer = same(rest, rpc, ask("fenced JSON: what is 2+2?", **FORMATS[form]))
    assert answer.text.startswith("```json\n")
    assert answer.text.endswith("\n```")
    inside = json.loads(answer.text.removeprefix("```json\n").removesuffix("```"))
    assert str(inside["answer"]).startswith(("4", "2 plus 2 is 4"))
    assert answer.finish == "stop"


@pytest.mark.parametrize(
    "schema", [{"type": "object"}, {"type": "integer"}, {"type": "array", "items": STRING}, {"enum": [1, "a"]}]
)
def test_spoiled_whatever_the_schema(rest: httpx.Client, rpc: Rpc, schema: Any) -> None:
    wrong = same(rest, rpc, ask("wrong JSON 123456", schema=schema), REST)
    assert not jsonschema.Draft202012Validator(schema).is_valid(json.loads(wrong.text))
    broken = same(rest, rpc, ask("broken JSON 123456", schema=schema), REST)
    assert not is_json(broken.text)


def test_nothing_to_spoil(rest: httpx.Client, rpc: Rpc) -> None:
    assert "broken JSON" in same(rest, rpc, ask("What is broken JSON?")).text


@pytest.mark.parametrize("form", FORMATS)
def test_cut(rest: httpx.Client, rpc: Rpc, form: str) -> None:
    answer = same(rest, rpc, ask("What is 2+2?", **FORMATS[form], max_tokens=4))
    assert (answer.finish, dict(answer.usage)["completion"]) == ("length", 4)
    assert not is_json(answer.text)


def test_many_stay_json(rest: httpx.Client, rpc: Rpc) -> None:
    body = to_completions(ask("Say hi", schema={"type": "object", "properties": {"a": STRING}}, n=2))
    texts = [choice["message"]["content"] for choice in rest.post(CHAT, json=body).json()["choices"]]
    assert texts[0] == texts[1]
    body["response_format"]["json_schema"]["schema"] = STRING
    assert [json.loads(choice["message"]["content"]) for choice in rest.post(CHAT, json=body).json()["choices"]]


def test_after_results_of_tools(rest: httpx.Client, rpc: Rpc) -> None:
    talk = ask("Broken JSON of f", tools=[function("f")], json_object=True)
    call = same(rest, rpc, talk).calls[0]
    results = [{"role": "assistant", "calls": [call]}, {"role": "tool", "content": "7", "answers": call[0]}]
    assert not is_json(same(rest, rpc, talk.then(*results)).text)
    again = same(rest, rpc, talk.then(*results, "Again, please"))
    assert is_json(again.text)


# ---- strict

LOOSE: dict[str, tuple[Any, str]] = {
    "open": ({"type": "object", "properties": {}}, "the object at # must have additionalProperties: false"),
    "more of a type": ({**closed(), "additionalProperties": STRING}, "at # must have additionalProperties: false"),
    "optional": (
        {**closed(a=STRING, b=STRING), "required": ["a"]},
        "the object at # must list all of its properties as required; b missing",
    ),
    "inner": (closed(a={"type": "object", "properties": {}}), "at #/properties/a must have additionalProperties"),
    "item": (
        closed(a={"type": "array", "items": {**closed(b=STRING), "required": []}}),
        "at #/properties/a/items must list all of its properties as required; b missing",
    ),
    "variant": (closed(a={"anyOf": [STRING, {"type": "object"}]}), "at #/properties/a/anyOf/1 must"),
    "definition": (
        {**closed(a={"$ref": "#/$defs/P"}), "$defs": {"P": {"type": ["object", "null"], "properties": {}}}},
        "at #/$defs/P must",
    ),
    "array": ({"type": "array", "items": STRING}, "the root of the schema must be of type object; its type is array"),
    "anything": ({}, "the root of the schema must be of type object; its type is missing"),
    "union": ({"anyOf": [closed(), closed(a=STRING)]}, "root of the schema must be of type object"),
    "circle": ({"$ref": "#"}, "root of the schema must be of type object"),
}  # fmt: skip
NEXT = {"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]}
TIGHT: dict[str, Any] = {
    "object": SCHEMA,
    "reference": {"$ref": "#/$defs/N", "$defs": {"N": closed(v=STRING, n=NEXT)}},
    "empty": closed(),
    "values are no schemas": {**closed(a={"type": "string", "const": "x"}), "examples": [{"type": "object"}]},
    "a property named properties": closed(properties=STRING, items={"type": "integer"}),
}  # fmt: skip


def given(prompt: str, schema: Any, strict: bool) -> Ask:
    return ask(prompt, schema=schema, strict=strict)


@pytest.mark.parametrize("name", LOOSE)
def test_loose_formats(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    schema, fault = LOOSE[name]
    reason = refusals(rest, rpc, given("Hi", schema, True), REST)
    assert reason.startswith("response_format")
    assert fault in reason
    assert is_json(same(rest, rpc, given("Hi", schema, False), REST).text)


@pytest.mark.parametrize("name", TIGHT)
def test_tight_formats(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    made = same(rest, rpc, given("Hi", TIGHT[name], True))
    assert made == same(rest, rpc, given("Hi", TIGHT[name], False))
    jsonschema.validate(json.loads(made.text), TIGHT[name])


@pytest.mark.parametrize("name", LOOSE)
def test_grpc_wants_an_object(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    """A response format has no flag there, and its root must be an object all the same."""
    schema, fault = LOOSE[name]
    if "root" in fault:
        assert fault in refusals(rest, rpc, given("Hi", schema, True))
    else:
        assert is_json(same(rest, rpc, given("Hi", schema, False)).text)


@pytest.mark.parametrize("name", LOOSE)
def test_loose_functions(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    schema, fault = LOOSE[name]
    tool = {"name": "f", "description": "", "parameters": schema, "strict": True}
    reason = refusals(rest, rpc, ask("Hi", tools=[tool]))
    assert reason.startswith("The parameters of the function f")
    assert fault in reason
    same(rest, rpc, ask("Hi", tools=[{**tool, "strict": False}]))


@pytest.mark.parametrize("name", TIGHT)
def test_tight_functions(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    tool = {"name": "f", "description": "", "parameters": TIGHT[name], "strict": True}
    ((_, arguments),) = same(rest, rpc, ask("Call f", tools=[tool])).arguments
    jsonschema.validate(arguments, TIGHT[name])


def test_no_schema_at_all_is_refused_first(rest: httpx.Client, rpc: Rpc) -> None:
    assert "is no valid JSON schema" in refusals(rest, rpc, given("Hi", {"type": "nothing"}, True))


def test_streams_are_refused_before_they_begin(rest: httpx.Client) -> None:
    loose = given("Hi", {"type": "object"}, True)
    for path, body in ((CHAT, to_completions(loose)), (RESPONSES, to_responses(loose))):
        answer = rest.post(path, json={**body, "stream": True})
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
