"""Collections and their documents, over the management key. The same on both wires."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest

from .shapes import checked
from .wires import Wires, moment, parsed, refusal

LIST, ONE = "/v1/collections", "/v1/collections/{collection_id}"
DOCUMENTS, DOCUMENT = f"{ONE}/documents", f"{ONE}/documents/{{file_id}}"
BATCH_GET = f"{DOCUMENTS}:batchGet"
BAD, LOST = (400, "INVALID_ARGUMENT"), (404, "NOT_FOUND")
STATUSES = {1: "DOCUMENT_STATUS_PROCESSING", 2: "DOCUMENT_STATUS_PROCESSED", 3: "DOCUMENT_STATUS_FAILED"}
CHARS = {"max_chunk_size_chars": 100, "chunk_overlap_chars": 10}
TOKENS = {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 10, "encoding_name": "o200k_base"}
BYTES = {"max_chunk_size_bytes": 100, "chunk_overlap_bytes": 10}
FIELDS = [
    {"key": "year", "required": True, "inject_into_chunk": False, "unique": False, "description": "Its year"},
    {"key": "title", "required": False, "inject_into_chunk": True, "unique": True},
]


def create(wires: Wires, name: str = "c", **more: Any) -> str:
    made: str = checked(wires.admin.post(LIST, json={"collection_name": name, **more}), LIST)["collection_id"]
    return made


def add(
    wires: Wires, collection: str, name: str = "a.txt", data: bytes = b"some words", polls: int = 0, **fields: str
) -> str:
    stored: str = wires.store(name, data)["id"]
    answer = wires.admin.post(
        DOCUMENT.format(collection_id=collection, file_id=stored),
        json={"fields": fields},
        headers={"x-emulator-polls": str(polls)},
    )
    assert checked(answer, DOCUMENT) == {}
    return stored


def chunking_of_proto(message: Any) -> dict[str, Any]:
    kind = message.WhichOneof("config")
    found = {
        "strip_whitespace": message.strip_whitespace,
        "inject_name_into_chunks": message.inject_name_into_chunks,
    }
    if kind:
        sizes = getattr(message, kind)
        found[kind] = {field.name: getattr(sizes, field.name) for field in sizes.DESCRIPTOR.fields}
    return found


def collection_of_proto(message: Any) -> dict[str, Any]:
    found = {
        "collection_id": message.collection_id,
        "collection_name": message.collection_name,
        "created_at": moment(message.created_at),
        "index_configuration": {"model_name": message.index_configuration.model_name},
        "chunk_configuration": chunking_of_proto(message.chunk_configuration),
        "documents_count": message.documents_count,
        "field_definitions": [
            {
                "key": item.key,
                "required": item.required,
                "inject_into_chunk": item.inject_into_chunk,
                "unique": item.unique,
                **({"description": item.description} if item.HasField("description") else {}),
            }
            for item in message.field_definitions
        ],
    }
    if message.HasField("collection_description"):
        found["collection_description"] = message.collection_description
    return found


def document_of_proto(message: Any) -> dict[str, Any]:
    stored = message.file_metadata
    found = {
        "file_metadata": {
            "file_id": stored.file_id,
            "name": stored.name,
            "size_bytes": str(stored.size_bytes),
            "content_type": stored.content_type,
            "created_at": moment(stored.created_at),
            "expires_at": moment(stored.expires_at),
            "hash": stored.hash,
            "upload_status": stored.upload_status,
            "processing_status": stored.processing_status,
        },
        "fields": dict(message.fields),
        "status": STATUSES[message.status],
    }
    if message.HasField("error_message"):
        found["error_message"] = message.error_message
    if message.HasField("last_indexed_at"):
        found["last_indexed_at"] = moment(message.last_indexed_at)
    return found


def get(wires: Wires, collection: str) -> dict[str, Any]:
    """The collection as both wires show it; gRPC has no other chunking than the three of its definition."""
    body: dict[str, Any] = checked(wires.admin.get(ONE.format(collection_id=collection)), ONE)
    same = collection_of_proto(wires.call("collections.Collections/GetCollectionMetadata", collection_id=collection))
    shown = {
        **body,
        "chunk_configuration": {
            name: value
            for name, value in body["chunk_configuration"].items()
            if not isinstance(value, dict)
            or name.partition("_")[0] in ("chars", "bytes")
            or name == "tokens_configuration"
        },
    }
    assert same == shown
    return body


def document(wires: Wires, collection: str, file: str) -> dict[str, Any]:
    found: dict[str, Any] = checked(wires.admin.get(DOCUMENT.format(collection_id=collection, file_id=file)), DOCUMENT)
    return found


def test_create_and_get(wires: Wires) -> None:
    plain = get(wires, create(wires))
    assert plain["collection_id"].startswith("collection_")
    assert plain["index_configuration"] == {"model_name": "grok-embedding-small"}
    assert (plain["documents_count"], plain["field_definitions"]) == (0, [])
    given = {
        "collection_name": "SEC Filings",
        "team_id": "00000000-0000-0000-0000-000000000000",
        "index_configuration": {"model_name": "grok-embedding-large"},
        "chunk_configuration": {
            "chars_configuration": CHARS,
            "strip_whitespace": True,
            "inject_name_into_chunks": False,
        },
        "field_definitions": FIELDS,
        "collection_description": "What companies say",
    }
    by_rest = wires.admin.post(LIST, json={**given, "metric_space": "HNSW_METRIC_COSINE", "version": 1}).json()
    by_rpc = collection_of_proto(wires.call("collections.Collections/CreateCollection", **given, metric_space=1))
    for body in (by_rest, by_rpc):
        assert get(wires, body["collection_id"]) == body
        for name in ("collection_name", "index_configuration", "field_definitions", "collection_description"):
            assert body[name] == given[name]
        assert body["chunk_configuration"] == given["chunk_configuration"]


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("chars", CHARS),
        ("tokens", TOKENS),
        ("bytes", BYTES),
        ("ast", {"max_chunk_size_tokens": 9, "encoding_name": "x"}),
        ("table", {"max_chunk_size_tokens": 9, "encoding_name": "x"}),
        ("markdown_tokens", TOKENS),
        ("markdown_chars", CHARS),
        ("code_tokens", TOKENS),
        ("code_chars", CHARS),
    ],
)
def test_chunkings(wires: Wires, name: str, sizes: dict[str, Any]) -> None:
    wanted = {f"{name}_configuration": sizes, "strip_whitespace": False, "inject_name_into_chunks": True}
    made = create(wires, chunk_configuration=wanted)
    assert get(wires, made)["chunk_configuration"] == wanted
    file = add(wires, made, "a.txt", b"word " * 500)
    shown = wires.call("collections.Collections/GetDocumentMetadata", collection_id=made, file_id=file)
    assert shown.status == 2
    assert shown.chunk_count == shown.chunks_processed_count > 1


def test_lower_camel_case_is_taken_too(wires: Wires) -> None:
    made = create(wires)
    given = {
        "collectionName": "New name",
        "chunkConfiguration": {
            "tokensConfiguration": {"maxChunkSizeTokens": 7, "chunkOverlapTokens": 2, "encodingName": "x"}
        },
        "fieldDefinitionUpdates": [{"fieldDefinition": {"key": "camelCase", "injectIntoChunk": True}}],
    }
    body = checked(wires.admin.put(ONE.format(collection_id=made), json=given), ONE)
    assert body["collection_name"] == "New name"
    assert body["chunk_configuration"]["tokens_configuration"]["chunk_overlap_tokens"] == 2
    assert body["field_definitions"][0]["key"] == "camelCase"
    file = add(wires, made, camelCase="x")
    assert document(wires, made, file)["fields"] == {"camelCase": "x"}
    assert wires.admin.put(ONE.format(collection_id=made), json={"collectionName": 5}).status_code == 422


def test_update(wires: Wires) -> None:
    made = create(wires, field_definitions=FIELDS, collection_description="old")
    file = add(wires, made, year="2020", title="one")
    before = get(wires, made)
    drop = {"field_definition": {"key": "title"}, "operation": "FIELD_DEFINITION_DELETE"}
    put = {"field_definition": {"key": "extra", "description": "More"}, "operation": "FIELD_DEFINITION_ADD"}
    body = checked(wires.admin.put(ONE.format(collection_id=made), json={"field_definition_updates": [drop, put]}), ONE)
    assert [item["key"] for item in body["field_definitions"]] == ["year", "extra"]
    assert document(wires, made, file)["fields"] == {"year": "2020"}
    assert {**body, "field_definitions": 0} == {**before, "field_definitions": 0}  # what is not given stays
    changed = wires.call(
        "collections.Collections/UpdateCollection",
        collection_id=made,
        collection_name="other",
        collection_description="",
        chunk_configuration={"bytes_configuration": BYTES},
        field_definition_updates=[{"field_definition": {"key": "extra"}, "operation": 1}],
    )
    assert collection_of_proto(changed) == get(wires, made)
    assert (changed.collection_name, changed.collection_description) == ("other", "")
    assert [item.key for item in changed.field_definitions] == ["year"]
    for updates, numbers in (
        (
            [{"field_definition": {"key": "new", "required": True}}],
            [{"field_definition": {"key": "new", "required": True}}],
        ),
        ([drop], [{"field_definition": {"key": "title"}, "operation": 1}]),
        ([{"field_definition": {"key": ""}}], [{"field_definition": {}}]),
    ):
        answer = wires.admin.put(ONE.format(collection_id=made), json={"field_definition_updates": updates})

        def same(numbers: Any = numbers) -> Any:
            rpc = "collections.Collections/UpdateCollection"
            return wires.call(rpc, collection_id=made, field_definition_updates=numbers)

        assert refusal(answer, same) == BAD


def test_delete(wires: Wires) -> None:
    first, second = create(wires), create(wires)
    file = add(wires, first)
    assert checked(wires.admin.delete(ONE.format(collection_id=first), params={"team_id": "x"}), ONE) == {}
    wires.call("collections.Collections/DeleteCollection", collection_id=second, team_id="x")
    for gone in (first, second):
        answer = wires.admin.get(ONE.format(collection_id=gone))
        call = wires.call
        assert (
            refusal(answer, lambda gone=gone: call("collections.Collections/GetCollectionMetadata", collection_id=gone))
            == LOST
        )
    assert wires.rest.get(f"/v1/files/{file}").status_code == 200  # the file stays


def pages(wires: Wires, path: str, rpc: str, items: str, query: dict[str, Any], **fields: Any) -> Iterator[list[Any]]:
    """The pages of a list; both wires give the same ones."""
    orders = ("ORDERING_UNKNOWN", "ORDERING_ASCENDING", "ORDERING_DESCENDING")
    sorts = {"NAME": 0, "AGE": 1} if items == "collections" else {"NAME": 0, "SIZE": 1, "AGE": 2}
    same = {**query, **fields}
    if "order" in query:
        same["order"] = orders.index(query["order"])
    if "sort_by" in query:
        same["sort_by"] = sorts[query["sort_by"].rpartition("_")[2]]
    token: str | None = None
    while True:
        more = {"pagination_token": token} if token else {}
        body = checked(wires.admin.get(path.format(**fields), params={**query, **more}), path)
        message = wires.call(f"collections.Collections/{rpc}", **same, **more)
        convert = collection_of_proto if items == "collections" else document_of_proto
        assert body.get(items, []) == [convert(item) for item in getattr(message, items)]
        assert ("pagination_token" in body) == message.HasField("pagination_token")
        token = body.get("pagination_token")
        assert message.pagination_token == (token or "")
        yield body[items]
        if token is None:
            return


def test_pages_of_collections(wires: Wires) -> None:
    names = ["page b", "page c", "page a", "page a"]
    made = [create(wires, name) for name in names]
    by_age = {"sort_by": "COLLECTIONS_SORT_BY_AGE"}
    by_name = [made[1], made[0], made[3], made[2]]  # descending unless said otherwise
    up = {"order": "ORDERING_ASCENDING"}
    for query, expected in (
        ({}, by_name),
        ({"order": "ORDERING_UNKNOWN"}, by_name),
        (up, by_name[::-1]),
        (by_age, made[::-1]),
        ({**by_age, **up}, made),
    ):
        for limit in (1, 2, 4, 100):
            wanted = {"filter": "collection_name:page", "limit": limit, **query}
            found = sum(pages(wires, LIST, "ListCollections", "collections", wanted), [])
            assert [item["collection_id"] for item in found] == expected
    add(wires, made[0])
    for condition, count in (
        ('collection_name = "PAGE" AND documents_count > 0', 1),
        (f"collection_id = {made[2]}", 1),
        (f"collection_id = {made[2]} OR collection_id = {made[1]}", 2),
        ('created_at < "2020-01-01T00:00:00Z"', 0),
    ):
        (found,) = pages(wires, LIST, "ListCollections", "collections", {"filter": condition})
        assert len(found) == count


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
    wires.call("collections.Collections/AddDocumentToCollection", collection_id=made, file_id=other, fields={"a": "b"})
    assert get(wires, made)["documents_count"] == 2
    assert wires.call("collections.Collections/GetCollectionMetadata", collection_id=made).total_file_size == 2


def test_fields(wires: Wires) -> None:
    made = create(wires, field_definitions=FIELDS)
    add(wires, made, year="2020", title="one")
    file = wires.store("b.txt", b"b")["id"]
    path = DOCUMENT.format(collection_id=made, file_id=file)
    for fields in ({}, {"title": "two"}, {"year": "2020", "title": "one"}):
        answer = wires.admin.post(path, json={"fields": fields})

        def same(fields: Any = fields) -> Any:
            rpc = "collections.Collections/AddDocumentToCollection"
            return wires.call(rpc, collection_id=made, file_id=file, fields=fields)

        assert refusal(answer, same) == BAD
    assert wires.admin.post(path, json={"fields": {"year": "2020", "title": "two", "other": "x"}}).json() == {}
    answer = wires.admin.post(path, json={"fields": {"year": "1"}})
    call = wires.call
    again = {"collection_id": made, "file_id": file, "fields": {"year": "1"}}
    assert refusal(answer, lambda: call("collections.Collections/AddDocumentToCollection", **again)) == (
        409,
        "ALREADY_EXISTS",
    )
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
            found = sum(pages(wires, DOCUMENTS, "ListDocuments", "documents", wanted, **fields), [])
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
        call = wires.call
        assert refusal(answer, lambda file_ids=file_ids: call(rpc, collection_id=made, file_ids=file_ids)) == code


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
        assert refusal(answer, lambda name=name: wires.call(name, collection_id=made, file_id=first)) == LOST


def test_description(wires: Wires) -> None:
    made = create(wires)
    rpc = "collections.Collections/GenerateCollectionDescription"
    assert wires.call(rpc, collection_id=made).collection_description == ""
    file = add(wires, made, "cats.txt", b"Cats are nice.")
    document(wires, made, file)
    said = wires.call(rpc, collection_id=made).collection_description
    assert "1 document: cats.txt" in said
    assert "Cats are nice." in said


@pytest.mark.parametrize(
    ("method", "path", "rpc"),
    [
        ("GET", ONE, "GetCollectionMetadata"),
        ("PUT", ONE, "UpdateCollection"),
        ("DELETE", ONE, "DeleteCollection"),
        ("GET", DOCUMENTS, "ListDocuments"),
        ("GET", f"{BATCH_GET}?file_ids=x", "BatchGetDocuments"),
        ("GET", DOCUMENT, "GetDocumentMetadata"),
        ("POST", DOCUMENT, "AddDocumentToCollection"),
        ("PATCH", DOCUMENT, "ReIndexDocument"),
        ("DELETE", DOCUMENT, "RemoveDocumentFromCollection"),
    ],
)
def test_unknown_collection(wires: Wires, method: str, path: str, rpc: str) -> None:
    body = {} if method in ("PUT", "POST") else None
    answer = wires.admin.request(method, path.format(collection_id="collection_1", file_id="file_1"), json=body)
    fields = {"file_ids": ["x"]} if "batchGet" in path else {"file_id": "file_1"} if path == DOCUMENT else {}
    name = f"collections.Collections/{rpc}"
    assert refusal(answer, lambda: wires.call(name, collection_id="collection_1", **fields)) == LOST


def test_refused(wires: Wires) -> None:
    rpc = "collections.Collections/CreateCollection"
    for given in (
        {"collection_name": ""},
        {"collection_name": "a", "chunk_configuration": {"chars_configuration": {}}},
        {"collection_name": "a", "chunk_configuration": {"bytes_configuration": {"max_chunk_size_bytes": -1}}},
        {
            "collection_name": "a",
            "chunk_configuration": {"chars_configuration": {"max_chunk_size_chars": 5, "chunk_overlap_chars": 5}},
        },
        {"collection_name": "a", "field_definitions": [{"key": "a"}, {"key": "a"}]},
        {"collection_name": "a", "field_definitions": [{"key": ""}]},
    ):
        assert refusal(wires.admin.post(LIST, json=given), lambda given=given: wires.call(rpc, **given)) == BAD
    two = {"chars_configuration": CHARS, "bytes_configuration": BYTES}
    assert wires.admin.post(LIST, json={"collection_name": "a", "chunk_configuration": two}).status_code == 400
    assert wires.admin.post(LIST, json={}).status_code == 422
    assert wires.admin.post(LIST, json={"collection_name": "a", "metric_space": "COSINE"}).status_code == 422
    with pytest.raises(grpc.RpcError, match="metric_space has the unknown value 9"):
        wires.call(rpc, collection_name="a", metric_space=9)
    made = create(wires)
    for path, name, fields in (
        (LIST, "ListCollections", {}),
        (DOCUMENTS, "ListDocuments", {"collection_id": made}),
    ):
        for query in ({"limit": 101}, {"limit": 0}, {"pagination_token": "x"}, {"filter": "colour = red"}):
            answer = wires.admin.get(path.format(**fields), params=query)
            full = f"collections.Collections/{name}"
            assert (
                refusal(answer, lambda full=full, query=query, fields=fields: wires.call(full, **query, **fields))
                == BAD
            )
        for query in ({"order": "asc"}, {"sort_by": "name"}):
            assert wires.admin.get(path.format(**fields), params=query).status_code == 400
    lost = wires.admin.post(DOCUMENT.format(collection_id=made, file_id="file_1"), json={})
    add_rpc = "collections.Collections/AddDocumentToCollection"
    assert refusal(lost, lambda: wires.call(add_rpc, collection_id=made, file_id="file_1")) == LOST


def test_a_management_key_is_needed(wires: Wires) -> None:
    call = wires.channel.unary_unary("/collections.Collections/ListCollections")
    for key, status, code in (
        (wires.server.api_key, 403, "PERMISSION_DENIED"),
        ("xai-token-wrong", 400, "INVALID_ARGUMENT"),
        ("", 401, "UNAUTHENTICATED"),
    ):
        headers = {"authorization": f"Bearer {key}"}
        answer = httpx.get(f"{wires.server.url}{LIST}", headers=headers)
        rejected = refusal(answer, lambda headers=headers: call(b"", metadata=list(headers.items()), timeout=10))
        assert rejected == (status, code)
    assert wires.admin.get("/v1/files").status_code == 400  # and it is good for nothing else
