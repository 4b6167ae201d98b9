"""Addresses of all kinds, on both wires; redirects; the version of HTTP."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from xai_dual import ApiError, AsyncClient
from xai_dual.emulator import Server

from ...faults.kit import SUM, TEXT, options
from ..boxes import Boxes
from ..kit import Authority

pytestmark = pytest.mark.anyio


@pytest.fixture
def folder() -> Iterator[Path]:
    """Somewhere with a short name: those of sockets may have a hundred letters."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        yield Path(name)


async def asked(client: AsyncClient) -> str:
    """The wire that an answer came over."""
    async with client:
        answer = await client.chat.create(**SUM)
    assert answer.text == TEXT
    assert answer.meta is not None
    return answer.meta.transport


@pytest.mark.parametrize("end", ["/proxy", "/proxy/", "/proxy/v1", "/proxy/v1/"])
async def test_need_34_an_address_with_a_path(server: Server, transport: str, key: str, boxes: Boxes, end: str) -> None:
    seen: list[bytes] = []

    def change(data: bytes) -> bytes:
        seen.append(data)
        return data.replace(b" /proxy/v1/", b" /v1/", 1)

    box = boxes.forward(server.target, change=change)
    url = f"http://127.0.0.1:{box.port}{end}"
    more = {"grpc_target": server.target} if transport == "grpc" else {}  # gRPC goes to no path
    assert await asked(AsyncClient(**options(server, transport, key, base_url=url, **more))) == transport
    assert bool(seen) == (transport == "rest")
    assert not any(b"//" in line for data in seen for line in data.split(b"\r\n")[:1])


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
async def test_need_34_slashes_at_the_end(server: Server, transport: str, key: str, end: str) -> None:
    assert await asked(AsyncClient(**options(server, transport, key, base_url=server.url + end))) == transport


@pytest.mark.parametrize("secure", [False, True])
async def test_need_34_ipv6(
    server: Server, transport: str, key: str, boxes: Boxes, authority: Authority, secure: bool
) -> None:
    box = boxes.forward(server.target, host="::1", tls=authority.server() if secure else None)
    url = f"http{'s' if secure else ''}://[::1]:{box.port}"
    more = {"base_url": url, "tls": authority.trusted()}
    assert await asked(AsyncClient(**options(server, transport, key, **more))) == transport


@pytest.mark.parametrize("form", ["unix:{}", "unix://{}"])
async def test_need_34_a_unix_socket(
    server: Server, transport: str, key: str, boxes: Boxes, folder: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")  # there is no way to it but straight
    boxes.forward(server.target, path=str(folder / "socket"))
    url = form.format(folder / "socket")
    assert await asked(AsyncClient(**options(server, transport, key, base_url=url))) == transport


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_need_34_redirects_are_refused(server: Server, key: str, boxes: Boxes, status: int) -> None:
    """The key goes to nobody that the caller has not named."""
    other = boxes.hole()
    place = f"http://127.0.0.1:{other.port}/v1/chat/completions"
    answer = f"HTTP/1.1 {status} Moved\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n"
    box = boxes.saying(answer.encode())
    more = {"base_url": f"http://127.0.0.1:{box.port}"}
    async with AsyncClient(**options(server, "rest", key, **more)) as client:
        with pytest.raises(ApiError, match="redirects are not followed") as caught:
            await client.models.list_language()
    assert place in str(caught.value)
    assert (box.connections, other.connections) == (1, 0)


@pytest.mark.parametrize("secure", [False, True])
async def test_need_36_http_1_1_by_default(
    server: Server, key: str, boxes: Boxes, authority: Authority, secure: bool
) -> None:
    """Also where the server would take HTTP/2."""
    seen: list[bytes] = []

    def change(data: bytes) -> bytes:
        seen.append(data)
        return data

    box = boxes.forward(server.target, tls=authority.server() if secure else None, change=change)
    url = f"http{'s' if secure else ''}://localhost:{box.port}"
    more = {"base_url": url, "tls": authority.trusted()}
    assert await asked(AsyncClient(**options(server, "rest", key, **more))) == "rest"
    assert seen[0].split(b"\r\n")[0] == b"POST /v1/chat/completions HTTP/1.1"
