"""The API definitions the emulator obeys: protobuf messages in a private pool and the OpenAPI document.

The pool is private because other packages in the same process (``xai_sdk``, our own client) may have registered
the same ``xai/api/v1`` files in protobuf's default pool, which refuses a second copy.
"""

from __future__ import annotations

import functools
import importlib
import json
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

_PACKAGE = Path(__file__).resolve().parent
DESCRIPTORS = _PACKAGE.parent / "_gen" / "descriptors.binpb"
OPENAPI = _PACKAGE / "openapi.json"

# Ranges are no matter of shape (422): the service checks them once for both wires and answers 400.
_RANGE_KEYWORDS = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
)

# No definition says which properties of these requests have no default.
_REQUIRED = {
    "ChatRequest": ["model", "messages"],
    "SampleRequest": ["model", "prompt"],
    "GenerateImageRequest": ["prompt"],
    "EmbeddingRequest": ["model", "input"],
    "TokenizeRequest": ["model", "text"],
    "ModelRequest": ["input", "model"],
    "MessageRequest": ["model", "max_tokens", "messages"],
    "CompleteRequest": ["model", "max_tokens_to_sample", "prompt"],
}


@functools.lru_cache(maxsize=1)
def pool() -> descriptor_pool.DescriptorPool:
    """The private descriptor pool with all gRPC definitions."""
    files = descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
    private = descriptor_pool.DescriptorPool()
    waiting = {file.name: file for file in files.file}

    def add(name: str) -> None:
        file = waiting.pop(name, None)
        if file is not None:
            for dependency in file.dependency:
                add(dependency)
            private.Add(file)

    for file in files.file:
        add(file.name)
    return private


@functools.cache
def message(full_name: str) -> type[Message]:
    """The message class of a full name such as ``xai_api.Message``."""
    return message_factory.GetMessageClass(pool().FindMessageTypeByName(full_name))


@functools.cache
def enum_number(full_name: str, member: str) -> int:
    """The number of an enum member, e.g. ``enum_number("xai_api.FinishReason", "REASON_STOP")``."""
    return int(pool().FindEnumTypeByName(full_name).values_by_name[member].number)


@functools.lru_cache(maxsize=1)
def openapi() -> dict[str, Any]:
    """The OpenAPI document as it is on disk."""
    document: dict[str, Any] = json.loads(OPENAPI.read_text(encoding="utf-8"))
    return document


@functools.lru_cache(maxsize=1)
def _validator_class() -> Any:
    """Draft 2020-12 without ranges, where a value may fit more than one variant of a ``oneOf``.

    An empty list fits "list of strings" and "list of integers" alike; a server takes the first that fits.
    """
    jsonschema = importlib.import_module("jsonschema")  # only REST bodies need it, and it may have no type stubs
    base = jsonschema.Draft202012Validator
    changes: dict[str, Any] = dict.fromkeys(_RANGE_KEYWORDS)
    changes["oneOf"] = base.VALIDATORS["anyOf"]
    kinds = base.TYPE_CHECKER.redefine("integer", _is_integer)
    return jsonschema.validators.extend(base, changes, type_checker=kinds)


def _is_integer(checker: Any, value: Any) -> bool:
    """As serde reads integers: 64 bits, and 1.0 is none."""
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


@functools.lru_cache(maxsize=1)
def _request_components() -> dict[str, Any]:
    """The component schemas with what a real server does and the document leaves out."""
    schemas = dict(openapi()["components"]["schemas"])
    for name, required in _REQUIRED.items():
        if name in schemas:
            schemas[name] = {**schemas[name], "required": required}
    if "Message" in schemas:
        schemas["Message"] = _with_developer_role(schemas["Message"])
    return {"schemas": schemas}


def _with_developer_role(schema: dict[str, Any]) -> dict[str, Any]:
    """Accept role ``developer``, xAI's other name of ``system``: gRPC has it, the OpenAPI document does not list it."""
    text = json.dumps(schema).replace('"enum": ["system"]', '"enum": ["system", "developer"]')
    changed: dict[str, Any] = json.loads(text)
    return changed


@functools.cache
def request_validator(schema_name: str) -> Any:
    """A ``jsonschema`` validator for the shape of a request body."""
    return _validator_class()({"$ref": f"#/components/schemas/{schema_name}", "components": _request_components()})
