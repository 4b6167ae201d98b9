"""As fast as the wire: runs this client, its peers and the raw limits in turn, and says what each of them costs."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console

from . import cold, measure, report
from .cases import all_cases
from .job import Where
from .results import Result


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter rounds, and five of them: some three minutes")
    parser.add_argument("--rounds", type=int, help="rounds (default: 9; quick: 5)")
    parser.add_argument("--only", metavar="TEXT", help="only the cases whose names have this; several with |")
    parser.add_argument("--out", type=Path, help="folder for benchmarks.md, .png and .svg (docs for a whole run)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all figures of all rounds")
    parser.add_argument("--no-check", action="store_true", help="end well also where a target is missed")
    given = parser.parse_args()
    given.rounds = given.rounds or (5 if given.quick else 9)
    given.out = given.out or Path("build/benchmarks" if given.quick or given.only else "docs")
    return given


def run(given: argparse.Namespace, where: Where, console: Console) -> list[Result]:
    """All that was asked for."""

    def wanted(name: str) -> bool:
        return not given.only or any(part.lower() in name.lower() for part in given.only.split("|"))

    results = []
    for case in all_cases(given.quick):
        if wanted(case.name):
            is_long = case.entrants[0].job.width > 64
            rounds = min(given.rounds, 3) if given.quick and is_long else given.rounds
            begun = time.monotonic()
            results.append(measure.measured(case, where, rounds, 0.06 if given.quick else 0.3))
            console.print(f"[dim]{case.name}: {time.monotonic() - begun:.1f} s[/dim]", highlight=False)
    starts = [case for case in cold.COLD if wanted(case.name)]
    if starts:
        console.print("[dim]cold starts[/dim]")
        results += cold.measured(starts, where, measure.environment(), given.rounds)
    return results


def main() -> int:
    given = parse()
    console = Console(stderr=True)
    start = time.monotonic()
    with measure.served() as where:
        results = run(given, where, console)
    if not results:
        console.print("no case has such a name")
        return 2
    report.show(results)
    report.write(results, given)
    missed = [ratio for result in results for ratio in result.ratios if not ratio.met]
    console.print(f"{time.monotonic() - start:.0f} s, {len(missed)} targets missed; {given.out}/benchmarks.md")
    return 1 if missed and not given.no_check else 0


if __name__ == "__main__":
    sys.exit(main())
