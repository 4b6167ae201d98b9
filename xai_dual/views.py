"""What models offer beside their fields: short ways to what is asked for most. Bindings name them by `views`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .types.chat import ChatChunk, ChatCompletion, ChoiceMessage, Message, ToolCall
    from .types.completions import SampleResponse
    from .types.shared import Usage

TICKS_PER_USD = 10**10
"""`cost_in_usd_ticks` counts these."""


class CostViews:
    """Views of models with `cost_in_usd_ticks`."""

    __slots__ = ()

    @property
    def cost_usd(self) -> float:
        """What the call cost, in US dollars; 0.0 where the service did not say."""
        ticks: int = getattr(self, "cost_in_usd_ticks", 0) or 0
        return ticks / TICKS_PER_USD


class UsageViews(CostViews):
    """Views of `Usage`."""

    __slots__ = ()

    @property
    def output_total(self: Any) -> int:
        """All generated tokens, reasoning included.

        xAI counts reasoning beside the completion (total = prompt + completion + reasoning), most gateways count it
        inside (total = prompt + completion). Which of the two sums holds decides; if neither does, xAI's rule is taken.
        """
        usage: Usage = self
        inside = usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
        return usage.completion_tokens + (0 if inside else usage.reasoning_tokens)


class ChatCompletionViews:
    """Views of `ChatCompletion`, all on its first choice."""

    __slots__ = ()

    @property
    def text(self: Any) -> str:
        """The answer's text; "" where there is none, as beside tool calls."""
        completion: ChatCompletion = self
        return completion.choices[0].message.content if completion.choices else ""

    @property
    def reasoning(self: Any) -> str:
        """What the model thought before it answered, as far as the service shows it; "" where there is none."""
        completion: ChatCompletion = self
        return completion.choices[0].message.reasoning_content if completion.choices else ""

    @property
    def tool_calls(self: Any) -> list[ToolCall]:
        """The calls that the model asks for."""
        completion: ChatCompletion = self
        return completion.choices[0].message.tool_calls if completion.choices else []

    def to_message(self: Any) -> Message:
        """The answer as a message to go on with: append it to `messages`."""
        completion: ChatCompletion = self
        if not completion.choices:
            raise ValueError("the completion has no choices, so there is no message to go on with")
        return completion.choices[0].message.to_message()


class ChoiceMessageViews:
    """Views of `ChoiceMessage`."""

    __slots__ = ()

    def to_message(self: Any) -> Message:
        """The message as one that can be sent."""
        from .types.chat import Message

        answer: ChoiceMessage = self
        return Message(
            role=answer.role or "assistant",
            content=answer.content or None,
            reasoning_content=answer.reasoning_content or None,
            tool_calls=answer.tool_calls or None,
            encrypted_content=answer.encrypted_content or None,
        )


class ChatChunkViews:
    """Views of `ChatChunk`, all on its first choice."""

    __slots__ = ()

    @property
    def text(self: Any) -> str:
        """The text that this chunk adds; "" where it adds none."""
        chunk: ChatChunk = self
        return chunk.choices[0].delta.content if chunk.choices else ""

    @property
    def reasoning(self: Any) -> str:
        """The reasoning that this chunk adds; "" where it adds none."""
        chunk: ChatChunk = self
        return chunk.choices[0].delta.reasoning_content if chunk.choices else ""


class SampleResponseViews:
    """Views of `SampleResponse`, all on its first choice."""

    __slots__ = ()

    @property
    def text(self: Any) -> str:
        """The sampled text, or what a chunk adds to it."""
        response: SampleResponse = self
        return response.choices[0].text if response.choices else ""


class ResponseViews:
    """Views of `Response`."""

    __slots__ = ()

    @property
    def output_text(self: Any) -> str:
        """All text of the output's messages."""
        from .types.responses import OutputMessage, OutputText

        messages = [item for item in self.output if isinstance(item, OutputMessage)]
        return "".join(part.text for item in messages for part in item.content if isinstance(part, OutputText))


class MessageViews:
    """Views of `MessageResponse`."""

    __slots__ = ()

    @property
    def text(self: Any) -> str:
        """All text of the message's blocks."""
        from .types.messages import TextBlock

        return "".join(block.text for block in self.content if isinstance(block, TextBlock))
