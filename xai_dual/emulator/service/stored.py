"""Stored answers, the conversations they continue and compacted conversations. Both wires see the same ones."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections import OrderedDict
from dataclasses import dataclass

from xai_dual.emulator.errors import ServiceError, not_found
from xai_dual.emulator.service import catalog, chat, opaque, server_tools, tokens, tool_turns
from xai_dual.emulator.service.clock import Clock
from xai_dual.emulator.service.forms import ChatRequest, Completion, Message, Part, Usage

_MAX_STORED = 1000
_LIFETIME = 30 * 24 * 3600
_EXCERPT = 80
_NAMESPACE = uuid.UUID("7d4f2c86-4b8e-5f0e-9a6d-3d9a5c1e2b70")


@dataclass(frozen=True)
class Stored:
    """A stored answer with the conversation up to and including it, without instructions."""

    whole: Completion
    messages: tuple[Message, ...]
    expires: int = 0


class PreviousNotFound(ServiceError):
    """A request builds on an answer that is not stored."""

    def __init__(self, name: str) -> None:
        super().__init__("NOT_FOUND", f"Previous response with id={name} not found.")

    def body(self) -> dict[str, object]:
        """The flat REST error body, with a code of its own."""
        return {"code": "previous_response_not_found", "error": self.message}


class Responses:
    """All stored answers. A key sees only its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stored: OrderedDict[tuple[str, str], Stored] = OrderedDict()

    def keep(self, key: str, stored: Stored) -> None:
        """Store an answer. Equal requests get equal answers with equal ids, which are stored once."""
        expires = self._clock.seconds() + _LIFETIME
        self._stored[key, stored.whole.id] = dataclasses.replace(stored, expires=expires)
        self._stored.move_to_end((key, stored.whole.id))
        while len(self._stored) > _MAX_STORED:
            self._stored.popitem(last=False)

    def get(self, key: str, name: str) -> Stored:
        """A stored answer, or NOT_FOUND."""
        found = self._stored.get((key, name))
        if found is None or found.expires < self._clock.seconds():
            raise not_found(f"Response with id={name} not found.")
        return found

    def before(self, key: str, name: str) -> tuple[Message, ...]:
        """The conversation that a request builds on."""
        try:
            return self.get(key, name).messages
        except ServiceError:
            raise PreviousNotFound(name) from None

    def delete(self, key: str, name: str) -> str:
        """Remove a stored answer; its id."""
        self.get(key, name)
        del self._stored[key, name]
        return name


def respond(request: ChatRequest, responses: Responses, key: str) -> Completion:
    """Answer a request that may build on a stored answer, and store the answer if that is wanted."""
    extras = request.extras
    before: tuple[Message, ...] = ()
    if extras.previous_response_id:
        before = responses.before(key, extras.previous_response_id)
    conversation = (*before, *request.messages)
    _check_results(conversation)
    instructions = (Message("system", (Part("text", extras.instructions),)),) if extras.instructions else ()
    effective = dataclasses.replace(request, messages=(*instructions, *_hydrated(conversation)))
    if not request.messages:
        effective = dataclasses.replace(effective, messages=())  # refused, whatever it builds on
    whole = chat.complete(server_tools.with_attachments(effective))
    whole = dataclasses.replace(whole, request=request)
    if extras.store:
        responses.keep(key, Stored(whole, (*conversation, *_as_messages(whole))))
    return whole


def _as_messages(whole: Completion) -> tuple[Message, ...]:
    """The answer as a later request would send it back. Of several choices the first counts."""
    choice = whole.final if whole.runs else whole.choices[0]
    reasoning = whole.choices[0].reasoning
    parts = (Part("text", choice.text),) if choice.text else ()
    return (Message("assistant", parts, reasoning=reasoning, tool_calls=choice.tool_calls),)


def _check_results(messages: tuple[Message, ...]) -> None:
    """Refuse results that answer nothing; what a compacted conversation called is not known any more."""
    calls: set[str] = set()
    for message in messages:
        calls.update(call.id for call in message.tool_calls)
        if message.encrypted and opaque.unseal(message.encrypted)[0] == "compaction":
            return
        tool_turns.check_result(message, calls)


def _hydrated(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The conversation as the model sees it: a compacted one stands for all that was before it."""
    made: list[Message] = []
    for message in messages:
        if message.encrypted:
            kind, text = opaque.unseal(message.encrypted)
            if kind == "compaction":
                made = [Message("system", (Part("text", text),))]
                if not message.parts:
                    continue
            elif not message.reasoning:
                message = dataclasses.replace(message, reasoning=text)
            message = dataclasses.replace(message, encrypted="")
        made.append(message)
    return tuple(made)


@dataclass(frozen=True)
class Compacted:
    """A compacted conversation."""

    id: str
    model: str
    sealed: str
    dropped: int
    usage: Usage


def compact(model_name: str, messages: tuple[Message, ...]) -> Compacted:
    """Condense a conversation into one opaque string: an excerpt of every message."""
    model = catalog.find(model_name, catalog.LANGUAGE)
    chat.check_messages(messages, model)
    messages = _hydrated(messages)
    lines = []
    for message in messages:
        text = " ".join(message.text.split())
        calls = ", ".join(f"called {call.name}" for call in message.tool_calls)
        said = text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"
        lines.append(f"{message.role}: {said or calls}")
    summary = "\n".join(["The conversation so far:", *lines])
    usage = chat.count(messages, model, tokens.count(summary))
    identity = json.dumps([model.id, [dataclasses.asdict(message) for message in messages]], sort_keys=True)
    name = str(uuid.uuid5(_NAMESPACE, identity))
    return Compacted(name, model.id, opaque.seal("compaction", summary), len(messages), usage)
