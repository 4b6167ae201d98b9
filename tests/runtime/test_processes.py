"""Imports, forks and interpreter options, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .wires import Wires

ROOT = Path(__file__).parents[2]


def run(code: str, *flags: str, wires: Wires | None = None, seconds: float = 30) -> str:
    """Run code in a fresh interpreter; return what it prints. Its errors fail the test."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XAI_API_KEY": "k"}
    if wires is not None:
        environment |= {"XAI_BASE_URL": wires.url, "XAI_GRPC_TARGET": wires.grpc_target}
    done = subprocess.run(
        [sys.executable, *flags, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + (done.stderr if "-X" in flags else "")


@pytest.mark.parametrize("side", ["_async", "_sync"])
def test_import_loads_no_transport(side: str) -> None:
    code = f"""
import sys
import xai_dual.{side}.client as m
c = next(getattr(m, n) for n in m.__all__)
c(api_key="k"); c(api_key="k", transport="rest"); c(api_key="k", transport="grpc")
print(sorted(m for m in ("grpc", "httpx", "google.protobuf", "h2", "asyncio") if m in sys.modules))
"""
    assert run(code).strip() in ("[]", "['asyncio']")


def test_rest_never_loads_grpc(wires: Wires) -> None:
    code = """
import sys, asyncio
sys.modules["grpc"] = None
sys.modules["google.protobuf"] = None
import attrs
from xai_dual.operation import *
import types
codec = types.ModuleType("c"); sys.modules["c"] = codec
codec.e = lambda r: RestRequest("/v1/echo", (), r)
codec.d = lambda p: p["text"]
codec = Codec("c", "e", "d")
op = Operation("x", GrpcBinding("a/B", codec), {"rest": RestBinding("rest", "POST", "/v1/echo", codec)})
from xai_dual._sync.client import Client
from xai_dual._async.client import AsyncClient
from xai_dual.options import CallOptions
from xai_dual.errors import UsageError
for transport in ("rest", "auto"):
    with Client(transport=transport) as client:
        print(client._caller.unary(op, {"text": "s"}, CallOptions()))
    async def main():
        async with AsyncClient(transport=transport) as client:
            print(await client._caller.unary(op, {"text": "a"}, CallOptions()))
    asyncio.run(main())
try:
    Client(transport="grpc")
except UsageError as error:
    print(error)
"""
    out = run(code, wires=wires).split("\n")
    assert out[:4] == ["s", "a", "s", "a"]
    assert "pip install grpcio" in out[4]


FORK = """
import asyncio, os, sys, faulthandler
faulthandler.dump_traceback_later(15, exit=True)
import tests.runtime.codecs as api
from xai_dual import errors
from xai_dual._{side}.client import {cls} as Client
from xai_dual.options import CallOptions
def once(client):
    {once}
client = Client(transport="{transport}", max_retries=0)
print("parent", once(client), flush=True)
pid = os.fork()
if not pid:
    for one in (client, Client(transport="{transport}")):
        try:
            print("child", once(one), flush=True)
        except errors.ForkedError as error:
            print("child ForkedError", flush=True)
    os._exit(0)
print("exit", os.waitpid(pid, 0)[1], flush=True)
print("parent", once(client), flush=True)
os._exit(0)
"""
PLAIN = 'return client._caller.unary(api.ECHO, {"text": "ok"}, CallOptions()).text'
LOOP = 'return asyncio.run(client._caller.unary(api.ECHO, {"text": "ok"}, CallOptions())).text'


@pytest.mark.parametrize("transport", ["grpc", "rest"])
@pytest.mark.parametrize("side", ["sync", "async"])
def test_fork(wires: Wires, side: str, transport: str) -> None:
    code = FORK.replace("{side}", side).replace("{transport}", transport)
    code = code.replace("{cls}", "Client" if side == "sync" else "AsyncClient")
    code = code.replace("{once}", PLAIN if side == "sync" else LOOP)
    child = "child ForkedError" if transport == "grpc" else "child ok"
    assert run(code, wires=wires).split("\n")[:5] == ["parent ok", child, child, "exit 0", "parent ok"]


def test_connections_of_closed_loops_are_dropped(wires: Wires, transport: str) -> None:
    code = f"""
import asyncio
import tests.runtime.codecs as api
from xai_dual._async.client import AsyncClient
from xai_dual.options import CallOptions
client = AsyncClient(transport="{transport}")
for _ in range(4):
    asyncio.run(client._caller.unary(api.ECHO, {{}}, CallOptions()))
inner = client._connections.of("api").transport
print(len((inner._channels if inner.name == "grpc" else inner._pools)._values))
"""
    assert run(code, wires=wires) == "1\n"


def test_dropped_streams_warn_in_dev_mode(wires: Wires) -> None:
    code = """
import tests.runtime.codecs as api
from xai_dual._sync.client import Client
from xai_dual.options import CallOptions
client = Client(transport="rest")
stream = client._caller.stream(api.STREAM, {"chunks": ["a"], "end": "hang"}, CallOptions())
next(stream)
del stream
client.close()
print("done")
"""
    assert "test.stream: a stream was dropped open" in run(code, "-X", "dev", wires=wires)
    assert run(code, "-W", "error", wires=wires) == "done\n"


def test_exit_with_open_streams(wires: Wires, transport: str) -> None:
    for side, cls, again in (
        ("_sync", "Client", "next(stream)"),
        ("_async", "AsyncClient", "await stream.__anext__()"),
    ):
        body = f"""
stream = client._caller.stream(api.STREAM, {{"chunks": ["a"], "end": "hang"}}, CallOptions())
print(({again}).text)
"""
        if side == "_async":
            body = "async def main():" + body.replace("\n", "\n    ") + "\nimport asyncio\nasyncio.run(main())\n"
        code = f"""
import tests.runtime.codecs as api
from xai_dual.{side}.client import {cls}
from xai_dual.options import CallOptions
client = {cls}(transport="{transport}")
{body}"""
        assert run(code, wires=wires, seconds=10) == "a\n"
