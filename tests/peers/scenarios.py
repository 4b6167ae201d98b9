"""Scenarios for all clients, and what each way's answer tells: plain values, so that any two can be compared."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pydantic

from xai_dual.types.tools import MCP, CodeExecution, CollectionsSearch, WebSearch, XSearch

from .requests_ import TOOLS

WAYS = ("grpc", "completions", "responses")


class Shape(pydantic.BaseModel):
    """What structured answers are to be."""

    name: str
    age: int
    tags: list[str]


@attrs.frozen
class Scenario:
    """One request."""

    text: str
    system: str | None = None
    model: str = "grok-4"
    functions: bool = False
    served: tuple[str, ...] = ()
    """Tools that the service runs, by name."""
    settings: dict[str, Any] = attrs.field(factory=dict)

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways that have what it asks for."""
        return ("grpc", "responses") if self.served else WAYS

    @property
    def said(self) -> list[dict[str, Any]]:
        """The messages as dicts."""
        first = [{"role": "system", "content": self.system}] if self.system else []
        return [*first, {"role": "user", "content": self.text}]


SCENARIOS = {
    "text": Scenario("What is 101*3?", system="Be brief."),
    "no reasoning": Scenario("Say naïve 😀 日本語", model="grok-3"),
    "long": Scenario("Count to 200", model="grok-3"),
    "cut": Scenario("Count to 50", model="grok-3", settings={"max_tokens": 7}),
    "effort": Scenario("Say hello", model="grok-3-mini", settings={"reasoning_effort": "high"}),
    "call": Scenario("What is the weather in Berlin in celsius?", functions=True),
    "calls": Scenario("Call get_time and get_weather for Paris", functions=True),
    "web": Scenario("Search the web for cats", served=("web_search",)),
    "tools": Scenario("Search the web, search X, run code: what is 3*4?", served=("web_search", "x_search", "code")),
    "shelves": Scenario("Search the collections, and ask shelf", served=("collections", "mcp")),
}
OURS = {
    "web_search": WebSearch(allowed_domains=["x.ai"]),
    "x_search": XSearch(allowed_x_handles=["grok"]),
    "code": CodeExecution(),
    "collections": CollectionsSearch(collection_ids=["cats"], limit=3),
    "mcp": MCP(server_url="https://mcp.example.com", server_label="shelf"),
}
OF_REST: dict[str, dict[str, Any]] = {
    "web_search": {"type": "web_search", "filters": {"allowed_domains": ["x.ai"]}},
    "x_search": {"type": "x_search", "allowed_x_handles": ["grok"]},
    "code": {"type": "code_interpreter", "container": {"type": "auto"}},
    "collections": {"type": "file_search", "vector_store_ids": ["cats"], "max_num_results": 3},
    "mcp": {"type": "mcp", "server_url": "https://mcp.example.com", "server_label": "shelf"},
}
"""As openai's client passes them on."""


@attrs.frozen
class Told:
    """What a client tells of an answer."""

    text: str
    reasoning: str
    finish_reason: str
    calls: list[tuple[str, str, Any]]
    runs: list[str]
    """What the service ran: the words that it went by."""
    sources: list[str]
    usage: tuple[int, ...]
    """Tokens of the prompt, of it cached, of the completion, of reasoning, in total; sources."""


def of_ours(answer: Any) -> Told:
    """What our client tells."""
    usage = answer.usage
    return Told(
        text=answer.text,
        reasoning=answer.reasoning,
        finish_reason=answer.finish_reason,
        calls=[(call.id, call.function.name, json.loads(call.function.arguments)) for call in answer.tool_calls],
        runs=[words_of(json.loads(call.function.arguments)) for call in answer.server_tool_calls],
        sources=answer.citations,
        usage=(
            usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens, usage.reasoning_tokens,
            usage.total_tokens, usage.num_sources_used,
        ),
    )  # fmt: skip


def words_of(arguments: dict[str, Any]) -> str:
    """The argument that all ways tell."""
    return str(arguments.get("query") or arguments.get("code"))


def functions_of(tool: Any) -> list[Any]:
    """The functions, by a client's own helper."""
    return [tool(name, f"The {name}", parameters) for name, parameters in TOOLS.items()]
