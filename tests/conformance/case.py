"""What a case is: a call, what has to be made before it, and what its answer has to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import attrs
import pytest

from xai_dual import _gen
from xai_dual.operation import DownloadOperation, Operation, PageOperation, StreamOperation

AT_ONCE = {"x-emulator-polls": "0"}
"""Asks the emulator for jobs that are done when they are first looked at."""


def _operations() -> tuple[dict[str, Operation[Any]], dict[str, str]]:
    """Every operation by its name, and the name of the type that it answers with."""
    found: dict[str, Operation[Any]] = {}
    answers: dict[str, str] = {}
    package = import_module(f"{_gen.__name__}.operations")
    for item in iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{item.name}")
        for name, value in vars(module).items():
            if isinstance(value, Operation):
                found[value.name] = value
                answer = re.findall(r"\w+", module.__annotations__[name])[-1]
                answers[value.name] = {"None": "NoneType", "DownloadOperation": "bytes"}.get(answer, answer)
    return found, answers


OPERATIONS, ANSWERS = _operations()


@attrs.frozen
class Of:
    """A value in arguments that is known when something else was made: `Of("file", "id")`."""

    made: str
    path: str = ""

    def value(self, made: Mapping[str, Any]) -> Any:
        """The value itself."""
        found = made[self.made]
        for name in self.path.split(".") if self.path else ():
            found = found[int(name)] if name.isdigit() else getattr(found, name)
        return found


@attrs.frozen
class Made:
    """A call that has to be made before others; `after` names those before it."""

    op: str
    arguments: Mapping[str, Any]
    after: tuple[str, ...] = ()


def references(value: Any) -> Iterator[str]:
    """What arguments refer to."""
    if isinstance(value, Of):
        yield value.made
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolved(value: Any, made: Mapping[str, Any] | None) -> Any:
    """The arguments with values in place of references; without `made` any text will do."""
    if isinstance(value, Of):
        return "some-id" if made is None else value.value(made)
    if isinstance(value, dict):
        return {key: resolved(item, made) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, made) for item in value]
    return value


@attrs.frozen
class Case:
    """One call, and what its answer has to be: of a stream the folded one, of a paged list all items."""

    op: str
    name: str
    arguments: Mapping[str, Any]
    check: Callable[[Any], object]
    anew: tuple[str, ...] = ()
    """Fields that each call gets other values of: ids and times."""
    after: tuple[str, ...] = ()
    """What has to be made before, beside what the arguments refer to."""

    def __str__(self) -> str:
        return f"{self.op}-{self.name}".replace(" ", "_")

    @property
    def operation(self) -> Operation[Any]:
        return OPERATIONS[self.op]

    @property
    def streams(self) -> bool:
        return isinstance(self.operation, StreamOperation)

    @property
    def pages(self) -> bool:
        return isinstance(self.operation, PageOperation)

    @property
    def downloads(self) -> bool:
        return isinstance(self.operation, DownloadOperation)

    @property
    def wires(self) -> list[str]:
        """The wires that have the call."""
        operation = self.operation
        return ["grpc"] * (operation.grpc is not None) + ["rest"] * bool(operation.rest)

    def route(self, transport: str) -> str:
        """How the call goes there."""
        operation = self.operation
        if transport == "grpc":
            assert operation.grpc is not None
            return operation.grpc.method
        return next(iter(operation.rest.values())).route


def method(client: Any, op: str) -> Any:
    """The client's method for an operation."""
    found = client
    for name in op.split("."):
        found = getattr(found, name)
    return found


def each(cases: Iterable[Case]) -> list[Any]:
    """The cases, each on the wires that have it: parameters (transport, case)."""
    return [pytest.param(wire, case, id=f"{wire}-{case}") for case in cases for wire in case.wires]
