"""JSON Schemas of Python types, and answers in JSON read back into those types. No I/O.

    shape = shape_of(Recipe)         # a dataclass, attrs class, pydantic model, TypedDict, list[...], union, ...
    shape.schema                     # to send; strict where the type allows it
    shape.read('{"name": "Tea"}')    # Recipe(name="Tea")
    shape.partial('{"name": "T')     # {"name": "T"}, of a text that is still arriving

Models are asked for objects with no key left out, so what is optional is asked for as nullable, and a null for a field
that has a default and cannot be None is read as that default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import attrs

from ..errors import UsageError, XaiError
from . import forms

if TYPE_CHECKING:
    from .kinds import Kind

__all__ = ["InvalidJson", "SchemaMismatch", "Shape", "is_strict", "json_schema", "shape_of", "strict"]

T = TypeVar("T")

_FENCE = re.compile(r"\s*```[\w+-]*[ \t]*(?:\r?\n)?(.*?)\s*```\s*", re.DOTALL)
_OPEN_FENCE = re.compile(r"\s*```[\w+-]*[ \t]*(?:\r?\n)?")
_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}


class InvalidJson(XaiError, ValueError):
    """A text is not JSON; the message says where. Also a ValueError."""


class SchemaMismatch(XaiError, ValueError):
    """A text is JSON, but of another shape; the message says where and what was expected. Also a ValueError."""

    def __init__(self, message: str = "", *, path: str = "") -> None:
        super().__init__(message)
        self.path = path
        """Where: "items[2].price"; "" for the whole."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


@attrs.frozen(eq=False, kw_only=True, repr=False)
class Shape(Generic[T]):
    """What an answer is to look like: the JSON Schema to send, and how to read the answer. `shape_of` makes them."""

    name: str
    """For services that want the schema named: letters, digits, "_" and "-", at most 64."""
    schema: dict[str, Any]
    """To send: in strict form as far as the type allows. What is no object is its only property, "value"."""
    strict: bool
    """Whether the schema may be sent with `strict: true`."""
    _wrapped: bool
    _read: Callable[[Any], T]

    def __repr__(self) -> str:
        return f"Shape(name={self.name!r}, strict={self.strict}, schema={self.schema!r})"

    def read(self, text: str) -> T:
        """The answer of a whole text, which may stand in a Markdown fence.

        Raises InvalidJson, or SchemaMismatch where the JSON has another shape.
        """
        fenced = _FENCE.fullmatch(text)
        value = parsed(fenced[1] if fenced else text)
        if self._wrapped:
            if not isinstance(value, dict) or "value" not in value:
                raise SchemaMismatch('expected an object with the property "value"')
            value = value["value"]
        return self._read(value)

    def partial(self, text: str) -> Any:
        """What has arrived so far, as plain JSON values: strings as far as they go, no half keys or half words.

        None where nothing has arrived, or what has is not JSON. Types are not checked.
        """
        value = _begun(text)
        if self._wrapped:
            return value.get("value") if isinstance(value, dict) else None
        return value


def json_schema(kind: object) -> dict[str, Any]:
    """The JSON Schema of a type; of a JSON Schema (a dict), a copy.

    Types are dataclasses, attrs classes, pydantic models, TypedDicts, NamedTuples (as objects), enums, Literals,
    unions, lists, dicts, tuples and sets of these, builtin scalars, datetime, Decimal, UUID and the like. Descriptions
    come from docstrings and `Annotated[int, "text"]`, limits and descriptions from `msgspec.Meta` and pydantic's Field.

    Raises UsageError for what is neither, and for a type that has no JSON form.
    """
    if isinstance(kind, Mapping):
        return _explicit(kind)
    definitions = forms.Definitions()
    return definitions.rooted(_kind(kind).schema(definitions))


def strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The form of a schema that services ask for with `strict: true`; `is_strict` tells whether it can be had.

    Objects list all of their properties as required and have no others, so that properties that could be left out are
    nullable instead. Titles and defaults are gone, "oneOf" is "anyOf". A root that is no object is wrapped in one, as
    its only property "value". Objects with free keys stay as they are.
    """
    return forms.strict_form(schema)[0]


def is_strict(schema: Mapping[str, Any]) -> bool:
    """Whether a schema may be sent with `strict: true`.

    That is: an object at the root, and nowhere an object with free keys or with properties that may be left out, nor a
    part that allows any value.
    """
    return forms.is_strict(schema)


@overload
def shape_of(kind: type[T]) -> Shape[T]: ...
@overload
def shape_of(kind: object) -> Shape[Any]: ...
def shape_of(kind: object) -> Shape[Any]:
    """The shape of answers that are to be of a type, or to follow a JSON Schema (then read as plain JSON values).

    Raises UsageError as `json_schema` does.
    """
    read: Callable[[Any], Any]
    if isinstance(kind, Mapping):
        schema, title = _explicit(kind), kind.get("title")
        read = _plain_reader(schema)
    else:
        found, definitions = _kind(kind), forms.Definitions()
        schema, title = definitions.rooted(found.schema(definitions)), _title(kind)

        def read(value: Any) -> Any:
            return found.read(value, "")

    sent, wrapped = forms.strict_form(schema)
    return Shape(name=_name(title), schema=sent, strict=forms.is_strict(sent), wrapped=wrapped, read=read)


def parsed(text: str) -> Any:
    """JSON text as plain values. Raises InvalidJson."""
    import jiter

    try:
        return jiter.from_json(text.encode("utf-8", "surrogatepass"), allow_inf_nan=False)
    except ValueError as error:
        raise InvalidJson(f"not JSON: {error}" if text.strip() else "not JSON: the text is empty") from error


def _begun(text: str) -> Any:
    import jiter

    opened = _OPEN_FENCE.match(text)
    data = (text[opened.end() :] if opened else text).encode("utf-8", "surrogatepass")
    try:
        return jiter.from_json(data, allow_inf_nan=False, partial_mode="trailing-strings")
    except ValueError:
        return None


def _kind(kind: object) -> Kind:
    from .hints import is_type, kind_of

    if not is_type(kind):
        what = "None" if kind is None else f"{kind!r} of type {type(kind).__name__}"
        raise UsageError(
            "must be a type (dataclass, attrs class, pydantic model, TypedDict, list[...], ...) or a JSON schema as a "
            f"dict, not {what[:200]}"
        )
    return kind_of(kind)


def _explicit(schema: Mapping[str, Any]) -> dict[str, Any]:
    try:
        copy: dict[str, Any] = json.loads(json.dumps(dict(schema)))
    except (TypeError, ValueError) as error:
        raise UsageError(f"is no JSON schema: {error}") from error
    types = copy.get("type", [])
    known = all(one in _TYPES for one in (types if isinstance(types, list) else [types]))
    if not known or not {"type", "properties", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"} & copy.keys():
        raise UsageError('is no JSON schema: give one such as {"type": "object", "properties": {...}}, or a type')
    return copy


def _plain_reader(schema: dict[str, Any]) -> Callable[[Any], Any]:
    wrapped = forms.strict_form(schema)[1]

    def read(value: Any) -> Any:
        if not wrapped and not isinstance(value, dict):
            raise SchemaMismatch("expected an object")
        return forms.without_nulls(value, schema, schema)

    return read


def _title(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__origin__") else str(kind)


def _name(title: object) -> str:
    text = re.sub(r"\b(?:[A-Za-z_]\w*\.)+", "", title) if isinstance(title, str) else ""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_")[:64] or "answer"
