"""The same chat requests for both wires: a REST body and the fields of the gRPC message."""

from __future__ import annotations

import json
from typing import Any

ROLES = {"user": 1, "assistant": 2, "system": 3, "tool": 5, "developer": 6}
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
    "required": ["city", "unit"],
}
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "integer"}, "steps": {"type": "array", "items": {"type": "string"}}},
    "required": ["answer", "steps"],
    "additionalProperties": False,
}


def tool(name: str, parameters: Any = WEATHER) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": f"The {name}", "parameters": parameters}}


def body(*prompts: str | dict[str, Any], model: str = "latest", **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": prompt} if isinstance(prompt, str) else prompt for prompt in prompts]
    return {"model": model, "messages": messages, **more}


CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'}}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
CASES = {
    "sum": body({"role": "system", "content": "Be brief."}, "What is 101*3?"),
    "echo": body("echo: one two three", model="grok-3"),
    "plain": body("Tell me about cats, please.", model="grok-3-mini"),
    "developer": body({"role": "developer", "content": "Be brief."}, "Hello"),
    "alias": body("Say hello", model="grok-4-0709"),
    "effort": body("Say hello", model="grok-3-mini", reasoning_effort="high"),
    "no effort": body("Say hello", model="grok-4", reasoning_effort="none"),
    "length": body("Count to 50", model="grok-3", max_tokens=7),
    "stop": body("Count to 50", model="grok-3", stop=["5", "9"]),
    "many": body("Say hello", model="grok-3", n=3, temperature=0.7, top_p=0.9, seed=7, user="u"),
    "logprobs": body("Say hello world", model="grok-3", logprobs=True, top_logprobs=2),
    "tool": body("What is the weather in Berlin in celsius?", tools=[tool("get_weather")]),
    "tools": body("Call get_time and get_weather for Paris", tools=[tool("get_weather"), tool("get_time")]),
    "one tool": body(
        "Call get_time and get_weather for Paris",
        tools=[tool("get_weather"), tool("get_time")],
        parallel_tool_calls=False,
    ),
    "no tool": body("weather", tools=[tool("get_weather")], tool_choice="none"),
    "required": body("Hello", tools=[tool("get_weather")], tool_choice="required"),
    "named": body("Hello", tools=[tool("a"), tool("b")], tool_choice={"type": "function", "function": {"name": "b"}}),
    "tool result": body(
        "Weather in Oslo?",
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "content": "12 degrees", "tool_call_id": "call_1"},
        tools=[tool("get_weather")],
    ),
    "schema": body(
        "What is 2+2?",
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}},
    ),
    "json": body("What is 2+2?", response_format={"type": "json_object"}),
    "search": body("Any news?", search_parameters={"mode": "on", "return_citations": True, "max_search_results": 2}),
    "image": body({"role": "user", "content": [{"type": "text", "text": "Look"}, IMAGE]}),
    "unicode": body("Say naïve 😀 日本語", model="grok-3"),
}  # fmt: skip
_TOOL_MODES = {"auto": 1, "none": 2, "required": 3}
_EFFORTS = {"low": 1, "medium": 2, "high": 3, "none": 4}
_SEARCH_MODES = {"off": 1, "on": 2, "auto": 3}


def to_proto(rpc: Any, given: dict[str, Any]) -> Any:
    request = rpc.message("GetCompletionsRequest", model=given["model"])
    for message in given["messages"]:
        _message(request.messages.add(role=ROLES[message["role"]]), message)
    for name in (
        "n",
        "max_tokens",
        "temperature",
        "top_p",
        "seed",
        "user",
        "logprobs",
        "top_logprobs",
        "parallel_tool_calls",
    ):
        if name in given:
            setattr(request, name, given[name])
    request.stop.extend(given.get("stop", ()))
    for item in given.get("tools", ()):
        function = item["function"]
        parameters = json.dumps(function["parameters"])
        request.tools.add().function.MergeFrom(
            rpc.message("Function", name=function["name"], description=function["description"], parameters=parameters)
        )
    choice = given.get("tool_choice")
    if isinstance(choice, str):
        request.tool_choice.mode = _TOOL_MODES[choice]
    elif choice:
        request.tool_choice.function_name = choice["function"]["name"]
    wanted = given.get("response_format")
    if wanted:
        request.response_format.format_type = {"json_object": 2, "json_schema": 3}[wanted["type"]]
        if "json_schema" in wanted:
            request.response_format.schema = json.dumps(wanted["json_schema"]["schema"])
    if "reasoning_effort" in given:
        request.reasoning_effort = _EFFORTS[given["reasoning_effort"]]
    search = given.get("search_parameters")
    if search:
        request.search_parameters.mode = _SEARCH_MODES[search["mode"]]
        request.search_parameters.return_citations = search["return_citations"]
        request.search_parameters.max_search_results = search["max_search_results"]
    return request


def _message(target: Any, message: dict[str, Any]) -> None:
    content = message.get("content")
    for part in [{"type": "text", "text": content}] if isinstance(content, str) else content or ():
        if part["type"] == "text":
            target.content.add(text=part["text"])
        else:
            target.content.add().image_url.image_url = part["image_url"]["url"]
    for call in message.get("tool_calls", ()):
        added = target.tool_calls.add(id=call["id"])
        added.function.name, added.function.arguments = call["function"]["name"], call["function"]["arguments"]
    if "tool_call_id" in message:
        target.tool_call_id = message["tool_call_id"]
