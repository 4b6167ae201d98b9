"""Long lists: every one of them, cut into pages of any size. An emulator of their own keeps them as they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from xai_dual import AsyncClient, AsyncPager, InvalidRequestError, NotFoundError, Page
from xai_dual.emulator import Server, serve

from ..case import method
from ..facts import dead, facts, options
from ..given import SKILL, TEAM, chat

pytestmark = pytest.mark.anyio

Found = dict[str, Any]
LISTS: dict[str, tuple[str, str, Callable[[Found], dict[str, Any]]]] = {
    "files.list": ("limit", "id", lambda made: {"order": "asc"}),
    "batches.list": ("limit", "batch_id", lambda made: {}),
    "batches.list_requests": ("limit", "batch_request_id", lambda made: {"batch_id": made["batch"]}),
    "batches.list_results": ("limit", "batch_request_id", lambda made: {"batch_id": made["batch"]}),
    "collections.list": ("limit", "collection_id", lambda made: {"sort_by": "COLLECTIONS_SORT_BY_AGE"}),
    "collections.documents.list": (
        "limit",
        "file_metadata.file_id",
        lambda made: {"collection_id": made["collection"], "sort_by": "DOCUMENTS_SORT_BY_AGE"},
    ),
    "management.api_keys.list": (
        "page_size",
        "api_key_id",
        lambda made: {"team_id": TEAM, "acl_filters": ["api-key:endpoint:chat"]},
    ),
    "management.audit.list": (
        "page_size",
        "event_id",
        lambda made: {"team_id": TEAM, "event_filter_query": made["last key"]},
    ),
    "skills.list": ("limit", "id", lambda made: {}),
    "voice.voices.list": ("limit", "voice_id", lambda made: {}),
    "responses.input_items": ("limit", "content", lambda made: {"response_id": made["response"]}),
}
COUNT = {"management.audit.list": 4, "batches.list": 6}
ONE_WIRE = ("management", "skills", "voice", "responses")


@pytest.fixture(scope="module")
def own() -> Any:
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
async def made(own: Server, anyio_backend: str) -> AsyncIterator[Found]:
    """Five of everything."""
    async with AsyncClient(**options(own, "rest")) as client:
        numbers = range(5)
        files = [await client.files.upload(content=(f"{i}.txt", b"text " * i)) for i in numbers]
        batches = [await client.batches.create(name=f"batch {i}") for i in range(6)]
        requests = [{"batch_request_id": f"r{i}", "batch_request": chat(f"Say {i}")} for i in numbers]
        batch = batches[0].batch_id
        await client.batches.add_requests(batch_id=batch, batch_requests=requests, headers={"x-emulator-polls": "0"})
        await client.batches.wait(batch_id=batch, interval=0.01)
        collections = [await client.collections.create(collection_name=f"c{i}") for i in numbers]
        collection = collections[0].collection_id
        for file in files:  # ready at once: each look at one that is not brings it nearer
            await client.collections.documents.add(
                collection_id=collection, file_id=file.id, headers={"x-emulator-polls": "0"}
            )
        keys = [
            await client.management.api_keys.create(team_id=TEAM, name=f"k{i}", acls=["api-key:endpoint:chat"])
            for i in numbers
        ]
        last = str(keys[-1].api_key_id)
        for i in range(3):
            await client.management.api_keys.update(api_key_id=last, api_key={"name": f"k{i}"}, field_mask="name")
        for _ in numbers:
            await client.skills.upload(content=SKILL)
            await client.voice.voices.create(content=b"RIFF")
        response = await client.responses.create(
            model="grok-3", input=[{"role": "user", "content": f"Message {i}"} for i in numbers]
        )
        yield {"batch": batch, "collection": collection, "last key": last, "response": response.id}


def name_of(item: Any, path: str) -> Any:
    for part in path.split("."):
        item = getattr(item, part)
    return str(item)


def wires(op: str) -> tuple[str, ...]:
    return ("rest",) if op.partition(".")[0] in ONE_WIRE else ("grpc", "rest")


@pytest.mark.parametrize(("op", "wire"), [(op, wire) for op in LISTS for wire in wires(op)])
async def test_pages(own: Server, made: Found, op: str, wire: str) -> None:
    size, name, arguments = LISTS[op]
    count = COUNT.get(op, 5)
    async with AsyncClient(**options(own, wire)) as client:
        call = method(client, op)
        everything = call(**arguments(made))
        assert isinstance(everything, AsyncPager)
        names = [name_of(item, name) async for item in everything]
        assert len(set(names)) == len(names) == count
        assert [name_of(item, name) async for item in everything] == names, "a pager begins anew"
        for limit in (1, 2, count, count + 1):
            pages = [page async for page in call(**arguments(made), **{size: limit}).pages()]
            full, rest = divmod(count, limit)
            assert [len(page) for page in pages] == [limit] * full + [rest] * bool(rest)
            assert [name_of(item, name) for page in pages for item in page] == names
            assert [page.next_token is None for page in pages] == [False] * (len(pages) - 1) + [True]
            for page in pages:
                assert type(page) is Page
                assert page.meta is not None
                assert page.meta.transport == wire
            assert len({page.meta.request_id for page in pages if page.meta}) == len(pages)
        first = await call(**arguments(made), **{size: 2}).first_page()
        assert [name_of(item, name) for item in first] == names[:2]
        argument = next(a for a in ("pagination_token", "page_token", "after") if takes(call, a, first))
        later = call(**arguments(made), **{size: 2, argument: first.next_token})
        assert [name_of(item, name) async for item in later] == names[2:]


def takes(call: Any, argument: str, page: Page[Any]) -> bool:
    try:
        call(**{argument: page.next_token, "team_id": "", "batch_id": "", "collection_id": "", "response_id": ""})
    except TypeError as error:
        return f"'{argument}'" not in str(error)
    return True


@pytest.mark.parametrize("op", [op for op in LISTS if len(wires(op)) == 2])
async def test_same_pages(own: Server, made: Found, op: str) -> None:
    size, _, arguments = LISTS[op]
    found = []
    for wire in wires(op):
        async with AsyncClient(**options(own, wire)) as client:
            pager = method(client, op)(**arguments(made), **{size: 2})
            pages = [page async for page in pager.pages()]
            found.append([([facts(item, wire) for item in page], page.next_token) for page in pages])
    assert found[0] == found[1]


EMPTY: dict[str, dict[str, Any]] = {
    "files.list": {"filter": 'name = "nothing"'},
    "collections.list": {"filter": 'collection_id = "nothing"'},
    "management.audit.list": {"team_id": TEAM, "event_filter_query": "nothing"},
    "management.api_keys.list": {"team_id": TEAM, "acl_filters": ["nothing"]},
}


@pytest.mark.parametrize(("op", "wire"), [(op, wire) for op in EMPTY for wire in wires(op)])
async def test_empty(own: Server, op: str, wire: str) -> None:
    async with AsyncClient(**options(own, wire)) as client:
        pager = method(client, op)(**EMPTY[op])
        assert [item async for item in pager] == []
        pages = [page async for page in pager.pages()]
        assert [(list(page), page.next_token) for page in pages] == [([], None)]
        assert await pager.first_page() == []


async def test_errors(client: AsyncClient, transport: str) -> None:
    with pytest.raises(InvalidRequestError, match="limit must be between"):
        await client.files.list(limit=1000).first_page()
    with pytest.raises(InvalidRequestError, match="token"):
        async for _ in client.files.list(pagination_token="nonsense"):
            pass
    with pytest.raises(NotFoundError):
        async for _ in client.batches.list_results(batch_id="nope"):
            pass


async def test_nothing_is_sent_before_it_is_iterated(transport: str) -> None:
    async with AsyncClient(**dead(transport)) as client:
        pager = client.files.list()
        assert repr(pager) == f"{type(pager).__name__}(files.list)"
        client.batches.list_results(batch_id="x").pages()
