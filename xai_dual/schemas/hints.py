"""From a type of Python to its kind (`kinds.py`): what it is made of, what annotations and docstrings say of it."""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import inspect
import operator
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Annotated, Any, Final, Generic, Literal, TypeVar, Union

import attrs
import typing_extensions as typing_more

from ..errors import UsageError
from .kinds import Alias, Anything, Choice, Either, Items, Kind, Noted, Null, Row, Scalar, Table
from .objects import NONE, Foreign, Member, Record

_ARRAYS: dict[Any, Any] = {
    **dict.fromkeys((list, collections.abc.Sequence, collections.abc.MutableSequence), list),
    **dict.fromkeys((collections.abc.Collection, collections.abc.Iterable), list),
    **dict.fromkeys((set, collections.abc.Set, collections.abc.MutableSet), set),
    frozenset: frozenset,
}
_TABLES = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_WRAPPERS = (Final, typing_more.Required, typing_more.NotRequired, typing_more.ReadOnly)
_LIMITS = ("ge", "gt", "le", "lt", "multiple_of", "pattern", "min_length", "max_length", "tz")

Made = dict[Any, Kind]


def kind_of(hint: Any, made: Made | None = None) -> Kind:
    """The kind of a type. `made` has the kinds of classes that were met before, so that one may refer to itself.

    Raises UsageError where a part of the type has no JSON Schema; its `field` says which.
    """
    made = {} if made is None else made
    hint, metadata = _unwrapped(hint)
    words, limits = _notes(metadata)
    kind = _bare(hint, limits, made)
    return Noted(kind, words) if words else kind


def is_type(value: object) -> bool:
    """Whether a value is something to annotate with, other than text."""
    if value is Any or isinstance(value, (type, types.UnionType)) or typing_more.get_origin(value) is not None:
        return True
    return hasattr(value, "__supertype__") or _is_alias(value)


def _module(thing: Any) -> dict[str, Any]:
    return getattr(sys.modules.get(thing.__module__), "__dict__", {})


def resolve(hint: Any, scope: Mapping[str, Any], variables: Mapping[str, Any] | None = None) -> Any:
    """An annotation with its names looked up. Raises UsageError where there are none such."""

    def holder() -> None: ...

    holder.__annotations__ = {"it": hint}
    try:
        return typing_more.get_type_hints(holder, dict(scope), dict(variables or {}), include_extras=True)["it"]
    except Exception as error:  # annotations are any code
        raise UsageError(f"has a type that cannot be resolved: {error}") from error


def plain_default(value: object) -> Any:
    """A default as JSON; NONE where it has no such form."""
    import msgspec

    if value is attrs.NOTHING or value is inspect.Parameter.empty or (isinstance(value, float) and not isfinite(value)):
        return NONE
    try:
        return msgspec.to_builtins(value, str_keys=True)
    except (TypeError, ValueError, RecursionError):
        return NONE


def docs_of(text: str | None) -> tuple[str | None, dict[str, str]]:
    """A docstring's description, and those of the parameters or attributes that it tells of."""
    import docstring_parser

    try:
        parsed = docstring_parser.parse(text or "")
    except docstring_parser.ParseError:
        return inspect.cleandoc(text or "") or None, {}
    gap = "\n\n" if parsed.blank_after_short_description else "\n"
    description = gap.join(filter(None, (parsed.short_description, parsed.long_description)))
    return description or None, {p.arg_name: p.description for p in parsed.params if p.description}


def _unwrapped(hint: Any) -> tuple[Any, list[Any]]:
    """The type itself, and what `Annotated` says of it."""
    metadata: list[Any] = []
    while True:
        origin = typing_more.get_origin(hint)
        if origin is Annotated:
            metadata = [*hint.__metadata__, *metadata]
            hint = hint.__origin__
        elif origin in _WRAPPERS:
            hint = hint.__args__[0]
        elif isinstance(hint, dataclasses.InitVar):
            hint = hint.type
        elif hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        elif isinstance(hint, TypeVar):
            hint = operator.getitem(Union, hint.__constraints__) if hint.__constraints__ else hint.__bound__ or Any
        else:
            return hint, metadata


def _notes(metadata: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
    """Words for the schema, and limits as `msgspec.Meta`s: of texts, Metas, pydantic's Fields and annotated-types."""
    words: dict[str, Any] = {}
    limits: list[Any] = []
    for note in metadata:
        if isinstance(note, (str, typing_more.Doc)):
            words.setdefault("description", note if isinstance(note, str) else note.documentation)
            continue
        for name in ("title", "description", "examples"):
            if isinstance(said := getattr(note, name, None), (str, list)):
                words.setdefault(name, said)
        for name in ("extra_json_schema", "json_schema_extra"):
            if isinstance(said := getattr(note, name, None), Mapping):
                words = {**said, **words}
        found = {name: getattr(note, name, None) for name in _LIMITS}
        if any(limit is not None for limit in found.values()):
            limits.append(_limit({name: limit for name, limit in found.items() if limit is not None}))
        if isinstance(inner := getattr(note, "metadata", None), list):
            more, inner_limits = _notes(inner)
            words, limits = {**more, **words}, [*limits, *inner_limits]
    return words, limits


def _limit(limits: Mapping[str, Any]) -> Any:
    import msgspec

    try:
        return msgspec.Meta(**limits)
    except (TypeError, ValueError) as error:
        raise UsageError(f"limits of a type cannot be used: {error}") from error


def _is_alias(hint: Any) -> bool:
    kinds = (typing_more.TypeAliasType, *filter(None, (getattr(sys.modules["typing"], "TypeAliasType", None),)))
    return isinstance(hint, kinds)


def _bare(hint: Any, limits: Sequence[Any], made: Made) -> Kind:
    origin, args = typing_more.get_origin(hint), typing_more.get_args(hint)
    cls = hint if origin is None else origin
    if hint is None or hint is type(None):
        return Null()
    if hint is Any or hint is object:
        return Anything()
    if _is_alias(cls):
        return _alias(cls, args, limits, made)
    if origin in (Union, types.UnionType):
        return _union(args, limits, made)
    if origin is Literal:
        return Choice([(value.value if isinstance(value, enum.Enum) else value, value) for value in args])
    if cls in _ARRAYS:
        return Items(kind_of(args[0] if args else Any, made), _ARRAYS[cls], limits)
    if cls is tuple:
        if not args and hint in (tuple, sys.modules["typing"].Tuple):
            args = (Any, ...)
        if len(args) == 2 and args[1] is ...:
            return Items(kind_of(args[0], made), tuple, limits)
        return Row([kind_of(arg, made) for arg in args])
    if cls in _TABLES:
        key, value = args or (str, Any)
        key, metadata = _unwrapped(key)
        key_limits = _notes(metadata)[1]
        key = operator.getitem(Annotated, (key, *key_limits)) if key_limits else key
        return Table(key, kind_of(value, made), limits)
    if isinstance(cls, type):
        return _class(cls, args, limits, made)
    if isinstance(hint, (str, typing_more.ForwardRef)):
        raise UsageError(f"the type {getattr(hint, '__forward_arg__', hint)!r} is only named: give the type itself")
    return Scalar(hint, limits)


def _union(args: Sequence[Any], limits: Sequence[Any], made: Made) -> Kind:
    """Limits are those of the members: `Annotated[int | None, Meta(ge=1)]` is at least 1, or null."""
    nulls = [arg for arg in args if arg is None or arg is type(None)]
    others = [arg for arg in args if arg not in nulls]
    if limits:
        others = [operator.getitem(Annotated, (arg, *limits)) for arg in others]
    return Either([kind_of(arg, made) for arg in (*others, *nulls)])


def _alias(alias: Any, args: tuple[Any, ...], limits: Sequence[Any], made: Made) -> Kind:
    key = (alias, str(args), str(limits))
    if key not in made:
        made[key] = kind = Alias(alias.__name__)
        value = alias.__value__[args] if args else resolve(alias.__value__, _module(alias))
        kind.inner = kind_of(operator.getitem(Annotated, (value, *limits)) if limits else value, made)
    return made[key]


def _class(cls: type, args: tuple[Any, ...], limits: Sequence[Any], made: Made) -> Kind:
    if issubclass(cls, enum.Enum):
        description = docs_of(_class_doc(cls))[0]
        choice = Choice([(member.value, member) for member in cls], cls)
        return Noted(choice, {"title": cls.__name__, **({"description": description} if description else {})})
    key = (cls, str(args))
    if key in made:
        return made[key]
    if hasattr(cls, "__pydantic_validator__"):
        made[key] = Foreign(cls)
    elif typing_more.is_typeddict(cls) or attrs.has(cls) or dataclasses.is_dataclass(cls) or _is_namedtuple(cls):
        description, texts = docs_of(_class_doc(cls))
        name = cls.__name__ + "".join(f"_{getattr(arg, '__name__', arg)}" for arg in args)
        made[key] = record = Record(name, dict if typing_more.is_typeddict(cls) else cls, description)
        record.members = [*_members(cls, args, texts, made)]
    else:
        return Scalar(cls, limits)
    return made[key]


def _is_namedtuple(cls: type) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields")


def _class_doc(cls: type) -> str | None:
    """The class's own docstring, unless it was made by `dataclass`, `NamedTuple` or, before Python 3.11, `Enum`."""
    text = vars(cls).get("__doc__")
    made = isinstance(text, str) and (text.startswith(f"{cls.__name__}(") or text == "An enumeration.")
    return text if isinstance(text, str) and not made else None


def _members(cls: type, args: tuple[Any, ...], texts: Mapping[str, str], made: Made) -> Iterator[Member]:
    variables = _variables(cls, args)
    for name, (hint, field, default) in _fields(cls).items():
        try:
            kind = kind_of(_filled(hint, variables), made)
        except UsageError as error:
            raise error.at(f"{cls.__name__}.{name}") from error
        required = default is inspect.Parameter.empty
        yield Member(name, name, kind, required, plain_default(default), texts.get(name, texts.get(field)))


def _fields(cls: type) -> dict[str, tuple[Any, str, Any]]:
    """The arguments that make an object: each with its type, the name of its field, and its default."""
    hints = _hints(cls)
    if typing_more.is_typeddict(cls):
        needed: Any = getattr(cls, "__required_keys__", hints)
        empty = inspect.Parameter.empty
        return {name: (hint, name, empty if _is_needed(hint, name in needed) else NONE) for name, hint in hints.items()}
    names = {}
    if attrs.has(cls):
        names = {a.alias: a.name for a in attrs.fields(cls)}
        hints = {**{a.name: a.type for a in attrs.fields(cls) if a.type is not None}, **hints}
    result = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            field = names.get(name, name)
            result[name] = (hints.get(field, Any), field, parameter.default)
    return result


def _is_needed(hint: Any, needed: bool) -> bool:
    """Python does not see `Required` and `NotRequired` where annotations are kept as text."""
    while (origin := typing_more.get_origin(hint)) is not None and origin in (Annotated, *_WRAPPERS):
        if origin in (typing_more.Required, typing_more.NotRequired):
            return origin is typing_more.Required
        hint = typing_more.get_args(hint)[0]
    return needed


def _hints(cls: type) -> dict[str, Any]:
    try:
        try:
            return typing_more.get_type_hints(cls, include_extras=True)
        except NameError:  # a class inside a function may still refer to itself
            return typing_more.get_type_hints(cls, localns={**vars(cls), cls.__name__: cls}, include_extras=True)
    except Exception as error:  # annotations are any code
        raise UsageError(f"a type hint cannot be resolved: {error}", field=cls.__name__) from error


def _variables(cls: type, args: tuple[Any, ...]) -> dict[Any, Any]:
    """What the type variables of a class and of its bases stand for."""
    own = dict(zip(getattr(cls, "__parameters__", ()), args, strict=False))
    bases: dict[Any, Any] = {}
    for base in typing_more.get_original_bases(cls):
        origin = typing_more.get_origin(base)
        if isinstance(origin, type) and origin is not Generic:
            bases |= _variables(origin, tuple(_filled(arg, own) for arg in typing_more.get_args(base)))
    return {**bases, **own}


def _filled(hint: Any, variables: Mapping[Any, Any]) -> Any:
    if isinstance(hint, TypeVar):
        return variables.get(hint, hint)
    parameters = getattr(hint, "__parameters__", ())
    if not variables or not parameters or isinstance(hint, type):
        return hint
    return hint[tuple(variables.get(parameter, parameter) for parameter in parameters)]
