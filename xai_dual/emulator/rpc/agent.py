"""Server-side tools, includes, citations and settings of chat requests as protobuf messages."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from google.protobuf import json_format

from xai_dual.emulator.definitions import enum_number
from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service.forms import ChatRequest, Citation, Extras, ServerTool

_INCLUDE = "INCLUDE_OPTION_"
_INCLUDES = (
    "web_search_call_output", "x_search_call_output", "code_execution_call_output", "collections_search_call_output",
    "attachment_search_call_output", "mcp_call_output", "inline_citations", "verbose_streaming",
    "code_execution_files_output",
)  # fmt: skip
_CALL_TYPES = {
    "function": "CLIENT_SIDE_TOOL", "web_search": "WEB_SEARCH_TOOL", "x_search": "X_SEARCH_TOOL",
    "code_execution": "CODE_EXECUTION_TOOL", "collections_search": "COLLECTIONS_SEARCH_TOOL", "mcp": "MCP_TOOL",
    "attachment_search": "ATTACHMENT_SEARCH_TOOL", "image_generation": "IMAGE_GENERATION_TOOL",
}  # fmt: skip
_SCORE = 0.5


def read_server_tools(tools: Any) -> tuple[ServerTool, ...]:
    """The tools that the service runs, with their options under the names of the definition."""
    found = []
    for tool in tools:
        kind = tool.WhichOneof("tool")
        if kind is None:
            raise invalid("A tool must be of some kind.")
        if kind != "function":
            try:
                options = json_format.MessageToDict(getattr(tool, kind), preserving_proto_field_name=True)
            except (json_format.Error, ValueError, OverflowError) as error:  # a time that no calendar has
                raise invalid(f"{kind} has an invalid option: {error}") from None
            found.append(ServerTool(kind, options))
    return tuple(found)


def read_extras(request: Any) -> Extras:
    """What does not change the answer."""
    numbers = {enum_number("xai_api.IncludeOption", _INCLUDE + name.upper()): name for name in _INCLUDES}
    unknown = [number for number in request.include if number not in numbers]
    if unknown:
        raise invalid(f"include has the unknown value {unknown[0]}.")
    echo = {"safety_identifier": request.safety_identifier} if request.HasField("safety_identifier") else {}
    return Extras(
        previous_response_id=request.previous_response_id,
        store=request.store_messages,
        use_encrypted=request.use_encrypted_content,
        include=frozenset(numbers[number] for number in request.include),
        user=request.user,
        echo=echo,
    )


def call_type(kind: str) -> int:
    """The number of a kind of tool call."""
    return enum_number("xai_api.ToolCallType", f"TOOL_CALL_TYPE_{_CALL_TYPES[kind]}")


def read_call_kind(number: int) -> str:
    """The kind of a tool call that is sent back; one of no known kind counts as a function's."""
    return next((kind for kind in _CALL_TYPES if call_type(kind) == number), "function")


def write_citation(target: Any, citation: Citation) -> None:
    """Fill in ``xai_api.InlineCitation``."""
    source = citation.source
    target.id, target.start_index, target.end_index = citation.id, citation.start, citation.end
    if source.kind == "web":
        target.web_citation.url = source.url
    elif source.kind == "x":
        target.x_citation.url = source.url
    else:
        found = target.collections_citation
        found.file_id, found.chunk_id, found.chunk_content = source.file_id, f"{source.file_id}:0", source.text
        found.score = _SCORE
        found.collection_ids.append(source.collection_id)


def write_settings(target: Any, request: ChatRequest) -> None:
    """Fill in ``xai_api.RequestSettings``. What only REST has is left out."""
    extras = request.extras
    target.parallel_tool_calls = request.parallel_tool_calls
    target.user = extras.user
    target.store_messages = extras.store
    target.use_encrypted_content = extras.use_encrypted
    optional = {
        "max_tokens": request.sampling.max_tokens,
        "previous_response_id": extras.previous_response_id or None,
        "temperature": request.sampling.temperature,
        "top_p": request.sampling.top_p,
    }
    for name, value in optional.items():
        if value is not None:
            setattr(target, name, value)
    if request.reasoning_effort is not None:
        target.reasoning_effort = enum_number("xai_api.ReasoningEffort", f"EFFORT_{request.reasoning_effort.upper()}")
    target.response_format.format_type = enum_number("xai_api.FormatType", f"FORMAT_TYPE_{request.format.kind.upper()}")
    if request.format.kind == "json_schema":
        target.response_format.schema = json.dumps(request.format.schema)
    if request.tool_choice.mode == "function":
        target.tool_choice.function_name = request.tool_choice.name
    else:
        target.tool_choice.mode = enum_number("xai_api.ToolMode", f"TOOL_MODE_{request.tool_choice.mode.upper()}")
    for function in request.tools:
        added = target.tools.add().function
        added.name, added.description, added.strict = function.name, function.description, function.strict
        added.parameters = json.dumps(function.parameters)
    for tool in request.server_tools:
        if tool.kind in _CALL_TYPES and not tool.implied:
            inner = getattr(target.tools.add(), tool.kind)
            inner.SetInParent()
            with contextlib.suppress(json_format.ParseError):  # REST takes some values that no message can hold
                json_format.ParseDict(tool.options, inner, ignore_unknown_fields=True)
    if request.search is not None:
        mode = enum_number("xai_api.SearchMode", f"{request.search.mode.upper()}_SEARCH_MODE")
        target.search_parameters.mode = mode
        target.search_parameters.return_citations = request.search.return_citations
        if request.search.max_results is not None:
            target.search_parameters.max_search_results = request.search.max_results
    target.include.extend(
        enum_number("xai_api.IncludeOption", _INCLUDE + name.upper()) for name in _INCLUDES if name in extras.include
    )
