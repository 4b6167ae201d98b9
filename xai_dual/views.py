"""What models offer beside their fields: short ways to what is asked for most. Bindings name them by `views`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .types.chat import ChatChunk, ChatCompletion, Choice, ChoiceMessage, InlineCitation, Message, ToolCall
    from .types.completions import SampleResponse
    from .types.shared import FinishReason, Usage

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
    """Views of `ChatCompletion`: of its answer, which is the first choice, or, where the service ran tools on the way,
    the last entry."""

    __slots__ = ()

    @property
    def answer(self: Any) -> Choice | None:
        """The choice that answers; None where there is none (yet)."""
        spoken: list[Choice] = self._spoken()
        return spoken[-1] if spoken else None

    @property
    def text(self: Any) -> str:
        """The answer's text; "" where there is none, as beside tool calls."""
        answer = self.answer
        return answer.message.content if answer else ""

    @property
    def reasoning(self: Any) -> str:
        """What the model thought before it answered, as far as the service shows it; "" where there is none."""
        completion: ChatCompletion = self
        if not _has_runs(completion.choices):
            return completion.choices[0].message.reasoning_content if completion.choices else ""
        return "".join(choice.message.reasoning_content for choice in completion.choices)

    @property
    def refusal(self: Any) -> str | None:
        """What the model said in place of an answer; None where it did not refuse, and on gRPC, which does not tell."""
        return self.answer.message.refusal or None if self.answer else None

    @property
    def finish_reason(self: Any) -> FinishReason | None:
        """Why the answer ended."""
        return self.answer.finish_reason if self.answer else None

    @property
    def tool_calls(self: Any) -> list[ToolCall]:
        """The calls that the model asks the caller for."""
        return [call for choice in self._spoken() for call in choice.message.tool_calls if not _is_run(call)]

    def _spoken(self: Any) -> list[Choice]:
        """What the model said to answer: one choice, or, with runs of the service between them, all its entries."""
        completion: ChatCompletion = self
        if not _has_runs(completion.choices):
            return completion.choices[:1]
        return [choice for choice in completion.choices if choice.message.role != "tool"]

    @property
    def inline_citations(self: Any) -> list[InlineCitation]:
        """Sources with their places in the text, where `include=["inline_citations"]` asked for them."""
        return list(self.answer.message.citations or ()) if self.answer else []

    @property
    def cost_usd(self: Any) -> float:
        """What the call cost, in US dollars; 0.0 where the service did not say."""
        completion: ChatCompletion = self
        return completion.usage.cost_usd if completion.usage else 0.0

    @property
    def server_tool_calls(self: Any) -> list[ToolCall]:
        """The calls of tools that the service ran while it answered, in their order."""
        return [call for choice in self._spoken() for call in choice.message.tool_calls if _is_run(call)]

    def to_message(self: Any) -> Message:
        """The answer as a message to go on with: append it to `messages`."""
        completion: ChatCompletion = self
        answer = self.answer
        if answer is None:
            raise ValueError("the completion has no choices, so there is no message to go on with")
        message: Message = answer.message.to_message()
        if _has_runs(completion.choices):
            message.reasoning_content = self.reasoning or None
            sealed = [c.message.encrypted_content for c in completion.choices if c.message.encrypted_content]
            message.encrypted_content = sealed[-1] if sealed else None
            message.tool_calls = self.tool_calls or None
        return message

    def comparable_choices(self: Any) -> list[Any]:
        """The choices as `same` compares them: of what the service ran, the calls."""
        completion: ChatCompletion = self
        if not _has_runs(completion.choices):
            return completion.choices
        runs = [(call.type, call.function.arguments) for call in self.server_tool_calls]
        return [runs, self.reasoning, *([self.answer.message, self.answer.finish_reason] if self.answer else [])]


def _is_run(call: ToolCall) -> bool:
    """Whether the service ran it, and not the caller is to."""
    return call.type not in (None, "function")


def _has_runs(choices: list[Choice]) -> bool:
    for choice in choices:  # asked for at each look at an answer: a generator for each costs as much as all the rest
        message = choice.message
        if message.role == "tool" or (message.tool_calls and any(map(_is_run, message.tool_calls))):
            return True
    return False


def ends_in_run(completion: ChatCompletion) -> bool:
    """Whether the last entry is of a tool that the service ran, so that the answer is still to come."""
    if not completion.choices:
        return False
    last = completion.choices[-1]
    calls = last.message.tool_calls
    asks = last.finish_reason == "tool_calls" and bool(calls)
    return last.message.role == "tool" or (asks and all(map(_is_run, calls)))


class InlineCitationViews:
    """Views of `InlineCitation`."""

    __slots__ = ()

    @property
    def url(self: Any) -> str:
        """The address of the source; "" of a passage of a stored document, which has none."""
        source = self.web_citation or self.x_citation
        return source.url if source else ""


class CompactedChatViews:
    """Views of `CompactedChat`."""

    __slots__ = ()

    def to_message(self: Any) -> Message:
        """The condensed conversation as the message to go on from."""
        from .helpers import assistant

        return assistant(encrypted_content=self.encrypted_content)


class ChoiceMessageViews:
    """Views of `ChoiceMessage`."""

    __slots__ = ()

    def to_message(self: Any) -> Message:
        """The message as one that can be sent; a refusal is its text."""
        from .types.chat import Message

        answer: ChoiceMessage = self
        return Message(
            role=answer.role or "assistant",
            content=answer.content or answer.refusal or None,  # other wires say it as text
            reasoning_content=answer.reasoning_content or None,
            tool_calls=answer.tool_calls or None,
            encrypted_content=answer.encrypted_content or None,
        )


class ChatChunkViews:
    """Views of `ChatChunk`, all on its first choice."""

    __slots__ = ()

    @property
    def text(self: Any) -> str:
        """The text that this chunk adds; "" where it adds none, as with results of tools that the service ran."""
        chunk: ChatChunk = self
        return chunk.choices[0].delta.content if chunk.choices and chunk.choices[0].delta.role != "tool" else ""

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
