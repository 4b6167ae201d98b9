"""The table of cases: at least one call of every operation. Answers are the emulator's, which are always the same."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from typing import Any

from xai_dual import assistant, file, image, system, tool, tool_result, user
from xai_dual.types.chat import FunctionCall, Message, ResponseFormat, SearchParameters, ToolCall, WebSource

from .account_cases import ACCOUNT
from .agent_cases import AGENT
from .case import ANSWERS, OPERATIONS, Case, each, method
from .given import PNG
from .state_cases import STATE

__all__ = ["ANSWERS", "CASES", "OPERATIONS", "Case", "each", "method"]

SUM = "101 multiplied by 3 is 303."
WEATHER = tool(
    "get_weather",
    "The weather of a city",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
        "required": ["city", "unit"],
    },
)
TIME = tool("get_time", "The time in a city", {"type": "object", "properties": {"city": {"type": "string"}}})
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "integer"}, "steps": {"type": "array", "items": {"type": "string"}}},
    "required": ["answer", "steps"],
    "additionalProperties": False,
}
NAMED = {"type": "function", "function": {"name": "get_time"}}
CALL = ToolCall(id="call_1", type="function", function=FunctionCall(name="get_weather", arguments='{"city": "Oslo"}'))


def _finish(answer: Any) -> list[str]:
    return [choice.finish_reason for choice in answer.choices]


def _calls(answer: Any) -> list[tuple[str, Any]]:
    return [(call.function.name, json.loads(call.function.arguments)) for call in answer.tool_calls]


def _usage_adds_up(answer: Any) -> bool:
    usage = answer.usage
    parts: int = usage.prompt_tokens + usage.completion_tokens + usage.reasoning_tokens
    return bool(usage.total_tokens == parts > 0 and usage.output_total == parts - usage.prompt_tokens)


def _chat(model: str, messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": messages, **more}


CHAT: list[tuple[str, dict[str, Any], Callable[[Any], object]]] = [
    ("str", _chat("grok-4", "What is 101*3?"), lambda r: r.text == SUM and _finish(r) == ["stop"]),
    (
        "helpers",
        _chat("grok-4", [system("Be brief."), user("What is 101*3?", name="Ann")]),
        lambda r: r.text == SUM and _usage_adds_up(r) and r.usage.cost_usd > 0,
    ),
    (
        "dicts",
        _chat("grok-3", [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Say hello"}]),
        lambda r: r.text == "hello" and not r.reasoning and r.choices[0].message.role == "assistant",
    ),
    ("models", _chat("grok-3", [Message(role="user", content="Say hello")]), lambda r: r.text == "hello"),
    ("strings", _chat("grok-3", ["Hi", "Say hello"]), lambda r: r.text == "hello"),
    ("alias", _chat("grok-4-0709", "Say hello"), lambda r: r.model == "grok-4" and r.created > 1_700_000_000),
    ("unicode", _chat("grok-3", "Say naïve 😀 日本語 \u2028 \0"), lambda r: "naïve 😀 日本語" in r.text),
    ("long", _chat("grok-3", "Count to 400"), lambda r: r.text.endswith("399, 400")),
    (
        "sampling",
        _chat(
            "grok-3", "Say hello", temperature=0.7, top_p=0.9, seed=7, user="u", safety_identifier="s",
            frequency_penalty=0.5, presence_penalty=-0.5, service_tier="priority",
        ),
        lambda r: r.text == "hello" and r.service_tier == "priority",
    ),
    (
        "choices",
        _chat("grok-3", "Say hello", n=3),
        lambda r: (
            [c.message.content for c in r.choices] == ["hello", "hello (2)", "hello (3)"]
            and [c.index for c in r.choices] == [0, 1, 2]
            and _finish(r) == ["stop"] * 3
        ),
    ),
    ("reasoning", _chat("grok-4", "What is 101*3?"), lambda r: SUM in r.reasoning and r.usage.reasoning_tokens > 0),
    ("effort", _chat("grok-3-mini", "Say hello", reasoning_effort="high"), lambda r: r.reasoning and r.text == "hello"),
    ("no effort", _chat("grok-4", "Say hello", reasoning_effort="none"), lambda r: not r.reasoning),
    (
        "max_tokens",
        _chat("grok-3", "Count to 50", max_tokens=7),
        lambda r: _finish(r) == ["length"] and r.usage.completion_tokens == 7 and r.text.startswith("1, 2, 3"),
    ),
    ("stop", _chat("grok-3", "Count to 50", stop=["5", "9"]), lambda r: r.text == "1, 2, 3, 4, "),
    ("one stop", _chat("grok-3", "Count to 50", stop="5"), lambda r: r.text == "1, 2, 3, 4, "),
    (
        "logprobs",
        _chat("grok-3", "Say hello world", logprobs=True, top_logprobs=2, n=2),
        lambda r: (
            [t.token for t in r.choices[0].logprobs.content] == ["hello", " world"]
            and [t.bytes for t in r.choices[0].logprobs.content] == [b"hello", b" world"]
            and all(t.logprob < 0 and len(t.top_logprobs) == 2 for c in r.choices for t in c.logprobs.content)
        ),
    ),
    (
        "tool",
        _chat("grok-4", "What is the weather in Berlin in celsius?", tools=[WEATHER]),
        lambda r: (
            _calls(r) == [("get_weather", {"city": "Berlin", "unit": "celsius"})]
            and _finish(r) == ["tool_calls"]
            and r.text == ""
            and r.tool_calls[0].id
            and r.tool_calls[0].type == "function"
        ),
    ),
    (
        "tools",
        _chat("grok-4", "Call get_time and get_weather for Paris", tools=[WEATHER, TIME]),
        lambda r: [name for name, _ in _calls(r)] == ["get_time", "get_weather"],
    ),
    (
        "one tool",
        _chat("grok-4", "Call get_time and get_weather for Rome", tools=[WEATHER, TIME], parallel_tool_calls=False),
        lambda r: [name for name, _ in _calls(r)] == ["get_time"],
    ),
    (
        "tool as dict",
        _chat(
            "grok-4",
            "Weather in Rome?",
            tools=[{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}],
        ),
        lambda r: [name for name, _ in _calls(r)] == ["get_weather"],
    ),
    ("no tool", _chat("grok-4", "weather", tools=[WEATHER], tool_choice="none"), lambda r: r.text and not r.tool_calls),
    ("required", _chat("grok-4", "Hello", tools=[WEATHER], tool_choice="required"), lambda r: len(r.tool_calls) == 1),
    (
        "named",
        _chat("grok-4", "Hi", tools=[WEATHER, TIME], tool_choice=NAMED),
        lambda r: [name for name, _ in _calls(r)] == ["get_time"],
    ),
    (
        "tool result",
        _chat(
            "grok-4",
            [
                user("Weather in Oslo?"),
                assistant(tool_calls=[CALL]),
                tool_result({"degrees": 12}, tool_call_id="call_1"),
            ],
            tools=[WEATHER],
        ),
        lambda r: r.text == 'get_weather returned: {"degrees":12}.' and not r.tool_calls,
    ),
    (
        "schema",
        _chat(
            "grok-4",
            "What is 2+2?",
            response_format=ResponseFormat(
                type="json_schema", json_schema={"name": "x", "schema": SCHEMA, "strict": True}
            ),
        ),
        lambda r: json.loads(r.text)["answer"] == 4,
    ),
    (
        "schema as dict",
        _chat(
            "grok-4",
            "What is 2+2?",
            response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}},
        ),
        lambda r: set(json.loads(r.text)) == {"answer", "steps"},
    ),
    (
        "json",
        _chat("grok-4", "What is 2+2?", response_format={"type": "json_object"}),
        lambda r: isinstance(json.loads(r.text), dict),
    ),
    (
        "search",
        _chat(
            "grok-4",
            "Any news?",
            search_parameters=SearchParameters(
                mode="on", return_citations=True, max_search_results=2, from_date="2026-01-01", to_date="2026-02-01",
                sources=[WebSource(country="CH", safe_search=True)],
            ),
        ),
        lambda r: len(r.citations) == 2 and r.citations[0].startswith("https://") and r.usage.num_sources_used == 2,
    ),
    (
        "search as dict",
        _chat("grok-4", "Any news?", search_parameters={"mode": "on", "sources": [{"type": "news"}, {"type": "x"}]}),
        lambda r: r.usage.num_sources_used == 3,
    ),
    (
        "images",
        _chat("grok-4", [user("Look", image("https://example.com/a.png"), image(PNG), "and tell.")]),
        lambda r: "2 images" in r.text and r.usage.prompt_image_tokens > 0,
    ),
    (
        "image as dict",
        _chat(
            "grok-4",
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Look"},
                        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                    ],
                }
            ],
        ),
        lambda r: "1 image" in r.text,
    ),
    ("file", _chat("grok-4", [user("Read", file("file-1"))]), lambda r: "1 file" in r.text),
]  # fmt: skip

COMPLETIONS: list[tuple[str, dict[str, Any], Callable[[Any], object]]] = [
    (
        "plain",
        {"model": "grok-3", "prompt": "1, 2, 3, ", "max_tokens": 3},
        lambda r: r.text == "4, 5" and _finish(r) == ["length"] and _usage_adds_up(r),
    ),
    (
        "prompts",
        {"model": "grok-3", "prompt": ["1, 2, 3, ", "2, 4, 6, "], "n": 2, "temperature": 0.5, "seed": 1},
        lambda r: [c.index for c in r.choices] == [0, 1, 2, 3] and r.choices[2].text.startswith("8"),
    ),
    ("stop", {"model": "grok-3", "prompt": "1, 2, 3, ", "stop": "6"}, lambda r: r.text == "4, 5, "),
]


def _floats(text: str) -> tuple[float, ...]:
    data = base64.b64decode(text)
    return struct.unpack(f"<{len(data) // 4}f", data)


CASES = [
    *(Case(op, *case) for op in ("chat.create", "chat.stream") for case in CHAT),
    *(Case(op, *case) for op in ("completions.create", "completions.stream") for case in COMPLETIONS),
    Case("auth.get_api_key", "", {}, lambda r: r.name == "My API Key" and len(r.acls) == 2 and not r.team_blocked),
    Case(
        "embeddings.create",
        "float",
        {"model": "v1", "input": ["a", "b"], "user": "u"},
        lambda r: (
            [e.index for e in r.data] == [0, 1]
            and all(type(x) is float for x in r.data[0].embedding)
            and abs(sum(x * x for x in r.data[1].embedding) - 1) < 1e-6
        ),
    ),
    Case(
        "embeddings.create",
        "base64",
        {"model": "v1", "input": "a", "encoding_format": "base64"},
        lambda r: abs(sum(x * x for x in _floats(r.data[0].embedding)) - 1) < 1e-6,
    ),
    Case(
        "images.generate",
        "url",
        {"model": "grok-imagine-image", "prompt": "a cat", "n": 2, "aspect_ratio": "16:9", "resolution": "2k"},
        lambda r: len({i.url for i in r.data}) == 2 and r.usage.cost_usd > 0 and r.data[0].b64_json is None,
    ),
    Case(
        "images.generate",
        "b64",
        {"model": "grok-imagine-image", "prompt": "a cat", "response_format": "b64_json"},
        lambda r: base64.b64decode(r.data[0].b64_json, validate=True).startswith(b"\x89PNG") and r.data[0].url is None,
    ),
    Case("models.list", "", {}, lambda r: {"grok-4", "grok-imagine-image"} <= {m.id for m in r}),
    Case("models.get", "", {"model": "grok-4"}, lambda r: (r.id, r.owned_by, r.extra) == ("grok-4", "xai", None)),
    Case(
        "models.list_language",
        "",
        {},
        lambda r: {m.id: m for m in r}["grok-4"].input_modalities == ["text", "image"] and len(r) > 5,
    ),
    Case(
        "models.get_language",
        "alias",
        {"model": "grok-4-0709"},
        lambda r: r.id == "grok-4" and "grok-4-0709" in r.aliases and r.created == 1752019200 and r.version,
    ),
    Case("models.list_embedding", "", {}, lambda r: [m.id for m in r] == ["v1"]),
    Case("models.get_embedding", "", {"model": "v1"}, lambda r: r.id == "v1" and r.prompt_text_token_price == 100),
    Case("models.list_image_generation", "", {}, lambda r: len(r) == 2),
    Case(
        "models.get_image_generation",
        "",
        {"model": "grok-2-image"},
        lambda r: r.id == "grok-2-image-1212" and r.image_price == 700_000_000 and r.max_prompt_length == 1024,
    ),
    Case(
        "tokenizer.tokenize",
        "",
        {"model": "grok-4", "text": "Hello wörld!", "user": "u"},
        lambda r: (
            "".join(t.string_token for t in r.token_ids) == "Hello wörld!"
            and b"".join(t.token_bytes for t in r.token_ids) == "Hello wörld!".encode()
            and all(type(t.token_id) is int for t in r.token_ids)
        ),
    ),
    *STATE,
    *AGENT,
    *ACCOUNT,
]  # fmt: skip

BOTH = [case for case in CASES if len(case.wires) == 2]
UNARY = [case for case in CASES if not case.streams]
STREAMS = [case for case in CASES if case.streams]
