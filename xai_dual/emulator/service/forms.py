"""Neutral requests and answers of chat and sampling. Both wires are read into these and written from these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CREATED = 1752854522  # fixed, so that answers of both wires and of two runs can be compared


@dataclass(frozen=True)
class Part:
    """A piece of a message's content: ``text``, ``image`` or ``file``; ``value`` is the text, URL or file id.

    A file may come by its bytes instead: its ``name`` and, in base64, its ``data``.
    """

    kind: str
    value: str
    name: str = ""
    data: str = ""


@dataclass(frozen=True)
class ToolCall:
    """A call made by the model: of a function of the caller, or of a server-side tool of another ``kind``.

    ``arguments`` is JSON text. What a caller runs in a ``shell`` is the caller's to answer, as functions are.
    """

    id: str
    name: str
    arguments: str
    kind: str = "function"

    @property
    def is_callers(self) -> bool:
        """Whether the caller is to answer it."""
        return self.kind in ("function", "shell")


@dataclass(frozen=True)
class Message:
    """One message of a conversation."""

    role: str
    parts: tuple[Part, ...] = ()
    name: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    encrypted: str = ""

    @property
    def text(self) -> str:
        """All text parts."""
        return "".join(part.value for part in self.parts if part.kind == "text")


@dataclass(frozen=True)
class FunctionTool:
    """A function the caller offers."""

    name: str
    description: str
    parameters: Any
    strict: bool = False


@dataclass(frozen=True)
class ServerTool:
    """A tool that the service runs. ``options`` has the names and values that gRPC and REST have in common."""

    kind: str
    options: dict[str, Any] = field(default_factory=dict)
    implied: bool = False  # not asked for; the service added it


@dataclass(frozen=True)
class ToolChoice:
    """``auto``, ``none``, ``required`` or ``function`` with the name of a function or the kind of a server tool."""

    mode: str = "auto"
    name: str = ""


@dataclass(frozen=True)
class Format:
    """``text``, ``json_object`` or ``json_schema`` with a schema.

    ``strictness`` tells what the schema must be to be taken: ``all`` objects closed, as for strict functions, or just
    its ``root`` an object.
    """

    kind: str = "text"
    schema: Any = None
    strictness: str = ""


@dataclass(frozen=True)
class Search:
    """Live search settings."""

    mode: str = "auto"
    return_citations: bool = True
    max_results: int | None = None


@dataclass(frozen=True)
class Sampling:
    """Settings that chat and raw sampling share. ``None`` means not given."""

    n: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logprobs: bool = False
    top_logprobs: int | None = None


@dataclass(frozen=True)
class Extras:
    """What a caller may say along with a request that does not change what the model says.

    ``include`` has the names of gRPC in lower case (``inline_citations``), ``echo`` what only REST has and gives back.
    """

    previous_response_id: str = ""
    store: bool = False
    use_encrypted: bool = False
    include: frozenset[str] = frozenset()
    user: str = ""
    instructions: str | None = None
    echo: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ChatRequest:
    """A chat completion request."""

    model: str
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    tools: tuple[FunctionTool, ...] = ()
    server_tools: tuple[ServerTool, ...] = ()
    tool_choice: ToolChoice = ToolChoice()
    parallel_tool_calls: bool = True
    format: Format = Format()
    reasoning_effort: str | None = None
    search: Search | None = None
    service_tier: str = "default"
    max_turns: int | None = None
    agents: int | None = None
    extras: Extras = Extras()


@dataclass(frozen=True)
class SampleRequest:
    """A raw sampling request."""

    model: str
    prompts: tuple[str, ...]
    sampling: Sampling = Sampling()
    echo: bool = False


@dataclass(frozen=True)
class Usage:
    """Token counts and cost; ``total`` is xAI's sum, reasoning counted beside the completion."""

    prompt: int = 0
    prompt_text: int = 0
    prompt_image: int = 0
    cached: int = 0
    completion: int = 0
    reasoning: int = 0
    sources: int = 0
    cost_ticks: int = 0
    server_tools: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """All tokens."""
        return self.prompt + self.completion + self.reasoning


@dataclass(frozen=True)
class TopLogProb:
    """A candidate token."""

    token: str
    logprob: float


@dataclass(frozen=True)
class LogProb:
    """The probability of a sent token and of its rivals."""

    token: str
    logprob: float
    top: tuple[TopLogProb, ...] = ()


@dataclass(frozen=True)
class Source:
    """What a search found: a page (``web``), a post (``x``) or a passage of a file (``collections``)."""

    kind: str
    url: str
    text: str = ""
    file_id: str = ""
    collection_id: str = ""


@dataclass(frozen=True)
class Citation:
    """A source and the characters of the answer that refer to it. A source cited twice keeps its ``id``."""

    id: str
    source: Source
    start: int
    end: int


@dataclass(frozen=True)
class ServerRun:
    """A run of a server-side tool: the call, what the tool returned, and the sources in it."""

    call: ToolCall
    output: str
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Choice:
    """One answer, complete; or, with server-side tools, one entry of the answer: a call, a tool's result, the text."""

    index: int
    pieces: tuple[str, ...]
    reasoning_pieces: tuple[str, ...]
    tool_calls: tuple[ToolCall, ...]
    finish_reason: str
    logprobs: tuple[LogProb, ...] | None = None
    role: str = "assistant"
    citations: tuple[Citation, ...] = ()
    encrypted: str = ""
    stopped_by: str = ""  # the stop sequence that ended it
    refused: bool = False  # the text says why the model does not answer

    @property
    def text(self) -> str:
        """The visible text."""
        return "".join(self.pieces)

    @property
    def reasoning(self) -> str:
        """The reasoning text."""
        return "".join(self.reasoning_pieces)


@dataclass(frozen=True)
class Completion:
    """A complete answer to a chat or sampling request."""

    id: str
    model: str
    fingerprint: str
    choices: tuple[Choice, ...]
    usage: Usage
    citations: tuple[str, ...] = ()
    service_tier: str = "default"
    created: int = CREATED
    request: ChatRequest | None = None
    runs: tuple[ServerRun, ...] = ()
    cited: tuple[Citation, ...] = ()

    @property
    def final(self) -> Choice:
        """The entry with the text: the last one."""
        return self.choices[-1]


@dataclass(frozen=True)
class ChunkChoice:
    """What a stream chunk adds to one choice."""

    index: int
    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[tuple[int, ToolCall], ...] = ()
    finish_reason: str | None = None
    logprobs: tuple[LogProb, ...] | None = None
    role: str = "assistant"
    citations: tuple[Citation, ...] = ()
    encrypted: str = ""
    refused: bool = False


@dataclass(frozen=True)
class Chunk:
    """One stream chunk; ``whole`` is the answer it belongs to."""

    whole: Completion
    choices: tuple[ChunkChoice, ...]
    usage: Usage
    citations: tuple[str, ...] = field(default=())
