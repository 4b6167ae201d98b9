"""The table of faults: runs its rows on both wires and in both flavours, and lays them out."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from xai_dual import Client, _retry
from xai_dual.emulator import Server

from ._async import kinds as async_kinds
from ._sync import kinds as sync_kinds
from .cells import Outcome, Stage
from .kit import options
from .matrix import FAULTS, GROUPS, KINDS, Fault

__all__ = ["FLAVOURS", "HEAD", "Row", "differ", "page", "row_text", "run", "stage"]

FLAVOURS = ("sync", "async")
NAMES = {"grpc": "gRPC", "rest": "REST"}
FILE_BYTES = 4 << 20
FIRST_DELAY = 0.001
"""Seconds: the pauses between attempts are not what the table is about."""
Row = dict[tuple[str, str, str], Outcome]
"""By kind, wire and flavour."""

HEAD = """\
# Faults

What a caller sees when a call meets a fault, and what that costs. `scripts/faults` writes this page: it makes each of
these calls against the emulator, over gRPC and REST, sync and async. A test makes them all again and compares.

A cell says what the caller sees, then `attempts/requests/begun`: attempts that the client made, requests that
reached the server, and those whose work the server began. It has a line for each wire where they differ; sync and
async are equal everywhere. `A` from `B`: `A` is raised, with `B` as its `__cause__`. "part kept": what arrived before
the fault is in the error's `partial`. After each of these calls the client has given back its slot of the pool, and
the next call works.

The client's settings are the usual ones: two retries, but none of writes that may have been carried out. Timers are
short where a row names one. "Once": only the first attempt meets the fault. Streams and downloads break after two
pieces; a download over REST is bytes and nothing else, so that all that can break it is an end or silence.
[errors.md](errors.md) has the rules.

"""


@contextmanager
def stage(server: Server) -> Iterator[Stage]:
    """Somewhere to call, with a file to download. Pauses between attempts are short meanwhile."""
    content = bytes(range(256)) * (FILE_BYTES // 256)
    with socket.socket() as closed, Client(**options(server, "grpc", server.api_key)) as client:
        closed.bind(("127.0.0.1", 0))  # and never listens
        file = client.files.upload(content=content, filename="some.bin")
        models = " ".join(model.id for model in client.models.list_language())
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        usual, _retry.FIRST_DELAY = _retry.FIRST_DELAY, FIRST_DELAY
        try:
            yield Stage(server, file.id, content, models, nobody)
        finally:
            _retry.FIRST_DELAY = usual


def run(at: Stage, fault: Fault) -> Row:
    """All cells of a fault."""
    found = {"sync": sync_kinds.outcomes(at, fault), "async": asyncio.run(async_kinds.outcomes(at, fault))}
    return {(*cell, flavour): outcome for flavour, cells in found.items() for cell, outcome in cells.items()}


def row_text(fault: Fault, row: Row) -> str:
    """The row as it stands in the docs."""
    cells = [_cell(fault, kind, row) for kind in columns(fault.group)]
    return f"| **{fault.name}**: {fault.text} | {' | '.join(cells)} |"


def _cell(fault: Fault, kind: str, row: Row) -> str:
    if kind not in fault.kinds:
        return ""
    texts = [_text([row[kind, wire, flavour] for flavour in FLAVOURS]) for wire in fault.wires]
    if len(set(texts)) == 1:
        return texts[0].replace("; ", "<br>")
    return "<br>".join(f"{NAMES[wire]}: {text}" for wire, text in zip(fault.wires, texts, strict=True))


def _text(outcomes: list[Outcome]) -> str:
    """What an outcome says; sync and async, if they differ, which they never should."""
    texts = [f"{one.seen}; {one.attempts}/{one.requests}/{one.begun}" for one in outcomes]
    return texts[0] if len(set(texts)) == 1 else ", ".join(map(" ".join, zip(FLAVOURS, texts, strict=True)))


def differ(fault: Fault, row: Row) -> tuple[int, int]:
    """How many of its cells differ between the wires, and how many between the flavours."""
    wires = sum(len({row[kind, wire, "sync"] for wire in fault.wires}) > 1 for kind in fault.kinds)
    cells = [(kind, wire) for kind in fault.kinds for wire in fault.wires]
    return wires, sum(row[kind, wire, "sync"] != row[kind, wire, "async"] for kind, wire in cells)


def columns(group: str) -> list[str]:
    """The kinds of calls that a group of faults has to do with."""
    used = {kind for fault in FAULTS if fault.group == group for kind in fault.kinds}
    return [kind for kind in KINDS if kind in used]


def page(rows: dict[str, str]) -> str:
    """docs/faults.md, of the rows by the ids of their faults."""
    calls = [f"| {kind} | {text} |\n" for kind, text in KINDS.items()]
    parts = [HEAD, "| call | |\n", "| --- | --- |\n", *calls]
    for group, title in GROUPS.items():
        kinds = columns(group)
        parts += [f"\n## {title}\n\n", f"| fault | {' | '.join(kinds)} |\n", f"| --- |{' --- |' * len(kinds)}\n"]
        parts += [f"{rows[fault.id]}\n" for fault in FAULTS if fault.group == group]
    return "".join(parts)
