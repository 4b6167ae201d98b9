"""Kinds of objects: pydantic models, which pydantic reads, and all else that has named properties."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs

from ..errors import UsageError
from . import SchemaMismatch
from .forms import Definitions, admits_null, without_nulls
from .kinds import Kind, below, mismatch, shown, together

NONE: Any = object()
"""No default that a schema could show."""


class Foreign(Kind):
    """A pydantic model or dataclass, which pydantic reads."""

    def __init__(self, cls: Any) -> None:
        try:
            self._adapter = sys.modules["pydantic"].TypeAdapter(cls)
            self._schema: dict[str, Any] = self._adapter.json_schema()
        except (RuntimeError, TypeError, ValueError, NameError) as error:
            raise UsageError(f"{cls!r} has no JSON schema: {error}") from error
        self._cls = cls

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        return definitions.adopt(self._cls, lambda: self._schema)

    def read(self, value: Any, path: str) -> Any:
        try:
            try:
                return self._adapter.validate_json(json.dumps(value))
            except ValueError:
                less = without_nulls(value, self._schema, self._schema)
                if less == value:
                    raise
                return self._adapter.validate_json(json.dumps(less))
        except ValueError as error:
            raise together([*_pydantic_errors(error, path)]) from error

    def admits_null(self) -> bool:
        return admits_null(self._schema, self._schema)

    def strangers(self, value: Any) -> int:
        root = Definitions().adopt(self._cls, lambda: self._schema)
        known = root.get("properties")
        return len(value.keys() - known.keys()) if isinstance(value, dict) and known is not None else 0


def _pydantic_errors(error: Any, path: str) -> Iterator[SchemaMismatch]:
    for item in error.errors(include_url=False) if hasattr(error, "errors") else ():
        place = below(path, *item["loc"])
        yield SchemaMismatch(f"{item['msg'][:1].lower()}{item['msg'][1:]}, got {shown(item['input'])}", path=place)
    if not hasattr(error, "errors"):
        yield SchemaMismatch(str(error), path=path)


@attrs.frozen(eq=False)
class Member:
    """A property of an object: its key in JSON, its name as an argument."""

    key: str
    name: str
    kind: Kind
    required: bool
    default: Any = NONE
    text: str | None = None

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        result = dict(self.kind.schema(definitions))
        inner = [part for part in result.get("anyOf", ()) if "description" in part]
        if self.text and not inner:
            result.setdefault("description", self.text)
        if self.default is not NONE:
            result["default"] = self.default
        return result


class Record(Kind):
    """An object with known keys: a class that `make` makes an instance of, or the parameters of a function."""

    members: Sequence[Member] = ()

    def __init__(self, name: str, make: Callable[..., Any], text: str | None = None) -> None:
        self._name, self._make, self._text = name, make, text

    def schema(self, definitions: Definitions) -> dict[str, Any]:
        return definitions.reference(self, re.sub(r"[^\w.-]+", "_", self._name), lambda: self._described(definitions))

    def _described(self, definitions: Definitions) -> dict[str, Any]:
        words = {"title": self._name, **({"description": self._text} if self._text else {})}
        return {**words, **self.properties(definitions)}

    def properties(self, definitions: Definitions) -> dict[str, Any]:
        """The schema without title and description, in its place."""
        properties = {member.key: member.schema(definitions) for member in self.members}
        required = [member.key for member in self.members if member.required]
        return {"type": "object", "properties": properties, **({"required": required} if required else {})}

    def read(self, value: Any, path: str) -> Any:
        values = self.values(value, path)
        try:
            return self._make(**values)
        except (ValueError, TypeError) as error:
            raise SchemaMismatch(f"is no {self._name}: {error}", path=path) from error

    def values(self, value: Any, path: str) -> dict[str, Any]:
        """The arguments for `make`; what is left out, or is null where null makes no sense, is left to its default.

        Raises SchemaMismatch that tells of everything that is wrong.
        """
        if not isinstance(value, dict):
            raise mismatch("an object", value, path)
        result, errors = {}, []
        for member in self.members:
            item, place = value.get(member.key), below(path, member.key)
            if member.key not in value:
                if member.required:
                    errors.append(SchemaMismatch("is missing", path=place))
            elif item is not None or member.required or member.kind.admits_null():
                try:
                    result[member.name] = member.kind.read(item, place)
                except SchemaMismatch as error:
                    errors.append(error)
        if errors:
            raise errors[0] if len(errors) == 1 else together(errors)
        return result

    def strangers(self, value: Any) -> int:
        return len(value.keys() - {member.key for member in self.members}) if isinstance(value, dict) else 0
