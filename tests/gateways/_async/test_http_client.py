"""A caller's own HTTP client: all kinds of calls go over it, and what goes wrong is told as with a client of ours."""

from __future__ import annotations

import contextlib
import copy
import pickle
import select
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from xai_dual import AsyncClient, StreamError, Timeout, TimeoutError, UsageError, XaiError
from xai_dual.emulator import Server

from ..kit import TEXT, eventually, fault
from ..proxying import Proxy

pytestmark = pytest.mark.anyio

SUM: dict[str, Any] = {"model": "grok-4", "messages": "What is 101*3?"}
SLOW: dict[str, Any] = {"model": "grok-3", "messages": "Count to 2000", "headers": {"x-emulator-delay-ms": "20"}}


@pytest.fixture
async def http(package: Any, anyio_backend: str) -> AsyncIterator[Any]:
    async with package.AsyncClient(headers={"x-own": "1"}) as one:
        yield one


@pytest.fixture
async def client(options: dict[str, Any], http: Any) -> AsyncIterator[AsyncClient]:
    """A client over the caller's."""
    async with AsyncClient(**options, http_client=http) as one:
        yield one
    assert not http.is_closed


async def test_need_39_all_kinds_of_calls(client: AsyncClient, http: Any, tmp_path: Path) -> None:
    answer = await client.chat.create(**SUM)
    assert (answer.text, answer.meta.transport) == (TEXT, "rest")
    async with client.chat.stream(**SUM) as stream:
        texts = [text async for text in stream.text()]
    assert ("".join(texts), stream.completed) == (TEXT, True)
    content = bytes(range(256)) * 2000
    (tmp_path / "b.bin").write_bytes(content)
    sent = [
        await client.files.upload(content=content, filename="a.bin"),
        await client.files.upload(content=tmp_path / "b.bin"),
        await client.files.upload(content=iter([content[:1000], content[1000:]]), filename="c.bin"),
    ]
    for file in sent:
        assert await client.files.content(file_id=file.id).read() == content
    assert await client.files.content(file_id=sent[0].id).save(tmp_path / "copy.bin") == len(content)
    assert {file.id async for file in client.files.list(limit=2)} >= {file.id for file in sent}
    await client.files.delete(file_id=sent[0].id)
    assert len(await client.models.list_language()) > 3
    await client.aclose()
    assert not http.is_closed
    assert (await client.chat.create(**SUM)).text == TEXT


async def test_need_39_auto_asks_nobody(options: dict[str, Any], http: Any, server: Server) -> None:
    """gRPC would not go over the caller's client."""
    async with AsyncClient(**{**options, "transport": "auto"}, http_client=http) as client:
        assert (await client.chat.create(**SUM)).meta.transport == "rest"
    assert [call.wire for call in server.calls(options["api_key"])] == ["rest"]
    with pytest.raises(UsageError, match="cannot carry gRPC"):
        AsyncClient(**{**options, "transport": "grpc"}, http_client=http)


@pytest.mark.parametrize("way", ["close", "break", "error", "drop", "download"])
async def test_need_39_leaving_early(client: AsyncClient, server: Server, options: dict[str, Any], way: str) -> None:
    stream: Any = client.chat.stream(**SLOW)
    if way == "download":
        file = await client.files.upload(content=bytes(32 << 20), filename="a.bin")  # more than sockets hold
        stream = client.files.content(file_id=file.id)
    await stream.__anext__()
    if way in ("close", "download"):
        left = time.monotonic()
        await stream.aclose()
    elif way == "break":
        async with stream:
            async for _ in stream:
                break
            left = time.monotonic()
    elif way == "error":
        left = time.monotonic()
        with contextlib.suppress(ZeroDivisionError):
            async with stream:
                raise ZeroDivisionError
    else:
        left = time.monotonic()
        del stream
    assert (await client.chat.create(**SUM)).text == TEXT  # lets an event loop run
    call = eventually(lambda: next((c for c in server.calls(options["api_key"]) if c.outcome == "cancelled"), None))
    assert call.ended is not None
    assert call.ended - left < 0.5


async def test_need_39_finished_streams_use_one_connection(
    client: AsyncClient, server: Server, options: dict[str, Any]
) -> None:
    for _ in range(3):
        async with client.chat.stream(**SUM) as stream:
            [chunk async for chunk in stream]
    await client.chat.create(**SUM)
    assert len({call.connection for call in server.calls(options["api_key"])}) == 1


# -- what goes wrong


UNARY: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "error": (fault("error", code="NOT_FOUND"), {}),
    "limit": (fault("error", code="RESOURCE_EXHAUSTED", headers={"retry-after": "0"}), {}),
    "html": (fault("html", http=502), {}),
    "reset": (fault("reset"), {}),
    "close": (fault("close"), {}),
    "drop": (fault("drop"), {}),
    "garbage": (fault("garbage"), {}),
    "garbage frame": (fault("garbage_frame"), {}),
    "end": (fault("end"), {}),
    "goaway": (fault("goaway"), {}),
    "hang": (fault("hang"), {"first_event": 0.2}),
    "hang, total": (fault("hang"), {"total": 0.3}),
    "delay": (fault("delay", delay_ms=3000), {"first_event": 0.2}),
}
STREAMED: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "error": (fault("error", code="INTERNAL", after_chunks=3), {}),
    "reset": (fault("reset", after_chunks=3), {}),
    "close": (fault("close", after_chunks=3), {}),
    "end": (fault("end", after_chunks=3), {}),
    "garbage": (fault("garbage", after_chunks=3), {}),
    "garbage frame": (fault("garbage_frame", after_chunks=3), {}),
    "hang": (fault("hang", after_chunks=3), {"idle": 0.2}),
    "hang, total": (fault("hang", after_chunks=3), {"total": 0.4}),
    "drip, total": (fault("drip", after_chunks=3, gap_ms=50), {"total": 0.5}),
}


async def read(client: AsyncClient, settings: dict[str, Any]) -> None:
    async with client.chat.stream(**settings) as stream:
        async for _ in stream:
            pass


async def told(client: AsyncClient, how: dict[str, str], timers: dict[str, Any], *, streamed: bool) -> tuple[Any, ...]:
    """What a user learns of a failure."""
    start = time.monotonic()
    settings = {**SUM, "headers": how, "timeout": Timeout(**timers)}
    with pytest.raises(XaiError) as caught:
        await (read(client, settings) if streamed else client.chat.create(**settings))
    assert time.monotonic() - start < 2
    error = caught.value
    cause = error.__cause__
    facts = [getattr(error, name, None) for name in ("timer", "maybe_sent", "attempts", "code", "http_status", "body")]
    partial = error.partial.text if isinstance(error, StreamError) else None
    return type(error), *facts, type(cause), getattr(cause, "timer", None), getattr(cause, "code", None), partial


@pytest.mark.parametrize("name", UNARY)
async def test_need_39_failures(client: AsyncClient, options: dict[str, Any], name: str) -> None:
    how, timers = UNARY[name]
    async with AsyncClient(**options) as ours:
        expected = await told(ours, how, timers, streamed=False)
    assert await told(client, how, timers, streamed=False) == expected
    assert (await client.chat.create(**SUM)).text == TEXT


@pytest.mark.parametrize("name", STREAMED)
async def test_need_39_broken_streams(client: AsyncClient, options: dict[str, Any], name: str) -> None:
    how, timers = STREAMED[name]
    async with AsyncClient(**options) as ours:
        expected = await told(ours, how, timers, streamed=True)
    found = await told(client, how, timers, streamed=True)
    assert found[:-1] == expected[:-1]
    assert TEXT.startswith(found[-1])
    assert (await client.chat.create(**SUM)).text == TEXT


async def test_need_39_retries(options: dict[str, Any], http: Any, server: Server) -> None:
    async with AsyncClient(**{**options, "max_retries": 2}, http_client=http) as client:
        answer = await client.chat.create(
            **SUM, headers=fault("error", code="UNAVAILABLE", headers={"retry-after": "0"}, times=2, id=client_id())
        )
        assert (answer.text, answer.meta.attempts) == (TEXT, 3)
        models = await client.models.list_language(headers=fault("reset", times=1, id=client_id()))
        assert models.meta.attempts == 2


def client_id() -> str:
    return f"fault-{time.monotonic_ns()}"


async def test_need_39_no_connection(http: Any, full: str) -> None:
    for url, timers, timer in (
        ("http://127.0.0.1:9", {}, None),
        ("https://127.0.0.1:9", {}, None),
        (full, {"connect": 0.2}, "connect"),
        (full, {"total": 0.2}, "total"),
    ):
        options: dict[str, Any] = {"base_url": url, "api_key": "k", "transport": "rest", "max_retries": 0}
        async with AsyncClient(**options) as ours, AsyncClient(**options, http_client=http) as client:
            expected = await told(ours, {}, timers, streamed=False)
            assert await told(client, {}, timers, streamed=False) == expected
            assert expected[1] == timer


async def test_need_39_not_tls(http: Any, server: Server) -> None:
    options: dict[str, Any] = {"base_url": server.url.replace("http:", "https:"), "api_key": "k", "max_retries": 0}
    async with AsyncClient(**options, transport="rest") as ours, AsyncClient(**options, http_client=http) as client:
        assert await told(client, {}, {}, streamed=False) == await told(ours, {}, {}, streamed=False)


async def test_need_39_its_pool_is_full(package: Any, options: dict[str, Any]) -> None:
    async with package.AsyncClient(limits=package.Limits(max_connections=1)) as http:
        client = AsyncClient(**options, http_client=http)
        async with client.chat.stream(**SLOW) as stream:
            await stream.__anext__()
            with pytest.raises(TimeoutError) as caught:
                await client.chat.create(**SUM, timeout=Timeout(pool=0.2))
            assert (caught.value.timer, caught.value.maybe_sent) == ("pool", False)
        assert (await client.chat.create(**SUM)).text == TEXT


async def test_need_39_broken_content(client: AsyncClient, options: dict[str, Any]) -> None:
    def content() -> Iterator[bytes]:
        yield b"abc"
        raise ZeroDivisionError("of the caller")

    with pytest.raises(ZeroDivisionError, match="of the caller"):
        await client.files.upload(content=content(), filename="a.bin")
    assert (await client.chat.create(**SUM)).text == TEXT


# -- what is the caller's


def noted(package: Any, seen: list[Any], **more: Any) -> Any:
    """A client whose base transport notes requests and answers them."""

    def answer(request: Any) -> Any:
        seen.append(request)
        message = {"role": "assistant", "content": "Hi"}
        return package.Response(200, json={"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    return package.AsyncClient(transport=package.MockTransport(answer), **more)


async def test_need_39_its_settings_hold(package: Any, options: dict[str, Any]) -> None:
    """Its base transport, headers, cookies and parameters; for what both set, the call's own value."""
    seen: list[Any] = []
    headers = {"x-own": "1", "user-agent": "mine", "authorization": "Bearer own", "x-both": "http"}
    http = noted(package, seen, headers=headers, cookies={"c": "1"}, timeout=7)
    client = AsyncClient(**options, http_client=http, headers={"x-both": "client"})
    assert (await client.chat.create(**SUM)).text == "Hi"
    sent = seen[0].headers
    assert (sent["x-own"], sent["cookie"], sent["x-both"]) == ("1", "c=1", "client")
    assert sent["authorization"] == f"Bearer {options['api_key']}"
    assert str(seen[0].url) == f"{options['base_url']}/v1/chat/completions"


async def test_need_39_timers_come_with_each_request(package: Any, options: dict[str, Any]) -> None:
    seen: list[Any] = []
    client = AsyncClient(**options, http_client=noted(package, seen, timeout=7))
    await client.chat.create(**SUM)
    await client.chat.create(**SUM, timeout=Timeout(connect=1, pool=2, first_event=3, idle=4, total=None))
    await client.chat.create(**SUM, timeout=None)
    first, second, third = (request.extensions["timeout"] for request in seen)
    assert first["connect"] == 10
    assert second["connect"] == 1
    assert second["pool"] == 2
    assert second["write"] == 3
    assert second["read"] == 4  # was `first_event` until the head had come
    assert third == {"connect": None, "pool": None, "read": None, "write": None}


async def test_need_39_its_proxy(package: Any, options: dict[str, Any]) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(Proxy(options["base_url"]))
        elsewhere = {**options, "base_url": "http://gateway.test", "allow_plaintext_hosts": ["gateway.test"]}
        async with package.AsyncClient(proxy=proxy.url) as http:
            client = AsyncClient(**elsewhere, http_client=http)
            assert (await client.chat.create(**SUM)).text == TEXT
            async with client.chat.stream(**SUM) as stream:
                assert "".join([text async for text in stream.text()]) == TEXT
    assert [line.split()[1] for line in proxy.seen] == ["http://gateway.test/v1/chat/completions"] * 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_need_39_redirects_are_not_followed(package: Any, options: dict[str, Any], status: int) -> None:
    """The key goes to nobody else, whatever the caller's client does of itself: to no other port, and no other path."""
    for place in ("http://elsewhere.test/v1/x", f"{options['base_url']}/v1/y", "//elsewhere.test"):
        seen: list[Any] = []

        def answer(request: Any, place: str = place, seen: list[Any] = seen) -> Any:
            seen.append(request)
            return package.Response(status, headers={"location": place})

        async with package.AsyncClient(transport=package.MockTransport(answer), follow_redirects=True) as http:
            client = AsyncClient(**options, http_client=http)
            for call in (
                lambda client=client: client.chat.create(**SUM),
                lambda client=client: client.chat.stream(**SUM).__anext__(),
                lambda client=client: client.models.list_language(),
                lambda client=client: client.files.upload(content=b"a", filename="a"),
                lambda client=client: client.files.content(file_id="f").read(),
            ):
                with pytest.raises(XaiError, match="redirects are not followed"):
                    await call()
            assert len(seen) == 5
            with pytest.raises(package.TooManyRedirects):  # the caller's own requests still are
                await http.get("http://a.test")


async def test_need_39_no_key_at_the_end_of_a_redirect(package: Any, options: dict[str, Any], server: Server) -> None:
    """The same over real connections."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        place = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/v1/chat/completions"
        away = fault("error", http=307, headers={"location": place})
        async with package.AsyncClient(follow_redirects=True) as http:
            client = AsyncClient(**options, http_client=http)
            for call in (client.chat.create, lambda **settings: client.chat.stream(**settings).__anext__()):
                with pytest.raises(XaiError, match="redirects are not followed") as caught:
                    await call(**SUM, headers=away)
                assert place in str(caught.value)
        assert not select.select([elsewhere], [], [], 0)[0]  # nobody has come
    assert len(server.calls(options["api_key"])) == 2


async def test_need_39_a_closed_one(package: Any, options: dict[str, Any]) -> None:
    http = package.AsyncClient()
    await http.aclose()
    client = AsyncClient(**options, http_client=http)
    with pytest.raises(UsageError, match="http_client: is closed"):
        await client.chat.create(**SUM)


async def test_need_39_other_errors_stay(package: Any, options: dict[str, Any]) -> None:
    """What the caller's own transport raises of itself is nobody else's."""

    def answer(request: Any) -> Any:
        raise ZeroDivisionError

    http = package.AsyncClient(transport=package.MockTransport(answer))
    with pytest.raises(ZeroDivisionError):
        await AsyncClient(**options, http_client=http).chat.create(**SUM)


async def test_need_39_views_and_copies_share_it(client: AsyncClient, http: Any) -> None:
    for other in (client.with_options(max_retries=1), copy.copy(client), copy.deepcopy(client)):
        assert (await other.chat.create(**SUM)).text == TEXT
    with pytest.raises(UsageError, match="http_client: cannot be pickled"):
        pickle.dumps(client)
