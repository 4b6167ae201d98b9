"""`chat.run`: the model asks for functions, they are called, and it goes on with what they return."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from .._chat.runs import ToolRun
from .._convert_messages import as_messages
from .._gen.operations.chat import CHAT_CREATE
from ..errors import MaxTurnsError
from ..functions import ToolArgumentsError, Toolbox, result_text
from ..helpers import tool_result
from ..options import CallOptions, check_count
from . import _io

if TYPE_CHECKING:
    from ..types.chat import ChatCompletion, ChatRequest, Message, ToolCall
    from .call import AsyncCaller

__all__ = ["AsyncAsk", "ToolRun", "loop", "run"]


class AsyncAsk(Protocol):
    """Asks the model for the next answer."""

    async def __call__(self, messages: list[Message]) -> ChatCompletion: ...


_log = logging.getLogger("xai_dual")


async def run(
    caller: AsyncCaller,
    request: ChatRequest,
    options: CallOptions,
    *,
    tools: Sequence[Any],
    max_turns: int,
    before_call: Callable[[ToolCall], Any] | None,
) -> ToolRun:
    """Ask, call, hand back, until the model answers or asks for what there is no function for."""
    box = Toolbox(tools)
    request = attrs.evolve(request, tools=box.definitions or None)

    async def ask(messages: list[Message]) -> ChatCompletion:
        return await caller.unary(CHAT_CREATE, attrs.evolve(request, messages=messages), options)

    return await loop(ask, box, as_messages(request.messages, "messages"), max_turns, before_call)


async def loop(
    ask: AsyncAsk,
    box: Toolbox,
    messages: list[Message],
    max_turns: int,
    before_call: Callable[[ToolCall], Any] | None,
) -> ToolRun:
    """The loop itself; `ask` gets all messages so far."""
    check_count(max_turns, "max_turns", 1)
    done = ToolRun(messages, [])
    for _ in range(max_turns):
        response = await ask(messages)
        messages = [*messages, response.to_message()]
        # a name that was never offered is answered too: with an error
        ours = [call for call in response.tool_calls if call.function.name not in box.declared - box.names]
        messages += await _io.each([partial(_result, box, call, before_call) for call in ours])
        done = ToolRun(messages, [*done.responses, response])
        if len(ours) < len(response.tool_calls) or not ours:
            return done
    raise MaxTurnsError(
        f"The model still asks for tools after {max_turns} turns; go on with error.run.messages, or allow more.",
        run=done,
        meta=done.response.meta,
    )


async def _result(box: Toolbox, call: ToolCall, before_call: Callable[[ToolCall], Any] | None) -> Message:
    """What one call gives, as the message that answers it. What goes wrong in it is for the model to read."""
    value = await _io.settled(before_call(call), "before_call") if before_call is not None else None
    try:
        if value is None:
            value = await _io.call(box.bind(call))
        text = result_text(value)
    except ToolArgumentsError as error:
        text = f"error: {error}"
    except Exception as error:
        _log.debug("tool %s failed", call.function.name, exc_info=True)
        text = f"error: {type(error).__name__}: {error}"
    return tool_result(text, tool_call_id=call.id)
