"""What users can see: names and annotations, none of them of the libraries below."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

import xai_dual
from xai_dual import AsyncClient, Client, types

from .table import OPERATIONS, method

BELOW = re.compile(r"_?pb2|\bgrpc\.|\bhttpx2?\.|\bgoogle\.|protobuf|orjson")
MODULES = [xai_dual, *(import_module(f"{types.__name__}.{item.name}") for item in iter_modules(types.__path__))]


def annotated(owner: Any) -> Iterator[tuple[str, str]]:
    """Place and text of every public annotation of a class or function."""
    if inspect.isclass(owner):
        for name, text in vars(owner).get("__annotations__", {}).items():
            yield f"{owner.__name__}.{name}", str(text)
        for name, value in vars(owner).items():
            if isinstance(value, property):
                value = value.fget
            elif hasattr(value, "func"):  # a cached property
                value = value.func
            if inspect.isfunction(value) and (not name.startswith("_") or name == "__init__"):
                for place, text in annotated(value):
                    yield f"{owner.__name__}.{place}", text
    elif inspect.isfunction(owner):
        for name, text in inspect.unwrap(owner).__annotations__.items():
            yield f"{owner.__name__}({name})", str(text)


def public() -> Iterator[Any]:
    for module in MODULES:
        for name in getattr(module, "__all__", ()):
            yield getattr(module, name)
    for cls in (Client, AsyncClient):
        client = cls(api_key="k")
        yield from cls.__mro__[:-1]
        for op in OPERATIONS:
            yield type(method(client, op).__self__)


def test_nothing_below_shows() -> None:
    seen = 0
    for owner in public():
        for place, text in annotated(owner):
            seen += 1
            assert not BELOW.search(text), f"{place}: {text}"
    assert seen > 1000


@pytest.mark.parametrize("op", OPERATIONS)
def test_both_flavours_are_alike(op: str) -> None:
    ours, theirs = (method(cls(api_key="k"), op) for cls in (Client, AsyncClient))
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
    assert all(p.kind is p.KEYWORD_ONLY for p in inspect.signature(ours).parameters.values())
    for extra in ("timeout", "headers", "max_retries", "extra_body"):
        assert extra in inspect.signature(ours).parameters
    assert inspect.getdoc(ours)
    assert inspect.getdoc(inspect.unwrap(theirs))
    assert inspect.signature(Client).parameters.keys() == inspect.signature(AsyncClient).parameters.keys()


def test_all_public_things_say_what_they_are() -> None:
    for owner in public():
        if inspect.isclass(owner) or inspect.isfunction(owner):
            assert owner.__doc__, owner
        if inspect.isclass(owner) and owner.__module__.startswith("xai_dual"):
            for name, value in vars(owner).items():
                if inspect.isfunction(value) and not name.startswith("_"):
                    assert value.__doc__, f"{owner.__name__}.{name}"
