"""The stream of the Responses API: every event of an answer, in the order in which api.x.ai was seen to send them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xai_dual.emulator.faults import Fault
from xai_dual.emulator.rest import response_items as items
from xai_dual.emulator.rest import responses
from xai_dual.emulator.rest.chat import write_logprobs
from xai_dual.emulator.service import tokens
from xai_dual.emulator.service.forms import Choice, Completion, ServerRun, ToolCall

Json = dict[str, Any]
_ARGUMENT_PIECES = 3
# What a run of a tool says between the start and the end of its item.
_STAGES = {
    "web_search": ("web_search_call", ("in_progress", "searching", "completed")),
    "code_execution": ("code_interpreter_call", ("in_progress", "executing", "interpreting", "completed")),
    "image_generation": ("image_generation_call", ("in_progress", "generating", "completed")),
}


def events(whole: Completion) -> Iterator[Json]:
    """All events, numbered from 0."""
    for number, event in enumerate(_events(whole)):
        yield {**event, "sequence_number": number}


def failed(whole: Completion, fault: Fault, number: int) -> Json:
    """The event that ends a stream which was told to fail."""
    response = responses.write(whole, "failed", [])
    response.update(error={"code": fault.status.name.lower(), "message": fault.message}, usage=None)
    return {"type": "response.failed", "response": response, "sequence_number": number}


def _events(whole: Completion) -> Iterator[Json]:
    begun = responses.write(whole, "in_progress", [])
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    index = 0
    if items.has_reasoning(whole):
        yield from _reasoning(whole, index)
        index += 1
    for run in whole.runs:
        yield from _run(whole, run, index)
        index += 1
    for choice in items.answers(whole):
        if choice.pieces or not choice.tool_calls:
            yield from _message(whole, choice, index)
            index += 1
        for call in choice.tool_calls:
            yield from _function(whole, call, index)
            index += 1
    response = responses.write(whole)
    yield {"type": f"response.{response['status']}", "response": response}


def _item(index: int, begun: Json, done: Json, between: Iterator[Json]) -> Iterator[Json]:
    """An item: its start, what happens to it, its end. Events in between name it."""
    yield {"type": "response.output_item.added", "output_index": index, "item": {**done, **begun}}
    for event in between:
        yield {**event, "item_id": done["id"], "output_index": index}
    yield {"type": "response.output_item.done", "output_index": index, "item": done}


def _reasoning(whole: Completion, index: int) -> Iterator[Json]:
    done = items.reasoning_item(whole)
    text = done["summary"][0]["text"]

    def between() -> Iterator[Json]:
        kind = "response.reasoning_summary_"
        place = {"summary_index": 0}
        yield {"type": f"{kind}part.added", **place, "part": {"type": "summary_text", "text": ""}}
        for piece in whole.choices[0].reasoning_pieces:
            yield {"type": f"{kind}text.delta", **place, "delta": piece}
        yield {"type": f"{kind}text.done", **place, "text": text}
        yield {"type": f"{kind}part.done", **place, "part": {"type": "summary_text", "text": text}}

    begun: Json = {"summary": [], "status": "in_progress"}
    if "encrypted_content" in done:
        begun["encrypted_content"] = ""
    yield from _item(index, begun, done, between())


def _message(whole: Completion, choice: Choice, index: int) -> Iterator[Json]:
    done = items.message_item(whole, choice)
    part = done["content"][0]

    def between() -> Iterator[Json]:
        place = {"content_index": 0}
        empty = {"refusal": ""} if choice.refused else {"text": "", "annotations": [], "logprobs": []}
        yield {"type": "response.content_part.added", **place, "part": {**part, **empty}}
        if not choice.refused:
            yield from ({**event, **place} for event in _text(choice, part))
        yield {"type": "response.content_part.done", **place, "part": part}

    yield from _item(index, {"content": [], "status": "in_progress"}, done, between())


def _text(choice: Choice, part: Json) -> Iterator[Json]:
    """The pieces of a text, each followed by the citations that end in it."""
    kind = "response.output_text"
    notes = part["annotations"]
    at = told = 0
    for position, piece in enumerate(choice.pieces):
        probable = write_logprobs((choice.logprobs or ())[position : position + 1])
        yield {"type": f"{kind}.delta", "delta": piece, "logprobs": probable}
        at += len(piece)
        while told < len(notes) and notes[told]["end_index"] <= at:
            yield {"type": f"{kind}.annotation.added", "annotation_index": told, "annotation": notes[told]}
            told += 1
    yield {"type": f"{kind}.done", "text": part["text"], "logprobs": part["logprobs"]}


def _function(whole: Completion, call: ToolCall, index: int) -> Iterator[Json]:
    kind = "response.function_call_arguments"

    def between() -> Iterator[Json]:
        size = max(1, -(-len(call.arguments) // _ARGUMENT_PIECES))
        for at in range(0, len(call.arguments), size):
            yield {"type": f"{kind}.delta", "delta": call.arguments[at : at + size]}
        yield {"type": f"{kind}.done", "name": call.name, "arguments": call.arguments}

    begun = {"arguments": "", "status": "in_progress"}
    yield from _item(index, begun, items.function_item(whole, call), between())


def _run(whole: Completion, run: ServerRun, index: int) -> Iterator[Json]:
    done = items.run_item(whole, run)
    begun: Json = {"status": "in_progress"}
    between: Iterator[Json] = iter(())
    if done["type"] == "custom_tool_call":
        begun["input"] = ""
        between = _pieces("response.custom_tool_call_input", "input", done["input"])
    elif run.call.kind in _STAGES:
        name, stages = _STAGES[run.call.kind]
        between = _stages(name, stages, done.get("code", ""))
        begun.update({"code": "", "outputs": []} if run.call.kind == "code_execution" else {})
        begun.update({"result": None} if run.call.kind == "image_generation" else {})
    elif run.call.kind == "collections_search":
        begun["results"] = []
    else:
        begun["output"] = ""
    yield from _item(index, begun, done, between)


def _stages(name: str, stages: tuple[str, ...], code: str) -> Iterator[Json]:
    """The stages of a run; code comes after the first one."""
    for position, stage in enumerate(stages):
        yield {"type": f"response.{name}.{stage}"}
        if code and not position:
            yield from _pieces(f"response.{name}_code", "code", code)


def _pieces(kind: str, name: str, text: str) -> Iterator[Json]:
    for piece in tokens.pieces(text):
        yield {"type": f"{kind}.delta", "delta": piece}
    yield {"type": f"{kind}.done", name: text}
