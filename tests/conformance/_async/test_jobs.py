"""Work that takes its time: batches, videos, images, deferred chat, documents."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest

from xai_dual import AsyncClient, JobFailed, NotFoundError, TimeoutError, UsageError, XaiError
from xai_dual.types.batches import Batch, BatchError, BatchRequest
from xai_dual.types.chat import ChatCompletion, ChatRequest
from xai_dual.types.images import ImageRequest, ImageResponse
from xai_dual.types.videos import Video

from ..facts import dead
from ..given import CHUNKS, IMAGE, NOTES, VIDEO

pytestmark = pytest.mark.anyio

FAST: dict[str, Any] = {"interval": 0.005}


def polls(number: int) -> dict[str, str]:
    return {"x-emulator-polls": str(number)}


async def test_batch(client: AsyncClient, transport: str) -> None:
    batch = await client.batches.create(name="mine", headers=polls(2))
    requests = [
        BatchRequest(
            batch_request_id=f"r{number}",
            request=ChatRequest(model="grok-3", messages=[{"role": "user", "content": f"Say {number}"}]),
        )
        for number in range(6)
    ]
    await client.batches.add_requests(batch_id=batch.batch_id, batch_requests=requests)
    await client.batches.add_requests(
        batch_id=batch.batch_id,
        batch_requests=[
            BatchRequest(request=ImageRequest(model=IMAGE, prompt="a cat"), batch_request_id="picture"),
            BatchRequest(request=ChatRequest(model="nope", messages="Hi"), batch_request_id="lost"),
        ],
        headers=polls(2),
    )
    seen: list[Batch] = []
    done = await client.batches.wait(batch_id=batch.batch_id, on_progress=seen.append, **FAST)
    assert [item.state.num_pending for item in seen] == [6, 3, 0]
    assert done is seen[-1]
    assert (done.state.num_success, done.state.num_error, done.state.num_cancelled) == (7, 1, 0)
    results = {item.batch_request_id: item async for item in client.batches.list_results(batch_id=done.batch_id)}
    for number in range(6):
        answer = results[f"r{number}"].response
        assert isinstance(answer, ChatCompletion)
        assert answer.text == str(number)
        assert answer.usage is not None
    assert isinstance(results["picture"].response, ImageResponse)
    failed = results["lost"]
    assert failed.response is None
    assert type(failed.error) is BatchError
    assert (failed.error.code, "nope" in failed.error.message) == (5, True)
    if transport == "grpc":
        one = await client.batches.get_result(batch_id=done.batch_id, batch_request_id="r3")
        assert one.result == results["r3"]
        assert one.request is not None
        assert isinstance(one.request.request, ChatRequest)
        with pytest.raises(NotFoundError):
            await client.batches.get_result(batch_id=done.batch_id, batch_request_id="r9")
        pager = client.batches.list_requests(batch_id=done.batch_id, status=["failed"])
        assert [item.batch_request_id async for item in pager] == ["lost"]
    with pytest.raises(XaiError, match="not unique"):
        await client.batches.add_requests(batch_id=batch.batch_id, batch_requests=requests[:1])


async def test_batch_of_a_file(client: AsyncClient) -> None:
    lines = b"\n".join(
        b'{"custom_id": "%d", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "grok-3", '
        b'"messages": [{"role": "user", "content": "Say %d"}]}}' % (number, number)
        for number in range(3)
    )
    file = await client.files.upload(content=("lines.jsonl", lines))
    batch = await client.batches.create(name="file", input_file_id=file.id)
    await client.batches.wait(batch_id=batch.batch_id, **FAST)
    found = [item async for item in client.batches.list_results(batch_id=batch.batch_id)]
    texts = [item.response.text for item in found if isinstance(item.response, ChatCompletion)]
    assert texts == ["0", "1", "2"]


async def test_cancelled_batch(client: AsyncClient) -> None:
    batch = await client.batches.create(name="mine", headers=polls(1000))
    request = BatchRequest(request=ChatRequest(model="grok-3", messages="Hi"))
    await client.batches.add_requests(batch_id=batch.batch_id, batch_requests=[request])
    with pytest.raises(TimeoutError) as caught:
        await client.batches.wait(batch_id=batch.batch_id, deadline=0.05, **FAST)
    assert (caught.value.timer, caught.value.last.state.num_pending) == ("wait", 1)
    cancelled = await client.batches.cancel(batch_id=batch.batch_id)
    assert cancelled.cancel_time is not None
    done = await client.batches.wait(batch_id=batch.batch_id, **FAST)
    assert (done.state.num_cancelled, done.state.num_pending) == (1, 0)
    (result,) = [item async for item in client.batches.list_results(batch_id=batch.batch_id)]
    assert type(result.error) is BatchError
    assert result.error.code == 1


async def test_video(client: AsyncClient) -> None:
    job = await client.videos.generate(model=VIDEO, prompt="A cat", duration=5, headers=polls(3))
    seen: list[Video] = []
    video = await client.videos.wait(request_id=job.request_id, on_progress=seen.append, **FAST)
    assert [item.status for item in seen] == ["pending"] * 3 + ["done"]
    assert [item.progress for item in seen] == sorted(item.progress for item in seen)
    assert video.video is not None
    assert video.video.duration == 5
    source = {"url": video.video.url}
    stored = {"filename": "longer.mp4", "public_url": True}
    longer = await client.videos.extend(
        model=VIDEO, prompt="More", video=source, duration=4, storage_options=stored, headers=polls(0)
    )
    found = await client.videos.wait(request_id=longer.request_id, **FAST)
    assert found.video is not None
    assert found.video.duration == 9
    assert found.video.file_output is not None
    file = await client.files.get(file_id=found.video.file_output.file_id)
    assert (file.filename, file.public_url) == ("longer.mp4", found.video.file_output.public_url)
    edited = await client.videos.edit(model=VIDEO, prompt="Snow", video={"file_id": file.id}, headers=polls(0))
    again = await client.videos.get(request_id=edited.request_id)
    assert again.status == "done"
    assert await client.videos.get(request_id=edited.request_id) == again


@pytest.mark.parametrize(("prompt", "state"), [("fail: permission_denied", "failed"), ("expire: x", "expired")])
async def test_jobs_that_fail(client: AsyncClient, transport: str, prompt: str, state: str) -> None:
    job = await client.videos.generate(model=VIDEO, prompt=prompt)
    with pytest.raises(JobFailed) as caught:
        await client.videos.wait(request_id=job.request_id, **FAST)
    assert caught.value.state == state
    assert caught.value.result.status == state
    assert caught.value.meta is not None
    if state == "failed":
        assert caught.value.result.error.code == "permission_denied"
        assert "permission_denied" in str(caught.value)
    if (transport, state) == ("rest", "failed"):  # images do not expire
        deferred = await client.images.generate_deferred(model=IMAGE, prompt=prompt)
        with pytest.raises(JobFailed) as caught:
            await client.images.wait(request_id=deferred.request_id, **FAST)
        assert caught.value.state == state


async def test_images(clients: dict[str, AsyncClient]) -> None:
    client = clients["rest"]
    job = await client.images.generate_deferred(model=IMAGE, prompt="a cat", n=2, headers=polls(2))
    statuses: list[Any] = []
    found = await client.images.wait(
        request_id=job.request_id, on_progress=lambda item: statuses.append(item.status), **FAST
    )
    assert statuses == ["pending", "pending", "done"]
    at_once = await client.images.generate(model=IMAGE, prompt="a cat", n=2)
    assert [image.url for image in found.data] == [image.url for image in at_once.data]
    edit = await client.images.edit_deferred(model=IMAGE, prompt="a hat", image={"url": found.data[0].url})
    assert (await client.images.wait(request_id=edit.request_id, **FAST)).status == "done"


async def test_deferred_chat(client: AsyncClient) -> None:
    job = await client.chat.defer(model="grok-4", messages="What is 101*3?", headers=polls(2))
    first = await client.chat.get_deferred(request_id=job.request_id)
    assert (first.status, first.response) == ("pending", None)
    done = await client.chat.wait(request_id=job.request_id, **FAST)
    assert done.status == "done"
    assert done.response == await client.chat.create(model="grok-4", messages="What is 101*3?")
    with pytest.raises(NotFoundError, match="already read"):
        await client.chat.get_deferred(request_id=job.request_id)


async def test_documents(client: AsyncClient) -> None:
    made = await client.collections.create(collection_name="docs", chunk_configuration=CHUNKS)
    name = made.collection_id
    file = await client.files.upload(content=("cats.txt", NOTES))
    await client.collections.documents.add(collection_id=name, file_id=file.id, headers=polls(2))
    seen: list[Any] = []
    ready = await client.collections.documents.wait(
        collection_id=name, file_id=file.id, on_progress=lambda item: seen.append(item.status), **FAST
    )
    assert seen == ["DOCUMENT_STATUS_PROCESSING"] * 2 + ["DOCUMENT_STATUS_PROCESSED"]
    assert ready.file_metadata is not None
    assert ready.file_metadata.name == "cats.txt"
    found = await client.documents.search(query="Where do cats sleep?", source={"collection_ids": [name]})
    assert found.matches[0].file_id == file.id
    await client.collections.documents.reindex(collection_id=name, file_id=file.id, headers=polls(1))
    await client.collections.documents.wait(collection_id=name, file_id=file.id, **FAST)
    changed = await client.collections.update(collection_id=name, collection_name="renamed")
    assert (changed.collection_name, changed.documents_count) == ("renamed", 1)
    await client.collections.documents.remove(collection_id=name, file_id=file.id)
    assert [item async for item in client.collections.documents.list(collection_id=name)] == []
    await client.collections.delete(collection_id=name)
    with pytest.raises(NotFoundError):
        await client.collections.get(collection_id=name)


async def test_out_of_time(client: AsyncClient) -> None:
    job = await client.videos.generate(model=VIDEO, prompt="A cat", headers=polls(9999))
    start = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        await client.videos.wait(request_id=job.request_id, deadline=0.1, **FAST)
    assert 0.09 < time.monotonic() - start < 2
    assert caught.value.last.status == "pending"


async def test_lost_jobs(client: AsyncClient) -> None:
    name = str(uuid.uuid4())
    for call in (client.videos.wait, client.chat.wait):
        with pytest.raises(NotFoundError):
            await call(request_id=name, **FAST)


async def test_bad_waits(transport: str) -> None:
    async with AsyncClient(**dead(transport)) as client:
        wrongs: list[dict[str, Any]] = [{"interval": 0}, {"interval": "1"}, {"deadline": -1}, {"request_id": None}]
        for wrong in wrongs:
            with pytest.raises(UsageError):
                await client.videos.wait(**{"request_id": "x", **wrong})
