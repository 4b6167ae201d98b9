"""SOCKS proxies: REST goes through them, gRPC does not."""

from __future__ import annotations

from typing import Any

import pytest

from xai_dual import AsyncClient, ConnectError, ProxyError, Timeout, TimeoutError
from xai_dual.emulator import Server

from ...faults.kit import SUM, TEXT, options
from ..boxes import Boxes
from ..kit import NAME, Authority

pytestmark = pytest.mark.anyio

LOGIN = "me:pass word@1"


@pytest.fixture
def moved(server: Server, boxes: Boxes, authority: Authority) -> dict[str, str]:
    """Where a proxy finds the emulator by a name that it alone knows."""
    secure = boxes.forward(server.target, tls=authority.server())
    return {f"{NAME}:443": f"127.0.0.1:{secure.port}", f"{NAME}:80": server.target}


def of(server: Server, key: str, authority: Authority, transport: str = "rest", **more: Any) -> AsyncClient:
    """A client of that name."""
    given = {"base_url": f"https://{NAME}", "tls": authority.trusted(), "max_retries": 0, **more}
    return AsyncClient(**options(server, transport, key, **given))


@pytest.mark.parametrize("login", ["", "me:pass%20word%401@"])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_need_24_rest_goes_through_socks(
    server: Server, key: str, boxes: Boxes, authority: Authority, moved: dict[str, str], scheme: str, login: str
) -> None:
    """Names are looked up by the proxy."""
    proxy = boxes.socks(login=LOGIN if login else None, moved=moved)
    for url in (f"https://{NAME}", f"http://{NAME}"):
        more = {"base_url": url, "allow_plaintext_hosts": [NAME], "proxy": f"{scheme}://{login}127.0.0.1:{proxy.port}"}
        for wire in ("rest", "auto"):
            async with of(server, key, authority, wire, **more) as client:
                answer = await client.chat.create(**SUM)
                assert (answer.text, answer.meta and answer.meta.transport) == (TEXT, "rest")
                async with client.chat.stream(**SUM) as stream:
                    assert "".join([text async for text in stream.text()]) == TEXT
    assert set(proxy.heads) == {f"{NAME}:443", f"{NAME}:80"}


async def test_need_24_the_environment_names_a_socks_proxy(
    server: Server, key: str, boxes: Boxes, authority: Authority, moved: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = boxes.socks(moved=moved)
    monkeypatch.setenv("ALL_PROXY", f"socks5h://127.0.0.1:{proxy.port}")
    async with of(server, key, authority) as client:
        assert (await client.chat.create(**SUM)).text == TEXT
    assert proxy.heads == [f"{NAME}:443"]


@pytest.mark.parametrize("login", ["", "me:s3cret@"])
async def test_need_24_a_socks_proxy_that_wants_a_password(
    server: Server, key: str, boxes: Boxes, authority: Authority, login: str
) -> None:
    proxy = boxes.socks(login=LOGIN)
    async with of(server, key, authority, proxy=f"socks5://{login}127.0.0.1:{proxy.port}", max_retries=2) as client:
        with pytest.raises(ProxyError, match="wants a user name and a password") as caught:
            await client.models.list_language()
    error = caught.value
    assert (error.attempts, error.maybe_sent, proxy.connections) == (1, False, 1)
    assert "s3cret" not in repr((error, error.__cause__, error.__context__, vars(error)))


async def test_need_24_socks_and_nobody_there(server: Server, key: str, boxes: Boxes, authority: Authority) -> None:
    async with of(server, key, authority, proxy="socks5://127.0.0.1:1", max_retries=0) as client:
        with pytest.raises(ConnectError) as caught:
            await client.models.list_language()
    assert not isinstance(caught.value, ProxyError)
    hole = boxes.hole()
    short = Timeout(connect=0.3)
    async with of(server, key, authority, proxy=f"socks5://127.0.0.1:{hole.port}", timeout=short) as client:
        with pytest.raises(TimeoutError) as late:
            await client.models.list_language()
    assert (late.value.timer, late.value.maybe_sent) == ("connect", False)
