"""What is measured, beside whom, and what it may cost."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import attrs

from .job import Job

OURS = "xai_dual"
RAW = {"grpc": "raw_grpc", "rest": "raw_rest"}
PEER = {"grpc": "xai_sdk", "rest": "openai"}
LABELS = {"xai_sdk": "xai-sdk", "openai": "openai", "raw_grpc": "raw", "raw_rest": "raw"}


@attrs.frozen
class Entrant:
    """One side of a comparison."""

    label: str
    subject: str
    job: Job


@attrs.frozen
class Case:
    """Ours, and what it is held against; targets by label."""

    name: str
    unit: str
    entrants: tuple[Entrant, ...]
    """The first is ours."""
    targets: dict[str, float] = attrs.field(factory=dict)
    fixed: tuple[tuple[int, int], ...] = ()
    """(calls, clients) of each entrant, where that is not left to the clock."""


def beside(name: str, unit: str, job: Job, peer: float | None = None, raw: float | None = None) -> Case:
    """Ours beside the peer of that wire and its raw limit."""
    names = (OURS, RAW[job.wire]) if job.kind == "decode" else (OURS, PEER[job.wire], RAW[job.wire])
    entrants = tuple(Entrant(LABELS.get(subject, "ours"), subject, job) for subject in names)
    given = {LABELS[PEER[job.wire]]: peer, "raw": raw}
    return Case(name, unit, entrants, {label: most for label, most in given.items() if most is not None})


STREAMS = {
    ("grpc", False): (0.5, 0.85),
    ("grpc", True): (0.5, 1.0),
    ("rest", False): (0.11, 1.2),
    ("rest", True): (0.15, 1.2),
}
UNARY = {
    ("grpc", False): (0.9, 1.25),
    ("grpc", True): (0.75, 1.25),
    ("rest", False): (0.45, 0.8),
    ("rest", True): (0.45, 0.95),
}
TITLES = {"grpc": "gRPC", "rest": "REST"}
WAYS = tuple(itertools.product(("grpc", "rest"), (False, True)))


def flavour(is_async: bool) -> str:
    return "async" if is_async else "sync"


def streams() -> Iterator[Case]:
    for wire, is_async in WAYS:
        job = Job("stream", wire, "bench-stream-3000", is_async)
        yield beside(f"{TITLES[wire]} stream, {flavour(is_async)}", "chunk", job, *STREAMS[wire, is_async])
    yield beside("REST stream, sync, 16 events a transfer chunk", "chunk", Job("stream", "rest", "bench-packed-3000"))


def calls() -> Iterator[Case]:
    for wire, is_async in WAYS:
        job = Job("unary", wire, is_async=is_async)
        yield beside(f"{TITLES[wire]} unary, {flavour(is_async)}", "call", job, *UNARY[wire, is_async])
    for width, raw in ((64, 0.25), (256, None)):
        job = Job("unary", "rest", is_async=True, width=width)
        yield beside(f"REST, {width} at once", "call", job, 0.2, raw)
    yield beside("gRPC, 64 at once", "call", Job("unary", "grpc", is_async=True, width=64), 0.8)


def short_stream(quick: bool) -> int:
    """Chunks of a stream where many run at once."""
    return 4 if quick else 30


def others(quick: bool) -> Iterator[Case]:
    """What has no target."""
    for wire, title in TITLES.items():
        job = Job("stream", wire, f"bench-stream-{short_stream(quick)}", is_async=True, width=500)
        case = beside(f"{title}, 500 streams at once", "chunk", job)
        if wire == "rest":  # httpx's pool takes ten seconds a round
            case = attrs.evolve(case, entrants=case.entrants[:2])
        yield case
    for wire, title in TITLES.items():
        yield beside(f"{title}, construction of a client", "client", Job("construct", wire))
    for wire, title in TITLES.items():
        yield beside(f"{title}, a chunk decoded", "chunk", Job("decode", wire))
    for wire, title in TITLES.items():
        yield beside(f"{title}, answer of 1 MiB", "call", Job("unary", wire, "bench-text-1048576"))
    for wire, title in TITLES.items():
        yield beside(f"{title}, image of 10 MiB", "call", Job("image", wire, "bench-image-10485760"))


def growth(calls: int, chunks: int) -> Iterator[Case]:
    """Ours at ten times the work beside ours: one new client for all of it, and ten for a tenth each."""
    for wire, is_async in WAYS:
        way = f"{TITLES[wire]}, {flavour(is_async)}"
        few, many = (Job("stream", wire, f"bench-stream-{count}", is_async) for count in (chunks, 10 * chunks))
        pair = (Entrant("ours", OURS, many), Entrant("ours, a tenth", OURS, few))
        yield Case(f"10x the chunks, {way}", "chunk", pair, {"ours, a tenth": 1.1}, ((1, 1), (1, 10)))
        job = Job("unary", wire, is_async=is_async)
        pair = (Entrant("ours", OURS, job), Entrant("ours, a tenth", OURS, job))
        yield Case(f"10x the calls, {way}", "call", pair, {"ours, a tenth": 1.1}, ((10 * calls, 1), (calls, 10)))


def all_cases(quick: bool) -> list[Case]:
    """Those that need a worker; cold starts are in `cold`."""
    return [*streams(), *calls(), *others(quick), *(growth(40, 600) if quick else growth(150, 3000))]
