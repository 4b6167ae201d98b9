"""IR -> tables for people: docs/generated/*.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from . import ir
from .emit_reference import emit_reference
from .emit_routes import emit_routes
from .errors import DefinitionError
from .tables import page, table

SIDES = ("both", "grpc", "rest")


def emit_docs(api: ir.Api) -> Iterator[tuple[str, str]]:
    """(path, text) of every generated page."""
    yield "docs/generated/capabilities.md", _capabilities(api)
    yield "docs/generated/bindings.md", _bindings(api)
    yield "docs/generated/coverage.md", _coverage(api)
    yield from emit_reference(api)
    yield from emit_routes(api)


def _capabilities(api: ir.Api) -> str:
    rows = []
    for op in api.operations.values():
        asked = api.operations[op.poll or (op.helper.like if op.helper else op.name)]
        grpc = f"`{asked.grpc}`" if asked.grpc else "-"
        rest = ", ".join(f"`{r.route}`" for r in asked.rest) or "-"
        rows.append([f"`client.{op.name}`", kind_of_call(op), grpc, rest, "yes", "yes"])
    intro = (
        "Every call, and what carries it. A call that lacks the chosen transport raises `UnsupportedOnTransport`\n"
        "before anything is sent. Calls of the kind *wait* ask the other call that they name again and again.\n"
    )
    head = ["call", "kind", "gRPC", "REST", "`Client`", "`AsyncClient`"]
    by_rpc = _users(api, lambda op: [op.grpc] if op.grpc else [])
    by_route = _users(api, lambda op: [r.route for r in op.rest])
    parts = [intro, table(head, rows), "", "## By rpc", "", table(["rpc", "calls"], by_rpc)]
    return page("Calls", *parts, "", "## By route", "", table(["route", "calls"], by_route))


def kind_of_call(op: ir.Operation) -> str:
    """What a call gives: one answer, a stream, pages, ..."""
    kinds = (("stream", op.chunk), ("pages", op.page), ("upload", op.upload), ("download", op.download))
    if op.helper:
        return f"helper around `{op.helper.like}`"
    return next((kind for kind, on in kinds if on), "wait" if op.poll else "list" if op.items else "unary")


def _users(api: ir.Api, used: Callable[[ir.Operation], list[str]]) -> list[list[str]]:
    """Which calls use each rpc or route."""
    found: dict[str, list[str]] = {}
    for op in api.operations.values():
        for name in used(op):
            found.setdefault(name, []).append(f"`client.{op.name}`")
    return [[f"`{name}`", ", ".join(users)] for name, users in sorted(found.items())]


def one_sided_rows(api: ir.Api) -> list[list[str]]:
    """(model, fields only gRPC has, fields only REST has), for models on both wires."""
    rows = []
    for model in api.models.values():
        if not model.two_sided:
            continue
        sides = {side: [f"`{f.name}`" for f in model.fields if f.one_sided == side] for side in ("grpc", "rest")}
        if any(sides.values()):
            rows.append([f"`{model.name}`", ", ".join(sides["grpc"]) or "-", ", ".join(sides["rest"]) or "-"])
    return rows


def with_table(readme: str, api: ir.Api) -> str:
    """The README with its table of one-sided fields made anew."""
    before, begin, rest = readme.partition("<!-- one-sided: begin")
    mark, _, rest = rest.partition("\n")
    _, end, after = rest.partition("<!-- one-sided: end")
    if not end:
        raise DefinitionError("README.md has lost its `<!-- one-sided: begin ... end -->` marks")
    rows = table(["model", "gRPC only", "REST only"], one_sided_rows(api))
    return f"{before}{begin}{mark}\n\n{rows}\n\n{end}{after}"


def _bindings(api: ir.Api) -> str:
    parts = ["Every public field and where it stands on each wire.\n", "## One-sided fields", ""]
    parts += [table(["model", "gRPC only", "REST only"], one_sided_rows(api)), ""]
    for model in sorted(api.models.values(), key=lambda m: (api.parts.get(m.domain, m.domain), m.name)):
        sources = [f"`{model.grpc}`"] if model.grpc else []
        sources += [f"`{name}` ({shape})" for shape, name in model.rest.items() if name]
        domain = api.parts.get(model.domain, model.domain)
        parts += [f"## {model.name}", "", f"{domain}; {', '.join(sources)}", ""]
        parts += [
            table(["field", "type", "kind", "gRPC", "REST", "fold"], [_field_row(api, model, f) for f in model.fields]),
            "",
        ]
    for enum in sorted(api.enums.values(), key=lambda e: e.name):
        parts += [f"## {enum.name} (enum)", ""]
        rows = [
            [f"`{v.name}`", "-" if v.number is None else str(v.number), "yes" if v.rest else "-"] for v in enum.values
        ]
        parts += [table(["value", "gRPC number", "REST"], rows), ""]
    return page("Bindings", *parts)


def _field_row(api: ir.Api, model: ir.Model, field: ir.Field) -> list[str]:
    type_ = field.type
    if isinstance(type_, ir.Converted):
        words = f"{type_.converter.received} (converter `{type_.converter.name}`)"
    else:
        words = str(getattr(type_, "name", None) or getattr(type_, "wire", "JSON"))
    words = f"{field.many} of {words}" if field.many else words
    words += ", secret" if field.secret else ""
    grpc = "-" if field.grpc is None else f"`{'.'.join(field.grpc.path) or '(itself)'}`"
    rest = ", ".join(
        f"`{s.where + ':' if s.where != 'body' else ''}{'.'.join(s.path) or '(itself)'}`" for s in field.rest.values()
    )
    fold = api.folds.get(model.name)
    rule = next((r.how for r in fold.rules if r.field == field.name), "-") if fold else "-"
    return [f"`{field.name}`", words, field.kind, grpc, rest or "-", rule]


def _coverage(api: ir.Api) -> str:
    rows = []
    for domain, counts in api.counts.items():
        waived = ", ".join(f"{n} {reason}" for reason, n in sorted(counts.items()) if reason not in SIDES) or "-"
        rows.append([domain, *(str(counts.get(side, 0)) for side in SIDES), waived])
    intro = "Items of the definitions (calls, fields, values, parameters): bound on both wires or one, or waived."
    tables = table(["definition", "both", "gRPC", "REST", "waived"], rows)
    waivers = table(["left out", "reason", ""], [[f"`{item}`", reason, why] for item, reason, why in api.waivers])
    return page("Coverage", intro, "", tables, "", "## What is left out, and why", "", waivers)
