"""Chat completions and raw sampling: checks, answers, usage and the cut into stream chunks."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service import brain, catalog, cues, entries, schema_values, server_tools, strict, tokens
from xai_dual.emulator.service.checks import check_sampling
from xai_dual.emulator.service.forms import (
    ChatRequest,
    Choice,
    Chunk,
    ChunkChoice,
    Citation,
    Completion,
    LogProb,
    Message,
    SampleRequest,
    Sampling,
    ServerRun,
    ToolCall,
    ToolChoice,
    TopLogProb,
    Usage,
)

_NAMESPACE = uuid.UUID("5b0f8a54-3c4e-5d1a-9a3b-6f1d2c7e8a90")
_EFFORTS = ("none", "low", "medium", "high", "xhigh")
_TIERS = ("default", "priority", "fast")
_IMAGE_TOKENS = 256
_MAX_TOOLS = 350
_SOURCES = ("https://docs.x.ai/docs/overview", "https://x.ai/news", "https://en.wikipedia.org/wiki/Grok_(chatbot)")


def complete(request: ChatRequest) -> Completion:
    """Answer a chat request that holds its whole conversation (``stored.respond`` looks up what it builds on)."""
    model = _checked(request)
    identity = _identity(dataclasses.replace(request, model=model.id))
    said = _say(request, identity)
    reasons = request.reasoning_effort != "none" and (model.reasons or request.reasoning_effort is not None)
    reasoning = tuple(tokens.pieces(brain.think(brain.last_user_text(request)))) if reasons else ()
    choices = tuple(
        _choice(index, said.text, reasoning, said.calls, request.sampling, said.numbered and index, said.refused)
        for index in range(_wanted(request.sampling))
    )
    runs, cited = said.runs, said.cited
    citations, sources = _search(request)
    if runs:
        choices, cited = entries.lay_out(choices[0], runs, cited, request.extras)
        citations = tuple(dict.fromkeys(citation.source.url for citation in cited))
        sources = len({source.url for run in runs for source in run.sources})
    if request.extras.use_encrypted:
        choices = entries.encrypted(choices)
    kinds = tuple(run.call.kind for run in runs)
    usage = dataclasses.replace(_prompt_usage(request), sources=sources, server_tools=kinds)
    usage = _priced(_with_output(usage, choices), model)
    return Completion(
        str(identity), model.id, model.fingerprint, choices, usage, citations, request.service_tier,
        request=request, runs=runs, cited=cited,
    )  # fmt: skip


@dataclass(frozen=True)
class _Said:
    """What the model does: refuse, call functions or answer, and which server-side tools it runs before."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    runs: tuple[ServerRun, ...] = ()
    cited: tuple[Citation, ...] = ()
    refused: bool = False
    numbered: bool = True  # whether further choices may say that they are


def _say(request: ChatRequest, identity: uuid.UUID) -> _Said:
    refusal = cues.refusal(brain.last_user_text(request))
    if refusal is not None:
        return _Said(refusal, refused=True)
    runs = server_tools.plan(request, identity)
    forced = request.tool_choice.mode == "required" and runs
    asked = dataclasses.replace(request, tool_choice=ToolChoice()) if forced else request
    calls = tuple(
        ToolCall(f"call_{uuid.uuid5(identity, str(position)).hex[:24]}", planned.name, planned.arguments)
        for position, planned in enumerate(brain.plan_calls(asked))
    )
    text, cited = ("", ()) if calls else server_tools.answer(request, runs, brain.answer(request))
    return _Said(text, calls, runs, cited, numbered=request.format.kind == "text")


def sample(request: SampleRequest) -> Completion:
    """Continue raw prompts; every prompt gets ``n`` choices."""
    model = catalog.find(request.model, catalog.LANGUAGE)
    check_sampling(request.sampling)
    if not request.prompts:
        raise invalid("At least one prompt must be given.")
    choices: list[Choice] = []
    for prompt in request.prompts:
        for position in range(_wanted(request.sampling)):
            text = brain.continue_text(prompt)
            choice = _choice(len(choices), text, (), (), request.sampling, position)
            if request.echo:
                choice = dataclasses.replace(choice, pieces=(prompt, *choice.pieces))
            choices.append(choice)
    identity = _identity(dataclasses.replace(request, model=model.id))
    prompt_tokens = sum(tokens.count(prompt) for prompt in request.prompts)
    usage = _with_output(Usage(prompt=prompt_tokens, prompt_text=prompt_tokens), tuple(choices))
    return Completion(str(identity), model.id, model.fingerprint, tuple(choices), _priced(usage, model))


def chunks(whole: Completion) -> Iterator[Chunk]:
    """Cut an answer: for each choice in turn a start, reasoning, text and tool calls token by token, an end.

    Every chunk carries the usage so far; the last one carries the usage and the citations of the whole answer.
    """
    model = catalog.find(whole.model)
    usage = dataclasses.replace(whole.usage, completion=0, reasoning=0, sources=0, server_tools=())
    cut = [list(_steps(choice)) for choice in whole.choices]
    # Choices are written side by side, entries of one answer one after the other.
    steps = [(part,) for parts in cut for part in parts] if whole.runs else zip_longest(*cut)
    flat = [part for step in steps for part in step if part is not None]
    for position, part in enumerate(flat):
        usage = dataclasses.replace(
            usage,
            completion=usage.completion + _completion_tokens(part),
            reasoning=usage.reasoning + bool(part.reasoning),
        )
        if position == len(flat) - 1:
            yield Chunk(whole, (part,), whole.usage, whole.citations)
        else:
            yield Chunk(whole, (part,), _priced(usage, model))


def _steps(choice: Choice) -> Iterator[ChunkChoice]:
    if choice.role == "tool":  # a result comes in one piece, together with its call
        yield ChunkChoice(
            choice.index, choice.text, role="tool", finish_reason=choice.finish_reason,
            tool_calls=tuple(enumerate(choice.tool_calls)),
        )  # fmt: skip
        return
    yield ChunkChoice(choice.index)
    for piece in choice.reasoning_pieces:
        yield ChunkChoice(choice.index, reasoning=piece)
    if choice.encrypted:
        yield ChunkChoice(choice.index, encrypted=choice.encrypted)
    at = 0
    for position, piece in enumerate(choice.pieces):
        logprobs = choice.logprobs[position : position + 1] if choice.logprobs is not None else None
        reached = tuple(item for item in choice.citations if at < item.end <= at + len(piece))
        at += len(piece)
        yield ChunkChoice(choice.index, text=piece, logprobs=logprobs, citations=reached, refused=choice.refused)
    for position, call in enumerate(choice.tool_calls):
        yield ChunkChoice(choice.index, tool_calls=((position, call),))
    yield ChunkChoice(choice.index, finish_reason=choice.finish_reason)


def check_messages(messages: tuple[Message, ...], model: catalog.Model) -> None:
    """Refuse a conversation that is empty or that the model cannot see."""
    if not messages:
        raise invalid("The list of messages must not be empty.")
    if "image" not in model.inputs and any(part.kind == "image" for message in messages for part in message.parts):
        raise invalid(f"The model {model.id} does not accept images.")


def count(messages: tuple[Message, ...], model: catalog.Model, completion: int) -> Usage:
    """The usage of a call with this conversation and this much output."""
    return _priced(dataclasses.replace(_prompt_usage(ChatRequest(model.id, messages)), completion=completion), model)


def _checked(request: ChatRequest) -> catalog.Model:
    model = catalog.find(request.model, catalog.LANGUAGE)
    check_sampling(request.sampling)
    check_messages(request.messages, model)
    if request.reasoning_effort is not None and request.reasoning_effort not in _EFFORTS:
        raise invalid(f"reasoning_effort must be one of {', '.join(_EFFORTS)}; got {request.reasoning_effort}.")
    if request.service_tier not in _TIERS:
        raise invalid(f"service_tier must be one of {', '.join(_TIERS)}; got {request.service_tier}.")
    if len(request.tools) + len(request.server_tools) > _MAX_TOOLS:
        raise invalid(f"At most {_MAX_TOOLS} tools may be given.")
    for tool in request.tools:
        if not tool.name:
            raise invalid("A function must have a name.")
        where = f"The parameters of the function {tool.name}"
        schema_values.check(tool.parameters, where)
        if tool.strict:
            strict.check(tool.parameters, where)
    if request.format.kind == "json_schema":
        schema_values.check(request.format.schema, "response_format")
    if request.format.strictness:
        check = strict.check if request.format.strictness == "all" else strict.check_root
        check(request.format.schema, "response_format")
    choice = request.tool_choice
    if choice.mode == "required" and not request.tools and not request.server_tools:
        raise invalid("tool_choice is required, but no tools were given.")
    server_tools.check(request)
    names = {*(tool.name for tool in request.tools), *(tool.kind for tool in request.server_tools)}
    if choice.mode == "function" and choice.name not in names:
        raise invalid(f"tool_choice names the function {choice.name}, which is not among the tools.")
    search = request.search
    if search is not None and search.max_results is not None and not 1 <= search.max_results <= 30:
        raise invalid(f"search_parameters.max_search_results must be between 1 and 30; got {search.max_results}.")
    return model


def _identity(request: ChatRequest | SampleRequest) -> uuid.UUID:
    """The id of the answer. Schemas may come with their keys in another order; that makes no other request.

    Nor does what only one wire can say.
    """
    named = dataclasses.asdict(request)
    named.pop("extras", None)
    named.get("format", {}).pop("strictness", None)
    return uuid.uuid5(_NAMESPACE, json.dumps(named, sort_keys=True))


def _wanted(sampling: Sampling) -> int:
    return 1 if sampling.n is None else sampling.n


def _choice(
    index: int,
    text: str,
    reasoning: tuple[str, ...],
    calls: tuple[ToolCall, ...],
    sampling: Sampling,
    variant: int,
    refused: bool = False,
) -> Choice:
    """One answer, cut at stop sequences and at ``max_tokens``. Further choices say the same with a number behind."""
    if variant and text and text[-1] not in "}]":
        text += f" ({variant + 1})"
    finish = "tool_calls" if calls else "stop"
    stopped_by = ""
    for stop in sampling.stop:
        if stop and stop in text:
            text, stopped_by = text[: text.index(stop)], stop
    pieces = tokens.pieces(text)
    if sampling.max_tokens is not None and len(pieces) > sampling.max_tokens:
        pieces, finish, stopped_by = pieces[: sampling.max_tokens], "length", ""
    logprobs = tuple(_logprob(position, piece, sampling.top_logprobs or 0) for position, piece in enumerate(pieces))
    given = logprobs if sampling.logprobs else None
    return Choice(index, tuple(pieces), reasoning, calls, finish, given, stopped_by=stopped_by, refused=refused)


def _logprob(position: int, token: str, rivals: int) -> LogProb:
    """Made-up probabilities: multiples of 1/8, which a 32-bit float holds exactly."""
    value = -0.125 * (1 + position % 8)
    names = [token, *(f"{token}{rank}" for rank in range(1, rivals))][:rivals]
    return LogProb(token, value, tuple(TopLogProb(name, value - 0.5 * rank) for rank, name in enumerate(names)))


def _message_tokens(message: Message) -> int:
    """Tokens of a message without its images; three frame every message."""
    calls = sum(tokens.count(call.name) + tokens.count(call.arguments) for call in message.tool_calls)
    return 3 + tokens.count(message.text) + tokens.count(message.name) + tokens.count(message.reasoning) + calls


def _prompt_usage(request: ChatRequest) -> Usage:
    sizes = [_message_tokens(message) for message in request.messages]
    tools = sum(8 + tokens.count(tool.name) + tokens.count(tool.description) for tool in request.tools)
    images = _IMAGE_TOKENS * sum(part.kind == "image" for message in request.messages for part in message.parts)
    text = sum(sizes) + tools
    # All but the last message count as seen before: that is how a growing conversation hits the cache.
    return Usage(prompt=text + images, prompt_text=text, prompt_image=images, cached=sum(sizes[:-1]))


def _completion_tokens(part: Choice | ChunkChoice) -> int:
    if part.role == "tool":
        return 0
    calls = [call for _, call in part.tool_calls] if isinstance(part, ChunkChoice) else list(part.tool_calls)
    pieces = bool(part.text) if isinstance(part, ChunkChoice) else len(part.pieces)
    return pieces + sum(tokens.count(call.name) + tokens.count(call.arguments) for call in calls)


def _with_output(usage: Usage, choices: tuple[Choice, ...]) -> Usage:
    return dataclasses.replace(
        usage,
        completion=sum(_completion_tokens(choice) for choice in choices),
        reasoning=sum(len(choice.reasoning_pieces) for choice in choices),
    )


def _priced(usage: Usage, model: catalog.Model) -> Usage:
    fresh = usage.prompt_text - usage.cached
    cost = (
        fresh * model.text_price
        + usage.cached * model.cached_price
        + usage.prompt_image * model.image_token_price
        + (usage.completion + usage.reasoning) * model.completion_price
        + usage.sources * model.search_price
    )
    return dataclasses.replace(usage, cost_ticks=cost)


def _search(request: ChatRequest) -> tuple[tuple[str, ...], int]:
    """Citations and number of sources of live search: with search on, or if the prompt asks to search."""
    search = request.search
    asked = "search" in brain.last_user_text(request).lower()
    if search is None or search.mode == "off" or (search.mode == "auto" and not asked):
        return (), 0
    sources = _SOURCES[: search.max_results]
    return (sources if search.return_citations else ()), len(sources)
