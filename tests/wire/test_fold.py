"""Streams: however a server cuts an answer into chunks, folding them gives the answer back."""

from __future__ import annotations

import copy
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen import ir
from xai_dual.model import Model, same

from .project import API, OPERATIONS, deep, model_class, named, operation
from .strategies import ANY, BOTH, canonical, models

STREAMS = [op for op in OPERATIONS if op.chunk and not API.folds[op.response or ""].by]
"""Those whose fold is generated from rules."""
Draw = Any


class Cutter:
    """Cuts answers by the rules of the IR's folds, at places that hypothesis draws."""

    def __init__(self, draw: Draw, count: int, whole_calls: bool) -> None:
        self.draw = draw
        self.count = count  # of chunks
        self.whole_calls = whole_calls  # as on gRPC; else in pieces with an index, as on REST

    def cut(self, fold: ir.Fold, value: Any) -> list[Any]:
        """One chunk model for each chunk."""
        parts: list[dict[str, Any]] = [{} for _ in range(self.count)]
        for rule in fold.rules:
            whole = getattr(value, rule.field)
            for part, piece in zip(parts, self._cut_field(rule, whole), strict=True):
                if piece is not None:
                    part[rule.source] = piece
        return [model_class(fold.chunk)(**part) for part in parts]

    def _cut_field(self, rule: ir.FoldRule, whole: Any) -> list[Any]:
        if whole is None:
            return [None] * self.count
        if rule.how == "concat":
            return self._slices(whole)
        if rule.how in ("append", "union"):
            return self._slices(whole)
        if rule.how == "tool_calls":
            return self._whole_calls(whole) if self.whole_calls else self._call_pieces(whole)
        if rule.how == "nested":
            return self.cut(API.folds[rule.fold or ""], whole)
        if rule.how == "index":
            return self._interleaved(API.folds[rule.fold or ""], whole)
        return self._last(whole)

    def _slices(self, whole: Any) -> list[Any]:
        cuts = sorted(self.draw(st.integers(0, len(whole))) for _ in range(self.count - 1))
        return [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    def _last(self, whole: Any) -> list[Any]:
        """In one chunk, or from that one on, as servers repeat ids."""
        first = self.draw(st.integers(0, self.count - 1))
        repeated = self.draw(st.booleans())
        return [whole if i == first or (repeated and i > first) else None for i in range(self.count)]

    def _interleaved(self, fold: ir.Fold, whole: list[Any]) -> list[Any]:
        """Each item's pieces in their order, the items in any; pieces that say nothing may be left out."""
        chunks: list[list[Any]] = [[] for _ in range(self.count)]
        for item in self.draw(st.permutations(whole)):
            pieces = [attrs.evolve(piece, index=item.index) for piece in self.cut(fold, item)]
            nothing = model_class(fold.chunk)(index=item.index)
            for i, piece in enumerate(pieces):
                if piece != nothing or i == 0 or self.draw(st.booleans()):
                    chunks[i].append(piece)
        return chunks

    def _whole_calls(self, calls: list[Any]) -> list[Any]:
        """As gRPC sends them: a call that has an id may come twice."""
        chunks = [list(piece) for piece in self._slices(calls)]
        if chunks[0] and chunks[0][0].id and self.draw(st.booleans()):
            chunks[-1].append(copy.deepcopy(chunks[0][0]))
        return chunks

    def _call_pieces(self, calls: list[Any]) -> list[Any]:
        """As REST sends them: the arguments in pieces, all else in the first one, calls told apart by their index."""
        chunks: list[list[Any]] = [[] for _ in range(self.count)]
        start = 0
        for index, call in enumerate(calls):
            start = self.draw(st.integers(start, self.count - 1))
            pieces = self._slices(call.function.arguments)
            pieces = ["".join(pieces[: start + 1]), *pieces[start + 1 :]]
            function = attrs.evolve(call.function, arguments=pieces[0])
            chunks[start].append(attrs.evolve(call, function=function, index=index))
            for i, piece in enumerate(pieces[1:], start + 1):
                if piece:
                    function = type(call.function)(arguments=piece)
                    chunks[i].append(type(call)(function=function, index=index))
        return chunks


def _answers(op: ir.Operation, want: Any) -> st.SearchStrategy[Any]:
    return models(op.response, canonical(want)).map(lambda value: _as_streamed(value, op.response))


def _as_streamed(value: Any, name: str) -> Any:
    """What a stream can say at all: distinct indexes in order, a list of distinct addresses, distinct call ids."""
    fold = API.folds[name]
    for rule in fold.rules:
        content = getattr(value, rule.field)
        if rule.how == "index":
            for i, item in enumerate(content):
                item.index = 2 * i
                _as_streamed(item, rule.fold or "")
        elif rule.how == "nested" and content is not None:
            _as_streamed(content, rule.fold or "")
        elif rule.how == "union":
            setattr(value, rule.field, list(dict.fromkeys(content)))
        elif rule.how == "tool_calls":
            for i, call in enumerate(content):
                call.id = f"{i}{call.id}"
                call.index = None
    return value


@pytest.mark.parametrize("op", named(STREAMS))
@deep
@given(data=st.data())
def test_any_cut_folds_back(op: ir.Operation, data: st.DataObject) -> None:
    whole = data.draw(_answers(op, BOTH))
    cutter = Cutter(data.draw, data.draw(st.integers(1, 6)), data.draw(st.booleans()))
    chunks = cutter.cut(API.folds[op.response], whole)
    empty = model_class(op.chunk or "")
    for _ in range(data.draw(st.integers(0, 3))):
        chunks.insert(data.draw(st.integers(0, len(chunks))), empty())
    before = copy.deepcopy(chunks)
    looks = data.draw(st.sets(st.integers(0, len(chunks))))
    fold = operation(op).new_fold()
    seen: list[tuple[Any, Any]] = []
    for i, chunk in enumerate(chunks):
        if i in looks:
            answer = fold.response()
            seen.append((answer, copy.deepcopy(answer)))
        fold.add(chunk)
    assert same(fold.response(), whole)
    assert chunks == before
    assert [c.extra for c in chunks] == [c.extra for c in before]
    assert fold.response() == fold.response()
    for answer, copied in seen:
        assert answer == copied, "an answer that was read early changes no more"
    assert fold.complete == _finished(API.folds[op.response or ""], whole)


def _finished(fold: ir.Fold, whole: Any) -> bool:
    """By the fold's own field, or those of all its indexes."""
    if fold.done_when:
        return getattr(whole, fold.done_when) is not None
    items = [(rule, getattr(whole, rule.field)) for rule in fold.rules if rule.how == "index"]
    return all(found and all(_finished(API.folds[rule.fold or ""], item) for item in found) for rule, found in items)


@pytest.mark.parametrize("op", named(STREAMS))
@deep
@given(data=st.data())
def test_one_sided_fields_fold_too(op: ir.Operation, data: st.DataObject) -> None:
    whole = data.draw(_answers(op, ANY))
    fold = operation(op).new_fold()
    for chunk in Cutter(data.draw, data.draw(st.integers(1, 4)), whole_calls=True).cut(API.folds[op.response], whole):
        fold.add(chunk)
    folded_fields = {f"{f.model}.{r.field}" for f in API.folds.values() for r in f.rules}
    assert _bare(fold.response(), folded_fields) == _bare(whole, folded_fields)


def _bare(value: Any, folded: set[str]) -> Any:
    """A model as a dict of what folds make, empty fields left out."""
    if isinstance(value, Model):
        name = type(value).__name__
        names = [f.name for f in API.models[name].fields if name not in API.folds or f"{name}.{f.name}" in folded]
        found = {n: _bare(getattr(value, n), folded) for n in names}
        return {n: item for n, item in found.items() if item not in (None, "", [])}
    return [_bare(item, folded) for item in value] if isinstance(value, list) else value


def test_complete_needs_a_finish_reason_on_every_index() -> None:
    from xai_dual.types.chat import ChatChunk, ChoiceChunk

    fold = operation(API.operations["chat.stream"]).new_fold()
    assert not fold.complete
    fold.add(ChatChunk(id="a"))
    assert not fold.complete, "a heartbeat is no answer"
    fold.add(ChatChunk(choices=[ChoiceChunk(index=0), ChoiceChunk(index=1)]))
    fold.add(ChatChunk(choices=[ChoiceChunk(index=1, finish_reason="stop")]))
    assert not fold.complete
    fold.add(ChatChunk(choices=[ChoiceChunk(index=0, finish_reason="from the future")]))
    assert fold.complete
    fold.add(ChatChunk())
    assert fold.complete


def test_what_answers_lack_is_kept_in_extra() -> None:
    from xai_dual.types.chat import ChatChunk

    def chunk(images: Any) -> ChatChunk:
        return ChatChunk.from_dict({"choices": [{"index": 0, "delta": {"images": images}}]})

    fold = operation(API.operations["chat.stream"]).new_fold()
    chunks = [chunk(["a"]), chunk(5), chunk(["b"]), chunk(None), chunk(["c", 7]), chunk(["d"])]
    before = copy.deepcopy([c.choices[0].delta.extra for c in chunks])
    early: list[Any] = []
    for item in chunks:
        fold.add(item)
        early.append(fold.response().choices[0].message.extra)
    assert early[0] == {"images": ["a"]}
    assert early[-1] is not None
    assert early[-1]["images"][-1] == "d"
    assert [c.choices[0].delta.extra for c in chunks] == before


def test_reasoning_first_then_text_then_usage() -> None:
    """As servers stream: role, reasoning, text, finish reason, and a last chunk with usage and no choice."""
    from xai_dual.types.chat import ChatChunk, ChatCompletion

    deltas: list[Any] = [
        {"role": "assistant", "content": "", "reasoning_content": "Let me "},
        {"reasoning_content": "see."},
        {"content": "It is "},
        {"content": "303."},
    ]
    events: list[Any] = [{"id": "x", "choices": [{"index": 0, "delta": d}]} for d in deltas]
    events.append({"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    events.append({"id": "x", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})
    fold = operation(API.operations["chat.stream"]).new_fold()
    for event in events:
        fold.add(ChatChunk.from_dict(event))
    message = {"role": "assistant", "content": "It is 303.", "reasoning_content": "Let me see."}
    assert fold.response() == ChatCompletion.from_dict(
        {
            "id": "x",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        }
    )
