"""What callers pass, on its way out: protobuf bytes against google.protobuf, JSON against the OpenAPI schemas."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from urllib.parse import quote

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen import ir
from codegen.convert import COERCIONS, CONVERTERS, RESHAPES
from xai_dual._chat import checks as chat_checks
from xai_dual._chat import reshape
from xai_dual.model import Model
from xai_dual.operation import RestRequest

from . import strategies, writer
from .mended import MENDED
from .project import (
    API,
    OPERATIONS,
    ROUTES,
    alternatives,
    body_pointer,
    deep,
    fits,
    message,
    named,
    operation,
    parameters,
    resolve,
    route_of,
    routed,
    slot_of,
    union_function,
    valid,
)
from .strategies import BOTH, GRPC, REST, Want, models, on_route

ON_GRPC = [op for op in OPERATIONS if op.request and op.grpc]
ON_REST = [(op, route) for op, route in ROUTES if op.request]
WANTS = pytest.mark.parametrize("want", [pytest.param(BOTH, id="both"), pytest.param(GRPC, id="grpc")])


def test_every_converter_has_a_strategy_and_a_writer() -> None:
    assert strategies.CONVERTED.keys() == writer.CONVERTERS == CONVERTERS.keys()
    assert strategies.COERCED.keys() == writer.COERCED == COERCIONS.keys()


def test_everything_by_hand_that_bindings_name_is_there() -> None:
    assert set(RESHAPES) == set(reshape.__all__)
    named_checks = {model.check for model in API.models.values() if model.check}
    assert named_checks == set(chat_checks.__all__) == MENDED.keys()
    named_there = [name for model in API.models.values() for name in model.by.values()]
    named_there += [route.reader for op in OPERATIONS for route in op.rest if route.reader]
    named_there += [f"xai_dual._async.{op.stream}" for op in OPERATIONS if op.stream]
    helpers = [op.helper for op in API.operations.values() if op.helper]
    named_there += [f"xai_dual._async.{helper.module}:{helper.function}" for helper in helpers]
    assert helpers
    for name in named_there:
        module, _, attribute = name.partition(":")
        assert callable(getattr(import_module(module), attribute)), name


@WANTS
@pytest.mark.parametrize("op", named(ON_GRPC))
@deep
@given(data=st.data())
def test_protobuf_fields(op: ir.Operation, want: Want, data: st.DataObject) -> None:
    request = data.draw(models(op.request or "", want))
    sent = operation(op).grpc.codec.encode(request)
    parsed = message(op.messages[0]).FromString(sent)
    expected = message(op.messages[0])()
    writer.write(request, _start(op, expected))
    assert parsed == expected
    assert len(parsed.SerializeToString()) == len(sent), "nothing unknown beside them"


def _start(op: ir.Operation, first: Any) -> Any:
    """What is said of an upload stands in its first message, which may as well carry a piece."""
    own = API.models[op.request or ""].grpc
    if own == op.messages[0]:
        return first
    start = getattr(first, next(f.name for f in first.DESCRIPTOR.fields if f.message_type.full_name == own))
    start.SetInParent()
    return start


@pytest.mark.parametrize("op", named([op for op in OPERATIONS if op.grpc and op.upload]))
@deep
@given(piece=st.binary(max_size=50))
def test_pieces_of_uploads(op: ir.Operation, piece: bytes) -> None:
    parsed = message(op.messages[0]).FromString(operation(op).wrap(piece))
    (field, content), *more = parsed.ListFields()
    assert (field.type, content, more) == (field.TYPE_BYTES, piece, [])


@pytest.mark.parametrize("op", named([op for op in OPERATIONS if op.grpc and not op.request]))
def test_calls_without_request(op: ir.Operation) -> None:
    assert op.messages[0] == "google.protobuf.Empty"
    assert operation(op).grpc.codec.encode(None) == b""


@pytest.mark.parametrize("op", named([op for op in OPERATIONS if op.rest and not op.request]))
def test_rest_calls_without_request(op: ir.Operation) -> None:
    for route in op.rest:
        sent = operation(op).rest[route.shape].codec.encode(None)
        assert sent == RestRequest(route.path, body={} if op.upload else None)


@pytest.mark.parametrize("want", [pytest.param(BOTH, id="both"), pytest.param(REST, id="rest")])
@pytest.mark.parametrize(("op", "route"), routed(ON_REST))
@deep
@given(data=st.data())
def test_json_is_valid(op: ir.Operation, route: ir.RestRoute, want: Want, data: st.DataObject) -> None:
    request = data.draw(models(op.request or "", on_route(want, route.shape)))
    sent = operation(op).rest[route.shape].codec.encode(request)
    _check_path(op, route, request, sent.path)
    _check_query(op, route, request, sent.query)
    assert sent.filename == next((getattr(request, name) for name, _ in _fields(op, route, "filename")), None)
    if sent.body is None:
        assert "requestBody" not in route_of(route.method, route.path)
        return
    assert op.upload not in sent.body
    valid({**sent.body, **({op.upload: "content"} if op.upload else {})}, body_pointer(route.method, route.path))
    assert route.const.items() <= sent.body.items()
    assert route.default.keys() <= sent.body.keys()
    assert orjson.loads(orjson.dumps(sent.body)) == sent.body


def _fields(op: ir.Operation, route: ir.RestRoute, where: str) -> list[tuple[str, str]]:
    """(public name, name on the wire) of the fields that stand there."""
    model = API.models[op.request or ""]
    slots = [(f.name, slot_of(model, f, route.shape)) for f in model.fields]
    return [(name, slot.path[0]) for name, slot in slots if slot is not None and slot.where == where]


def _check_path(op: ir.Operation, route: ir.RestRoute, request: Any, path: str) -> None:
    expected = route.path
    for name, parameter in _fields(op, route, "path"):
        if f"{{{parameter}}}" in expected:
            expected = expected.replace(f"{{{parameter}}}", quote(getattr(request, name), safe=""))
    assert path == expected
    assert "{" not in path


def _check_query(op: ir.Operation, route: ir.RestRoute, request: Any, query: tuple[tuple[str, str], ...]) -> None:
    schemas = parameters(route)
    expected = {}
    for name, parameter in _fields(op, route, "query"):
        value = getattr(request, name)
        if value is not None and value != [] and value != ():
            expected[parameter] = [*value] if isinstance(value, (list, tuple)) else [value]
    read: dict[str, list[Any]] = {}
    for parameter, text in query:
        types = [s.get("type") for s in alternatives(schemas[parameter])]
        kind = resolve(alternatives(schemas[parameter])[0]["items"])["type"] if types == ["array"] else types[0]
        value = {"integer": int, "boolean": {"true": True, "false": False}.get}.get(kind, str)(text)
        read.setdefault(parameter, []).append(value)
    assert read == expected
    for parameter, values in read.items():
        many = alternatives(schemas[parameter])[0].get("type") == "array"
        assert fits(values if many else values[0], schemas[parameter])


@pytest.mark.parametrize(("op", "route"), routed([(op, route) for op, route in ON_REST if op.grpc]))
@deep
@given(data=st.data())
def test_plain_dicts_mean_the_same(op: ir.Operation, route: ir.RestRoute, data: st.DataObject) -> None:
    request = data.draw(models(op.request or "", on_route(BOTH, route.shape)))
    fields = {f.name: _plain(getattr(request, f.name), f.type) for f in API.models[op.request or ""].fields}
    as_dicts = attrs.evolve(request, **fields)
    record = operation(op)
    parsed, expected = (message(op.messages[0]).FromString(record.grpc.codec.encode(r)) for r in (as_dicts, request))
    assert parsed == expected
    encode = record.rest[route.shape].codec.encode
    assert encode(as_dicts) == encode(request)


def _plain(value: Any, type_: ir.Type) -> Any:
    """Models as their JSON form, at any depth of lists; answers that are sent on are no dicts."""
    if isinstance(value, Model) and not hasattr(value, "to_message"):
        if isinstance(type_, ir.UnionRef):  # which may put a tag on it
            return union_function("encode", API.unions[type_.name])(value, False)
        return value.to_dict()
    return [_plain(item, type_) for item in value] if isinstance(value, (list, tuple)) else value
