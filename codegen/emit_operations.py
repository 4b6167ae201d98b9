"""IR -> the call records: xai_dual/_gen/operations/<domain>.py."""

from __future__ import annotations

from collections.abc import Iterator

from . import ir
from .emit_types import domains
from .lines import Imports, Lines, literal, module, upper


def emit_operations(api: ir.Api) -> Iterator[tuple[str, str]]:
    """(path, text) of every module of operations."""
    for domain in domains(api):
        operations = [op for op in api.operations.values() if op.domain == domain]
        if operations:
            yield f"xai_dual/_gen/operations/{domain}.py", _module(api, domain, operations)
    doc = "Call records, one module a domain. Importing them loads no codec and no transport."
    yield "xai_dual/_gen/operations/__init__.py", module(doc, Imports(), Lines())
    yield "xai_dual/_gen/__init__.py", module("Generated code that is not public.", Imports(), Lines())


def answer_type(op: ir.Operation) -> str:
    """What the call gives: a model, a list of models, or nothing."""
    if op.page:
        return f"Page[{op.response}]"
    return f"Listing[{op.response}]" if op.items else op.response or "None"


def _module(api: ir.Api, domain: str, operations: list[ir.Operation]) -> str:
    imports, typing_only, body = Imports(), Imports(), Lines()
    imports.add("...operation", "Codec")
    for op in operations:
        if op.poll or op.helper:
            continue
        for name in filter(None, (op.response, op.chunk)):
            typing_only.add(f"...types.{api.home(name)}", name)
        if op.items:
            typing_only.add("...model", "Page" if op.page else "Listing")
        maker = _maker(op)
        cls = f"StreamOperation[{op.chunk}, {op.response}]" if op.chunk else f"{maker}[{answer_type(op)}]"
        cls = maker if op.download else cls
        imports.add("...operation", maker)
        with body.block(f"{upper(op.name)}: {cls} = {maker}("):
            body(f"{literal(op.name)},")
            _grpc(op, imports, body)
            _rest(op, imports, body)
            if op.read_only:
                body("read_only=True,")
            if op.host != "api":
                body(f"host={literal(op.host)},")
            _special(api, op, body)
        body(")", "")
    return module(f"Operations: {domain}.", imports, body, typing_only)


def _maker(op: ir.Operation) -> str:
    """The class of the record."""
    kinds = {
        "StreamOperation": op.chunk,
        "PageOperation": op.page,
        "UploadOperation": op.upload,
        "DownloadOperation": op.download,
    }
    return next((name for name, on in kinds.items() if on), "Operation")


def _special(api: ir.Api, op: ir.Operation, body: Lines) -> None:
    """What only some kinds of records have."""
    if op.chunk:
        fold = api.folds[op.response or ""]
        module_name, _, name = (fold.by or f"xai_dual._gen.fold.{fold.domain}:Fold{op.response}").partition(":")
        body(f"fold_module={literal(module_name)},", f"fold_name={literal(name)},")
    if op.page:
        body(f"argument={literal(op.page.argument)},")
    if op.upload:
        body(f"part={literal(op.upload)},")
        body(*[f"{word}=True," for word, on in (("several", op.several), ("optional", op.optional)) if on])
        if op.grpc:
            body(f"wrapper={literal(f'wrap_{upper(op.name).lower()}')},")


def _codec(op: ir.Operation, family: str, suffix: str = "", *, answers: bool = True) -> str:
    name = upper(op.name).lower() + suffix
    answer = f"answer_{name}" if answers and not (op.download and family == "json") else ""
    return f'Codec("xai_dual._gen.{family}.{op.domain}", "request_{name}", "{answer}")'


def _grpc(op: ir.Operation, imports: Imports, body: Lines) -> None:
    if op.grpc is None:
        body("None,")
        return
    imports.add("...operation", "GrpcBinding")
    body(f"GrpcBinding({literal(op.grpc)}, {_codec(op, 'proto')}),")


def _rest(op: ir.Operation, imports: Imports, body: Lines) -> None:
    if not op.rest:
        body("{},")
        return
    imports.add("...operation", "RestBinding")
    with body.block("{"):
        for r in op.rest:
            codec = _codec(op, "json", f"_{r.shape}", answers=not r.reader)
            arguments = ", ".join(literal(x) for x in (r.shape, r.method, r.path))
            more = ", pending=True" if r.pending else ""
            more += f", reader={literal(r.reader)}" if r.reader else ""
            body(f"{literal(r.shape)}: RestBinding({arguments}, {codec}{more}),")
    body("},")
