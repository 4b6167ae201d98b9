"""Functions of the caller that are told what happens inside calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from .errors import UsageError
from .meta import Retry

__all__ = ["Hooks"]


def _check_callable(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and not callable(value):
        raise UsageError(f"must be a function, not {type(value).__name__}", field=f"hooks.{attribute.name}")


@attrs.frozen(kw_only=True)
class Hooks:
    """Functions that a client calls; those of an AsyncClient may be async. What they raise ends the call."""

    on_retry: Callable[[Retry], Any] | None = attrs.field(default=None, validator=_check_callable)
    """Before the pause that comes before each attempt but the first."""
