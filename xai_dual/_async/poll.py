"""Waiting for a job that the server works on: asking again and again how it stands."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from ..errors import JobFailed, TimeoutError
from ..operation import Operation
from ..options import CallOptions
from ..polling import check_wait, next_pause, pause_with_jitter, reason
from . import _io

if TYPE_CHECKING:
    from .call import AsyncCaller

__all__ = ["wait"]

R = TypeVar("R")

LAST_POLL = 2.0
"""Seconds that the last question may take, which is asked when the time is up."""


async def wait(
    caller: AsyncCaller,
    op: Operation[R],
    request: Any,
    options: CallOptions,
    *,
    state: Callable[[R], str],
    interval: float,
    timeout: float | None,
    on_progress: Callable[[R], Any] | None,
) -> R:
    """Ask until the job is done; see `AsyncCaller.wait`. Public methods call `timeout` `deadline`."""
    check_wait(interval, timeout)
    end = None if timeout is None else time.monotonic() + timeout
    limits = caller.timers_of(options)
    pause: float = interval
    last: R | None = None
    while True:
        if end is not None:
            left = max(end - time.monotonic(), LAST_POLL)
            total = left if limits.total is None else min(left, limits.total)
            options = attrs.evolve(options, timeout=attrs.evolve(limits, total=total))
        try:
            last = await caller.unary(op, request, options)
        except TimeoutError as error:
            if end is None or time.monotonic() < end:
                raise
            raise _late(op, last, error) from error
        if on_progress is not None:
            await _io.settled(on_progress(last), "on_progress")
        found = state(last)
        if found == "done":
            return last
        meta = getattr(last, "meta", None)
        if found in ("failed", "expired"):
            said = reason(last)
            text = f"{op.name}: the job {'has expired' if found == 'expired' else 'failed'}"
            raise JobFailed(f"{text}: {said}" if said else f"{text}.", result=last, state=found, meta=meta)
        now = time.monotonic()
        if end is not None and now >= end:
            raise _late(op, last, None)
        seconds = pause_with_jitter(pause, random.random)
        await _io.sleep(seconds if end is None else min(seconds, end - now))
        pause = next_pause(pause, interval)


def _late(op: Operation[Any], last: Any, error: TimeoutError | None) -> TimeoutError:
    return TimeoutError(
        f"{op.name}: the job was not done in time; it goes on, and can be waited for again.",
        timer="wait",
        last=last,
        attempts=error.attempts if error is not None else 1,
        meta=error.meta if error is not None else getattr(last, "meta", None),
    )
