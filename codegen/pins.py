"""protos/SOURCES.toml: what the definitions were when they were last held against their sources.

A pin is the hash of a file's facts: comments, descriptions and layout may change without a word.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

import orjson
import yaml
from google.protobuf import descriptor_pb2 as pb

from .read_openapi import without_prose

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def facts_of(root: Path, descriptors: bytes) -> dict[str, str]:
    """File below protos/ -> hash of its facts."""
    found = {}
    for file in pb.FileDescriptorSet.FromString(descriptors).file:
        if not file.name.startswith("google/"):
            found[file.name] = hashlib.sha256(file.SerializeToString(deterministic=True)).hexdigest()
    for path in sorted((root / "protos" / "openapi").glob("*.yaml")):
        facts = without_prose(yaml.safe_load(path.read_text("utf-8")))
        found[f"openapi/{path.name}"] = hashlib.sha256(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return found


def differences(root: Path, descriptors: bytes) -> list[str]:
    """Lines about files that are not as they were pinned, with the lines to paste once they were looked at."""
    sources = tomllib.loads((root / "protos" / "SOURCES.toml").read_text("utf-8"))
    pins: Mapping[str, str] = sources.get("pins", {})
    facts = facts_of(root, descriptors)
    lines = [f"{name} is pinned but gone" for name in sorted(pins.keys() - facts.keys())]
    for name, digest in sorted(facts.items()):
        if pins.get(name) != digest:
            state = "differs from its pin" if name in pins else "is not pinned"
            lines.append(f'{name} {state}; in protos/SOURCES.toml under [pins]:\n    "{name}" = "{digest}"')
    return lines
