"""Output items of the Responses API: reasoning, runs of server-side tools, function calls and the message."""

from __future__ import annotations

import json
from typing import Any

from xai_dual.emulator.rest.chat import write_logprobs
from xai_dual.emulator.service.entries import shows
from xai_dual.emulator.service.forms import ChatRequest, Choice, Citation, Completion, ServerRun, ServerTool, ToolCall

Json = dict[str, Any]
_PREFIXES = {
    "web_search": "ws", "x_search": "ctc", "code_execution": "ci", "collections_search": "fs", "mcp": "mcp",
    "attachment_search": "ctc", "image_generation": "ig",
}  # fmt: skip
_TYPES = {"code_execution": "code_interpreter", "collections_search": "file_search"}
_OPTIONS = {
    "collection_ids": "vector_store_ids", "limit": "max_num_results", "allowed_tool_names": "allowed_tools",
    "extra_headers": "headers",
}  # fmt: skip
_ONLY_GRPC = frozenset({"instructions", "hybrid_retrieval", "semantic_retrieval", "keyword_retrieval"})


def output_items(whole: Completion) -> list[Json]:
    """All items of an answer, in the order in which they were made."""
    items = [reasoning_item(whole)] if has_reasoning(whole) else []
    items += [run_item(whole, run) for run in whole.runs]
    for choice in answers(whole):
        if choice.pieces or not choice.tool_calls:
            items.append(message_item(whole, choice))
        items += [function_item(whole, call) for call in choice.tool_calls]
    return items


def answers(whole: Completion) -> tuple[Choice, ...]:
    """The entries with text and function calls: one, or several if gRPC asked for more."""
    return (whole.final,) if whole.runs else whole.choices


def has_reasoning(whole: Completion) -> bool:
    """Whether there is a reasoning item."""
    return bool(whole.choices[0].reasoning_pieces)


def reasoning_item(whole: Completion) -> Json:
    """The reasoning, summed up in one part."""
    first = whole.choices[0]
    sealed = {"encrypted_content": first.encrypted} if first.encrypted else {}
    summary = [{"type": "summary_text", "text": first.reasoning}]
    return {"id": f"rs_{whole.id}", "type": "reasoning", "summary": summary, **sealed, "status": "completed"}


def function_item(whole: Completion, call: ToolCall) -> Json:
    """A call of a function of the caller."""
    return {
        "id": f"fc_{whole.id}_{call.id}",
        "type": "function_call",
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments,
        "status": "completed",
    }


def message_item(whole: Completion, choice: Choice) -> Json:
    """The message. Of several ones the first has the plain id."""
    number = f"_{choice.index}" if choice.index and not whole.runs else ""
    return {
        "id": f"msg_{whole.id}{number}",
        "type": "message",
        "role": "assistant",
        "content": [part_of(whole, choice)],
        "status": "incomplete" if choice.finish_reason == "length" else "completed",
    }


def part_of(whole: Completion, choice: Choice) -> Json:
    """The text with its citations and log probabilities, or the refusal."""
    if choice.refused:
        return {"type": "refusal", "refusal": choice.text}
    return {
        "type": "output_text",
        "text": choice.text,
        "annotations": write_citations(whole),
        "logprobs": write_logprobs(choice.logprobs or ()),
    }


def write_citations(whole: Completion) -> list[Json]:
    """The citations of the text, unless the caller does not want them."""
    if whole.request is not None and "no_inline_citations" in whole.request.extras.include:
        return []
    return [_write_citation(citation) for citation in whole.cited]


def _write_citation(citation: Citation) -> Json:
    """One citation. Its title is the number that the text shows."""
    return {
        "type": "url_citation",
        "url": citation.source.url,
        "title": citation.id,
        "start_index": citation.start,
        "end_index": citation.end,
    }


def run_item(whole: Completion, run: ServerRun) -> Json:
    """A run of a server-side tool."""
    call = run.call
    arguments = json.loads(call.arguments)
    shown = whole.request is not None and shows(call.kind, whole.request.extras)
    kind = _TYPES.get(call.kind, call.kind)
    item: Json = {"id": f"{_PREFIXES[call.kind]}_{whole.id}_{call.id}", "type": f"{kind}_call"}
    if call.kind == "web_search":
        sources = [{"type": "url", "url": source.url} for source in run.sources] if shown else []
        item["action"] = {"type": "search", "query": arguments["query"], "sources": sources}
    elif call.kind in ("x_search", "attachment_search"):
        item["type"] = "custom_tool_call"
        item.update(call_id=call.id, name=call.name, input=call.arguments)
    elif call.kind == "code_execution":
        item.update(code=arguments["code"], outputs=[{"type": "logs", "logs": run.output}] if shown else [])
    elif call.kind == "collections_search":
        item.update(queries=[arguments["query"]], results=_results(run) if shown else [])
    elif call.kind == "mcp":
        label = call.name.partition(".")[0]
        item.update(name=call.name, arguments=call.arguments, server_label=label, output=run.output if shown else "")
    else:
        result = json.loads(run.output)["result"].partition("base64,")[2]
        item.update(prompt=arguments["prompt"], result=result)
    item["status"] = "completed"
    return item


def _results(run: ServerRun) -> list[Json]:
    return [
        {"file_id": source.file_id, "filename": f"{source.file_id}.txt", "score": 0.5, "text": source.text}
        for source in run.sources
    ]


def write_tools(request: ChatRequest) -> list[Json]:
    """The tools of a request, given back. Those that only gRPC has are left out."""
    tools: list[Json] = [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
            "strict": tool.strict,
        }
        for tool in request.tools
    ]
    return tools + [
        _write_server_tool(tool)
        for tool in request.server_tools
        if not tool.implied and tool.kind != "attachment_search"
    ]


def _write_server_tool(tool: ServerTool) -> Json:
    options = {_OPTIONS.get(name, name): value for name, value in tool.options.items() if name not in _ONLY_GRPC}
    if "user_location" in options:
        options["user_location"] = {"type": "approximate", **options["user_location"]}
    if tool.kind == "collections_search":
        options.setdefault("vector_store_ids", [])
    if tool.kind == "mcp":
        options.setdefault("server_label", "")
    return {"type": _TYPES.get(tool.kind, tool.kind), **options}
