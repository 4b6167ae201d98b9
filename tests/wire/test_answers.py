"""What comes back: a value written to either wire by the tests' own means is read as the same value."""

from __future__ import annotations

from typing import Any

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen import ir
from xai_dual.model import Listing, Model, same

from .project import (
    API,
    MODELS,
    OPERATIONS,
    broad,
    deep,
    ir_of,
    message,
    model_class,
    named,
    operation,
    proto_function,
)
from .strategies import BOTH, GRPC, canonical, models
from .writer import write

RECEIVED = [m for m in MODELS if m.received]


@pytest.mark.parametrize("model", named(m for m in RECEIVED if m.grpc and m.rest))
@broad
@given(data=st.data())
def test_both_wires_read_the_same(model: ir.Model, data: st.DataObject) -> None:
    value = data.draw(models(model.name, canonical(BOTH)))
    by_json = model_class(model.name).from_dict(orjson.loads(orjson.dumps(value.to_dict())))
    by_proto = proto_function("decode", model)(write(value, message(model.grpc or "")()))
    assert same(by_json, by_proto)
    assert by_json == value
    assert same(by_proto, value)


@pytest.mark.parametrize("model", named(m for m in RECEIVED if m.grpc))
@broad
@given(data=st.data())
def test_all_of_grpc(model: ir.Model, data: st.DataObject) -> None:
    value = data.draw(models(model.name, canonical(GRPC)))
    read = proto_function("decode", model)(write(value, message(model.grpc or "")()))
    assert _without_zeros(read) == _without_zeros(value)


def _without_zeros(value: Any) -> Any:
    """A model as a dict without empty fields: protobuf cannot tell an absent plain field from a zero."""
    if isinstance(value, Model):
        zeros = {f.name: API.enums[f.type.name].zero for f in ir_of(value).fields if isinstance(f.type, ir.EnumRef)}
        found = {f.name: _without_zeros(getattr(value, f.name)) for f in attrs.fields(type(value)) if f.eq}
        found = {name: item for name, item in found.items() if name not in zeros or item != zeros[name]}
        return {name: item for name, item in found.items() if item or isinstance(item, dict)}
    return [_without_zeros(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("op", named(op for op in OPERATIONS if op.grpc and op.rest))
@deep
@given(data=st.data())
def test_answers_of_operations(op: ir.Operation, data: st.DataObject) -> None:
    one = models(op.chunk or op.response, canonical(BOTH))
    value: Any = data.draw(st.lists(one, max_size=3) if op.items else one)
    answer = message(op.messages[1])()
    if op.items:
        for item in value:
            write(item, getattr(answer, op.items["grpc"]).add())
    else:
        write(value, answer)
    by_proto = operation(op).grpc.codec.decode(answer.SerializeToString())
    assert isinstance(by_proto, Listing if op.items else model_class(op.chunk or op.response))
    assert same(by_proto, value)
    for route in op.rest:
        tree = {op.items[route.shape]: [item.to_dict() for item in value]} if op.items else value.to_dict()
        by_json = operation(op).rest[route.shape].codec.decode(orjson.loads(orjson.dumps(tree)))
        assert same(by_json, by_proto)
        assert by_json == value
