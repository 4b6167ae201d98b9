"""The official clients store files, run batches and search collections against the emulator."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from .wires import Wires

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def xai(wires: Wires) -> Iterator[Any]:
    xai_sdk = pytest.importorskip("xai_sdk")
    host = wires.server.target.replace("127.0.0.1", "localhost")
    client = xai_sdk.Client(
        api_key=wires.server.api_key,
        management_api_key=wires.server.management_key,
        api_host=host,
        management_api_host=host,
    )
    yield client
    client.close()


def test_xai_sdk_files(xai: Any, tmp_path: Path) -> None:
    data = bytes(range(256)) * (20 << 10)  # 5 MiB: two pieces
    told: list[int] = []
    first = xai.files.upload(data, filename="a.png", on_progress=lambda done, total: told.append(done))
    assert told[-1] == first.size == len(data)
    assert xai.files.content(first.id) == data
    path = tmp_path / "b.txt"
    path.write_bytes(b"from disk")
    second = xai.files.upload(str(path), expires_after=timedelta(hours=2))
    assert (second.filename, second.expires_at.seconds - second.created_at.seconds) == ("b.txt", 7200)
    named = io.BytesIO(b"c")
    named.name = "c.txt"
    assert xai.files.batch_upload([str(path), named])[1].filename == "c.txt"
    assert xai.files.get(first.id) == first
    names = [item.filename for item in xai.files.list(order="desc", sort_by="size", limit=2).data]
    assert names == ["a.png", "b.txt"]
    assert xai.files.list(filter='name = "c.txt"').data[0].filename == "c.txt"
    link = xai.files.create_public_url(first.id, expires_after=60)
    assert httpx.get(link.public_url).content == data
    assert xai.files.revoke_public_url(first.id).public_url == link.public_url
    assert xai.files.revoke_public_url(first.id).revoked is False
    assert xai.files.delete(first.id).deleted
    with pytest.raises(Exception, match="does not exist"):
        xai.files.get(first.id)


def test_xai_sdk_batch(xai: Any, wires: Wires) -> None:
    from xai_sdk import chat

    batch = xai.batch.create("mine")
    requests = []
    for city in ("Oslo", "Rome"):
        request = xai.chat.create(model="grok-3", batch_request_id=city, messages=[chat.user(f"Say {city}")])
        requests.append(request)
    requests.append(xai.chat.create(model="nope", batch_request_id="bad", messages=[chat.user("x")]))
    xai.batch.add(batch.batch_id, requests)
    while xai.batch.get(batch.batch_id).state.num_pending:
        pass
    results = xai.batch.list_batch_results(batch.batch_id)
    assert {item.batch_request_id: item.response.content for item in results.succeeded} == {
        "Oslo": "Oslo",
        "Rome": "Rome",
    }
    assert [item.batch_request_id for item in results.failed] == ["bad"]
    assert "does not exist" in results.failed[0].error_message
    page = xai.batch.list_batch_requests(batch.batch_id, limit=2)
    assert len(page.batch_request_metadata) == 2
    rest = xai.batch.list_batch_requests(batch.batch_id, pagination_token=page.pagination_token)
    assert [item.batch_request_id for item in rest.batch_request_metadata] == ["bad"]
    line = {"custom_id": "a", "method": "POST", "url": "/v1/responses", "body": {"model": "grok-3", "input": "Say a"}}
    stored = xai.files.upload(json.dumps(line).encode(), filename="a.jsonl")
    sealed = xai.batch.create("file", input_file_id=stored.id)
    assert xai.batch.cancel(sealed.batch_id).state.num_cancelled == 1
    assert [item.batch_id for item in xai.batch.list(limit=2).batches] == [sealed.batch_id, batch.batch_id]


def test_xai_sdk_collections(xai: Any) -> None:
    made = xai.collections.create(
        "docs",
        model_name="grok-embedding-small",
        chunk_configuration={
            "chars_configuration": {"max_chunk_size_chars": 40, "chunk_overlap_chars": 5},
            "strip_whitespace": True,
        },
        field_definitions=[{"key": "year", "required": False, "inject_into_chunk": False, "unique": False}],
    )
    name = made.collection_id
    document = xai.collections.upload_document(
        name,
        "cats.txt",
        b"Cats sleep all day and hunt at night.",
        {"year": "2024"},
        wait_for_indexing=True,
        poll_interval=timedelta(milliseconds=5),
    )
    assert document.status == 2
    file = document.file_metadata.file_id
    found = xai.collections.search("Where do cats sleep?", [name], limit=3, retrieval_mode="keyword")
    assert found.matches[0].file_id == file
    assert xai.collections.get(name).documents_count == 1
    assert [item.collection_id for item in xai.collections.list(filter=f"collection_id = {name}").collections] == [name]
    assert xai.collections.update(name, name="renamed").collection_name == "renamed"
    other = xai.files.upload(b"Dogs bark.", filename="dogs.txt")
    xai.collections.add_existing_document(name, other.id)
    documents = xai.collections.list_documents(name, order="asc", sort_by="name").documents
    assert [item.file_metadata.name for item in documents] == ["cats.txt", "dogs.txt"]
    assert len(xai.collections.batch_get_documents(name, [file, other.id]).documents) == 2
    changed = xai.collections.update_document(name, file, name="tigers.txt", fields={"year": "2025"})
    assert (changed.file_metadata.name, changed.fields["year"]) == ("tigers.txt", "2025")
    xai.collections.reindex_document(name, other.id)
    assert xai.collections.get_document(other.id, name).status == 1
    assert xai.collections.get_document(other.id, name).status == 2
    assert "dogs.txt" in xai.collections.generate_description(name)
    xai.collections.remove_document(name, other.id)
    xai.collections.delete(name)
    with pytest.raises(Exception, match="does not exist"):
        xai.collections.get(name)


def test_openai_files(wires: Wires) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = pytest.importorskip("openai")
    with module.OpenAI(base_url=f"{wires.server.url}/v1", api_key=wires.server.api_key, max_retries=0) as openai:
        made = [
            openai.files.create(file=(f"{number}.txt", b"x" * number), purpose="assistants") for number in range(1, 4)
        ]
        assert [(item.bytes, item.filename, item.purpose) for item in made] == [
            (number, f"{number}.txt", "assistants") for number in range(1, 4)
        ]
        assert openai.files.retrieve(made[0].id).id == made[0].id
        listed = [item.id for item in openai.files.list(limit=2)]  # goes on by `after`
        assert listed[:3] == [item.id for item in made[::-1]]
        assert len(set(listed)) == len(listed)
        assert openai.files.content(made[2].id).read() == b"xxx"
        assert openai.files.delete(made[0].id).deleted
        with pytest.raises(module.NotFoundError):
            openai.files.retrieve(made[0].id)
