"""Helpers of the generated protobuf codecs.

Messages live in a descriptor pool of our own: another package in the process may register files of the same names, in
another version, in protobuf's default pool.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf import descriptor_pool, message_factory

from . import _check
from ._protowire import fields
from .errors import UnsupportedOnTransport, UsageError


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    with open(os.path.join(os.path.dirname(__file__), "_gen", "descriptors.binpb"), "rb") as descriptors:
        data = descriptors.read()
    for _, file in fields(data):  # of a FileDescriptorSet, whose only field is its files
        if isinstance(file, bytes):
            pool.AddSerializedFile(file)
    return pool


@cache
def message(name: str) -> Any:
    """The message class of that full name."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(name))


class EnumNames(dict[int, Any]):
    """Number -> public value. Number 0 where it means "not set" is None; an unknown number n reads "#n"."""

    def __missing__(self, number: int) -> str:
        return f"#{number}"


def enum_number(numbers: dict[str, int], value: Any, name: str) -> int:
    """The number of a public enum value; "#n" is number n."""
    number = numbers.get(value) if isinstance(value, str) else None
    if number is not None:
        return number
    text = _check.string(value, name)
    if text.startswith("#") and len(text) <= 12 and text.isascii() and text[1:].removeprefix("-").isdecimal():
        return _check.int32(int(text[1:]), name)
    known = ", ".join(repr(k) for k in numbers)
    raise UnsupportedOnTransport(name, "grpc", f"{text!r} has no number there, only {known}; use transport='rest'")


def enum_numbers(numbers: dict[str, int], value: Any, name: str) -> list[int]:
    """The numbers of a list of enum values."""
    return [enum_number(numbers, item, f"{name}[{i}]") for i, item in enumerate(_check.array(value, name))]


def one(encode: Callable[[Any, Any], None], cls: type, value: Any, target: Any, name: str) -> None:
    """Write a nested model into the message that stands for it."""
    target.SetInParent()
    try:
        encode(_check.instance(value, cls, ""), target)
    except UsageError as error:
        raise error.at(name) from None


def many(encode: Callable[[Any, Any], None], cls: type, value: Any, target: Any, name: str) -> None:
    """Write a list of nested models into a repeated field."""
    items = value if value.__class__ is list else _check.array(value, name)
    try:
        for item in items:
            entry = target.add()
            encode(item if item.__class__ is cls else _check.instance(item, cls, ""), entry)
    except UsageError as error:
        raise error.at(f"{name}[{len(target) - 1}]") from None


def model_map(encode: Callable[[Any, Any], None], cls: type, value: Any, target: Any, name: str) -> None:
    """Write a map of nested models."""
    for key, item in _check.mapping(value, name).items():
        one(encode, cls, item, target[str(key)], f"{name}[{key!r}]")


def convert_list(to_proto: Callable[[Any, Any, str], None], value: Any, target: Any, name: str) -> None:
    """Fill a repeated message, item by item, by a converter."""
    for i, item in enumerate(_check.array(value, name)):
        to_proto(item, target.add(), f"{name}[{i}]")


def convert_map(to_proto: Callable[[Any, Any, str], None], value: Any, target: Any, name: str) -> None:
    """Fill a map of messages by a converter."""
    for key, item in _check.mapping(value, name).items():
        to_proto(item, target[str(key)], f"{name}[{key!r}]")


def union(encode: Callable[[Any, Any], None], value: Any, target: Any, name: str) -> None:
    """Write a union's member into the message that holds its oneof."""
    target.SetInParent()
    try:
        encode(value, target)
    except UsageError as error:
        raise error.at(name) from None


def unions(encode: Callable[[Any, Any], None], value: Any, target: Any, name: str) -> None:
    """Write a list of a union's members."""
    for i, item in enumerate(_check.array(value, name)):
        union(encode, item, target.add(), f"{name}[{i}]")


def refuse_extra(model: Any) -> None:
    """A property that the definitions do not know, or not of that type, cannot go over gRPC."""
    if not model.extra:
        return
    for name, value in model.extra.items():
        if value is None:
            continue  # not set
        if hasattr(model, name):
            _check.misfit(value, name)
        raise UnsupportedOnTransport(name, "grpc", "the definitions have no such field; use transport='rest'")
