"""Large contents in processes of their own: they never stand in memory as a whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .wires import Wires

ROOT = Path(__file__).resolve().parents[2]
SIZE = 64 * 1024 * 1024
LIMIT = 24 * 1024 * 1024
CODE = """
import asyncio, os, resource, sys
from tests.runtime import codecs as api
from xai_dual import AsyncClient, Client
transport, url, target, way, flavour, path = sys.argv[1:]
size, piece = {size}, 300_000
options = dict(transport=transport, base_url=url, grpc_target=target, api_key="k")
script = dict(discard=True)

def content():
    for at in range(0, size, piece):
        yield bytes(min(piece, size - at))

async def later():
    for part in content():
        yield part

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

def calls(client, small):
    global size
    full, size = size, 1000 if small else size
    if way == "upload":
        made = later() if flavour == "async" else content()
        call = client._caller.upload(api.UPLOAD, api.UploadRequest(script), made, api.CallOptions())
    else:
        stream = client._caller.download(api.DOWNLOAD, dict(size=size), api.CallOptions())
        call = stream.save(path)
    return call, full

async def main():
    global size
    async with AsyncClient(**options) as client:
        call, full = calls(client, True)
        await call
        size, before = full, peak()
        await calls(client, False)[0]
        return peak() - before

def plain():
    global size
    with Client(**options) as client:
        size, before = calls(client, True)[1], peak()
        calls(client, False)
        return peak() - before

print(asyncio.run(main()) if flavour == "async" else plain())
"""


@pytest.mark.parametrize("flavour", ["async", "sync"])
@pytest.mark.parametrize("way", ["upload", "download"])
def test_memory_is_bounded(wires: Wires, transport: str, way: str, flavour: str, tmp_path: Path) -> None:
    options = [transport, wires.url, wires.grpc_target, way, flavour, str(tmp_path / "x")]
    code = CODE.replace("{size}", str(SIZE))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if way == "upload":
        assert wires.seen[-1].received >= SIZE
    else:
        assert (tmp_path / "x").stat().st_size == SIZE
    assert int(done.stdout) < LIMIT
