"""Facts + bindings -> the IR, or all problems at once. Every decision about names, types and kinds is taken here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from . import ir
from .bindings import Bindings
from .coverage import Coverage
from .errors import LinkError
from .facts import Facts
from .lines import snake, upper
from .link_enums import EnumLinker
from .link_folds import FoldLinker
from .link_models import ModelLinker
from .link_operations import OperationLinker
from .raw import Definitions

RESERVED = (
    *("Listing", "Meta", "Model", "Page", "Unknown", "CallOptions", "Codec", "EnumNames", "Extra", "GrpcBinding"),
    *("INHERIT", "Inherit", "Operation", "PageOperation", "UploadOperation", "DownloadOperation", "RestBinding"),
    *("RestRequest", "StreamOperation", "Text", "Timeout", "ToolCalls", "Content", "Pager", "ByteStream", "Stream"),
    *("Any", "Callable", "ClassVar", "Literal", "Mapping", "Sequence", "TYPE_CHECKING", "TypeAlias"),
)
"""Names of the run-time library, and of typing, that stand beside the generated ones."""


def link(definitions: Definitions, bindings: Bindings) -> ir.Api:
    """Build the IR; raises `LinkError` with everything that does not fit."""
    facts = Facts(definitions)
    problems: list[str] = []
    coverage = Coverage(facts, bindings, problems)
    enums = {name: EnumLinker(b, facts, coverage, problems).run() for name, b in bindings.enums.items()}
    models, unions = ModelLinker(facts, bindings, coverage, enums, problems).run()
    operations = {
        name: OperationLinker(b, facts, bindings, coverage, models, unions, problems).run()
        for name, b in bindings.operations.items()
    }
    folds = FoldLinker(bindings.folds, models, unions, problems).run()
    _open_circles(models)
    _mark_directions(operations.values(), models, unions)
    _mark_required(operations.values(), models)
    _check_names(models, unions, enums, problems)
    _check_operations(operations, problems)
    coverage.check()
    if problems:
        raise LinkError(dict.fromkeys(problems), coverage.counts())
    return ir.Api(
        models,
        unions,
        enums,
        folds,
        operations,
        facts.protos.messages,
        facts.protos.descriptors,
        facts.openapi.document,
        tuple((item, reason, bindings.whys.get(item, "")) for item, reason in sorted(bindings.waivers.items())),
        coverage.counts(),
        bindings.parts,
        bindings.late,
    )


def _open_circles(models: Mapping[str, ir.Model]) -> None:
    """A model that needs one of itself, at any depth, has no zero value: there absent reads None."""

    def needs(name: str) -> list[str]:
        return [
            f.type.name
            for f in models[name].fields
            if isinstance(f.type, ir.ModelRef) and f.kind == "plain" and f.type.name in models
        ]

    for name, model in models.items():
        for field in list(model.fields):
            if not (isinstance(field.type, ir.ModelRef) and field.kind == "plain"):
                continue
            seen: set[str] = set()
            todo = [field.type.name]
            while todo:
                inner = todo.pop()
                if inner in models and inner not in seen:
                    seen.add(inner)
                    todo += needs(inner)
            if name in seen:
                model.fields = [attrs.evolve(f, kind="optional") if f is field else f for f in model.fields]


def _mark_directions(
    operations: Iterable[ir.Operation], models: Mapping[str, ir.Model], unions: Mapping[str, ir.Union]
) -> None:
    """Which models callers send, which they receive, and which they only get back as they sent them."""

    def reach(name: str, direction: str) -> None:
        node = models.get(name) or unions.get(name)
        if node is None or getattr(node, direction):
            return
        setattr(node, direction, True)
        if isinstance(node, ir.Union):
            for variant in node.variants:
                reach(variant.model, direction)
            return
        for field in node.fields:
            onward = "echoed" if field.echo and direction == "received" else direction
            for inner in ir.models_in(field.type):
                reach(inner, onward)

    for op in operations:
        if op.request:
            reach(op.request, "sent")
        for name in filter(None, (op.response, op.chunk)):
            reach(name, "received")
            if name in models and not op.items:
                models[name].answers = True


def _mark_required(operations: Iterable[ir.Operation], models: Mapping[str, ir.Model]) -> None:
    """A field is required of a request model where every operation that sends the model requires it."""
    wanted: dict[str, set[str]] = {}
    for op in operations:
        if op.request and not op.helper:  # those have the arguments of another one
            names = set(op.required)
            wanted[op.request] = wanted[op.request] & names if op.request in wanted else names
    for name, names in wanted.items():
        if name in models:
            model = models[name]
            model.fields = [attrs.evolve(f, required=f.name in names) for f in model.fields]


def _check_names(
    models: Mapping[str, ir.Model], unions: Mapping[str, ir.Union], enums: Mapping[str, ir.Enum], problems: list[str]
) -> None:
    """One name is one public class, and no class is without use."""
    homes: dict[str, str] = dict.fromkeys(RESERVED, "the run-time library")
    named = [("model", n) for n in models] + [("union", n) for n in unions] + [("enum", n) for n in enums]
    for kind, name in named:
        if name in homes:
            problems.append(f"[{kind}.{name}]: the name is taken by {homes[name]}; choose another")
        homes[name] = f"[{kind}.{name}]"
    functions: dict[str, str] = {}
    for kind, name in named:
        other = functions.setdefault(snake(name), name)
        if other != name:
            problems.append(f"[{kind}.{name}]: differs from {other} in capitals and underscores only; choose another")
    nodes: list[ir.Model | ir.Union] = [*models.values(), *unions.values()]
    for node in nodes:
        if not (node.sent or node.received or node.echoed):
            kind = "model" if isinstance(node, ir.Model) else "union"
            problems.append(f"[{kind}.{node.name}]: no operation sends or receives it; remove it")


def _check_operations(operations: Mapping[str, ir.Operation], problems: list[str]) -> None:
    """One name is one record, and one attribute of its resource."""
    records: dict[str, str] = {}
    resources = {name.rsplit(".", n)[0] for name in operations for n in range(1, name.count(".") + 1)}
    for name in operations:
        other = records.setdefault(upper(name), name)
        if other != name:
            problems.append(f'[operation."{name}"]: generated code cannot tell it from {other}; choose another name')
        if name in resources:
            problems.append(f'[operation."{name}"]: {name} is a resource too, which has methods; choose another name')
