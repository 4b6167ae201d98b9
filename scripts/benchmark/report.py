"""Says what was found: a table for the terminal, a page for the docs, JSON, and a plot."""

from __future__ import annotations

import argparse
import json
import os
import platform
from importlib.metadata import distributions
from pathlib import Path

import attrs
from rich.console import Console
from rich.table import Table

from .cases import short_stream
from .plot import plot
from .results import Result

PACKAGES = ("xai-dual", "xai-sdk", "openai", "grpcio", "protobuf", "httpx", "httpcore", "orjson", "pydantic")
COLORS = {"met": "green", "missed": "bold red", "": ""}
HEAD = """# Benchmarks

What the client itself costs, beside its peers and the raw limits of both wires. Written by `scripts/bench`; run it for
figures of your own machine.
"""
METHOD = """
A server in a process of its own answers from bytes made in advance, without TLS, on this machine. Each client runs in a
process of its own too; after a warm-up they take turns, {rounds} rounds, in changing order. Cost is CPU time of the
client's process, all of its threads, for one item (a chunk, a call, a start), unless it says wall or memory. The ratio
is ours by theirs, round by round; the table has the median and, in brackets, the quartiles. Times differ from machine
to machine and from hour to hour; ratios much less.

Every client reads the text of all that arrives. Streams have 3,000 chunks, 16 to a write, where 500 run at once
{short}; on REST each event is a transfer chunk, as servers flush them. *Raw* is, on gRPC, a stub of grpcio with
protobuf's classes and default options (unary calls with four metadata pairs, a deadline, and the answer's metadata
read); on REST, httpx and orjson without models, events cut out of the bytes. *Ours, a tenth* is this client at a tenth
of the work. Imports are CPU time without that of the interpreter. Folds of 200,000 chunks take a third of the rounds.
"""


def rows(results: list[Result]) -> list[tuple[str, ...]]:
    """Case, cost, beside whom, theirs, ratio, target, verdict."""
    found: list[tuple[str, ...]] = []
    for result in results:
        start = (result.name, f"{result.cost('ours')} {result.what}")
        if not result.ratios:
            found.append((*start, "", "", "", "", ""))
        for ratio in result.ratios:
            share = f"{ratio.median:.3f} ({ratio.low:.3f}-{ratio.high:.3f})"
            most = "" if ratio.target is None else f"{ratio.target:g}"
            found.append((*start, ratio.label, result.cost(ratio.label), share, most, ratio.verdict))
            start = ("", "")
    return found


COLUMNS = ("case", "ours", "beside", "theirs", "ratio", "at most", "")


def show(results: list[Result]) -> None:
    table = Table(*COLUMNS)
    for row in rows(results):
        table.add_row(*row[:-1], f"[{COLORS[row[-1]]}]{row[-1]}" if row[-1] else "")
    Console(width=None if Console().is_terminal else 150).print(table)


def facts() -> dict[str, str]:
    """Of the machine and what runs on it; no names."""
    found = {"Python": f"{platform.python_implementation()} {platform.python_version()}"}
    found["system"] = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    installed = {one.name.replace("_", "-").lower(): one.version for one in distributions()}
    return {**found, **{name: installed[name] for name in PACKAGES if name in installed}}


def page(results: list[Result], rounds: int, short: int) -> str:
    """The page for the docs."""
    lines = [HEAD, "| " + " | ".join(name or "verdict" for name in COLUMNS) + " |", "| --- " * len(COLUMNS) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows(results)]
    lines += [
        "",
        "![Ratios of all cases, with targets](benchmarks.png)",
        "",
        "## Method",
        METHOD.format(rounds=rounds, short=short),
    ]
    lines += [", ".join(f"{name} {text}" if name != "system" else text for name, text in facts().items()) + ".", ""]
    return "\n".join(lines)


def write(results: list[Result], given: argparse.Namespace) -> None:
    given.out.mkdir(parents=True, exist_ok=True)
    Path(given.out, "benchmarks.md").write_text(page(results, given.rounds, short_stream(given.quick)))
    plot([result for result in results if result.ratios], given.out)
    if given.json:
        found = {"facts": facts(), "rounds": given.rounds, "cases": [attrs.asdict(result) for result in results]}
        given.json.write_text(json.dumps(found, indent=2) + "\n")
