"""Chat completions and raw sampling as protobuf messages."""

from __future__ import annotations

import base64
from typing import Any, TypeVar

from xai_dual.emulator import jsontext
from xai_dual.emulator.definitions import enum_number, message
from xai_dual.emulator.errors import invalid
from xai_dual.emulator.rpc import agent
from xai_dual.emulator.service.forms import (
    ChatRequest,
    Choice,
    Chunk,
    ChunkChoice,
    Completion,
    Format,
    FunctionTool,
    LogProb,
    Message,
    Part,
    SampleRequest,
    Sampling,
    Search,
    ToolCall,
    ToolChoice,
    Usage,
)
from xai_dual.emulator.service.stored import Compacted

T = TypeVar("T")
_ROLES = {1: "user", 2: "assistant", 3: "system", 4: "function", 5: "tool", 6: "developer"}
_EFFORTS = {1: "low", 2: "medium", 3: "high", 4: "none", 5: "xhigh"}
_TIERS = {0: "default", 1: "default", 2: "priority"}
_TIER_MEMBERS = {"default": "SERVICE_TIER_DEFAULT", "priority": "SERVICE_TIER_PRIORITY"}
_TOOL_MODES = {0: "auto", 1: "auto", 2: "none", 3: "required"}
_FORMATS = {0: "text", 1: "text", 2: "json_object", 3: "json_schema"}
_AGENTS: dict[int, int | None] = {0: None, 1: 4, 2: 16}
_SEARCH_MODES = {0: "auto", 1: "off", 2: "on", 3: "auto"}
_FINISH = {"stop": "REASON_STOP", "length": "REASON_MAX_LEN", "tool_calls": "REASON_TOOL_CALLS"}


def _known(names: dict[int, T], number: int, field: str) -> T:
    if number not in names:
        raise invalid(f"{field} has the unknown value {number}.")
    return names[number]


# ---- reading


def read_chat(request: Any) -> ChatRequest:
    """A chat request out of ``xai_api.GetCompletionsRequest``."""
    functions = [tool.function for tool in request.tools if tool.WhichOneof("tool") == "function"]
    return ChatRequest(
        model=request.model,
        messages=tuple(read_message(item, position) for position, item in enumerate(request.messages)),
        sampling=_sampling(request),
        tools=tuple(
            FunctionTool(item.name, item.description, _schema(item.parameters, item.name), item.strict)
            for item in functions
        ),
        server_tools=agent.read_server_tools(request.tools),
        tool_choice=_tool_choice(request),
        parallel_tool_calls=not request.HasField("parallel_tool_calls") or request.parallel_tool_calls,
        format=_format(request),
        reasoning_effort=_known(_EFFORTS, request.reasoning_effort, "reasoning_effort")
        if request.HasField("reasoning_effort")
        else None,
        search=_search(request),
        service_tier=_known(_TIERS, request.service_tier, "service_tier"),
        max_turns=request.max_turns if request.HasField("max_turns") else None,
        agents=_known(_AGENTS, request.agent_count, "agent_count") if request.HasField("agent_count") else None,
        extras=agent.read_extras(request),
    )


def read_sample(request: Any) -> SampleRequest:
    """A raw sampling request out of ``xai_api.SampleTextRequest``."""
    return SampleRequest(request.model, tuple(request.prompt), _sampling(request))


def _sampling(request: Any) -> Sampling:
    """The settings that chat and raw sampling share."""

    def optional(name: str) -> Any:
        return getattr(request, name) if request.HasField(name) else None

    return Sampling(
        n=optional("n"),
        max_tokens=optional("max_tokens"),
        stop=tuple(request.stop),
        temperature=optional("temperature"),
        top_p=optional("top_p"),
        frequency_penalty=optional("frequency_penalty"),
        presence_penalty=optional("presence_penalty"),
        logprobs=request.logprobs,
        top_logprobs=optional("top_logprobs"),
    )


def read_message(item: Any, position: int) -> Message:
    """A message out of ``xai_api.Message``."""
    calls = (
        ToolCall(call.id, call.function.name, call.function.arguments, agent.read_call_kind(call.type))
        for call in item.tool_calls
    )
    return Message(
        role=_known(_ROLES, item.role, f"messages[{position}].role"),
        parts=tuple(part for content in item.content if (part := _part(content)) != Part("text", "")),
        name=item.name,
        reasoning=item.reasoning_content,
        tool_calls=tuple(calls),
        tool_call_id=item.tool_call_id,
        encrypted=item.encrypted_content,
    )


def _part(content: Any) -> Part:
    kind = content.WhichOneof("content")
    if kind == "text":
        return Part("text", content.text)
    if kind == "image_url":
        return Part("image", content.image_url.image_url or content.image_url.file_id)
    if kind == "file":
        data = base64.b64encode(content.file.data).decode()
        return Part("file", content.file.file_id or content.file.url, content.file.filename, data)
    raise invalid("A content part must have a text, an image or a file.")


def _schema(text: str, name: str) -> Any:
    try:
        return jsontext.loads(text) if text else {}
    except ValueError as error:
        raise invalid(f"The parameters of the function {name} are no valid JSON: {error}.") from None


def _tool_choice(request: Any) -> ToolChoice:
    choice = request.tool_choice
    if choice.WhichOneof("tool_choice") == "function_name":
        return ToolChoice("function", choice.function_name)
    return ToolChoice(_known(_TOOL_MODES, choice.mode, "tool_choice.mode"))


def _format(request: Any) -> Format:
    kind = _known(_FORMATS, request.response_format.format_type, "response_format.format_type")
    if kind != "json_schema":
        return Format(kind)
    try:
        return Format(kind, jsontext.loads(request.response_format.schema), "root")
    except ValueError as error:
        raise invalid(f"response_format.schema is no valid JSON: {error}.") from None


def _search(request: Any) -> Search | None:
    if not request.HasField("search_parameters"):
        return None
    given = request.search_parameters
    limit = given.max_search_results if given.HasField("max_search_results") else None
    return Search(_known(_SEARCH_MODES, given.mode, "search_parameters.mode"), given.return_citations, limit)


# ---- writing


def write_chat(whole: Completion) -> Any:
    """A complete answer as ``xai_api.GetChatCompletionResponse``."""
    answer: Any = message("xai_api.GetChatCompletionResponse")()
    _head(answer, whole)
    answer.citations.extend(whole.citations)
    for choice in whole.choices:
        output = answer.outputs.add(index=choice.index, finish_reason=_finish(choice.finish_reason))
        _said(output.message, choice)
        output.message.reasoning_content = choice.reasoning
        for call in choice.tool_calls:
            _tool_call(output.message.tool_calls.add(), call)
        _logprobs(output, choice.logprobs)
    write_usage(answer.usage, whole.usage)
    if whole.request is not None:
        agent.write_settings(answer.settings, whole.request)
    return answer


def write_deferred(whole: Completion | None) -> Any:
    """A poll's answer as ``xai_api.GetDeferredCompletionResponse``."""
    status = enum_number("xai_api.DeferredStatus", "PENDING" if whole is None else "DONE")
    response = None if whole is None else write_chat(whole)
    return message("xai_api.GetDeferredCompletionResponse")(status=status, response=response)


def write_compacted(compacted: Compacted) -> Any:
    """A compacted conversation as ``xai_api.CompactContextResponse``."""
    answer: Any = message("xai_api.CompactContextResponse")(
        id=compacted.id, encrypted_content=compacted.sealed, dropped_message_count=compacted.dropped
    )
    write_usage(answer.usage, compacted.usage)
    return answer


def write_chunk(chunk: Chunk) -> Any:
    """A stream message as ``xai_api.GetChatCompletionChunk``."""
    answer: Any = message("xai_api.GetChatCompletionChunk")()
    _head(answer, chunk.whole)
    answer.citations.extend(chunk.citations)
    for choice in chunk.choices:
        output = answer.outputs.add(index=choice.index, finish_reason=_finish(choice.finish_reason))
        _said(output.delta, choice)
        output.delta.reasoning_content = choice.reasoning
        for _, call in choice.tool_calls:
            _tool_call(output.delta.tool_calls.add(), call)
        _logprobs(output, choice.logprobs)
    write_usage(answer.usage, chunk.usage)
    return answer


def write_sample(whole: Completion) -> Any:
    """A complete answer as ``xai_api.SampleTextResponse``."""
    return _sample(whole, [(choice.index, choice.text, choice.finish_reason) for choice in whole.choices], whole.usage)


def write_sample_chunk(chunk: Chunk) -> Any:
    """A stream message: an answer that holds what is new."""
    return _sample(
        chunk.whole, [(choice.index, choice.text, choice.finish_reason) for choice in chunk.choices], chunk.usage
    )


def _sample(whole: Completion, choices: list[Any], usage: Usage) -> Any:
    answer: Any = message("xai_api.SampleTextResponse")()
    answer.id, answer.model, answer.system_fingerprint = whole.id, whole.model, whole.fingerprint
    answer.created.seconds = whole.created
    for index, text, reason in choices:
        answer.choices.add(index=index, text=text, finish_reason=_finish(reason))
    write_usage(answer.usage, usage)
    return answer


def write_usage(target: Any, usage: Usage) -> None:
    """Fill in ``xai_api.SamplingUsage``."""
    target.prompt_tokens = usage.prompt
    target.prompt_text_tokens = usage.prompt_text
    target.prompt_image_tokens = usage.prompt_image
    target.cached_prompt_text_tokens = usage.cached
    target.completion_tokens = usage.completion
    target.reasoning_tokens = usage.reasoning
    target.total_tokens = usage.total
    target.num_sources_used = usage.sources
    target.cost_in_usd_ticks = usage.cost_ticks
    target.server_side_tools_used.extend(
        enum_number("xai_api.ServerSideTool", f"SERVER_SIDE_TOOL_{tool.upper()}") for tool in usage.server_tools
    )


def _head(answer: Any, whole: Completion) -> None:
    answer.id, answer.model, answer.system_fingerprint = whole.id, whole.model, whole.fingerprint
    answer.created.seconds = whole.created
    answer.service_tier = enum_number(
        "xai_api.ServiceTier", _TIER_MEMBERS.get(whole.service_tier, "SERVICE_TIER_UNSPECIFIED")
    )


def _finish(reason: str | None) -> int:
    return enum_number("xai_api.FinishReason", _FINISH[reason] if reason else "REASON_INVALID")


def _said(target: Any, choice: Choice | ChunkChoice) -> None:
    target.role = enum_number("xai_api.MessageRole", "ROLE_TOOL" if choice.role == "tool" else "ROLE_ASSISTANT")
    target.content = choice.text
    target.encrypted_content = choice.encrypted
    for citation in choice.citations:
        agent.write_citation(target.citations.add(), citation)


def _tool_call(target: Any, call: ToolCall) -> None:
    target.id = call.id
    target.type = agent.call_type(call.kind)
    target.status = enum_number("xai_api.ToolCallStatus", "TOOL_CALL_STATUS_COMPLETED")
    target.function.name = call.name
    target.function.arguments = call.arguments


def _logprobs(output: Any, logprobs: tuple[LogProb, ...] | None) -> None:
    if logprobs is None:
        return
    output.logprobs.SetInParent()
    for item in logprobs:
        added = output.logprobs.content.add(token=item.token, logprob=item.logprob, bytes=item.token.encode())
        for top in item.top:
            added.top_logprobs.add(token=top.token, logprob=top.logprob, bytes=top.token.encode())
