"""What the emitters of both codecs share: function names, the checks of what callers pass, one-of groups."""

from __future__ import annotations

from collections.abc import Iterable

from . import ir
from .convert import COERCION_HOMES, Converter
from .lines import Imports, Lines, literal, snake


class CodecModule:
    """One generated codec module: its imports and its body."""

    def __init__(self, api: ir.Api, domain: str, family: str) -> None:
        self.api = api
        self.domain = domain
        self.family = family  # "json" or "proto"
        self.imports = Imports()
        self.typing_only = Imports()
        self.body = Lines()

    def use(self, helper_module: str, name: str) -> str:
        """A run-time helper of xai_dual, imported."""
        self.imports.add(f"...{helper_module}", name)
        return name

    def cls(self, name: str) -> str:
        """Source of a public model or union, imported."""
        home = self.api.home(name)
        if self._is_late(home):
            whole = self.api.parts[home]
            self.imports.add("...types", f"{whole} as {whole}_types")
            return f"{whole}_types.{name}"
        self.imports.add(f"...types.{home}", name)
        return name

    def function(self, verb: str, name: str, shape: str | None = None) -> str:
        """`encode_chat_request`, imported where another module has it; of that shape, if it has a codec of its own."""
        home = self.api.home(name)
        node = self.api.models.get(name) or self.api.unions[name]
        function = f"{verb}_{snake(name)}" + (f"_{shape}" if shape in node.other_shapes else "")
        if self._is_late(home):
            self.imports.add_late(f".{home}", function)
        elif home != self.domain:
            self.imports.add(f".{home}", function)
        return function

    def _is_late(self, home: str) -> bool:
        """Whether the models and codecs of that domain are loaded when they are first needed."""
        return home in self.api.late and home != self.domain

    def converter(self, converter: Converter, way: str) -> str:
        """A function of a converter, imported: way is "from_json", "to_json", "from_proto" or "to_proto"."""
        return self.use(converter.home, f"{converter.name}_{way}")

    def check(self, type_: ir.Scalar) -> str:
        """The function of xai_dual._check that accepts values of that type."""
        name = {"string": "string", "bool": "boolean", "double": "double", "float": "float32"}.get(
            type_.wire, type_.wire
        )
        return self.use("_check", "octets" if name == "bytes" else name)

    def checked(self, field: ir.Field, value: str, name: str) -> str:
        """Source that checks a sent scalar, list or map of scalars."""
        assert isinstance(field.type, ir.Scalar)
        check = self.check(field.type)
        if field.many == "list":
            return f"{self.use('_check', 'scalars')}({check}, {value}, {name})"
        if field.many == "map":
            return f"{self.use('_check', 'entries')}({check}, {value}, {name})"
        return f"{check}({value}, {name})"

    def coerced(self, field: ir.Field) -> str:
        """Source of a field's value, passed through its coercion."""
        if field.coerce is None:
            return f"m.{field.name}"
        return (
            f"{self.use(COERCION_HOMES[field.coerce], f'coerce_{field.coerce}')}(m.{field.name}, {literal(field.name)})"
        )


def not_here(m: CodecModule, shapes: Iterable[str], name: str) -> str:
    """The line that refuses what this JSON cannot carry: another route may, of those shapes; else only gRPC can."""
    others = [shape for shape in shapes if shape]
    if not others:
        return f'{m.use("_check", "only_on")}("grpc", {literal(name)})'
    return f"{m.use('_check', 'only_on_route')}({literal(others[0])}, {literal(name)})"


def one_ofs(model: ir.Model) -> list[list[str]]:
    """Groups of fields of which at most one may be set, as protobuf's oneofs say."""
    groups: dict[str, list[str]] = {}
    for field in model.fields:
        if field.grpc and field.grpc.field and field.grpc.field.oneof and len(field.grpc.path) == 1:
            groups.setdefault(field.grpc.field.oneof, []).append(field.name)
    return [names for names in groups.values() if len(names) > 1]


def check_one_ofs(model: ir.Model, module: CodecModule, only_if: str | None = None) -> None:
    """Lines that refuse two members of a one-of; `only_if` says when, if not always."""
    if not model.sent:
        return
    for names in one_ofs(model):
        pairs = ", ".join(f"{n}=m.{n}" for n in names)
        line = f"{module.use('_check', 'at_most_one')}({pairs})"
        module.body(*([f"if {only_if}:", f"    {line}"] if only_if else [line]))


def check_required(model: ir.Model, module: CodecModule, only_if: str | None = None) -> None:
    """Lines that refuse a request without what it needs; `only_if` says when, if not always."""
    for field in model.fields:
        if model.sent_only and field.required:
            with module.body.block(f"if {f'{only_if} and ' if only_if else ''}m.{field.name} is None:"):
                module.body(f"{module.use('_check', 'missing')}({literal(field.name)}, m.extra)")


def check_whole(model: ir.Model, module: CodecModule, only_if: str | None = None) -> None:
    """The line that has a function written by hand look at the model; `only_if` says when, if not always."""
    if model.check:
        line = f"{module.use('_chat.checks', model.check)}(m)"
        module.body(*([f"if {only_if}:", f"    {line}"] if only_if else [line]))
