"""One emulator for all tests of this folder, and raw clients of both wires."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from xai_dual.emulator import Server, definitions, serve

from .callers import Caller
from .callers import caller as one_caller
from .wires import Wires

pytest.register_assert_rewrite("tests.emulator.three_ways")
ROOT = Path(__file__).resolve().parents[2]


class Rpc:
    """Raw gRPC: messages of the private pool, called by method name."""

    def __init__(self, server: Server) -> None:
        self.target = server.target
        self.channel = grpc.insecure_channel(server.target)
        self.metadata = (("authorization", f"Bearer {server.api_key}"),)
        self.admin = (("authorization", f"Bearer {server.management_key}"),)

    def message(self, name: str, /, **fields: Any) -> Any:
        return definitions.message(name if "." in name else f"xai_api.{name}")(**fields)

    def __call__(self, method: str, request: Any, response: str, *metadata: tuple[str, str]) -> Any:
        reader = self.message(response).FromString
        call = self.channel.unary_unary(f"/xai_api.{method}", type(request).SerializeToString, reader)
        return call(request, metadata=(*self.metadata, *metadata), timeout=20)

    def stream(self, method: str, request: Any, response: str, *metadata: tuple[str, str]) -> Any:
        reader = self.message(response).FromString
        call = self.channel.unary_stream(f"/xai_api.{method}", type(request).SerializeToString, reader)
        return call(request, metadata=(*self.metadata, *metadata), timeout=20)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


@pytest.fixture(scope="session")
def rest(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {server.api_key}"}, timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
def rpc(server: Server) -> Iterator[Rpc]:
    raw = Rpc(server)
    yield raw
    raw.channel.close()


@pytest.fixture(scope="module")
def wires() -> Iterator[Wires]:
    """An emulator for one test module alone, so that its lists hold what the module made."""
    with serve() as running:
        both = Wires(running)
        yield both
        both.close()


@pytest.fixture(params=["rest", "grpc"])
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def caller(server: Server, wire: str) -> Iterator[Caller]:
    """A raw caller on one wire, with a key of its own."""
    with one_caller(server, wire) as made:
        yield made
