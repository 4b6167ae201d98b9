"""xai-sdk with what the service keeps: each sees what the other made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import xai_dual
from xai_dual import AsyncClient
from xai_dual.emulator import Server
from xai_dual.types.batches import BatchRequest
from xai_dual.types.chat import ChatCompletion, ChatRequest

xai_sdk = pytest.importorskip("xai_sdk", reason="a development dependency")
theirs = pytest.importorskip("xai_sdk.chat")

pytestmark = pytest.mark.anyio

DATA = bytes(range(256)) * 5000
STATUS = {1: "done", 2: "expired", 3: "pending", 4: "failed"}
VIDEO, IMAGE = "grok-imagine-video", "grok-imagine-image"
FAST = timedelta(milliseconds=10)


@pytest.fixture
async def peer(server: Server) -> AsyncIterator[Any]:
    # Its management channel has no setting for plain text, but takes it to be right for this name.
    host = server.target.replace("127.0.0.1", "localhost")
    async with xai_sdk.AsyncClient(
        api_key=server.api_key,
        management_api_key=server.management_key,
        api_host=host,
        management_api_host=host,
    ) as peer:
        yield peer


def file_of(own: Any) -> dict[str, Any]:
    """A file as xai-sdk shows it."""
    return {
        "id": own.id,
        "filename": own.filename,
        "size": own.bytes,
        "created": own.created_at,
        "expires": own.expires_at,
        "url": own.public_url,
    }


def file_seen(file: Any) -> dict[str, Any]:
    return {
        "id": file.id,
        "filename": file.filename,
        "size": file.size,
        "created": file.created_at.seconds,
        "expires": file.expires_at.seconds if file.HasField("expires_at") else None,
        "url": file.public_url if file.HasField("public_url") else None,
    }


async def test_files(client: AsyncClient, peer: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(DATA)
    mine = await client.files.upload(content=path, expires_after=3600)
    other = await peer.files.upload(str(path), expires_after=timedelta(hours=1))
    assert file_seen(await peer.files.get(mine.id)) == file_of(mine)
    assert file_of(await client.files.get(file_id=other.id)) == file_seen(other)
    assert await peer.files.content(mine.id) == DATA
    assert await client.files.content(file_id=other.id).read() == DATA
    link = await client.files.create_public_url(file_id=mine.id)
    assert (await peer.files.create_public_url(mine.id)).public_url == link.public_url
    listed = await peer.files.list(order="asc", sort_by="created_at", filter='name = "a.png"')
    own = await client.files.list(order="asc", sort_by="created_at", filter='name = "a.png"').first_page()
    assert [file_of(item) for item in own] == [file_seen(item) for item in listed.data]
    assert (await client.files.delete(file_id=other.id)).deleted
    assert (await peer.files.delete(mine.id)).deleted


def counts(state: Any) -> list[int]:
    return [state.num_requests, state.num_pending, state.num_success, state.num_error, state.num_cancelled]


async def test_batches(client: AsyncClient, peer: Any) -> None:
    mine, other = await client.batches.create(name="b"), await peer.batch.create("b")
    for city in ("Oslo", "Rome"):
        request = ChatRequest(model="grok-3", messages=f"Say {city}", n=1)
        await client.batches.add_requests(
            batch_id=mine.batch_id, batch_requests=[BatchRequest(request=request, batch_request_id=city)]
        )
        chat = peer.chat.create(model="grok-3", batch_request_id=city, messages=[theirs.user(f"Say {city}")])
        await peer.batch.add(other.batch_id, [chat])
    bad = ChatRequest(model="nope", messages="x")
    await client.batches.add_requests(
        batch_id=mine.batch_id, batch_requests=[BatchRequest(request=bad, batch_request_id="bad")]
    )
    await peer.batch.add(
        other.batch_id, [peer.chat.create(model="nope", batch_request_id="bad", messages=[theirs.user("x")])]
    )
    found = []
    for batch in (mine.batch_id, other.batch_id):
        done = await client.batches.wait(batch_id=batch, interval=0.005)
        assert counts((await peer.batch.get(batch)).state) == counts(done.state) == [3, 0, 2, 1, 0]
        results = {item.batch_request_id: item async for item in client.batches.list_results(batch_id=batch)}
        page = await peer.batch.list_batch_results(batch)
        for item in page.succeeded:
            answer = results[item.batch_request_id].response
            assert isinstance(answer, ChatCompletion)
            assert answer.usage is not None
            assert (answer.id, answer.text) == (item.response.id, item.response.content)
            assert answer.usage.total_tokens == item.response.usage.total_tokens
        (failed,) = page.failed
        error = results[failed.batch_request_id].error
        assert error is not None
        assert error.message == failed.error_message
        found.append({name: item.response.text if item.response else None for name, item in results.items()})  # type: ignore[union-attr]
        listed = await peer.batch.list_batch_requests(batch)
        own = [item async for item in client.batches.list_requests(batch_id=batch)]
        assert [(i.batch_request_id, i.model, i.endpoint) for i in own] == [
            (i.batch_request_id, i.model, i.endpoint) for i in listed.batch_request_metadata
        ]
    assert found[0] == found[1] == {"Oslo": "Oslo", "Rome": "Rome", "bad": None}


async def test_collections(client: AsyncClient, peer: Any) -> None:
    sizes = {"max_chunk_size_chars": 40, "chunk_overlap_chars": 5}
    mine = await client.collections.create(
        collection_name="docs", chunk_configuration={"chars_configuration": sizes, "strip_whitespace": True}
    )
    other = await peer.collections.create(
        "docs", chunk_configuration={"chars_configuration": sizes, "strip_whitespace": True}
    )
    for name in (mine.collection_id, other.collection_id):
        seen, own = await peer.collections.get(name), await client.collections.get(collection_id=name)
        chunks = own.chunk_configuration
        assert own.created_at is not None
        assert chunks is not None
        assert chunks.chars_configuration is not None
        assert own.created_at.timestamp() == pytest.approx(seen.created_at.seconds + seen.created_at.nanos / 1e9)
        assert chunks.chars_configuration.max_chunk_size_chars == (
            seen.chunk_configuration.chars_configuration.max_chunk_size_chars
        )
        document = await peer.collections.upload_document(
            name, "cats.txt", b"Cats sleep all day and hunt at night.", wait_for_indexing=True, poll_interval=FAST
        )
        file = document.file_metadata.file_id
        found = await client.collections.documents.get(collection_id=name, file_id=file)
        assert found.status == "DOCUMENT_STATUS_PROCESSED"
        assert found.file_metadata is not None
        assert (found.file_metadata.name, found.file_metadata.hash) == ("cats.txt", document.file_metadata.hash)
        question = "Where do cats sleep?"
        matches = (await peer.collections.search(question, [name], limit=3)).matches
        answer = await client.documents.search(query=question, source={"collection_ids": [name]}, limit=3)
        assert [(m.chunk_id, m.chunk_content, m.file_id) for m in answer.matches] == [
            (m.chunk_id, m.chunk_content, m.file_id) for m in matches
        ]
        assert [m.score for m in answer.matches] == pytest.approx([m.score for m in matches])
        await client.collections.documents.remove(collection_id=name, file_id=file)
        assert not (await peer.collections.list_documents(name)).documents
        await peer.collections.delete(name)


async def test_videos(client: AsyncClient, peer: Any) -> None:
    made = await peer.video.generate("A cat", VIDEO, duration=5, aspect_ratio="1:1", resolution="720p", interval=FAST)
    job = await client.videos.generate(model=VIDEO, prompt="A cat", duration=5, aspect_ratio="1:1", resolution="720p")
    video = await client.videos.wait(request_id=job.request_id, interval=0.005)
    assert video.video is not None
    assert video.usage is not None
    assert (video.video.url, video.video.duration, video.model) == (made.url, made.duration, made.model)
    assert video.video.respect_moderation == made.respect_moderation
    assert video.usage.cost_usd == pytest.approx(made.cost_usd)
    started = await peer.video.start("A dog", VIDEO)
    for _ in range(2):
        seen = await client.videos.get(request_id=started.request_id)
    again = await peer.video.get(started.request_id)
    assert seen.status == STATUS[again.status] == "done"


async def test_failed_videos(client: AsyncClient, peer: Any) -> None:
    from xai_sdk.video import VideoGenerationError  # type: ignore[import-untyped]

    with pytest.raises(VideoGenerationError) as theirs_:
        await peer.video.generate("fail: service_unavailable", VIDEO, interval=FAST)
    job = await client.videos.generate(model=VIDEO, prompt="fail: service_unavailable")
    with pytest.raises(xai_dual.JobFailed) as caught:
        await client.videos.wait(request_id=job.request_id, interval=0.005)
    error = caught.value.result.error
    assert (error.code, error.message) == (theirs_.value.code, theirs_.value.message)


async def test_image_edits(client: AsyncClient, peer: Any) -> None:
    urls = ["https://example.com/a.png", "https://example.com/b.png"]
    made = await peer.image.sample("Join them", model=IMAGE, image_urls=urls, image_format="url")
    own = await client.images.edit(model=IMAGE, prompt="Join them", images=[{"url": url} for url in urls], n=1)
    assert own.usage is not None
    assert own.usage.cost_usd == pytest.approx(made.cost_usd)
    assert own.data[0].url is not None
    assert own.data[0].url.rpartition("/")[0] == made.url.rpartition("/")[0]


async def test_deferred(client: AsyncClient, peer: Any) -> None:
    chat = peer.chat.create(model="grok-4", messages=[theirs.user("What is 101*3?")])
    answer = await chat.defer(interval=FAST)
    job = await client.chat.defer(model="grok-4", messages="What is 101*3?", n=1)
    own = (await client.chat.wait(request_id=job.request_id, interval=0.005)).response
    assert own is not None
    assert own.usage is not None
    assert (own.id, own.text, own.reasoning) == (answer.id, answer.content, answer.reasoning_content)
    assert own.usage.total_tokens == answer.usage.total_tokens


async def test_stored(client: AsyncClient, peer: Any, transport: str) -> None:
    chat = peer.chat.create(model="grok-4", messages=[theirs.user("Say stored")], store_messages=True)
    answer = await chat.sample()
    own = await client.chat.retrieve(response_id=answer.id)
    again = await peer.chat.get_stored_completion(answer.id)
    assert (own.id, own.text) == (again[0].id, again[0].content)
    # xai-sdk always says how many choices it wants, and ids are made out of requests
    count = {"n": 1} if transport == "grpc" else {}
    following = await client.chat.create(model="grok-4", messages="Hello", previous_response_id=answer.id, **count)
    later = peer.chat.create(model="grok-4", messages=[theirs.user("Hello")], previous_response_id=answer.id)
    seen = await later.sample()
    assert following.usage is not None
    assert following.text == seen.content
    assert (following.id == seen.id) == (transport == "grpc")
    assert following.usage.prompt_tokens == seen.usage.prompt_tokens
    assert (await client.chat.delete(response_id=answer.id)).id == answer.id
    with pytest.raises(pytest.importorskip("grpc").RpcError):
        await peer.chat.get_stored_completion(answer.id)


async def test_compacted(client: AsyncClient, peer: Any) -> None:
    chat = peer.chat.create(model="grok-4", messages=[theirs.user("word " * 200)])
    made = await chat.compact()
    own = await client.chat.compact(model="grok-4", input=[xai_dual.user("word " * 200)])
    assert own.dropped_message_count == made.dropped_message_count
    assert own.encrypted_content == made.encrypted_content
    assert own.usage is not None
    assert own.usage.total_tokens == made.usage.total_tokens
