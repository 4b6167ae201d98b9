"""The same requests for all clients: plain values that each test file turns into its client's form."""

from __future__ import annotations

import json
from typing import Any

import attrs

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
    "required": ["city", "unit"],
}
TIME = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "integer"}, "steps": {"type": "array", "items": {"type": "string"}}},
    "required": ["answer", "steps"],
    "additionalProperties": False,
}
TOOLS = {"get_weather": WEATHER, "get_time": TIME}


@attrs.frozen
class Prompt:
    """A chat request."""

    text: str
    system: str | None = None
    model: str = "grok-4"
    tools: bool = False
    settings: dict[str, Any] = attrs.field(factory=dict)

    def messages(self, system: Any, user: Any) -> list[Any]:
        """The messages, by a client's own helpers."""
        return [*([system(self.system)] if self.system else []), user(self.text)]


PROMPTS = {
    "sum": Prompt("What is 101*3?", system="Be brief."),
    "echo": Prompt("Say naïve 😀 日本語", model="grok-3"),
    "alias": Prompt("Tell me about cats.", model="grok-4-0709"),
    "length": Prompt("Count to 50", model="grok-3", settings={"max_tokens": 7}),
    "sampling": Prompt("Say hello", model="grok-3", settings={"temperature": 0.7, "top_p": 0.9, "seed": 7}),
    "stop": Prompt("Count to 50", model="grok-3", settings={"stop": ["5", "9"]}),
    "effort": Prompt("Say hello", model="grok-3-mini", settings={"reasoning_effort": "high"}),
    "tool": Prompt("What is the weather in Berlin in celsius?", tools=True),
    "tools": Prompt("Call get_time and get_weather for Paris", tools=True),
    "no tool": Prompt("weather", tools=True, settings={"tool_choice": "none"}),
    "one tool": Prompt("get_time and get_weather for Rome", tools=True, settings={"parallel_tool_calls": False}),
}  # fmt: skip


@attrs.frozen
class Seen:
    """What a client saw of an answer."""

    id: str
    model: str
    created: int
    text: str
    reasoning: str
    finish_reason: str | None
    tool_calls: list[tuple[str, str, Any]]
    usage: dict[str, int]


def ours(answer: Any) -> Seen:
    """What our client saw."""
    usage = answer.usage
    return Seen(
        id=answer.id,
        model=answer.model,
        created=answer.created,
        text=answer.text,
        reasoning=answer.reasoning,
        finish_reason=answer.choices[0].finish_reason,
        tool_calls=[call_of(call) for call in answer.tool_calls],
        usage={
            "prompt": usage.prompt_tokens,
            "completion": usage.completion_tokens,
            "reasoning": usage.reasoning_tokens,
            "cached": usage.cached_tokens,
            "total": usage.total_tokens,
        },
    )


def call_of(call: Any) -> tuple[str, str, Any]:
    """A tool call: all three clients spell it alike."""
    return call.id, call.function.name, json.loads(call.function.arguments)


def tool_arguments(prompt: Prompt, tool: Any) -> dict[str, Any]:
    """`tools=`, by a client's own helper, where there are any."""
    if not prompt.tools:
        return {}
    return {"tools": [tool(name, f"The {name}", parameters) for name, parameters in TOOLS.items()]}
