"""Tools the service runs while it answers: which ones a prompt calls for, what they return and how answers cite it."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service import arithmetic
from xai_dual.emulator.service.brain import last_user_text, speak
from xai_dual.emulator.service.forms import ChatRequest, Citation, ServerRun, ServerTool, Source, ToolCall
from xai_dual.emulator.service.tool_turns import RESULTS

# The kinds as gRPC's ``Tool`` names them; the last two only REST has, and the emulator runs neither.
KINDS = (
    "web_search", "x_search", "code_execution", "collections_search", "mcp", "image_generation", "attachment_search",
    "shell", "tool_search",
)  # fmt: skip
_SEARCHES = ("web_search", "x_search", "collections_search")
_MENTIONS = {
    "web_search": r"\bweb\b|web_search|\binternet\b|\bonline\b|\bbrowse\b",
    "x_search": r"\b(?:on|search) x\b|\bx[_ ]search|\bx posts?\b|\btwitter\b|\btweets?\b|x_keyword_search",
    "code_execution": r"\brun\b.*\bcode\b|\bexecut|code[_ ](?:execution|interpreter)|\bpython\b",
    "collections_search": r"\bcollections?\b|(?:file|collections)[_ ]search|knowledge base",
    "mcp": r"\bmcp\b",
    "image_generation": r"\b(?:draw|paint|generate|make|create)\b.*\b(?:image|picture|drawing|logo)|image_generation",
    "attachment_search": r"\battach",
}
_LIMITS = {
    "allowed_domains": 5, "excluded_domains": 5, "allowed_x_handles": 10, "excluded_x_handles": 10,
    "collection_ids": 10,
}  # fmt: skip
_EXCLUSIVE = (("allowed_domains", "excluded_domains"), ("allowed_x_handles", "excluded_x_handles"))
_ACTIONS = ("auto", "generate", "edit")
_RESULTS = 2
_NAMESPACE = uuid.UUID("0c7c3d6f-0f6e-53c1-8d64-6a2b7f3d6c11")


def with_attachments(request: ChatRequest) -> ChatRequest:
    """The request with the tool that the service adds by itself where files are attached, for a single answer."""
    files = any(part.kind == "file" for message in request.messages for part in message.parts)
    several = request.sampling.n is not None and request.sampling.n > 1
    if not files or several or any(tool.kind == "attachment_search" for tool in request.server_tools):
        return request
    return dataclasses.replace(
        request, server_tools=(*request.server_tools, ServerTool("attachment_search", implied=True))
    )


def check(request: ChatRequest) -> None:
    """Refuse tools that cannot be set up, and settings that do not go with them."""
    for tool in request.server_tools:
        for name, most in _LIMITS.items():
            if len(tool.options.get(name, ())) > most:
                raise invalid(f"{tool.kind}.{name} may have at most {most} entries.")
        for left, right in _EXCLUSIVE:
            if tool.options.get(left) and tool.options.get(right):
                raise invalid(f"{tool.kind}: {left} and {right} exclude each other.")
        if tool.kind == "mcp" and not tool.options.get("server_url"):
            raise invalid("An MCP tool must have a server_url.")
        if tool.options.get("action", "auto") not in _ACTIONS:
            raise invalid(f"{tool.kind}.action must be one of {', '.join(_ACTIONS)}.")
    if request.max_turns is not None and request.max_turns < 1:
        raise invalid(f"max_turns must be at least 1; got {request.max_turns}.")
    several = request.sampling.n is not None and request.sampling.n > 1
    if several and request.server_tools:
        raise invalid("n must be 1 where server-side tools are given.")


def plan(request: ChatRequest, identity: uuid.UUID) -> tuple[ServerRun, ...]:
    """The runs that the last message calls for, one a turn."""
    last = request.messages[-1]
    mode, name = request.tool_choice.mode, request.tool_choice.name
    if not request.server_tools or mode == "none" or (last.role in RESULTS and mode != "function"):
        return ()
    if mode == "function":
        chosen = [tool for tool in request.server_tools if tool.kind == name]
    else:
        chosen = _mentioned(request.server_tools, last_user_text(request))
        if not chosen and mode == "required" and not request.tools:
            chosen = [tool for tool in request.server_tools if tool.kind in _RUNNERS][:1]
    if not request.parallel_tool_calls:
        chosen = chosen[:1]
    runs = []
    for position, tool in enumerate(chosen[: request.max_turns]):
        call_id = f"call_{uuid.uuid5(identity, f'server {position}').hex[:24]}"
        runs.append(_RUNNERS[tool.kind](call_id, tool, request))
    return tuple(runs)


def _mentioned(tools: tuple[ServerTool, ...], prompt: str) -> list[ServerTool]:
    """Tools that the prompt asks for; if it asks to search without saying where, all that search."""
    lowered = prompt.lower()

    def asks(tool: ServerTool) -> bool:
        label = str(tool.options.get("server_label") or "").lower()
        named = bool(label) and re.search(rf"\b{re.escape(label)}\b", lowered) is not None
        return named or (tool.kind in _MENTIONS and re.search(_MENTIONS[tool.kind], lowered) is not None)

    found = [tool for tool in tools if asks(tool)]
    if not found and "search" in lowered:
        found = [tool for tool in tools if tool.kind in _SEARCHES]
    return found


def answer(request: ChatRequest, runs: tuple[ServerRun, ...], text: str) -> tuple[str, tuple[Citation, ...]]:
    """The text with what the tools found, and its citations. JSON stays as it is and cites at its end."""
    citations: list[Citation] = []
    numbers: dict[str, str] = {}
    for run in runs:
        plain = request.format.kind == "text"
        if plain:
            text += f" {_FINDINGS[run.call.kind](run)}"
        for source in run.sources:
            number = numbers.setdefault(source.url, str(len(numbers) + 1))
            start = len(text)
            if plain:
                text += f"[[{number}]]({source.url})"
            citations.append(Citation(number, source, start, len(text)))
    return text, tuple(citations)


# ---- what each kind does


def _call(call_id: str, kind: str, name: str, **arguments: Any) -> ToolCall:
    return ToolCall(call_id, name, json.dumps(arguments, ensure_ascii=False), kind)


def _query(request: ChatRequest) -> str:
    return " ".join(last_user_text(request).split())[:200]


def _web_search(call_id: str, tool: ServerTool, request: ChatRequest) -> ServerRun:
    allowed = tool.options.get("allowed_domains") or ["docs.x.ai", "x.ai", "en.wikipedia.org"]
    excluded = tool.options.get("excluded_domains") or ()
    domains = [domain for domain in allowed if domain not in excluded][:_RESULTS]
    sources = tuple(Source("web", f"https://{domain}/{position}") for position, domain in enumerate(domains, 1))
    query = _query(request)
    return ServerRun(_call(call_id, "web_search", "web_search", query=query), _listed(query, sources), sources)


def _x_search(call_id: str, tool: ServerTool, request: ChatRequest) -> ServerRun:
    allowed = tool.options.get("allowed_x_handles") or ["xai", "grok"]
    excluded = tool.options.get("excluded_x_handles") or ()
    handles = [handle for handle in allowed if handle not in excluded][:_RESULTS]
    sources = tuple(Source("x", f"https://x.com/{handle}/status/{1900 + n}") for n, handle in enumerate(handles))
    query = _query(request)
    call = _call(call_id, "x_search", "x_keyword_search", query=query, limit=_RESULTS, mode="Latest")
    return ServerRun(call, _listed(query, sources), sources)


def _code_execution(call_id: str, tool: ServerTool, request: ChatRequest) -> ServerRun:
    prompt = last_user_text(request)
    found = arithmetic.find_sum(prompt)
    said = arithmetic.show(found.value) if found and found.value is not None else speak(prompt)
    call = _call(call_id, "code_execution", "code_execution", code=f"result = {said!r}\nprint(result)\n")
    return ServerRun(call, f"{said}\n")


def _collections_search(call_id: str, tool: ServerTool, request: ChatRequest) -> ServerRun:
    query = _query(request)
    wanted = tool.options.get("limit")
    names = (tool.options.get("collection_ids") or ())[: _RESULTS if wanted is None else max(wanted, 0)]
    sources = []
    for name in names:
        file_id = f"file_{uuid.uuid5(_NAMESPACE, name)}"
        sources.append(
            Source("collections", f"collections://{name}/files/{file_id}", f"A passage on: {query}", file_id, name)
        )
    call = _call(call_id, "collections_search", "collections_search", query=query)
    return ServerRun(call, _listed(query, tuple(sources)), tuple(sources))


def _attachment_search(call_id: str, tool: ServerTool, request: ChatRequest) -> ServerRun:
    query = _query(request)
    files = [
        part.value or part.name or "file"
        for message in request.messages
        for part in message.parts
        if part.kind == "file"
    ]
    call = _call(call_id, "attachment_search", "attachment_search", query=query)
    return ServerRun(call, "\n".join(f"{name}: a passage on {query}" for name in files[: tool.options.get("limit")]))


def _mcp(call_id: str, tool: ServerTool, request: ChatRequest) -> ServerRun:
    names = tool.options.get("allowed_tool_names") or ["ask"]
    label = tool.options.get("server_label") or "mcp"
    query = _query(request)
    return ServerRun(_call(call_id, "mcp", f"{label}.{names[0]}", query=query), f"{label} says: {speak(query)}")


def _image_generation(call_id: str, tool: ServerTool, request: ChatRequest) -> ServerRun:
    """As the official client reads it: a JSON envelope with a data URL."""
    from xai_dual.emulator.service.media import png  # here: that module needs the state, which may need this one

    prompt = _query(request)
    edits = tool.options.get("action") == "edit"
    name = "imagine_image_to_image" if edits else "imagine_text_to_image"
    seed = uuid.uuid5(_NAMESPACE, prompt)
    data = base64.b64encode(png(seed.bytes, 16, 16)).decode()
    envelope = {
        "__type": "image_generation_result",
        "result": f"data:image/png;base64,{data}",
        "image_uuid": seed.hex[:8],
    }
    return ServerRun(_call(call_id, "image_generation", name, prompt=prompt), json.dumps(envelope))


def _listed(query: str, sources: tuple[Source, ...]) -> str:
    found = "\n".join(f"{number}. {source.url}" for number, source in enumerate(sources, 1))
    return f"Results for {query}:\n{found or 'none'}"


_RUNNERS: dict[str, Callable[[str, ServerTool, ChatRequest], ServerRun]] = {
    "web_search": _web_search,
    "x_search": _x_search,
    "code_execution": _code_execution,
    "collections_search": _collections_search,
    "mcp": _mcp,
    "image_generation": _image_generation,
    "attachment_search": _attachment_search,
}
_FINDINGS: dict[str, Callable[[ServerRun], str]] = {
    "web_search": lambda run: "I searched the web.",
    "x_search": lambda run: "I searched X.",
    "code_execution": lambda run: f"The code printed: {run.output.rstrip()}",
    "collections_search": lambda run: "I searched the collections.",
    "mcp": lambda run: f"{run.call.name} returned: {run.output}",
    "image_generation": lambda run: "I made the image.",
    "attachment_search": lambda run: "I searched the attached files.",
}
