"""Converters of what belongs to certain calls: tool choices, embedding inputs, addresses, statuses.

The functions are named as in _convert.py, which has the converters of plain values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import _check
from ._json import MISFIT
from .errors import UnsupportedOnTransport, UsageError

# --- tool_choice: ToolChoice <-> "auto" | "none" | "required" | {"type": "function", "function": {"name": ...}} ------

_TOOL_MODES = {"auto": 1, "none": 2, "required": 3}


def tool_choice_from_json(value: Any) -> Any:
    if isinstance(value, str):
        return value
    try:
        named_function(value, "")
    except UsageError:
        return MISFIT
    return dict(value)


def tool_choice_to_json(value: Any, name: str) -> str | dict[str, Any]:
    if isinstance(value, str):
        return _check.string(value, name)
    named_function(value, name)
    return dict(value)


def named_function(value: Any, name: str) -> str:
    if isinstance(value, Mapping) and value.get("type", "function") == "function":
        function = value.get("function")
        if isinstance(function, Mapping) and isinstance(function.get("name"), str):
            return _check.string(function["name"], f"{name}.function.name")
    raise UsageError(
        "must be 'auto', 'none', 'required' or {'type': 'function', 'function': {'name': ...}}", field=name
    )


def tool_choice_from_proto(value: Any) -> str | dict[str, Any] | None:
    if value.WhichOneof("tool_choice") == "function_name":
        return {"type": "function", "function": {"name": value.function_name}}
    return {number: mode for mode, number in _TOOL_MODES.items()}.get(
        value.mode, f"#{value.mode}" if value.mode else None
    )


def tool_choice_to_proto(value: Any, target: Any, name: str) -> None:
    if isinstance(value, str):
        if value not in _TOOL_MODES:
            raise UsageError(f"{value!r} is not 'auto', 'none' or 'required'", field=name)
        target.mode = _TOOL_MODES[value]
    else:
        target.function_name = named_function(value, name)


# --- public_url: PublicUrlOptions <-> true, or {"expires_after": seconds} --------------------------------------------


def public_url_from_json(value: Any) -> Any:
    return value if isinstance(value, (bool, dict)) else MISFIT


def public_url_to_json(value: Any, name: str) -> bool | dict[str, Any]:
    if isinstance(value, bool):
        return value
    options = _check.mapping(value, name)
    if options.get("expires_after") is not None:
        _check.int64(options["expires_after"], f"{name}.expires_after")
    return options


def public_url_from_proto(value: Any) -> bool | dict[str, Any]:
    return {"expires_after": value.expires_after} if value.HasField("expires_after") else True


def public_url_to_proto(value: Any, target: Any, name: str) -> None:
    if value is False:
        return  # no message: no public URL
    target.SetInParent()
    options = {} if value is True else _check.mapping(value, name)
    for key, option in options.items():
        if key != "expires_after":
            raise UsageError("cannot go over gRPC: no field of that name; transport='rest' may", field=f"{name}.{key}")
        if option is not None:
            target.expires_after = _check.int64(option, f"{name}.{key}")


# --- embed_input: repeated EmbedInput <-> text, texts, token ids, or lists of token ids ------------------------------


def embed_input_from_json(value: Any) -> Any:
    return value if isinstance(value, (str, list)) else MISFIT


def embed_input_to_json(value: Any, name: str, wire: bool = True) -> Any:
    if isinstance(value, str):
        return _check.string(value, name)
    items = _check.array(value, name)
    for i, item in enumerate(items):
        if isinstance(item, Mapping):
            if not wire:
                return list(items)
            raise UnsupportedOnTransport(f"{name}[{i}]", "rest", "it takes no images; transport='grpc' does")
    if items and isinstance(items[0], str):
        return _check.strings(items, name)
    if items and isinstance(items[0], Sequence):
        return [_check.scalars(_check.int32, item, f"{name}[{i}]") for i, item in enumerate(items)]
    return _check.scalars(_check.int32, items, name)


def embed_input_to_proto(value: Any, target: Any, name: str) -> None:
    for i, item in enumerate([value] if isinstance(value, str) else _check.array(value, name)):
        if isinstance(item, str):
            target.add().string = _check.string(item, name if isinstance(value, str) else f"{name}[{i}]")
        elif isinstance(item, Mapping):
            _write_image(item, target.add().image_url, f"{name}[{i}]")
        elif (isinstance(item, int) and not isinstance(item, bool)) or isinstance(item, (list, tuple)):
            raise UnsupportedOnTransport(f"{name}[{i}]", "grpc", "it takes no token ids; transport='rest' does")
        else:
            _check.wrong(item, "text or an image dict", f"{name}[{i}]")


def _write_image(item: Mapping[str, Any], target: Any, name: str) -> None:
    from ._gen.proto.chat_messages import encode_image_url
    from ._proto import one
    from .types.chat import ImageUrl

    if item.get("file_id") is None and item.get("url") is None:
        _check.missing(f"{name}.url")
    one(encode_image_url, ImageUrl, item, target, name)


# --- rpc_status: google.rpc.Status <-> text, or {"code", "message"} --------------------------------------------------


def rpc_status_from_json(value: Any) -> Any:
    """Code 0 without a message stands beside answers, and is no error."""
    from .types.batches import BatchError

    if isinstance(value, Mapping):
        error = BatchError.from_dict(value)
        return error if error.code or error.message else None
    return BatchError(code=0, message=value) if value.__class__ is str else MISFIT


def rpc_status_to_json(value: Any, name: str) -> dict[str, Any]:
    result: dict[str, Any] = value.to_dict()
    return result


def rpc_status_from_proto(value: Any) -> Any:
    from ._gen.proto.batches import decode_batch_error

    return decode_batch_error(value) if value.code or value.message else None
