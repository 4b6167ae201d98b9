"""IR -> JSON codecs: xai_dual/_gen/json/<domain>.py. Straight-line code, no tables at run time."""

from __future__ import annotations

from collections.abc import Iterator

from . import ir
from .codecs import CodecModule
from .emit_json_calls import emit_calls
from .emit_json_read import Reader
from .emit_json_unions import emit_union
from .emit_json_write import Writer
from .emit_types import domains
from .lines import Imports, Lines, module


def emit_json(api: ir.Api) -> Iterator[tuple[str, str]]:
    """(path, text) of every JSON codec module."""
    for domain in domains(api):
        m = CodecModule(api, domain, "json")
        for model in api.models.values():
            if model.domain == domain:
                _model(m, model)
        for union in api.unions.values():
            if union.domain == domain:
                emit_union(m, union)
        for op in api.operations.values():
            if op.domain == domain:
                emit_calls(m, op)
        yield f"xai_dual/_gen/json/{domain}.py", module(f"JSON codecs: {domain}.", m.imports, m.body, m.typing_only)
    yield "xai_dual/_gen/json/__init__.py", module("JSON codecs, one module a domain.", Imports(), Lines())


def _model(m: CodecModule, model: ir.Model) -> None:
    """The functions of one model: of the JSON form, which is its first shape, and what calls need of the others."""
    m.cls(model.name)
    Reader(m, model, model.shape).emit()
    Writer(m, model, model.shape).emit()
    for shape in model.other_shapes:
        if model.received:
            Reader(m, model, shape).emit()
        if model.sent:
            Writer(m, model, shape).emit()
