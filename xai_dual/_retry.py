"""Whether and when a failed attempt is made again; no I/O.

cause                                                             reads   writes
never sent: connect, DNS, TLS, pool wait, REFUSED_STREAM          yes     yes
  (but not where a certificate is to blame, or a proxy forbids)   no      no
refused: 429 498 529 RESOURCE_EXHAUSTED; 503 UNAVAILABLE + hint   yes     yes
maybe processed: 408 409 500 502 503 504 52x, their gRPC codes,
  a connection that broke, first_event timer                      yes     only with retry_writes
anything else; anything after a stream's first event              no      no
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Literal

from . import errors as e
from ._protowire import fields

__all__ = ["Failure", "RetryBudget", "failure_of", "retry_after", "retry_delay", "should_retry"]

Failure = Literal["never_sent", "refused", "maybe_processed", "final"]
"""What a failed attempt did: nothing was sent; the server refused it unworked; nobody knows; repeating is no use."""

FIRST_DELAY = 0.5
LONGEST_DELAY = 8.0
LONGEST_HINT = 60.0
"""Seconds. A server's hint to wait longer than this is not waited for: the error is raised, with `retry_after` set."""


class RetryBudget:
    """How many retries all calls of a client may make, so that a server in trouble is not asked twice as often.

    A retry costs one; each success and each second bring a little back. Retries that the server asks for by a hint when
    to come back cost nothing.
    """

    CAPACITY = 100.0
    PER_SUCCESS = 0.1
    PER_SECOND = 1.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = self.CAPACITY
        self._at = clock()

    @property
    def left(self) -> float:
        """Retries that may be made now."""
        self._refill(0.0)
        return self._left

    def success(self) -> None:
        """A call has succeeded."""
        if self._left < self.CAPACITY:
            self._refill(self.PER_SUCCESS)

    def spend(self) -> bool:
        """Pay for a retry; False: it is not to be made."""
        self._refill(0.0)
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

    def _refill(self, more: float) -> None:
        now = self._clock()
        self._left = min(self.CAPACITY, self._left + (now - self._at) * self.PER_SECOND + more)
        self._at = now


# -- hints to wait ---------------------------------------------------------------------------------------------------


def retry_after(headers: Mapping[str, str | bytes], now: float | None = None) -> float | None:
    """Seconds to wait before another attempt, as the server says; negative: it wants none; None: it does not say."""
    for name, unit in (("retry-after-ms", 0.001), ("grpc-retry-pushback-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if not isinstance(value, str):
            continue
        try:
            seconds = float(value) * unit
        except ValueError:
            if name == "retry-after":
                return _seconds_until(value, now)
            continue
        if seconds == seconds and abs(seconds) != float("inf"):
            return seconds if name == "grpc-retry-pushback-ms" else max(0.0, seconds)
    details = headers.get("grpc-status-details-bin")
    return _retry_info(details) if isinstance(details, bytes) else None


def _seconds_until(date: str, now: float | None) -> float | None:
    from datetime import timezone
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(date)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, moment.timestamp() - (time.time() if now is None else now))


def _retry_info(status: bytes) -> float | None:
    """google.rpc.RetryInfo.retry_delay, in seconds, out of a serialized google.rpc.Status."""
    try:
        for number, detail in fields(status):
            if number != 3 or not isinstance(detail, bytes):
                continue
            packed = dict(fields(detail))
            url, value = packed.get(1), packed.get(2, b"")
            if isinstance(url, bytes) and url.endswith(b"/google.rpc.RetryInfo") and isinstance(value, bytes):
                delay = dict(fields(value)).get(1, b"")
                parts = dict(fields(delay)) if isinstance(delay, bytes) else {}
                seconds, nanos = parts.get(1, 0), parts.get(2, 0)
                if isinstance(seconds, int) and isinstance(nanos, int) and seconds < 1 << 63:
                    return seconds + nanos / 1e9
    except (IndexError, ValueError):
        pass
    return None


# -- retries ---------------------------------------------------------------------------------------------------------


def failure_of(error: BaseException) -> Failure:
    """What the failed attempt may have done on the server."""
    if isinstance(error, (e.MessageTooLargeError, e.ForkedError, e.ProxyError)):
        return "final"
    if isinstance(error, e.TlsError) and error.certificate:
        return "final"
    if isinstance(error, e.TimeoutError):
        if error.timer in ("connect", "pool"):
            return "never_sent"
        return "maybe_processed" if error.timer == "first_event" else "final"
    if isinstance(error, e.TransportError):
        return "maybe_processed" if error.maybe_sent else "never_sent"
    if not isinstance(error, e.ApiError) or (error.retry_after is not None and error.retry_after < 0):
        return "final"
    if error.http_status is not None and error.http_status >= 400:
        return _failure_of_status(error.http_status, error.retry_after is not None)
    return _failure_of_code(error.code, error.retry_after is not None)


def _failure_of_status(status: int, hint: bool) -> Failure:
    if status in (429, 498, 529) or (status == 503 and hint):
        return "refused"
    return "maybe_processed" if status in (408, 409, 500, 502, 503, 504) or 520 <= status <= 530 else "final"


_MAYBE = ("aborted", "unavailable", "internal", "unknown", "data_loss", "deadline_exceeded")
"""What REST spells 409, 503, 500 (three times) and 504."""


def _failure_of_code(code: str, hint: bool) -> Failure:
    if code == "resource_exhausted" or (code == "unavailable" and hint):
        return "refused"
    return "maybe_processed" if code in _MAYBE else "final"


def should_retry(failure: Failure, *, read_only: bool, retry_writes: bool) -> bool:
    """Whether a failed attempt is made again (given that attempts and time are left)."""
    if failure == "maybe_processed":
        return read_only or retry_writes
    return failure != "final"


def retry_delay(error: BaseException, retries: int, random: Callable[[], float]) -> float | None:
    """Seconds to wait before retry number `retries` + 1: the server's hint, else full-jitter backoff.

    None where the server asks for a longer pause than is worth waiting for (`LONGEST_HINT`).
    """
    hint = getattr(error, "retry_after", None)
    if isinstance(hint, float):
        return hint if hint <= LONGEST_HINT else None
    return float(random() * min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(retries, 10)))
