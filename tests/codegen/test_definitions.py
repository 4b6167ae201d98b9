"""The project's own definitions: valid, and described throughout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from codegen.read_proto import read_protos

PROTOS = Path(__file__).resolve().parents[2] / "protos"
FILES = sorted((PROTOS / "openapi").glob("*.yaml"))


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in FILES:
        yield path.name, yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_rest_definitions_are_valid(path: Path) -> None:
    document = yaml.safe_load(path.read_text("utf-8"))
    assert document["openapi"].startswith("3.1")
    validate(document, base_uri=path.as_uri())


def test_rest_definitions_say_what_everything_is() -> None:
    silent = []
    for file, document in documents():
        for path, item in document["paths"].items():
            for method, op in item.items():
                if method in ("get", "put", "post", "patch", "delete"):
                    silent += [f"{file} {method} {path}"] if not (op.get("summary") and op.get("description")) else []
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            silent += [] if schema.get("description") else [f"{file} {name}"]
            silent += [
                f"{file} {name}.{p}" for p, s in schema.get("properties", {}).items() if not s.get("description")
            ]
    assert silent == []


def test_grpc_definitions_say_what_everything_is() -> None:
    facts = read_protos(PROTOS)
    silent = [m.name for m in facts.messages.values() if not m.doc]
    silent += [f"{m.name}.{f.name}" for m in facts.messages.values() for f in m.fields.values() if not f.doc]
    silent += [e.name for e in facts.enums.values() if not e.doc]
    silent += [f"{e.name}.{v}" for e in facts.enums.values() for v, doc in e.value_docs.items() if not doc]
    silent += [r.name for r in facts.rpcs.values() if not r.doc]
    assert silent == []
