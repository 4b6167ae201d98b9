"""The timers of a call: how long each of them runs, where that is set, and what is said when one runs out; no I/O."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import attrs

from .errors import TimeoutError, TimerName, UsageError

if TYPE_CHECKING:
    from .meta import Meta, PoolState

__all__ = ["DEFAULT_TIMERS", "INHERIT", "Inherit", "Timeout", "TimeoutLike", "Timers", "inherit", "timed_out"]

T = TypeVar("T")


class Inherit(enum.Enum):
    """The type of `INHERIT`."""

    INHERIT = "inherit"

    def __repr__(self) -> str:
        return "INHERIT"


INHERIT = Inherit.INHERIT
"""What an argument is that was not given: the setting of the client holds."""


def inherit(value: T | Literal[Inherit.INHERIT], default: T) -> T:
    """The value, or the default where it was not given."""
    return default if isinstance(value, Inherit) else value


def _check_seconds(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is None or isinstance(value, Inherit):
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UsageError(f"must be seconds or None, not {type(value).__name__}", field=f"timeout.{attribute.name}")
    if not value > 0:
        raise UsageError(f"must be more than 0 seconds, got {value}", field=f"timeout.{attribute.name}")


Seconds = float | None | Literal[Inherit.INHERIT]


@attrs.frozen(kw_only=True)
class Timeout:
    """Timers of a call, in seconds; None is no limit. One that is not given stays as the client has it.

    All but `total` begin anew with each attempt.
    """

    connect: Seconds = attrs.field(default=INHERIT, validator=_check_seconds)
    """Until the connection stands, TLS included. 10 unless the client says otherwise."""
    pool: Seconds = attrs.field(default=INHERIT, validator=_check_seconds)
    """Waiting for one of the client's `max_connections` to be free. 30 unless the client says otherwise."""
    first_event: Seconds = attrs.field(default=INHERIT, validator=_check_seconds)
    """From sending to the head of the answer, or to a stream's first event. 600 unless the client says otherwise."""
    idle: Seconds = attrs.field(default=INHERIT, validator=_check_seconds)
    """Between two events of a stream, or two pieces of a body; SSE comments count as signs of life. 120 unless the
    client says otherwise."""
    total: Seconds = attrs.field(default=INHERIT, validator=_check_seconds)
    """The whole call: all attempts, the pauses between them, and reading the stream. 3600 unless the client says
    otherwise."""


TimeoutLike = Timeout | float | None | Literal[Inherit.INHERIT]
"""A `Timeout`; a number, which means `total`; None, no limit at all; INHERIT, as the client has it."""


@attrs.frozen(kw_only=True)
class Timers:
    """All timers of a call, settled: seconds, None is no limit."""

    connect: float | None = 10.0
    pool: float | None = 30.0
    first_event: float | None = 600.0
    idle: float | None = 120.0
    total: float | None = 3600.0

    def changed(self, timeout: TimeoutLike | Timers) -> Timers:
        """These, where `timeout` does not say otherwise."""
        if isinstance(timeout, Inherit):
            return self
        if isinstance(timeout, Timers):
            return timeout
        if timeout is None:
            return Timers(connect=None, pool=None, first_event=None, idle=None, total=None)
        if not isinstance(timeout, Timeout):
            if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
                raise UsageError(f"must be seconds, a Timeout or None, not {type(timeout).__name__}", field="timeout")
            if not timeout > 0:
                raise UsageError(f"must be more than 0 seconds, got {timeout}", field="timeout")
            return attrs.evolve(self, total=timeout)
        return Timers(
            connect=inherit(timeout.connect, self.connect),
            pool=inherit(timeout.pool, self.pool),
            first_event=inherit(timeout.first_event, self.first_event),
            idle=inherit(timeout.idle, self.idle),
            total=inherit(timeout.total, self.total),
        )


DEFAULT_TIMERS = Timers()

_TEXTS = {
    "connect": "No connection stood",
    "pool": "No connection was free",
    "first_event": "The answer did not begin",
    "idle": "Nothing more was sent or received",
    "total": "The call was not done",
}


def timed_out(
    timer: TimerName,
    timers: Timers,
    *,
    maybe_sent: bool = True,
    pool: PoolState | None = None,
    meta: Meta | None = None,
) -> TimeoutError:
    """The error for a timer that has run out."""
    seconds = getattr(timers, timer, None)
    within = f" within {seconds:g} s" if seconds is not None else " in time"
    text = f"{_TEXTS[timer]}{within} (timer {timer!r})"
    if pool is not None:
        text += f": {pool.in_use} of {pool.limit} in use, {pool.waiting} waiting; see max_connections"
    return TimeoutError(f"{text}.", timer=timer, pool=pool, maybe_sent=maybe_sent, meta=meta)
