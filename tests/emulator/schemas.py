"""Checking answers against the OpenAPI document."""

from __future__ import annotations

import functools
from typing import Any

import jsonschema

from xai_dual.emulator import definitions

# Items without a distinct tag fit several variants of a union: any one of them will do.
_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"oneOf": jsonschema.Draft202012Validator.VALIDATORS["anyOf"]}
)


@functools.cache
def validator(name: str) -> Any:
    components = definitions.openapi()["components"]
    return _Validator({"$ref": f"#/components/schemas/{name}", "components": components})


def check(name: str, value: Any) -> None:
    """Whether a value fits a schema; events by the schema of their tag, which says more than the union's error."""
    validator(name).validate(value)


def event_schema(union: str, tag: str) -> str:
    """The schema of the event with this ``type``."""
    schemas = definitions.openapi()["components"]["schemas"]
    for variant in schemas[union]["oneOf"]:
        name = str(variant["$ref"].rpartition("/")[2])
        if tag in schemas[name]["properties"]["type"]["enum"]:
            return name
    raise AssertionError(f"{union} has no event {tag}")
