"""The binding files: parsed strictly, so that a misspelt key is an error and never an ignored wish."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from .errors import DefinitionError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REASONS = ("no-counterpart", "not-supported-by-server", "deprecated", "server-internal", "constant", "not-yet")
DEFAULT_SHAPE = "rest"


@attrs.frozen
class FieldBinding:
    """`field.NAME = {...}`: where a public field stands on each wire."""

    grpc: str | None = None
    rest: Mapping[str, str] = attrs.field(factory=dict)  # shape -> path; shape "*" is every shape of the model
    convert: str | None = None
    reshape: Mapping[str, str] = attrs.field(factory=dict)  # shape -> function of _chat/reshape.py
    type: str | None = None
    coerce: str | None = None
    doc: str | None = None
    distinct: bool = False  # its name is also on the other wire, with another meaning
    echo: bool = False  # of an answer: what the caller sent, shown again
    drop: bool = False  # one-sided, and the other wire loses nothing without it: not sent there, not refused
    secret: bool = False  # whoever has the value may act by it: not shown in reprs

    @property
    def placed(self) -> bool:
        """Whether the binding says where the field stands; if not, it stands under its own name."""
        return self.grpc is not None or bool(self.rest)


@attrs.frozen
class ModelBinding:
    """`[model.NAME]`"""

    name: str
    domain: str
    grpc: str | None = None
    rest: Mapping[str, str] = attrs.field(factory=dict)
    by: Mapping[str, str] = attrs.field(factory=dict)  # shape -> "module:name", which writes or reads it there
    const: Mapping[str, object] = attrs.field(factory=dict)  # properties of one value: always written on REST
    parameters: bool = False  # a request whose REST side is path and query parameters only
    views: str | None = None
    check: str | None = None  # function of xai_dual/_chat/checks.py that refuses what the definitions allow
    doc: str | None = None
    fields: Mapping[str, FieldBinding] = attrs.field(factory=dict)


@attrs.frozen
class VariantBinding:
    """`variant.MODEL = {...}` of a union."""

    grpc: str | None = None
    rest: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class UnionBinding:
    """`[union.NAME]`"""

    name: str
    domain: str
    grpc: str | None = None
    rest: Mapping[str, str] = attrs.field(factory=dict)
    style: str = "tag"  # or "key": each member stands under a key of its own
    tag: str | None = None  # the tag property, where no definition tells
    default: str | None = None  # the tag of an object that has none
    doc: str | None = None
    variants: Mapping[str, VariantBinding] = attrs.field(factory=dict)


@attrs.frozen
class EnumBinding:
    """`[enum.NAME]`"""

    name: str
    domain: str
    grpc: str | None = None
    rest: str | None = None  # the schema that lists the values, where REST lists them
    doc: str | None = None
    values: Mapping[str, str] = attrs.field(factory=dict)  # public spelling -> protobuf name
    spelling: str = "short"  # or "proto": protobuf's names as they are
    grpc_only: tuple[str, ...] = ()  # public spellings that REST does not list
    rest_only: tuple[str, ...] = ()


@attrs.frozen
class FoldBinding:
    """`[fold.MODEL]`"""

    name: str
    domain: str
    chunk: str
    rules: Mapping[str, str] = attrs.field(factory=dict)  # field -> how
    sources: Mapping[str, str] = attrs.field(factory=dict)  # field -> chunk field, where the names differ
    extras: tuple[str, ...] = ()
    done_when: str | None = None
    by: str | None = None


@attrs.frozen
class RouteBinding:
    """One REST route of an operation."""

    route: str
    const: Mapping[str, object] = attrs.field(factory=dict)
    default: Mapping[str, object] = attrs.field(
        factory=dict
    )  # properties that are sent where the request leaves them out
    reader: str | None = None  # "module:class", written by hand, that reads the answer or the events
    items: str | None = None
    pending: bool = False  # 202 means "not ready yet"
    wraps: str | None = None  # the answer is this field of the response, whose `status` is then "done"


@attrs.frozen
class OperationBinding:
    """`[operation."resource.method"]`"""

    name: str
    domain: str
    response: str | None = None
    request: str | None = None
    chunk: str | None = None
    items: str | None = None
    grpc: str | None = None
    rest: Mapping[str, RouteBinding] = attrs.field(factory=dict)
    required: tuple[str, ...] = ()
    read_only: bool = False
    doc: str | None = None
    page: Mapping[str, str] | None = None
    upload: str | None = None
    several: bool = False
    optional: bool = False
    download: bool = False
    poll: str | None = None
    until: str | None = None
    slices: Mapping[str, Any] | None = None  # field, most_bytes, calls, seconds
    stream: str | None = None  # "module:class" of xai_dual/_async that users iterate, instead of AsyncStream
    like: str | None = None  # the operation whose arguments it has; `by` is a function of xai_dual/_async
    by: str | None = None
    gives: str | None = None  # annotation of what that function returns; awaited unless it is "plain NAME"
    without: tuple[str, ...] = ()  # arguments of the other operation that it does not have
    arguments: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)  # its own: name -> type, default, doc


@attrs.define
class Bindings:
    """All binding files."""

    models: dict[str, ModelBinding] = attrs.field(factory=dict)
    unions: dict[str, UnionBinding] = attrs.field(factory=dict)
    enums: dict[str, EnumBinding] = attrs.field(factory=dict)
    folds: dict[str, FoldBinding] = attrs.field(factory=dict)
    operations: dict[str, OperationBinding] = attrs.field(factory=dict)
    waivers: dict[str, str] = attrs.field(factory=dict)  # item or file -> reason
    whys: dict[str, str] = attrs.field(factory=dict)  # item or file -> the reason in a line, where it is given
    waiver_domains: dict[str, str] = attrs.field(factory=dict)
    domains: list[str] = attrs.field(factory=list)
    parts: dict[str, str] = attrs.field(factory=dict)  # domain -> the one that it is a part of
    late: set[str] = attrs.field(factory=set)  # domains to load when they are first needed


def read_bindings(folder: Path) -> Bindings:
    """Read every .toml in `folder`; each file is one domain."""
    bindings = Bindings()
    for path in sorted(folder.glob("*.toml")):
        try:
            data = tomllib.loads(path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise DefinitionError(f"{path.name}: {error}") from error
        _File(path.stem, path.name, bindings).read(data)
    if not bindings.domains:
        raise DefinitionError(f"no binding file in {folder}")
    for late in sorted(bindings.late - bindings.parts.keys()):
        raise DefinitionError(f"{late}.toml: late = true is for a file that says `part_of`")
    for part, whole in bindings.parts.items():
        if whole not in bindings.domains or whole in bindings.parts:
            raise DefinitionError(f"{part}.toml: part_of = {whole!r} is no file beside it that is whole")
    return bindings


@attrs.define
class _File:
    domain: str
    file: str
    into: Bindings

    def read(self, data: Mapping[str, Any]) -> None:
        self.into.domains.append(self.domain)
        readers: dict[str, tuple[Callable[[str, Any], Any], dict[str, Any]]] = {
            "operation": (self._operation, self.into.operations),
            "model": (self._model, self.into.models),
            "union": (self._union, self.into.unions),
            "enum": (self._enum, self.into.enums),
            "fold": (self._fold, self.into.folds),
        }
        for section, entries in data.items():
            if section == "part_of":
                self.into.parts[self.domain] = str(entries)
                continue
            if section == "late":
                self.into.late |= {self.domain} if entries else set()
                continue
            if section == "waive":
                self._waive(entries)
                continue
            if section not in readers:
                known = ", ".join((*readers, "waive", "part_of", "late"))
                raise DefinitionError(f"{self.file}: [{section}] is no section; there are {known}")
            reader, into = readers[section]
            for name, entry in entries.items():
                if name in into:
                    raise DefinitionError(f"{self.file}: [{section}.{name}] stands in {into[name].domain}.toml already")
                into[name] = reader(name, entry)

    def _keys(self, where: str, entry: Mapping[str, Any], *allowed: str) -> None:
        unknown = sorted(set(entry) - set(allowed))
        if unknown:
            raise DefinitionError(f"{self.file}: {where} has no key {unknown[0]!r}; it has {', '.join(allowed)}")

    def _needs(self, where: str, entry: Mapping[str, Any], key: str, what: str) -> None:
        if key not in entry:
            raise DefinitionError(f"{self.file}: {where} needs `{key}`, {what}")

    def _one_of(self, where: str, entry: Mapping[str, Any], key: str, *values: object) -> None:
        if entry.get(key, values[0]) not in values:
            known = ", ".join(map(str, values))
            raise DefinitionError(f"{self.file}: {where} {key} = {entry[key]!r} is none of {known}")

    def _code(self, where: str, entry: Mapping[str, Any], key: str) -> None:
        """The value of a key that names what is written by hand."""
        module, _, name = str(entry.get(key, "module:name")).partition(":")
        if not module or not name.isidentifier():
            raise DefinitionError(f'{self.file}: {where} {key} = {entry[key]!r} is no "module:name"')

    def _field(self, where: str, entry: Mapping[str, Any]) -> FieldBinding:
        plain = ("convert", "type", "coerce", "doc", "distinct", "drop", "echo", "reshape", "secret")
        self._keys(where, entry, "grpc", "rest", *plain)
        self._one_of(where, entry, "secret", False, True)
        return FieldBinding(**{**entry, "rest": _by_shape(entry.get("rest"), "*")})

    def _model(self, name: str, entry: Mapping[str, Any]) -> ModelBinding:
        where = f"[model.{name}]"
        self._keys(where, entry, "grpc", "rest", "by", "const", "parameters", "views", "check", "doc", "field")
        fields = {k: self._field(f"{where} field.{k}", v) for k, v in entry.get("field", {}).items()}
        plain = {k: entry[k] for k in ("grpc", "by", "const", "parameters", "views", "check", "doc") if k in entry}
        return ModelBinding(name, self.domain, rest=_by_shape(entry.get("rest")), fields=fields, **plain)

    def _union(self, name: str, entry: Mapping[str, Any]) -> UnionBinding:
        where = f"[union.{name}]"
        self._keys(where, entry, "grpc", "rest", "style", "tag", "default", "doc", "variant")
        self._one_of(where, entry, "style", "tag", "key")
        variants = {}
        for model, value in entry.get("variant", {}).items():
            self._keys(f"{where} variant.{model}", value, "grpc", "rest")
            variants[model] = VariantBinding(value.get("grpc"), _by_shape(value.get("rest"), "*"))
        plain = {k: entry[k] for k in ("grpc", "style", "tag", "default", "doc") if k in entry}
        return UnionBinding(name, self.domain, rest=_by_shape(entry.get("rest")), variants=variants, **plain)

    def _enum(self, name: str, entry: Mapping[str, Any]) -> EnumBinding:
        self._keys(f"[enum.{name}]", entry, "grpc", "rest", "doc", "value", "spelling", "grpc_only", "rest_only")
        self._one_of(f"[enum.{name}]", entry, "spelling", "short", "proto")
        plain = {k: entry[k] for k in ("grpc", "rest", "doc", "spelling") if k in entry}
        grpc_only, rest_only = (tuple(entry.get(k, ())) for k in ("grpc_only", "rest_only"))
        return EnumBinding(
            name, self.domain, values=entry.get("value", {}), grpc_only=grpc_only, rest_only=rest_only, **plain
        )

    def _fold(self, name: str, entry: Mapping[str, Any]) -> FoldBinding:
        self._keys(f"[fold.{name}]", entry, "chunk", "rule", "source", "extras", "done_when", "by")
        self._needs(f"[fold.{name}]", entry, "chunk", "the model of one piece of the stream")
        return FoldBinding(
            name,
            self.domain,
            entry["chunk"],
            entry.get("rule", {}),
            entry.get("source", {}),
            tuple(entry.get("extras", ())),
            entry.get("done_when"),
            entry.get("by"),
        )

    def _operation(self, name: str, entry: Mapping[str, Any]) -> OperationBinding:
        where = f'[operation."{name}"]'
        simple = [
            "response",
            "request",
            "chunk",
            "items",
            "grpc",
            "read_only",
            "doc",
            "page",
            "upload",
            "several",
            "optional",
            "download",
            "poll",
            "until",
            "slices",
            "stream",
            "like",
            "by",
            "gives",
        ]
        self._keys(where, entry, *simple, "rest", "required", "without", "argument")
        self._helper(where, entry)
        self._code(where, entry, "stream")
        if "page" in entry:
            self._needs(where, entry, "items", "the answer's property that holds a page's items")
            self._keys(f"{where} page", entry["page"], "argument", "token", "more")
            self._needs(f"{where} page", entry["page"], "argument", "the request's field that takes the token")
            self._needs(f"{where} page", entry["page"], "token", "the answer's property that gives it")
        if "slices" in entry:
            keys = ("field", "most_bytes", "calls", "seconds")
            self._keys(f"{where} slices", entry["slices"], *keys)
            for key in keys:
                self._needs(f"{where} slices", entry["slices"], key, "a limit of the service")
        if "poll" in entry:
            self._needs(where, entry, "until", "the function of xai_dual/polling.py that reads the answers")
        rest = entry.get("rest", {})
        rest = {DEFAULT_SHAPE: rest} if isinstance(rest, str) or "route" in rest else rest
        routes = {}
        for shape, value in rest.items():
            value = {"route": value} if isinstance(value, str) else value
            self._keys(
                f"{where} rest.{shape}", value, "route", "const", "default", "reader", "items", "pending", "wraps"
            )
            self._needs(f"{where} rest.{shape}", value, "route", 'as in "POST /v1/things"')
            self._code(f"{where} rest.{shape}", value, "reader")
            routes[shape] = RouteBinding(**value)
        plain = {k: entry[k] for k in simple if k in entry}
        required, without = (tuple(entry.get(key, ())) for key in ("required", "without"))
        arguments = entry.get("argument", {})
        return OperationBinding(
            name, self.domain, rest=routes, required=required, without=without, arguments=arguments, **plain
        )

    def _helper(self, where: str, entry: Mapping[str, Any]) -> None:
        """The keys of an operation that is a helper around another one."""
        if "like" not in entry:
            for key in ("by", "gives", "without", "argument"):
                if key in entry:
                    raise DefinitionError(f"{self.file}: {where} {key!r} goes with `like`")
            return
        self._keys(where, entry, "like", "by", "gives", "without", "argument", "doc")
        self._needs(where, entry, "by", "the function of xai_dual/_async that it calls")
        self._needs(where, entry, "gives", "what that function returns")
        self._code(where, entry, "by")
        for own, argument in entry.get("argument", {}).items():
            self._keys(f"{where} argument.{own}", argument, "type", "default", "doc")
            self._needs(f"{where} argument.{own}", argument, "type", "its annotation")

    def _waive(self, entries: Mapping[str, Any]) -> None:
        for reason, items in entries.items():
            if reason not in REASONS:
                raise DefinitionError(f"{self.file}: [waive] {reason!r} is no reason; there are {', '.join(REASONS)}")
            for item in items:
                if item in self.into.waivers:
                    raise DefinitionError(f"{self.file}: {item} is waived twice")
                self.into.waivers[item] = reason
                self.into.waiver_domains[item] = self.domain
                if isinstance(items, Mapping):
                    self.into.whys[item] = items[item]


def _by_shape(value: str | Mapping[str, str] | None, single: str = DEFAULT_SHAPE) -> dict[str, str]:
    if value is None:
        return {}
    return {single: value} if isinstance(value, str) else dict(value)
