"""Search over the chunks of documents: a chunk scores by the share of the query's words that it has."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service import filters
from xai_dual.emulator.service.collections import Collection, Collections, Document
from xai_dual.emulator.service.floats import float32

_NAMESPACE = uuid.UUID("c1c2ab6d-41d7-5d8e-90ab-5c3f0d9e1a77")
_WORD = re.compile(r"\w+")
_LIMIT = 10


@dataclass(frozen=True)
class SearchRequest:
    """A query. How to retrieve and rank is accepted and changes nothing: there is but one index of words."""

    query: str
    collection_ids: tuple[str, ...]
    limit: int | None = None
    condition: str | None = None


@dataclass(frozen=True)
class Match:
    """A chunk that fits. The score is a 32-bit float."""

    file_id: str
    chunk_id: str
    text: str
    score: float
    collection_ids: tuple[str, ...]
    fields: Mapping[str, str]


def words(text: str) -> frozenset[str]:
    """The words of a text, by which it is found."""
    return frozenset(_WORD.findall(text.casefold()))


def search(request: SearchRequest, collections: Collections) -> list[Match]:
    """The best chunks first. A search is a poll of the documents it looks at."""
    query = words(request.query)
    if not query:
        raise invalid("The query must have words.")
    if not request.collection_ids:
        raise invalid("source.collection_ids must not be empty.")
    if request.limit is not None and request.limit < 1:
        raise invalid(f"limit must be positive; got {request.limit}.")
    test = filters.parse(request.condition, lambda name: True)
    sources = [collections.get(name) for name in dict.fromkeys(request.collection_ids)]
    found: dict[str, Match] = {}
    for collection in sources:
        collections.poll(collection)
        for document in collection.documents.values():
            if test(document.fields.get):
                _match(found, query, collection, document)
    best = sorted(found.values(), key=lambda match: -match.score)  # stable: equal scores stay in the order of the text
    return best[: request.limit or _LIMIT]


def _match(found: dict[str, Match], query: frozenset[str], collection: Collection, document: Document) -> None:
    for position, chunk in enumerate(document.chunks):
        score = float32(len(query & words(chunk)) / len(query))
        if not score:
            continue
        name = str(uuid.uuid5(_NAMESPACE, f"{document.file_id} {position} {chunk}"))
        others = found[name].collection_ids if name in found else ()
        found[name] = Match(document.file_id, name, chunk, score, (*others, collection.id), dict(document.fields))
