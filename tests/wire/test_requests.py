"""What callers pass, on its way out: protobuf bytes against google.protobuf, JSON against the OpenAPI schemas."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen import ir
from codegen.convert import CONVERTERS
from xai_dual.model import Model

from . import strategies, writer
from .project import API, DOCUMENT, OPERATIONS, body_pointer, deep, message, named, operation, valid
from .strategies import BOTH, GRPC, REST, Want, models

ON_GRPC = [op for op in OPERATIONS if op.request and op.grpc]
ON_REST = [op for op in OPERATIONS if op.request and op.rest]
WANTS = pytest.mark.parametrize("want", [pytest.param(BOTH, id="both"), pytest.param(GRPC, id="grpc")])


def test_every_converter_has_a_strategy_and_a_writer() -> None:
    assert strategies.CONVERTED.keys() == writer.CONVERTERS == CONVERTERS.keys()


@WANTS
@pytest.mark.parametrize("op", named(ON_GRPC))
@deep
@given(data=st.data())
def test_protobuf_fields(op: ir.Operation, want: Want, data: st.DataObject) -> None:
    request = data.draw(models(op.request or "", want))
    sent = operation(op).grpc.codec.encode(request)
    parsed = message(op.messages[0]).FromString(sent)
    assert parsed == writer.write(request, message(op.messages[0])())
    assert parsed.SerializeToString(deterministic=True) == sent


@pytest.mark.parametrize("op", named([op for op in OPERATIONS if op.grpc and not op.request]))
def test_calls_without_request(op: ir.Operation) -> None:
    assert op.messages[0] == "google.protobuf.Empty"
    assert operation(op).grpc.codec.encode(None) == b""


@pytest.mark.parametrize("want", [pytest.param(BOTH, id="both"), pytest.param(REST, id="rest")])
@pytest.mark.parametrize("op", named(ON_REST))
@deep
@given(data=st.data())
def test_json_is_valid(op: ir.Operation, want: Want, data: st.DataObject) -> None:
    request = data.draw(models(op.request or "", want).filter(lambda m: _segments_are_fit(op, m)))
    for route in op.rest:
        sent = operation(op).rest[route.shape].codec.encode(request)
        _check_path(op, route, request, sent.path)
        if sent.body is None:
            assert "requestBody" not in DOCUMENT["paths"][route.path][route.method.lower()]  # type: ignore[index,call-overload]
            continue
        valid(sent.body, body_pointer(route.method, route.path))
        assert route.const.items() <= sent.body.items()
        assert orjson.loads(orjson.dumps(sent.body)) == sent.body


def _path_fields(op: ir.Operation) -> list[tuple[str, str]]:
    fields = API.models[op.request or ""].fields
    return [(f.name, s.path[0]) for f in fields for s in f.rest.values() if s.where == "path"]


def _segments_are_fit(op: ir.Operation, request: Any) -> bool:
    return all(getattr(request, name) not in ("", ".", "..") for name, _ in _path_fields(op))


def _check_path(op: ir.Operation, route: ir.RestRoute, request: Any, path: str) -> None:
    expected = route.path
    for name, parameter in _path_fields(op):
        expected = expected.replace(f"{{{parameter}}}", quote(getattr(request, name), safe=""))
    assert path == expected
    assert "{" not in path


@pytest.mark.parametrize("op", named(ON_GRPC))
@deep
@given(data=st.data())
def test_plain_dicts_mean_the_same(op: ir.Operation, data: st.DataObject) -> None:
    request = data.draw(models(op.request or "", BOTH).filter(lambda m: _segments_are_fit(op, m)))
    as_dicts = attrs.evolve(request, **{f.name: _plain(getattr(request, f.name)) for f in attrs.fields(type(request))})
    record = operation(op)
    assert record.grpc.codec.encode(as_dicts) == record.grpc.codec.encode(request)
    for binding in record.rest.values():
        assert binding.codec.encode(as_dicts) == binding.codec.encode(request)


def _plain(value: Any) -> Any:
    """Models as their JSON form, at any depth of lists; answers that are sent on are no dicts."""
    if isinstance(value, Model) and not hasattr(value, "to_message"):
        return value.to_dict()
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
