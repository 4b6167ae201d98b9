"""Fuzzing with atheris: `scripts/fuzz --seconds 60 sse json_answer`; tests/security/targets.py has the targets.

What crashes a target is printed, and kept in a file of build/fuzz: make a test of it, then mend what it found.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "fuzz"
LARGEST = 4096

NAMES: tuple[str, ...] = ("sse", "hints", "http_error", "payload_error", "grpc_error", "json_answer", "json_events")
NAMES += ("proto_answer", "filename", "secrets", "heads", "chunks", "unpacked")
"""Written down, since atheris has to see the targets being loaded."""


def main(arguments: Sequence[str]) -> int:
    """Run each target in a process of its own, for atheris ends the one that it runs in."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description="Fuzz what reads bytes of others.")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: %(default)s)")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}; default: all")
    given = parser.parse_args(arguments)
    unknown = sorted({*given.targets} - {*NAMES})
    if unknown:
        parser.error(f"no such target: {', '.join(unknown)}")
    if given.inside:
        _fuzz(given.inside, given.seconds)
    try:
        import atheris  # noqa: F401
    except ImportError:
        print(
            "scripts/fuzz needs atheris, which is no dependency of this project: pip install atheris", file=sys.stderr
        )
        return 2
    failed = []
    for name in given.targets or NAMES:
        print(f"--- {name}, {given.seconds} s", flush=True)
        command = [sys.executable, __file__, "--seconds", str(given.seconds), "--inside", name]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}; see {KEPT}" if failed else "nothing failed")
    return 1 if failed else 0


def _fuzz(name: str, seconds: int) -> None:
    import atheris

    sys.path.insert(0, str(ROOT))
    with atheris.instrument_imports(include=["xai_dual"], enable_loader_override=False):
        from tests.security.targets import TARGETS
    corpus = KEPT / name
    corpus.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", f"-max_len={LARGEST}", "-timeout=10", "-rss_limit_mb=2048"]
    quiet = ["-verbosity=1", "-print_final_stats=1", f"-artifact_prefix={KEPT}/{name}-"]
    atheris.Setup([sys.argv[0], *limits, *quiet, str(corpus)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
