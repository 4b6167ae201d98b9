"""Calls with one answer, over both wires."""

from __future__ import annotations

import time

import pytest

from xai_dual import AsyncClient, Timeout, errors

from .. import codecs as api
from ..wires import Wires

pytestmark = pytest.mark.anyio

NONE = api.CallOptions()


async def test_echo(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        answer = await client._caller.unary(api.ECHO, {"text": "hi"}, NONE)
    assert answer.text == "hi"
    assert answer.seen["authorization"] == "Bearer key-1"
    meta = answer.meta
    assert meta is not None
    assert (meta.transport, meta.request_id, meta.attempts) == (transport, "req-1", 1)
    assert meta.route == ("test.Api/Echo" if transport == "grpc" else "POST /v1/echo")
    assert meta.client_request_id == wires.seen[0].headers["x-client-request-id"]
    assert meta.headers["x-request-id"] == "req-1"
    assert meta.total_seconds is not None
    assert wires.seen[0].headers["user-agent"].startswith("xai-dual/")


async def test_query_and_prefix(wires: Wires) -> None:
    async with AsyncClient(api_key="k", transport="rest", base_url=f"{wires.url}/proxy/v1/") as client:
        await client._caller.unary(api.ECHO, {}, NONE)
    assert wires.seen[0].headers[":target"] == "/proxy/v1/echo?q=a+b%26c"


@pytest.mark.parametrize(
    ("code", "cls"),
    [
        ("invalid_argument", errors.InvalidRequestError),
        ("unauthenticated", errors.AuthenticationError),
        ("permission_denied", errors.PermissionDeniedError),
        ("not_found", errors.NotFoundError),
        ("aborted", errors.ConflictError),
        ("resource_exhausted", errors.RateLimitError),
        ("internal", errors.ServerError),
        ("unavailable", errors.OverloadedError),
    ],
)
async def test_errors(wires: Wires, transport: str, code: str, cls: type[errors.ApiError]) -> None:
    async with AsyncClient(**wires.options(transport), max_retries=0) as client:
        with pytest.raises(cls) as caught:
            await client._caller.unary(api.ECHO, {"errors": [{"code": code, "message": "No. [WKE=a:b]"}]}, NONE)
    error = caught.value
    assert (error.code, error.message, error.slug, error.request_id) == (code, "No.", "a:b", "req-1")
    assert error.meta is not None
    assert error.meta.transport == transport
    assert (error.grpc_status is None) == (transport == "rest")
    assert type(error.__cause__) is type(None)


BUSY = {"code": "resource_exhausted", "headers": {"retry-after": "0.01"}}


async def test_refused_is_retried(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        answer = await client._caller.unary(api.ECHO, {"text": "hi", "errors": [BUSY, BUSY]}, NONE)
        assert answer.text == "hi"
        assert answer.meta is not None
        assert answer.meta.attempts == 3
        assert len({s.headers["x-client-request-id"] for s in wires.seen}) == 1
        with pytest.raises(errors.RateLimitError) as caught:
            await client._caller.unary(api.ECHO, {"errors": [BUSY, BUSY]}, api.CallOptions(max_retries=1))
    assert caught.value.attempts == 2
    assert caught.value.retry_after == 0.01


@pytest.mark.parametrize(
    ("op", "retry_writes", "attempts"), [("ECHO", False, 1), ("ECHO", True, 2), ("READ", False, 2)]
)
async def test_maybe_processed(wires: Wires, transport: str, op: str, retry_writes: bool, attempts: int) -> None:
    request = {"errors": [{"code": "unavailable"}, {"code": "not_found"}]}
    async with AsyncClient(**wires.options(transport), retry_writes=retry_writes) as client:
        with pytest.raises(errors.ApiError):
            await client._caller.unary(getattr(api, op), request, NONE)
    assert len(wires.seen) == attempts


async def test_a_long_hint_is_not_waited_for(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        for seconds, timeout in (("3600", None), ("5", 1.0)):
            wires.seen.clear()
            start = time.monotonic()
            request = {"errors": [{"code": "resource_exhausted", "headers": {"retry-after": seconds}}]}
            with pytest.raises(errors.RateLimitError) as caught:
                await client._caller.unary(api.ECHO, request, api.CallOptions(timeout=timeout))
            assert caught.value.retry_after == float(seconds)
            assert time.monotonic() - start < 1


@pytest.mark.parametrize(("timeout", "timer"), [(Timeout(first_event=0.2), "first_event"), (0.2, "total")])
async def test_timers(wires: Wires, transport: str, timeout: Timeout | float, timer: str) -> None:
    async with AsyncClient(**wires.options(transport), timeout=timeout) as client:
        start = time.monotonic()
        with pytest.raises(errors.TimeoutError) as caught:
            await client._caller.unary(api.ECHO, {"delay": 5}, NONE)
        assert time.monotonic() - start < 1
        assert caught.value.timer == timer
        assert isinstance(caught.value, TimeoutError)
        assert caught.value.meta is not None
        wires.wait_cancelled()
        assert (await client._caller.unary(api.ECHO, {"text": "ok"}, NONE)).text == "ok"


async def test_no_connection(transport: str) -> None:
    options = {"transport": transport, "api_key": "k", "base_url": "http://127.0.0.1:9"}
    async with AsyncClient(**options, max_retries=1) as client:
        with pytest.raises(errors.ConnectError) as caught:
            await client._caller.unary(api.ECHO, {}, NONE)
    assert caught.value.attempts == 2
    assert not caught.value.maybe_sent


async def test_unknown_host(transport: str) -> None:
    options = {"transport": transport, "api_key": "k", "base_url": "https://no-such-host.invalid"}
    async with AsyncClient(**options, max_retries=0) as client:
        with pytest.raises(errors.ConnectError):
            await client._caller.unary(api.ECHO, {}, NONE)


async def test_tls_to_a_plain_port(wires: Wires, transport: str) -> None:
    options = {"transport": transport, "api_key": "k", "base_url": f"https://{wires.grpc_target}"}
    async with AsyncClient(**options, max_retries=0) as client:
        with pytest.raises(errors.TlsError):
            await client._caller.unary(api.ECHO, {}, NONE)


async def test_too_large(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport), max_message_bytes=10_000) as client:
        assert len((await client._caller.unary(api.ECHO, {"size": 5000}, NONE)).text) == 5000
        with pytest.raises(errors.MessageTooLargeError):
            await client._caller.unary(api.READ, {"size": 50_000}, NONE)
        assert len(wires.seen) == 2
        if transport == "grpc":
            with pytest.raises(errors.MessageTooLargeError):
                await client._caller.unary(api.ECHO, {"text": "x" * 20_000}, NONE)


async def test_large_answers_pass(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        assert len((await client._caller.unary(api.ECHO, {"size": 6_000_000}, NONE)).text) == 6_000_000


async def test_broken_answers(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        for raw in ("\x7fabc", "[1]", "<html>") if transport == "rest" else ("\x0a\x7fabc",):
            with pytest.raises(errors.DecodeError) as caught:
                await client._caller.unary(api.ECHO, {"raw": raw}, NONE)
            assert caught.value.meta is not None
        if transport == "rest":
            assert "<html>" in caught.value.body
            assert "200" in str(caught.value)


async def test_headers(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport), headers={"X-One": "1", "x-two": "2"}) as client:
        view = client.with_options(headers={"x-two": "3"})
        await view._caller.unary(api.ECHO, {}, api.CallOptions(headers={"X-Three": "4"}))
        assert [wires.seen[0].headers[f"x-{n}"] for n in ("one", "two", "three")] == ["1", "3", "4"]
        await client._caller.unary(api.ECHO, {}, api.CallOptions(headers={"Authorization": "Bearer other"}))
        assert wires.seen[1].headers["authorization"] == "Bearer other"
        for bad in ({"x": "a\r\nb"}, {"x y": "a"}, {"grpc-timeout": "1"}, {"x": "é"}):
            with pytest.raises(errors.UsageError):
                await client._caller.unary(api.ECHO, {}, api.CallOptions(headers=bad))
    assert len(wires.seen) == 2


async def test_extra_body(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        extra = api.CallOptions(extra_body={"text": "new", "more": 1})
        if transport == "grpc":
            with pytest.raises(errors.UnsupportedOnTransport, match="extra_body"):
                await client._caller.unary(api.ECHO, {"text": "old"}, extra)
        else:
            answer = await client._caller.unary(api.ECHO, {"text": "old"}, extra)
            assert answer.text == "new"
            assert answer.seen["request"]["more"] == 1
            with pytest.raises(errors.UsageError):
                await client._caller.unary(api.READ, {}, extra)


async def test_the_wrong_wire(wires: Wires) -> None:
    async with AsyncClient(**wires.options("grpc")) as client:
        with pytest.raises(errors.UnsupportedOnTransport, match=r"test\.rest_only.*grpc"):
            await client._caller.unary(api.REST_ONLY, {}, NONE)
    async with AsyncClient(**wires.options("rest")) as client:
        with pytest.raises(errors.UnsupportedOnTransport, match=r"test\.grpc_only.*rest"):
            await client._caller.unary(api.GRPC_ONLY, {}, NONE)
    assert not wires.seen


async def test_auto(wires: Wires) -> None:
    async def wire(client: AsyncClient, op: object, request: dict[str, object], **options: object) -> str:
        answer = await client._caller.unary(op, request, api.CallOptions(**options))  # type: ignore[arg-type]
        return answer.meta.transport  # type: ignore[union-attr, no-any-return]

    async with AsyncClient(**wires.options("auto")) as client:
        assert await wire(client, api.ECHO, {}) == "grpc"
        assert await wire(client, api.REST_ONLY, {}) == "rest"
        assert await wire(client, api.GRPC_ONLY, {}) == "grpc"
        assert await wire(client, api.ECHO, {"rest_only": 1}) == "rest"
        assert await wire(client, api.ECHO, {}, extra_body={"a": 1}) == "rest"
        with pytest.raises(errors.UnsupportedOnTransport, match="rest_only"):
            await wire(client, api.ECHO, {"rest_only": 1, "grpc_only": 1})
    async with AsyncClient(api_key="k", base_url=wires.url + "/prefix") as client:
        assert await wire(client, api.ECHO, {}) == "rest"
        with pytest.raises(errors.UnsupportedOnTransport, match="gRPC only"):
            await wire(client, api.GRPC_ONLY, {})


async def test_keys(wires: Wires, transport: str) -> None:
    keys = iter(["one", "two", ""])
    options = {**wires.options(transport), "api_key": lambda: next(keys)}
    async with AsyncClient(**options) as client:
        await client._caller.unary(api.ECHO, {"errors": [BUSY]}, NONE)
        assert [s.headers["authorization"] for s in wires.seen] == ["Bearer one", "Bearer two"]
        with pytest.raises(errors.UsageError, match="XAI_API_KEY"):
            await client._caller.unary(api.ECHO, {}, NONE)


async def test_bad_requests_are_not_sent(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        for value in ("\ud800", {1: 2}, {3}, object()):
            with pytest.raises(errors.UsageError) as caught:
                await client._caller.unary(api.ECHO, {"text": value, "sure": b""}, NONE)
            assert caught.value.attempts == 0
    assert not wires.seen


async def test_connections_are_used_again(wires: Wires) -> None:
    before = wires.connections
    async with AsyncClient(**wires.options("rest")) as client:
        for _ in range(3):
            await client._caller.unary(api.ECHO, {}, NONE)
            with pytest.raises(errors.NotFoundError):
                await client._caller.unary(api.ECHO, {"errors": [{"code": "not_found"}]}, NONE)
    assert wires.connections == before + 1


async def test_a_closed_client_opens_again(wires: Wires, transport: str) -> None:
    client = AsyncClient(**wires.options(transport))
    for _ in range(2):
        await client._caller.unary(api.ECHO, {}, NONE)
        await client.with_options(timeout=1).aclose()
        await client.aclose()
    assert len(wires.seen) == 2
