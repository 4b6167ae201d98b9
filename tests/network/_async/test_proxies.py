"""Proxies: one rule for both wires, and gRPC's own plays no part."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from xai_dual import AsyncClient, ConnectError, ProxyError, Timeout, TimeoutError, UsageError
from xai_dual.emulator import Server

from ...faults.kit import SUM, TEXT, options
from ..boxes import Box, Boxes
from ..kit import NAME, Authority

pytestmark = pytest.mark.anyio

LOGIN = "me:pass word@1"
DEAD = "http://127.0.0.1:1"


@pytest.fixture
def moved(server: Server, boxes: Boxes, authority: Authority) -> dict[str, str]:
    """Where a proxy finds the emulator, with TLS, by a name that it alone knows."""
    return {f"{NAME}:443": f"127.0.0.1:{boxes.forward(server.target, tls=authority.server()).port}"}


def of(server: Server, transport: str, key: str, authority: Authority, **more: Any) -> dict[str, Any]:
    """Arguments for a client of that name."""
    given = {"base_url": f"https://{NAME}", "tls": authority.trusted(), "max_retries": 0, **more}
    return options(server, transport, key, **given)


def at(box: Box, login: str = "") -> str:
    return f"http://{login}127.0.0.1:{box.port}"


async def asked(client: AsyncClient) -> str:
    """The wire that an answer came over."""
    async with client:
        answer = await client.chat.create(**SUM)
        stream = client.chat.stream(**SUM)
        async with stream:
            async for _ in stream:
                pass
    assert answer.text == TEXT == stream.response.text
    assert answer.meta is not None
    return answer.meta.transport


async def failed(client: AsyncClient) -> ConnectError:
    async with client:
        with pytest.raises(ConnectError) as caught:
            await client.models.list_language()
    return caught.value


async def test_need_24_a_proxy(
    server: Server, transport: str, key: str, boxes: Boxes, authority: Authority, moved: dict[str, str]
) -> None:
    proxy = boxes.proxy(moved=moved)
    assert await asked(AsyncClient(**of(server, transport, key, authority, proxy=at(proxy)))) == transport
    assert {head.split("\r\n")[0] for head in proxy.heads} == {f"CONNECT {NAME}:443 HTTP/1.1"}
    assert key not in "".join(proxy.heads)


async def test_need_24_a_proxy_that_wants_a_password(
    server: Server, transport: str, key: str, boxes: Boxes, authority: Authority, moved: dict[str, str]
) -> None:
    proxy = boxes.proxy(login=LOGIN, moved=moved)
    right = AsyncClient(**of(server, transport, key, authority, proxy=at(proxy, "me:pass%20word%401@")))
    with pytest.raises(UsageError, match="proxy: holds a password"):
        pickle.dumps(right)
    assert "pass" not in repr((right, right._options))
    assert await asked(right) == transport
    error = await failed(AsyncClient(**of(server, transport, key, authority, proxy=at(proxy, "me:s3cret@"))))
    assert "407" in str(error)
    assert "s3cret" not in repr((error, error.__cause__, error.__context__, vars(error)))
    await failed(AsyncClient(**of(server, transport, key, authority, proxy=at(proxy))))


@pytest.mark.parametrize("url", [f"https://{NAME}", f"http://{NAME}"])
@pytest.mark.parametrize("wire", ["grpc", "rest", "auto"])
async def test_need_24_a_password_is_not_asked_for_twice(
    server: Server, key: str, boxes: Boxes, authority: Authority, wire: str, url: str
) -> None:
    """It would be refused again: one attempt, and an error that says what to do."""
    proxy = boxes.proxy(login=LOGIN)
    more: dict[str, Any] = {"base_url": url, "allow_plaintext_hosts": [NAME], "max_retries": 2}
    for login in ("", "me:s3cret@"):
        error = await failed(AsyncClient(**of(server, wire, key, authority, **more, proxy=at(proxy, login))))
        assert isinstance(error, ProxyError)
        assert "wants a user name and a password" in str(error)
        assert (error.attempts, error.maybe_sent) == (1, False)
        assert "s3cret" not in repr((error, error.__cause__, error.__context__, vars(error)))
        assert pickle.loads(pickle.dumps(error)).args == error.args


@pytest.mark.parametrize(("status", "attempts"), [("403 Forbidden", 1), ("502 Bad Gateway", 2)])
async def test_need_24_a_proxy_that_refuses(
    server: Server, transport: str, key: str, boxes: Boxes, authority: Authority, status: str, attempts: int
) -> None:
    """What it forbids it forbids again; whom it cannot reach now may be there later."""
    proxy = boxes.saying(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode())
    error = await failed(AsyncClient(**of(server, transport, key, authority, proxy=at(proxy), max_retries=1)))
    assert (error.attempts, isinstance(error, ProxyError)) == (attempts, attempts == 1)
    assert ("The proxy does not allow it." in str(error)) == (attempts == 1)
    assert status[:3] in str(error)


@pytest.mark.parametrize("package", ["httpx", "httpx2"])
async def test_need_24_the_proxy_of_a_client_of_the_callers(
    server: Server, key: str, boxes: Boxes, authority: Authority, package: str
) -> None:
    proxy = boxes.proxy(login=LOGIN)
    async with pytest.importorskip(package).AsyncClient(proxy=at(proxy)) as http:
        given = options(server, "rest", key, base_url=f"https://{NAME}", http_client=http)
        error = await failed(AsyncClient(**given))
    assert isinstance(error, ProxyError)
    assert (error.attempts, proxy.connections) == (1, 1)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
async def test_need_24_the_environment_names_one(
    server: Server,
    transport: str,
    key: str,
    boxes: Boxes,
    authority: Authority,
    moved: dict[str, str],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = boxes.proxy(login=LOGIN, moved=moved)
    monkeypatch.setenv(name, at(proxy, "me:pass%20word%401@"))
    monkeypatch.setenv("HTTP_PROXY", DEAD)
    monkeypatch.setenv("XAI_API_KEY", key)
    client = pickle.loads(pickle.dumps(AsyncClient(**of(server, transport, key, authority))))
    assert await asked(client) == transport
    assert proxy.connections > 0


@pytest.mark.parametrize("spared", [NAME, ".test", f"{NAME}:443", "*", "other, api.test"])
async def test_need_24_the_environment_spares_some(
    server: Server,
    transport: str,
    key: str,
    boxes: Boxes,
    authority: Authority,
    moved: dict[str, str],
    spared: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = boxes.proxy(moved=moved)
    monkeypatch.setenv("HTTPS_PROXY", at(proxy))
    monkeypatch.setenv("NO_PROXY", spared)
    await failed(AsyncClient(**of(server, transport, key, authority)))  # nobody else knows the name
    assert proxy.connections == 0
    given = AsyncClient(**of(server, transport, key, authority, proxy=at(proxy)))
    assert await asked(given) == transport  # what is said in code holds


async def test_need_24_this_machine_needs_none(
    server: Server,
    transport: str,
    key: str,
    boxes: Boxes,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.setenv(name, DEAD)
    box = boxes.forward(server.target, tls=authority.server())
    for url in (f"https://localhost:{box.port}", f"https://127.0.0.1:{box.port}", server.url):
        assert await asked(AsyncClient(**of(server, transport, key, authority, base_url=url))) == transport


async def test_need_24_variables_of_grpc_play_no_part(
    server: Server,
    transport: str,
    key: str,
    boxes: Boxes,
    authority: Authority,
    moved: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = boxes.proxy(moved=moved)
    monkeypatch.setenv("grpc_proxy", DEAD)
    monkeypatch.setenv("no_grpc_proxy", NAME)
    assert await asked(AsyncClient(**of(server, transport, key, authority, proxy=at(proxy)))) == transport
    monkeypatch.setenv("HTTPS_PROXY", at(proxy))
    assert await asked(AsyncClient(**of(server, transport, key, authority))) == transport


async def test_need_24_a_plain_address_behind_a_proxy(
    server: Server, transport: str, key: str, boxes: Boxes, authority: Authority
) -> None:
    proxy = boxes.proxy(moved={f"{NAME}:80": server.target, NAME: server.target})
    plain = {"base_url": f"http://{NAME}", "allow_plaintext_hosts": [NAME], "proxy": at(proxy)}
    assert await asked(AsyncClient(**of(server, transport, key, authority, **plain))) == transport
    assert all(head.startswith("CONNECT") == (transport == "grpc") for head in proxy.heads)


async def test_need_24_a_proxy_that_says_nothing(
    server: Server, transport: str, key: str, boxes: Boxes, authority: Authority
) -> None:
    more = {"proxy": at(boxes.hole()), "timeout": Timeout(connect=0.3)}
    async with AsyncClient(**of(server, transport, key, authority, **more)) as client:
        with pytest.raises(TimeoutError) as caught:
            await client.chat.create(**SUM)
    assert (caught.value.timer, caught.value.maybe_sent) == ("connect", False)


@pytest.mark.parametrize("scheme", ["https", "socks5", "socks5h"])
async def test_need_24_what_grpc_cannot_do(
    server: Server, key: str, authority: Authority, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{scheme}://me:s3cret@proxy.test:3128"
    with pytest.raises(UsageError, match=f"http:// proxies only, not through {scheme}://proxy.test:3128") as caught:
        AsyncClient(**of(server, "grpc", key, authority, proxy=url))
    assert caught.value.field == "proxy"
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(UsageError, match="http:// proxies only"):
        AsyncClient(**of(server, "grpc", key, authority))


async def test_need_24_auto_takes_rest_for_what_grpc_cannot_do(
    server: Server, key: str, boxes: Boxes, authority: Authority, moved: dict[str, str]
) -> None:
    proxy = boxes.proxy(moved=moved, tls=authority.server())
    for transport in ("auto", "rest"):
        more = {"proxy": f"https://localhost:{proxy.port}", "grpc_target": f"{NAME}:443"}
        assert await asked(AsyncClient(**of(server, transport, key, authority, **more))) == "rest"


async def test_need_24_auto_asks_grpc_through_a_proxy(
    server: Server, key: str, boxes: Boxes, authority: Authority, moved: dict[str, str]
) -> None:
    more = {"proxy": at(boxes.proxy(moved=moved)), "grpc_target": f"{NAME}:443"}
    assert await asked(AsyncClient(**of(server, "auto", key, authority, **more))) == "grpc"
    opened = {f"{NAME}:443": f"127.0.0.1:{boxes.forward(server.target, tls=authority.server(alpn=())).port}"}
    more["proxy"] = at(boxes.proxy(moved=opened))  # one that opens TLS, and knows HTTP/1.1 alone
    assert await asked(AsyncClient(**of(server, "auto", key, authority, **more))) == "rest"
