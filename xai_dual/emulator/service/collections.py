"""Collections: files indexed for search as documents, with fields of metadata."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from xai_dual.emulator.errors import ServiceError, invalid, not_found
from xai_dual.emulator.service import chunking, filters
from xai_dual.emulator.service.chunking import Chunking
from xai_dual.emulator.service.clock import Clock
from xai_dual.emulator.service.files import Content, Files, StoredFile, moment
from xai_dual.emulator.service.paging import Page, Paging, page

PROCESSING, PROCESSED, FAILED = "PROCESSING", "PROCESSED", "FAILED"
STEPS = {PROCESSING: "processing", PROCESSED: "complete", FAILED: "failed"}  # as the record of the file says it
DEFAULT_MODEL = "grok-embedding-small"
_NAMESPACE = uuid.UUID("2d9a1f33-0f6b-5a53-8a86-6a5f4b7f8e52")
_INDEXED_BYTES = 8 << 20
_FILTERED = ("collection_id", "collection_name", "created_at", "documents_count")
_DOCUMENT_FILTERED = ("file_id", "name", "content_type", "size_bytes", "created_at", "status")


@dataclass(frozen=True)
class FieldDefinition:
    """A field that documents may or must have."""

    key: str
    required: bool = False
    inject: bool = False
    unique: bool = False
    description: str | None = None


@dataclass(frozen=True)
class FieldChange:
    """A definition to set, or the key of one to drop."""

    definition: FieldDefinition
    drop: bool = False


@dataclass
class Document:
    """A file in a collection. While ``polls_left`` is a number its indexing is under way."""

    file_id: str
    collection_id: str
    serial: int
    fields: dict[str, str]
    polls_left: int | None
    indexed: datetime | None = None
    chunks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shown:
    """A document as one poll sees it."""

    file: StoredFile
    document: Document
    status: str
    fields: Mapping[str, str]
    error: str | None = None

    @property
    def created(self) -> datetime | None:
        """When its file was stored."""
        return moment(self.file.created)


@dataclass
class Collection:
    """A collection with its documents by file id."""

    id: str
    name: str
    serial: int
    created: datetime
    model: str = DEFAULT_MODEL
    chunking: Chunking = field(default_factory=Chunking)
    metric: str = ""
    definitions: dict[str, FieldDefinition] = field(default_factory=dict)
    description: str | None = None
    documents: dict[str, Document] = field(default_factory=dict)
    known: dict[str, Document] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """Which page, in which order. ``sort_by`` is ``NAME``, ``SIZE`` or ``AGE``."""

    paging: Paging
    descending: bool = True
    sort_by: str = "NAME"
    condition: str | None = None


class Collections:
    """All collections of an emulator."""

    def __init__(self, clock: Clock, files: Files) -> None:
        self._clock = clock
        self._files = files
        self._collections: dict[str, Collection] = {}
        self._known: dict[str, Collection] = {}

    # ---- collections

    def create(
        self,
        name: str,
        model: str = "",
        chunks: Chunking | None = None,
        metric: str = "",
        definitions: Iterable[FieldDefinition] = (),
        description: str | None = None,
    ) -> Collection:
        """Make an empty collection."""
        serial = len(self._known) + 1
        made = Collection(
            id=f"collection_{uuid.uuid5(_NAMESPACE, f'collection {serial}')}",
            name=_named(name),
            serial=serial,
            created=self._clock.now(),
            model=model or DEFAULT_MODEL,
            chunking=chunking.check(chunks or Chunking()),
            metric=metric,
            description=description,
        )
        for definition in definitions:
            if definition.key in made.definitions:
                raise invalid(f"The field {definition.key} is defined twice.")
            made.definitions[_keyed(definition).key] = definition
        self._collections[made.id] = self._known[made.id] = made
        return made

    def get(self, collection_id: str) -> Collection:
        """The collection of an id, or NOT_FOUND. Documents whose file is gone are gone too."""
        found = self._collections.get(collection_id)
        if found is None:
            raise not_found(f"The collection {collection_id} does not exist.")
        for file_id in [file_id for file_id in found.documents if self._files.find(file_id) is None]:
            del found.documents[file_id]
        return found

    def update(
        self,
        collection_id: str,
        name: str | None = None,
        chunks: Chunking | None = None,
        changes: Iterable[FieldChange] = (),
        description: str | None = None,
    ) -> Collection:
        """Change what is given. Documents keep their chunks until they are indexed anew."""
        found = self.get(collection_id)
        definitions = dict(found.definitions)
        dropped = set()
        for change in changes:
            key = _keyed(change.definition).key
            if change.drop:
                if definitions.pop(key, None) is None:
                    raise invalid(f"There is no field {key} to delete.")
                dropped.add(key)
            elif change.definition.required and key not in definitions:
                raise invalid(f"The field {key} is new, so it must not be required.")
            else:
                definitions[key] = change.definition
        settings = chunking.check(chunks) if chunks else found.chunking
        found.name = found.name if name is None else _named(name)
        found.description = found.description if description is None else description
        found.chunking, found.definitions = settings, definitions
        for document in found.documents.values():
            document.fields = {key: value for key, value in document.fields.items() if key not in dropped}
        return found

    def delete(self, collection_id: str) -> None:
        """Remove a collection. Its files stay."""
        del self._collections[self.get(collection_id).id]

    def listing(self, wanted: Listing) -> Page[Collection]:
        """One page of collections."""
        test = filters.parse(wanted.condition, _FILTERED.__contains__)
        alive = [self.get(collection_id) for collection_id in list(self._collections)]
        return page(
            [found for found in alive if test(_lookup(found))],
            wanted.paging,
            place=lambda found: (found.name if wanted.sort_by == "NAME" else "", found.serial),
            known=self._known,
            name=lambda found: found.id,
            descending=wanted.descending,
        )

    def size(self, collection: Collection) -> int:
        """The bytes of all its files."""
        return sum(self._files.get(file_id).size for file_id in collection.documents)

    def describe(self, collection_id: str) -> str:
        """A description out of what the indexed documents are called and begin with; empty without any."""
        found = self.get(collection_id)
        indexed = [document for document in found.documents.values() if document.chunks]
        if not indexed:
            return ""
        names = ", ".join(self._files.get(document.file_id).name for document in indexed[:5])
        count = f"{len(indexed)} document{'' if len(indexed) == 1 else 's'}"
        return f"{count}: {names}. It begins with: {' '.join(indexed[0].chunks[0].split()[:12])}"

    # ---- documents

    def add(self, collection_id: str, file_id: str, fields: Mapping[str, str], polls: int) -> None:
        """Put a file into a collection; it is being indexed for so many polls."""
        found = self.get(collection_id)
        self._files.get(file_id)
        if file_id in found.documents:
            raise ServiceError("ALREADY_EXISTS", f"The file {file_id} is already in the collection {collection_id}.")
        _check_fields(found, dict(fields), file_id)
        document = Document(file_id, collection_id, len(found.known) + 1, dict(fields), polls)
        found.documents[file_id] = found.known[file_id] = document

    def document(self, collection_id: str, file_id: str) -> Shown:
        """One document; this is a poll."""
        return self._show(self._document(collection_id, file_id)[1])

    def documents(self, collection_id: str, wanted: Listing, name: str | None = None) -> Page[Shown]:
        """One page of documents; this is a poll of all of them."""
        found = self.get(collection_id)
        test = filters.parse(wanted.condition, _is_document_field)
        shown = [self._show(document) for document in found.documents.values()]
        return page(
            [item for item in shown if name in (None, item.file.name) and test(_document_lookup(item))],
            wanted.paging,
            place=_DOCUMENT_PLACES[wanted.sort_by],
            known={file_id: self._ghost(document) for file_id, document in found.known.items()},
            name=lambda item: item.file.id,
            descending=wanted.descending,
        )

    def batch(self, collection_id: str, file_ids: Iterable[str]) -> list[Shown]:
        """Several documents, in the order of their ids; this is a poll of them."""
        chosen = [self._document(collection_id, file_id)[1] for file_id in dict.fromkeys(file_ids)]
        if not chosen:
            raise invalid("file_ids must not be empty.")
        return [self._show(document) for document in chosen]

    def change(
        self,
        collection_id: str,
        file_id: str,
        name: str | None,
        data: bytes | None,
        media_type: str | None,
        fields: Mapping[str, str],
        polls: int,
    ) -> Shown:
        """Change a document; it is indexed anew."""
        collection, document = self._document(collection_id, file_id)
        merged = {**document.fields, **fields}
        _check_fields(collection, merged, file_id)
        content = None if data is None else Content(data)
        self._files.replace(file_id, name, content, media_type)
        document.fields, document.polls_left = merged, polls
        return self._show(document, poll=False)

    def reindex(self, collection_id: str, file_id: str, polls: int) -> None:
        """Index a document anew, as the collection's settings are now."""
        self._document(collection_id, file_id)[1].polls_left = polls

    def remove(self, collection_id: str, file_id: str) -> None:
        """Take a document out of a collection. Its file stays."""
        collection, document = self._document(collection_id, file_id)
        del collection.documents[document.file_id]

    def poll(self, collection: Collection) -> None:
        """Let the indexing of all documents go on by one poll."""
        for document in collection.documents.values():
            self._show(document)

    def _document(self, collection_id: str, file_id: str) -> tuple[Collection, Document]:
        collection = self.get(collection_id)
        if file_id not in collection.documents:
            raise not_found(f"The document {file_id} does not exist in the collection {collection_id}.")
        return collection, collection.documents[file_id]

    def _show(self, document: Document, poll: bool = True) -> Shown:
        stored = self._files.get(document.file_id)
        if document.polls_left is not None:
            if not poll or document.polls_left:
                document.polls_left -= poll
                return Shown(stored, document, PROCESSING, document.fields)
            self._index(document)
        if not document.chunks:
            return Shown(stored, document, FAILED, document.fields, "No text was found in the file.")
        return Shown(stored, document, PROCESSED, document.fields)

    def _ghost(self, document: Document) -> Shown:
        """A document that may be gone, for its place in a list."""
        return Shown(self._files.ever(document.file_id), document, "", {})

    def _index(self, document: Document) -> None:
        collection = self._collections[document.collection_id]
        stored = self._files.get(document.file_id)
        head = f"{stored.name}\n" if collection.chunking.inject_name else ""
        for definition in collection.definitions.values():
            if definition.inject and definition.key in document.fields:
                head += f"{definition.key}: {document.fields[definition.key]}\n"
        text = self._files.content(document.file_id).text(_INDEXED_BYTES)
        document.chunks = tuple(head + chunk for chunk in chunking.cut(text, collection.chunking))
        document.polls_left, document.indexed = None, self._clock.now()


_DOCUMENT_PLACES: dict[str, Callable[[Shown], Any]] = {
    "NAME": lambda item: (item.file.name, item.document.serial),
    "SIZE": lambda item: (item.file.size, item.document.serial),
    "AGE": lambda item: (item.file.created, item.document.serial),
}


def _named(name: str) -> str:
    if not name:
        raise invalid("The collection must have a name.")
    return name


def _keyed(definition: FieldDefinition) -> FieldDefinition:
    if not definition.key:
        raise invalid("A field definition must have a key.")
    return definition


def _check_fields(collection: Collection, fields: Mapping[str, str], file_id: str) -> None:
    """Refuse a document that lacks a required field, or shares the value of a unique one."""
    for definition in collection.definitions.values():
        value = fields.get(definition.key)
        if value is None and definition.required:
            raise invalid(f"The field {definition.key} is required.")
        others = (other for other in collection.documents.values() if other.file_id != file_id)
        if (
            value is not None
            and definition.unique
            and any(other.fields.get(definition.key) == value for other in others)
        ):
            raise invalid(f"The field {definition.key} is unique; another document has the value {value}.")


def _lookup(found: Collection) -> filters.Lookup:
    values = {
        "collection_id": found.id,
        "collection_name": filters.Partial(found.name),
        "created_at": found.created,
        "documents_count": len(found.documents),
    }
    return values.__getitem__


def _is_document_field(name: str) -> bool:
    return name in _DOCUMENT_FILTERED or name.startswith("fields.")


def _document_lookup(item: Shown) -> filters.Lookup:
    values = {
        "file_id": item.file.id,
        "name": item.file.name,
        "content_type": item.file.content_type,
        "size_bytes": item.file.size,
        "created_at": item.created,
        "status": f"DOCUMENT_STATUS_{item.status}",
    }

    def lookup(name: str) -> Any:
        return item.fields.get(name.removeprefix("fields.")) if name.startswith("fields.") else values[name]

    return lookup
