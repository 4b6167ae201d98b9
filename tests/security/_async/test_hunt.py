"""A key and a prompt are sent in all ways, and every way goes wrong; neither is found where it must not be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from xai_dual import AsyncClient, Hooks, Timeout, XaiError
from xai_dual.emulator import Server

from ...faults.kit import fault, options
from ..hunt import CANARY, PROMPT, Hunt
from ..servers import HttpServer, RpcServer, answer

pytestmark = pytest.mark.anyio

ASK: dict[str, Any] = {"model": "grok-4", "messages": [{"role": "user", "content": PROMPT}]}

FAULTS: dict[str, dict[str, Any]] = {
    "timeout": {"action": "hang"},
    "cut": {"action": "close"},
    "reset": {"action": "reset"},
    "garbage": {"action": "garbage"},
    "no frames": {"action": "garbage_frame"},
    "page": {"action": "html", "http": 502},
    "error": {"action": "error", "code": "INTERNAL", "message": "A word."},
    "busy": {"action": "error", "code": "UNAVAILABLE", "headers": {"retry-after": "0.01"}},
}


async def tried(hunt: Hunt, call: Any, **arguments: Any) -> None:
    try:
        hunt.came(await call(**arguments))
    except XaiError as error:
        hunt.failed(error)


async def create(client: AsyncClient, hunt: Hunt, **arguments: Any) -> None:
    await tried(hunt, client.chat.create, **{**ASK, **arguments})


async def stream(client: AsyncClient, hunt: Hunt, **arguments: Any) -> None:
    one = client.chat.stream(**{**ASK, **arguments})
    hunt.shows(one)
    try:
        async with one:
            async for chunk in one:
                hunt.came(chunk)
    except XaiError as error:
        hunt.failed(error)
    hunt.came(one.response)
    hunt.shows(one, one._attempt, one._options, one.meta, one._raw)


@pytest.fixture
async def client(
    server: Server, transport: str, key: str, hunt: Hunt, anyio_backend: str
) -> AsyncIterator[AsyncClient]:
    """A client that tells its hooks, which show what they are told."""
    hunt.begin()
    hooks = Hooks(on_retry=hunt.shows, on_request=hunt.shows, on_response=hunt.shows, on_stream_end=hunt.shows)
    given = options(server, transport, key, hooks=hooks, timeout=Timeout(total=10))
    async with AsyncClient(**given) as one:
        yield one
        view = one.with_options(headers={"authorization": f"Bearer {key}", "x-api-key": key, "cookie": f"key={key}"})
        hunt.shows(one, one.chat, one._options, view, view._options, one.pool)
    plain = AsyncClient(**{**given, "hooks": None})
    hunt.came(plain, plain.with_options(headers=view._options.headers), plain.with_options(management_key=key))
    hunt.end()


async def test_need_26_answers(client: AsyncClient, hunt: Hunt) -> None:
    await create(client, hunt)
    await stream(client, hunt)
    hunt.came(await client.models.list_language())
    assert not hunt.errors


@pytest.mark.parametrize("what", FAULTS)
async def test_need_26_faults(client: AsyncClient, hunt: Hunt, what: str) -> None:
    soon = Timeout(first_event=0.5, idle=0.5)
    await create(client, hunt, headers=fault(**FAULTS[what]), timeout=soon)
    await stream(client, hunt, headers=fault(**FAULTS[what]), timeout=soon)
    await stream(client, hunt, headers=fault(**FAULTS[what], after_chunks=3), timeout=soon)
    assert hunt.errors
    assert hunt.errors[0].__class__.__name__ != "UsageError"


@pytest.mark.parametrize("form", ["{key}", "Bearer {key}", "'{key}'", '{{"sent": "{key}"}}', "%22{quoted}%22"])
async def test_need_26_a_key_that_comes_back(client: AsyncClient, hunt: Hunt, key: str, form: str) -> None:
    said = "Incorrect API key provided: " + form.format(key=key, quoted=quote(key, safe=""))
    for code in ("INVALID_ARGUMENT", "UNAUTHENTICATED", "UNAVAILABLE"):
        headers = fault("error", code=code, message=said, headers={"x-sent": f"Bearer {key}", "set-cookie": "a=b"})
        await create(client, hunt, headers=headers, max_retries=1)
        await stream(client, hunt, headers=headers, max_retries=0)
    after = fault("error", code="INTERNAL", message=said, after_chunks=3)
    await stream(client, hunt, headers=after)
    assert len(hunt.errors) == 7
    for error in hunt.errors:
        assert "Incorrect API key provided: " in str(error)
        assert "[secret]" in str(error)
        assert isinstance(error, XaiError)
        assert error.meta is not None
        assert "set-cookie" not in error.meta.headers
    assert hunt.errors[0].meta.headers["x-sent"] == "Bearer [secret]"  # type: ignore[attr-defined]


async def test_need_26_management_keys(server: Server, hunt: Hunt, http: HttpServer) -> None:
    """On the calls that they are for, which have a host of their own."""
    hunt.begin()
    key = f"{server.management_key}/{CANARY}"
    hooks = Hooks(on_retry=hunt.shows, on_request=hunt.shows, on_response=hunt.shows)
    http.answers = lambda: [answer(401, f"Bad key: {key}".encode())]
    for url, errors in ((server.management_url, 1), (http.url, 5)):
        given = options(server, "auto", "another-key", management_key=key, management_url=url, hooks=hooks)
        async with AsyncClient(**given, max_retries=0, timeout=Timeout(total=10)) as one:
            hunt.shows(one, one._options)
            await tried(hunt, one.management.validate)
            await tried(hunt, one.management.validate, headers={"authorization": f"Bearer {key}"})
            await tried(hunt, one.collections.create, collection_name="a")
            await tried(hunt, one.collections.get, collection_id="none")
        hunt.came(AsyncClient(**{**given, "hooks": None}))
        assert len(hunt.errors) == errors
    assert any("Bad key: [secret]" in str(error) for error in hunt.errors)
    hunt.end()


@pytest.mark.parametrize("gone", ["grpc", "both"])
async def test_need_26_a_transport_that_is_found_out(
    server: Server, hunt: Hunt, key: str, http: HttpServer, rpc: RpcServer, gone: str
) -> None:
    """With "auto", the key goes to two wires: one is asked, the other is taken, or both fail."""
    hunt.begin()
    http.answers = lambda: [answer(200 if gone == "grpc" else 403, f'{{"error": "sent: {key}"}}'.encode())]
    rpc.close()
    given = {"base_url": server.url if gone == "grpc" else http.url, "grpc_target": rpc.target}
    async with AsyncClient(**options(server, "auto", key, **given, max_retries=0)) as one:
        await create(one, hunt)
        await stream(one, hunt)
        await create(one, hunt, headers=fault("error", code="UNAUTHENTICATED", message=f"Wrong: {key}"))
        hunt.shows(one, one._options)
    assert len(hunt.errors) == (1 if gone == "grpc" else 3)
    assert all("[secret]" in str(error) for error in hunt.errors)
    hunt.end()


async def test_need_26_what_is_refused_here(client: AsyncClient, hunt: Hunt, key: str) -> None:
    wrong: list[dict[str, Any]] = [
        {"messages": [{"role": "user", "content": PROMPT, "nothing": PROMPT}]},
        {"messages": [{"role": "user", "content": PROMPT + "\ud800"}]},
        {"messages": [{"role": "user", "content": [PROMPT, 5]}]},
        {"messages": [{"role": "user", "content": object()}], "user": PROMPT.encode()},
        {"messages": PROMPT + "\ud800"},
        {"extra_body": {"a": object(), "b": PROMPT}},
        {"extra_body": {"a": PROMPT + "\ud800"}},
        {"temperature": PROMPT},
        {"headers": {"x-a": f"{key}\n"}},
        {"headers": {"authorization": f"Bearer {key}\r\nx: y"}},
        {"headers": {"x-a\n": key}},
        {"headers": {"x-bin": key}},
    ]
    for arguments in wrong:
        await create(client, hunt, **arguments)
        await stream(client, hunt, **arguments)
    assert len(hunt.errors) >= len(wrong)


async def test_need_26_a_header_that_the_http_client_does_not_like(client: AsyncClient, hunt: Hunt, key: str) -> None:
    """It says so with the value, were it asked; gRPC says it with all metadata."""
    for headers in ({"authorization": f" Bearer {key} "}, {"x!y": "1"}, {"x|y": "1"}):
        await create(client, hunt, headers=headers, max_retries=0)
    assert len(hunt.errors) == 2


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_need_26_nobody_there_and_no_tls(
    hunt: Hunt, key: str, transport: str, http: HttpServer, scheme: str
) -> None:
    hunt.begin()
    if scheme == "http":
        http.close()
    given: dict[str, Any] = {"base_url": f"{scheme}://127.0.0.1:{http.port}", "transport": transport, "api_key": key}
    async with AsyncClient(**given, max_retries=1, timeout=Timeout(connect=1, total=3)) as one:
        await create(one, hunt)
        await stream(one, hunt)
        hunt.shows(one)
    assert len(hunt.errors) == 2
    hunt.end()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_need_26_redirects_are_not_followed(hunt: Hunt, key: str, http: HttpServer, status: int) -> None:
    hunt.begin()
    elsewhere = HttpServer()
    http.answers = lambda: [answer(status, b"", location=f"{elsewhere.url}/v1/x")]
    async with AsyncClient(base_url=http.url, transport="rest", api_key=key) as one:
        await create(one, hunt)
        await stream(one, hunt)
    elsewhere.close()
    assert not elsewhere.heads
    assert len(http.heads) == 2
    assert all("redirects are not followed" in str(error) and elsewhere.url in str(error) for error in hunt.errors)
    hunt.end()


async def test_need_26_cookies_do_not_come_back(hunt: Hunt, key: str, http: HttpServer) -> None:
    """Views and clients share connections, and may be of different tenants."""
    http.answers = lambda: [answer(set_cookie="tenant=a; Path=/")]
    async with AsyncClient(base_url=http.url, transport="rest", api_key=key) as one:
        for view in (one, one, one.with_options(api_key="another-key")):
            hunt.came(await view.chat.create(**ASK))
    assert len(http.heads) == 3
    assert not [head for head in http.heads if "cookie" in head.lower()]
    hunt.end()


async def test_need_26_headers_that_are_kept(hunt: Hunt, key: str, http: HttpServer) -> None:
    """Cookies and keys are not, and no log has them."""
    given: dict[str, Any] = {"set_cookie": "a=b", "authorization": f"Bearer {key}", "x_echo": f"it is {key}"}
    given["x_ratelimit_tokens"] = "5"
    async with AsyncClient(base_url=http.url, transport="rest", api_key=key, max_retries=0) as one:
        for status in (200, 400, 500):
            http.answers = lambda status=status: [answer(status, **given)]  # type: ignore[misc]
            await create(one, hunt)
            await stream(one, hunt)
    metas: list[Any] = [getattr(one, "meta", None) for one in (*hunt.results, *hunt.errors)]
    metas = [meta for meta in metas if meta is not None]
    assert len(metas) == 6
    for meta in metas:
        assert not {"set-cookie", "authorization"} & set(meta.headers)
        assert (meta.headers["x-echo"], meta.headers["x-ratelimit-tokens"]) == ("it is [secret]", "5")
    hunt.end()


async def test_need_26_a_key_within_odd_places_of_an_error(hunt: Hunt, key: str, http: HttpServer) -> None:
    hunt.begin()
    escaped = key.replace("/", "\\/")
    cut = "x" * (500 - len("sent: ") - len(key) // 2) + "sent: " + key
    bodies = [
        f'{{"error": {{"message": "{escaped}", "details": [{{"{key}": ["{key}"]}}], "code": "{key}"}}}}',
        f"<html><title>{key}</title></html>",
        cut,
        f'["{key}"]',
        f'"{key}"',
    ]
    async with AsyncClient(base_url=http.url, transport="rest", api_key=key, max_retries=0) as one:
        for body in bodies:
            for status in (400, 200) if not body.startswith("{") else (400,):  # an object is an answer
                http.answers = lambda body=body, status=status: [answer(status, body.encode())]  # type: ignore[misc]
                await create(one, hunt)
                await stream(one, hunt)
            event = f"data: {body}\n\n".encode()
            http.answers = lambda event=event: [answer(200, event, content_type="text/event-stream")]  # type: ignore[misc]
            await stream(one, hunt)
    assert len(hunt.errors) == 5 * len(bodies) - 2
    hunt.end()


async def test_need_26_a_key_in_the_details_of_a_status(hunt: Hunt, key: str, rpc: RpcServer) -> None:
    import grpc

    hunt.begin()
    coded = "".join(f"%{ord(char):02X}" for char in key)
    async with AsyncClient(grpc_target=rpc.target, base_url="http://localhost", transport="grpc", api_key=key) as one:
        for said in (key, coded, f'{{"key": "Bearer {key}"}}', "x" * 500 + key[:-3]):
            metadata = (("x-request-id", key), ("grpc-status-details-bin", key.encode()), ("authorization", key))
            rpc.error = (grpc.StatusCode.UNAUTHENTICATED, said, metadata)
            await create(one, hunt)
            await stream(one, hunt)
    assert len(hunt.errors) == 8
    hunt.end()
