"""The whole way from definitions to files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from . import ir
from .bindings import read_bindings
from .emit_docs import emit_docs, with_table
from .emit_folds import emit_folds
from .emit_json import emit_json
from .emit_operations import emit_operations
from .emit_proto import emit_proto
from .emit_resources import emit_resources
from .emit_types import emit_types
from .lines import BANNER
from .link import link
from .output import layout
from .raw import Definitions
from .read_openapi import read_openapi
from .read_proto import read_protos
from .unasync import rewrite_tree


def read(root: Path) -> ir.Api:
    """Read and link the definitions and bindings of a project."""
    definitions = Definitions(read_protos(root / "protos"), read_openapi(root / "protos" / "openapi"))
    return link(definitions, read_bindings(root / "codegen" / "bindings"))


def build(root: Path) -> dict[str, bytes]:
    """Every generated file: path -> content."""
    api = read(root)
    texts = dict(_emit(api))
    sources = {**_hand_written_async(root), **{p: t for p, t in texts.items() if p.startswith("xai_dual/_async/")}}
    texts.update(rewrite_tree(sources, BANNER))
    texts["README.md"] = with_table((root / "README.md").read_text("utf-8"), api)
    files = {path: text.encode() for path, text in layout(texts, root).items()}
    files["xai_dual/_gen/descriptors.binpb"] = api.descriptors
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    files["xai_dual/emulator/openapi.json"] = orjson.dumps(api.document, option=options)
    return files


def _emit(api: ir.Api) -> Iterator[tuple[str, str]]:
    for emit in (emit_types, emit_json, emit_proto, emit_folds, emit_operations, emit_resources, emit_docs):
        yield from emit(api)


def _hand_written_async(root: Path) -> Mapping[str, str]:
    """The async sources beside the generated resources, and the async tests."""
    found = {}
    for pattern in ("xai_dual/_async/*.py", "tests/*/_async/*.py"):
        for path in sorted(root.glob(pattern)):
            if path.name != "_io.py":
                found[path.relative_to(root).as_posix()] = path.read_text("utf-8")
    return found
