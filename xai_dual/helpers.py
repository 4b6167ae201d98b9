"""Short ways to write messages, content parts and tools.

client.chat.create(model="grok-4", messages=[system("Be brief."), user("What is this?", image("photo.jpg"))])
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, overload

from .errors import UsageError

if TYPE_CHECKING:
    from .types.chat import ContentPart, FunctionTool, Message, ToolCall

__all__ = ["assistant", "developer", "file", "image", "system", "tool", "tool_result", "user"]


def user(*parts: str | ContentPart, name: str | None = None) -> Message:
    """A message of the user: texts and parts made by `image` and `file`. `name` tells several users apart.

    Raises UsageError where there is no part, or one of another type.
    """
    return _message("user", parts, name)


def system(*parts: str | ContentPart, name: str | None = None) -> Message:
    """A message that instructs the model."""
    return _message("system", parts, name)


def developer(*parts: str | ContentPart, name: str | None = None) -> Message:
    """Instructions by the developer of the application; models without that role take them as `system`."""
    return _message("developer", parts, name)


def assistant(
    *parts: str | ContentPart,
    tool_calls: Iterable[ToolCall] | None = None,
    name: str | None = None,
    encrypted_content: str | None = None,
) -> Message:
    """A message of the model: what it said, or the tools that it called, in an earlier turn.

    `encrypted_content` is its sealed reasoning, or, alone, a conversation that was compacted.
    """
    calls = list(tool_calls or ())
    message = _message("assistant", parts, name, may_be_empty=bool(calls or encrypted_content))
    if calls:
        message.tool_calls = calls
    message.encrypted_content = encrypted_content
    return message


def tool_result(content: Any, *, tool_call_id: str) -> Message:
    """What a tool returned, for the call of that id (`call.id`). What is no string is sent as JSON.

    Raises UsageError where the id is missing or the content cannot be written as JSON.
    """
    from .types.chat_messages import Message

    if not isinstance(tool_call_id, str) or not tool_call_id:
        raise UsageError("is required: the id of the tool call that this answers", field="tool_call_id")
    return Message(role="tool", content=_as_text(content), tool_call_id=tool_call_id)


def image(
    source: str | os.PathLike[str] | bytes | None = None,
    *,
    file_id: str | None = None,
    detail: str | None = None,
    mime_type: str | None = None,
) -> ContentPart:
    """An image: a URL ("https://...", "data:..."), the path of a file, or its bytes; files and bytes are sent inline.
    Or the id of an uploaded one, as `file_id`.

    `detail` is "auto", "low" or "high" (gRPC only). `mime_type` is found out by the first bytes or the file's name if
    not given. Raises UsageError where the file cannot be read or its type cannot be found out.
    """
    from .types.chat_messages import ContentPart, ImageUrl

    if (source is None) == (file_id is None):
        raise UsageError("needs a URL, a path or bytes, or else file_id=", field="image")
    if file_id is not None:
        return ContentPart(type="image_url", image_url=ImageUrl(file_id=file_id, detail=detail))
    return ContentPart(type="image_url", image_url=ImageUrl(url=_image_url(source, mime_type), detail=detail))


def file(
    file_id: str | None = None,
    *,
    url: str | None = None,
    data: bytes | str | os.PathLike[str] | None = None,
    filename: str | None = None,
    mime_type: str | None = None,
) -> ContentPart:
    """A file: the id of an uploaded one, a URL, or `data` to send inline (bytes, or the path of a file).

    Raises UsageError unless exactly one of the three is given, and where the file cannot be read.
    """
    from .types.chat_messages import ContentPart, FileRef

    if sum(value is not None for value in (file_id, url, data)) != 1:
        raise UsageError("needs exactly one of file_id=, url= and data=", field="file")
    if data is None:
        reference = FileRef(file_id=file_id, url=url, filename=filename, mime_type=mime_type)
        return ContentPart(type="file", file=reference)
    content = (
        data if isinstance(data, bytes) else _read(data, "data", "give bytes or the path of a file; an address as url=")
    )
    if filename is None and not isinstance(data, bytes):
        filename = os.path.basename(os.fsdecode(data))
    mime_type = mime_type or _type_by_name(filename)
    return ContentPart(type="file", file=FileRef(data=content, filename=filename, mime_type=mime_type))


@overload
def tool(
    function: Callable[..., Any],
    /,
    description: str | None = None,
    *,
    name: str | None = None,
    strict: bool | None = None,
) -> FunctionTool: ...


@overload
def tool(
    function: str,
    /,
    description: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    strict: bool | None = None,
) -> FunctionTool: ...


def tool(
    function: str | Callable[..., Any],
    /,
    description: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    strict: bool | None = None,
) -> FunctionTool:
    """A function that the model may call: a typed Python function, told of by its signature and its docstring, or a
    name, a description and the JSON schema of its arguments (none means no arguments).

    `name` calls a Python function by another name. `strict` has the model hold to the schema exactly.
    Raises UsageError where the name is missing, `parameters` is no mapping, or a function's parameter has no type that
    JSON can carry.
    """
    from .types.chat import FunctionDefinition, FunctionTool

    if callable(function):
        if parameters is not None:
            raise UsageError("are those of the function's signature: leave them out", field="parameters")
        from .functions import function_tool

        return function_tool(function, name=name, description=description, strict=strict)
    if not isinstance(function, str) or not function:
        raise UsageError("is required: the name that the model calls the function by", field="name")
    if parameters is not None and not isinstance(parameters, Mapping):
        raise UsageError(f"must be a JSON schema as a dict, not {type(parameters).__name__}", field="parameters")
    schema = dict(parameters) if parameters is not None else {"type": "object", "properties": {}}
    definition = FunctionDefinition(name=function, description=description, parameters=schema, strict=strict)
    return FunctionTool(function=definition)


def _message(role: str, parts: tuple[Any, ...], name: str | None, may_be_empty: bool = False) -> Message:
    from .types.chat_messages import ContentPart, Message

    if len(parts) == 1 and isinstance(parts[0], str):
        return Message(role=role, content=parts[0], name=name)
    if not parts:
        if may_be_empty:
            return Message(role=role, name=name)
        raise UsageError(f"{role}() needs a text or a content part", field="content")
    content: list[ContentPart] = []
    for i, part in enumerate(parts):
        if isinstance(part, str):
            part = ContentPart(type="text", text=part)
        elif not isinstance(part, ContentPart):
            kind = type(part).__name__
            raise UsageError(f"must be a string, image(...) or file(...), not {kind}", field=f"content[{i}]")
        content.append(part)
    return Message(role=role, content=content, name=name)


def _as_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    import orjson

    if hasattr(content, "to_dict"):
        content = content.to_dict()
    try:
        return orjson.dumps(content).decode()
    except TypeError as error:
        raise UsageError(f"cannot be written as JSON: {error}", field="content") from error


def _image_url(source: Any, mime_type: str | None) -> str:
    from base64 import b64encode

    if isinstance(source, str) and source.startswith(("https://", "http://", "data:")):
        return source
    if isinstance(source, (bytes, bytearray, memoryview)):
        content, name = bytes(source), None
    elif isinstance(source, (str, os.PathLike)):
        content, name = _read(source, "image"), os.fspath(source)
    else:
        raise UsageError(f"must be a URL, a path or bytes, not {type(source).__name__}", field="image")
    mime_type = mime_type or _image_type(content) or _type_by_name(name)
    if mime_type is None:
        raise UsageError("is of no known image type: give mime_type=, such as 'image/png'", field="image")
    return f"data:{mime_type};base64,{b64encode(content).decode('ascii')}"


def _type_by_name(name: str | None) -> str | None:
    import mimetypes

    return mimetypes.guess_type(name)[0] if name else None


_IMAGE_TYPES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


def _image_type(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _IMAGE_TYPES if content.startswith(start)), None)


def _read(path: str | os.PathLike[str], field: str, hint: str = "give a URL, the path of a file, or bytes") -> bytes:
    try:
        with open(os.fspath(path), "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"cannot be read: {os.fspath(path)[:200]!r}: {reason} ({hint})",
            field=field,
        ) from error
