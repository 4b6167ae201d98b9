"""What all generated models share: conversion, equality over the wires, and the small types around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import attrs

from ._secrets import HIDDEN, without_secrets

if TYPE_CHECKING:
    from typing_extensions import Self

    from .meta import Meta

__all__ = ["Listing", "Model", "Page", "Unknown", "same"]

T = TypeVar("T")


class Model:
    """Base of every generated model.

    Generated subclasses are attrs classes with slots and keyword-only arguments. Two attributes take no part in `==`:
    `extra`, the properties of a JSON object that the definitions do not know or that had the wrong type, and, on models
    that answer a call, `meta`.
    """

    __slots__ = ()

    one_sided: ClassVar[Mapping[str, str]] = {}
    """Field name -> "grpc" or "rest", for the fields that only one wire carries."""
    not_on_route: ClassVar[Mapping[str, frozenset[str]]] = {}
    """Shape of a REST route -> the fields that it lacks, where another route and gRPC have them."""
    json_codec: ClassVar[tuple[str, str, str]] = ("", "", "")
    """Module, encoder and decoder of the JSON form."""

    def __repr__(self) -> str:
        """The fields that are set. Of those that are secret, it says no more than that."""
        fields = [f for f in _fields(self.__class__) if f.name not in ("extra", "meta")]
        values = [(f, getattr(self, f.name)) for f in fields]
        shown = [f"{f.name}={_shown(f, value)}" for f, value in values if value not in (None, [], {})]
        return f"{self.__class__.__name__}({', '.join(shown)})"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, spelled as on REST (fields that only gRPC has keep their names); unset fields are left out."""
        module, encoder, _ = self.json_codec
        result: dict[str, Any] = getattr(import_module(module), encoder)(self, False)
        return result

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form. Never raises on content: unknown or ill-typed properties end up in `extra`."""
        module, _, decoder = cls.json_codec
        result: Self = getattr(import_module(module), decoder)(data)
        return result


@attrs.define(repr=False)
class Unknown(Model):
    """A member of a union whose tag the definitions do not know: a newer tool, source, or event."""

    tag: str
    """The value of the tag property, or the name of the protobuf field; "" where there was none."""
    raw: Any = None
    """The JSON value as it came. None on gRPC, where an unknown member cannot be read."""

    def to_dict(self) -> dict[str, Any]:
        """The JSON value as it came."""
        return dict(self.raw) if isinstance(self.raw, Mapping) else {}


class Listing(list[T]):
    """The items of an answer that is a plain list, with the call's `meta`."""

    __slots__ = ("meta",)

    def __init__(self, items: Iterable[T] = (), meta: Meta | None = None) -> None:
        super().__init__(items)
        self.meta = meta


class Page(Listing[T]):
    """One page of a longer list."""

    __slots__ = ("next_token",)

    def __init__(self, items: Iterable[T] = (), next_token: str | None = None, meta: Meta | None = None) -> None:
        super().__init__(items, meta)
        self.next_token = next_token
        """What asks for the next page; None on the last."""


def secret_repr(value: object) -> str:
    """What is shown of the value of a secret field: whether it is set."""
    return repr(HIDDEN if value else value)


def _shown(field: attrs.Attribute[Any], value: object) -> str:
    """What the repr of a model shows of a field."""
    return field.repr(value) if callable(field.repr) else repr(without_secrets(value))


def _fields(cls: Any) -> tuple[attrs.Attribute[Any], ...]:
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)
    return fields


def same(a: object, b: object) -> bool:
    """Whether two results are equal as far as both wires, and the routes that the two came by, can tell.

    Compares every field that gRPC and REST both carry, at every depth, and leaves out the fields that only one wire
    has or that a route lacks, `meta` and `extra`. Of a completion's entries for tools that the service ran, the calls
    are compared and not what came out of them, which each route shows in its own words. Lists and dicts are compared
    item by item, all else by `==`.
    """
    return _same(a, b, {_shape_of(a), _shape_of(b)})


def _shape_of(result: object) -> str:
    """The REST route by which a result came, where it matters."""
    meta: Meta | None = getattr(result, "meta", None)
    return meta.shape if meta is not None else ""


def _same(a: object, b: object, shapes: set[str]) -> bool:
    if isinstance(a, Model) and not isinstance(a, Unknown):
        if a.__class__ is not b.__class__:
            return False
        lacking = [a.not_on_route[shape] for shape in shapes if shape in a.not_on_route]
        names = [f.name for f in _fields(a.__class__) if f.eq and f.name not in a.one_sided]
        pairs = ((_compared(a, n), _compared(b, n)) for n in names if not any(n in absent for absent in lacking))
        return all(_same(x, y, shapes) for x, y in pairs)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_same(x, y, shapes) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(v, b[k], shapes) for k, v in a.items())
    return a == b


def _compared(model: Any, name: str) -> object:
    """A field's value as `same` compares it; the model may have another view of it for that."""
    view = getattr(model, f"comparable_{name}", None)
    return view() if view is not None else getattr(model, name)
