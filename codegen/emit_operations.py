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
    """What the call gives: a model, or a listing of models."""
    return f"Listing[{op.response}]" if op.items else op.response


def _module(api: ir.Api, domain: str, operations: list[ir.Operation]) -> str:
    imports, typing_only, body = Imports(), Imports(), Lines()
    imports.add("...operation", "Codec")
    for op in operations:
        for name in filter(None, (op.response, op.chunk)):
            typing_only.add(f"...types.{api.models[name].domain}", name)
        if op.items:
            typing_only.add("...model", "Listing")
        cls = f"StreamOperation[{op.chunk}, {op.response}]" if op.chunk else f"Operation[{answer_type(op)}]"
        maker = "StreamOperation" if op.chunk else "Operation"
        imports.add("...operation", maker)
        with body.block(f"{upper(op.name)}: {cls} = {maker}("):
            body(f"{literal(op.name)},")
            _grpc(op, imports, body)
            _rest(op, imports, body)
            if op.read_only:
                body("read_only=True,")
            if op.host != "api":
                body(f"host={literal(op.host)},")
            if op.chunk:
                home = api.folds[op.response].domain
                body(f'fold_module="xai_dual._gen.fold.{home}",', f"fold_name={literal(f'Fold{op.response}')},")
        body(")", "")
    return module(f"Operations: {domain}.", imports, body, typing_only)


def _codec(op: ir.Operation, family: str, suffix: str = "") -> str:
    name = upper(op.name).lower() + suffix
    return f'Codec("xai_dual._gen.{family}.{op.domain}", "request_{name}", "answer_{name}")'


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
            codec = _codec(op, "json", f"_{r.shape}")
            arguments = ", ".join(literal(x) for x in (r.shape, r.method, r.path))
            body(f"{literal(r.shape)}: RestBinding({arguments}, {codec}),")
    body("},")
