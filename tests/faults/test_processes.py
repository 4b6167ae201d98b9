"""What becomes of clients when processes fork: a child's calls work or are refused at once, and its parent's go on.

REST works in every child. gRPC works where it was not used before the fork, else it is a ForkedError, and "auto" takes
REST; that holds for whatever grpcio was told to do about forks.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from ..runtime.wires import Wires
from .forking import KINDS

ROOT = Path(__file__).parents[2]
HANDLERS = "GRPC_ENABLE_FORK_SUPPORT"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


def environment(wires: Wires, handlers: str | None = None) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if name != HANDLERS}
    if handlers is not None:
        found[HANDLERS] = handlers
    return found | {
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore::DeprecationWarning",  # Python's own, of forks beside threads
        "XAI_API_KEY": "key-of-the-environment",
        "XAI_BASE_URL": wires.url,
        "XAI_GRPC_TARGET": wires.grpc_target,
    }


def run(environment: dict[str, str], *arguments: str) -> Any:
    """What a module prints, as JSON; it may not write anything else."""
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def outcomes(kinds: list[str], grpc: str) -> dict[str, str]:
    """What a child has to report."""
    names = [f"old {kind}" for kind in kinds] + [f"new {kind}" for kind in KINDS]
    return {name: grpc if name.endswith("grpc") else "ok" for name in names} | {"end": "exit 0"}


@pytest.mark.parametrize("handlers", [None, "0", "1"])
@pytest.mark.parametrize("kinds", [["sync-grpc"], ["async-grpc"], ["sync-grpc", "async-grpc"]], ids="+".join)
def test_need_03_grpc_in_the_parent(wires: Wires, kinds: list[str], handlers: str | None) -> None:
    found = run(environment(wires, handlers), "-m", "tests.faults.forking", *kinds)
    assert found["built"] == [outcomes(kinds, "ok")] * 2
    assert found["used"] == found["reading"] == [outcomes(kinds, "ForkedError")] * 2
    assert found["parent"] == found["parent again"] == ["ok"] * len(kinds)
    assert found["streams"] == [True] * len(kinds)


@pytest.mark.parametrize("kind", ["sync-rest", "async-rest"])
def test_need_03_rest_in_the_parent(wires: Wires, kind: str) -> None:
    found = run(environment(wires), "-m", "tests.faults.forking", kind)
    assert found["built"] == found["used"] == found["reading"] == [outcomes([kind], "ok")] * 2
    assert (found["parent"], found["parent again"], found["streams"]) == (["ok"], ["ok"], [True])


def test_need_03_grpcio_keeps_its_setting(wires: Wires) -> None:
    """What is changed while grpcio is imported is put back, and another program gets what the user has set."""
    code = f"""
import json, os
from tests.faults.forking import ask, make
print(json.dumps([ask(make("sync-grpc")), os.environ.get("{HANDLERS}")]))
"""
    for handlers in (None, "0", "1"):
        assert run(environment(wires, handlers), "-c", code) == ["ok", handlers]


@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.parametrize("wire", ["grpc", "rest", "auto"])
def test_need_03_pools(wires: Wires, start: str, wire: str) -> None:
    found = run(environment(wires), "-m", "tests.faults.pools", start, wire)
    answer = "ForkedError" if (start, wire) == ("fork", "grpc") else "ok"
    assert found["before"] == found["after"] == ["ok", "ok"]
    assert found["workers"] == [[answer, answer, "key-of-the-environment"]] * 2


@pytest.mark.parametrize("wire", ["grpc", "rest", "auto"])
def test_need_03_preloaded_workers(wires: Wires, wire: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/socket"
        command = [sys.executable, "-m", "gunicorn", "--preload", "--workers=2", f"--bind=unix:{path}"]
        command += ["--no-control-socket", "tests.faults.preloaded:app"]
        with open(f"{folder}/log", "w+") as log:
            server = subprocess.Popen(command, env=environment(wires) | {"WIRE": wire}, cwd=ROOT, stderr=log)
            try:
                found = answers(path)
            finally:
                server.send_signal(signal.SIGTERM)
                code = server.wait(20)
            log.seek(0)
            text = log.read()
    assert [found[0][0], *{answer for _, answer, _ in found}] == ["ok", "ForkedError" if wire == "grpc" else "ok"]
    assert (code, "Traceback" in text, "SIG" in text.replace("SIGTERM", ""), "[ERROR]" in text) == (0, *[False] * 3), (
        text
    )


def answers(path: str) -> list[Any]:
    """What the workers answer, until both have."""
    end = time.monotonic() + 20
    while not listens(path):
        assert time.monotonic() < end
        time.sleep(0.05)
    found: list[Any] = []
    with httpx.Client(transport=httpx.HTTPTransport(uds=path), timeout=8) as http:
        while len({pid for _, _, pid in found}) < 2 or len(found) < 6:
            assert time.monotonic() < end, found
            found.append(http.get("http://workers/").json())
    return found


def listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0
