"""Helpers of the generated JSON codecs.

Reading never raises: what does not fit becomes the zero value and is kept, as it came, in the model's `extra`.
"""

from __future__ import annotations

from array import array as packed_array
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from struct import Struct
from struct import error as struct_error
from typing import Any

from . import _check
from .errors import UsageError
from .model import Model

Extra = dict[str, Any] | None

MISFIT: Any = object()
"""What a converter returns for a value that it cannot read."""

_FLOAT32 = Struct("<f")
_TOO_LARGE = 2**1023


def keep(extra: Extra, key: str, value: Any) -> Extra:
    """Remember a property that did not fit."""
    if extra is None:
        return {key: value}
    extra[key] = value
    return extra


def unknown(data: Mapping[str, Any], known: frozenset[str]) -> Extra:
    """The properties that the definitions do not know."""
    return {key: value for key, value in data.items() if key not in known}


def misfit(value: Any, zero: Any, key: str, extra: Extra) -> tuple[Any, Extra]:
    """Absent and null read as zero; anything else is of the wrong type and kept."""
    return (zero, extra) if value is None else (zero, keep(extra, key, value))


def read_int(value: Any, zero: Any, key: str, extra: Extra) -> tuple[Any, Extra]:
    """An integer that came as 5.0 or, as protobuf's JSON form has it, as "5"."""
    if value.__class__ is float and value.is_integer():
        return int(value), extra
    if value.__class__ is str and len(value) <= 20 and value.isascii() and value.removeprefix("-").isdecimal():
        return int(value), extra
    return misfit(value, zero, key, extra)


def read_float(value: Any, zero: Any, key: str, extra: Extra) -> tuple[Any, Extra]:
    return (float(value), extra) if _fits(value, float) else misfit(value, zero, key, extra)


def read_float32(value: Any, zero: Any, key: str, extra: Extra) -> tuple[Any, Extra]:
    """A number, rounded to the float32 that gRPC would carry."""
    if value.__class__ is float or value.__class__ is int:
        try:
            return _FLOAT32.unpack(_FLOAT32.pack(value))[0], extra
        except (OverflowError, struct_error):  # the latter for an integer that no float can hold
            pass
    return misfit(value, zero, key, extra)


def read_bytes(value: Any, zero: Any, key: str, extra: Extra) -> tuple[Any, Extra]:
    """Base64 text, as protobuf's JSON form has bytes."""
    if value.__class__ is str:
        try:
            return b64decode(value, validate=True), extra
        except ValueError:
            pass
    return (bytes(value), extra) if isinstance(value, (bytearray, memoryview)) else misfit(value, zero, key, extra)


def base64_text(value: bytes) -> str:
    return b64encode(value).decode("ascii")


def _fits(item: Any, kind: type) -> bool:
    return item.__class__ is kind or (kind is float and item.__class__ is int and abs(item) < _TOO_LARGE)


def read_list(value: Any, kind: type, key: str, extra: Extra) -> tuple[list[Any], Extra]:
    """A list of one scalar type; where an item does not fit the whole list is kept."""
    if value.__class__ is not list:
        return misfit(value, [], key, extra)
    items = [kind(item) for item in value if _fits(item, kind)]
    return items, extra if len(items) == len(value) else keep(extra, key, value)


def has_item(value: Any, item: str) -> bool:
    """Whether the item is in a list."""
    return value.__class__ is list and item in value


def read_free(value: Any, kind: type, key: str, extra: Extra) -> tuple[Any, Extra]:
    """A list, or an object, of free-form values."""
    return (value, extra) if value.__class__ is kind else misfit(value, kind(), key, extra)


def read_models(decode: Callable[[Any], Any], value: Any, key: str, extra: Extra) -> tuple[list[Any], Extra]:
    """A list of objects; where an item is none the whole list is kept."""
    if value.__class__ is not list:
        return misfit(value, [], key, extra)
    items = [decode(item) for item in value if item.__class__ is dict or isinstance(item, Mapping)]
    if len(items) == len(value):
        return items, extra
    if all(isinstance(item, (Mapping, Model)) for item in value):  # written by a caller, who may mix the two
        return [decode(item) if isinstance(item, Mapping) else item for item in value], extra
    return items, keep(extra, key, value)


def read_map(value: Any, kind: type, key: str, extra: Extra) -> tuple[dict[str, Any], Extra]:
    """An object whose values are of one scalar type."""
    if not isinstance(value, Mapping):
        return misfit(value, {}, key, extra)
    items = {str(k): kind(v) for k, v in value.items() if _fits(v, kind)}
    return items, extra if len(items) == len(value) else keep(extra, key, value)


def read_model(decode: Callable[[Any], Any], value: Any, key: str, extra: Extra) -> tuple[Any, Extra]:
    if isinstance(value, Mapping):
        return decode(value), extra
    return (value, extra) if isinstance(value, Model) else misfit(value, None, key, extra)


def read_keyed(decode: Callable[[Any], Any], value: Any, key: str, extra: Extra) -> tuple[Any, Extra]:
    """A union whose member stands under its own key; what else stands there makes the whole of it part of `extra`."""
    if not isinstance(value, Mapping):
        return misfit(value, None, key, extra)
    return decode(value), extra if len(value) <= 1 else keep(extra, key, value)


def convert(from_json: Callable[[Any], Any], value: Any, zero: Any, key: str, extra: Extra) -> tuple[Any, Extra]:
    """Run a converter; `MISFIT` makes the value zero and keeps it."""
    result = from_json(value)
    return (zero, keep(extra, key, value)) if result is MISFIT else (result, extra)


def convert_all(from_json: Callable[[Any], Any], value: Any, kind: Any, key: str, extra: Extra) -> tuple[Any, Extra]:
    """A list, or an object, of values with a converter; where one does not fit the whole is kept."""
    if value.__class__ is not kind:
        return misfit(value, kind(), key, extra)
    fitting: Any
    if kind is dict:
        entries = {k: from_json(v) for k, v in value.items()}
        fitting = {k: v for k, v in entries.items() if v is not MISFIT}
    else:
        fitting = [v for v in map(from_json, value) if v is not MISFIT]
    return fitting, extra if len(fitting) == len(value) else keep(extra, key, value)


def child(value: Any, known: frozenset[str]) -> tuple[Mapping[str, Any], Extra]:
    """A nested object whose properties are flattened into the model; the second is not None if it must be kept."""
    if value.__class__ is dict or isinstance(value, Mapping):
        return value, None if value.keys() <= known else {}
    return {}, None if value is None else {}


def read_model_map(decode: Callable[[Any], Any], value: Any, key: str, extra: Extra) -> tuple[dict[str, Any], Extra]:
    """An object whose values are objects."""
    if not isinstance(value, Mapping):
        return misfit(value, {}, key, extra)
    items = {str(k): decode(v) for k, v in value.items() if v.__class__ is dict or isinstance(v, Mapping)}
    return items, extra if len(items) == len(value) else keep(extra, key, value)


def vector(values: list[Any]) -> list[float]:
    """Numbers rounded to float32, all at once."""
    return packed_array("f", values).tolist()


def one(encode: Callable[..., dict[str, Any]], cls: type, value: Any, name: str, wire: bool) -> dict[str, Any]:
    """The JSON of a nested model."""
    try:
        return encode(_check.instance(value, cls, ""), wire)
    except UsageError as error:
        raise error.at(name) from None


def many(encode: Callable[..., dict[str, Any]], cls: type, value: Any, name: str, wire: bool) -> list[dict[str, Any]]:
    """The JSON of a list of nested models."""
    return [one(encode, cls, item, f"{name}[{i}]", wire) for i, item in enumerate(_check.array(value, name))]


def model_map(encode: Callable[..., dict[str, Any]], cls: type, value: Any, name: str, wire: bool) -> dict[str, Any]:
    """The JSON of a map of nested models."""
    items = _check.mapping(value, name).items()
    return {str(key): one(encode, cls, item, f"{name}[{key!r}]", wire) for key, item in items}


def union(encode: Callable[[Any, bool], dict[str, Any]], value: Any, name: str, wire: bool) -> dict[str, Any]:
    """The JSON of a union's member."""
    try:
        return encode(value, wire)
    except UsageError as error:
        raise error.at(name) from None


def unions(encode: Callable[[Any, bool], dict[str, Any]], value: Any, name: str, wire: bool) -> list[dict[str, Any]]:
    """The JSON of a list of a union's members."""
    return [union(encode, item, f"{name}[{i}]", wire) for i, item in enumerate(_check.array(value, name))]


def by_kind(writers: Mapping[str, Callable[[Any, str, bool], Any]], value: Any, name: str, wire: bool) -> Any:
    """The JSON of a value that may be text, a number, a list or an object, by what it is."""
    if isinstance(value, str):
        kind = "str"
    elif isinstance(value, (bool, int, float)):
        kind = "bool" if isinstance(value, bool) else "number"
    else:
        kind = "list" if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)) else "dict"
    write = writers.get(kind)
    if write is None:
        words = {"str": "a string", "bool": "a bool", "number": "a number", "list": "a list", "dict": "an object"}
        _check.wrong(value, " or ".join(words[k] for k in writers), name)
    return write(value, name, wire)


def without(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object less one property."""
    return {k: v for k, v in data.items() if k != key}


def page_token(value: Any, more: Any = True) -> str | None:
    """What asks for the next page; None where there is none."""
    return value if more and isinstance(value, str) and value else None
