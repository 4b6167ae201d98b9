"""Search over the documents of collections, with the inference key. The same on both wires."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from .shapes import checked
from .shelves import ADD, BAD, CHARS, LOST, add, create, document
from .wires import Wires

PATH, RPC = "/v1/documents/search", "xai_api.Documents/Search"
REPORT = b"The revenue of the last quarter was two billion. Costs were lower than before."
CATS = b"Cats sleep all day. They hunt at night."


def search(wires: Wires, query: str, *collections: str, **more: Any) -> list[dict[str, Any]]:
    """The matches; gRPC gives the same ones, without the fields, unless only REST can ask."""
    body = checked(
        wires.rest.post(PATH, json={"query": query, "source": {"collection_ids": collections}, **more}), PATH
    )
    found: list[dict[str, Any]] = body["matches"]
    if not more.keys() - {"limit"}:
        same = wires.call(RPC, query=query, source={"collection_ids": collections}, **more).matches
        assert [{**match, "fields": {}, "score": struct.pack("<f", match["score"])} for match in found] == [
            {
                "file_id": match.file_id,
                "chunk_id": match.chunk_id,
                "chunk_content": match.chunk_content,
                "score": struct.pack("<f", match.score),
                "collection_ids": list(match.collection_ids),
                "fields": {},
            }
            for match in same
        ]
    return found


@pytest.fixture(scope="module")
def library(wires: Wires) -> tuple[str, str, str]:
    """A collection with a report of 2024 and a text about cats."""
    chunks = {"chars_configuration": {**CHARS, "max_chunk_size_chars": 50}, "strip_whitespace": True}
    made = create(wires, chunk_configuration=chunks)
    report = add(wires, made, "report.txt", REPORT, document_type="financial_report", year="2024")
    cats = add(wires, made, "cats.txt", CATS, document_type="essay", year="2019")
    for file in (report, cats):
        document(wires, made, file)
    return made, report, cats


def test_the_best_first(wires: Wires, library: tuple[str, str, str]) -> None:
    made, report, cats = library
    found = search(wires, "What was the revenue of the last quarter?", made)
    assert found[0]["file_id"] == report
    assert "revenue of the last quarter" in found[0]["chunk_content"]
    assert found[0]["collection_ids"] == [made]
    assert found[0]["fields"] == {"document_type": "financial_report", "year": "2024"}
    assert set(found[0]) == {"file_id", "chunk_id", "chunk_content", "score", "collection_ids", "fields"}
    scores = [match["score"] for match in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 0.85714287  # six of seven words, as a 32-bit float
    assert found == search(wires, "What was the revenue of the last quarter?", made)
    assert {match["file_id"] for match in search(wires, "CATS", made)} == {cats}
    assert search(wires, "elephants", made) == []
    assert len(search(wires, "the was at", made, limit=1)) == 1
    assert len(search(wires, "the was at", made)) > 1


def test_every_way_to_retrieve(wires: Wires, library: tuple[str, str, str]) -> None:
    made = library[0]
    plain = search(wires, "revenue", made)
    source = {"collection_ids": [made]}
    for mode, field in (
        ({"type": "hybrid"}, {"hybrid_retrieval": {}}),
        (
            {"type": "hybrid", "search_multiplier": 3, "reranker": {"type": "rrf", "k": 60, "text_weight": 0.5}},
            {"hybrid_retrieval": {"search_multiplier": 3, "reciprocal_rank_fusion": {"k": 60, "text_weight": 0.5}}},
        ),
        (
            {"type": "hybrid", "reranker": {"type": "reranker_model", "model": "x"}},
            {"hybrid_retrieval": {"reranker_model": {"model": "x"}}},
        ),
        ({"type": "semantic", "reranker": {"instructions": "x"}}, {"semantic_retrieval": {"reranker": {}}}),
        ({"type": "keyword"}, {"keyword_retrieval": {}}),
    ):
        assert search(wires, "revenue", made, retrieval_mode=mode) == plain
        same = wires.call(RPC, query="revenue", source=source, instructions="x", ranking_metric=2, **field)
        assert [match.chunk_id for match in same.matches] == [match["chunk_id"] for match in plain]
    more = {
        "instructions": "x",
        "ranking_metric": "RANKING_METRIC_COSINE_SIMILARITY",
        "group_by": {"keys": ["year"], "aggregate": {"max_k": {"k": 1, "keys": ["year"]}}},
        "limit": None,
        "filter": None,
        "retrieval_mode": None,
    }
    assert search(wires, "revenue", made, **more) == plain
    backend = {"query": "revenue", "source": {**source, "rag_pipeline": "es"}}
    assert wires.rest.post(PATH, json=backend).json()["matches"] == plain


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ('document_type = "financial_report" AND year > 2020', ["report"]),  # the documented example
        ("year > 2020 OR year < 2020", ["report", "cats"]),
        ("year:>2020", ["report"]),
        ("document_type:essay", ["cats"]),
        ("NOT document_type = essay", ["report"]),
        ("author = null", ["report", "cats"]),
        ("author = me", []),
    ],
)
def test_filters(wires: Wires, library: tuple[str, str, str], condition: str, names: list[str]) -> None:
    made, report, cats = library
    found = {match["file_id"] for match in search(wires, "the cats revenue", made, filter=condition)}
    assert found == {{"report": report, "cats": cats}[name] for name in names}


def test_several_collections(wires: Wires, library: tuple[str, str, str]) -> None:
    made, report, _ = library
    other = create(wires, chunk_configuration={"chars_configuration": CHARS})
    wires.call(
        ADD,
        {"x-emulator-polls": "0"},
        collection_id=other,
        file_id=report,
    )
    assert search(wires, "revenue", other, made) != []
    both = search(wires, "revenue", made, other)
    assert {match["collection_ids"][0] for match in both} == {made, other}  # cut differently, so two chunks
    twin = create(wires, chunk_configuration={"chars_configuration": CHARS})
    wires.call(ADD, {"x-emulator-polls": "0"}, collection_id=twin, file_id=report)
    document(wires, twin, report)
    (one,) = search(wires, "revenue", other, twin)
    assert one["collection_ids"] == [other, twin]


def test_only_what_is_indexed_is_found(wires: Wires) -> None:
    made = create(wires)
    file = add(wires, made, "a.txt", b"zebra", polls=1)
    source = {"query": "zebra", "source": {"collection_ids": [made]}}
    counts = [len(wires.rest.post(PATH, json=source).json()["matches"]) for _ in range(3)]
    assert counts == [0, 1, 1]  # a search is a poll
    rpc = "collections.Collections/UpdateDocument"
    wires.call(rpc, {"x-emulator-polls": "0"}, collection_id=made, file_id=file, data=b"gnu")
    assert len(search(wires, "gnu", made)) == 1
    assert search(wires, "zebra", made) == []


@pytest.mark.parametrize("way", ["delete the file", "remove the document", "let the file lapse"])
def test_what_is_gone_is_not_found(wires: Wires, way: str) -> None:
    made = create(wires)
    file = wires.store("a.txt", b"zebra", expires_after="100")["id"]
    wires.call(ADD, {"x-emulator-polls": "0"}, collection_id=made, file_id=file)
    document(wires, made, file)
    assert len(search(wires, "zebra", made)) == 1
    if way == "delete the file":
        wires.rest.delete(f"/v1/files/{file}")
    elif way == "remove the document":
        wires.admin.delete(f"/v1/collections/{made}/documents/{file}")
    else:
        wires.server.advance(101)
    assert search(wires, "zebra", made) == []


def test_fields_and_names_may_be_put_into_chunks(wires: Wires) -> None:
    chunks = {"chars_configuration": CHARS, "inject_name_into_chunks": True}
    fields = [{"key": "title", "inject_into_chunk": True}, {"key": "secret"}]
    made = create(wires, chunk_configuration=chunks, field_definitions=fields)
    file = add(wires, made, "giraffe.txt", b"long neck", title="Savanna", secret="Hidden")
    document(wires, made, file)
    (match,) = search(wires, "savanna giraffe", made)
    assert match["chunk_content"] == "giraffe.txt\ntitle: Savanna\nlong neck"
    assert search(wires, "hidden", made) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"query": ""}, BAD),
        ({"query": "?!"}, BAD),
        ({"limit": 0}, BAD),
        ({"source": {"collection_ids": []}}, BAD),
        ({"source": {"collection_ids": ["collection_1"]}}, LOST),
    ],
)
def test_refused(wires: Wires, library: tuple[str, str, str], given: dict[str, Any], code: tuple[int, str]) -> None:
    whole = {"query": "x", "source": {"collection_ids": [library[0]]}, **given}
    assert wires.refused(wires.rest.post(PATH, json=whole), RPC, **whole) == code


def test_refused_by_rest_alone(wires: Wires, library: tuple[str, str, str]) -> None:
    source = {"collection_ids": [library[0]]}
    broken = wires.rest.post(PATH, json={"query": "x", "source": source, "filter": "year >"})
    assert (broken.status_code, broken.json()["error"]) == (
        400,
        "The filter is not valid: a value for year is missing.",
    )
    assert wires.rest.post(PATH, json={"query": "x"}).status_code == 422
    mode = {"query": "x", "source": source, "retrieval_mode": {"type": "telepathy"}}
    assert wires.rest.post(PATH, json=mode).status_code == 422
    assert wires.admin.post(PATH, json={"query": "x", "source": source}).status_code == 400


def test_legacy_answers_are_exactly_the_example(wires: Wires, library: tuple[str, str, str]) -> None:
    given = {"query": "revenue", "source": {"collection_ids": [library[0]]}}
    body = wires.rest.post(PATH, json=given, headers={"x-emulator-legacy": "1"}).json()
    assert set(body) == {"matches"}
    assert set(body["matches"][0]) == {"file_id", "chunk_id", "chunk_content", "score", "collection_ids"}
