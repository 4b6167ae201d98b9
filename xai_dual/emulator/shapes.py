"""Answers of a shape that no definition has: fields, values and events of tomorrow, and far too much."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from xai_dual.emulator import protobytes
from xai_dual.emulator.faults import Fault

Json = dict[str, Any]
FIELD = "emulator_unknown"
VALUE = "emulator_unknown"
NUMBER = 99
EVENT: Json = {"type": "emulator.unknown"}
_ENUMS = ("finish_reason", "role", "status", "stop_reason")


def json_answer(content: Json, fault: Fault | None, position: int = 0) -> Json:
    """An answer on REST, or an event at its position in a stream, as the fault changes it."""
    if fault is None:
        return content
    if fault.action == "unknown_field":
        return {**content, FIELD: {"value": 1}}
    if fault.action == "unknown_enum":
        return {name: _renamed(name, value) for name, value in content.items()}
    if fault.action == "oversize" and position == fault.after_chunks:
        return {**content, FIELD: "x" * fault.bytes}
    return content


def _renamed(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {inner: _renamed(inner, item) for inner, item in value.items()}
    if isinstance(value, list):
        return [_renamed(name, item) for item in value]
    return VALUE if name in _ENUMS and isinstance(value, str) else value


def proto_answer(item: Any, fault: Fault | None, position: int = 0) -> bytes:
    """The bytes of a message, or of one at its position in a stream, as the fault changes it."""
    if fault is not None and fault.action == "unknown_enum":
        _renumber(item)
    data: bytes = item if isinstance(item, bytes) else item.SerializeToString()
    if fault is not None and fault.action == "unknown_field":
        return data + protobytes.unknown(1)
    if fault is not None and fault.action == "oversize" and position == fault.after_chunks:
        return data + protobytes.unknown(fault.bytes)
    return data


def _renumber(message: Any) -> None:
    """Give the enum fields of these names that are set, at any depth, a number that no definition has."""
    for field, value in message.ListFields():
        if field.enum_type is not None and field.name in _ENUMS and isinstance(value, int):
            setattr(message, field.name, NUMBER)
        elif field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for inner in (value,) if isinstance(value, Message) else value:
                _renumber(inner)
