"""Collections, their documents and the search over them as JSON. Enums have their protobuf names, as the API's do."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.responses import JSONResponse, Response

from xai_dual.emulator import jsontext, options
from xai_dual.emulator.errors import invalid
from xai_dual.emulator.rest import body, query
from xai_dual.emulator.rest.call import Call, Json
from xai_dual.emulator.rest.times import stamp
from xai_dual.emulator.service.chunking import KINDS, Chunking
from xai_dual.emulator.service.collections import STEPS, Collection, FieldChange, FieldDefinition, Listing, Shown
from xai_dual.emulator.service.files import moment
from xai_dual.emulator.service.floats import shortest
from xai_dual.emulator.service.search import Match, SearchRequest, search

_ORDERINGS = ("ORDERING_UNKNOWN", "ORDERING_ASCENDING", "ORDERING_DESCENDING")
_CAMEL = re.compile(r"[a-z0-9]+(?:[A-Z][a-z0-9]*)+")


async def create(call: Call) -> Response:
    """POST /v1/collections"""
    given = await _body(call, "CreateCollectionRequest")
    made = call.state.collections.create(
        name=given["collection_name"],
        model=given.get("index_configuration", {}).get("model_name", ""),
        chunks=_read_chunking(given.get("chunk_configuration")),
        metric=given.get("metric_space", ""),
        definitions=[_read_definition(item) for item in given.get("field_definitions", ())],
        description=given.get("collection_description"),
    )
    return call.answer(_write_collection(made))


async def list_collections(call: Call) -> Response:
    """GET /v1/collections"""
    found = call.state.collections.listing(_listing(call, "COLLECTIONS_SORT_BY_", ("NAME", "AGE")))
    return call.answer(_page("collections", [_write_collection(item) for item in found.entries], found.token))


async def retrieve(call: Call) -> Response:
    """GET /v1/collections/{collection_id}"""
    return call.answer(_write_collection(call.state.collections.get(_id(call))))


async def update(call: Call) -> Response:
    """PUT /v1/collections/{collection_id}"""
    given = await _body(call, "UpdateCollectionRequest")
    changes = [
        FieldChange(_read_definition(item["field_definition"]), item.get("operation") == "FIELD_DEFINITION_DELETE")
        for item in given.get("field_definition_updates", ())
    ]
    changed = call.state.collections.update(
        _id(call),
        name=given.get("collection_name"),
        chunks=_read_chunking(given.get("chunk_configuration")),
        changes=changes,
        description=given.get("collection_description"),
    )
    return call.answer(_write_collection(changed))


async def delete(call: Call) -> Response:
    """DELETE /v1/collections/{collection_id}"""
    call.state.collections.delete(_id(call))
    return JSONResponse({})


async def list_documents(call: Call) -> Response:
    """GET /v1/collections/{collection_id}/documents"""
    wanted = _listing(call, "DOCUMENTS_SORT_BY_", ("NAME", "SIZE", "AGE"))
    found = call.state.collections.documents(_id(call), wanted, query.text(call, "name"))
    return call.answer(_page("documents", [_write_document(item) for item in found.entries], found.token))


async def batch_get(call: Call) -> Response:
    """GET /v1/collections/{collection_id}/documents:batchGet"""
    found = call.state.collections.batch(_id(call), call.request.query_params.getlist("file_ids"))
    return call.answer({"documents": [_write_document(item) for item in found]})


async def document(call: Call) -> Response:
    """GET /v1/collections/{collection_id}/documents/{file_id}"""
    return call.answer(_write_document(call.state.collections.document(_id(call), _file_id(call))))


async def add(call: Call) -> Response:
    """POST /v1/collections/{collection_id}/documents/{file_id}"""
    given = await _body(call, "AddDocumentRequest") if await call.request.body() else {}
    call.state.collections.add(_id(call), _file_id(call), given.get("fields", {}), _polls(call))
    return JSONResponse({})


async def reindex(call: Call) -> Response:
    """PATCH /v1/collections/{collection_id}/documents/{file_id}"""
    call.state.collections.reindex(_id(call), _file_id(call), _polls(call))
    return JSONResponse({})


async def remove(call: Call) -> Response:
    """DELETE /v1/collections/{collection_id}/documents/{file_id}"""
    call.state.collections.remove(_id(call), _file_id(call))
    return JSONResponse({})


async def search_documents(call: Call) -> Response:
    """POST /v1/documents/search"""
    given = await call.body("SearchRequest")
    request = SearchRequest(
        query=given["query"],
        collection_ids=tuple(given["source"]["collection_ids"]),
        limit=given.get("limit"),
        condition=given.get("filter"),
    )
    return call.answer({"matches": [_write_match(match) for match in search(request, call.state.collections)]})


_DOCUMENTS = "/v1/collections/{collection_id}/documents"
ROUTES = [
    ("POST", "/v1/collections", create),
    ("GET", "/v1/collections", list_collections),
    ("GET", "/v1/collections/{collection_id}", retrieve),
    ("PUT", "/v1/collections/{collection_id}", update),
    ("DELETE", "/v1/collections/{collection_id}", delete),
    ("GET", _DOCUMENTS, list_documents),
    ("GET", f"{_DOCUMENTS}:batchGet", batch_get),
    ("GET", f"{_DOCUMENTS}/{{file_id}}", document),
    ("POST", f"{_DOCUMENTS}/{{file_id}}", add),
    ("PATCH", f"{_DOCUMENTS}/{{file_id}}", reindex),
    ("DELETE", f"{_DOCUMENTS}/{{file_id}}", remove),
    ("POST", "/v1/documents/search", search_documents),
]

# ---- reading


async def _body(call: Call, schema_name: str) -> Json:
    """The checked body. The management host takes names in lower camel case as well."""
    raw = await call.request.body()
    try:
        given = jsontext.loads(raw.decode())
    except ValueError:
        return await call.body(schema_name)  # which tells what is wrong with it
    renamed = _snake(given)
    return await call.body(schema_name) if renamed == given else body.parse(json.dumps(renamed).encode(), schema_name)


def _snake(given: Any) -> Any:
    """All names in snake case; the keys of ``fields`` are the caller's own."""
    if isinstance(given, list):
        return [_snake(item) for item in given]
    if not isinstance(given, dict):
        return given
    return {
        re.sub(r"(?=[A-Z])", "_", name).lower() if _CAMEL.fullmatch(name) else name: (
            value if name == "fields" else _snake(value)
        )
        for name, value in given.items()
    }


def _listing(call: Call, prefix: str, sorts: tuple[str, ...]) -> Listing:
    names = tuple(prefix + sort for sort in sorts)
    return Listing(
        query.paging(call),
        descending=query.choice(call, "order", _ORDERINGS, "ORDERING_UNKNOWN") != "ORDERING_ASCENDING",
        sort_by=query.choice(call, "sort_by", names, names[0]).removeprefix(prefix),
        condition=query.text(call, "filter"),
    )


def _read_chunking(given: Json | None) -> Chunking | None:
    if given is None:
        return None
    kinds = [name.removesuffix("_configuration") for name in given if name.endswith("_configuration")]
    if len(kinds) > 1:
        raise invalid("chunk_configuration may have only one of the properties that end in _configuration.")
    flags = {"strip": given.get("strip_whitespace", False), "inject_name": given.get("inject_name_into_chunks", False)}
    if not kinds:
        return Chunking(**flags)
    unit, overlaps, encoded = KINDS[kinds[0]]
    sizes = given[f"{kinds[0]}_configuration"]
    return Chunking(
        kind=kinds[0],
        size=sizes.get(f"max_chunk_size_{unit}", 0),
        overlap=sizes.get(f"chunk_overlap_{unit}", 0) if overlaps else 0,
        encoding=sizes.get("encoding_name", "") if encoded else "",
        **flags,
    )


def _read_definition(given: Json) -> FieldDefinition:
    return FieldDefinition(
        key=given["key"],
        required=given.get("required", False),
        inject=given.get("inject_into_chunk", False),
        unique=given.get("unique", False),
        description=given.get("description"),
    )


def _id(call: Call) -> str:
    return str(call.request.path_params["collection_id"])


def _file_id(call: Call) -> str:
    return str(call.request.path_params["file_id"])


def _polls(call: Call) -> int:
    return options.polls(call.request.headers.get(options.POLLS))


# ---- writing


def _page(name: str, entries: list[Json], token: str | None) -> Json:
    return {name: entries, **({"pagination_token": token} if token else {})}


def _write_collection(found: Collection) -> Json:
    written: Json = {
        "collection_id": found.id,
        "collection_name": found.name,
        "created_at": stamp(found.created),
        "index_configuration": {"model_name": found.model},
        "chunk_configuration": _write_chunking(found.chunking),
        "documents_count": len(found.documents),
        "field_definitions": [_write_definition(item) for item in found.definitions.values()],
    }
    if found.description is not None:
        written["collection_description"] = found.description
    return written


def _write_chunking(chunks: Chunking) -> Json:
    unit, overlaps, encoded = KINDS[chunks.kind]
    sizes: Json = {f"max_chunk_size_{unit}": chunks.size}
    if overlaps:
        sizes[f"chunk_overlap_{unit}"] = chunks.overlap
    if encoded:
        sizes["encoding_name"] = chunks.encoding
    return {
        f"{chunks.kind}_configuration": sizes,
        "strip_whitespace": chunks.strip,
        "inject_name_into_chunks": chunks.inject_name,
    }


def _write_definition(item: FieldDefinition) -> Json:
    written: Json = {
        "key": item.key,
        "required": item.required,
        "inject_into_chunk": item.inject,
        "unique": item.unique,
    }
    if item.description is not None:
        written["description"] = item.description
    return written


def _write_document(item: Shown) -> Json:
    written: Json = {
        "file_metadata": {
            "file_id": item.file.id,
            "name": item.file.name,
            "size_bytes": str(item.file.size),
            "content_type": item.file.content_type,
            "created_at": stamp(item.created),
            "expires_at": stamp(moment(item.file.expires)),
            "hash": item.file.hash,
            "upload_status": "complete",
            "processing_status": STEPS[item.status],
        },
        "fields": dict(item.fields),
        "status": f"DOCUMENT_STATUS_{item.status}",
    }
    if item.error is not None:
        written["error_message"] = item.error
    if item.document.indexed is not None:
        written["last_indexed_at"] = stamp(item.document.indexed)
    return written


def _write_match(match: Match) -> Json:
    return {
        "file_id": match.file_id,
        "chunk_id": match.chunk_id,
        "chunk_content": match.text,
        "score": shortest(match.score),
        "collection_ids": list(match.collection_ids),
        "fields": dict(match.fields),
    }
