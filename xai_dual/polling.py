"""How jobs stand, by their answers; no I/O.

Each predicate says "pending", "done", "failed" or "expired". What it does not know is pending: servers get new states.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from .errors import UsageError

__all__ = ["batch", "check_wait", "deferred", "document", "next_pause", "pause_with_jitter", "reason"]

GROWTH = 1.5
LONGEST = 10.0
"""Pauses between polls grow by GROWTH, from the interval to LONGEST times that."""
JITTER = 0.2
LATENESS = timedelta(hours=1)
"""By how much our clock must be past a batch's end before the batch counts as expired."""


def deferred(result: Any) -> str:
    """A deferred chat completion, image or video, by its `status`."""
    status = result.status
    return status if status in ("done", "failed", "expired") else "pending"


def batch(result: Any) -> str:
    """A batch, by its counters.

    Done, once no request is pending: with what outcome stands in the counters and results. A batch without requests is
    still being loaded from its file, or not filled yet. A cancelled one has ended as well, and what it got done can be
    fetched. Expired: requests are pending although the batch's time ran out more than an hour ago by our clock.
    """
    state = result.state
    if state is not None and state.num_requests > 0 and state.num_pending == 0:
        return "done"
    if result.cancel_time is not None or result.cancel_by_xai_message is not None:
        return "done"
    end = _moment(result.expire_time)
    return "expired" if end is not None and datetime.now(timezone.utc) > end + LATENESS else "pending"


def document(result: Any) -> str:
    """A document of a collection, by its `status`."""
    words = {"DOCUMENT_STATUS_PROCESSED": "done", "DOCUMENT_STATUS_FAILED": "failed"}
    return words.get(result.status, "pending")


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)
    if isinstance(value, (int, float)) and value > 0:
        return datetime.fromtimestamp(value, timezone.utc)
    return None


def reason(result: Any) -> str | None:
    """What an answer says about why its job failed."""
    for name in ("error", "error_message", "failure_reason", "cancel_by_xai_message"):
        value = getattr(result, name, None)
        value = getattr(value, "message", value)
        if isinstance(value, str) and value:
            return value
    return None


def check_wait(interval: Any, deadline: Any) -> None:
    """Refuse times that cannot work; the names are those of the wait methods' arguments."""
    for field, value in (("interval", interval), ("deadline", deadline)):
        if value is None and field == "deadline":
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UsageError(f"must be seconds, not {type(value).__name__}", field=field)
        if not 0 < value < math.inf:
            raise UsageError(f"must be more than 0 seconds and finite, got {value}", field=field)


def next_pause(pause: float, interval: float) -> float:
    """The pause after that one."""
    return min(pause * GROWTH, interval * LONGEST)


def pause_with_jitter(pause: float, random: Callable[[], float]) -> float:
    """The pause, a fifth longer or shorter at most; `random` gives numbers from 0 to 1."""
    return pause * (1 + JITTER * (2 * random() - 1))
