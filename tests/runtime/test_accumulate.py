from __future__ import annotations

import copy
import time

import attrs
from hypothesis import given
from hypothesis import strategies as st

from xai_dual.accumulate import Text, ToolCalls, union


@attrs.define
class Function:
    name: str = ""
    arguments: str = ""


@attrs.define
class Call:
    id: str | None = None
    type: str | None = None
    function: Function | None = None
    index: int | None = None


@given(st.lists(st.text() | st.none()))
def test_text(parts: list[str | None]) -> None:
    text = Text()
    whole = ""
    for part in parts:
        text.add(part)
        whole += part or ""
        if part and len(part) % 2:
            assert text.value() == whole
    assert text.value() == whole
    assert bool(text) == bool(whole)


@given(
    st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1), st.text()), max_size=4, unique_by=lambda c: c[0]),
    st.data(),
)
def test_pieces_and_whole_calls_are_equal(calls: list[tuple[str, str, str]], data: st.DataObject) -> None:
    whole, pieces = ToolCalls[Call](), ToolCalls[Call]()
    sent: list[Call] = []
    for i, (id_, name, arguments) in enumerate(calls):
        whole.add([Call(id_, "function", Function(name, arguments))])
        cut = data.draw(st.integers(0, len(arguments)))
        sent.append(Call(id_, "function", Function(name, arguments[:cut]), i))
        sent.append(Call(function=Function(arguments=arguments[cut:]), index=i))
    before = copy.deepcopy(sent)
    for piece in sent:
        pieces.add([piece])
    assert sent == before
    assert [(c.id, c.type, c.function) for c in pieces.value()] == [(c.id, c.type, c.function) for c in whole.value()]
    assert [c.id for c in whole.value()] == [c[0] for c in calls]


def test_interleaved_and_repeated() -> None:
    calls = ToolCalls[Call]()
    calls.add([Call("a", "function", Function("f", "{"), 0), Call("b", "function", Function("g", "["), 1)])
    calls.add([Call(None, None, Function("", "]"), 1), Call("a", None, Function("f", "}"), 0)])
    calls.add([Call("a", "function", Function("f", "{}")), Call("c", "function", Function("h", ""))])
    calls.add(None)
    found = [(c.id, c.function.name, c.function.arguments) for c in calls.value() if c.function]
    assert found == [("a", "f", "{}"), ("b", "g", "[]"), ("c", "h", "")]
    first = calls.value()[0]
    first.id = "changed"
    assert calls.value()[0].id == "a"


def test_a_first_piece_without_function() -> None:
    calls = ToolCalls[Call]()
    calls.add([Call("a", "function", None, 0)])
    assert calls.value() == [Call("a", "function", None, None)]
    calls.add([Call(None, None, Function("f", "{}"), 0)])
    assert calls.value() == [Call("a", "function", Function("f", "{}"), None)]


def test_linear_cost() -> None:
    calls = ToolCalls[Call]()
    start = time.process_time()
    for _ in range(20_000):
        calls.add([Call(function=Function(arguments="x" * 20), index=0)])
    assert len(calls.value()[0].function.arguments) == 400_000  # type: ignore[union-attr]
    assert time.process_time() - start < 2


@given(st.lists(st.lists(st.integers(0, 9)), max_size=5))
def test_union(groups: list[list[int]]) -> None:
    plain: list[int] = []
    models: list[Function] = []
    for group in groups:
        union(plain, group)
        union(models, [Function(str(n)) for n in group])
    flat = [n for group in groups for n in group]
    assert plain == list(dict.fromkeys(flat))
    assert models == [Function(str(n)) for n in dict.fromkeys(flat)]
    union(plain, None)
