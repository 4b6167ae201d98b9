"""What is decided without a network: which proxy, whom to trust."""

from __future__ import annotations

import pickle
import ssl
from pathlib import Path
from typing import Any

import pytest

from xai_dual import TLS, AsyncClient, Client, TlsError, UsageError, _trust
from xai_dual._policy import error_from_grpc
from xai_dual._proxies import environment_proxy, grpc_proxy, is_spared, parse_proxy, rest_proxy
from xai_dual._retry import failure_of
from xai_dual.addresses import parse_base_url, parse_target

from .kit import Authority


@pytest.mark.parametrize(
    ("spared", "host", "port", "expected"),
    [
        ("", "api.x.ai", 443, False),
        ("x.ai", "api.x.ai", 443, True),
        (".x.ai", "api.x.ai", 443, True),
        ("*.x.ai", "api.x.ai", 443, True),
        ("X.AI.", "api.x.ai", 443, True),
        ("api.x.ai", "API.x.ai", 443, True),
        ("pi.x.ai", "api.x.ai", 443, False),
        ("api.x.ai:443", "api.x.ai", 443, True),
        ("api.x.ai:444", "api.x.ai", 443, False),
        ("one, x.ai:443 two", "api.x.ai", 443, True),
        ("*", "api.x.ai", 443, True),
        (" , ,", "api.x.ai", 443, False),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "11.1.2.3", 443, False),
        ("10.1.2.3:80", "10.1.2.3", 443, False),
        ("fd00::1", "fd00::1", 443, True),
        ("[fd00::1]:443", "fd00::1", 443, True),
        ("[fd00::1]:80", "fd00::1", 443, False),
        ("fd00::/8", "fd00::1", 443, True),
    ],
)
def test_need_24_who_is_spared(spared: str, host: str, port: int, expected: bool) -> None:
    assert is_spared(host, port, spared) is expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://a:1"}, "http://a:1"),
        ({"HTTPS_PROXY": "http://a:1", "https_proxy": "http://b:2"}, "http://b:2"),
        ({"HTTPS_PROXY": "a:1"}, "http://a:1"),
        ({"HTTP_PROXY": "http://a:1"}, None),
        ({"ALL_PROXY": "socks5://a"}, "socks5://a:1080"),
        ({"ALL_PROXY": "http://a", "HTTPS_PROXY": "https://b"}, "https://b:443"),
        ({"ALL_PROXY": "http://me:word@[::1]:3"}, "http://[::1]:3"),
        ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "x.ai", "no_proxy": "y.ai"}, "http://a:1"),
    ],
)
def test_need_24_what_the_environment_says(environment: dict[str, str], expected: str | None) -> None:
    found = environment_proxy("https", "api.x.ai", 443, environment)
    assert (None if found is None else str(found)) == expected
    assert "word" not in repr(found)
    assert environment_proxy("https", "localhost", 443, environment) is None


def test_need_24_a_header_of_a_request_is_no_setting() -> None:
    """A server hands a request's header "Proxy" to CGI scripts as HTTP_PROXY."""
    environment = {"REQUEST_METHOD": "GET", "HTTP_PROXY": "http://evil"}
    assert environment_proxy("http", "api.x.ai", 80, environment) is None


def test_need_24_each_wire_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://a:1")
    monkeypatch.setenv("NO_PROXY", "grpc.test")
    address = parse_target("dns:///grpc.test:50051", parse_base_url("https://api.x.ai"), "grpc_target")
    assert str(rest_proxy(address, None)) == "http://a:1"
    assert grpc_proxy(address, None) is None
    assert str(grpc_proxy(address, "b:2")) == "http://b:2"
    assert rest_proxy(parse_base_url("unix:/socket"), "b:2") is None


@pytest.mark.parametrize("url", ["", 5, "ftp://h", "http://", "http://h:x", "http://me:s3cret@h:99999", "http://a b"])
def test_need_24_no_proxy_at_all(url: Any) -> None:
    with pytest.raises(UsageError) as caught:
        Client(api_key="k", proxy=url)
    assert caught.value.field == "proxy"
    assert "s3cret" not in str(caught.value)


TARGETS = ["ftp://me:s3cret@h", "ftp://h", "grpc://h:1", "//me:s3cret@h", "me:s3cret@h:1", "dns://me:s3cret@h/x", "h/x"]
TARGETS += ["https://me:s3cret@h", "HTTPS://me:s3cret@h", "https://me:s3cret/x@h", "http://h/x", "https://", "unix:x"]


@pytest.mark.parametrize("name", ["grpc_target", "management_grpc_target", "XAI_GRPC_TARGET"])
@pytest.mark.parametrize("target", TARGETS)
def test_need_34_no_target_of_grpc(target: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused where it is given, and not by a resolver that waits and shows it."""
    given: dict[str, Any] = {name: target}
    if name.isupper():
        monkeypatch.setenv(name, target)
        given = {}
    for cls in (Client, AsyncClient):
        with pytest.raises(UsageError) as caught:
            cls(api_key="k", **given)
        assert caught.value.field == name.lower().removeprefix("xai_")
        assert "s3cret" not in f"{caught.value!r} {caught.value.__cause__!r} {vars(caught.value)}"


@pytest.mark.parametrize(
    ("target", "known"),
    [
        ("h", "h"), ("h:1", "h:1"), ("[::1]:5", "[::1]:5"), ("HTTPS://h", "h:443"), ("http://h:5", "h:5"),
        ("unix:/a@b", "unix:/a@b"), ("unix:///a", "unix:/a"), ("dns:///h:1", "dns:///h:1"), ("dns:h", "dns:h"),
        ("ipv4:127.0.0.1:1,127.0.0.2:1", "ipv4:127.0.0.1:1,127.0.0.2:1"), ("ipv6:[::1]:1", "ipv6:[::1]:1"),
    ],
)  # fmt: skip
def test_need_34_targets_of_grpc(target: str, known: str) -> None:
    assert parse_target(target, parse_base_url("https://api.x.ai"), "grpc_target").target == known


@pytest.mark.parametrize(
    "url", ["https://me:s3cret@h:x", "https://me:s3cret/x@h", "ftp://me:s3cret@h", "x me:s3cret@h"]
)
def test_need_34_no_password_in_what_is_said_of_an_address(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Client(api_key="k", base_url=url)
    assert caught.value.field == "base_url"
    assert "s3cret" not in str(caught.value)


def test_need_24_a_variable_that_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://me:s3cret@h")
    with pytest.raises(UsageError, match=r"^https_proxy|^HTTPS_PROXY: must begin") as caught:
        Client(api_key="k", transport="rest").models.list_language()
    assert "s3cret" not in str(caught.value)


def test_need_24_a_password_is_shown_nowhere() -> None:
    proxy = parse_proxy("http://me:w%40rd@h:1")
    assert proxy.login == ("me", "w@rd")
    assert "rd" not in f"{proxy} {proxy!r}"


def test_need_23_what_makes_no_sense() -> None:
    for arguments, field in (
        ({"cert": "a"}, "tls.key"),
        ({"key": "a"}, "tls.cert"),
        ({"system": False}, "tls.ca"),
        ({"ca": b"a"}, "tls.ca"),
        ({"ca": ""}, "tls.ca"),
    ):
        with pytest.raises(UsageError) as caught:
            TLS(**arguments)
        assert caught.value.field == field
    for client in (Client, AsyncClient):
        with pytest.raises(UsageError, match="tls: must be a TLS"):
            client(api_key="k", tls="ca.pem")
    import httpx

    with httpx.Client() as own, pytest.raises(UsageError, match="tls: has no part"):
        Client(api_key="k", http_client=own, tls=TLS())


def test_need_23_a_setting_is_a_value(tmp_path: Path) -> None:
    one = TLS(ca=tmp_path / "ca.pem", cert="c", key="the-key")
    assert one == TLS(ca=str(tmp_path / "ca.pem"), cert="c", key="the-key")
    assert pickle.loads(pickle.dumps(one)) == one
    assert "the-key" not in repr(one)


def test_need_23_made_once(authority: Authority, tmp_path: Path) -> None:
    copy = tmp_path / "ca.pem"
    copy.write_text(Path(authority.path).read_text())
    for make in (_trust.ssl_context, _trust.grpc_credentials):
        assert make(None) is make(TLS()) is not make(authority.trusted())
        first = make(TLS(ca=copy))
        assert first is make(TLS(ca=copy))
        copy.write_text(copy.read_text() + "\n")
        assert make(TLS(ca=copy)) is not first  # a certificate that was renewed
    context = _trust.ssl_context(None)
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_need_23_variables_that_lead_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        with monkeypatch.context() as changed:
            changed.setenv(name, str(tmp_path / "none"))
            with pytest.raises(UsageError) as caught:
                _trust.ssl_context(None)
            assert caught.value.field == name


def test_need_23_the_same_machine_on_both_wires(monkeypatch: pytest.MonkeyPatch) -> None:
    """What OpenSSL trusts here stands among what gRPC is given."""
    context = ssl.create_default_context()
    given = set(_trust._machine(()))
    loaded = {ssl.DER_cert_to_PEM_cert(data).strip() for data in context.get_ca_certs(binary_form=True)}
    assert {"".join(one.split()) for one in loaded} <= {"".join(one.split()) for one in given}
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: ssl.DefaultVerifyPaths(None, None, "", "", "", ""))
    assert len(_trust._machine(())) > 50  # certifi's


def test_need_23_an_encrypted_key(authority: Authority, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as s

    files = authority.identity(tmp_path)
    key = s.load_pem_private_key(Path(files["key"]).read_bytes(), None)
    secret = s.BestAvailableEncryption(b"word")
    Path(files["key"]).write_bytes(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, secret))
    for make in (_trust.ssl_context, _trust.grpc_credentials):
        with pytest.raises(UsageError, match=r"tls\.key: is encrypted"):
            make(TLS(**files))


def test_need_23_a_key_of_another_certificate(authority: Authority, stranger: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    files = {**authority.identity(tmp_path), "key": stranger.identity(tmp_path / "other")["key"]}
    for make in (_trust.ssl_context, _trust.grpc_credentials):
        with pytest.raises(UsageError, match=r"tls\.key: is not the key of tls\.cert"):
            make(TLS(**files))


@pytest.mark.parametrize(
    ("reason", "certificate"),
    [
        ("Ssl handshake failed: SSL_ERROR_SSL: error:1000007d:...:CERTIFICATE_VERIFY_FAILED", True),
        ("Peer name api.x.ai is not in peer certificate", True),
        ("Custom verification check failed with error: UNAUTHENTICATED: Hostname Verification Check failed.", True),
        ("Unwrap failed (TSI_DATA_CORRUPTED)", True),
        ("Unwrap failed", True),
        ("Cannot check peer: missing selected ALPN property.", False),
        ("Tls handshake failed (TSI_PROTOCOL_FAILURE): SSL_ERROR_SSL: ...:WRONG_VERSION_NUMBER", False),
    ],
)
def test_need_23_whether_a_certificate_is_to_blame(reason: str, certificate: bool) -> None:
    details = f"failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: {reason}"
    error = error_from_grpc("UNAVAILABLE", details, ready=False)
    assert isinstance(error, TlsError)
    assert error.certificate is certificate
    assert failure_of(error) == ("final" if certificate else "never_sent")
    assert pickle.loads(pickle.dumps(error)).certificate is certificate
