"""Answers checked against the OpenAPI document."""

from __future__ import annotations

from typing import Any

import httpx
import jsonschema

from xai_dual.emulator import definitions


def checked(answer: httpx.Response, path: str, status: int = 200) -> Any:
    """The JSON of an answer that fits the schema of its operation."""
    assert answer.status_code == status, answer.text
    operation = definitions.openapi()["paths"][path][answer.request.method.lower()]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    components = definitions.openapi()["components"]
    body = answer.json()
    jsonschema.Draft202012Validator({**schema, "components": components}).validate(body)
    return body


def missing(schema_name: str, value: dict[str, Any]) -> set[str]:
    """The properties of a schema that a value does not have."""
    return set(definitions.openapi()["components"]["schemas"][schema_name]["properties"]) - set(value)
