"""One client in many event loops, and loops and programs that end during calls: nothing is lost, nothing is logged."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ..runtime.wires import Wires

ROOT = Path(__file__).parents[2]


def run(wires: Wires, scene: str, transport: str) -> float:
    """Let a scene of looping.py take place in a process of its own; the seconds that it took."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "XAI_API_KEY": "k",
        "XAI_BASE_URL": wires.url,
        "XAI_GRPC_TARGET": wires.grpc_target,
    }
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", "tests.faults.looping", scene, transport],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok True\n", "")
    return time.monotonic() - start


@pytest.mark.parametrize("scene", ["crowd", "again", "abandoned", "ending"])
def test_need_02_loops(wires: Wires, transport: str, scene: str) -> None:
    run(wires, scene, transport)


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop is not for Windows")
def test_need_02_uvloop(wires: Wires, transport: str) -> None:
    assert importlib.util.find_spec("uvloop") is not None
    run(wires, "uv", transport)


def test_need_02_leaving_with_open_streams(wires: Wires, transport: str) -> None:
    assert run(wires, "leaving", transport) < 10
