"""Type checkers see what users need them to see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_mypy() -> None:
    """The cache is the one of any mypy run in this folder, so that only the first one takes long."""
    pytest.importorskip("mypy", reason="a development dependency")
    command = [sys.executable, "-m", "mypy", "--strict", "tests/conformance/typing_cases.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
