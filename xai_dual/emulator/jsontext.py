"""Reading JSON as strictly as a Rust server does: no NaN, no lone surrogates, no endless nesting."""

from __future__ import annotations

import json
from typing import Any

_MAX_DEPTH = 127


def loads(text: str) -> Any:
    """The value of a JSON text, or ``json.JSONDecodeError``."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        _check(value, text)
    except RecursionError:
        raise json.JSONDecodeError("recursion limit exceeded", text, 0) from None
    except json.JSONDecodeError:
        raise
    except ValueError as error:  # a constant, or a number with too many digits
        raise json.JSONDecodeError(str(error), text, 0) from None
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"expected value, found {name}")


def _check(value: Any, text: str) -> None:
    """Refuse what could not be written again: nesting too deep to walk, text that UTF-8 cannot hold."""
    if "\\u" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise json.JSONDecodeError("lone leading surrogate in hex escape", text, text.find("\\u")) from None
    level = [value]
    for _ in range(_MAX_DEPTH + 1):
        level = [
            inner
            for item in level
            if isinstance(item, (dict, list))
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return
    raise json.JSONDecodeError("recursion limit exceeded", text, 0)
