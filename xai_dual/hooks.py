"""Functions of the caller that are told what happens inside calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from .errors import UsageError

if TYPE_CHECKING:
    from .meta import Meta, Retry

__all__ = ["CallEvent", "Hooks"]


@attrs.frozen(eq=False, kw_only=True)
class CallEvent:
    """A moment in one call. Its representation shows neither what was asked nor what was answered."""

    operation: str
    """The call, such as "chat.create"."""
    client_request_id: str
    """The same in all events of one call, and in its headers."""
    request: Any = attrs.field(repr=False)
    """What was asked: a model of `xai_dual.types`."""
    meta: Meta | None = None
    """Facts about the last attempt; None before there was one."""
    result: Any = attrs.field(default=None, repr=False)
    """What came of it: the answer, or all of a stream that has arrived; None of downloads and failures."""
    error: BaseException | None = None
    """What was raised, cancellation too."""
    completed: bool = False
    """Whether nothing of the answer is missing."""


def _check_callable(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and not callable(value):
        raise UsageError(f"must be a function, not {type(value).__name__}", field=f"hooks.{attribute.name}")


@attrs.frozen(kw_only=True)
class Hooks:
    """Functions that a client calls; those of an AsyncClient may be async, but for `on_stream_end`.

    What they raise ends the call.
    """

    on_request: Callable[[CallEvent], Any] | None = attrs.field(default=None, validator=_check_callable)
    """Before the first attempt."""
    on_retry: Callable[[Retry], Any] | None = attrs.field(default=None, validator=_check_callable)
    """Before the pause that comes before each attempt but the first."""
    on_response: Callable[[CallEvent], Any] | None = attrs.field(default=None, validator=_check_callable)
    """The answer is there, or the call has failed for good. Of a stream: its first event is there."""
    on_stream_end: Callable[[CallEvent], None] | None = attrs.field(default=None, validator=_check_callable)
    """A stream has ended: by itself, by an error, or because it was left; also when its last reference goes, in
    whatever thread that is."""
