"""Cases of what only REST has besides chat: responses, messages, complete, skills."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from xai_dual.types.messages import TextBlock, ThinkingBlock, ToolUseBlock
from xai_dual.types.responses import (
    CodeInterpreterCall,
    CompactionItem,
    FunctionToolCall,
    InputMessage,
    OutputMessage,
    ReasoningItem,
    WebSearchCall,
)

from .case import Case, Of
from .given import SKILL

SUM = "101 multiplied by 3 is 303."
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
    "required": ["city", "unit"],
}
FUNCTION = {"type": "function", "name": "get_weather", "description": "The weather", "parameters": PARAMETERS}
TOOL = {"name": "get_weather", "description": "The weather", "input_schema": PARAMETERS}
PLACE = {"city": "Rome", "unit": "celsius"}
SHAPE = {
    "type": "json_schema",
    "name": "x",
    "schema": {"type": "object", "properties": {"answer": {"type": "integer"}}, "required": ["answer"]},
}


def kinds(answer: Any) -> list[Any]:
    """The types of a response's items, or of a message's blocks."""
    return [type(item) for item in (answer.output if hasattr(answer, "output") else answer.content)]


RESPONSES: list[tuple[str, dict[str, Any], Callable[[Any], object]]] = [
    (
        "sum",
        {"model": "grok-4", "input": "What is 101*3?", "instructions": "Be brief."},
        lambda r: (
            r.output_text == SUM and kinds(r) == [ReasoningItem, OutputMessage] and r.status == "completed"
            and r.usage.total_tokens == r.usage.input_tokens + r.usage.output_tokens + r.usage.reasoning_tokens
            and r.usage.cost_usd > 0
        ),
    ),
    (
        "messages",
        {
            "model": "grok-3",
            "input": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "input_text", "text": "Say naïve 😀"}]},
            ],
            "metadata": {"a": "b"},
        },
        lambda r: r.output_text == "naïve 😀" and r.model == "grok-3",
    ),
    (
        "cut",
        {"model": "grok-3", "input": "Count to 50", "max_output_tokens": 7, "temperature": 0.5, "top_p": 0.9},
        lambda r: r.status == "incomplete" and r.incomplete_details.reason == "max_output_tokens",
    ),
    (
        "function",
        {"model": "grok-4", "input": "Weather in Rome in celsius?", "tools": [FUNCTION]},
        lambda r: (
            kinds(r)[-1] is FunctionToolCall and json.loads(r.output[-1].arguments) == PLACE and r.output[-1].call_id
            and r.tools[0].name == "get_weather"
        ),
    ),
    (
        "web",
        {"model": "grok-4", "input": "Search the web for cats", "tools": [{"type": "web_search"}]},
        lambda r: WebSearchCall in kinds(r) and r.usage.num_sources_used > 0
        and r.output[-1].content[0].annotations[0].url.startswith("https://"),
    ),
    (
        "code",
        {"model": "grok-4", "input": "Run code: what is 12*12?", "tools": [{"type": "code_interpreter"}]},
        lambda r: CodeInterpreterCall in kinds(r) and r.usage.num_server_side_tools_used == 1,
    ),
    (
        "schema",
        {"model": "grok-4", "input": "What is 2+2?", "text": {"format": SHAPE}},
        lambda r: json.loads(r.output_text)["answer"] == 4 and r.text.format.type == "json_schema",
    ),
]  # fmt: skip


THOUGHT: list[Any] = [ThinkingBlock, TextBlock]


def _ask(text: Any, model: str = "grok-4", **more: Any) -> dict[str, Any]:
    return {"model": model, "max_tokens": 200, "messages": [{"role": "user", "content": text}], **more}


MESSAGES: list[tuple[str, dict[str, Any], Callable[[Any], object]]] = [
    (
        "sum",
        _ask("What is 101*3?", system="Be brief."),
        lambda r: (
            r.text == SUM and kinds(r) == THOUGHT and r.stop_reason == "end_turn"
            and r.content[0].signature and r.usage.input_tokens > 0 and r.usage.output_tokens > 0
        ),
    ),
    (
        "blocks",
        _ask([{"type": "text", "text": "Say"}, {"type": "text", "text": "naïve 😀"}], model="grok-3", top_k=5),
        lambda r: "naïve 😀" in r.text and r.role == "assistant",
    ),
    ("cut", {**_ask("Count to 50", model="grok-3"), "max_tokens": 7}, lambda r: r.stop_reason == "max_tokens"),
    (
        "stop",
        _ask("Count to 50", model="grok-3", stop_sequences=["5"]),
        lambda r: (r.text, r.stop_reason, r.stop_sequence) == ("1, 2, 3, 4, ", "stop_sequence", "5"),
    ),
    (
        "tool",
        _ask("Weather in Rome in celsius?", tools=[TOOL], tool_choice={"type": "auto"}),
        lambda r: (
            kinds(r)[-1] is ToolUseBlock and (r.content[-1].name, r.content[-1].input) == ("get_weather", PLACE)
            and r.stop_reason == "tool_use"
        ),
    ),
]  # fmt: skip

COMPLETE: list[tuple[str, dict[str, Any], Callable[[Any], object]]] = [
    (
        "plain",
        {"model": "grok-3", "prompt": "\n\nHuman: Say hello\n\nAssistant:", "max_tokens_to_sample": 50},
        lambda r: "hello" in r.completion and r.stop_reason == "stop_sequence" and r.model == "grok-3",
    ),
    (
        "cut",
        {"model": "grok-3", "prompt": "\n\nHuman: Count to 50\n\nAssistant:", "max_tokens_to_sample": 5},
        lambda r: r.stop_reason == "max_tokens",
    ),
]

RESPONSE = {"response_id": Of("response", "id")}
STORED = [f"Message {number}" for number in range(5)]


def _texts(items: Any) -> list[str]:
    return [item.content if isinstance(item.content, str) else item.content[0].text for item in items]


AGENT = [
    *(Case(op, *case) for op in ("responses.create", "responses.stream") for case in RESPONSES),
    *(Case(op, *case) for op in ("messages.create", "messages.stream") for case in MESSAGES),
    *(Case(op, *case) for op in ("complete.create", "complete.stream") for case in COMPLETE),
    Case("responses.get", "", RESPONSE, lambda r: r.output_text and r.status == "completed"),
    Case("responses.input_items", "", {**RESPONSE, "limit": 2, "order": "asc"},
         lambda r: {type(i) for i in r} == {InputMessage} and _texts(r) == STORED),
    Case("responses.input_items", "newest first", {**RESPONSE, "order": "desc"}, lambda r: _texts(r) == STORED[::-1]),
    Case("responses.delete", "", RESPONSE, lambda r: r.deleted and r.id),
    Case("responses.compact", "", {"model": "grok-4", "input": [{"role": "user", "content": "word " * 200}]},
         lambda r: kinds(r) == [CompactionItem] and r.output[0].encrypted_content
         and r.usage.dropped_message_count == 1),
    Case("skills.upload", "one", {"content": SKILL},
         lambda r: (r.name, r.description) == ("brevity", "Answers briefly")),
    Case("skills.upload", "several", {"content": [SKILL, ("notes.txt", b"Notes")]}, lambda r: r.name == "brevity"),
    Case("skills.list", "", {"limit": 2}, lambda r: {s.name for s in r} == {"brevity"}, after=("skill",)),
    Case("skills.get", "", {"skill_id": Of("skill", "id")}, lambda r: r.default_version == "1" and r.created_at),
    Case("skills.content", "", {"skill_id": Of("skill", "id")}, lambda r: r.startswith(b"PK") and b"SKILL.md" in r),
    Case("skills.delete", "", {"skill_id": Of("skill", "id")}, lambda r: r.deleted and r.id),
]  # fmt: skip
