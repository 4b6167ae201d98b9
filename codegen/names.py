"""Public names that generated code cannot have: a definition may spell a field as it likes, a Python class may not."""

from __future__ import annotations

import keyword

CALL_OPTIONS = ("timeout", "headers", "max_retries", "extra_body")
"""Arguments that every call takes beside its request's fields."""

_OF_MODELS = frozenset({"extra", "meta", "one_sided", "json_codec", "to_dict", "from_dict", "attrs", "list", "dict"})
_OF_DECODERS = frozenset(
    {
        *("d", "get", "extra", "nested", "inner", "inner_get", "nested_", "inner_", "inner__get"),
        *("unknown", "misfit", "keep", "child", "convert", "read_int", "read_float", "read_float32", "read_free"),
        *("read_list", "read_map", "read_model", "read_models", "read_model_map"),
    }
)
"""Variables and helpers of the generated JSON decoders, whose variables the fields are."""


def unfit(name: str) -> str | None:
    """Why a field cannot have that public name."""
    if not name.isidentifier() or keyword.iskeyword(name):
        return "is no name that Python takes"
    if name in _OF_MODELS:
        return "is a name that every model has already"
    return "is a name that the generated decoders use" if name in _OF_DECODERS else None


def unfit_argument(name: str) -> str | None:
    """Why a field of a request cannot have that public name."""
    return "is an argument that every call has already" if name in ("self", *CALL_OPTIONS) else None
