"""Facts + bindings -> the IR, or all problems at once. Every decision about names, types and kinds is taken here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from . import ir
from .bindings import Bindings, EnumBinding, FoldBinding, OperationBinding
from .coverage import Coverage
from .errors import LinkError
from .facts import Facts
from .link_models import ModelLinker
from .names import unfit_argument
from .raw import Definitions

RESERVED = (
    *("Listing", "Meta", "Model", "Unknown", "CallOptions", "Codec", "EnumNames", "Extra", "GrpcBinding", "INHERIT"),
    *("Inherit", "Operation", "RestBinding", "RestRequest", "StreamOperation", "Text", "Timeout", "ToolCalls"),
    *("Any", "Callable", "ClassVar", "Literal", "Mapping", "Sequence", "TYPE_CHECKING", "TypeAlias"),
)
"""Names of the run-time library, and of typing, that stand beside the generated ones."""


def link(definitions: Definitions, bindings: Bindings) -> ir.Api:
    """Build the IR; raises `LinkError` with everything that does not fit."""
    return Linker(definitions, bindings).run()


class Linker:
    """One run of linking."""

    def __init__(self, definitions: Definitions, bindings: Bindings) -> None:
        self.facts = Facts(definitions)
        self.bindings = bindings
        self.problems: list[str] = []
        self.coverage = Coverage(self.facts, bindings, self.problems)
        self.enums: dict[str, ir.Enum] = {}

    def run(self) -> ir.Api:
        self.enums = {name: self._enum(b) for name, b in self.bindings.enums.items()}
        linker = ModelLinker(self.facts, self.bindings, self.coverage, self.enums, self.problems)
        models, unions = linker.run()
        operations = {name: self._operation(b, models) for name, b in self.bindings.operations.items()}
        folds = {name: self._fold(b, models) for name, b in self.bindings.folds.items()}
        _mark_directions(operations.values(), models, unions, folds)
        self._mark_required(operations, models)
        self._check_names(models, unions)
        self.coverage.check()
        if self.problems:
            raise LinkError(dict.fromkeys(self.problems))
        protos, openapi = self.facts.protos, self.facts.openapi
        return ir.Api(
            models,
            unions,
            self.enums,
            folds,
            operations,
            protos.descriptors,
            openapi.document,
            self.coverage.waived(),
            self.coverage.bound(),
        )

    def _check_names(self, models: Mapping[str, ir.Model], unions: Mapping[str, ir.Union]) -> None:
        """One name is one public class, and no class is without use."""
        homes: dict[str, str] = dict.fromkeys(RESERVED, "the run-time library")
        for kind, group in (("model", models), ("union", unions), ("enum", self.enums)):
            for name in group:
                if name in homes:
                    self.problems.append(f"[{kind}.{name}]: the name is taken by {homes[name]}; choose another")
                homes[name] = f"[{kind}.{name}]"
        for kind, reached in (("model", models), ("union", unions)):
            for name, node in reached.items():
                if not (node.sent or node.received):
                    self.problems.append(f"[{kind}.{name}]: no operation sends or receives it; remove it")

    # --- enums ---

    def _enum(self, binding: EnumBinding) -> ir.Enum:
        where = f"[enum.{binding.name}]"
        values: dict[str, ir.EnumValue] = {}
        zero = None
        doc = binding.doc or ""
        if binding.grpc:
            proto = self.facts.protos.enums.get(binding.grpc)
            if proto is None:
                self.problems.append(f"{where}: there is no enum {binding.grpc}")
            else:
                doc = doc or proto.doc
                spelt = {proto_name: public for public, proto_name in binding.values.items()}
                for public, name in binding.values.items():
                    if name not in proto.values:
                        self.problems.append(
                            f"{where}: value.{public} names {name}, which {binding.grpc} does not have"
                        )
                for name, n in proto.values.items():
                    public = spelt.get(name) or _spelling(name, proto.values)
                    if n == 0 and _means_unset(name) and name not in spelt:
                        continue
                    zero = public if n == 0 else zero
                    if public in values:
                        other = next(k for k, v in proto.values.items() if v == values[public].number)
                        self.problems.append(
                            f"{where}: {other} and {name} are both spelt {public!r}; give one another spelling with"
                            f' `value."..." = "{name}"`'
                        )
                    values[public] = ir.EnumValue(public, n, not binding.rest)
                    self.coverage.use(f"{binding.grpc}.{name}", "grpc")
        if binding.rest:
            schema = self.facts.openapi.schemas.get(binding.rest)
            if schema is None:
                self.problems.append(f"{where}: there is no schema {binding.rest}")
            else:
                doc = binding.doc or schema.doc or doc
                for value in schema.values:
                    number = values[value].number if value in values else None
                    values[value] = ir.EnumValue(value, number, True)
                    self.coverage.use(f"{binding.rest}={value}", "rest")
        if binding.grpc and binding.rest:
            self._one_sided_values(where, binding, values)
        return ir.Enum(binding.name, binding.domain, doc, tuple(values.values()), binding.grpc, zero)

    def _one_sided_values(self, where: str, binding: EnumBinding, values: Mapping[str, ir.EnumValue]) -> None:
        actual = {
            "grpc_only": {v.name for v in values.values() if not v.rest},
            "rest_only": {v.name for v in values.values() if v.number is None},
        }
        for key, declared in (("grpc_only", set(binding.grpc_only)), ("rest_only", set(binding.rest_only))):
            for name in sorted(actual[key] - declared):
                other = "REST" if key == "grpc_only" else "gRPC"
                line = f"{key} = {sorted(actual[key])}".replace("'", '"')
                self.problems.append(
                    f'{where}: value {name!r} is unknown on {other}. Pair it with `value."{name}" = "..."`, or say that'
                    f" it is one-sided; in bindings/{binding.domain}.toml under {where}:\n    {line}"
                )
            for name in sorted(declared - actual[key]):
                self.problems.append(f"{where}: {key} lists {name!r}, which is not one-sided (any more); remove it")

    # --- operations ---

    def _operation(self, b: OperationBinding, models: Mapping[str, ir.Model]) -> ir.Operation:
        where = f'[operation."{b.name}"]'
        for role, name in (("request", b.request), ("response", b.response), ("chunk", b.chunk)):
            if name and name not in models:
                self.problems.append(f"{where}: {role} {name} is no [model] or [union] member")
        doc, host = b.doc or "", "api"
        messages = ("", "")
        if b.grpc:
            rpc = self.facts.protos.rpcs.get(b.grpc)
            if rpc is None:
                self.problems.append(f"{where}: there is no rpc {b.grpc}")
            else:
                doc = doc or rpc.doc
                messages = (rpc.request, rpc.response)
                self.coverage.use(b.grpc, "grpc")
                if rpc.server_streaming != bool(b.chunk):
                    self.problems.append(f"{where}: {b.grpc} streams its answer or not; `chunk` says otherwise")
        routes = []
        for shape, r in b.rest.items():
            route = self.facts.openapi.routes.get(r.route)
            if route is None:
                self.problems.append(f"{where}: there is no route {r.route}")
                continue
            doc, host = b.doc or route.doc or doc, route.host
            self.coverage.use(r.route, "rest")
            for name in r.const:
                self._use_const(where, route.body.ref if route.body else None, name)
            routes.append(ir.RestRoute(shape, r.route, route.method, route.path, dict(r.const)))
            self._check_parameters(where, route.name, models.get(b.request or ""))
        if b.chunk and b.response not in self.bindings.folds:
            self.problems.append(f"{where}: answers with a stream, so [fold.{b.response}] is needed")
        items = self._items(b)
        request = models.get(b.request or "")
        for field in request.fields if request else ():
            why = unfit_argument(field.name)
            if why:
                self.problems.append(
                    f"[model.{b.request}] field.{field.name}: {field.name!r} {why}; write `field.OTHER`"
                )
        for name in b.required:
            if request is None or name not in {f.name for f in request.fields}:
                self.problems.append(f"{where}: required names {name!r}, which {b.request} does not have")
        return ir.Operation(
            b.name,
            doc,
            b.domain,
            b.request,
            b.response,
            items,
            b.chunk,
            b.grpc,
            messages,
            tuple(routes),
            b.required,
            b.read_only,
            host,
        )

    def _use_const(self, where: str, schema: str | None, name: str) -> None:
        place = self.facts.place(schema, (name,)) if schema else None
        if place is None:
            self.problems.append(f"{where}: const names {name!r}, which the request body does not have")
        else:
            self.coverage.use_all(place.items, "rest")

    def _check_parameters(self, where: str, route: str, request: ir.Model | None) -> None:
        bound = set()
        for field in request.fields if request else ():
            for slot in field.rest.values():
                if slot.where != "body":
                    bound.add((slot.where, slot.path[0]))
        for p in self.facts.openapi.routes[route].parameters.values():
            if (p.where, p.name) in bound:
                self.coverage.use(f"{route}?{p.name}", "rest")
            elif p.where == "path":
                self.problems.append(f"{where}: path parameter {p.name} of {route} is not bound by the request model")

    def _items(self, b: OperationBinding) -> dict[str, str]:
        """Where the items of a plain list stand in its envelope, on each wire."""
        found: dict[str, str] = {}
        if b.items and b.grpc and b.grpc in self.facts.protos.rpcs:
            envelope = self.facts.protos.rpcs[b.grpc].response
            found["grpc"] = b.items
            if self.facts.proto_field(envelope, (b.items,)) is None:
                self.problems.append(f'[operation."{b.name}"]: {envelope} has no field {b.items}')
            else:
                self.coverage.use(f"{envelope}.{b.items}", "both")
        for shape, r in b.rest.items():
            name = r.items or b.items
            route = self.facts.openapi.routes.get(r.route)
            if name and route and route.answer and route.answer.ref:
                found[shape] = name
                place = self.facts.place(route.answer.ref, (name,))
                if place is None:
                    self.problems.append(f'[operation."{b.name}"]: {route.answer.ref} has no property {name}')
                else:
                    self.coverage.use_all(place.items, "both" if b.grpc else "rest")
        return found

    # --- folds ---

    def _fold(self, b: FoldBinding, models: Mapping[str, ir.Model]) -> ir.Fold:
        where = f"[fold.{b.name}]"
        target, chunk = models.get(b.name), models.get(b.chunk)
        if target is None or chunk is None:
            self.problems.append(f"{where}: {b.name if target is None else b.chunk} is no model")
            return ir.Fold(b.name, b.chunk, b.domain, (), (), None)
        sources = {f.name: f for f in chunk.fields}
        rules = []
        for field in target.fields:
            source = sources.pop(b.sources.get(field.name, field.name), None)
            if source is None:
                continue
            how = b.rules.get(field.name) or _default_rule(field)
            nested = field.type.name if isinstance(field.type, ir.ModelRef) else None
            fold = nested if how in ("index", "nested") else None
            if fold and fold not in self.bindings.folds:
                self.problems.append(f"{where}: field {field.name} folds by {how}, so [fold.{fold}] is needed")
            rules.append(ir.FoldRule(field.name, source.name, how, fold))
        self._check_fold(where, b, target, chunk)
        for name in sources:
            if name not in b.extras:
                self.problems.append(
                    f"{where}: {b.chunk}.{name} has no place in {b.name}. In bindings/{b.domain}.toml under {where},"
                    f' name its field or keep it in `extra`:\n    source.FIELD = "{name}"\n    extras = ["{name}"]'
                )
        return ir.Fold(b.name, b.chunk, b.domain, tuple(rules), b.extras, b.done_when)

    def _check_fold(self, where: str, b: FoldBinding, target: ir.Model, chunk: ir.Model) -> None:
        """Every name in a fold's binding must be a field."""
        fields, pieces = {f.name for f in target.fields}, {f.name for f in chunk.fields}
        named = [(f"rule.{n}", n, target, fields) for n in b.rules] + [
            (f"source.{n}", n, target, fields) for n in b.sources
        ]
        named += [(f"source.{n} = {source!r}", source, chunk, pieces) for n, source in b.sources.items()]
        named += [("extras", n, chunk, pieces) for n in b.extras]
        named += [("done_when", b.done_when, target, fields)] if b.done_when else []
        for what, name, model, known in named:
            if name not in known:
                self.problems.append(f"{where}: {what}: {model.name} has no field {name}")
        for field in target.fields:
            how = b.rules.get(field.name, _default_rule(field))
            if how not in _RULES:
                self.problems.append(
                    f"{where}: rule.{field.name}: there is no rule {how!r}; there are {', '.join(_RULES)}"
                )
            elif not _RULES[how](field):
                self.problems.append(f"{where}: rule.{field.name}: the field is of a type that cannot fold by {how!r}")

    def _mark_required(self, operations: Mapping[str, ir.Operation], models: dict[str, ir.Model]) -> None:
        """A field is required of a request model where every operation that sends the model requires it."""
        wanted: dict[str, set[str]] = {}
        for op in operations.values():
            if op.request:
                names = set(op.required)
                wanted[op.request] = wanted[op.request] & names if op.request in wanted else names
        for model_name, names in wanted.items():
            model = models.get(model_name)
            if model:
                model.fields = [attrs.evolve(f, required=f.name in names) for f in model.fields]


_RULES: Mapping[str, Callable[[ir.Field], bool]] = {
    # how a field may fold -> whether its type can
    "last": lambda f: True,
    "concat": lambda f: f.many is None and f.type == ir.Scalar("string"),
    "append": lambda f: f.many == "list",
    "union": lambda f: f.many == "list",
    "tool_calls": lambda f: f.many == "list" and isinstance(f.type, ir.ModelRef),
    "index": lambda f: f.many == "list" and isinstance(f.type, ir.ModelRef),
    "nested": lambda f: f.many is None and isinstance(f.type, ir.ModelRef),
}


def _default_rule(field: ir.Field) -> str:
    return "append" if field.many == "list" else "last"


def _mark_directions(
    operations: object,
    models: Mapping[str, ir.Model],
    unions: Mapping[str, ir.Union],
    folds: Mapping[str, ir.Fold],
) -> None:
    """Which models callers send and which they receive, from what the operations reach."""

    def reach(name: str, direction: str) -> None:
        node = models.get(name) or unions.get(name)
        if node is None or getattr(node, direction):
            return
        setattr(node, direction, True)
        if isinstance(node, ir.Union):
            for variant in node.variants:
                reach(variant.model, direction)
        else:
            for field in node.fields:
                if isinstance(field.type, (ir.ModelRef, ir.UnionRef)):
                    reach(field.type.name, direction)
                elif isinstance(field.type, ir.Converted) and field.type.converter.model:
                    reach(field.type.converter.model, direction)

    for op in operations:  # type: ignore[attr-defined]
        if op.request:
            reach(op.request, "sent")
        for name in (op.response, op.chunk):
            if name:
                reach(name, "received")
        for name in (op.response, op.chunk):
            if name in models and not op.items:
                models[name].answers = True


def _means_unset(name: str) -> bool:
    return "INVALID" in name or name.endswith(("UNSPECIFIED", "UNKNOWN"))


def _spelling(name: str, names: Mapping[str, int]) -> str:
    """REASON_STOP -> stop: what all values but the zero one begin with is dropped."""
    others = [n for n, number in names.items() if number or not _means_unset(n)]
    words = [n.split("_") for n in others]
    common = 0
    while len(others) > 1 and all(len(w) > common + 1 and w[common] == words[0][common] for w in words):
        common += 1
    if len(others) == 1:
        zero = next(iter(names)).split("_")
        common = next((i for i, (a, b) in enumerate(zip(words[0], zero, strict=False)) if a != b), 0)
    return "_".join(name.split("_")[common:]).lower()
