"""Public names that generated code cannot have: a definition may spell a field as it likes, a Python class may not."""

from __future__ import annotations

import keyword

CALL_OPTIONS = ("timeout", "headers", "max_retries", "extra_body")
"""Arguments that every call takes beside its request's fields."""

_OF_MODELS = frozenset(
    {"extra", "meta", "one_sided", "json_codec", "to_dict", "from_dict", "attrs", "list", "dict", "secret_repr"}
)
_OF_DECODERS = frozenset(
    {
        *("d", "get", "extra", "nested", "inner", "inner_get", "nested_", "inner_", "inner__get"),
        *("unknown", "misfit", "keep", "child", "convert", "read_int", "read_float", "read_float32", "read_free"),
        *("read_bytes", "read_list", "read_map", "read_model", "read_models", "read_model_map"),
        *("read_keyed", "convert_all", "has_item"),
        *("str", "int", "float", "bool", "isinstance", "Mapping"),
    }
)
"""Variables and helpers of the generated JSON decoders, whose variables the fields are."""


def unfit(name: str) -> str | None:
    """Why a field cannot have that public name."""
    if not name.isidentifier() or keyword.iskeyword(name):
        return "is no name that Python takes"
    if name.startswith("_"):
        return "begins with an underscore, as what is private"
    if name in _OF_MODELS:
        return "is a name that every model has already"
    return "is a name that the generated decoders use" if name in _OF_DECODERS else None


def unfit_argument(name: str, others: tuple[str, ...] = ()) -> str | None:
    """Why a field of a request cannot have that public name; `others` are arguments that the call has of its own."""
    if name in others:
        return "is an argument that the call has already"
    return "is an argument that every call has already" if name in ("self", *CALL_OPTIONS) else None


def unfit_own(name: str, others: tuple[str, ...] = ()) -> str | None:
    """Why an argument that no field stands behind cannot have that name."""
    if not name.isidentifier() or keyword.iskeyword(name):
        return "is no name that Python takes"
    return unfit_argument(name, others)


def unfit_operation(name: str) -> str | None:
    """Why an operation cannot have that name."""
    words = name.split(".")
    if len(words) < 2 or not all(w.isidentifier() and not keyword.iskeyword(w) for w in words):
        return 'is no name such as "resource.method"'
    return "begins with an underscore, as what is private" if any(w.startswith("_") for w in words) else None
