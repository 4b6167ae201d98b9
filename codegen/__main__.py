"""`python -m codegen`: write the generated files, check them, say what is bound, or compare two versions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from . import diff, output, pins
from .build import build, read
from .errors import DefinitionError, LinkError

ROOT = Path(__file__).resolve().parent.parent


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if a generated file is not as it should be"
    )
    commands = parser.add_subparsers(dest="command", metavar="drift | diff")
    commands.add_parser("drift", help="count what is bound and waived")
    compare = commands.add_parser("diff", help="say what changed between two versions, and what that breaks")
    for name in ("old", "new"):
        compare.add_argument(name, metavar=name.upper(), help="a folder with definitions, or a git revision")
    compare.add_argument("--json", action="store_true", help="print one JSON list")
    arguments = parser.parse_args(argv)
    try:
        if arguments.command == "diff":
            return diff.run(ROOT, arguments.old, arguments.new, arguments.json)
        if arguments.command == "drift":
            return _drift()
        return _check() if arguments.check else _write()
    except LinkError as error:
        print(f"{len(error.problems)} problems:\n", file=sys.stderr)
        for problem in error.problems:
            print(f"- {problem}\n", file=sys.stderr)
        return 1
    except DefinitionError as error:
        print(error, file=sys.stderr)
        return 1


def _write() -> int:
    changed = output.write(build(ROOT), ROOT)
    print("\n".join(changed) or "all generated files are as they should be")
    return 0


def _check() -> int:
    files = build(ROOT)
    problems = output.compare(files, ROOT)
    print("\n".join(problems) or f"{len(files)} generated files are as the definitions make them")
    return 1 if problems else 0


def _drift() -> int:
    try:
        api = read(ROOT)
    except LinkError as error:
        _print_counts(error.counts)
        print(file=sys.stderr)
        raise
    _print_counts(api.counts)
    lines = pins.differences(ROOT, api.descriptors)
    print("\n".join(["", *lines]) if lines else "the definitions are as they were pinned in protos/SOURCES.toml")
    return 0


def _print_counts(counts: Mapping[str, Mapping[str, int]]) -> None:
    """A line a domain, and the sums; a field on one wire only is one-sided."""
    width = max(map(len, counts))
    columns = ("both", "grpc", "rest", "unbound")
    print(f"{'definition':{width}}" + "".join(f"{c:>9}" for c in columns) + "  waived")
    totals: dict[str, int] = {}
    for domain, found in counts.items():
        reasons = {key: count for key, count in sorted(found.items()) if key not in columns}
        for key, count in found.items():
            totals[key] = totals.get(key, 0) + count
        cells = "".join(f"{found.get(c, 0):9}" for c in columns)
        print(f"{domain:{width}}{cells}  {', '.join(f'{count} {reason}' for reason, count in reasons.items())}")
    waived = ", ".join(f"{count} {reason}" for reason, count in sorted(totals.items()) if reason not in columns)
    one_sided = totals.get("grpc", 0) + totals.get("rest", 0)
    both, unbound = totals.get("both", 0), totals.get("unbound", 0)
    print(f"\n{both} bound on both wires, {one_sided} on one, {unbound} unbound; waived: {waived}")


if __name__ == "__main__":
    sys.exit(main())
