"""Items of `/v1/responses` for what the service itself ran, as the calls and results that chat has for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from ..types.chat import ToolCall

__all__ = ["Run", "run_of"]


@attrs.frozen
class Run:
    """One run of a tool of the service."""

    call: ToolCall
    output: str | None  # what the tool returned, as far as it is shown


def run_of(item: Any, response_id: str) -> Run | None:
    """The run that an output item tells of; None for items that are no runs, or of a kind that chat has not."""
    from ..types.chat import FunctionCall, ToolCall

    read = _READERS.get(type(item).__name__)
    if read is None:
        return None
    kind, name, arguments, output = read(item)
    call_id = item.call_id if type(item).__name__ == "CustomToolCall" else _call_id(item.id or "", response_id)
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    status = item.status if item.status in ("failed", "incomplete") else "completed"
    call = ToolCall(
        id=call_id,
        type=f"{kind}_tool",
        status=status,
        error_message=getattr(item, "error", None),
        function=FunctionCall(name=name, arguments=text),
    )
    return Run(call, output or None)


def _call_id(item_id: str, response_id: str) -> str:
    """The call's own id stands in the item's id behind the response's."""
    mark = f"_{response_id}_"
    return item_id.partition(mark)[2] if response_id and mark in item_id else item_id


_Read = tuple[str, str, "str | dict[str, Any]", "str | None"]  # kind, name, arguments, output


def _web_search(item: Any) -> _Read:
    action = item.action
    if type(action).__name__ == "WebSearchOpenPage":
        return "web_search", "open_page", {"url": action.url}, None
    if type(action).__name__ == "WebSearchFindInPage":
        return "web_search", "find_in_page", {"url": action.url, "pattern": action.pattern}, None
    sources = "\n".join(source.url for source in getattr(action, "sources", ()) if source.url)
    return "web_search", "web_search", {"query": getattr(action, "query", "")}, sources


def _custom(item: Any) -> _Read:
    kind = "attachment_search" if item.name.startswith("attachment") else "x_search"
    return kind, item.name, item.input or "{}", None


def _code(item: Any) -> _Read:
    output = "".join(str(getattr(part, "logs", None) or getattr(part, "url", "")) for part in item.outputs)
    return "code_execution", "code_execution", {"code": item.code or ""}, output


def _file_search(item: Any) -> _Read:
    arguments = {"query": item.queries[0]} if len(item.queries) == 1 else {"queries": item.queries}
    return "collections_search", "collections_search", arguments, "\n".join(result.text for result in item.results)


def _mcp(item: Any) -> _Read:
    full = item.name if item.name.startswith(f"{item.server_label}.") else f"{item.server_label}.{item.name}"
    return "mcp", full if item.server_label else item.name, item.arguments, item.output


def _image(item: Any) -> _Read:
    output = f"data:image/png;base64,{item.result}" if item.result else None
    return "image_generation", "image_generation", {"prompt": item.prompt or ""}, output


_READERS = {
    "WebSearchCall": _web_search,
    "CustomToolCall": _custom,
    "CodeInterpreterCall": _code,
    "FileSearchCall": _file_search,
    "McpCall": _mcp,
    "ImageGenerationCall": _image,
}
