"""Five thousand clients are made, used and closed, and leave nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .wires import Wires

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("flavour", "wire", "times"),
    [("sync", "rest", 1500), ("sync", "grpc", 1500), ("async", "rest", 1500), ("async", "grpc", 500)],
)
def test_need_18_thousands_of_clients(wires: Wires, flavour: str, wire: str, times: int) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "XAI_BASE_URL": wires.url,
        "XAI_GRPC_TARGET": wires.grpc_target,
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.runtime.many_clients", flavour, wire, str(times)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    mebibytes, descriptors, threads = json.loads(done.stdout)
    assert mebibytes < 3  # of some thousands of clients, after a quarter as many to get warm
    assert descriptors <= 2
    assert threads == 0
