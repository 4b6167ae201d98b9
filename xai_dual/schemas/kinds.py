"""Kinds of values: each has a JSON Schema and reads a parsed JSON value into Python.

Scalars are left to msgspec. Containers and unions are put together here, and objects in `objects.py`, since any
may hold any other: msgspec by itself refuses a union of two classes, and a null for a field that has a default.
"""

from __future__ import annotations

import json
import operator
import re
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import attrs

from ..errors import UsageError
from . import SchemaMismatch
from .forms import Definitions, admits_null, without_nulls

_WORDS = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
_PLACE = re.compile(r"^(.*) - at (?:`key` in )?`\$(.*)`$", re.DOTALL)


def word(value: object) -> str:
    """What JSON calls a value's type."""
    return "null" if value is None else _WORDS.get(type(value), type(value).__name__)


def shown(value: object) -> str:
    """A JSON value for a message, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 80 else text[:77] + "..."


def below(path: str, *steps: object) -> str:
    """The path of a part: below("items", 2, "price") is "items[2].price"."""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if path else str(step)
    return path


def mismatch(expected: str, value: object, path: str) -> SchemaMismatch:
    return SchemaMismatch(f"expected {expected}, got {word(value)} {shown(value)}", path=path)


def together(errors: Sequence[SchemaMismatch]) -> SchemaMismatch:
    """All of several errors as one, at the place of the first."""
    first, *rest = errors
    message = "; ".join((first.message, *map(str, rest[:4]))) + ("; ..." if len(rest) > 4 else "")
    return SchemaMismatch(message, path=first.path)


class Kind:
    """What all kinds can do."""

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        """The JSON Schema; what is shared or recursive goes into `definitions`."""
        raise NotImplementedError

    def read(self, value: Any, path: str) -> Any:
        """The Python value of a parsed JSON value. Raises SchemaMismatch."""
        raise NotImplementedError

    def admits_null(self) -> bool:
        return False

    def strangers(self, value: Any) -> int:
        """How many keys of an object this kind would ignore; of a union's members, the one with fewest is meant."""
        return 0


@attrs.frozen(eq=False)
class Noted(Kind):
    """A kind with a description, or other words for its schema."""

    kind: Kind
    words: Mapping[str, Any]

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        return {**self.kind.schema(definitions), **self.words}

    def read(self, value: Any, path: str) -> Any:
        return self.kind.read(value, path)

    def admits_null(self) -> bool:
        return self.kind.admits_null()

    def strangers(self, value: Any) -> int:
        return self.kind.strangers(value)


class Anything(Kind):
    """`Any`."""

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        return {}

    def read(self, value: Any, path: str) -> Any:
        return value

    def admits_null(self) -> bool:
        return True


class Scalar(Kind):
    """What msgspec reads by itself: scalars, and its own Structs. `limits` are `msgspec.Meta`s."""

    def __init__(self, hint: Any, limits: Sequence[Any]) -> None:
        import msgspec

        self._type = operator.getitem(Annotated, (hint, *limits)) if limits else hint
        self._key = self if limits else hint
        self._is_int = hint is int
        try:
            self._schema = msgspec.json.schema(self._type)
        except (TypeError, ValueError, NotImplementedError, RuntimeError) as error:
            reason = (
                str(error) if limits else "pass a type that has a JSON form, such as a dataclass or a pydantic model"
            )
            raise UsageError(f"{hint!r} has no JSON schema: {reason}") from error
        known = {"datetime.datetime": "date-time", "datetime.time": "time"}
        form = known.get(f"{getattr(hint, '__module__', '')}.{getattr(hint, '__qualname__', '')}")
        if form is not None:  # left out by msgspec, which also reads times without a zone; models need to be told
            self._schema.setdefault("format", form)

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        return definitions.adopt(self._key, lambda: self._schema)

    def read(self, value: Any, path: str) -> Any:
        import msgspec

        if self._is_int and isinstance(value, float) and value.is_integer():
            value = int(value)  # 1.0 is an integer in JSON
        try:
            return msgspec.convert(without_nulls(value, self._schema, self._schema), self._type, str_keys=True)
        except msgspec.ValidationError as error:
            text = str(error)
            if found := _PLACE.match(text):
                text, inner = found.groups()
                path = path + inner if path else inner.removeprefix(".")
            raise SchemaMismatch(f"{text[:1].lower()}{text[1:]}: {shown(value)}", path=path) from error

    def admits_null(self) -> bool:
        return admits_null(self._schema, self._schema)


class Choice(Kind):
    """One of some values, of an enum or a Literal: pairs of JSON value and Python value."""

    def __init__(self, pairs: Sequence[tuple[Any, Any]], otherwise: Callable[[Any], Any] | None = None) -> None:
        for given, _ in pairs:
            if given is not None and not isinstance(given, (str, int, float)):
                raise UsageError(f"{given!r} has no JSON schema: values to choose from are strings, numbers or bools")
        self._pairs, self._otherwise = pairs, otherwise

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        values = [given for given, _ in self._pairs]
        types = list(dict.fromkeys(map(_json_type, values)))
        return {"type": types[0] if len(types) == 1 else types, "enum": values}

    def read(self, value: Any, path: str) -> Any:
        for given, meant in self._pairs:
            if given == value and _json_type(given) == _json_type(value):
                return meant
        if self._otherwise is not None and isinstance(value, (str, int, float)) and not isinstance(value, bool):
            try:
                return self._otherwise(value)
            except ValueError:
                pass
        raise mismatch("one of " + ", ".join(shown(given) for given, _ in self._pairs), value, path)

    def admits_null(self) -> bool:
        return any(given is None for given, _ in self._pairs)


class Items(Kind):
    """An array of equal items; `make` makes the list, set or tuple of them."""

    def __init__(self, item: Kind, make: Callable[[list[Any]], Any], limits: Sequence[Any]) -> None:
        self._item, self._make, self._shell = item, make, Scalar(list, limits)

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        result, items = dict(self._shell.schema(definitions)), self._item.schema(definitions)
        if items:
            result["items"] = items
        if self._make in (set, frozenset):
            result["uniqueItems"] = True
        return result

    def read(self, value: Any, path: str) -> Any:
        self._shell.read(value, path)
        items = [self._item.read(item, below(path, i)) for i, item in enumerate(value)]
        try:
            return self._make(items)
        except TypeError as error:
            raise SchemaMismatch(f"cannot be made: {error}", path=path) from error


class Row(Kind):
    """A tuple with a kind for each place."""

    def __init__(self, items: Sequence[Kind]) -> None:
        self._items = items

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        length = len(self._items)
        result: dict[str, Any] = {"type": "array", "minItems": length, "maxItems": length}
        if length:
            result |= {"prefixItems": [item.schema(definitions) for item in self._items], "items": False}
        return result

    def read(self, value: Any, path: str) -> Any:
        if not isinstance(value, list) or len(value) != len(self._items):
            raise mismatch(f"an array of {len(self._items)} items", value, path)
        return tuple(kind.read(v, below(path, i)) for i, (kind, v) in enumerate(zip(self._items, value, strict=True)))


class Table(Kind):
    """An object of free keys."""

    def __init__(self, key: Any, item: Kind, limits: Sequence[Any]) -> None:
        self._item, self._shell = item, Scalar(types.GenericAlias(dict, (key, Any)), limits)

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        items = self._item.schema(definitions)
        return {**self._shell.schema(definitions), **({"additionalProperties": items} if items else {})}

    def read(self, value: Any, path: str) -> Any:
        keys = self._shell.read(value, path)
        if len(keys) != len(value):
            raise mismatch("keys that differ", value, path)
        items = zip(keys, value.items(), strict=True)
        return {key: self._item.read(item, below(path, name)) for key, (name, item) in items}


class Either(Kind):
    """A union. The members are tried in order, those first that know all keys of an object."""

    def __init__(self, members: Sequence[Kind]) -> None:
        self._members = members

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        return {"anyOf": [member.schema(definitions) for member in self._members]}

    def read(self, value: Any, path: str) -> Any:
        errors = []
        for member in sorted(self._members, key=lambda member: member.strangers(value)):
            try:
                return member.read(value, path)
            except SchemaMismatch as error:  # noqa: PERF203
                if not isinstance(member, Null):
                    errors.append(error)
        raise errors[0] if len(errors) == 1 else together([mismatch("one of several types", value, path), *errors])

    def admits_null(self) -> bool:
        return any(member.admits_null() for member in self._members)

    def strangers(self, value: Any) -> int:
        return min(member.strangers(value) for member in self._members)


class Null(Choice):
    """`None`."""

    def __init__(self) -> None:
        super().__init__([(None, None)])

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        return {"type": "null"}


class Alias(Kind):
    """A type that goes by a name and may hold itself; `inner` is set when the name is known."""

    inner: Kind

    def __init__(self, name: str) -> None:
        self._name = name

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        return definitions.reference(self, self._name, lambda: self.inner.schema(definitions))

    def read(self, value: Any, path: str) -> Any:
        return self.inner.read(value, path)

    def admits_null(self) -> bool:
        return self.inner.admits_null()

    def strangers(self, value: Any) -> int:
        return self.inner.strangers(value)


def _json_type(value: object) -> str:
    kind = next((k for k in (bool, int, float, str) if isinstance(value, k)), type(value))
    return "null" if value is None else _WORDS.get(kind, kind.__name__)
