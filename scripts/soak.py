"""Mixed calls on both wires and in both flavours against the emulator, some of which meet faults.

Lost is a call that ended neither with the right answer nor with an error of this package; doubled is a write whose work
the server began twice. Both have to be 0.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import gc
import json
import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

import attrs
from rich.console import Console
from rich.table import Table

from xai_dual import AsyncClient, Client, Timeout, XaiError
from xai_dual.emulator import Server, serve

SUM = "What is 101*3?"
TEXT = "101 multiplied by 3 is 303."
LONG = 20.0
"""Seconds after which a call counts as hanging."""

FAULTS: list[dict[str, Any]] = [
    {"action": "error", "code": "RESOURCE_EXHAUSTED", "headers": {"retry-after-ms": "5"}},
    {"action": "error", "code": "UNAVAILABLE"},
    {"action": "error", "code": "INTERNAL"},
    {"action": "reset"},
    {"action": "close"},
    {"action": "drop"},
    {"action": "delay", "delay_ms": 50},
    {"action": "goaway"},
    {"action": "html"},
    {"action": "garbage"},
    {"action": "unknown_field"},
    {"action": "unknown_enum"},
]
STREAM_FAULTS: list[dict[str, Any]] = [
    {"action": action, "after_chunks": 3} for action in ("end", "reset", "close", "error", "garbage", "hang")
]


@attrs.define
class Count:
    """What has happened so far; added to by many threads, of which each adds to its own."""

    calls: int = 0
    faults: int = 0
    answers: int = 0
    errors: collections.Counter[str] = attrs.field(factory=collections.Counter)
    lost: list[str] = attrs.field(factory=list)


@attrs.frozen
class Plan:
    """One call to make."""

    kind: str
    headers: dict[str, str]
    faulty: bool

    @classmethod
    def draw(cls, dice: random.Random, share: float, number: str) -> Plan:
        kind = dice.choice(["create", "create", "stream", "leave", "read", "upload"])
        if dice.random() >= share:
            return cls(kind, {}, False)
        fault = dice.choice(FAULTS + (STREAM_FAULTS if kind in ("stream", "leave") else []))
        return cls(kind, {"x-emulator-fault": json.dumps({**fault, "id": number, "times": 1})}, True)


def judge(count: Count, plan: Plan, found: Any, seconds: float) -> None:
    """Note how a call has ended."""
    count.calls += 1
    count.faults += plan.faulty
    if seconds > LONG:
        count.lost.append(f"{plan.kind} took {seconds:.0f} s")
    if isinstance(found, XaiError):
        count.errors[type(found).__name__] += 1
    elif found == TEXT:
        count.answers += 1
    else:
        count.lost.append(f"{plan}: {found!r}")


def call(client: Client, plan: Plan) -> Any:
    """Make a call; the text that has to be TEXT, or an error."""
    if plan.kind == "create":
        return client.chat.create(model="grok-4", messages=SUM, headers=plan.headers).text
    if plan.kind == "read":
        return TEXT if len(client.models.list_language(headers=plan.headers)) else "no models"
    if plan.kind == "upload":
        return TEXT if client.files.upload(content=b"abc", filename="a.txt", headers=plan.headers).id else "no id"
    with client.chat.stream(model="grok-4", messages=SUM, headers=plan.headers) as stream:
        for number, _ in enumerate(stream):
            if plan.kind == "leave" and number == 2:
                return TEXT
    return stream.response.text


async def call_async(client: AsyncClient, plan: Plan) -> Any:
    """As `call`."""
    if plan.kind == "create":
        return (await client.chat.create(model="grok-4", messages=SUM, headers=plan.headers)).text
    if plan.kind == "read":
        return TEXT if len(await client.models.list_language(headers=plan.headers)) else "no models"
    if plan.kind == "upload":
        upload = await client.files.upload(content=b"abc", filename="a.txt", headers=plan.headers)
        return TEXT if upload.id else "no id"
    async with client.chat.stream(model="grok-4", messages=SUM, headers=plan.headers) as stream:
        number = 0
        async for _ in stream:
            number += 1
            if plan.kind == "leave" and number == 3:
                return TEXT
    return stream.response.text


@attrs.define
class Soak:
    """One run."""

    server: Server
    end: float
    share: float
    counts: list[Count] = attrs.field(factory=list)
    tasks_left: int = 0

    def options(self, wire: Any) -> dict[str, Any]:
        timeout = Timeout(first_event=5, idle=1, total=15)
        return {"transport": wire, "base_url": self.server.url, "api_key": self.server.api_key, "timeout": timeout}

    def work(self, wire: str, seed: int) -> None:
        """A thread's calls, with a new client now and then."""
        dice, count = random.Random(seed), Count()
        self.counts.append(count)
        number = 0
        while time.monotonic() < self.end:
            with Client(**self.options(wire)) as client:
                for _ in range(50):
                    number += 1
                    plan = Plan.draw(dice, self.share, f"{wire}-{seed}-{number}")
                    start = time.monotonic()
                    if start >= self.end:
                        break
                    try:
                        found = call(client, plan)
                    except Exception as error:
                        found = error
                    judge(count, plan, found, time.monotonic() - start)

    async def work_async(self, wire: str, seed: int) -> None:
        """A task's calls."""
        dice, count = random.Random(seed), Count()
        self.counts.append(count)
        number = 0
        while time.monotonic() < self.end:
            async with AsyncClient(**self.options(wire)) as client:
                for _ in range(50):
                    number += 1
                    plan = Plan.draw(dice, self.share, f"{wire}-{seed}-{number}")
                    start = time.monotonic()
                    if start >= self.end:
                        break
                    try:
                        found = await call_async(client, plan)
                    except Exception as error:
                        found = error
                    judge(count, plan, found, time.monotonic() - start)

    async def loop(self) -> None:
        """All tasks, two a wire."""
        await asyncio.gather(*(self.work_async(wire, seed) for wire in ("grpc", "rest") for seed in (3, 4)))
        self.tasks_left = len(asyncio.all_tasks()) - 1


class Doubled:
    """Writes whose work the server began more than once, by the emulator's log, which is read before it is full."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._begun: dict[str, float] = {}  # when, of the calls of the last minute
        self.found = 0

    def read(self) -> None:
        calls = self._server.calls()
        self._server.forget_calls()
        for one in calls:
            write = one.operation.partition("/")[2] in WRITES or one.operation in WRITES
            if write and one.started is not None and one.client_request_id:
                self.found += one.client_request_id in self._begun
                self._begun[one.client_request_id] = one.started
        self._begun = {name: at for name, at in self._begun.items() if at > time.monotonic() - 60}


WRITES = {"GetCompletion", "GetCompletionChunk", "UploadFile", "POST /v1/chat/completions", "POST /v1/files"}


def memory() -> float:
    """MiB that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def slope(samples: list[tuple[float, float]]) -> float:
    """MiB a minute over the second half, by least squares."""
    half = samples[len(samples) // 2 :]
    mean_x, mean_y = (sum(column) / len(half) for column in zip(*half, strict=True))
    below = sum((x - mean_x) ** 2 for x, _ in half)
    return 60 * sum((x - mean_x) * (y - mean_y) for x, y in half) / below if below else 0.0


def plot(samples: list[tuple[float, float]], calls: list[int], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as pyplot

    figure, left = pyplot.subplots(figsize=(8, 4))
    seconds = [x for x, _ in samples]
    left.plot(seconds, [y for _, y in samples], color="tab:blue")
    left.set_xlabel("seconds")
    left.set_ylabel("memory of the client process, MiB", color="tab:blue")
    left.set_ylim(bottom=0)
    right = left.twinx()
    right.plot(seconds, calls, color="tab:orange")
    right.set_ylabel("calls so far", color="tab:orange")
    right.set_ylim(bottom=0)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="how long (default: %(default)s)")
    parser.add_argument("--faults", type=float, default=0.05, help="share of calls that meet one (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("build/soak"), help="folder for soak.json and soak.png")
    given = parser.parse_args()
    with serve() as server:
        doubled = Doubled(server)
        samples: list[tuple[float, float]] = []
        calls: list[int] = []
        start = time.monotonic()
        soak = Soak(server, start + given.seconds, given.faults)
        before = (descriptors(), threading.active_count())
        threads = [threading.Thread(target=soak.work, args=(w, s)) for w in ("grpc", "rest") for s in (1, 2)]
        threads.append(threading.Thread(target=lambda: asyncio.run(soak.loop())))
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(1)
            doubled.read()
            samples.append((time.monotonic() - start, memory()))
            calls.append(sum(count.calls for count in soak.counts))
        gc.collect()
        time.sleep(0.5)
        doubled.read()
        after = (descriptors(), threading.active_count())
    return report(given, soak, doubled, samples, calls, before, after)


def report(
    given: argparse.Namespace,
    soak: Soak,
    doubled: Doubled,
    samples: list[tuple[float, float]],
    calls: list[int],
    before: tuple[int, int],
    after: tuple[int, int],
) -> int:
    """Say it as text, JSON and a plot; 0 where all is well."""
    errors = sum((count.errors for count in soak.counts), collections.Counter())
    lost = [text for count in soak.counts for text in count.lost]
    found = {
        "seconds": given.seconds,
        "calls": sum(count.calls for count in soak.counts),
        "met a fault": sum(count.faults for count in soak.counts),
        "answers": sum(count.answers for count in soak.counts),
        "errors": dict(errors.most_common()),
        "lost": len(lost),
        "doubled": doubled.found,
        "memory MiB, first and last": [round(samples[0][1], 1), round(samples[-1][1], 1)],
        "memory MiB a minute, second half": round(slope(samples), 2),
        "descriptors more than before": after[0] - before[0],
        "threads more than before": after[1] - before[1],
        "tasks left": soak.tasks_left,
    }
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "soak.json").write_text(json.dumps({**found, "lost calls": lost}, indent=2) + "\n")
    plot(samples, calls, given.out / "soak.png")
    table = Table(show_header=False)
    for name, value in found.items():
        table.add_row(name, str(value))
    console = Console(width=100)
    console.print(table)
    for text in lost[:10]:
        console.print(f"lost: {text}", markup=False)
    console.print(f"{given.out}/soak.json, {given.out}/soak.png")
    return 0 if not lost and not doubled.found else 1


if __name__ == "__main__":
    sys.exit(main())
