"""Where keys may be sent, what of headers is taken and kept, and how secrets are taken out of errors."""

from __future__ import annotations

import json
import pickle
import time
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from xai_dual import AsyncClient, Client, UsageError
from xai_dual import errors as e
from xai_dual._secrets import HIDDEN, kept_headers, scrub, scrubbed, secrets_of
from xai_dual._sync.transport import Attempt
from xai_dual._timers import ThreadTimer
from xai_dual.meta import Meta
from xai_dual.options import CallOptions, ClientOptions

from .hunt import CANARY, PROMPT

KEY = f"xai-{CANARY}+/=\"'&<>"
CLIENTS = [Client, AsyncClient]


@pytest.mark.parametrize("cls", CLIENTS)
@pytest.mark.parametrize(
    "places",
    [
        {"base_url": "http://api.x.ai"},
        {"base_url": "http://10.0.0.1:8080/v1"},
        {"base_url": "http://localhost.evil.example"},
        {"base_url": "http://127.0.0.1.evil.example"},
        {"base_url": "http://evil.example%2F.localhost"},
        {"base_url": "http://evil.example%3F.localhost"},
        {"base_url": "http://evil.example%23.localhost"},
        {"base_url": "http://evil.example\\.localhost"},
        {"base_url": "http://[2001:db8::1]"},
        {"base_url": "http://0.0.0.0"},
        {"grpc_target": "http://evil.example:50051"},
        {"grpc_target": "http://evil.example%2F.localhost:50051"},
        {"base_url": "http://localhost", "grpc_target": "evil.example:50051"},
        {"base_url": "http://localhost", "grpc_target": "dns://8.8.8.8/x.localhost:80"},
        {"base_url": "http://localhost", "grpc_target": "ipv4:10.0.0.1:80"},
        {"management_url": "http://evil.example"},
        {"management_url": "http://localhost", "management_grpc_target": "evil.example:1"},
        {"management_grpc_target": "http://evil.example:1"},
    ],
)
def test_need_26_no_key_in_the_clear(cls: type[Any], places: dict[str, str]) -> None:
    for transport in ("grpc", "rest", "auto"):
        for allowed in ((), ("another.example",)):
            with pytest.raises(UsageError, match="without TLS") as caught:
                cls(api_key=KEY, transport=transport, allow_plaintext_hosts=allowed, **places)
            assert CANARY not in str(caught.value)


@pytest.mark.parametrize("cls", CLIENTS)
def test_need_26_in_the_clear_where_that_is_allowed(cls: type[Any]) -> None:
    for host in ("localhost", "127.0.0.1", "127.9.9.9", "[::1]", "a.localhost", "LOCALHOST"):
        cls(api_key=KEY, base_url=f"http://{host}:8080")
        cls(api_key=KEY, grpc_target=f"http://{host}:8080", management_url=f"http://{host}")
    cls(api_key=KEY, base_url="unix:/run/x.sock")
    cls(api_key=KEY, base_url="http://inside", grpc_target="inside:1", allow_plaintext_hosts=("inside",))


@pytest.mark.parametrize("name", ["base_url", "management_url", "grpc_target", "management_grpc_target", "proxy"])
@pytest.mark.parametrize(
    "form", ["user:{}@host", "{}@host", "ftp://user:{}@host", "http://user:{}@h o", "https://u:{}@[x"]
)
def test_need_26_no_password_of_an_address_is_shown(name: str, form: str) -> None:
    given: dict[str, Any] = {name: form.format(CANARY), "transport": "rest"}
    try:
        shown = repr(Client(api_key="k", **given))
    except UsageError as error:
        shown = f"{error} {error.args}"
    assert CANARY not in shown


@pytest.mark.parametrize("char", [*map(chr, range(32)), "\x7f", "\x85", "\u2028", "\xa0"])
def test_need_26_control_characters_are_refused(char: str) -> None:
    places: list[dict[str, Any]] = [{"api_key": f"{CANARY}{char}x"}, {"management_key": f"{CANARY}{char}x"}]
    places.append({"api_key": "k", "headers": {"x-a": f"{CANARY}{char}x"}})
    places.append({"headers": {"authorization": f"Bearer {CANARY}{char}x"}})
    for arguments in places:
        with pytest.raises(UsageError, match="printable") as caught:
            Client(**arguments)
        assert CANARY not in str(caught.value) + repr(caught.value.__dict__)


def test_need_26_header_names_that_gRPC_would_print() -> None:
    """It prints names that it does not take, and one of its errors has all metadata in it."""
    for name in ("x!y", "x|y", "x~", "x y", "x\ny", ":path", "", "ü"):
        with pytest.raises(UsageError, match="header name"):
            Client(api_key="k", headers={name: CANARY})


FORMS = {
    "plain": KEY,
    "bearer": f"Bearer {KEY}",
    "percent": quote(KEY, safe=""),
    "lower percent": quote(KEY, safe="").lower().replace(CANARY.lower(), CANARY),
    "all percent": "".join(f"%{ord(char):02X}" for char in KEY),
    "plus": quote_plus(KEY),
    "json": json.dumps(KEY),
    "json slashes": json.dumps(KEY).replace("/", "\\/"),
    "json escapes": "".join(f"\\u{ord(char):04x}" for char in KEY),
    "repr": repr(KEY),
    "bytes": repr(KEY.encode()),
    "html": escape(KEY),
    "html numbers": "".join(f"&#{ord(char)};" for char in KEY),
    "html hex": "".join(f"&#x{ord(char):X};" for char in KEY),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_need_26_scrubbed(form: str) -> None:
    text = scrubbed(f"Incorrect key: {form}, and {form}.", secrets_of({"authorization": f"Bearer {KEY}"}))
    assert text.count(HIDDEN) == 2
    assert text.startswith("Incorrect key: ")
    assert text.endswith(".")
    assert CANARY not in text


def test_need_26_scrubbed_of_what_was_cut() -> None:
    for size in range(8, len(KEY)):
        for end in ("", "...", "'", '."'):
            assert scrubbed(f"key {KEY[:size]}{end}", (KEY,)).startswith(f"key {HIDDEN}")
    assert scrubbed("xai-can", (KEY,)) == "xai-can"  # no more than anyone knows


def test_need_26_short_keys_are_no_words_to_hide() -> None:
    assert secrets_of({"authorization": "Bearer key-1", "x-a": "not a secret at all"}) == ()
    assert secrets_of({"authorization": f"Basic {CANARY}", "cookie": "a=12345678; b"}) == (CANARY, "a=12345678")
    assert secrets_of({"x-api-key": CANARY, "X-Auth-Token": "0123456789"}) == (CANARY, "0123456789")


@pytest.mark.parametrize("cls", [e.ApiError, e.StreamInterrupted, e.DecodeError, e.UsageError, e.TransportError])
def test_need_26_scrub(cls: type[e.XaiError]) -> None:
    deep: Any = KEY
    for _ in range(5000):
        deep = [deep]
    cause = e.ApiError(f"no {KEY}", slug=KEY, request_id=KEY, body={KEY: [{"a": KEY, "b": 5}, KEY, None], "c": KEY})
    error = cls(f"a {KEY}")
    error.__cause__ = cause
    error.meta = Meta(transport="rest", route="r", headers={"x-a": FORMS["percent"]}, request_id=KEY)
    vars(error)["body"] = KEY.encode()
    scrub(error, (KEY,))
    assert (str(error.args[0]), error.message) == (f"a {HIDDEN}", f"a {HIDDEN}")
    assert cause.body == {HIDDEN: [{"a": HIDDEN, "b": 5}, HIDDEN, None], "c": HIDDEN}
    assert CANARY.encode() not in pickle.dumps(error)
    vars(error)["body"] = deep
    scrub(error, (KEY,))
    while isinstance(deep, list):
        (deep,) = deep
    assert deep == HIDDEN


def test_need_26_scrub_of_causes_in_a_ring() -> None:
    one, other = e.ApiError(KEY), e.ApiError(KEY)
    one.__cause__, other.__cause__ = other, one
    scrub(one, (KEY,))
    assert CANARY not in one.message + other.message


def test_need_26_scrubbing_is_quick() -> None:
    start = time.process_time()
    for text in ("x" * 1_000_000, "%78" * 300_000, "xai-" * 250_000, "\\" * 1_000_000, "&#" * 500_000):
        scrubbed(text, (KEY,))
    assert time.process_time() - start < 2


def test_need_26_kept_headers() -> None:
    headers: list[tuple[str, str | bytes]] = [
        ("Set-Cookie", "a"),
        ("Authorization", "a"),
        ("X-Original-Authorization", "a"),
        ("x-api-key", "a"),
        ("grpc-status-details-bin", b"a"),
        ("X-RateLimit-Remaining-Tokens", "5"),
        ("x-new", f"{KEY};{KEY}"),
    ]
    assert kept_headers(headers, (KEY,)) == {"x-ratelimit-remaining-tokens": "5", "x-new": f"{HIDDEN};{HIDDEN}"}


def test_need_26_reprs() -> None:
    headers = {"authorization": f"Bearer {CANARY}"}
    attempt = Attempt(
        headers=headers, timers=ClientOptions.resolve(api_key=KEY).timers, end=None, timer=ThreadTimer(None)
    )
    attempt.begin("rest", "POST /v1/x").headers = headers
    options = ClientOptions.resolve(management_key=KEY, headers=headers, proxy=f"http://a:{CANARY}@localhost:1")
    call = CallOptions(headers=headers, extra_body={"a": PROMPT})
    for thing in (
        attempt,
        attempt.meta,
        options,
        call,
        Client(api_key=lambda: KEY),
        Client(api_key=KEY, headers={"x": KEY}),
    ):
        assert CANARY not in f"{thing} {thing!r}"
        assert PROMPT not in repr(thing)


@pytest.mark.parametrize("cls", CLIENTS)
def test_need_26_no_secret_header_is_pickled(cls: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAI_API_KEY", "another")
    names = ("Authorization", "x-api-key", "Cookie", "Proxy-Authorization", "x-auth-token", "x-client-secret")
    client = cls(headers=dict.fromkeys(names, CANARY) | {"x-team": "a"})
    for one in (client, client.with_options(headers={"x-token": CANARY}), cls(headers={"x-team": "a"})):
        data = pickle.dumps(one)
        assert CANARY.encode() not in data
        assert pickle.loads(data)._options.headers == {"x-team": "a"}
