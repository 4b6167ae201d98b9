"""Talks with functions: calls, their arguments, results in any order, one step after the other, an end."""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx
import pytest

from .conftest import Rpc
from .schemas import check
from .three_ways import (
    CHAT,
    COMPLETIONS,
    GRPC,
    ITEMS,
    RESPONSES,
    Answer,
    Ask,
    ask,
    function,
    refusals,
    result,
    same,
    to_completions,
    to_responses,
)

INT, TEXT, NUMBER = {"type": "integer"}, {"type": "string"}, {"type": "number"}
F, G, H = (function(name) for name in "fgh")
WEATHER = function("get_weather", city=TEXT)
TIME = function("get_time", city=TEXT)


def names(answer: Answer) -> list[str]:
    return [name for _, name, _ in answer.calls]


def played(rest: httpx.Client, rpc: Rpc, talk: Ask, most: int = 10) -> tuple[list[list[str]], Answer]:
    """The names of the calls of each turn, and the answer after them."""
    turns = []
    for _ in range(most):
        answer = same(rest, rpc, talk)
        if not answer.calls:
            return turns, answer
        turns.append(names(answer))
        assert answer.finish == "tool_calls"
        talk = talk.then(answer.turn, *(result(call_id, f"<{name}>") for call_id, name, _ in answer.calls))
    raise AssertionError(f"no end: {turns}")


@pytest.mark.parametrize(
    ("prompt", "turns"),
    [
        ("Call f", [["f"]]),
        ("Call f and g", [["f", "g"]]),
        ("Call g, f and h", [["g", "f", "h"]]),
        ("Call f then g", [["f"], ["g"]]),
        ("Call f and g, and then h.", [["f", "g"], ["h"]]),
        ("call G THEN f then H", [["g"], ["f"], ["h"]]),
        ("Call f then f", [["f"], ["f"]]),
        ("Call f, then tell me what you think", [["f"]]),
        ("Then what?", []),
    ],
)
def test_turns(rest: httpx.Client, rpc: Rpc, prompt: str, turns: list[list[str]]) -> None:
    found, answer = played(rest, rpc, ask(prompt, tools=[F, G, H]))
    assert found == turns
    said = "; ".join(f"{name} returned: <{name}>" for turn in turns for name in turn)
    assert answer.text == f"{said}." or not turns
    assert answer.finish == "stop"


def test_a_new_prompt_begins_anew(rest: httpx.Client, rpc: Rpc) -> None:
    talk = ask("Call f then g", tools=[F, G])
    first = same(rest, rpc, talk)
    talk = talk.then(first.turn, result(first.calls[0][0], "1"), "Call g then f")
    turns, answer = played(rest, rpc, talk)
    assert turns == [["g"], ["f"]]
    assert answer.text == "g returned: <g>; f returned: <f>."


@pytest.mark.parametrize("prompt", ["Call f and g", "Call f then g"])
def test_one_at_a_time(rest: httpx.Client, rpc: Rpc, prompt: str) -> None:
    talk = ask(prompt, tools=[F, G], parallel_tool_calls=False)
    assert played(rest, rpc, talk)[0] == [["f"], ["g"]]


@pytest.mark.parametrize(
    ("choice", "prompt", "turns"),
    [
        ("required", "Call g then f", [["g"], ["f"]]),
        ("required", "Hello", [["f"]]),
        ("none", "Call f", []),
        ("g", "Hello", [["g"]]),
        ("g", "Call f then g", [["g"]]),
    ],
)
def test_every_choice_ends(rest: httpx.Client, rpc: Rpc, choice: str, prompt: str, turns: list[list[str]]) -> None:
    found, answer = played(rest, rpc, ask(prompt, tools=[F, G], tool_choice=choice))
    assert found == turns
    assert answer.text


def test_results_in_any_order(rest: httpx.Client, rpc: Rpc) -> None:
    talk = ask("Call f, g and h", tools=[F, G, H])
    first = same(rest, rpc, talk)
    ids = {name: call_id for call_id, name, _ in first.calls}
    for order in itertools.permutations("fgh"):
        answer = same(rest, rpc, talk.then(first.turn, *(result(ids[name], f"<{name}>") for name in order)))
        assert answer.text == "; ".join(f"{name} returned: <{name}>" for name in order) + "."


def test_calls_and_results_side_by_side(rest: httpx.Client, rpc: Rpc) -> None:
    """As items, each call may stand before its result; there were two calls, whatever turns they look like."""
    talk = ask("Call f and g, then h", tools=[F, G, H])
    first = same(rest, rpc, talk)
    body = to_responses(talk)
    body["input"] += [
        item
        for call_id, name, given in first.calls
        for item in (
            {"type": "function_call", "call_id": call_id, "name": name, "arguments": given},
            {"type": "function_call_output", "call_id": call_id, "output": "x"},
        )
    ]
    calls = [item for item in rest.post(RESPONSES, json=body).json()["output"] if item["type"] == "function_call"]
    assert [call["name"] for call in calls] == ["h"]


def test_errors_are_results(rest: httpx.Client, rpc: Rpc) -> None:
    talk = ask("Call f", tools=[F])
    first = same(rest, rpc, talk)
    error = json.dumps({"error": "ValueError: no such city"})
    answer = same(rest, rpc, talk.then(first.turn, result(first.calls[0][0], error)))
    assert answer.text == f"f returned: {error}."


def test_results_of_no_call(rest: httpx.Client, rpc: Rpc) -> None:
    talk = ask("Call f", tools=[F])
    first = same(rest, rpc, talk)
    right = result(first.calls[0][0], "1")
    reason = "The tool result for call_x answers no call of this conversation."
    for more in (
        [result("call_x", "1")],
        [first.turn, right, result("call_x", "2")],
        [first.turn, result("call_x", "2"), right, "Hello"],
    ):
        assert refusals(rest, rpc, talk.then(*more)) == reason
    assert first.calls[0][0] in refusals(rest, rpc, talk.then(right, first.turn))  # the call comes first
    for path, body in ((CHAT, to_completions), (RESPONSES, to_responses)):
        given = {**body(talk.then(result("call_x", "1"))), "stream": True}
        assert rest.post(path, json=given).status_code == 400


def test_results_without_id(rest: httpx.Client, rpc: Rpc) -> None:
    """gRPC and completions may leave the id out; results then answer the latest calls in their order."""
    talk = ask("Call f and g", tools=[F, G])
    first = same(rest, rpc, talk)
    answer = same(rest, rpc, talk.then(first.turn, result("", "1"), result("", "2")), [GRPC, COMPLETIONS])
    assert answer.text == "f returned: 1; g returned: 2."


def test_results_after_what_was_stored(rest: httpx.Client, rpc: Rpc) -> None:
    body = rest.post(RESPONSES, json=to_responses(ask("Call f then g", tools=[F, G]))).json()
    for name in ("f", "g"):
        call = body["output"][-1]
        assert call["name"] == name
        item = {"type": "function_call_output", "call_id": call["call_id"], "output": f"<{name}>"}
        given = {**to_responses(ask(tools=[F, G])), "input": [item], "previous_response_id": body["id"]}
        body = rest.post(RESPONSES, json=given).json()
    assert body["output"][-1]["content"][0]["text"] == "f returned: <f>; g returned: <g>."
    wrong = {**given, "input": [{**item, "call_id": "call_x"}]}
    assert rest.post(RESPONSES, json=wrong).status_code == 400


def test_shell_calls_are_calls(rest: httpx.Client) -> None:
    call = {"type": "shell_call", "call_id": "s1", "action": {"commands": ["ls"]}}
    output = {
        "type": "shell_call_output",
        "call_id": "s1",
        "output": [{"stdout": "a.txt", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}],
    }
    items = [{"role": "user", "content": "List"}, call, output]
    answer = rest.post(RESPONSES, json={"model": "grok-3", "input": items})
    assert answer.json()["output"][0]["content"][0]["text"] == "shell returned: a.txt."
    listed = rest.get(f"{RESPONSES}/{answer.json()['id']}/input_items", params={"order": "asc"}).json()
    check("ListInputItemsResponse", listed)
    again = rest.post(RESPONSES, json={"model": "grok-3", "input": listed["data"]})
    assert again.json()["id"] == answer.json()["id"]
    assert rest.post(RESPONSES, json={"model": "grok-3", "input": [items[0], output]}).status_code == 400


# ---- which functions a prompt means

REPORT = function("get_weather_report", city=TEXT)


@pytest.mark.parametrize(
    ("prompt", "called"),
    [
        ("What is the weather?", ["get_weather", "get_weather_report"]),
        ("Call get_weather", ["get_weather"]),
        ("Call get_weather_report", ["get_weather_report"]),
        ("Call get_weather_report and get_weather", ["get_weather_report", "get_weather"]),
        ("The times and reports", ["get_time", "get_weather_report"]),
        ("What is this about?", []),
        ("Sometimes I wonder about timezones", []),
    ],
)
def test_mentions(rest: httpx.Client, rpc: Rpc, prompt: str, called: list[str]) -> None:
    assert names(same(rest, rpc, ask(prompt, tools=[WEATHER, TIME, REPORT]))) == called


def test_short_names_are_whole_words(rest: httpx.Client, rpc: Rpc) -> None:
    assert names(same(rest, rpc, ask("Call g for fun and hope", tools=[F, G, H]))) == ["g"]


# ---- arguments

POINT = {"type": "object", "properties": {"x": NUMBER, "y": NUMBER}, "required": ["x", "y"]}
OPTIONAL = {"anyOf": [INT, {"type": "null"}], "default": None}
UNIT = {"type": "string", "enum": ["celsius", "fahrenheit"]}
ADD = function("add", a=INT, b=INT)


def of(**properties: Any) -> dict[str, Any]:
    """Parameters as they are made from a signature: what has a default is not required."""
    required = [name for name, schema in properties.items() if "default" not in schema]
    return {"type": "object", "properties": properties, "required": required}


@pytest.mark.parametrize(
    ("prompt", "parameters", "arguments"),
    [
        ("f 2 and 3", of(a=INT, b=INT), {"a": 2, "b": 3}),
        ('f in "Paris"', of(city=TEXT), {"city": "Paris"}),
        ("f in Paris, isn't it?", of(city=TEXT), {"city": "Paris"}),
        ("f from 'A b' to 'C'", of(a=TEXT, b=TEXT), {"a": "A b", "b": "C"}),
        ('f "Route 66" 5', of(street=TEXT, number=INT), {"street": "Route 66", "number": 5}),
        ("f 2.5 and 7", of(whole=INT, any=NUMBER), {"whole": 7, "any": 2.5}),
        ("f to 1.5, 2", of(to=POINT), {"to": {"x": 1.5, "y": 2}}),
        ("f 3", of(n=INT, limit={**INT, "default": 10}), {"n": 3, "limit": 10}),
        ("f 3", of(limit={**INT, "default": 10}, n=INT), {"limit": 10, "n": 3}),
        ("f 3 of 4", of(limit={**INT, "default": 10}, n=INT), {"limit": 4, "n": 3}),
        ('f "Bob"', of(name=TEXT, greeting={**TEXT, "default": "Hi"}), {"name": "Bob", "greeting": "Hi"}),
        ('f "Bob" "Yo"', of(name=TEXT, greeting={**TEXT, "default": "Hi"}), {"name": "Bob", "greeting": "Yo"}),
        ("f", of(n=OPTIONAL), {"n": None}),
        ("f 4", of(n=OPTIONAL), {"n": 4}),
        ("f", of(n={"anyOf": [INT, {"type": "null"}]}), {"n": 1}),
        ('f "x"', of(v={"anyOf": [INT, TEXT]}), {"v": "x"}),
        ("f in Fahrenheit", of(unit=UNIT), {"unit": "fahrenheit"}),
        ("f", of(unit={**UNIT, "default": "fahrenheit"}), {"unit": "fahrenheit"}),
        ("f level 2", of(level={"enum": [1, 2, 3]}), {"level": 2}),
        ("f 1, 2.5 and -3", of(values={"type": "array", "items": NUMBER}), {"values": [1, 2.5, -3]}),
        ('f "a" "b" 4', of(tags={"type": "array", "items": TEXT}, n=INT), {"tags": ["a", "b"], "n": 4}),
        ("f 1 and 1", of(set={"type": "array", "items": INT, "uniqueItems": True}), {"set": [1]}),
        ("f celsius or fahrenheit", of(units={"type": "array", "items": UNIT}), {"units": ["celsius", "fahrenheit"]}),
        ("f", of(flag={"type": "boolean", "default": False}), {"flag": False}),
        ("f on 2024-05-06.", of(day={**TEXT, "format": "date"}), {"day": "2024-05-06"}),
        (
            "f 1 2 3",
            {
                "$defs": {"P": POINT},
                **of(p={"$ref": "#/$defs/P"}, q={"anyOf": [{"$ref": "#/$defs/P"}, {"type": "null"}], "default": None}),
            },
            {"p": {"x": 1, "y": 2}, "q": {"x": 3, "y": 1}},
        ),
        (
            "f 1 2",
            {
                "$defs": {"P": POINT},
                **of(p={"$ref": "#/$defs/P"}, q={"anyOf": [{"$ref": "#/$defs/P"}, {"type": "null"}], "default": None}),
            },
            {"p": {"x": 1, "y": 2}, "q": None},
        ),
    ],
)
def test_arguments(rest: httpx.Client, rpc: Rpc, prompt: str, parameters: Any, arguments: Any) -> None:
    tool = {"name": "f", "description": "", "parameters": parameters, "strict": False}
    answer = same(rest, rpc, ask(prompt, tools=[tool]))
    assert answer.arguments == [("f", arguments)]
    assert list(answer.arguments[0][1]) == list(parameters["properties"])


def test_each_step_takes_what_stands_by_it(rest: httpx.Client, rpc: Rpc) -> None:
    talk = ask("add 2 and 3 then multiply by 4 and 5", tools=[ADD, function("multiply", a=INT, b=INT)])
    first = same(rest, rpc, talk)
    assert first.arguments == [("add", {"a": 2, "b": 3})]
    second = same(rest, rpc, talk.then(first.turn, result(first.calls[0][0], "5")))
    assert second.arguments == [("multiply", {"a": 4, "b": 5})]
    both = same(rest, rpc, ask('get_time in "Rome" and get_weather in "Oslo"', tools=[WEATHER, TIME]))
    assert both.arguments == [("get_time", {"city": "Rome"}), ("get_weather", {"city": "Oslo"})]
    shared = same(rest, rpc, ask("Call get_time and get_weather for Paris", tools=[WEATHER, TIME]))
    assert shared.arguments == [("get_time", {"city": "Paris"}), ("get_weather", {"city": "Paris"})]


def test_the_name_of_a_function_is_no_value(rest: httpx.Client, rpc: Rpc) -> None:
    tool = function("Paris", city=TEXT)
    assert same(rest, rpc, ask("Call Paris", tools=[tool])).arguments == [("Paris", {"city": "city"})]
    whole = same(rest, rpc, ask('add "Addison"', tools=[function("add", who=TEXT)]))
    assert whole.arguments == [("add", {"who": "Addison"})]


@pytest.mark.parametrize("way", [GRPC, COMPLETIONS, ITEMS])
def test_ids_are_new_in_every_turn(rest: httpx.Client, rpc: Rpc, way: str) -> None:
    talk = ask("Call f then f then f", tools=[F])
    seen: set[str] = set()
    for _ in range(3):
        answer = same(rest, rpc, talk, [way])
        seen.add(answer.calls[0][0])
        talk = talk.then(answer.turn, result(answer.calls[0][0], "1"))
    assert len(seen) == 3
