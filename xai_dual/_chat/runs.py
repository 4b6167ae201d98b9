"""What comes of a loop of tools: the conversation, and the answers in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from ..types.chat import ChatCompletion, Message, ToolCall

__all__ = ["ToolRun"]


@attrs.frozen
class ToolRun:
    """A conversation in which functions were called until the model answered."""

    messages: Sequence[Message]
    """All of it: the messages that were sent, the calls and their results, and the answer."""
    responses: Sequence[ChatCompletion]
    """The model's answers, one a turn."""

    @property
    def response(self) -> ChatCompletion:
        """The last answer."""
        return self.responses[-1]

    @property
    def text(self) -> str:
        """The text of the last answer."""
        return self.response.text

    @property
    def pending(self) -> list[ToolCall]:
        """Calls that the loop has no function for: answer them with `tool_result`, and go on with `messages`."""
        answered = {message.tool_call_id for message in self.messages if message.role == "tool"}
        return [call for call in self.response.tool_calls if call.id not in answered]

    @property
    def cost_usd(self) -> float:
        """What all answers cost together, in US dollars."""
        return sum(response.cost_usd for response in self.responses)
