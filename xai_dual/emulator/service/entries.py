"""An answer with server-side tools is a list of entries: for each run its call and its result, then the text."""

from __future__ import annotations

import dataclasses

from xai_dual.emulator.service import opaque
from xai_dual.emulator.service.forms import Choice, Citation, Completion, Extras, ServerRun

# What must be included for the result of a tool to be shown; pictures are always shown.
INCLUDES = {
    "web_search": "web_search_call_output",
    "x_search": "x_search_call_output",
    "code_execution": "code_execution_call_output",
    "collections_search": "collections_search_call_output",
    "attachment_search": "attachment_search_call_output",
    "mcp": "mcp_call_output",
}


def shows(kind: str, extras: Extras) -> bool:
    """Whether the caller gets to see what a tool returned."""
    return kind not in INCLUDES or INCLUDES[kind] in extras.include


def lay_out(
    final: Choice, runs: tuple[ServerRun, ...], cited: tuple[Citation, ...], extras: Extras
) -> tuple[tuple[Choice, ...], tuple[Citation, ...]]:
    """The entries of an answer, and those of its citations that are still in the text after it was cut.

    The reasoning stands in the first entry, before the first call.
    """
    length = len(final.text)
    cited = tuple(citation for citation in cited if citation.end <= length)
    found: list[Choice] = []
    for run in runs:
        reasoning = () if found else final.reasoning_pieces
        found.append(Choice(len(found), (), reasoning, (run.call,), "tool_calls"))
        if shows(run.call.kind, extras):
            found.append(Choice(len(found), (run.output,), (), (run.call,), "stop", role="tool"))
    inline = cited if "inline_citations" in extras.include else ()
    found.append(dataclasses.replace(final, index=len(found), reasoning_pieces=(), citations=inline))
    return tuple(found), cited


def merged(whole: Completion) -> Completion:
    """The answer as one entry, for a wire that has none: without what the service ran itself."""
    if not whole.runs:
        return whole
    first = whole.choices[0]
    single = dataclasses.replace(whole.final, index=0, reasoning_pieces=first.reasoning_pieces)
    return dataclasses.replace(whole, choices=(single,), runs=())


def encrypted(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    """The choices with their reasoning also in its opaque form."""
    return tuple(
        dataclasses.replace(choice, encrypted=opaque.seal("reasoning", choice.reasoning))
        if choice.reasoning_pieces
        else choice
        for choice in choices
    )
