"""Collections and documents, made on one wire and compared as both show them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .shapes import checked
from .wires import Wires, moment

LIST, ONE = "/v1/collections", "/v1/collections/{collection_id}"
DOCUMENTS, DOCUMENT = f"{ONE}/documents", f"{ONE}/documents/{{file_id}}"
BATCH_GET = f"{DOCUMENTS}:batchGet"
ADD = "collections.Collections/AddDocumentToCollection"
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
