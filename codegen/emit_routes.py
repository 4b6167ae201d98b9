"""IR -> the page that says where each field of a call with several REST routes stands on each way."""

from __future__ import annotations

from collections.abc import Iterator

from . import ir
from .tables import page, table


def emit_routes(api: ir.Api) -> Iterator[tuple[str, str]]:
    """(path, text) of the page, where any call has several routes."""
    operations = [op for op in api.operations.values() if len(op.rest) > 1]
    if not operations:
        return
    parts = [
        "Where each field stands: on gRPC, and on each REST route of the calls below. `-`: not there. A request takes\n"
        "the first route that carries all of it; one that needs both is refused with both names, and `rest_route=`\n"
        "forces one. *By hand* marks what code in `xai_dual` puts there or reads, and names the item of the\n"
        "definitions; a function in brackets writes the value.\n"
    ]
    calls = [[f"`client.{op.name}`", f"`{op.grpc}`", *(f"`{r.route}`" for r in op.rest)] for op in operations]
    routes = list(operations[0].rest)
    parts += [table(["call", "gRPC", *(r.shape for r in routes)], calls), ""]
    for title, roots in (
        ("Requests", [op.request for op in operations]),
        ("Answers", [name for op in operations for name in (op.response, op.chunk)]),
    ):
        parts += [f"## {title}", ""]
        for model in _reachable(api, [name for name in roots if name]):
            parts += _model(api, model, [r.shape for r in routes])
    yield "docs/generated/routes.md", page("Fields by route", *parts)


def _reachable(api: ir.Api, roots: list[str]) -> list[ir.Model]:
    """The models in those of the given names, in the order in which they are met."""
    found: dict[str, ir.Model] = {}

    def visit(name: str) -> None:
        if name in api.unions:
            for variant in api.unions[name].variants:
                visit(variant.model)
        elif name not in found:
            found[name] = api.models[name]
            for field in api.models[name].fields:
                for inner in () if field.echo else ir.models_in(field.type):
                    visit(inner)

    for root in roots:
        visit(root)
    return list(found.values())


def _model(api: ir.Api, model: ir.Model, shapes: list[str]) -> list[str]:
    rows = [
        [f"`{field.name}`", _grpc(field), *(_rest(api, model, field, shape) for shape in shapes)]
        for field in model.fields
    ]
    return [f"### {model.name}", "", table(["field", "gRPC", *shapes], rows), ""]


def _grpc(field: ir.Field) -> str:
    if field.grpc is None:
        return "-"
    return f"`{'.'.join(field.grpc.path)}`" if field.grpc.path else "(itself)"


def _rest(api: ir.Api, model: ir.Model, field: ir.Field, shape: str) -> str:
    """A model of one shape stands everywhere in that one; a member of a union only where the union has it."""
    unions = [u for u in api.unions.values() if len(u.rest) > 1 and any(v.model == model.name for v in u.variants)]
    tags = {s for u in unions for v in u.variants if v.model == model.name for s in v.tags}
    if unions and shape not in tags:
        return "-"
    alone = len(model.rest) == 1 and not model.by
    slot = next(iter(field.rest.values()), None) if alone else field.rest.get(shape)
    if slot is None:
        return "-"
    if slot.where == "by":
        return f"by hand: `{slot.path[0]}`"
    path = f"`{'.'.join(slot.path)}{f'[{slot.item}]' if slot.item else ''}`" if slot.path else "(itself)"
    return f"{path} (`{slot.reshape}`)" if slot.reshape else path
