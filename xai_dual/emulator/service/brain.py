"""The deterministic model: what to say and which tools to call. The same conversation always gets the same answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xai_dual.emulator.service import schema_values
from xai_dual.emulator.service.arithmetic import find_sum
from xai_dual.emulator.service.forms import ChatRequest, FunctionTool, Message

_ECHO = re.compile(r"\s*(?:please\s+)?(?:echo|say|repeat(?:\s+after\s+me)?)\b\s*:?\s*(.+)", re.IGNORECASE | re.DOTALL)
_GREETING = re.compile(
    r"\s*(?:hi|hello|hey|good (?:morning|evening|day))\b[\s,!.]*(?:there|world|grok)?[\s!.]*$", re.IGNORECASE
)
_COUNT = re.compile(r"\bcount (?:from (\d+) )?(?:up )?to (\d+)", re.IGNORECASE)
_SEQUENCE = re.compile(r"(-?\d+)\s*,\s*(-?\d+)\s*,\s*(?:(-?\d+)\s*,?\s*)*$")
_WORD = re.compile(r"[A-Za-z][a-z]*|[A-Z]+(?![a-z])")
# Words of a function's name that say nothing about its subject.
_VERBS = frozenset(
    {"get", "set", "list", "find", "fetch", "read", "make", "run", "call", "tool", "function", "the",
     "current", "add", "new", "create", "update", "delete", "search", "lookup", "query", "for", "info", "data"}
)  # fmt: skip
_MAX_COUNT = 100_000
_QUOTE_LENGTH = 160


@dataclass(frozen=True)
class PlannedCall:
    """A tool call the model wants to make."""

    name: str
    arguments: str


def plan_calls(request: ChatRequest) -> list[PlannedCall]:
    """The functions to call now; empty if the model should talk."""
    choice = request.tool_choice
    last = request.messages[-1]
    if not request.tools or choice.mode == "none" or (last.role in ("tool", "function") and choice.mode == "auto"):
        return []
    prompt = last_user_text(request)
    if choice.mode == "function":
        chosen = [tool for tool in request.tools if tool.name == choice.name]
    else:
        chosen = _mentioned(request.tools, prompt)
        if not chosen and choice.mode == "required":
            chosen = [request.tools[0]]
    if not request.parallel_tool_calls:
        chosen = chosen[:1]
    return [PlannedCall(tool.name, _arguments(tool, prompt)) for tool in chosen]


def _mentioned(tools: tuple[FunctionTool, ...], prompt: str) -> list[FunctionTool]:
    """Tools that the prompt names or whose subject it mentions, in the order of their mention."""
    lowered = prompt.lower()
    found = []
    for order, tool in enumerate(tools):
        words = [
            tool.name.lower(),
            *(word for word in (part.lower() for part in _WORD.findall(tool.name)) if word not in _VERBS),
        ]
        places = [match.start() for word in words if (match := re.search(rf"(?<![a-z0-9]){re.escape(word)}", lowered))]
        if places:
            found.append((min(places), order, tool))
    return [tool for _, _, tool in sorted(found, key=lambda item: item[:2])]


def _arguments(tool: FunctionTool, prompt: str) -> str:
    schema = tool.parameters if isinstance(tool.parameters, dict) else {}
    # The tool's own name is no value for one of its parameters.
    made = schema_values.make(
        {"type": "object", **schema}, re.sub(re.escape(tool.name), " ", prompt, flags=re.IGNORECASE)
    )
    return schema_values.to_json(made)


def answer(request: ChatRequest) -> str:
    """What the model says."""
    text = (
        _tool_answer(request.messages)
        if request.messages[-1].role in ("tool", "function")
        else speak(last_user_text(request), request)
    )
    if request.format.kind == "json_object":
        return schema_values.to_json({"answer": text})
    if request.format.kind == "json_schema":
        return schema_values.to_json(schema_values.make(request.format.schema, last_user_text(request), text))
    return text


def speak(prompt: str, request: ChatRequest | None = None) -> str:
    """The plain answer to a prompt."""
    if echo := _ECHO.match(prompt):
        return _unquoted(echo.group(1).strip())
    if found := find_sum(prompt):
        return found.sentence
    if counted := _COUNT.search(prompt):
        first, last = int(counted.group(1) or 1), int(counted.group(2))
        return ", ".join(str(number) for number in range(first, min(last, first + _MAX_COUNT) + 1))
    if _GREETING.match(prompt):
        return "Hello! How can I help you today?"
    images = sum(part.kind == "image" for message in request.messages for part in message.parts) if request else 0
    files = sum(part.kind == "file" for message in request.messages for part in message.parts) if request else 0
    seen = "".join(
        f" I was given {number} {noun}{'s' if number > 1 else ''}."
        for number, noun in ((images, "image"), (files, "file"))
        if number
    )
    short = " ".join(prompt.split())
    short = short if len(short) <= _QUOTE_LENGTH else short[: _QUOTE_LENGTH - 1] + "…"
    if not short:
        return f"You sent no text.{seen}"
    return f'You wrote: "{short}".{seen} I am an emulator, so this is all I know about it.'


def think(prompt: str) -> str:
    """The reasoning that goes before an answer."""
    if found := find_sum(prompt):
        return f"The user wants a sum. {found.sentence} I state the result."
    words = len(prompt.split())
    return f"The user wrote {words} word{'' if words == 1 else 's'}. A short, direct reply is best."


def continue_text(prompt: str) -> str:
    """How raw sampling goes on after a prompt."""
    if sequence := _SEQUENCE.search(prompt):
        numbers = [int(number) for number in re.findall(r"-?\d+", sequence.group())]
        step = numbers[-1] - numbers[-2]
        following = ", ".join(str(numbers[-1] + step * position) for position in range(1, 9))
        return following if prompt.rstrip().endswith(",") else f", {following}"
    return f" {speak(prompt)}"


def _tool_answer(messages: tuple[Message, ...]) -> str:
    """Report what the tools said; names come from the calls these messages answer."""
    results: list[Message] = []
    for message in reversed(messages):
        if message.role not in ("tool", "function"):
            break
        results.insert(0, message)
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    pending = [call.name for message in messages for call in message.tool_calls][-len(results) :]
    told = []
    for position, result in enumerate(results):
        fallback = pending[position] if position < len(pending) else "the tool"
        name = names.get(result.tool_call_id) or result.name or fallback
        told.append(f"{name} returned: {result.text}")
    return "; ".join(told) + "."


def last_user_text(request: ChatRequest) -> str:
    """The text of the last user message, or of the last message with text."""
    for message in reversed(request.messages):
        if message.role == "user":
            return message.text
    return request.messages[-1].text


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] in "\"'“" and text[-1] in "\"'”":
        return text[1:-1]
    return text
