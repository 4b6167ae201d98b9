"""Collections, over the management key. The same on both wires."""

from __future__ import annotations

from typing import Any

import grpc
import httpx
import pytest

from .shapes import checked
from .shelves import (
    ADD,
    BAD,
    BATCH_GET,
    BYTES,
    CHARS,
    DOCUMENT,
    DOCUMENTS,
    FIELDS,
    LIST,
    LOST,
    ONE,
    TOKENS,
    add,
    collection_of_proto,
    create,
    document,
    get,
    pages,
)
from .wires import Wires, refusal


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
        rpc = "collections.Collections/UpdateCollection"
        assert wires.refused(answer, rpc, collection_id=made, field_definition_updates=numbers) == BAD


def test_delete(wires: Wires) -> None:
    first, second = create(wires), create(wires)
    file = add(wires, first)
    assert checked(wires.admin.delete(ONE.format(collection_id=first), params={"team_id": "x"}), ONE) == {}
    wires.call("collections.Collections/DeleteCollection", collection_id=second, team_id="x")
    for gone in (first, second):
        answer = wires.admin.get(ONE.format(collection_id=gone))
        assert wires.refused(answer, "collections.Collections/GetCollectionMetadata", collection_id=gone) == LOST
    assert wires.rest.get(f"/v1/files/{file}").status_code == 200  # the file stays


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
            found = [item for page in pages(wires, LIST, "ListCollections", "collections", wanted) for item in page]
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
    assert wires.refused(answer, name, collection_id="collection_1", **fields) == LOST


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
        assert wires.refused(wires.admin.post(LIST, json=given), rpc, **given) == BAD
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
            assert wires.refused(answer, f"collections.Collections/{name}", **query, **fields) == BAD
        for query in ({"order": "asc"}, {"sort_by": "name"}):
            assert wires.admin.get(path.format(**fields), params=query).status_code == 400
    lost = wires.admin.post(DOCUMENT.format(collection_id=made, file_id="file_1"), json={})
    assert wires.refused(lost, ADD, collection_id=made, file_id="file_1") == LOST


def test_a_management_key_is_needed(wires: Wires) -> None:
    call = wires.channel.unary_unary("/collections.Collections/ListCollections")
    for key, status, code in (
        (wires.server.api_key, 403, "PERMISSION_DENIED"),
        ("xai-token-wrong", 400, "INVALID_ARGUMENT"),
        (None, 401, "UNAUTHENTICATED"),
    ):
        headers = {"authorization": f"Bearer {key}"} if key else {}
        answer = httpx.get(f"{wires.server.url}{LIST}", headers=headers)
        rejected = refusal(answer, lambda headers=headers: call(b"", metadata=list(headers.items()), timeout=10))
        assert rejected == (status, code)
    assert wires.admin.get("/v1/files").status_code == 400  # and it is good for nothing else
