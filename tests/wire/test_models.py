"""What every model does: JSON form and back, copies, repr, comparison."""

from __future__ import annotations

import copy
import pickle
from importlib import import_module
from typing import Any

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen import ir
from codegen.lines import snake
from xai_dual._secrets import HIDDEN
from xai_dual.meta import Meta
from xai_dual.model import same

from .project import API, MODELS, broad, json_path, message, model_class, named, proto_function
from .strategies import ANY, canonical, models

EVERY_MODEL = pytest.mark.parametrize("model", named(MODELS))


@EVERY_MODEL
@broad
@given(data=st.data())
def test_json_form_and_back(model: ir.Model, data: st.DataObject) -> None:
    value = data.draw(models(model.name, canonical(ANY)))
    tree = value.to_dict()
    again = model_class(model.name).from_dict(orjson.loads(orjson.dumps(tree)))
    assert again == value
    assert again.extra is None
    assert again.to_dict() == tree


@EVERY_MODEL
def test_what_is_read_of_nothing_is_whole(model: ir.Model) -> None:
    """Decoders make models without `__init__`: all attributes are there, and as it would have set them."""
    cls = model_class(model.name)
    json = import_module(f"xai_dual._gen.json.{model.domain}")
    decoders = [f"decode_{snake(model.name)}{shape}" for shape in ("", *(f"_{s}" for s in model.other_shapes))]
    read = [(getattr(json, decoder)({}), "rest") for decoder in decoders if hasattr(json, decoder)]
    if model.grpc and (model.received or model.echoed):
        read.append((proto_function("decode", model)(message(model.grpc)()), "grpc"))
    required = {f.name: None for f in attrs.fields(cls) if f.default is attrs.NOTHING}
    nothing = cls(**required)
    on_grpc = {f.name for f in model.fields if f.grpc}  # these say themselves what an empty message has
    for value, wire in read:
        for field in attrs.fields(cls):
            held = getattr(value, field.name)
            assert held == getattr(nothing, field.name) or (wire == "grpc" and field.name in on_grpc)


@EVERY_MODEL
@broad
@given(data=st.data())
def test_json_form_of_what_callers_pass(model: ir.Model, data: st.DataObject) -> None:
    tree = data.draw(models(model.name, ANY)).to_dict()
    again = model_class(model.name).from_dict(tree)
    assert again.extra is None
    assert again.to_dict() == tree


@EVERY_MODEL
@broad
@given(data=st.data())
def test_copies_repr_and_comparison(model: ir.Model, data: st.DataObject) -> None:
    value = data.draw(models(model.name, ANY))
    value.extra = {"new": [1, {"a": None}]}
    if model.answers:
        value.meta = Meta(transport="rest", route="GET /v1/models", request_id="r1")
    _check_copies(value)
    _check_repr(model, value)
    _check_comparison(model, value)


def _check_copies(value: Any) -> None:
    for again in (pickle.loads(pickle.dumps(value)), copy.deepcopy(value), copy.copy(value)):
        assert again == value
        assert same(again, value)
        assert again.extra == value.extra
        assert getattr(again, "meta", None) == getattr(value, "meta", None)


def _check_repr(model: ir.Model, value: Any) -> None:
    """It shows what is set; of secrets, that they are."""
    secret = {f.name for f in model.fields if f.secret}
    fields = {f.name: getattr(value, f.name) for f in attrs.fields(type(value)) if f.name not in ("extra", "meta")}
    shown = [
        f"{name}={(HIDDEN if name in secret and content else content)!r}"
        for name, content in fields.items()
        if content not in (None, [], {})
    ]
    assert repr(value) == f"{model.name}({', '.join(shown)})"


def _check_comparison(model: ir.Model, value: Any) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(value)
    other = copy.copy(value)
    other.extra = {"a": 1}
    if model.answers:
        other.meta = Meta(transport="grpc", route="a/b")
    assert other == value
    assert value != value.to_dict()
    for field in model.fields:
        changed: Any = attrs.evolve(value, **{field.name: _other(value, field.name)})
        assert changed != value
        assert same(changed, value) == bool(model.two_sided and field.one_sided), field.name


def _other(value: Any, name: str) -> Any:
    """Another value of a field: of what has a view for comparison, one that the view can be of."""
    if not hasattr(value, f"comparable_{name}"):
        return object()
    odd = model_class("Choice")(message=model_class("ChoiceMessage")(content="something else"))
    return [*getattr(value, name), odd]


@EVERY_MODEL
def test_one_sided_is_what_the_bindings_say(model: ir.Model) -> None:
    assert model_class(model.name).one_sided == (
        {f.name: f.one_sided for f in model.fields if f.one_sided} if model.two_sided else {}
    )


@pytest.mark.parametrize("model", named(m for m in MODELS if m.received))
def test_zero_values_are_the_same_everywhere(model: ir.Model) -> None:
    cls = model_class(model.name)
    assert cls() == cls.from_dict({}) == cls.from_dict(dict.fromkeys(cls().to_dict()))
    if model.grpc:
        assert same(proto_function("decode", model)(message(model.grpc)()), cls())


def test_json_names_do_not_collide() -> None:
    for model in API.models.values():
        assert len({json_path(model, f) for f in model.fields}) == len(model.fields), model.name
