"""The deterministic model: what to say and which tools to call. The same conversation always gets the same answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xai_dual.emulator.service import cues, schema_values, tool_turns
from xai_dual.emulator.service.arithmetic import find_sum
from xai_dual.emulator.service.forms import ChatRequest, FunctionTool

_ECHO = re.compile(r"\s*(?:please\s+)?(?:echo|say|repeat(?:\s+after\s+me)?)\b\s*:?\s*(.+)", re.IGNORECASE | re.DOTALL)
_GREETING = re.compile(
    r"\s*(?:hi|hello|hey|good (?:morning|evening|day))\b[\s,!.]*(?:there|world|grok)?[\s!.]*$", re.IGNORECASE
)
_COUNT = re.compile(r"\bcount (?:from (\d+) )?(?:up )?to (\d+)", re.IGNORECASE)
_SEQUENCE = re.compile(r"(-?\d+)\s*,\s*(-?\d+)\s*,\s*(?:(-?\d+)\s*,?\s*)*$")
_MAX_COUNT = 100_000
_QUOTE_LENGTH = 160


@dataclass(frozen=True)
class PlannedCall:
    """A tool call the model wants to make."""

    name: str
    arguments: str


def plan_calls(request: ChatRequest) -> list[PlannedCall]:
    """The functions to call now; empty if the model should talk."""
    prompt = last_user_text(request)
    steps = tool_turns.due(request, prompt)
    return [PlannedCall(step.tool.name, _arguments(step.tool, step.prompt(prompt))) for step in steps]


def _arguments(tool: FunctionTool, prompt: str) -> str:
    schema = tool.parameters if isinstance(tool.parameters, dict) else {}
    # The tool's own name is no value for one of its parameters.
    prompt = re.sub(rf"(?<!\w){re.escape(tool.name)}(?!\w)", " ", prompt, flags=re.IGNORECASE)
    return schema_values.to_json(schema_values.make({"type": "object", **schema}, prompt))


def answer(request: ChatRequest) -> str:
    """What the model says."""
    prompt = last_user_text(request)
    if request.messages[-1].role in tool_turns.RESULTS:
        text = tool_turns.report(request.messages)
    else:
        text = speak(prompt, request)
    if request.format.kind == "text":
        return text
    if request.format.kind == "json_object":
        made = {"answer": text}
    else:
        made = schema_values.make(request.format.schema, prompt, text)
    return cues.spoil(schema_values.to_json(made), prompt, request.format)


def speak(prompt: str, request: ChatRequest | None = None) -> str:
    """The plain answer to a prompt."""
    if echo := _ECHO.match(prompt):
        return _unquoted(echo.group(1).strip())
    if request and (recalled := cues.recall(prompt, request.messages)) is not None:
        return recalled
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
