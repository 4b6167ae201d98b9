"""IR -> a reference page a domain: docs/generated/reference/<domain>.md."""

from __future__ import annotations

from collections.abc import Iterator

from . import ir
from .emit_operations import answer_type
from .emit_types import Annotator, domains
from .lines import Imports, clean
from .tables import page, table


def emit_reference(api: ir.Api) -> Iterator[tuple[str, str]]:
    """(path, text) of every page of the reference."""
    rows = []
    for domain in domains(api):
        if domain in api.parts:  # on the page of the domain that offers it
            continue
        offered = {domain, *(part for part, whole in api.parts.items() if whole == domain)}
        calls = [op for op in api.operations.values() if op.domain in offered]
        yield f"docs/generated/reference/{domain}.md", _page(api, domain, offered, calls)
        names = ", ".join(f"`{op.name}`" for op in calls) or "-"
        rows.append([f"[{domain}]({domain}.md)", names])
    yield "docs/generated/reference/README.md", page("Reference", table(["domain", "calls"], rows))


def _page(api: ir.Api, domain: str, offered: set[str], calls: list[ir.Operation]) -> str:
    annotate = Annotator(api, domain, Imports())
    parts: list[str] = []
    for op in calls:
        parts += _call(api, op, annotate)
    models = [m for m in api.models.values() if m.domain in offered]
    for model in sorted(models, key=lambda m: m.name):
        parts += _model(model, annotate)
    for union in sorted((u for u in api.unions.values() if u.domain in offered), key=lambda u: u.name):
        members = ", ".join(f"`{v.model}`" for v in union.variants)
        parts += [f"## {union.name}", "", clean(union.doc), "", f"One of {members}, or `Unknown`.", ""]
    for enum in sorted((e for e in api.enums.values() if e.domain in offered), key=lambda e: e.name):
        values = ", ".join(f"`{v.name}`" for v in enum.values)
        parts += [f"## {enum.name}", "", clean(enum.doc), "", f"Any text; known: {values}.", ""]
    return page(f"Reference: {domain}", *parts)


def _call(api: ir.Api, op: ir.Operation, annotate: Annotator) -> list[str]:
    asked = api.operations[op.poll or (op.helper.like if op.helper else op.name)]
    sources = [f"gRPC `{asked.grpc}`"] if asked.grpc else []
    sources += [f"REST `{r.route}`" for r in asked.rest]
    request = api.models.get(op.request or "")
    rows = [
        [
            f"`{f.name}`",
            f"`{annotate.field(f, True)}`",
            "yes" if f.name in op.required else "",
            _wire(f, asked),
            clean(f.doc),
        ]
        for f in (request.fields if request else ())
    ]
    if op.upload:
        rows.insert(0, ["`content`", "`Content`", "" if op.optional else "yes", "", "What to upload."])
    parts = [f"## client.{op.name}", "", clean(op.doc), "", f"{'; '.join(sources)}. Gives `{_gives(op)}`.", ""]
    if rows:
        parts += [table(["argument", "type", "required", "wire", ""], rows), ""]
    return parts


def _gives(op: ir.Operation) -> str:
    if op.chunk:
        return f"Stream[{op.chunk}, {op.response}]"
    if op.download:
        return "ByteStream"
    return f"Pager[{op.response}]" if op.page else answer_type(op)


def _wire(field: ir.Field, op: ir.Operation) -> str:
    if not (op.grpc and op.rest) or field.drop or not field.one_sided:
        return ""
    return "gRPC" if field.one_sided == "grpc" else "REST"


def _model(model: ir.Model, annotate: Annotator) -> list[str]:
    rows = []
    for f in model.fields:
        two_wires = bool(model.grpc and model.rest)
        wire = {"grpc": "gRPC", "rest": "REST"}.get(f.one_sided or "", "") if two_wires else ""
        type_ = annotate.field(f, model.sent_only)
        optional = f.kind == "optional" or (model.sent_only and not f.required)
        rows.append([f"`{f.name}`", f"`{type_}{' | None' if optional else ''}`", wire, clean(f.doc)])
    parts = [f"## {model.name}", "", clean(model.doc), ""]
    return [*parts, table(["field", "type", "wire", ""], rows), ""] if rows else parts
