from __future__ import annotations

import pickle
import uuid
from copy import deepcopy
from typing import Any

import pytest

from xai_dual._async.attempts import _new_id
from xai_dual._async.client import AsyncClient
from xai_dual._sync.client import Client
from xai_dual.addresses import parse_base_url
from xai_dual.errors import UsageError
from xai_dual.options import INHERIT, CallOptions, ClientOptions, Timeout, check_headers
from xai_dual.timeouts import DEFAULT_TIMERS, Timers


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "TRANSPORT", "BASE_URL", "GRPC_TARGET", "MANAGEMENT_KEY", "MANAGEMENT_URL"):
        monkeypatch.delenv(f"XAI_{name}", raising=False)


@pytest.mark.parametrize(
    ("url", "rest", "target", "secure"),
    [
        ("https://api.x.ai", "https://api.x.ai", "api.x.ai:443", True),
        ("https://api.x.ai/v1/", "https://api.x.ai", "api.x.ai:443", True),
        ("https://h:8443/p/q/v1", "https://h:8443/p/q", "h:8443", True),
        ("https://h/v1beta", "https://h/v1beta", "h:443", True),
        ("http://localhost:80/", "http://localhost", "localhost:80", False),
        ("http://[::1]:8080", "http://[::1]:8080", "[::1]:8080", False),
        ("HTTPS://API.X.AI", "https://api.x.ai", "api.x.ai:443", True),
        ("unix:/run/x.sock", "http://localhost", "unix:/run/x.sock", False),
        ("unix:///run/x.sock", "http://localhost", "unix:/run/x.sock", False),
    ],
)
def test_base_url(url: str, rest: str, target: str, secure: bool) -> None:
    endpoint = parse_base_url(url)
    assert (endpoint.url, endpoint.target, endpoint.secure) == (rest, target, secure)


@pytest.mark.parametrize(
    "url",
    ["", "api.x.ai", "ftp://h", "https://", "https://u:p@h", "https://h?x=1", "https://h#f", "https://h:99999", "https://h\n",
     "unix:x", "https://[::1", None, 3],
)  # fmt: skip
def test_bad_base_url(url: Any) -> None:
    with pytest.raises(UsageError, match="base_url"):
        parse_base_url(url)


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAI_API_KEY", "secret-1")
    monkeypatch.setenv("XAI_TRANSPORT", "rest")
    monkeypatch.setenv("XAI_BASE_URL", "https://one")
    monkeypatch.setenv("XAI_GRPC_TARGET", "two:5")
    monkeypatch.setenv("XAI_MANAGEMENT_KEY", "secret-2")
    monkeypatch.setenv("XAI_MANAGEMENT_URL", "https://three")
    options = ClientOptions.resolve()
    assert (options.transport, options.endpoint.url, options.endpoint.target) == ("rest", "https://one", "two:5")
    assert (options.api_key, options.management_key, options.management.url) == (
        "secret-1",
        "secret-2",
        "https://three",
    )
    assert "secret" not in repr(options)
    options = ClientOptions.resolve(
        transport="grpc", base_url="https://x", api_key="k", grpc_target="http://127.0.0.1:9"
    )
    assert (options.transport, options.endpoint.target, options.endpoint.secure) == ("grpc", "127.0.0.1:9", False)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "XAI_API_KEY"),
        ({"api_key": " "}, "XAI_API_KEY"),
        ({"api_key": "a\nb"}, "api_key"),
        ({"api_key": 5}, "api_key"),
        ({"api_key": "k", "transport": "soap"}, "'grpc', 'rest', 'auto'"),
        ({"api_key": "k", "base_url": "http://example.com"}, "allow_plaintext_hosts"),
        ({"api_key": "k", "grpc_target": "http://example.com:5"}, "allow_plaintext_hosts"),
        ({"api_key": "k", "grpc_target": "https://example.com/x"}, "grpc_target"),
        ({"api_key": "k", "max_retries": -1}, "max_retries"),
        ({"api_key": "k", "max_retries": True}, "max_retries"),
        ({"api_key": "k", "timeout": 0}, "timeout"),
        ({"api_key": "k", "timeout": "5"}, "timeout"),
        ({"api_key": "k", "headers": {"x": 1}}, "headers"),
        ({"api_key": "k", "headers": {"authorization": "x"}}, "api_key="),
        ({"api_key": "k", "max_connections": 0}, "max_connections"),
        ({"api_key": "k", "rest_route": ""}, "rest_route"),
        ({"api_key": "k", "allow_plaintext_hosts": "h"}, "allow_plaintext_hosts"),
        ({"api_key": "k", "transport": "grpc", "base_url": "https://h/p"}, "grpc_target"),
        ({"api_key": "k", "transport": "grpc", "proxy": "https://p"}, "proxy"),
        ({"api_key": "k", "http_client": object()}, "http_client"),
    ],
)
def test_refused(arguments: dict[str, Any], text: str) -> None:
    for cls in (Client, AsyncClient):
        with pytest.raises(UsageError, match=text) as caught:
            cls(**arguments)
        assert "a\nb" not in str(caught.value)


def test_allowed() -> None:
    assert (
        ClientOptions.resolve(api_key="k", base_url="http://h:1", allow_plaintext_hosts=["h"]).endpoint.url
        == "http://h:1"
    )
    assert ClientOptions.resolve(headers={"authorization": "x"}).own_authorization
    assert ClientOptions.resolve(management_key="m").api_key is None


def test_timeout() -> None:
    client = DEFAULT_TIMERS.changed(Timeout(idle=7, connect=None))
    assert client == Timers(connect=None, pool=30, first_event=600, idle=7, total=3600)
    assert client.changed(INHERIT) is client
    assert client.changed(5) == Timers(connect=None, idle=7, total=5)
    assert client.changed(Timeout(total=None, pool=1)) == Timers(connect=None, pool=1, idle=7, total=None)
    assert client.changed(None) == Timers(connect=None, pool=None, first_event=None, idle=None, total=None)
    for wrong in (0, -1, True, "5", float("nan")):
        with pytest.raises(UsageError, match="timeout"):
            client.changed(wrong)  # type: ignore[arg-type]
    for name in ("connect", "pool", "first_event", "idle", "total"):
        for bad in (0, -1, "1", True, float("nan")):
            with pytest.raises(UsageError, match=name):
                Timeout(**{name: bad})
    assert repr(CallOptions().timeout) == repr(INHERIT) == "INHERIT"


def test_headers() -> None:
    assert check_headers({"X-A": "b"}) == {"x-a": "b"}
    for bad in (
        {"a b": "x"},
        {"": "x"},
        {"a": "x\n"},
        {"a": "\x00"},
        {"a": "ü"},
        {"Content-Length": "1"},
        {"x-bin": "1"},
    ):
        with pytest.raises(UsageError):
            check_headers(bad)


@pytest.mark.parametrize("cls", [Client, AsyncClient])
def test_clients(cls: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    client = cls(api_key="secret-1", base_url="https://h/p", transport="rest", headers={"x": "y", "z": "0"}, timeout=5)
    assert repr(client) == f"{cls.__name__}(transport='rest', base_url='https://h/p')"
    view = client.with_options(timeout=Timeout(total=1), headers={"x": "1"}, max_retries=0)
    assert (view._options.timers.total, view._options.headers, view._options.max_retries) == (
        1,
        {"x": "1", "z": "0"},
        0,
    )
    assert view._connections is client._connections
    assert client._options.timers.total == 5
    assert b"secret" not in pickle.dumps(client)
    assert deepcopy(client)._options.api_key == "secret-1"
    copy = pickle.loads(pickle.dumps(view))
    assert (copy._options.timers.total, copy._options.max_retries) == (1, 0)
    assert copy._options.api_key is None
    monkeypatch.setenv("XAI_API_KEY", "secret-2")
    assert pickle.loads(pickle.dumps(client))._options.api_key == "secret-2"
    header = cls(headers={"authorization": "Bearer secret-3"})
    assert b"secret" not in pickle.dumps(header)


def test_an_address_in_code_is_not_led_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key would go to another host than the one that is named."""
    monkeypatch.setenv("XAI_GRPC_TARGET", "grpc.example.com:443")
    options = ClientOptions.resolve(base_url="https://api.example.com", api_key="k")
    assert options.endpoint.grpc is None
    assert ClientOptions.resolve(api_key="k").endpoint.grpc == "grpc.example.com:443"
    given = ClientOptions.resolve(base_url="https://api.example.com", grpc_target="other:1", api_key="k")
    assert given.endpoint.grpc == "other:1"


@pytest.mark.parametrize(
    ("url", "sent_to"),
    [
        ("https://bücher.example/öffentlich", "https://xn--bcher-kva.example/%C3%B6ffentlich"),
        ("https://b%C3%BCcher.example/a%20b/v1", "https://xn--bcher-kva.example/a%20b"),
        ("https://api.example:443/p{x}/", "https://api.example/p%7Bx%7D"),
    ],
)
def test_addresses_beyond_ascii(url: str, sent_to: str) -> None:
    assert parse_base_url(url).url == sent_to


def test_a_name_that_no_one_can_look_up() -> None:
    with pytest.raises(UsageError, match="base_url: has a host name that cannot be looked up"):
        parse_base_url("https://" + "ü" * 70 + ".example")


def test_request_ids_are_uuids() -> None:
    ids = {_new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(str(uuid.UUID(text)) == text and uuid.UUID(text).version == 4 for text in ids)
    assert {uuid.UUID(text).variant for text in ids} == {uuid.RFC_4122}
