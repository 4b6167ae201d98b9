"""What comes back: a value written to either wire by the tests' own means is read as the same value."""

from __future__ import annotations

from typing import Any

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen import ir
from xai_dual.model import Listing, Model, Page, same

from .project import (
    API,
    MODELS,
    OPERATIONS,
    broad,
    deep,
    descriptor,
    ir_of,
    message,
    model_class,
    named,
    operation,
    proto_function,
    union_function,
)
from .strategies import ANY, BOTH, GRPC, Want, canonical, members, models
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
    assert without_zeros(read) == without_zeros(value)


def without_zeros(value: Any) -> Any:
    """A model as a dict without empty fields: protobuf cannot tell an absent plain field from a zero."""
    if isinstance(value, Model):
        zeros = {f.name: API.enums[f.type.name].zero for f in ir_of(value).fields if isinstance(f.type, ir.EnumRef)}
        found = {f.name: without_zeros(getattr(value, f.name)) for f in attrs.fields(type(value)) if f.eq}
        found = {name: item for name, item in found.items() if name not in zeros or item != zeros[name]}
        return {name: item for name, item in found.items() if item or isinstance(getattr(value, name), Model)}
    if isinstance(value, dict):
        return {key: without_zeros(item) for key, item in value.items()}
    return [without_zeros(item) for item in value] if isinstance(value, list) else value


ANSWERED = [op for op in OPERATIONS if op.chunk or op.response]


def answers(op: ir.Operation, want: Want) -> Any:
    """What one answer says: a model, a member of a union, or a list of them."""
    name = op.chunk or op.response or ""
    one = models(name, want) if name in API.models else members(API.unions[name], want)
    return st.lists(one, max_size=3) if op.items else one


def answer_class(op: ir.Operation) -> Any:
    """The class of what one answer is read as."""
    name = op.chunk or op.response or ""
    return Page if op.page else Listing if op.items else model_class(name) if name in API.models else Model


def generated(op: ir.Operation) -> list[ir.RestRoute]:
    """The routes whose answers generated code reads; see test_chat_answers.py for the others."""
    return [route for route in op.rest if not route.reader]


def tree_of(op: ir.Operation, route: ir.RestRoute, value: Any, token: str) -> Any:
    """The JSON of an answer, built by hand around the models' own."""
    name = op.chunk or op.response or ""
    encode_member = union_function("encode", API.unions[name]) if name in API.unions else None
    encode = (lambda item: encode_member(item, False)) if encode_member else lambda item: item.to_dict()
    if not op.items:
        return encode(getattr(value, route.wraps) if route.wraps else value)
    page = {op.page.token: token} if op.page else {}
    if op.page and op.page.more:
        page = {op.page.token: token or "the last", op.page.more: bool(token)}
    return {op.items[route.shape]: [encode(item) for item in value], **page}


@pytest.mark.parametrize("op", named(op for op in ANSWERED if op.grpc))
@deep
@given(data=st.data(), token=st.sampled_from(["", "next"]))
def test_answers_of_operations(op: ir.Operation, data: st.DataObject, token: str) -> None:
    value: Any = data.draw(answers(op, canonical(BOTH if op.rest else GRPC)))
    answer = message(op.messages[1])()
    if op.items:
        for item in value:
            write(item, getattr(answer, op.items["grpc"]).add())
    else:
        write(value, answer)
    if op.page:
        setattr(answer, op.page.token, token)
    by_proto = operation(op).grpc.codec.decode(answer.SerializeToString())
    assert isinstance(by_proto, answer_class(op))
    assert not op.page or by_proto.next_token == (token or None)
    if not op.rest:
        assert without_zeros(by_proto) == without_zeros(value)
        return
    assert same(by_proto, value)
    for route in generated(op):
        if route.wraps:
            value.status = "pending" if getattr(value, route.wraps) is None else "done"
            tree = {"status": "pending"} if value.status == "pending" else tree_of(op, route, value, token)
        else:
            tree = tree_of(op, route, value, token)
        by_json = operation(op).rest[route.shape].codec.decode(orjson.loads(orjson.dumps(tree)))
        assert by_json == value
        assert not op.page or by_json.next_token == by_proto.next_token
        if not route.wraps:
            assert same(by_json, by_proto)


@pytest.mark.parametrize("op", named(op for op in ANSWERED if not op.grpc))
@deep
@given(data=st.data(), token=st.sampled_from(["", "next"]))
def test_answers_of_rest_operations(op: ir.Operation, data: st.DataObject, token: str) -> None:
    value: Any = data.draw(answers(op, canonical(ANY)))
    for route in op.rest:
        tree = orjson.loads(orjson.dumps(tree_of(op, route, value, token)))
        read = operation(op).rest[route.shape].codec.decode(tree)
        assert read == value
        assert isinstance(read, answer_class(op))
        assert not op.page or read.next_token == (token or None)


@pytest.mark.parametrize("op", named(op for op in OPERATIONS if op.grpc and op.download))
@deep
@given(piece=st.binary(max_size=50))
def test_pieces_of_downloads(op: ir.Operation, piece: bytes) -> None:
    (name,) = (f.name for f in descriptor(op.messages[1]).fields if f.type == f.TYPE_BYTES)
    answer = message(op.messages[1])(**{name: piece})
    assert operation(op).grpc.codec.decode(answer.SerializeToString()) == piece


@pytest.mark.parametrize("op", named(op for op in OPERATIONS if not (op.chunk or op.response or op.download)))
def test_no_answer(op: ir.Operation) -> None:
    record = operation(op)
    for binding in record.rest.values():
        assert binding.reader is None
        assert binding.codec.decode({}) is None
        assert binding.codec.decode({"anything": 1}) is None
    if op.grpc:
        assert op.messages[1] == "google.protobuf.Empty"
        assert record.grpc.codec.decode(b"") is None
