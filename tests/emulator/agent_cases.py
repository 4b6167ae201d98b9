"""The same conversations for gRPC chat and for POST /v1/responses, and both answers in one comparable shape."""

from __future__ import annotations

import json
from typing import Any

from .cases import SCHEMA, WEATHER
from .equal import FINISH, usage_of_proto

ROLES = {"user": 1, "assistant": 2, "system": 3, "developer": 6}
CALL_TYPES = {
    1: "function", 2: "web_search", 3: "x_search", 4: "code_execution", 5: "collections_search", 6: "mcp",
    7: "attachment_search", 10: "image_generation",
}  # fmt: skip
ITEM_KINDS = {
    "function_call": "function", "web_search_call": "web_search", "code_interpreter_call": "code_execution",
    "file_search_call": "collections_search", "mcp_call": "mcp", "image_generation_call": "image_generation",
}  # fmt: skip
SERVER_TOOLS = {1: "web_search", 2: "x_search", 3: "code_interpreter", 6: "file_search", 7: "mcp", 8: "document_search",
                11: "image_generation"}  # fmt: skip
REST_OUTPUTS = [
    "web_search_call.action.sources", "x_search_call.outputs", "code_interpreter_call.outputs",
    "file_search_call.results", "mcp_call.outputs",
]  # fmt: skip
INLINE, OUTPUTS = 7, [1, 2, 3, 4, 5, 6]
FUNCTION = {"type": "function", "name": "get_weather", "description": "The weather", "parameters": WEATHER}
WEB = {"type": "web_search", "filters": {"allowed_domains": ["example.com", "example.org"]}}
X = {"type": "x_search", "allowed_x_handles": ["xai"], "from_date": "2025-01-01"}
CODE = {"type": "code_interpreter"}
FILES = {"type": "file_search", "vector_store_ids": ["collection_1", "collection_2"], "max_num_results": 2}
MCP = {"type": "mcp", "server_label": "wiki", "server_url": "https://example.com/mcp", "allowed_tools": ["ask", "read"]}
IMAGE = {"type": "image_generation"}


def ask(prompt: Any, *tools: dict[str, Any], model: str = "latest", **more: Any) -> dict[str, Any]:
    return {"model": model, "input": prompt, **({"tools": list(tools)} if tools else {}), **more}


CASES: dict[str, dict[str, Any]] = {
    "sum": ask([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is 101*3?"}]),
    "plain": ask("echo: one two", model="grok-3"),
    "developer": ask([{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello"}]),
    "cut": ask("Count to 50", model="grok-3", max_output_tokens=7, temperature=0.7, top_p=0.9),
    "schema": ask("What is 2+2?", text={"format": {"type": "json_schema", "name": "x", "schema": SCHEMA}}),
    "json": ask("What is 2+2?", text={"format": {"type": "json_object"}}),
    "image": ask([{"role": "user", "content": [
        {"type": "input_text", "text": "Look"}, {"type": "input_image", "image_url": "https://example.com/a.png"}]}]),
    "file": ask([{"role": "user", "content": [
        {"type": "input_text", "text": "Read the attached file"}, {"type": "input_file", "file_id": "file_1"}]}]),
    "function": ask("Weather in Rome in celsius?", FUNCTION),
    "named": ask("Hello", FUNCTION, tool_choice={"type": "function", "name": "get_weather"}),
    "result": ask([
        {"role": "user", "content": "Weather in Oslo?"},
        {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "12 degrees"}], FUNCTION),
    "web": ask("Search the web for cats", WEB),
    "web, no reasoning": ask("Search the web for cats", WEB, model="grok-3"),
    "web, cut": ask("Search the web for cats", WEB, max_output_tokens=40),
    "web, json": ask("Search the web for cats", WEB, text={"format": {"type": "json_object"}}),
    "x": ask("What do people say on X about cats?", X, WEB),
    "code": ask("Run code: what is 12*12?", CODE),
    "collections": ask("Search my collections for cats", FILES),
    "mcp": ask("Use wiki to look up cats", MCP),
    "draw": ask("Draw a picture of a cat", IMAGE),
    "all": ask("Search the web and X posts, run code, ask the wiki about cats", WEB, X, CODE, FILES, MCP, IMAGE),
    "max turns": ask("Search the web and X posts, run code", WEB, X, CODE, max_turns=2),
    "one at a time": ask("Search the web and X posts", WEB, X, parallel_tool_calls=False),
    "forced": ask("Hello", CODE, tool_choice="required"),
    "chosen": ask("Hello", WEB, CODE, tool_choice={"type": "web_search", "name": "web_search"}),
    "none": ask("Search the web", WEB, tool_choice="none"),
    "both": ask("Search the web for the weather in Rome", WEB, FUNCTION),
}  # fmt: skip
_TOOL_MODES = {"auto": 1, "none": 2, "required": 3}


def to_proto(rpc: Any, given: dict[str, Any]) -> Any:
    """The gRPC request that says the same."""
    request = rpc.message("GetCompletionsRequest", model=given["model"])
    items = [{"role": "user", "content": given["input"]}] if isinstance(given["input"], str) else given["input"]
    for item in items:
        _message(request.messages, item)
    for mine, theirs in {
        "max_output_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p", "max_turns": "max_turns",
        "parallel_tool_calls": "parallel_tool_calls", "previous_response_id": "previous_response_id",
        "user": "user", "store": "store_messages",
    }.items():  # fmt: skip
        if mine in given:
            setattr(request, theirs, given[mine])
    for tool in given.get("tools", ()):
        _tool(request.tools.add(), tool)
    choice = given.get("tool_choice")
    if isinstance(choice, str):
        request.tool_choice.mode = _TOOL_MODES[choice]
    elif choice:
        request.tool_choice.function_name = choice["name"]
    wanted = given.get("text", {}).get("format", {})
    if wanted:
        request.response_format.format_type = {"json_object": 2, "json_schema": 3}[wanted["type"]]
        if "schema" in wanted:
            request.response_format.schema = json.dumps(wanted["schema"])
    return request


def _message(target: Any, item: dict[str, Any]) -> None:
    kind = item.get("type", "message")
    if kind == "function_call":
        call = target.add(role=2).tool_calls.add(id=item["call_id"], type=1)
        call.function.name, call.function.arguments = item["name"], item["arguments"]
    elif kind == "function_call_output":
        target.add(role=5, tool_call_id=item["call_id"]).content.add(text=item["output"])
    else:
        added = target.add(role=ROLES[item["role"]])
        content = item["content"]
        for part in [{"type": "input_text", "text": content}] if isinstance(content, str) else content:
            if part["type"] == "input_image":
                added.content.add().image_url.image_url = part["image_url"]
            elif part["type"] == "input_file":
                added.content.add().file.file_id = part["file_id"]
            else:
                added.content.add(text=part["text"])


def _tool(target: Any, tool: dict[str, Any]) -> None:
    kind = tool["type"]
    if kind == "function":
        target.function.name, target.function.description = tool["name"], tool["description"]
        target.function.parameters = json.dumps(tool["parameters"])
    elif kind == "web_search":
        target.web_search.allowed_domains.extend(tool["filters"]["allowed_domains"])
    elif kind == "x_search":
        target.x_search.allowed_x_handles.extend(tool["allowed_x_handles"])
        target.x_search.from_date.FromJsonString(f"{tool['from_date']}T00:00:00Z")
    elif kind == "code_interpreter":
        target.code_execution.SetInParent()
    elif kind == "file_search":
        target.collections_search.collection_ids.extend(tool["vector_store_ids"])
        target.collections_search.limit = tool["max_num_results"]
    elif kind == "mcp":
        target.mcp.server_label, target.mcp.server_url = tool["server_label"], tool["server_url"]
        target.mcp.allowed_tool_names.extend(tool["allowed_tools"])
    else:
        target.image_generation.SetInParent()


def of_proto(message: Any) -> dict[str, Any]:
    """What gRPC chat says, in the shape of ``of_json``."""
    said = [output for output in message.outputs if output.message.role == 2]
    usage = usage_of_proto(message.usage)
    calls = [
        (CALL_TYPES[call.type], call.id if call.type == 1 else "", call.function.name, call.function.arguments)
        for output in said
        for call in output.message.tool_calls
    ]
    assert all(call.status == 1 for output in said for call in output.message.tool_calls)
    return {
        "head": (message.id, message.model, message.created.seconds),
        "text": said[-1].message.content,
        "reasoning": "".join(output.message.reasoning_content for output in said),
        "calls": [_shortened(*call) for call in calls],
        "cut": FINISH[said[-1].finish_reason] == "length",
        "citations": list(message.citations),
        "usage": {name: usage[name] for name in ("prompt", "completion", "total", "cached", "reasoning", "cost")},
        "sources": usage["sources"],
        "tools": sorted(SERVER_TOOLS[number] for number in message.usage.server_side_tools_used),
    }


def of_json(body: dict[str, Any]) -> dict[str, Any]:
    """What POST /v1/responses says."""
    parts = [part for item in body["output"] if item["type"] == "message" for part in item["content"]]
    reasoning = [part["text"] for item in body["output"] if item["type"] == "reasoning" for part in item["summary"]]
    usage = body["usage"]
    tools = [
        name.removesuffix("_calls")
        for name, number in usage["server_side_tool_usage_details"].items()
        for _ in range(number)
    ]
    assert len(tools) == usage["num_server_side_tools_used"]
    return {
        "head": (body["id"], body["model"], body["created_at"]),
        "text": "".join(part["text"] for part in parts),
        "reasoning": "".join(reasoning),
        "calls": [call for item in body["output"] if (call := _call(item))],
        "cut": body["status"] == "incomplete",
        "citations": list(dict.fromkeys(note["url"] for part in parts for note in part["annotations"])),
        "usage": {
            "prompt": usage["input_tokens"],
            "completion": usage["output_tokens"],
            "total": usage["total_tokens"],
            "cached": usage["input_tokens_details"]["cached_tokens"],
            "reasoning": usage["output_tokens_details"]["reasoning_tokens"],
            "cost": usage["cost_in_usd_ticks"],
        },
        "sources": usage["num_sources_used"],
        "tools": sorted(tools),
    }


def _call(item: dict[str, Any]) -> Any:
    kind = item["type"]
    if kind == "custom_tool_call":
        kind = "attachment_search" if item["name"] == "attachment_search" else "x_search"
        return _shortened(kind, "", item["name"], item["input"])
    if kind not in ITEM_KINDS:
        return None
    arguments = {
        "web_search_call": lambda: {"query": item["action"]["query"]},
        "code_interpreter_call": lambda: {"code": item["code"]},
        "file_search_call": lambda: {"query": item["queries"][0]},
        "image_generation_call": lambda: {"prompt": item["prompt"]},
    }.get(kind, lambda: json.loads(item["arguments"]))()
    call_id = item["call_id"] if kind == "function_call" else ""
    return _shortened(ITEM_KINDS[kind], call_id, item.get("name", ""), json.dumps(arguments))


def _shortened(kind: str, call_id: str, name: str, arguments: str) -> Any:
    """Names of those calls that REST has without a name are left out."""
    named = kind in ("function", "mcp", "x_search", "attachment_search")
    return kind, call_id, name if named else "", json.loads(arguments)
