"""What goes out over REST, seen from below, and what a newer server may send back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from xai_dual import AsyncClient, NotFoundError, StreamIncomplete, Unknown, UsageError, XaiError
from xai_dual.types.management import Cent
from xai_dual.types.messages import MessageStartEvent, MessageStopEvent
from xai_dual.types.responses import ResponseCompletedEvent

from ..case import method
from ..facts import dead
from ..given import PICTURE, PNG, TEAM, VIDEO
from ..table import CASES, OPERATIONS

pytestmark = pytest.mark.anyio

SEGMENTS = ["a/b", "a b", "a:cancel", "../x", "ü?#&%41", "日本", "...", "a\\b", "+", "%2F"]
PLACES: list[tuple[str, dict[str, str], str]] = [
    ("files.get", {"file_id": "X"}, "/v1/files/X"),
    ("files.create_public_url", {"file_id": "X"}, "/v1/files/X/public-url"),
    ("batches.get", {"batch_id": "X"}, "/v1/batches/X"),
    ("batches.cancel", {"batch_id": "X"}, "/v1/batches/X:cancel"),
    ("collections.get", {"collection_id": "X"}, "/v1/collections/X"),
    ("collections.documents.get", {"collection_id": "X", "file_id": "Y"}, "/v1/collections/X/documents/Y"),
    ("videos.get", {"request_id": "X"}, "/v1/videos/X"),
    ("images.get_deferred", {"request_id": "X"}, "/v1/images/X"),
    ("chat.get_deferred", {"request_id": "X"}, "/v1/chat/deferred-completion/X"),
    ("responses.get", {"response_id": "X"}, "/v1/responses/X"),
    ("skills.get", {"skill_id": "X"}, "/v1/skills/X"),
    ("voice.voices.get", {"voice_id": "X"}, "/v1/custom-voices/X"),
    ("management.api_keys.propagation", {"api_key_id": "X"}, "/auth/api-keys/X/propagation"),
    ("models.get", {"model": "X"}, "/v1/models/X"),
]


def over(answer: Callable[[httpx.Request], httpx.Response]) -> AsyncClient:
    """A client whose requests `answer` gets."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return AsyncClient(**dead("rest"), http_client=http)


def told(data: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(200, json=data)


def events(*items: Any, kind: str = "text/event-stream") -> Callable[[httpx.Request], httpx.Response]:
    text = "".join(f"event: {item['type']}\ndata: {json.dumps(item)}\n\n" for item in items)
    return lambda request: httpx.Response(200, text=text, headers={"content-type": kind})


@pytest.mark.parametrize(("op", "arguments", "path"), PLACES, ids=[place[0] for place in PLACES])
async def test_path_segments(op: str, arguments: dict[str, str], path: str) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path.decode())
        return httpx.Response(200, json={})

    async with over(answer) as client:
        for segment in SEGMENTS:
            await method(client, op)(**dict.fromkeys(arguments, segment))
            encoded = quote(segment, safe="")
            wanted = path
            for letter in arguments.values():
                wanted = wanted.replace(letter, encoded)
            assert seen.pop().replace("!", "%21") == wanted
        for segment in ("", ".", ".."):
            with pytest.raises(UsageError):
                await method(client, op)(**dict.fromkeys(arguments, segment))
            assert not seen, "it was sent"


@pytest.mark.parametrize("name", ["a b", "ü?#&%41", "日本", "+", "nope", "x:cancel"])
async def test_odd_ids(client: AsyncClient, name: str) -> None:
    for op, argument in (("files.get", "file_id"), ("batches.get", "batch_id")):
        with pytest.raises(NotFoundError) as caught:
            await method(client, op)(**{argument: name})
        assert f" {name} does not exist" in caught.value.message


def test_all_paths_are_tried_somewhere() -> None:
    placed = {name for name, op in OPERATIONS.items() for rest in op.rest.values() if "{" in rest.path}
    assert placed <= {case.op for case in CASES}


ONE_OF: list[tuple[str, dict[str, Any], str]] = [
    ("videos.edit", {"video": {"url": "https://x", "file_id": "f"}}, "video"),
    ("videos.generate", {"image": {"url": "https://x", "file_id": "f"}}, "image"),
]


@pytest.mark.parametrize(
    ("op", "arguments", "text"),
    [
        ("videos.generate", {"model": VIDEO}, "prompt="),
        ("videos.edit", {"model": VIDEO, "prompt": "x"}, "video="),
        ("videos.edit", {"model": VIDEO, "prompt": "x", "video": "https://x"}, "video"),
        ("videos.generate", {"model": VIDEO, "prompt": "x", "duration": "5"}, "duration"),
        ("videos.generate", {"model": VIDEO, "prompt": "x", "keyframes": [{"image": PICTURE}]}, "keyframes[0]"),
        ("videos.generate", {"model": VIDEO, "prompt": "x", "keyframes": {"image": PICTURE}}, "keyframes"),
        ("images.edit", {"model": "m", "prompt": "x", "images": [5]}, "images[0]"),
        ("batches.create", {}, "name="),
        ("batches.add_requests", {"batch_id": "b"}, "batch_requests="),
        ("batches.add_requests", {"batch_id": "b", "batch_requests": [{}]}, "batch_requests[0]"),
        ("batches.add_requests", {"batch_id": "b", "batch_requests": [PNG]}, "batch_requests[0]"),
        ("batches.cancel", {"batch_id": None}, "batch_id="),
        ("collections.create", {"collection_name": 5}, "collection_name"),
        ("collections.create", {"collection_name": "c", "field_definitions": "year"}, "field_definitions"),
        ("collections.documents.add", {"collection_id": "c", "file_id": "f", "fields": ["x"]}, "fields"),
        ("collections.documents.add", {"collection_id": "c", "file_id": "f", "fields": {"x": 5}}, "fields['x']"),
        ("collections.documents.batch_get", {"collection_id": "c", "file_ids": "f"}, "file_ids"),
        ("documents.search", {"query": "x", "source": ["c"]}, "source"),
        ("documents.search", {"query": "x", "source": {"collection_ids": "c"}}, "source.collection_ids"),
        ("chat.defer", {"messages": "Hi"}, "model="),
        ("files.get", {"file_id": 5}, "file_id"),
    ],
)
async def test_bad_arguments(transport: str, op: str, arguments: dict[str, Any], text: str) -> None:
    async with AsyncClient(**dead(transport)) as client:
        with pytest.raises(UsageError) as caught:
            await method(client, op)(**arguments)
        assert text in str(caught.value)
        assert caught.value.attempts == 0


@pytest.mark.parametrize(
    ("op", "arguments", "text"),
    [
        ("responses.create", {"model": "m"}, "input="),
        ("responses.create", {"model": "m", "input": 5}, "input"),
        ("responses.create", {"model": "m", "input": [5]}, "input[0]"),
        ("responses.create", {"model": "m", "input": "x", "tools": ["web_search"]}, "tools[0]"),
        ("responses.create", {"model": "m", "input": "x", "tool_choice": 5}, "tool_choice"),
        ("messages.create", {"model": "m", "messages": []}, "max_tokens="),
        ("messages.create", {"model": "m", "messages": "Hi", "max_tokens": 5}, "messages"),
        ("messages.create", {"model": "m", "messages": [{"role": "user"}], "max_tokens": 5}, "content"),
        ("messages.create", {"model": "m", "messages": [], "max_tokens": "5"}, "max_tokens"),
        ("complete.create", {"model": "m", "prompt": "x"}, "max_tokens_to_sample="),
        ("management.api_keys.create", {"team_id": TEAM}, "name="),
        ("management.billing.top_up", {"team_id": TEAM, "amount": Cent(val=1.5)}, "amount.val"),  # type: ignore[arg-type]
        ("management.teams.models", {"team_id": ""}, "team_id"),
        ("skills.upload", {"content": []}, "content"),
        ("voice.tts.create_with_timestamps", {"text": "x"}, "language="),
        ("voice.stt.transcribe", {"content": b"x", "keyterm": "cat"}, "keyterm"),
    ],
)
async def test_bad_arguments_of_rest(op: str, arguments: dict[str, Any], text: str) -> None:
    async with AsyncClient(**dead("rest")) as client:
        with pytest.raises(UsageError) as caught:
            await method(client, op)(**arguments)
        assert text in str(caught.value)
        assert caught.value.attempts == 0


async def test_one_of_two(client: AsyncClient, transport: str) -> None:
    """Protobuf has but one of them; REST leaves the refusal to the server."""
    retrieval = {"type": "keyword", "reranker": {"type": "nope"}}
    for op, arguments, _ in ONE_OF:
        with pytest.raises(XaiError):
            await method(client, op)(**{"model": VIDEO, "prompt": "x", **arguments})
    with pytest.raises(XaiError):
        await client.documents.search(query="x", source={"collection_ids": ["c"]}, retrieval_mode=retrieval)


async def test_unknown_events_of_a_response() -> None:
    whole = {"id": "r", "status": "completed", "output": [{"type": "hologram", "depth": 3}]}
    known = {"type": "response.completed", "sequence_number": 1, "response": whole}
    async with over(events({"type": "response.hologram.delta", "delta": "x"}, known)) as client:
        stream = client.responses.stream(model="m", input="x")
        found = [event async for event in stream]
    assert type(found[0]) is Unknown
    assert (found[0].tag, found[0].raw["delta"]) == ("response.hologram.delta", "x")
    assert type(found[1]) is ResponseCompletedEvent
    assert stream.completed
    assert stream.response.output == [Unknown("hologram", {"type": "hologram", "depth": 3})]


async def test_unknown_events_of_a_message() -> None:
    start = {"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "content": []}}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "hologram", "depth": 3}}
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "hologram_delta", "depth": 4}}
    items = (start, {"type": "news", "x": 1}, block, delta, {"type": "content_block_stop", "index": 0})
    async with over(events(*items, {"type": "message_stop"})) as client:
        stream = client.messages.stream(model="m", max_tokens=5, messages=[])
        found = [event async for event in stream]
    assert [type(event) for event in found[:2]] == [MessageStartEvent, Unknown]
    assert found[1] == Unknown("news", {"type": "news", "x": 1})
    assert type(found[-1]) is MessageStopEvent
    assert stream.response.content == [Unknown("hologram", {"type": "hologram", "depth": 3})]
    async with over(events(*items)) as client:
        stream = client.messages.stream(model="m", max_tokens=5, messages=[])
        with pytest.raises(StreamIncomplete) as caught:
            async for _ in stream:
                pass
    assert caught.value.partial.id == "m"


async def test_unknown_answers() -> None:
    """New members, enum values and properties, and missing ones, are no errors."""
    result = {"batch_request_id": "a", "batch_result": {"response": {"hologram": {"depth": 3}}}}
    async with over(told({"results": [result], "news": 1})) as client:
        (found,) = [item async for item in client.batches.list_results(batch_id="b")]
        assert isinstance(found.response, Unknown)
    async with over(told({"status": "thinking", "progress": 5, "news": {"x": 1}})) as client:
        video = await client.videos.get(request_id="x")
        assert (video.status, video.progress, video.extra) == ("thinking", 5, {"news": {"x": 1}})
    async with over(told({})) as client:
        assert [item async for item in client.files.list()] == []
        assert (await client.files.get(file_id="x")).bytes == 0
        assert (await client.collections.documents.get(collection_id="c", file_id="f")).status is None


async def test_endless_lists() -> None:
    async with over(told({"data": [{"id": "a"}], "pagination_token": "same"})) as client:
        pager = client.files.list()
        with pytest.raises(XaiError, match="no end"):
            async for _ in pager:
                pass
