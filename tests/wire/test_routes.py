"""Calls with several REST routes: a request takes the first one that carries all of it, and none is sent in part."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen import ir
from xai_dual._routes import encoded_for_route
from xai_dual.errors import UnsupportedOnTransport
from xai_dual.types.chat import ContentPart, FileRef, ImageUrl, LiveSearchTool, Message
from xai_dual.types.documents import HybridRetrieval
from xai_dual.types.tools import AttachmentSearch, CodeExecution, CollectionsSearch, WebSearch

from .project import API, OPERATIONS, body_pointer, deep, model_class, named, operation, routed, slot_of, valid
from .strategies import GRPC, REST, contents, models, on_route

SEVERAL = [op for op in OPERATIONS if op.request and len(op.rest) > 1]
EVERY = pytest.mark.parametrize("op", named(SEVERAL))
EVERY_ROUTE = pytest.mark.parametrize(("op", "route"), routed((op, route) for op in SEVERAL for route in op.rest))
LEAST = {"ChatRequest": {"model": "grok-4", "messages": "Hi"}}
"""A request that every route carries."""


def request_of(op: ir.Operation, **fields: Any) -> Any:
    return model_class(op.request or "")(**{**LEAST[op.request or ""], **fields})


def only_on(op: ir.Operation, shape: str) -> list[ir.Field]:
    """Fields that of all routes only that one carries."""
    model = API.models[op.request or ""]
    carriers = {f.name: [r.shape for r in op.rest if slot_of(model, f, r.shape) is not None] for f in model.fields}
    return [f for f in model.fields if carriers[f.name] == [shape]]


def drawn(data: st.DataObject, op: ir.Operation, field: ir.Field, shape: str) -> Any:
    """A value of that field as the route takes it, that asks for something."""
    values = contents(API.models[op.request or ""], field, on_route(REST, shape))
    return data.draw(values.filter(lambda value: value is not False and value not in ([], (), {}, "")), field.name)


def refused(op: ir.Operation, request: Any, rest_route: str = "") -> UnsupportedOnTransport:
    with pytest.raises(UnsupportedOnTransport) as caught:
        encoded_for_route(operation(op), request, rest_route)
    assert caught.value.transport == "rest"
    assert type(caught.value) is UnsupportedOnTransport
    return caught.value


def test_there_are_such_calls() -> None:
    assert [op.name for op in SEVERAL] == ["chat.create", "chat.stream"]
    for op in SEVERAL:
        assert all(only_on(op, route.shape) for route in op.rest)


@EVERY_ROUTE
@deep
@given(data=st.data())
def test_what_a_route_carries_is_valid_there(op: ir.Operation, route: ir.RestRoute, data: st.DataObject) -> None:
    request = data.draw(models(op.request or "", on_route(REST, route.shape)))
    record = operation(op)
    binding, sent = encoded_for_route(record, request, route.shape)
    assert binding is record.rest[route.shape]
    assert sent.body is not None
    valid(sent.body, body_pointer(route.method, route.path))
    assert ("store" in sent.body) == (route.shape == "responses")
    if route.shape == "responses":
        assert sent.body["store"] is bool(request.store)


@EVERY
@deep
@given(data=st.data())
def test_the_first_route_that_carries_the_request_is_taken(op: ir.Operation, data: st.DataObject) -> None:
    record, first = operation(op), op.rest[0]
    assert encoded_for_route(record, request_of(op), "")[0].shape == first.shape
    for route in op.rest:
        for field in only_on(op, route.shape):
            request = request_of(op, **{field.name: drawn(data, op, field, route.shape)})
            binding, sent = encoded_for_route(record, request, "")
            assert binding.route == route.route, field.name
            assert sent == encoded_for_route(record, request, route.shape)[1]


def test_what_asks_for_nothing_needs_no_other_route() -> None:
    nothing = {"store": False, "include": [], "use_encrypted_content": False}
    for op in SEVERAL:
        binding, sent = encoded_for_route(operation(op), request_of(op, n=2, **nothing), "")
        assert binding.shape == "completions"
        assert not nothing.keys() & (sent.body or {}).keys()
        binding, _ = encoded_for_route(operation(op), request_of(op, store=True, stop=[], logit_bias={}), "")
        assert binding.shape == "responses"


@EVERY
@deep
@given(data=st.data())
def test_what_needs_two_routes_is_refused_by_both_names(op: ir.Operation, data: st.DataObject) -> None:
    first, second = op.rest
    for one in only_on(op, first.shape):
        for other in only_on(op, second.shape):
            request = request_of(
                op, **{f.name: drawn(data, op, f, s.shape) for f, s in ((one, first), (other, second))}
            )
            error = refused(op, request)
            assert error.field == other.name
            assert error.why == (
                f"only {second.route} carries it, and only {first.route} carries {one.name}: leave out one of the two"
            )


@EVERY
@deep
@given(data=st.data())
def test_a_forced_route_refuses_by_the_name_of_the_other(op: ir.Operation, data: st.DataObject) -> None:
    for route in op.rest:
        (forced,) = (r for r in op.rest if r is not route)
        for field in only_on(op, route.shape):
            request = request_of(op, **{field.name: drawn(data, op, field, route.shape)})
            error = refused(op, request, forced.shape)
            assert error.field == field.name
            assert error.why == f"only {route.route} carries it, and rest_route={forced.shape!r} takes {forced.route}"


@EVERY
@deep
@given(data=st.data())
def test_what_only_grpc_carries_is_refused_on_every_route(op: ir.Operation, data: st.DataObject) -> None:
    model = API.models[op.request or ""]
    fields = [f for f in model.fields if f.one_sided == "grpc"]
    assert fields
    for field in fields:
        value = data.draw(contents(model, field, GRPC), field.name)
        for rest_route in ("", *(r.shape for r in op.rest)):
            error = refused(op, request_of(op, **{field.name: value}), rest_route)
            assert (error.field, error.why) == (field.name, "transport='grpc' can")


OTHERS = [op for op in OPERATIONS if op.request in LEAST and len(op.rest) == 1]


@pytest.mark.parametrize("op", named(OTHERS))
@deep
@given(data=st.data())
def test_a_call_with_one_route_has_no_other_to_go_to(op: ir.Operation, data: st.DataObject) -> None:
    model, (route,) = API.models[op.request or ""], op.rest
    for name in ("responses", "completions", "neither"):  # a client's default route may be one that this call lacks
        assert encoded_for_route(operation(op), request_of(op), name)[0].route == route.route
    for field in model.fields:
        if field.rest and slot_of(model, field, route.shape) is None:
            request = request_of(op, **{field.name: drawn(data, op, field, next(iter(field.rest)))})
            error = refused(op, request)
            assert error.field == field.name
            assert error.why == f"{route.route} does not take it; transport='grpc' does"


# --- what stands deeper in a request ----------------------------------------------------------------------------------


def file(**content: Any) -> dict[str, Any]:
    return {"messages": [Message(role="user", content=[ContentPart(type="file", file=FileRef(**content))])]}


def image(**content: Any) -> dict[str, Any]:
    return {"messages": [Message(role="user", content=[ContentPart(type="image_url", image_url=ImageUrl(**content))])]}


SEARCH = {"type": "live_search", "sources": []}
DEEPER: list[tuple[dict[str, Any], str, str]] = [
    # arguments, the only route that carries them, where the reason stands
    ({"messages": [Message(role="assistant", encrypted_content="x")]}, "responses", "messages[0].encrypted_content"),
    (file(data=b"x"), "responses", "messages[0].content[0].file.data"),
    (file(file_id="f", filename="a.txt"), "responses", "messages[0].content[0].file.filename"),
    (file(url="u", mime_type="text/plain"), "responses", "messages[0].content[0].file.mime_type"),
    ({"tools": [WebSearch()]}, "responses", "tools[0]"),
    ({"tools": [{"type": "code_interpreter"}]}, "responses", "tools[0]"),
    ({"tools": [CodeExecution(), {"type": "x_search"}]}, "responses", "tools[0]"),
    ({"tools": [LiveSearchTool(sources=[])]}, "completions", "tools[0]"),
    ({"tools": [SEARCH]}, "completions", "tools[0]"),
]
BY_PATH = pytest.mark.parametrize(
    ("fields", "shape", "path"), [pytest.param(*case, id=f"{i}-{case[2]}") for i, case in enumerate(DEEPER)]
)


@BY_PATH
@EVERY
def test_deep_content_decides_too(op: ir.Operation, fields: Any, shape: str, path: str) -> None:
    routes = {route.shape: route for route in op.rest}
    binding, sent = encoded_for_route(operation(op), request_of(op, **fields), "")
    assert binding.shape == shape
    assert sent.body is not None
    valid(sent.body, body_pointer(routes[shape].method, routes[shape].path))
    (other,) = (route for route in op.rest if route.shape != shape)
    error = refused(op, request_of(op, **fields), other.shape)
    assert error.field == path
    assert routes[shape].route in error.why


@EVERY
def test_deep_content_of_two_routes_is_refused_by_both_paths(op: ir.Operation) -> None:
    error = refused(op, request_of(op, tools=[SEARCH, WebSearch()]))
    assert (error.field, "carries tools[0]: leave out" in error.why) == ("tools[1]", True)
    error = refused(op, request_of(op, stop="END", **file(data=b"x")))
    assert (error.field, "carries stop: leave out" in error.why) == ("messages[0].content[0].file.data", True)


NOWHERE: list[tuple[dict[str, Any], str]] = [
    (image(url="u", detail="low"), "messages[0].content[0].image_url.detail"),
    ({"tools": [AttachmentSearch()]}, "tools[0]"),
    ({"tools": [{"type": "attachment_search"}]}, "tools[0]"),
    ({"tools": [CollectionsSearch(collection_ids=["c"], instructions="i")]}, "tools[0].instructions"),
    (
        {"tools": [CollectionsSearch(collection_ids=["c"], retrieval_mode=HybridRetrieval())]},
        "tools[0].retrieval_mode",
    ),
    ({"include": ["web_search_call_output", "verbose_streaming"]}, "include[1]"),
]


@pytest.mark.parametrize(("fields", "path"), [pytest.param(*case, id=case[1]) for case in NOWHERE])
@EVERY
def test_deep_content_of_grpc_alone(op: ir.Operation, fields: Any, path: str) -> None:
    error = refused(op, request_of(op, **fields))
    assert (error.field, error.why.partition(":")[0]) == (path, "transport='grpc' can")
    assert operation(op).grpc.codec.encode(request_of(op, **fields))


@EVERY
def test_unknown_tools_go_where_the_rest_goes(op: ir.Operation) -> None:
    tool = {"type": "from the future", "a": 1}
    for fields, shape in (({}, "completions"), ({"store": True}, "responses")):
        binding, sent = encoded_for_route(operation(op), request_of(op, tools=[tool], **fields), "")
        assert sent.body is not None
        assert (binding.shape, sent.body["tools"]) == (shape, [tool])


@EVERY
def test_a_stored_answer_may_be_gone_on_from_without_a_message(op: ir.Operation) -> None:
    request = request_of(op, messages=[], previous_response_id="r")
    binding, sent = encoded_for_route(operation(op), request, "")
    assert sent.body is not None
    assert (binding.shape, sent.body["input"]) == ("responses", [])


@EVERY
def test_the_newer_of_two_limits_counts_on_every_route(op: ir.Operation) -> None:
    """`max_completion_tokens` replaces `max_tokens`; where one property stands for both, it has the newer value."""
    record, both = operation(op), request_of(op, max_tokens=5, max_completion_tokens=7)
    sent: Any = {shape: encoded_for_route(record, both, shape)[1].body for shape in ("completions", "responses")}
    assert sent["completions"].items() >= {"max_tokens": 5, "max_completion_tokens": 7}.items()
    assert sent["responses"]["max_output_tokens"] == 7
