"""`python -m codegen`: write the generated files, check them, say what is bound, or compare two versions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import diff, output
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
    api = read(ROOT)  # raises on anything unbound
    domains = sorted({*api.bound, *api.waived})
    width = max(map(len, domains))
    print(f"{'definition':{width}}  both  grpc  rest  waived")
    totals: dict[str, int] = {}
    for domain in domains:
        bound, waived = api.bound.get(domain, {}), api.waived.get(domain, {})
        for reason, count in waived.items():
            totals[reason] = totals.get(reason, 0) + count
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(waived.items()))
        counts = "".join(f"{bound.get(side, 0):6}" for side in ("both", "grpc", "rest"))
        print(f"{domain:{width}}{counts}  {reasons}")
    print("\n0 unbound; waived: " + ", ".join(f"{count} {reason}" for reason, count in sorted(totals.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
