"""Phrases of a prompt that make the model do on request what real ones do at times: refuse, break JSON, remember."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from xai_dual.emulator.service import schema_values
from xai_dual.emulator.service.forms import Format, Message

_REFUSE = re.compile(r"\s*(?:please\s+)?refuse\s*(?::\s*(?P<words>.*)|[.!]*\s*)$", re.IGNORECASE | re.DOTALL)
_REFUSAL = "I cannot help with that."
_BROKEN, _WRONG, _FENCED = (re.compile(rf"\b{word}\s+json\b", re.IGNORECASE) for word in ("broken", "wrong", "fenced"))
_FIRST = re.compile(
    r"\bwhat (?:did I (?:say|ask|write)\b.{0,20}\bfirst\b"
    r"|(?:was|is) (?:my first (?:message|question)|the first thing I \w+))",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\bhow many messages\b", re.IGNORECASE)
_UNFIT: tuple[Any, ...] = ({"unexpected": True}, [], "unexpected", None, -1, 0.5)


def refusal(prompt: str) -> str | None:
    """What the model says instead of an answer, if the prompt makes it refuse."""
    match = _REFUSE.match(prompt)
    return None if match is None else (match["words"] or "").strip() or _REFUSAL


def spoil(text: str, prompt: str, wanted: Format) -> str:
    """The JSON of an answer, made useless as the prompt asks for."""
    if _BROKEN.search(prompt):
        half = text[: max(1, len(text) // 2)]
        return f"{half}{{" if _is_json(half) else half
    if _WRONG.search(prompt):
        schema = wanted.schema if wanted.kind == "json_schema" else {}
        return schema_values.to_json(
            next((value for value in _UNFIT if not schema_values.conforms(value, schema)), _UNFIT[0])
        )
    return f"```json\n{text}\n```" if _FENCED.search(prompt) else text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def recall(prompt: str, messages: tuple[Message, ...]) -> str | None:
    """What the conversation says of itself, if the prompt asks for it."""
    if _FIRST.search(prompt):
        return next(message.text for message in messages if message.role == "user" or message is messages[-1])
    if _NUMBER.search(prompt):
        number = sum(1 for _ in _said(messages))
        return f"There {'is 1 message' if number == 1 else f'are {number} messages'} so far."
    return None


def _said(messages: tuple[Message, ...]) -> Iterator[Message]:
    """The messages without the runs of server-side tools, which REST does not send again and gRPC does."""
    runs = {call.id for message in messages for call in message.tool_calls if not call.is_callers}
    for message in messages:
        if message.role == "assistant" and not message.parts:
            if any(call.is_callers for call in message.tool_calls):
                yield message
        elif message.role != "tool" or not runs.intersection(
            {message.tool_call_id, *(call.id for call in message.tool_calls)}
        ):
            yield message
