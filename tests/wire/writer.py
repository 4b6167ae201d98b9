"""Writes models into protobuf messages by reflection and the IR's slots: the second opinion on the generated codecs.

Nothing here comes from the generated code or from xai_dual._convert.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timezone
from types import FunctionType
from typing import Any

from codegen import ir

from .project import API, ir_of
from .strategies import FUNCTIONS

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def write(value: Any, target: Any) -> Any:
    """Fill a message with a model's fields; returns the message."""
    model = ir_of(value)
    for field in model.fields:
        content = getattr(value, field.name)
        if content is None and model.sent_only:
            content = field.unset
        if isinstance(content, float) and not content and field.kind == "plain":
            continue  # -0.0 is a zero like the other
        if field.grpc is not None and not field.grpc.oneof and content is not None:
            _write_field(field, content, target)
    return target


def _write_field(field: ir.Field, value: Any, target: Any) -> None:
    assert field.grpc is not None
    if field.coerce:
        value = _COERCED[field.coerce](value)
    if not field.grpc.path:
        if isinstance(field.type, ir.UnionRef):
            _write_member(API.unions[field.type.name], value, target)
        else:
            write(value, target)
        return
    for step in field.grpc.path[:-1]:
        target = getattr(target, step)
    name = field.grpc.path[-1]
    slot = getattr(target, name)
    if isinstance(field.type, ir.Converted):
        _CONVERTED[field.type.converter.name](target, name, value)
    elif isinstance(field.type, ir.ModelRef):
        for item in value if field.many else [value]:
            write(item, _present(slot.add() if field.many else slot))
    elif isinstance(field.type, ir.UnionRef):
        for item in value if field.many else [value]:
            _write_member(API.unions[field.type.name], item, _present(slot.add() if field.many else slot))
    elif isinstance(field.type, ir.EnumRef) and API.enums[field.type.name].grpc:
        numbers = {v.name: v.number for v in API.enums[field.type.name].values}
        found = [numbers[x] if x in numbers else int(x[1:]) for x in (value if field.many else [value])]
        _ = slot.extend(found) if field.many else setattr(target, name, found[0])
    elif field.many == "list":
        slot.extend(value)
    elif field.many == "map":
        slot.update(value)
    else:
        setattr(target, name, value)


def _present(message: Any) -> Any:
    message.SetInParent()
    return message


def _write_member(union: ir.Union, value: Any, target: Any) -> None:
    case = next(v.case for v in union.variants if v.model == type(value).__name__)
    write(value, _present(getattr(target, case or "")))


# --- values that the wires spell differently --------------------------------------------------------------------------


def _unix(target: Any, name: str, value: int) -> None:
    _present(getattr(target, name)).seconds = value


def _datetime(target: Any, name: str, value: Any) -> None:
    if isinstance(value, str):
        value = date.fromisoformat(value)
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
    stamp = _present(getattr(target, name))
    micros = round((value - _EPOCH).days) * 86_400_000_000 + (value - _EPOCH).seconds * 1_000_000
    stamp.seconds, rest = divmod(micros + (value - _EPOCH).microseconds, 1_000_000)
    stamp.nanos = rest * 1000


def _json_text(target: Any, name: str, value: Any) -> None:
    setattr(target, name, json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def _texts(target: Any, name: str, value: Any) -> None:
    getattr(target, name).extend([value] if isinstance(value, str) else value)


def _tool_choice(target: Any, name: str, value: Any) -> None:
    choice = _present(getattr(target, name))
    if isinstance(value, str):
        choice.mode = ["", "auto", "none", "required"].index(value)
    else:
        choice.function_name = value["function"]["name"]


def _parts(target: Any, name: str, value: Any) -> None:
    parts = getattr(target, name)
    if isinstance(value, str):
        parts.add().text = value
    else:
        for part in value:
            write(part, parts.add())


def _public_url(target: Any, name: str, value: Any) -> None:
    if value is not False:
        options = _present(getattr(target, name))
        if isinstance(value, Mapping) and "expires_after" in value:
            options.expires_after = value["expires_after"]


def _embed_input(target: Any, name: str, value: Any) -> None:
    for item in [value] if isinstance(value, str) else value:
        entry = getattr(target, name).add()
        if isinstance(item, str):
            entry.string = item
        elif "file_id" in item:
            entry.image_url.file_id = item["file_id"]
        else:
            entry.image_url.image_url = item["url"]


def _vector(target: Any, name: str, value: Any) -> None:
    if isinstance(value, str):
        getattr(target, name).add().base64_array = value
    else:
        getattr(target, name).add().float_array.extend(value)


def _base64_image(target: Any, name: str, value: str) -> None:
    setattr(target, name, f"data:image/jpeg;base64,{value}" if len(value) % 2 else value)


_CONVERTED: Mapping[str, Any] = {
    "unix": _unix,
    "datetime": _datetime,
    "date": _datetime,
    "octets": setattr,
    "json_text": _json_text,
    "schema_text": lambda target, name, value: _json_text(target, name, value["schema"]),
    "texts": _texts,
    "tool_choice": _tool_choice,
    "parts": _parts,
    "public_url": _public_url,
    "embed_input": _embed_input,
    "vector": _vector,
    "decimal": setattr,
    "base64_image": _base64_image,
    "base64": setattr,
    "rpc_status": lambda target, name, value: write(value, _present(getattr(target, name))),
}
CONVERTERS = _CONVERTED.keys()


def _messages(value: Any) -> list[Any]:
    from xai_dual.types.chat import ChoiceMessage, Message

    def message(item: Any) -> Any:
        if isinstance(item, str):
            return Message(role="user", content=item)
        if not isinstance(item, ChoiceMessage):
            return item
        fields = ("content", "reasoning_content", "tool_calls", "encrypted_content")
        return Message(role=item.role or "assistant", **{n: getattr(item, n) or None for n in fields})

    return [message(item) for item in ([value] if isinstance(value, str) else value)]


def _tools(value: Any) -> list[Any]:
    from xai_dual.types.chat import FunctionDefinition, FunctionTool

    def tool(function: Any) -> Any:
        definition = {"name": function.__name__, "description": function.__doc__, "parameters": FUNCTIONS[function]}
        return FunctionTool(function=FunctionDefinition(**definition))

    return [tool(item) if isinstance(item, FunctionType) else item for item in value]


_COERCED: Mapping[str, Any] = {
    "messages": _messages,
    "tools": _tools,
    "texts": lambda value: [value] if isinstance(value, str) else list(value),
}
COERCED = _COERCED.keys()
