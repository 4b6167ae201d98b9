"""Whom both wires trust, and what they show servers that ask who is calling."""

from __future__ import annotations

import pickle
import shutil
import ssl
from pathlib import Path
from typing import Any

import pytest

from xai_dual import TLS, AsyncClient, Timeout, TimeoutError, TlsError, UsageError
from xai_dual.emulator import Server

from ...faults.kit import SUM, TEXT, options
from ..boxes import Box, Boxes
from ..kit import Authority

pytestmark = pytest.mark.anyio

TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def of(server: Server, transport: str, key: str, box: Box, tls: TLS | None, **more: Any) -> dict[str, Any]:
    """Arguments for a client that reaches the emulator through a box."""
    return options(server, transport, key, base_url=f"https://localhost:{box.port}", tls=tls, **more)


async def asked(client: AsyncClient) -> str:
    """The wire that an answer came over."""
    async with client:
        answer = await client.chat.create(**SUM)
    assert answer.text == TEXT
    assert answer.meta is not None
    return answer.meta.transport


async def refused(client: AsyncClient) -> TlsError:
    """What a certificate that is not taken comes to: an error that is raised at once."""
    async with client:
        with pytest.raises(TlsError) as caught:
            await client.models.list_language()
    assert (caught.value.certificate, caught.value.attempts, caught.value.maybe_sent) == (True, 1, False)
    return caught.value


@pytest.mark.parametrize("system", [True, False])
async def test_need_23_an_authority_of_ones_own(
    server: Server, transport: str, key: str, boxes: Boxes, authority: Authority, system: bool
) -> None:
    box = boxes.forward(server.target, tls=authority.server())
    client = AsyncClient(**of(server, transport, key, box, TLS(ca=authority.path, system=system)))
    assert repr(authority.path) not in repr(client)
    copied = pickle.loads(pickle.dumps(client))
    assert copied._options.tls == client._options.tls
    assert await asked(client) == transport


@pytest.mark.parametrize("how", ["file", "directory", "both"])
async def test_need_23_the_environment_holds_for_both_wires(
    server: Server,
    transport: str,
    key: str,
    boxes: Boxes,
    authority: Authority,
    stranger: Authority,
    how: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copy(authority.path, tmp_path / "0a1b2c3d.0")
    if how != "directory":
        monkeypatch.setenv("SSL_CERT_FILE", authority.path if how == "file" else stranger.path)
    if how != "file":
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    box = boxes.forward(server.target, tls=authority.server())
    assert await asked(AsyncClient(**of(server, transport, key, box, None))) == transport
    alone = stranger.trusted()  # the environment has no say then
    await refused(AsyncClient(**of(server, transport, key, box, alone)))


async def test_need_23_a_variable_for_grpc_alone(
    server: Server, transport: str, key: str, boxes: Boxes, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", authority.path)
    box = boxes.forward(server.target, tls=authority.server())
    client = AsyncClient(**of(server, transport, key, box, None))
    if transport == "grpc":
        assert await asked(client) == "grpc"
    else:
        assert "GRPC_DEFAULT" not in str(await refused(client))


@pytest.mark.parametrize("fault", ["authority", "expired", "name"])
async def test_need_23_a_server_that_is_not_trusted(
    server: Server,
    transport: str,
    key: str,
    boxes: Boxes,
    authority: Authority,
    stranger: Authority,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    issuer = stranger if fault == "authority" else authority
    names = ("elsewhere.test",) if fault == "name" else ()
    box = boxes.forward(server.target, tls=issuer.server(*names, expired=fault == "expired"))
    error = await refused(AsyncClient(**of(server, transport, key, box, authority.trusted())))
    assert "SSL_CERT" not in str(error)
    monkeypatch.setenv("SSL_CERT_FILE", authority.path)
    error = await refused(AsyncClient(**of(server, transport, key, box, None)))
    assert f"SSL_CERT_FILE={authority.path}" in str(error)


@pytest.mark.parametrize("newest", [TLS_1_2, TLS_1_3])
@pytest.mark.parametrize("shown", ["none", "wrong", "right"])
async def test_need_23_a_server_that_asks_who_is_calling(
    server: Server,
    transport: str,
    key: str,
    boxes: Boxes,
    authority: Authority,
    stranger: Authority,
    shown: str,
    newest: ssl.TLSVersion,
    tmp_path: Path,
) -> None:
    box = boxes.forward(server.target, tls=authority.server(clients=authority, newest=newest))
    issuer = {"none": None, "wrong": stranger, "right": authority}[shown]
    tls = authority.trusted(**issuer.identity(tmp_path) if issuer is not None else {})
    client = AsyncClient(**of(server, transport, key, box, tls))
    if shown == "right":
        assert await asked(client) == transport
    else:
        await refused(client)
    assert not [call for call in server.calls() if call.key == key] or shown == "right"


@pytest.mark.parametrize("broken", ["ca", "cert", "key"])
@pytest.mark.parametrize("how", ["missing", "malformed", "empty"])
async def test_need_23_files_that_cannot_be_used(
    server: Server,
    transport: str,
    key: str,
    boxes: Boxes,
    authority: Authority,
    broken: str,
    how: str,
    tmp_path: Path,
) -> None:
    box = boxes.forward(server.target, tls=authority.server())
    path = tmp_path / "broken.pem"
    if how != "missing":
        kind = "PRIVATE KEY" if broken == "key" else "CERTIFICATE"
        path.write_text("" if how == "empty" else f"-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n")
    files = {"ca": authority.path, **authority.identity(tmp_path), broken: str(path)}
    async with AsyncClient(**of(server, transport, key, box, TLS(**files))) as client:
        with pytest.raises(UsageError) as caught:
            await client.models.list_language()
    assert caught.value.field == f"tls.{broken}"
    assert str(path) in str(caught.value)
    assert box.connections == 0


async def test_need_23_auto_takes_rest_where_tls_is_ended_on_the_way(
    server: Server, key: str, boxes: Boxes, authority: Authority
) -> None:
    """Boxes that open TLS often know HTTP/1.1 alone, and so choose no protocol (ALPN)."""
    box = boxes.forward(server.target, tls=authority.server(alpn=()))
    assert await asked(AsyncClient(**of(server, "auto", key, box, authority.trusted()))) == "rest"
    async with AsyncClient(**of(server, "grpc", key, box, authority.trusted(), max_retries=1)) as client:
        with pytest.raises(TlsError, match="transport='rest'") as caught:
            await client.models.list_language()
    assert (caught.value.certificate, caught.value.attempts) == (False, 2)


async def test_need_23_auto_asks_again_with_other_settings(
    server: Server, key: str, boxes: Boxes, authority: Authority, stranger: Authority
) -> None:
    box = boxes.forward(server.target, tls=authority.server())
    await refused(AsyncClient(**of(server, "auto", key, box, stranger.trusted())))
    assert await asked(AsyncClient(**of(server, "auto", key, box, authority.trusted()))) == "grpc"


async def test_need_23_a_server_that_says_nothing(
    server: Server, transport: str, key: str, boxes: Boxes, authority: Authority
) -> None:
    more = {"timeout": Timeout(connect=0.3), "max_retries": 0}
    async with AsyncClient(**of(server, transport, key, boxes.hole(), authority.trusted(), **more)) as client:
        with pytest.raises(TimeoutError) as caught:
            await client.chat.create(**SUM)
    assert (caught.value.timer, caught.value.maybe_sent) == ("connect", False)
