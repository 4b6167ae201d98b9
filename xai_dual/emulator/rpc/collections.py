"""Collections, their documents and the search over them as protobuf messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xai_dual.emulator import options
from xai_dual.emulator.definitions import enum_number, message
from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service.chunking import GRPC_KINDS, KINDS, Chunking
from xai_dual.emulator.service.collections import STEPS, Collection, FieldChange, FieldDefinition, Listing, Shown
from xai_dual.emulator.service.paging import Paging
from xai_dual.emulator.service.search import SearchRequest, search

if TYPE_CHECKING:
    from xai_dual.emulator.rpc.service import Call

_METRICS = ("", "HNSW_METRIC_COSINE", "HNSW_METRIC_EUCLIDEAN", "HNSW_METRIC_INNER_PRODUCT")
_EMPTY = "google.protobuf.Empty"


def create(request: Any, call: Call) -> Any:
    """Collections/CreateCollection"""
    made = call.state.collections.create(
        name=request.collection_name,
        model=request.index_configuration.model_name,
        chunks=_read_chunking(request),
        metric=_member(_METRICS, "metric_space", request.metric_space),
        definitions=[_read_definition(item) for item in request.field_definitions],
        description=_optional(request, "collection_description"),
    )
    return _write_collection(made, call)


def list_collections(request: Any, call: Call) -> Any:
    """Collections/ListCollections"""
    found = call.state.collections.listing(_listing(request, ("NAME", "AGE")))
    return message("collections.ListCollectionsResponse")(
        collections=[_write_collection(item, call) for item in found.entries], pagination_token=found.token
    )


def retrieve(request: Any, call: Call) -> Any:
    """Collections/GetCollectionMetadata"""
    return _write_collection(call.state.collections.get(request.collection_id), call)


def update(request: Any, call: Call) -> Any:
    """Collections/UpdateCollection"""
    changes = [
        FieldChange(_read_definition(item.field_definition), _member((False, True), "operation", item.operation))
        for item in request.field_definition_updates
    ]
    changed = call.state.collections.update(
        request.collection_id,
        name=_optional(request, "collection_name"),
        chunks=_read_chunking(request),
        changes=changes,
        description=_optional(request, "collection_description"),
    )
    return _write_collection(changed, call)


def delete(request: Any, call: Call) -> Any:
    """Collections/DeleteCollection"""
    call.state.collections.delete(request.collection_id)
    return message(_EMPTY)()


def describe(request: Any, call: Call) -> Any:
    """Collections/GenerateCollectionDescription"""
    return message("collections.GenerateCollectionDescriptionResponse")(
        collection_description=call.state.collections.describe(request.collection_id)
    )


def list_documents(request: Any, call: Call) -> Any:
    """Collections/ListDocuments"""
    wanted = _listing(request, ("NAME", "SIZE", "AGE"))
    found = call.state.collections.documents(request.collection_id, wanted, request.name or None)
    return message("collections.ListDocumentsResponse")(
        documents=[_write_document(item) for item in found.entries], pagination_token=found.token
    )


def document(request: Any, call: Call) -> Any:
    """Collections/GetDocumentMetadata"""
    return _write_document(call.state.collections.document(request.collection_id, request.file_id))


def batch_get(request: Any, call: Call) -> Any:
    """Collections/BatchGetDocuments"""
    found = call.state.collections.batch(request.collection_id, request.file_ids)
    return message("collections.BatchGetDocumentsResponse")(documents=[_write_document(item) for item in found])


def add(request: Any, call: Call) -> Any:
    """Collections/AddDocumentToCollection"""
    call.state.collections.add(request.collection_id, request.file_id, dict(request.fields), _polls(call))
    return message(_EMPTY)()


def change(request: Any, call: Call) -> Any:
    """Collections/UpdateDocument"""
    shown = call.state.collections.change(
        request.collection_id,
        request.file_id,
        name=_optional(request, "name"),
        data=_optional(request, "data"),
        media_type=_optional(request, "content_type"),
        fields=dict(request.fields),
        polls=_polls(call),
    )
    return _write_document(shown)


def reindex(request: Any, call: Call) -> Any:
    """Collections/ReIndexDocument"""
    call.state.collections.reindex(request.collection_id, request.file_id, _polls(call))
    return message(_EMPTY)()


def remove(request: Any, call: Call) -> Any:
    """Collections/RemoveDocumentFromCollection"""
    call.state.collections.remove(request.collection_id, request.file_id)
    return message(_EMPTY)()


def search_documents(request: Any, call: Call) -> Any:
    """Documents/Search"""
    wanted = SearchRequest(request.query, tuple(request.source.collection_ids), _optional(request, "limit"))
    response: Any = message("xai_api.SearchResponse")()
    for match in search(wanted, call.state.collections):
        response.matches.add(
            file_id=match.file_id,
            chunk_id=match.chunk_id,
            chunk_content=match.text,
            score=match.score,
            collection_ids=match.collection_ids,
        )
    return response


_HANDLERS = {
    "CreateCollection": ("CreateCollectionRequest", create),
    "ListCollections": ("ListCollectionsRequest", list_collections),
    "GetCollectionMetadata": ("GetCollectionMetadataRequest", retrieve),
    "UpdateCollection": ("UpdateCollectionRequest", update),
    "DeleteCollection": ("DeleteCollectionRequest", delete),
    "GenerateCollectionDescription": ("GenerateCollectionDescriptionRequest", describe),
    "ListDocuments": ("ListDocumentsRequest", list_documents),
    "GetDocumentMetadata": ("GetDocumentMetadataRequest", document),
    "BatchGetDocuments": ("BatchGetDocumentsRequest", batch_get),
    "AddDocumentToCollection": ("AddDocumentToCollectionRequest", add),
    "UpdateDocument": ("UpdateDocumentRequest", change),
    "ReIndexDocument": ("ReIndexDocumentRequest", reindex),
    "RemoveDocumentFromCollection": ("RemoveDocumentFromCollectionRequest", remove),
}
METHODS = {
    f"/collections.Collections/{name}": (f"collections.{request}", handler)
    for name, (request, handler) in _HANDLERS.items()
} | {"/xai_api.Documents/Search": ("xai_api.SearchRequest", search_documents)}

# ---- reading


def _optional(request: Any, name: str) -> Any:
    return getattr(request, name) if request.HasField(name) else None


def _member(members: tuple[Any, ...], name: str, number: int) -> Any:
    if not 0 <= number < len(members):
        raise invalid(f"{name} has the unknown value {number}.")
    return members[number]


def _polls(call: Call) -> int:
    return options.polls(call.metadata.get(options.POLLS))


def _listing(request: Any, sorts: tuple[str, ...]) -> Listing:
    return Listing(
        Paging(_optional(request, "limit"), request.pagination_token),
        descending=_member((True, False, True), "order", request.order),
        sort_by=_member(sorts, "sort_by", request.sort_by),
        condition=request.filter,
    )


def _read_chunking(request: Any) -> Chunking | None:
    if not request.HasField("chunk_configuration"):
        return None
    given = request.chunk_configuration
    flags = {"strip": given.strip_whitespace, "inject_name": given.inject_name_into_chunks}
    field = given.WhichOneof("config")
    if field is None:
        return Chunking(**flags)
    kind = field.removesuffix("_configuration")
    unit, _, encoded = KINDS[kind]
    sizes = getattr(given, field)
    return Chunking(
        kind=kind,
        size=getattr(sizes, f"max_chunk_size_{unit}"),
        overlap=getattr(sizes, f"chunk_overlap_{unit}"),
        encoding=sizes.encoding_name if encoded else "",
        **flags,
    )


def _read_definition(given: Any) -> FieldDefinition:
    return FieldDefinition(
        given.key, given.required, given.inject_into_chunk, given.unique, _optional(given, "description")
    )


# ---- writing


def _write_collection(found: Collection, call: Call) -> Any:
    response: Any = message("collections.CollectionMetadata")(
        collection_id=found.id,
        collection_name=found.name,
        documents_count=len(found.documents),
        collection_description=found.description,
        total_file_size=call.state.collections.size(found),
    )
    response.created_at.FromDatetime(found.created)
    response.index_configuration.model_name = found.model
    _write_chunking(response.chunk_configuration, found.chunking)
    for item in found.definitions.values():
        response.field_definitions.add(
            key=item.key,
            required=item.required,
            inject_into_chunk=item.inject,
            unique=item.unique,
            description=item.description,
        )
    return response


def _write_chunking(target: Any, chunks: Chunking) -> None:
    target.strip_whitespace, target.inject_name_into_chunks = chunks.strip, chunks.inject_name
    if chunks.kind not in GRPC_KINDS:
        return
    sizes = getattr(target, f"{chunks.kind}_configuration")
    setattr(sizes, f"max_chunk_size_{chunks.kind}", chunks.size)
    setattr(sizes, f"chunk_overlap_{chunks.kind}", chunks.overlap)
    if chunks.kind == "tokens":
        sizes.encoding_name = chunks.encoding


def _write_document(item: Shown) -> Any:
    response: Any = message("collections.DocumentMetadata")(
        fields=item.fields,
        status=enum_number("collections.DocumentStatus", f"DOCUMENT_STATUS_{item.status}"),
        error_message=item.error,
    )
    stored = response.file_metadata
    stored.file_id, stored.name, stored.size_bytes = item.file.id, item.file.name, item.file.size
    stored.content_type, stored.hash = item.file.content_type, item.file.hash
    stored.upload_status, stored.processing_status = "complete", STEPS[item.status]
    stored.created_at.seconds = item.file.created
    if item.file.expires is not None:
        stored.expires_at.seconds = item.file.expires
    if item.document.indexed is not None:
        response.last_indexed_at.FromDatetime(item.document.indexed)
        response.chunk_count = len(item.document.chunks)
        response.chunks_processed_count = 0 if item.document.polls_left is not None else len(item.document.chunks)
    return response
