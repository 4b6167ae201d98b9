"""Lists that come in pages, over both wires."""

from __future__ import annotations

from typing import Any

import pytest

from xai_dual import AsyncClient, AsyncPager, Page, errors

from .. import codecs as api
from ..wires import Wires

pytestmark = pytest.mark.anyio

THREE = {"": ([1, 2], "b"), "b": ([], "c"), "c": ([3], None)}


def begin(client: AsyncClient, script: dict[str, Any], **options: Any) -> AsyncPager[int]:
    request = api.ListRequest(script, more=options.pop("more", {}))
    return client._caller.pages(api.PAGES, request, api.CallOptions(**options))


async def test_items(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        pager = begin(client, THREE)
        assert not wires.seen
        assert [item async for item in pager] == [1, 2, 3]
        assert [seen.request["token"] for seen in wires.seen] == [None, "b", "c"]
        assert [item async for item in pager] == [1, 2, 3]
        assert repr(pager) == f"{type(pager).__name__}(test.pages)"


async def test_pages(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        pages = [page async for page in begin(client, THREE).pages()]
        assert pages == [[1, 2], [], [3]]
        assert [page.next_token for page in pages] == ["b", "c", None]
        metas = [page.meta for page in pages]
        assert all(meta is not None and meta.transport == transport for meta in metas)
        assert len({id(meta) for meta in metas}) == 3


async def test_first_page(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        page = await begin(client, THREE).first_page()
        assert type(page) is Page
        assert (page, page.next_token) == ([1, 2], "b")
        assert page.meta is not None
        assert page.meta.request_id == "req-1"
        assert await begin(client, {"": ([], "")}).first_page() == []
    assert len(wires.seen) == 2


async def test_pages_are_fetched_when_needed(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        async for item in begin(client, THREE):
            if item == 2:
                break
    assert len(wires.seen) == 1


@pytest.mark.parametrize(
    "script",
    [
        {"": ([1], "b"), "b": ([2], "b")},
        {"": ([1], "b"), "b": ([2], "c"), "c": ([], "b")},
    ],
)
async def test_lists_without_end(wires: Wires, transport: str, script: dict[str, Any]) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        items: list[int] = []

        def note(item: int) -> int:
            items.append(item)
            return item

        with pytest.raises(errors.XaiError, match=r"'b'.*no end") as caught:
            [note(item) async for item in begin(client, script)]
        assert items == [1, 2]
        assert caught.value.meta is not None
    assert len(wires.seen) == len(script)


async def test_the_token_of_the_request_counts(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        request = api.ListRequest({"b": ([1], "b")}, token="b")
        with pytest.raises(errors.XaiError, match="no end"):
            [item async for item in client._caller.pages(api.PAGES, request, api.CallOptions())]
    assert len(wires.seen) == 1


async def test_each_page_is_a_call(wires: Wires, transport: str) -> None:
    busy = {"code": "resource_exhausted", "headers": {"retry-after": "0.01"}}
    async with AsyncClient(**wires.options(transport)) as client:
        assert [item async for item in begin(client, THREE, more={"errors": [busy]}, max_retries=1)] == [1, 2, 3]
        assert len(wires.seen) == 6
        assert len({seen.headers["x-client-request-id"] for seen in wires.seen}) == 3
        with pytest.raises(errors.NotFoundError):
            [item async for item in begin(client, THREE, more={"errors": [{"code": "not_found"}]})]
        assert [item async for item in begin(client, THREE, more={"delay": 0.2}, timeout=0.5)] == [1, 2, 3]
