"""The time of an emulator: the time of day, until a test moves it on or stops it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime, timezone

from xai_dual.emulator.errors import invalid

LATEST = 253_402_300_799  # the last second that a timestamp of either wire can tell
_EARLIEST = 0


class Clock:
    """A clock that files, links and batches lapse by."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._moved = 0.0
        self._stopped: float | None = None

    def now(self) -> datetime:
        """The time, to the microsecond."""
        return datetime.fromtimestamp(self._seconds(), timezone.utc)

    def seconds(self) -> int:
        """The time in whole Unix seconds."""
        return math.floor(self._seconds())

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        if not 0 <= seconds <= LATEST - self._seconds():  # refuses NaN too
            raise invalid("A clock can be advanced by a number of seconds, up to the year 9999.")
        self._moved += seconds

    def stop(self, moment: float) -> None:
        """Stop the clock at a Unix time; from now on only ``advance`` moves it."""
        if not _EARLIEST <= moment <= LATEST:
            raise invalid("A clock can be stopped at a Unix time between the years 1970 and 9999.")
        self._stopped, self._moved = moment, 0.0

    def reset(self) -> None:
        """Back to the time of day."""
        self._stopped, self._moved = None, 0.0

    def after(self, name: str, seconds: int | None) -> int | None:
        """The Unix time so many seconds from now, as ``expires_after`` of files and links asks for."""
        if seconds is None:
            return None
        if not 1 <= seconds <= LATEST - self.seconds():
            raise invalid(f"{name} must be a positive number of seconds and end before the year 10000; got {seconds}.")
        return self.seconds() + seconds

    def _seconds(self) -> float:
        return (self._source() if self._stopped is None else self._stopped) + self._moved
