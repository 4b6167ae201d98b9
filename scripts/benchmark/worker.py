"""A worker: one subject at one job, in a process of its own, for as long as it is told to go on."""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import sys
import time
from collections.abc import Awaitable, Callable

from .job import Job, Ready, Where

IDLE = 3.0
"""Seconds after which connections may be gone."""


class Runner:
    """Runs a job some number of times. The client is kept, unless a new one is asked for."""

    def __init__(self, subject: str, job: Job, where: Where) -> None:
        self._open: Callable[[Job, Where], Ready] = importlib.import_module(
            f"{__package__}.subject_{subject}"
        ).open_client
        self._job, self._where = job, where
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._ready = self.open()
        self._last = 0.0

    def open(self) -> Ready:
        if not self._job.is_async:
            return self._open(self._job, self._where)

        async def opened() -> Ready:
            return self._open(self._job, self._where)

        return self._loop.run_until_complete(opened())

    def renew(self) -> None:
        """Take a new client, and let it connect."""
        closed = self._ready.close()
        if self._job.is_async:
            self._loop.run_until_complete(closed)
        self._ready = self.open()
        self.run(self._job.width)

    def run(self, count: int) -> int:
        """Make that many calls, `width` at once; the number of items."""
        if self._job.is_async:
            return self._loop.run_until_complete(self._waves(count))
        return sum(self._ready.call() for _ in range(count))  # type: ignore[misc]

    async def _waves(self, count: int) -> int:
        call: Callable[[], Awaitable[int]] = self._ready.call  # type: ignore[assignment]
        if self._job.width == 1:
            return sum([await call() for _ in range(count)])
        items = 0
        for _ in range(count // self._job.width):
            items += sum(await asyncio.gather(*(call() for _ in range(self._job.width))))
        return items

    def measure(self, count: int, times: int) -> dict[str, float]:
        """CPU and wall time of `count` calls on the kept client, or `times` so many, each on a new one."""
        cpu = wall = items = 0.0
        for _ in range(times or 1):
            if times:
                self.renew()
            elif time.monotonic() - self._last > IDLE:
                self.run(self._job.width)
            gc.collect()
            before = time.process_time(), time.perf_counter()
            items += self.run(count)
            cpu += time.process_time() - before[0]
            wall += time.perf_counter() - before[1]
        self._last = time.monotonic()
        assert self._job.kind == "decode" or items == count * (times or 1) * self._job.items, items
        return {"cpu": cpu, "wall": wall, "items": items}


def main() -> None:
    subject, job, where = sys.argv[1], Job.loads(sys.argv[2]), Where(*sys.argv[3:5])
    runner = Runner(subject, job, where)
    runner.run(job.width)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        print(json.dumps(runner.measure(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
