"""Answers fetched later: pending for some polls, then readable once within a day."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from xai_dual.emulator.errors import not_found
from xai_dual.emulator.service.clock import Clock

_MAX_JOBS = 1000
_LIFETIME = 24 * 3600


@dataclass
class _Job:
    kind: str
    result: Any
    polls: int
    polls_left: int
    expires: int


class DeferredJobs:
    """All jobs of an emulator. Both wires see the same ones: what one starts the other may fetch."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: OrderedDict[str, _Job] = OrderedDict()

    def start(self, kind: str, result: Any, polls: int) -> str:
        """Keep an answer that stays pending for ``polls`` polls; the id to fetch it by, new for every start."""
        name = str(uuid.uuid4())
        self._jobs[name] = _Job(kind, result, polls, polls, self._clock.seconds() + _LIFETIME)
        while len(self._jobs) > _MAX_JOBS:
            self._jobs.popitem(last=False)
        return name

    def progress(self, name: str) -> int:
        """How far a pending job has got, in percent."""
        job = self._jobs[name]
        return 100 * (job.polls - job.polls_left) // (job.polls + 1)

    def poll(self, kind: str, name: str, keep: bool = False) -> Any:
        """The answer, or ``None`` while it is pending. It is dropped once read, unless it is to be kept."""
        job = self._jobs.get(name)
        if job is None or job.kind != kind or self._clock.seconds() > job.expires:
            raise not_found(f"The deferred request {name} does not exist, has expired or was already read.")
        if job.polls_left > 0:
            job.polls_left -= 1
            return None
        if not keep:
            del self._jobs[name]
        return job.result
