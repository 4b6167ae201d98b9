"""Requests that no service takes: what is given, and the place and the words of the error."""

from __future__ import annotations

from typing import Any

from xai_dual import assistant, tool, tool_result, user
from xai_dual.types.chat import FunctionDefinition, FunctionTool, Message

from .tools import call


def described(**definition: Any) -> dict[str, Any]:
    return {"type": "function", "function": definition}


def said(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(parts)}]


def made(**one: Any) -> list[Any]:
    return [user("Hi"), {"role": "assistant", "tool_calls": [one]}]


OK = tool("fine")
CALLED = assistant(tool_calls=[call("f")])
NAME = "is required: the name that the model calls the function by"
RESULT = (
    "no message before it makes the call 'call_9': put the answer that asked for it (`answer.to_message()`) in front"
)

WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    # tools
    "empty name": ({"tools": [OK, described(name="", parameters={})]}, "tools[1].function.name", NAME),
    "no name": ({"tools": [described(parameters={})]}, "tools[0].function.name", "is required"),
    "no function": ({"tools": [{"type": "function"}]}, "tools[0].function", "is required"),
    "name of none": (
        {"tools": [FunctionTool(function=FunctionDefinition(name=None, parameters={}))]},  # type: ignore[arg-type]
        "tools[0].function.name",
        "is required",
    ),
    "name of 7": ({"tools": [described(name=7, parameters={})]}, "tools[0].function.name", "cannot be the int 7"),
    "no parameters": ({"tools": [described(name="f")]}, "tools[0].function.parameters", "is required"),
    "parameters of an array": (
        {"tools": [OK, tool("f", None, {"type": "array", "items": {}})]},
        "tools[1].function.parameters",
        "must be the schema of an object, with a property for each argument; it is of type 'array'",
    ),
    "parameters as text": (
        {"tools": [described(name="f", parameters='{"type": "object"}')]},
        "tools[0].function.parameters",
        "cannot be the str",
    ),
    "parameters as a list": (
        {"tools": [described(name="f", parameters=[1])]}, "tools[0].function.parameters", "cannot be the list",
    ),
    "a tool of 7": ({"tools": [OK, 7]}, "tools[1]", "a typed function, a tool"),
    "tools as text": ({"tools": "f"}, "tools", "must be a list, not str"),
    "tools as a dict": ({"tools": described(name="f", parameters={})}, "tools", "must be a list, not dict"),
    "a class": ({"tools": [Message]}, "tools[0]", "is a class: write Message(...)"),
    "choice of 7": ({"tools": [OK], "tool_choice": 7}, "tool_choice", "must be 'auto', 'none', 'required' or {'type'"),
    "choice without name": ({"tools": [OK], "tool_choice": {"type": "function"}}, "tool_choice", "must be 'auto'"),
    # messages
    "no messages": ({"messages": []}, "messages", "must hold at least one message"),
    "messages of 7": ({"messages": 7}, "messages", "must be a list, not int"),
    "a message of 7": ({"messages": [user("Hi"), 7]}, "messages[1]", "must be Message or a dict, not int"),
    "a message of none": ({"messages": [None]}, "messages[0]", "must be Message or a dict, not NoneType"),
    "no role": ({"messages": [{"content": "Hi"}]}, "messages[0].role", "is required"),
    "role of 7": ({"messages": [{"role": 7, "content": "Hi"}]}, "messages[0].role", "cannot be the int 7"),
    "content of 7": ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content", "cannot be the int 7"),
    "half a character": ({"messages": ["\ud800"]}, "messages[0].content", "has half of a surrogate pair"),
    "calls of 7": (
        {"messages": [user("Hi"), {"role": "assistant", "tool_calls": 7}]}, "messages[1].tool_calls", "cannot be the",
    ),
    "arguments of a call": (
        {"messages": made(id="c", type="function", function={"name": "f", "arguments": {}})},
        "messages[1].tool_calls[0].function.arguments",
        "cannot be the dict",
    ),
    "a result for no call": (
        {"messages": [user("Hi"), tool_result("x", tool_call_id="call_9")]}, "messages[1].tool_call_id", RESULT,
    ),
    "a result for another call": (
        {"messages": [user("Hi"), CALLED, tool_result("x", tool_call_id="call_9")]}, "messages[2].tool_call_id", RESULT,
    ),
    "a result before its call": (
        {"messages": [user("Hi"), tool_result("x", tool_call_id="call_1"), CALLED]},
        "messages[1].tool_call_id",
        "no message before it makes the call 'call_1'",
    ),
    # parts
    "a part of text": ({"messages": said("Hi")}, "messages[0].content", "cannot be the list"),
    "a part without type": ({"messages": said({"text": "Hi"})}, "messages[0].content[0].type", "is required"),
    "a text without text": (
        {"messages": said({"type": "text", "text": "Hi"}, {"type": "text"})},
        "messages[0].content[1].text",
        "is required of a part of type 'text'",
    ),
    "an image without image": (
        {"messages": said({"type": "image_url"})},
        "messages[0].content[0].image_url",
        "is required of a part of type 'image_url'",
    ),
    "an image as text": (
        {"messages": said({"type": "image_url", "image_url": "https://example.com/a.png"})},
        "messages[0].content[0].image_url",
        "cannot be the str",
    ),
    "a file without file": (
        {"messages": said({"type": "file"})}, "messages[0].content[0].file", "is required of a part of type 'file'",
    ),
    # settings
    "model of 7": ({"model": 7}, "model", "must be a string, not int"),
    "temperature as text": ({"temperature": "warm"}, "temperature", "must be a number, not str"),
    "no number": ({"temperature": float("nan")}, "temperature", "must be finite, got nan"),
    "tokens as text": ({"max_tokens": "7"}, "max_tokens", "must be an int, not str"),
    "half a token": ({"max_tokens": 7.5}, "max_tokens", "must be an int, not float"),
    "true tokens": ({"max_tokens": True}, "max_tokens", "must be an int, not bool"),
    "too many tokens": ({"max_tokens": 2**40}, "max_tokens", "must fit an int32"),
    "user of 7": ({"user": 7}, "user", "must be a string, not int"),
    "logprobs as text": ({"logprobs": "yes"}, "logprobs", "must be a bool, not str"),
    "format as text": ({"response_format": "json"}, "response_format", "must be ResponseFormat or a dict, not str"),
    "format without type": ({"response_format": {}}, "response_format.type", "is required"),
    "format without schema": (
        {"response_format": {"type": "json_schema"}},
        "response_format.json_schema",
        "is required of the type 'json_schema': the schema to follow",
    ),
    "schema as text": (
        {"response_format": {"type": "json_schema", "json_schema": "{}"}},
        "response_format.json_schema",
        "cannot be the str",
    ),
    "search as text": (
        {"search_parameters": "on"}, "search_parameters", "must be SearchParameters or a dict, not str",
    ),
    "a day that is none": (
        {"search_parameters": {"mode": "on", "from_date": "yesterday"}},
        "search_parameters.from_date",
        "cannot be the str",
    ),
    # of the call
    "time as text": ({"timeout": "soon"}, "timeout", "must be seconds, a Timeout or None, not str"),
    "retries below zero": ({"max_retries": -1}, "max_retries", "must be a whole number of at least 0"),
    "a header of 7": ({"headers": {"a": 7}}, "headers['a']", "must be a string, not int"),
    "headers as a list": ({"headers": ["a"]}, "headers", "must be a dict, not list"),
    "the key as a header": ({"headers": {"content-type": "x"}}, "headers['content-type']", "is set by the client"),
}  # fmt: skip
