"""`chat.conversation`: messages that go on from what was said before."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from .._convert_messages import as_messages
from .._gen.operations.chat import CHAT_CREATE, CHAT_STREAM
from .._gen.operations.chat_stored import CHAT_COMPACT
from ..errors import MaxTurnsError, UsageError
from ..functions import Toolbox
from ..helpers import system as system_message
from ..helpers import user
from ..options import CallOptions
from .chat_stream import AsyncChatStream
from .tool_loop import loop

if TYPE_CHECKING:
    from .._chat.runs import ToolRun
    from ..types.chat import ChatCompletion, ChatRequest, CompactedChat, ContentPart, Message, ToolCall
    from .call import AsyncCaller
    from .client import AsyncClient

__all__ = ["AsyncConversation", "begin"]


def begin(
    caller: AsyncCaller,
    request: ChatRequest,
    options: CallOptions,
    *,
    system: str | None,
    history: Sequence[str | Message | Mapping[str, Any]],
    stored: bool,
    compact_above: int | None,
) -> AsyncConversation:
    """A conversation with the settings of a request."""
    messages = [*([system_message(system)] if system is not None else []), *as_messages(history, "history")]
    return AsyncConversation(caller, request, options, messages, stored=stored, compact_above=compact_above)


class AsyncConversation:
    """A conversation: `send` and `stream` go on from what was said before.

    `messages` is all of it, plain messages to look at or to change. A turn that fails leaves it as it was. Stored
    conversations send only what is new; the others send everything. `save` and `load` keep one in a file, and `use`
    goes on over another client, and so over another wire.
    """

    def __init__(
        self,
        caller: AsyncCaller,
        request: ChatRequest,
        options: CallOptions,
        messages: Sequence[Message],
        *,
        stored: bool = False,
        compact_above: int | None = None,
        last_response_id: str | None = None,
        sent: int = 0,
    ) -> None:
        self._caller = caller
        self._request = request
        self._options = options
        self._compact_above = compact_above
        self._tokens = 0  # of the last prompt
        self.messages: list[Message] = list(messages)
        """What was said so far."""
        self.stored = stored
        """Whether the service keeps the conversation."""
        self.last_response_id = last_response_id
        """Of a stored conversation: the answer to go on from."""
        self._sent = sent  # messages that the service has, of a stored one

    async def send(self, *parts: str | ContentPart | Message) -> ChatCompletion:
        """Say something, and return the answer. Without parts: go on, after results of tools were appended."""
        await self._compact_if_long()
        said = self._said(parts)
        response = await self._caller.unary(CHAT_CREATE, self._next(said), self._options)
        self._take(said, response)
        return response

    def stream(self, *parts: str | ContentPart | Message) -> AsyncChatStream:
        """Say something, and stream the answer; both are part of the conversation once the stream is complete."""
        return _AsyncTurn(self, self._said(parts))

    async def run(
        self,
        *parts: str | ContentPart | Message,
        max_turns: int = 8,
        before_call: Callable[[ToolCall], Any] | None = None,
    ) -> ToolRun:
        """Say something, and let the model call the functions among the conversation's tools, as `chat.run`."""
        await self._compact_if_long()
        box = Toolbox(self._request.tools or ())
        # told of once more in each request, as tools without functions
        settings, before = attrs.evolve(self._request, tools=box.definitions or None), self._state()

        async def ask(messages: list[Message]) -> ChatCompletion:
            said = messages[len(self.messages) :]
            response = await self._caller.unary(CHAT_CREATE, self._next(said, settings), self._options)
            self._take(said, response)
            return response

        try:
            done = await loop(ask, box, [*self.messages, *self._said(parts)], max_turns, before_call)
        except MaxTurnsError as error:
            self.append(*error.run.messages[len(self.messages) :])
            raise
        except BaseException:
            self._go_back(before)
            raise
        self.append(*done.messages[len(self.messages) :])  # results beside calls that are pending
        return done

    def append(self, *messages: str | Message | Mapping[str, Any]) -> None:
        """Add messages, such as the results of tools; the next `send` takes them along."""
        self.messages += as_messages(messages, "messages")

    async def compact(self) -> CompactedChat:
        """Condense what was said; instructions at the beginning stay as they are."""
        from ..types.chat import CompactContextRequest, Message

        if not self.messages:
            raise UsageError("is nothing to condense: there are no messages yet", field="messages")
        again = _is_compacted(self.messages[0])
        head = list(takewhile(lambda m: m.role in ("system", "developer"), self.messages[again:]))
        request = CompactContextRequest(model=self._request.model, input=self.messages)
        compacted = await self._caller.unary(CHAT_COMPACT, request, self._options)
        sealed = Message(role="assistant", encrypted_content=compacted.encrypted_content)
        # the sealed text stands for all that is before it, instructions included, so they go behind it
        self.messages = [sealed, *head]
        self.last_response_id, self._sent, self._tokens = None, 0, 0
        return compacted

    def use(self, client: AsyncClient) -> AsyncConversation:
        """The same conversation over another client, such as one of the other transport; this one stays as it is."""
        from .client import AsyncClient

        if not isinstance(client, AsyncClient):
            raise UsageError(f"must be a client of the same kind, not {type(client).__name__}", field="client")
        same = AsyncConversation(
            client._caller,
            self._request,
            self._options,
            self.messages,
            stored=self.stored,
            compact_above=self._compact_above,
            last_response_id=self.last_response_id,
            sent=self._sent,
        )
        same._tokens = self._tokens
        return same

    # --- keeping it ---

    def to_dict(self) -> dict[str, Any]:
        """Messages and state as plain JSON values; the settings (model, tools, ...) are not part of it."""
        state = {"stored": self.stored, "last_response_id": self.last_response_id, "sent": self._sent}
        return {"messages": [message.to_dict() for message in self.messages], **state}

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take over messages and state from what `to_dict` made. Raises UsageError."""
        from ..types.chat import Message

        messages = data.get("messages") if isinstance(data, Mapping) else None
        if not isinstance(messages, list) or not all(isinstance(m, Mapping) for m in messages):
            raise UsageError("is no conversation: it needs a list of messages", field="data")
        self.messages = [Message.from_dict(message) for message in messages]
        self.stored = data.get("stored") is True
        last, sent = data.get("last_response_id"), data.get("sent")
        self.last_response_id = last if isinstance(last, str) else None
        self._sent = sent if isinstance(sent, int) and self.last_response_id else 0
        self._tokens = 0

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write messages and state to a JSON file."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=2)
        Path(path).write_text(text + "\n", "utf-8")

    def load(self, path: str | os.PathLike[str]) -> None:
        """Go on from what `save` has written. Raises UsageError where the file is no conversation."""
        try:
            data = json.loads(Path(path).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot be read: {os.fspath(path)[:200]!r}: {error}", field="path") from error
        self.restore(data)

    # --- one turn ---

    def _said(self, parts: Sequence[Any]) -> list[Message]:
        """What is no message yet is one of the user's; order is kept."""
        from ..types.chat import Message

        said: list[Message] = []
        for is_whole, group in groupby(parts, lambda part: isinstance(part, Message)):
            pieces = list(group)
            said += pieces if is_whole else [user(*pieces)]
        return said

    def _next(self, said: Sequence[Message], settings: ChatRequest | None = None) -> ChatRequest:
        request = settings or self._request
        messages = [*self.messages, *said]
        if not messages:
            raise UsageError("needs something to say: there are no messages yet", field="parts")
        if not self.stored:
            return attrs.evolve(request, messages=messages)
        new = messages[self._sent :] if self.last_response_id else messages
        if not new:
            raise UsageError("needs something to say: the service has all messages already", field="parts")
        return attrs.evolve(request, messages=new, store=True, previous_response_id=self.last_response_id)

    def _take(self, said: Sequence[Message], response: ChatCompletion) -> None:
        """The turn has gone well."""
        self.messages += [*said, response.to_message()]
        if self.stored:
            self.last_response_id, self._sent = response.id, len(self.messages)
        self._tokens = response.usage.prompt_tokens if response.usage else 0

    def _state(self) -> tuple[Any, ...]:
        return list(self.messages), self.last_response_id, self._sent, self._tokens

    def _go_back(self, state: tuple[Any, ...]) -> None:
        """The turn has failed."""
        self.messages, self.last_response_id, self._sent, self._tokens = state

    async def _compact_if_long(self) -> None:
        if self._compact_above is not None and self._tokens > self._compact_above:
            await self.compact()


def _is_compacted(message: Message) -> bool:
    """Whether it stands for what was before it."""
    return bool(message.encrypted_content) and not message.content and not message.tool_calls


class _AsyncTurn(AsyncChatStream):
    """A streamed turn: it becomes part of the conversation when it is complete."""

    def __init__(self, conversation: AsyncConversation, said: list[Message]) -> None:
        request = conversation._next(said)
        super().__init__(conversation._caller, CHAT_STREAM, request, conversation._options)
        self._conversation = conversation
        self._said = said
        self._taken = False

    async def _send(self) -> Any:
        await self._conversation._compact_if_long()
        self._request = self._conversation._next(self._said)
        return await super()._send()

    async def __anext__(self) -> Any:
        try:
            return await super().__anext__()
        except StopAsyncIteration:
            if self.completed and not self._taken:
                self._taken = True
                self._conversation._take(self._said, self.response)
            raise
