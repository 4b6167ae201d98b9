"""Turns of a talk with functions: which of them to call now, and what to make of their results."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from itertools import pairwise

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service.forms import ChatRequest, FunctionTool, Message, ToolCall

RESULTS = ("tool", "function")  # roles of messages
_THEN = re.compile(r"\bthen\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][a-z]*|[A-Z]+(?![a-z])")
_SHORT = 2
# Words of a function's name that say nothing about its subject.
_VERBS = frozenset(
    {"get", "set", "list", "find", "fetch", "read", "make", "run", "call", "tool", "function", "the",
     "current", "add", "new", "create", "update", "delete", "search", "lookup", "query", "for", "info", "data"}
)  # fmt: skip
# Between what concerns a function and the rest of the prompt: no name, number or sum goes across.
_SEAM = "\n;\n"


@dataclass(frozen=True)
class Step:
    """A function to call, and which part of the prompt concerns it."""

    tool: FunctionTool
    start: int = 0
    end: int = 0

    def prompt(self, whole: str) -> str:
        """The prompt with that part in front."""
        parts = (whole[self.start : self.end], whole[: self.start], whole[self.end :])
        return _SEAM.join(part for part in parts if part)


def due(request: ChatRequest, prompt: str) -> list[Step]:
    """The functions to call now; none if the model should talk.

    Those that the prompt mentions are called at once, or one turn after the other if ``then`` stands between them.
    """
    choice = request.tool_choice
    if not request.tools or choice.mode == "none":
        return []
    if choice.mode == "function":
        stages = [[Step(tool)] for tool in request.tools if tool.name == choice.name]
    else:
        stages = _stages(request.tools, prompt)
        if not stages and choice.mode == "required":
            stages = [[Step(request.tools[0])]]
    if not request.parallel_tool_calls:
        stages = [[step] for stage in stages for step in stage]
    made = _made(request.messages)
    for stage in stages:
        if made <= 0:
            return stage
        made -= len(stage)
    return []


def _made(messages: tuple[Message, ...]) -> int:
    """How many of the calls that the last prompt asks for were made; none unless the last message answers one."""
    if messages[-1].role not in RESULTS:
        return 0
    return max(1, sum(call.is_callers for message in _since_prompt(messages) for call in message.tool_calls))


def _since_prompt(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    start = max((position for position, message in enumerate(messages) if message.role == "user"), default=-1)
    return messages[start + 1 :]


def _stages(tools: tuple[FunctionTool, ...], prompt: str) -> list[list[Step]]:
    cuts = [0, *(match.start() for match in _THEN.finditer(prompt)), len(prompt)]
    parts = [_mentioned(tools, prompt[start:end]) for start, end in pairwise(cuts)]
    places = [cut + place for cut, part in zip(cuts, parts, strict=False) for place, _ in part]
    spans = pairwise([0, *places[1:], len(prompt)])
    return [[Step(tool, *next(spans)) for _, tool in part] for part in parts if part]


def _mentioned(tools: tuple[FunctionTool, ...], text: str) -> list[tuple[int, FunctionTool]]:
    """Functions that a text names, or whose subject it mentions, with the places, in their order.

    A name that is spelled out mentions no other function: ``get_weather_alerts`` does not ask for ``get_weather``.
    """
    found: dict[int, int] = {}
    lowered = text.lower()  # a word that is not in there need not be looked for with an expression
    for order, tool in sorted(enumerate(tools), key=lambda item: -len(item[1].name)):
        if tool.name.lower() in lowered and (match := _named(tool.name).search(text)):
            found[order] = match.start()
            text = _named(tool.name).sub(lambda match: " " * len(match.group()), text)
    lowered = text.lower()
    for order, tool in enumerate(tools):
        if order not in found:
            words = [pattern for word, pattern in _subjects(tool.name).items() if word in lowered]
            places = [match.start() for word in words if (match := word.search(text))]
            found.update({order: min(places)} if places else {})
    return [(place, tools[order]) for order, place in sorted(found.items(), key=lambda item: (item[1], item[0]))]


@functools.lru_cache(maxsize=1024)
def _named(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9_]){re.escape(name)}(?![a-z0-9_])", re.IGNORECASE)


@functools.lru_cache(maxsize=1024)
def _subjects(name: str) -> dict[str, re.Pattern[str]]:
    words = {name.lower(), *({part.lower() for part in _WORD.findall(name)} - _VERBS)}
    endings = {word: "" if len(word) <= _SHORT else "(?:s|es|d|ed|ing)?" for word in words}
    return {
        word: re.compile(rf"(?<![a-z0-9]){re.escape(word)}{ending}(?![a-z0-9])", re.IGNORECASE)
        for word, ending in endings.items()
    }


def check_result(message: Message, calls: set[str]) -> None:
    """Refuse a result of a call that was never made. One that names no call answers the latest ones in turn."""
    if message.role == "tool" and message.tool_call_id and message.tool_call_id not in calls:
        raise invalid(f"The tool result for {message.tool_call_id} answers no call of this conversation.")


def report(messages: tuple[Message, ...]) -> str:
    """What the functions said since the prompt; their names come from the calls that these messages answer."""
    calls = {call.id: call for message in messages for call in message.tool_calls}
    results = [
        message for message in _since_prompt(messages) if message.role in RESULTS and _is_callers(message, calls)
    ]
    results = results or [messages[-1]]
    pending = [call.name for message in messages for call in message.tool_calls if call.is_callers][-len(results) :]
    told = []
    for position, result in enumerate(results):
        fallback = pending[position] if position < len(pending) else "the tool"
        named = calls.get(result.tool_call_id)
        told.append(f"{(named.name if named else result.name) or fallback} returned: {result.text}")
    return "; ".join(told) + "."


def _is_callers(message: Message, calls: dict[str, ToolCall]) -> bool:
    answered = calls.get(message.tool_call_id)
    return (answered is None or answered.is_callers) and not any(not call.is_callers for call in message.tool_calls)
