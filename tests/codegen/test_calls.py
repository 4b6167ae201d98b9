"""The kinds of calls: pages, plain lists, no answer, pending answers, waiting, and what their bindings name."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from xai_dual.operation import PageOperation, RestRequest

from .calls import BINDING, PATHS, PROTO, SCHEMAS, project
from .mini import Caller, Package, mini


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return project(tmp_path_factory.mktemp("calls")).load()


# --- lists ---


def test_pages_go_on_by_a_token(package: Package) -> None:
    grpc = [
        package.bytes("ListAnswer", items=[{"id": "a"}], next="t"),
        package.bytes("ListAnswer", items=[{"id": "b"}]),
    ]
    rest = [{"data": [{"id": "a"}], "next": "t"}, {"data": [{"id": "b"}], "next": None}]
    sent, on_grpc = package.pages("grpc", "items.list", *grpc, limit=5)
    asked, on_rest = package.pages("rest", "items.list", *rest, limit=5)
    assert on_grpc == on_rest == [[package.types.Item(id="a")], [package.types.Item(id="b")]]
    assert [p.next_token for p in on_grpc] == [p.next_token for p in on_rest] == ["t", None]
    assert [package.parsed("ListAsk", x).page_token for x in sent] == ["", "t"]
    assert asked == [
        RestRequest("/v1/items", (("limit", "5"),)),
        RestRequest("/v1/items", (("page_token", "t"), ("limit", "5"))),
    ]


def test_pages_end_where_has_more_is_false_though_the_last_id_is_given(package: Package) -> None:
    grpc = [
        package.bytes("ScrollAnswer", items=[{"id": "a"}], has_more=True, last_id="a"),
        package.bytes("ScrollAnswer", items=[{"id": "b"}], has_more=False, last_id="b"),
    ]
    rest = [
        {"data": [{"id": "a"}], "has_more": True, "last_id": "a"},
        {"data": [{"id": "b"}], "has_more": False, "last_id": "b"},
    ]
    sent, on_grpc = package.pages("grpc", "items.scroll", *grpc)
    asked, on_rest = package.pages("rest", "items.scroll", *rest)
    assert on_grpc == on_rest
    assert [p.next_token for p in on_grpc] == [p.next_token for p in on_rest] == ["a", None]
    assert (len(sent), asked[-1]) == (2, RestRequest("/v1/scroll", (("after", "a"),)))


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"next": ""}, {"next": 5}, {"data": "x"}])
def test_an_odd_page_is_empty_and_the_last(package: Package, answer: Mapping[str, Any]) -> None:
    _, pages = package.pages("rest", "items.list", answer)
    assert [(list(p), p.next_token) for p in pages] == [([], None)]


def test_a_page_is_a_record_that_knows_its_argument(package: Package) -> None:
    operation = package.module("_gen.operations.mini").ITEMS_LIST
    assert isinstance(operation, PageOperation)
    assert (operation.argument, operation.read_only) == ("page_token", True)
    assert "def list(self, *, page_token: str | None = None" in package.text("_async.resources.items")
    assert "-> AsyncPager[Item]:" in package.text("_async.resources.items")
    assert "-> Pager[Item]:" not in package.text("_async.resources.items")


def test_a_list_that_is_no_page_comes_out_of_its_envelope(package: Package) -> None:
    sent, on_grpc = package.call("grpc", "items.all", package.bytes("AllAnswer", things=[{"id": "a"}, {}]))
    asked, on_rest = package.call("rest", "items.all", {"data": [{"id": "a"}, {}]})
    assert on_grpc == on_rest == [package.types.Item(id="a"), package.types.Item()]
    assert on_rest.meta is None
    assert not hasattr(on_rest, "next_token")
    assert (sent, asked) == ([b""], [RestRequest("/v1/all")])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('argument = "after"', 'argument = "gone"', "page: ScrollAsk has no field gone"),
        ('more = "has_more"', 'more = "gone"', "mini.ScrollAnswer has no field gone"),
        ('more = "has_more"', 'more = "gone"', "the answer of GET /v1/scroll has no property gone"),
        ('token = "next"', 'token = "gone"', "mini.ListAnswer has no field gone"),
    ],
)
def test_pages_of_what_is_gone_are_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    problems = project(tmp_path, old, new).problems()
    assert any(says in p for p in problems), problems


# --- no answer, answers that are not ready, waiting ---


def test_an_operation_without_an_answer_gives_none(package: Package) -> None:
    assert package.call("grpc", "items.delete", b"", id="i") == ([package.bytes("Key", id="i")], None)
    assert package.call("rest", "items.delete", {"deleted": True}, id="i") == ([RestRequest("/v1/items/i")], None)
    assert inspect.signature(package.method("items.delete", Caller("rest", []))).return_annotation == "None"


def test_a_pending_answer_is_a_state(package: Package) -> None:
    operation = package.module("_gen.operations.mini").ITEMS_STATE
    assert operation.rest["rest"].pending
    _, on_grpc = package.call("grpc", "items.state", package.bytes("StateAnswer", status=1), id="i")
    _, on_rest = package.call("rest", "items.state", {"status": "pending"}, id="i")  # as the transport says 202
    assert on_grpc == on_rest == package.types.Job(status="pending")


def test_a_route_may_answer_with_what_the_state_wraps(package: Package) -> None:
    _, pending = package.call("rest", "items.done", {"status": "pending"}, id="i")
    _, done = package.call("rest", "items.done", {"id": "x"}, id="i")
    assert pending == package.types.Job(status="pending")
    assert done == package.types.Job(status="done", item=package.types.Item(id="x"))


@pytest.mark.parametrize("wire", ["grpc", "rest"])
def test_waiting_asks_until_it_is_done(package: Package, wire: str) -> None:
    states = [("pending", None), ("pending", None), ("done", {"id": "x"})]
    numbers = {"pending": 1, "done": 2}
    answers: list[Any] = [
        package.bytes("StateAnswer", status=numbers[s], item=i) if wire == "grpc" else {"status": s, "item": i}
        for s, i in states
    ]
    caller = Caller(wire, answers)
    found = asyncio.run(package.method("items.wait", caller)(id="i", interval=0.1, deadline=3))
    assert found == package.types.Job(status="done", item=package.types.Item(id="x"))
    assert len(caller.sent) == 3
    assert caller.asked["state"].__name__ == "deferred"
    assert (caller.asked["interval"], caller.asked["timeout"], caller.asked["on_progress"]) == (0.1, 3, None)
    signature = inspect.signature(package.method("items.wait", caller))
    assert signature.parameters["on_progress"].annotation == "Callable[[Job], Any] | None"


def test_waiting_for_what_is_gone_is_told(tmp_path: Path) -> None:
    project(tmp_path, 'poll = "items.state"', 'poll = "items.gone"').problem(
        '[operation."items.wait"]: poll names items.gone, which is no operation with an answer'
    )


# --- operations and what they name ---


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "Items/State",
            "Items/Drop",
            "response Job stands for mini.StateAnswer, but mini.Items/Drop gives mini.Nothing",
        ),
        ("Items/State", "Items/Scroll", "request Key stands for mini.Key, but mini.Items/Scroll takes mini.ScrollAsk"),
        (
            'items = "things"\ngrpc = "mini.Items/All"\nrest',
            'items = "has_more"\ngrpc = "mini.Items/Scroll"\nrest',
            "response Item stands for mini.Item, but mini.Items/Scroll gives mini.ScrollAnswer",
        ),
    ],
)
def test_models_must_stand_for_what_the_rpc_takes_and_gives(tmp_path: Path, old: str, new: str, says: str) -> None:
    problems = project(tmp_path, old, new).problems()
    assert any(says in p for p in problems), problems


def test_a_file_of_bindings_may_have_operations_only(tmp_path: Path) -> None:
    head, _, rest = BINDING.partition('[operation."switch.on"]')
    operation, _, models = rest.partition("[model.Item]")
    more = {"bindings": f'[operation."switch.on"]{operation}'}
    package = mini(
        tmp_path, PROTO, SCHEMAS, f"{head}[model.Item]{models}", paths=yaml.safe_dump(PATHS), extra=more
    ).load()
    assert package.call("rest", "switch.on", {})[0][0].body == {"live": True, "why": "asked"}
    assert "types/extra.py" not in " ".join(package.texts)


def test_a_long_list_may_be_sent_in_slices(tmp_path: Path) -> None:
    """The limits of the service stand with the operation, and name a field that there is."""
    line = 'slices = { field = "text", most_bytes = 5_000_000, calls = 10, seconds = 60 }\n'
    binding = BINDING.replace('required = ["text"]\n', f'required = ["text"]\n{line}')
    text = project(tmp_path, binding=binding).load().text("_async.resources.shelves")
    assert 'Slicing(field="text", most_bytes=5000000, calls=10, seconds=60)' in text
    project(tmp_path, 'field = "text"', 'field = "gone"', binding).problem("slices: MakeAsk has no field gone")
