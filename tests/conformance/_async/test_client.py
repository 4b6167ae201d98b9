"""Clients and what they return: settings, views, copies, times, lists."""

from __future__ import annotations

import copy
import pickle
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from xai_dual import AsyncClient, AuthenticationError, Listing, Timeout, TimeoutError, XaiError
from xai_dual.emulator import Server

from ..facts import options
from ..table import ANSWERS, CASES, Case, each, method
from .begin import begin, carry_out, prepare

pytestmark = pytest.mark.anyio

SECRET = "xai-secret-key-0123456789"
HI: dict[str, Any] = {"model": "grok-3", "messages": "Hi"}
PLAIN = ("NoneType", "bytes")
WRONG: dict[str, str] = {"authorization": "Bearer wrong-key"}


async def test_headers_of_a_call(client: AsyncClient) -> None:
    with pytest.raises(AuthenticationError, match=r"wr\*\*\*ey"):
        await client.chat.create(**HI, headers=WRONG)
    with pytest.raises(AuthenticationError, match=r"wr\*\*\*ey"):
        await client.chat.stream(**HI, headers=WRONG).__aenter__()
    assert (await client.chat.create(**HI)).text


async def test_headers_of_a_view(server: Server, transport: str) -> None:
    async with AsyncClient(**options(server, transport)) as client:
        view = client.with_options(headers=WRONG)
        assert type(view) is AsyncClient
        with pytest.raises(AuthenticationError):
            await view.auth.get_api_key()
        right = {"authorization": f"Bearer {server.api_key}"}
        assert (await view.auth.get_api_key(headers=right)).name
        await view.aclose()
        assert (await client.auth.get_api_key()).name
        with pytest.raises(AuthenticationError):
            await view.with_options(timeout=9).auth.get_api_key()


async def test_headers_of_a_client(server: Server, transport: str) -> None:
    settings = options(server, transport, headers={"X-Emulator-Delay-Ms": "30"})
    async with AsyncClient(**settings) as client:
        for headers, slow in ((None, True), ({"x-emulator-delay-ms": "0"}, False)):
            start = time.monotonic()
            async for _ in client.chat.stream(model="grok-3", messages="Say a b c d e f g h", headers=headers):
                pass
            assert (time.monotonic() - start > 0.25) == slow


async def test_client_request_id(client: AsyncClient) -> None:
    answers = [await client.auth.get_api_key() for _ in range(2)]
    own = await client.auth.get_api_key(headers={"X-Client-Request-Id": "mine"})
    ids = {answer.meta.client_request_id for answer in answers if answer.meta}
    assert len(ids) == 2
    assert own.meta is not None
    assert own.meta.client_request_id == "mine"


@pytest.mark.parametrize("where", ["call", "view", "client", "timer"])
async def test_timeouts(silent: str, transport: str, where: str) -> None:
    settings: dict[str, Any] = {"api_key": "k", "base_url": silent, "transport": transport, "max_retries": 0}
    if where == "client":
        settings["timeout"] = 0.3
    async with AsyncClient(**settings) as client:
        timer = "connect" if transport == "grpc" else "first_event"
        short: Timeout | float = Timeout(**{timer: 0.3}) if where == "timer" else 0.3
        own = {"timeout": short} if where in ("call", "timer") else {}
        used = client.with_options(timeout=0.3) if where == "view" else client
        for op in ("chat.create", "chat.stream"):
            start = time.monotonic()
            with pytest.raises(TimeoutError) as caught:
                await begin(used, op, {**HI, **own})
            assert 0.25 < time.monotonic() - start < 2
            assert isinstance(caught.value, XaiError)
            if where == "timer":
                assert caught.value.timer == timer
            else:
                assert caught.value.timer in ("total", "connect")


@pytest.mark.parametrize("timeout", [None, 20, 20.5, Timeout(total=None), Timeout(idle=5)], ids=str)
async def test_generous_timeouts(client: AsyncClient, timeout: Any) -> None:
    assert (await client.chat.create(**HI, timeout=timeout)).text
    assert [chunk async for chunk in client.chat.stream(**HI, timeout=timeout)]


async def test_times(client: AsyncClient) -> None:
    key = await client.auth.get_api_key()
    model = await client.models.get_language(model="grok-4")
    answer = await client.chat.create(**HI)
    assert key.create_time == datetime(2024, 1, 1, 12, 55, 18, 139305, timezone.utc)
    assert key.modify_time is not None
    assert key.modify_time.utcoffset() == timedelta(0)
    assert type(model.created) is int
    assert type(answer.created) is int


async def test_listings(client: AsyncClient, transport: str) -> None:
    for name in ("list_language", "list_embedding", "list_image_generation"):
        found: Any = await getattr(client.models, name)()
        assert isinstance(found, Listing)
        assert isinstance(found, list)
        assert found.meta is not None
        assert found.meta.transport == transport
        assert all(item.meta is None for item in found)
        one = await getattr(client.models, name.replace("list", "get"))(model=found[0].id)
        assert one == found[0]
        assert one.meta is not None
        twin = pickle.loads(pickle.dumps(found))
        assert (twin, twin.meta) == (found, found.meta)
        assert type(copy.deepcopy(found)) is Listing


@pytest.mark.parametrize(("transport", "case"), each(case for case in CASES if ANSWERS[case.op] not in PLAIN))
async def test_results_are_plain_values(clients: dict[str, AsyncClient], transport: str, case: Case) -> None:
    arguments = await prepare(clients["auto"], case, {})
    if case.streams:
        stream = method(clients[transport], case.op)(**arguments)
        async for _ in stream:
            pass
        result = stream.response
    else:
        result, _ = await carry_out(clients[transport], case, arguments)
    for twin in (copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert twin is not result
        assert type(twin) is type(result)
        assert twin == result
        assert twin.meta == result.meta
    assert repr(result)


async def test_a_copy_is_of_its_own(client: AsyncClient) -> None:
    answer = await client.chat.create(**HI)
    twin = copy.deepcopy(answer)
    twin.choices[0].message.content = "other"
    assert answer.text != "other"
    assert twin != answer


async def test_secrets_stay_inside(server: Server, transport: str) -> None:
    client = AsyncClient(
        **{**options(server, transport), "api_key": SECRET, "management_key": SECRET}, headers={"x-secret": SECRET}
    )
    for text in (repr(client), str(client), repr(client.with_options(timeout=1)), repr(client.chat)):
        assert SECRET not in text
    assert server.url in repr(client)
    assert transport in repr(client)
    with pytest.raises(AuthenticationError) as caught:
        await client.auth.get_api_key()
    for text in (repr(caught.value), str(caught.value), str(vars(caught.value)), repr(caught.value.meta)):
        assert SECRET not in text
    await client.aclose()


async def test_pickled_clients(server: Server, transport: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with AsyncClient(**options(server, transport, timeout=7, max_retries=1)) as client:
        await client.auth.get_api_key()
        for kind in (client, client.with_options(headers={"x-a": "b", "Authorization": f"Bearer {server.api_key}"})):
            data = pickle.dumps(kind)
            assert server.api_key.encode() not in data
            monkeypatch.setenv("XAI_API_KEY", server.api_key)
            async with pickle.loads(data) as twin:
                assert repr(twin) == repr(client)
                assert (await twin.chat.create(**HI)).meta.transport == transport
            monkeypatch.delenv("XAI_API_KEY")


async def test_callable_keys(server: Server, transport: str) -> None:
    keys = iter(["wrong-key", server.api_key])
    async with AsyncClient(**{**options(server, transport), "api_key": lambda: next(keys)}) as client:
        with pytest.raises(AuthenticationError):
            await client.auth.get_api_key()
        assert (await client.auth.get_api_key()).name


async def test_open_again(server: Server, transport: str) -> None:
    client = AsyncClient(**options(server, transport))
    for _ in range(2):
        assert (await client.auth.get_api_key()).name
        await client.aclose()
        await client.aclose()
