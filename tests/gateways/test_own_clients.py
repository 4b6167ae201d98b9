"""HTTP clients of callers that cannot serve: of a wrong kind, of another event loop, of another process."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from xai_dual import AsyncClient, Client, UsageError

from .kit import TEXT

SUM: dict[str, Any] = {"model": "grok-4", "messages": "What is 101*3?"}


class Half:
    """Has not all that is needed."""

    def send(self) -> None: ...


def test_need_39_a_wrong_kind(package: Any, options: dict[str, Any]) -> None:
    for wrong in (package.Client(), package.Client, package.AsyncClient, Half(), Half, "http", 1, package):
        with pytest.raises(UsageError, match=r"http_client: must be of the kind of httpx\.AsyncClient"):
            AsyncClient(**options, http_client=wrong)
    for wrong in (package.AsyncClient(), package.Client, package.AsyncClient, Half(), Half, "http", 1, package):
        with pytest.raises(UsageError, match=r"http_client: must be of the kind of httpx\.Client"):
            Client(**options, http_client=wrong)


@pytest.mark.parametrize("shared", [True, False], ids=["one client", "a client each"])
def test_need_39_a_second_event_loop(package: Any, options: dict[str, Any], shared: bool) -> None:
    http = package.AsyncClient()
    one = AsyncClient(**options, http_client=http)
    two = one if shared else AsyncClient(**options, http_client=http)

    async def ask(client: AsyncClient) -> str:
        return (await client.chat.create(**SUM)).text

    async def again() -> None:
        async with two.chat.stream(**SUM):
            pass

    loop = asyncio.new_event_loop()
    try:
        assert loop.run_until_complete(ask(one)) == TEXT
        for call in (ask(two), again()):
            with pytest.raises(UsageError, match="http_client: belongs to the event loop that used it first"):
                asyncio.run(call)
        assert loop.run_until_complete(ask(one)) == TEXT  # unharmed
        loop.run_until_complete(http.aclose())
    finally:
        loop.close()


def test_need_39_our_own_pools_serve_each_loop(options: dict[str, Any]) -> None:
    client = AsyncClient(**options)

    async def ask() -> str:
        async with client:
            return (await client.chat.create(**SUM)).text

    assert [asyncio.run(ask()) for _ in range(2)] == [TEXT, TEXT]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_need_39_a_forked_process(package: Any, options: dict[str, Any]) -> None:
    """The child's socket would be the parent's: answers would go to the wrong one of the two."""
    with package.Client() as http:
        client = Client(**options, http_client=http)
        assert client.chat.create(**SUM).text == TEXT
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                client.chat.create(**SUM)
            except UsageError as error:
                os.write(writer, str(error).encode())
            finally:
                os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        with os.fdopen(reader, "rb") as pipe:
            assert pipe.read().startswith(b"http_client: was used before this process was forked")
        assert client.chat.create(**SUM).text == TEXT
