"""Documents of collections, over the management key. The same on both wires."""

from __future__ import annotations

import grpc
import pytest

from .shapes import checked
from .shelves import (
    ADD,
    BAD,
    BATCH_GET,
    DOCUMENT,
    DOCUMENTS,
    FIELDS,
    LOST,
    STATUSES,
    add,
    create,
    document,
    document_of_proto,
    get,
    pages,
)
from .wires import Wires, parsed


def test_documents_are_indexed_poll_by_poll(wires: Wires) -> None:
    made = create(wires)
    file = add(wires, made, polls=2)
    first = document(wires, made, file)
    assert (first["status"], first["file_metadata"]["processing_status"]) == (STATUSES[1], "processing")
    assert "last_indexed_at" not in first
    second = wires.call("collections.Collections/GetDocumentMetadata", collection_id=made, file_id=file)
    assert document_of_proto(second) == first
    assert not second.HasField("chunk_count")
    third = document(wires, made, file)
    assert (third["status"], third["file_metadata"]["processing_status"]) == (STATUSES[2], "complete")
    assert third["file_metadata"]["size_bytes"] == "10"
    assert len(third["file_metadata"]["hash"]) == 64
    assert parsed(third["last_indexed_at"])
    fourth = wires.call("collections.Collections/GetDocumentMetadata", collection_id=made, file_id=file)
    assert document_of_proto(fourth) == third
    assert (fourth.chunk_count, fourth.chunks_processed_count) == (1, 1)
    path = DOCUMENT.format(collection_id=made, file_id=file)
    assert checked(wires.admin.patch(path), DOCUMENT) == {}
    assert [document(wires, made, file)["status"] for _ in range(2)] == [STATUSES[1], STATUSES[2]]
    wires.call("collections.Collections/ReIndexDocument", collection_id=made, file_id=file)
    assert [document(wires, made, file)["status"] for _ in range(2)] == [STATUSES[1], STATUSES[2]]
    empty = document(wires, made, add(wires, made, "empty.txt", b" "))
    assert (empty["status"], empty["error_message"]) == (STATUSES[3], "No text was found in the file.")


def test_the_body_of_an_added_document_may_be_missing(wires: Wires) -> None:
    made, file = create(wires), wires.store("a.txt", b"a")["id"]
    assert wires.admin.post(DOCUMENT.format(collection_id=made, file_id=file)).json() == {}
    other = wires.store("b.txt", b"b")["id"]
    wires.call(ADD, collection_id=made, file_id=other, fields={"a": "b"})
    assert get(wires, made)["documents_count"] == 2
    assert wires.call("collections.Collections/GetCollectionMetadata", collection_id=made).total_file_size == 2


def test_fields(wires: Wires) -> None:
    made = create(wires, field_definitions=FIELDS)
    add(wires, made, year="2020", title="one")
    file = wires.store("b.txt", b"b")["id"]
    path = DOCUMENT.format(collection_id=made, file_id=file)
    for fields in ({}, {"title": "two"}, {"year": "2020", "title": "one"}):
        answer = wires.admin.post(path, json={"fields": fields})
        assert wires.refused(answer, ADD, collection_id=made, file_id=file, fields=fields) == BAD
    assert wires.admin.post(path, json={"fields": {"year": "2020", "title": "two", "other": "x"}}).json() == {}
    answer = wires.admin.post(path, json={"fields": {"year": "1"}})
    again = {"collection_id": made, "file_id": file, "fields": {"year": "1"}}
    assert wires.refused(answer, ADD, **again) == (409, "ALREADY_EXISTS")
    assert wires.admin.post(path, json={"fields": {"year": 1}}).status_code == 422


def test_pages_of_documents(wires: Wires) -> None:
    made = create(wires)
    sizes = {"b.txt": 30, "c.md": 10, "a.txt": 20}
    files = {name: add(wires, made, name, b"x" * size, kind=name[0]) for name, size in sizes.items()}
    up = {"order": "ORDERING_ASCENDING"}
    for query, expected in (
        ({}, ["c.md", "b.txt", "a.txt"]),
        ({**up, "sort_by": "DOCUMENTS_SORT_BY_NAME"}, ["a.txt", "b.txt", "c.md"]),
        ({"sort_by": "DOCUMENTS_SORT_BY_SIZE"}, ["b.txt", "a.txt", "c.md"]),
        ({**up, "sort_by": "DOCUMENTS_SORT_BY_AGE"}, ["b.txt", "c.md", "a.txt"]),
        ({"name": "c.md"}, ["c.md"]),
        ({"filter": "size_bytes >= 20 AND content_type = text/plain"}, ["b.txt", "a.txt"]),
        ({"filter": 'fields.kind = "a" OR fields.kind = "c"'}, ["c.md", "a.txt"]),
        ({"filter": "status = DOCUMENT_STATUS_PROCESSED AND fields.nothing = null"}, ["c.md", "b.txt", "a.txt"]),
        ({"filter": f"file_id = {files['b.txt']}"}, ["b.txt"]),
    ):
        for limit in (1, 2, 3, 100):
            fields = {"collection_id": made}
            wanted = {**query, "limit": limit}
            both = pages(wires, DOCUMENTS, "ListDocuments", "documents", wanted, **fields)
            found = [item for page in both for item in page]
            assert [item["file_metadata"]["name"] for item in found] == expected
    token = wires.admin.get(DOCUMENTS.format(collection_id=made), params={"limit": 1}).json()["pagination_token"]
    assert token == files["c.md"]
    wires.rest.delete(f"/v1/files/{token}")  # a document goes with its file
    rest = wires.admin.get(DOCUMENTS.format(collection_id=made), params={"pagination_token": token}).json()
    assert [item["file_metadata"]["name"] for item in rest["documents"]] == ["b.txt", "a.txt"]
    assert get(wires, made)["documents_count"] == 2


def test_several_documents_at_once(wires: Wires) -> None:
    made = create(wires)
    files = [add(wires, made, name) for name in ("a.txt", "b.txt")]
    wanted = [files[1], files[0], files[1]]
    body = checked(wires.admin.get(BATCH_GET.format(collection_id=made), params={"file_ids": wanted}), BATCH_GET)
    rpc = "collections.Collections/BatchGetDocuments"
    same = wires.call(rpc, collection_id=made, file_ids=wanted).documents
    assert [item["file_metadata"]["file_id"] for item in body["documents"]] == files[::-1]
    assert body["documents"] == [document_of_proto(item) for item in same]
    for file_ids, code in (([], BAD), ([files[0], "file_1"], LOST)):
        answer = wires.admin.get(BATCH_GET.format(collection_id=made), params={"file_ids": file_ids})
        assert wires.refused(answer, rpc, collection_id=made, file_ids=file_ids) == code


def test_change_a_document(wires: Wires) -> None:
    made = create(wires, field_definitions=FIELDS)
    file = add(wires, made, year="2020", title="one")
    assert document(wires, made, file)["status"] == STATUSES[2]
    rpc = "collections.Collections/UpdateDocument"
    shown = wires.call(
        rpc,
        collection_id=made,
        file_id=file,
        name="b.md",
        data=b"other words",
        content_type="text/x",
        fields={"year": "1"},
    )
    assert shown.status == 1
    assert [document(wires, made, file)["status"] for _ in range(2)] == [STATUSES[1], STATUSES[2]]
    body = document(wires, made, file)
    assert body["fields"] == {"year": "1", "title": "one"}
    stored = body["file_metadata"]
    assert (stored["name"], stored["content_type"], stored["size_bytes"]) == ("b.md", "text/x", "11")
    assert wires.rest.get(f"/v1/files/{file}/content").content == b"other words"
    again = wires.call(rpc, collection_id=made, file_id=file)
    assert again.file_metadata.name == "b.md"
    with pytest.raises(grpc.RpcError, match="does not exist in the collection"):
        wires.call(rpc, collection_id=made, file_id="file_1")


def test_remove(wires: Wires) -> None:
    made = create(wires)
    first, second = add(wires, made), add(wires, made)
    path = DOCUMENT.format(collection_id=made, file_id=first)
    assert checked(wires.admin.delete(path), DOCUMENT) == {}
    wires.call("collections.Collections/RemoveDocumentFromCollection", collection_id=made, file_id=second)
    assert get(wires, made)["documents_count"] == 0
    assert wires.rest.get(f"/v1/files/{first}").status_code == 200
    for method, rpc in (
        ("GET", "GetDocumentMetadata"),
        ("PATCH", "ReIndexDocument"),
        ("DELETE", "RemoveDocumentFromCollection"),
    ):
        answer = wires.admin.request(method, path)
        name = f"collections.Collections/{rpc}"
        assert wires.refused(answer, name, collection_id=made, file_id=first) == LOST
