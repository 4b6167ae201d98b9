"""IR -> the public models: xai_dual/types/<domain>.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from . import ir
from .convert import COERCIONS
from .lines import Imports, Lines, clean, literal, module, quoted, snake

SCALARS = {"string": "str", "bool": "bool", "float": "float", "double": "float", "bytes": "bytes"}
ZEROS = {"str": '""', "bool": "False", "float": "0.0", "bytes": 'b""', "int": "0"}


def emit_types(api: ir.Api) -> Iterator[tuple[str, str]]:
    """(path, text) of every module of models."""
    for domain in sorted({x.domain for group in (api.models, api.unions, api.enums) for x in group.values()}):
        yield f"xai_dual/types/{domain}.py", _module(api, domain)
    lines = Lines()
    lines("__all__ = []")
    doc = (
        "Public models, one module a domain. Import from the domain: `from xai_dual.types.chat import ChatCompletion`."
    )
    yield "xai_dual/types/__init__.py", module(doc, Imports(), lines)


def domains(api: ir.Api) -> list[str]:
    """The domains that define a model, union, enum or operation."""
    groups = (api.models, api.unions, api.enums, api.operations)
    return sorted({x.domain for group in groups for x in group.values()})


def py_scalar(wire: str) -> str:
    """The Python class of a scalar."""
    return SCALARS.get(wire, "int")


class Annotator:
    """Writes annotations, noting what they need imported."""

    def __init__(self, api: ir.Api, domain: str, imports: Imports, prefix: str = ".") -> None:
        self.api = api
        self.domain = domain
        self.imports = imports
        self.prefix = prefix

    def base(self, type_: ir.Type, sent: bool) -> str:
        """The type of one value; `sent` says that callers pass it."""
        if isinstance(type_, ir.Scalar):
            return py_scalar(type_.wire)
        if isinstance(type_, ir.Json):
            return self.raw("Any")
        if isinstance(type_, ir.Converted):
            return self.raw(type_.converter.sent if sent else type_.converter.received)
        if isinstance(type_, ir.ByKind):
            return " | ".join(dict.fromkeys(self._alternative(x, sent) for x in type_.alternatives))
        name = self.named(type_.name)
        if sent and isinstance(type_, (ir.ModelRef, ir.UnionRef)):
            return self.raw(f"{name} | Mapping[str, Any]")
        return name

    def _alternative(self, alternative: ir.Alternative, sent: bool) -> str:
        if alternative.kind == "number":
            return "int" if alternative.type in (ir.Scalar("int32"), ir.Scalar("int64")) else "float"
        base = self.base(alternative.type, sent)
        if alternative.many != "list":
            return self.raw("Mapping[str, Any]" if sent else "dict[str, Any]") if base == "Any" else base
        return self.raw(f"Sequence[{base}]" if sent else f"list[{base}]")

    def field(self, field: ir.Field, sent: bool) -> str:
        """The type of a field without its `| None`."""
        if sent and field.coerce:
            return self.raw(COERCIONS[field.coerce])
        base = self.base(field.type, sent)
        if field.many == "list":
            return f"Sequence[{base}]" if sent and self.raw("Sequence[int]") else f"list[{base}]"
        if field.many == "map":
            return f"Mapping[str, {base}]" if sent and self.raw("Mapping[str, int]") else f"dict[str, {base}]"
        return base

    def named(self, name: str) -> str:
        """A model, union or enum; imported where it lives in another domain."""
        for group in (self.api.models, self.api.unions, self.api.enums):
            if name in group:
                home = group[name].domain
                if home != self.domain:
                    self.imports.add(f"{self.prefix}{home}", name)
        return name

    def raw(self, annotation: str) -> str:
        """An annotation written by hand, with the imports that its words need."""
        words = set(
            annotation.replace("[", " ")
            .replace("]", " ")
            .replace(",", " ")
            .replace("|", " ")
            .replace("...", " ")
            .split()
        )
        self.imports.add("typing", *(words & {"Any"})) if "Any" in words else None
        for name in sorted(words & {"Callable", "Mapping", "Sequence"}):
            self.imports.add("collections.abc", name)
        for name in sorted(words & {"datetime", "date"}):
            self.imports.add("datetime", name)
        for name in sorted(words & {*self.api.models, *self.api.unions}):
            self.named(name)
        return annotation


def _module(api: ir.Api, domain: str) -> str:
    imports, typing_only, body = Imports(), Imports(), Lines()
    annotate = Annotator(api, domain, typing_only)
    names = _names(api, domain)
    offered = _offered(api, domain)
    body(f"__all__ = [{quoted(sorted([*names, *(name for more in offered.values() for name in more)]))}]", "")
    for enum in api.enums.values():
        if enum.domain == domain:
            _enum(enum, imports, body)
    for model in api.models.values():
        if model.domain == domain:
            _model(model, annotate, imports, body)
    for union in api.unions.values():
        if union.domain == domain:
            _union(union, Annotator(api, domain, imports), imports, body)
    if offered:
        _parts(offered, imports, typing_only, body)
    return module(f"Models: {domain}.", imports, body, typing_only)


def _names(api: ir.Api, domain: str) -> list[str]:
    """The models, unions and enums of a domain."""
    return sorted(x.name for group in (api.models, api.unions, api.enums) for x in group.values() if x.domain == domain)


def _offered(api: ir.Api, domain: str) -> dict[str, list[str]]:
    """What a domain offers that stands in other modules: its parts, and the members of their unions."""
    parts = {part: _names(api, part) for part, whole in api.parts.items() if whole == domain}
    members = {v.model for u in api.unions.values() if u.domain in parts for v in u.variants}
    others = {home: sorted(m for m in members if api.home(m) == home) for home in sorted(map(api.home, members))}
    return {**others, **parts}


def _parts(offered: Mapping[str, list[str]], imports: Imports, typing_only: Imports, body: Lines) -> None:
    """Lines that load such modules when they are first asked for."""
    imports.add("importlib", "import_module")
    typing_only.add("typing", "Any")
    for home, names in offered.items():
        typing_only.add(f".{home}", *names)
    homes = [f"{literal(home)}: ({quoted(names)},)" for home, names in offered.items()]
    body(f"_PARTS = {{{', '.join(homes)}}}")
    body("_PART_OF = {name: part for part, names in _PARTS.items() for name in names}", "")
    guard = body.block("if not TYPE_CHECKING:  # type checkers are to find wrong names")
    with guard, body.block("def __getattr__(name: str) -> Any:"):
        body.doc("Load the part that has it: few calls need one.")
        body("if name not in _PART_OF:")
        body('    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")')
        body('value = globals()[name] = getattr(import_module(f".{_PART_OF[name]}", __package__), name)')
        body("return value")
    with body.block("def __dir__() -> list[str]:"):
        body("return sorted({*globals(), *__all__})")


def _enum(enum: ir.Enum, imports: Imports, body: Lines) -> None:
    imports.add("typing", "Literal", "TypeAlias")
    body(f"{enum.name}: TypeAlias = Literal[{quoted(v.name for v in enum.values)}] | str")
    one_sided = [
        f"{', '.join(names)}: {wire} only."
        for wire, names in (
            ("gRPC", [v.name for v in enum.values if not v.rest]),
            ("REST", [v.name for v in enum.values if v.number is None]),
        )
        if names
    ]
    note = " ".join(["Open: any other string may come." if enum.values else "", *one_sided])
    body.doc(f"{clean(enum.doc)} {note}".strip())
    body("")


def _union(union: ir.Union, annotate: Annotator, imports: Imports, body: Lines) -> None:
    imports.add("typing", "TypeAlias")
    imports.add("..model", "Unknown")
    members = [annotate.named(v.model) for v in union.variants]
    body(f"{union.name}: TypeAlias = {' | '.join([*members, 'Unknown'])}")
    body.doc(union.doc)
    body("")


def _model(model: ir.Model, annotate: Annotator, imports: Imports, body: Lines) -> None:
    imports.add("attrs")
    imports.add("typing", "ClassVar")
    imports.add("..model", "Model")
    bases = "Model"
    if model.views:
        imports.add("..views", model.views)
        bases = f"{model.views}, Model"
    body("@attrs.define(kw_only=True, repr=False)")
    with body.block(f"class {model.name}({bases}):"):
        body.doc(model.doc or f"{model.name}.", *_source(model))
        body("")
        one_sided = {f.name: f.one_sided for f in model.fields if f.one_sided and model.two_sided}
        if one_sided:
            pairs = ", ".join(f"{literal(k)}: {literal(v)}" for k, v in one_sided.items())
            body(f"one_sided: ClassVar = {{{pairs}}}")
        several = len(model.rest) + len(model.by) > 1
        lacking = {shape: names for shape in (*model.rest, *model.by) if (names := _lacking(model, shape))}
        if several and lacking and model.received:
            pairs = ", ".join(f"{literal(shape)}: frozenset({{{quoted(names)}}})" for shape, names in lacking.items())
            body(f"not_on_route: ClassVar = {{{pairs}}}")
        name = snake(model.name)
        body(f'json_codec: ClassVar = ("xai_dual._gen.json.{model.domain}", "encode_{name}", "decode_{name}")', "")
        for field in sorted(model.fields, key=lambda f: not (model.sent_only and f.required)):
            _field(model, field, annotate, imports, body)
        annotate.imports.add("typing", "Any")
        body("extra: dict[str, Any] | None = attrs.field(default=None, eq=False)")
        body.doc("Properties of the JSON object that the definitions do not know, or of a type that they do not expect")
        if model.answers:
            annotate.imports.add("..meta", "Meta")
            body("meta: Meta | None = attrs.field(default=None, eq=False)")
            body.doc("Facts about the call that this answers: request id, transport, attempts, times")
    body("")


def _lacking(model: ir.Model, shape: str) -> list[str]:
    """Fields that both wires carry, but not that route."""
    return [f.name for f in model.fields if not f.one_sided and shape not in f.rest]


def _source(model: ir.Model) -> list[str]:
    sources = [f"`{model.grpc}` (gRPC)"] if model.grpc else []
    sources += [f"`{name}` (REST)" for name in dict.fromkeys(model.rest.values()) if name]
    return ["", f"Source: {', '.join(sources)}."] if sources else []


def _field(model: ir.Model, field: ir.Field, annotate: Annotator, imports: Imports, body: Lines) -> None:
    annotation = annotate.field(field, model.sent_only)
    default = _default(model, field, annotate, imports)
    if not field.required if model.sent_only else field.kind == "optional":
        annotation += " | None"
    if field.secret:
        imports.add("..model", "secret_repr")
        default = f"attrs.field({f'default={default}, ' if default else ''}repr=secret_repr)"
    body(f"{field.name}: {annotation}" + (f" = {default}" if default else ""))
    notes = []
    if field.one_sided and model.two_sided:
        notes.append("gRPC only." if field.one_sided == "grpc" else "REST only.")
    if field.secret:
        notes.append("Not shown by `repr`.")
    text = " ".join([clean(field.doc), *notes]).strip()
    if text:
        body.doc(text)


def _default(model: ir.Model, field: ir.Field, annotate: Annotator, imports: Imports) -> str:
    """Source of the field's default; "" where it has none."""
    if model.sent_only:
        return "" if field.required else "None"
    if field.kind == "many":
        return f"attrs.Factory({field.many if field.many == 'list' else 'dict'})"
    zero = zero_of(field, annotate.api)
    if field.kind == "plain" and isinstance(field.type, ir.ModelRef):
        home = annotate.api.models[field.type.name].domain
        if home != annotate.domain:  # needed when a model is made, not only by type checkers
            imports.add(f".{home}", field.type.name)
        return f"attrs.Factory(lambda: {field.type.name}())"
    return "attrs.Factory(list)" if zero == "[]" else zero


def zero_of(field: ir.Field, api: ir.Api, sent_only: bool = False) -> str:
    """Source of what an absent value reads as; in what only callers make, absent is not set."""
    if field.kind == "optional" or sent_only:
        return "None"
    if field.kind == "many":
        return "[]" if field.many == "list" else "{}"
    if isinstance(field.type, ir.Scalar):
        return ZEROS[py_scalar(field.type.wire)]
    if isinstance(field.type, ir.EnumRef):
        return literal(api.enums[field.type.name].zero)
    if isinstance(field.type, ir.Converted):
        return field.type.converter.zero or "None"
    if isinstance(field.type, ir.ModelRef):
        return f"{field.type.name}()"
    return "None"
