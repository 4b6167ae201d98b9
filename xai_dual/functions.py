"""Python functions as tools: what models are told of them, their arguments from JSON, their results as text. No I/O.

def weather(city: str, days: Annotated[int, "1 to 9"] = 1) -> Forecast:
    \"\"\"The weather that is to come.\"\"\"

tools = Toolbox([weather, WebSearch()])
tools.definitions                    # to send
text = result_text(tools.bind(call)())
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import re
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from .errors import UsageError, XaiError
from .model import Model
from .schemas import SchemaMismatch, forms, parsed

if TYPE_CHECKING:
    from .schemas.kinds import Kind
    from .schemas.objects import Record
    from .types.chat import FunctionTool, Tool, ToolCall

__all__ = ["ToolArgumentsError", "Toolbox", "UnknownTool", "function_tool", "parsed_arguments", "result_text"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WRAP = "wrap the function in one whose parameters have names and types"


class ToolArgumentsError(XaiError, ValueError):
    """A call that a model asks for cannot be made; the message is for the model to read. Also a ValueError."""


class UnknownTool(ToolArgumentsError):
    """A model asks for a function that there is none of; the message lists those that there are."""


def function_tool(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
) -> FunctionTool:
    """A function as a tool: its name, what its docstring says of it, its parameters as a JSON Schema.

    Every parameter needs a type, as `json_schema` takes them; those without a default are required. They are described
    by `Annotated[int, "text"]`, else by the docstring (Google, NumPy or reST style). `strict=True` asks for arguments
    that follow the schema exactly, and sends it in strict form.

    Raises UsageError where a parameter cannot be told of (none by name, no type, a type without a JSON form), where
    there is no usable name, and where a type does not allow `strict=True`.
    """
    from .schemas.hints import docs_of
    from .types.chat import FunctionDefinition, FunctionTool

    if not callable(function) or isinstance(function, type):
        raise UsageError(f"must be a function, not {function!r}")
    called = _name(function, name)
    definitions = forms.Definitions()
    schema = definitions.rooted(_parameters(function, called)[0].properties(definitions))
    if strict:
        schema = forms.strict_form(schema)[0]
        if not forms.is_strict(schema):
            raise UsageError(f"strict=True is not possible for {called}: a parameter allows free keys or any value")
    if description is None:
        description = docs_of(_doc(function))[0]
    return FunctionTool(
        function=FunctionDefinition(name=called, description=description, parameters=schema, strict=strict)
    )


@attrs.frozen
class _Entry:
    function: Callable[..., Any]
    record: Record
    is_open: bool
    """Whether arguments of other names are passed on."""


class Toolbox:
    """Tools for a model, and the functions behind some of them."""

    definitions: list[Tool | Mapping[str, Any]]
    """All tools, to send as `tools=`."""
    names: frozenset[str]
    """The functions that `bind` can call."""
    declared: frozenset[str]
    """The functions that the model is told of: also those that are only described."""

    def __init__(
        self,
        tools: Sequence[
            Model | Mapping[str, Any] | Callable[..., Any] | tuple[Model | Mapping[str, Any], Callable[..., Any]]
        ],
    ) -> None:
        """Of functions (`function_tool` describes them), tools as models or dicts, and pairs of both.

        A pair has a schema of its own; arguments are still converted to what the function's parameters are annotated
        with, as far as they are.

        Raises UsageError for anything else and for two functions of one name; `field` says which item.
        """
        self._entries: dict[str, _Entry] = {}
        self.definitions = []
        declared: set[str] = set()
        for i, item in enumerate(tools):
            try:
                name = self._add(item)
                if name is not None and name in declared:
                    raise UsageError(f"there is more than one function named {name!r}; rename one")
            except UsageError as error:
                raise error.at(f"tools[{i}]") from error
            declared |= {name} if name is not None else set()
        self.names = frozenset(self._entries)
        self.declared = frozenset(declared)

    def __repr__(self) -> str:
        return f"Toolbox({', '.join(sorted(self.declared))})"

    def bind(self, call: ToolCall) -> Callable[[], Any]:
        """What makes the call: the function with its arguments, each converted to the type of its parameter.

        A null for a parameter that has a default and cannot be None is left to the default.

        Raises ToolArgumentsError for arguments that do not fit, and UnknownTool where there is no such function.
        """
        name = call.function.name
        entry = self._entries.get(name)
        if entry is None:
            known = f"the tools are {', '.join(sorted(self.names))}" if self.names else "there are none"
            raise UnknownTool(f"There is no tool {name!r}; {known}.")
        try:
            given = _arguments(call.function.arguments)
            keys = [member.key for member in entry.record.members]
            extra = {} if entry.is_open else {key: None for key in given if key not in keys}
            errors = [SchemaMismatch("is no argument, remove it", path=key) for key in extra]
            try:
                arguments = entry.record.values(given, "")
            except SchemaMismatch as error:
                errors.append(error)
            if errors:
                takes = f"it takes {', '.join(keys)}" if keys else "it takes none"
                raise ValueError("; ".join(map(str, errors)) + (f" ({takes})" if extra else ""))
        except ValueError as error:
            raise ToolArgumentsError(f"Wrong arguments for {name}: {error}") from error
        if entry.is_open:
            arguments = {**{key: value for key, value in given.items() if key not in keys}, **arguments}
        return functools.partial(entry.function, **arguments)

    def _add(self, item: Any) -> str | None:
        """Take in one item; the name of the function that it describes, if it does."""
        is_pair = isinstance(item, tuple) and len(item) == 2
        tool, function = item if is_pair else (item, None)
        if not is_pair and not isinstance(tool, (Model, Mapping, type)) and callable(tool):
            tool, function = function_tool(tool), tool
        if not isinstance(tool, (Model, Mapping)):
            raise UsageError(f"must be a function, a tool, or a pair (tool, function), not {item!r}")
        name = _described_name(tool)
        if is_pair and (name is None or not callable(function) or isinstance(function, type)):
            raise UsageError(f"must pair a function's description with a function, not {item!r}")
        if function is not None and name is not None:
            self._entries.setdefault(name, _Entry(function, *_parameters(function, name, loose=is_pair)))
        self.definitions.append(tool)  # type: ignore[arg-type]
        return name


def parsed_arguments(call: ToolCall) -> dict[str, Any] | None:
    """The arguments of a call as plain JSON values; None where they are no JSON object."""
    try:
        return _arguments(call.function.arguments)
    except ValueError:
        return None


def result_text(value: object) -> str:
    """What a function returned, as the text of a tool result.

    Text goes as it is, also where it stands for a date, an enum's member and the like; all else as JSON. Classes are
    written with the keys that `json_schema` has for them.

    Raises UsageError for what has no JSON form.
    """
    import msgspec

    if isinstance(value, str) and not isinstance(value, enum.Enum):
        return value
    try:
        plain = msgspec.to_builtins(_plain(value), enc_hook=_refuse, str_keys=True)
        return plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        raise UsageError(f"a result of type {type(value).__name__} cannot be written as JSON: {error}") from error


def _plain(value: Any) -> Any:
    """The value with models, classes and tuples with names as dicts; scalars are left to msgspec."""
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if value is None or isinstance(value, (type, str, bytes, int, float)):
        return value
    if callable(getattr(value, "to_dict", None)):
        return value.to_dict()
    if callable(getattr(value, "model_dump", None)):
        return value.model_dump(mode="json")
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    elif attrs.has(type(value)):
        value = {field.alias: getattr(value, field.name) for field in attrs.fields(type(value))}
    elif dataclasses.is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return value


def _refuse(value: object) -> Any:
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _arguments(text: str) -> dict[str, Any]:
    value = parsed(text) if text.strip() else {}
    if not isinstance(value, dict):
        raise ValueError("expected a JSON object")
    return value


def _described_name(tool: Model | Mapping[str, Any]) -> str | None:
    """The name of the function that a tool describes; None where it describes none."""
    form = tool if isinstance(tool, Mapping) else tool.to_dict()
    if form.get("type") != "function":
        return None
    inner = form.get("function", form)  # nested for chat, flat for responses
    if isinstance(inner, Model):
        inner = inner.to_dict()
    name = inner.get("name") if isinstance(inner, Mapping) else None
    return name if isinstance(name, str) else None


# --- what there is to know of a function -----------------------------------------------------------------------------


def _named(function: Any) -> Any:
    """The function itself, for its name and docstring."""
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _coded(function: Any) -> Any:
    """The function that was written down, for the names that its annotations may use."""
    while True:
        function = _named(function)
        if hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif hasattr(function, "__func__"):
            function = function.__func__
        elif hasattr(function, "__globals__") or not isinstance(type(function).__call__, types.FunctionType):
            return function
        else:
            function = type(function).__call__


def _name(function: Any, name: str | None) -> str:
    if name is None:
        name = getattr(_named(function), "__name__", None)
        if not isinstance(name, str) or name == "<lambda>":
            raise UsageError(f"{function!r} has no name to call it by: define it with def, or use tool(..., name=)")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(f'must have a name of 1 to 64 letters, digits, "_" and "-" (give name=), not {name!r}')
    return name


def _doc(function: Any) -> str | None:
    function = _named(function)
    if not hasattr(function, "__name__"):  # an object that can be called
        return getattr(type(function).__call__, "__doc__", None) or inspect.getdoc(type(function))
    return inspect.getdoc(function)


def _parameters(function: Any, name: str, loose: bool = False) -> tuple[Record, bool]:
    """The parameters, and whether there are `**kwargs`. `loose` takes what has no type or no known type as `Any`."""
    from .schemas.hints import docs_of, kind_of, plain_default
    from .schemas.objects import Member, Record

    fixed = function.keywords if isinstance(function, functools.partial) else {}
    texts = docs_of(_doc(function))[1]
    made: dict[Any, Kind] = {}
    members, is_open = [], False
    for parameter in _signature(function, name).parameters.values():
        if parameter.name in fixed:
            continue
        try:
            if loose and parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                is_open |= parameter.kind is parameter.VAR_KEYWORD
                continue
            _check_kind(parameter)
            try:
                kind = kind_of(_hint(function, parameter), made)
            except UsageError:
                if not loose:
                    raise
                kind = kind_of(Any)
        except UsageError as error:
            raise error.at(f"{name}({parameter.name})") from error
        required = parameter.default is parameter.empty
        default, text = plain_default(parameter.default), texts.get(parameter.name)
        members.append(Member(parameter.name, parameter.name, kind, required, default, text))
    record = Record(name, function)
    record.members = members
    return record, is_open


def _signature(function: Any, name: str) -> inspect.Signature:
    options: dict[str, Any] = {}
    if sys.version_info >= (3, 14):
        import annotationlib

        options["annotation_format"] = annotationlib.Format.FORWARDREF
    try:
        return inspect.signature(function, **options)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{name}: Python does not know its parameters ({error}): {_WRAP}") from error


def _check_kind(parameter: inspect.Parameter) -> None:
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise UsageError(f"cannot be given by name: {_WRAP}")
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        pair = "give Toolbox a pair: (tool(name, parameters=schema), function)"
        raise UsageError(f"takes any number of arguments, which a schema cannot name: {_WRAP}, or {pair}")


def _hint(function: Any, parameter: inspect.Parameter) -> Any:
    """The type of a parameter. Raises UsageError where there is none, or it is a name that nothing has."""
    from .schemas.hints import resolve

    if parameter.annotation is parameter.empty:
        bound = "; pass the bound method" if parameter.name in ("self", "cls") else ""
        raise UsageError(f"has no type: annotate it, if need be with Any{bound}")
    coded = _coded(function)
    variables = {variable.__name__: variable for variable in getattr(coded, "__type_params__", ())}
    return resolve(parameter.annotation, getattr(coded, "__globals__", {}), variables)
