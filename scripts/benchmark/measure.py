"""Workers that take turns."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from .cases import Case, Entrant
from .job import Where
from .results import Costs, Result, summed_up

ROOT = Path(__file__).parent.parent.parent


def environment() -> dict[str, str]:
    """That of this process, without what would change how clients work."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith(("XAI_", "OPENAI_", "GRPC_", "OTEL_", "PYTHON"))
    }
    return {**kept, "PYTHONPATH": str(ROOT)}


@contextlib.contextmanager
def served() -> Iterator[Where]:
    """The load server in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            rest, grpc = process.stdout.readline().split()
            yield Where(f"127.0.0.1:{rest}", f"127.0.0.1:{grpc}")
        finally:
            process.stdin.close()


class Worker:
    """The process of one entrant, and how many calls it makes a round."""

    def __init__(self, entrant: Entrant, where: Where) -> None:
        self.entrant = entrant
        self.count, self.times = entrant.job.width, 0
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                f"{__package__}.worker",
                entrant.subject,
                entrant.job.dumps(),
                where.rest,
                where.grpc,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        if error is not None:
            self._process.kill()
        self._process.wait()

    def answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the worker of {self.entrant} has ended")
        return json.loads(line)

    def measure(self) -> dict[str, float]:
        """One round."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"count": self.count, "times": self.times}) + "\n")
        self._process.stdin.flush()
        figures: dict[str, float] = self.answer()
        return figures

    def calibrate(self, seconds: float) -> None:
        """Find how many calls take that long."""
        width = self.entrant.job.width
        for share in (0.2, 1.0):
            took = self.measure()["wall"]
            if took > seconds:
                return
            self.count = max(1, round(share * seconds * self.count / took / width)) * width


def measured(case: Case, where: Where, rounds: int, seconds: float) -> Result:
    """The result of a case: after a warm-up, its entrants take turns, in one order and then in the other."""
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(Worker(entrant, where)) for entrant in case.entrants]
        for worker in workers:
            worker.answer()
        for number, worker in enumerate(workers):
            if case.fixed:
                worker.count, worker.times = case.fixed[number]
            elif worker.entrant.job.width <= 64:
                worker.calibrate(seconds)
        costs: Costs = {worker.entrant.label: [] for worker in workers}
        for number in range(rounds):
            for worker in workers if number % 2 else reversed(workers):
                figures = worker.measure()
                costs[worker.entrant.label].append(figures["cpu"] / figures["items"])
    return summed_up(case.name, "cpu", case.unit, costs, case.targets)
