"""Cases of what the service keeps: files, batches, collections, jobs, stored answers."""

from __future__ import annotations

import base64
from typing import Any

from xai_dual.types.batches import BatchError
from xai_dual.types.chat import ChatCompletion
from xai_dual.types.images import ImageResponse

from .case import AT_ONCE, Case, Of
from .given import CHUNKS, DRAFT, IMAGE, NOTES, PICTURE, PNG, VIDEO, YEAR, chat

FILE = {"file_id": Of("file", "id")}
BATCH = {"batch_id": Of("batch", "batch_id")}
COLLECTION = {"collection_id": Of("collection", "collection_id")}
CLIP = {"url": "https://example.com/a.mp4"}
NEW_FILE = ("id", "created_at", "expires_at")
NEW_BATCH = ("batch_id", "create_time", "expire_time", "cancel_time")
NEW_COLLECTION = ("collection_id", "created_at")
NEW_JOB = ("request_id",)


def _upload(name: str, content: Any, stored: str, data: bytes, **more: Any) -> Case:
    return Case(
        "files.upload",
        name,
        {"content": content, **more},
        lambda r: (r.filename, r.bytes) == (stored, len(data)) and r.id and r.created_at > 1_700_000_000,
        NEW_FILE,
    )


def _result(result: Any) -> tuple[type, bool]:
    """The kind of a batch's result, and whether it is one of the two."""
    return type(result.response or result.error), (result.response is None) != (result.error is None)


FILES = [
    _upload("bytes", b"abc", "upload", b"abc"),
    _upload("named", ("näme 1.txt", b"abc"), "näme 1.txt", b"abc", expires_after=3600),
    _upload("renamed", b"abc", "b.txt", b"abc", filename="b.txt"),
    _upload("empty", ("empty.txt", b""), "empty.txt", b""),
    Case("files.list", "named", {"filter": 'name = "notes.txt"', "order": "desc"}, lambda r: r[0].bytes == len(NOTES),
         after=("file",)),
    Case("files.list", "none", {"filter": 'name = "no such name"'}, lambda r: r == []),
    Case("files.list", "sorted", {"sort_by": "size", "order": "asc", "limit": 7},
         lambda r: [f.bytes for f in r] == sorted(f.bytes for f in r), after=("file", "picture")),
    Case("files.get", "", FILE, lambda r: (r.filename, r.bytes, r.expires_at) == ("notes.txt", len(NOTES), None)),
    Case("files.get", "published", {"file_id": Of("picture", "id")},
         lambda r: r.public_url and r.expires_at - r.created_at == 7200, after=("published",)),
    Case("files.content", "", FILE, lambda r: r == NOTES),
    Case("files.content", "text", {"file_id": Of("picture", "id"), "format": "text"}, lambda r: r != PNG),
    Case("files.content", "original", {"file_id": Of("picture", "id"), "format": "original"}, lambda r: r == PNG),
    Case("files.create_public_url", "", {"file_id": Of("picture", "id"), "expires_after": 60},
         lambda r: r.public_url.endswith(".png") and r.expires_at > 1_700_000_000, ("public_url", "expires_at")),
    Case("files.revoke_public_url", "", {"file_id": Of("picture", "id")}, lambda r: r.revoked and r.file_id,
         ("public_url", "file_id"), ("published",)),
    Case("files.revoke_public_url", "not public", {"file_id": Of("picture", "id")}, lambda r: not r.revoked,
         ("file_id",)),
    Case("files.delete", "", FILE, lambda r: r.deleted and r.id, ("id",)),
]  # fmt: skip

BATCHES = [
    Case("batches.create", "", {"name": "mine"},
         lambda r: r.name == "mine" and r.batch_id and r.expire_time > r.create_time and r.state.num_requests == 0,
         NEW_BATCH),
    Case("batches.get", "new", BATCH, lambda r: r.name == "mine" and r.cancel_time is None),
    Case("batches.get", "run", BATCH, lambda r: (r.state.num_success, r.state.num_error, r.state.num_pending) ==
         (2, 1, 0), after=("run",)),
    Case("batches.list", "", {"limit": 100}, lambda r: "mine" in [b.name for b in r], after=("filled",)),
    Case("batches.add_requests", "dicts", {**BATCH, "batch_requests": [{"batch_request": chat("Say cat")}]},
         lambda r: r is None),
    Case("batches.list_requests", "", {**BATCH, "limit": 2},
         lambda r: [(i.batch_request_id, i.state) for i in r] ==
         [("cat", "succeeded"), ("lost", "failed"), ("picture", "succeeded")]
         and r[0].endpoint and r[0].model == "grok-3" and r[0].finish_time >= r[0].create_time, after=("run",)),
    Case("batches.list_results", "", {**BATCH, "limit": 2},
         lambda r: [(i.batch_request_id, *_result(i)) for i in r] ==
         [("cat", ChatCompletion, True), ("lost", BatchError, True), ("picture", ImageResponse, True)]
         and r[0].response.text == "cat" and r[1].error.code == 5 and "nope" in r[1].error.message
         and r[2].response.data[0].url, after=("run",)),
    Case("batches.list_results", "none", BATCH, lambda r: r == []),
    Case("batches.get_result", "done", {**BATCH, "batch_request_id": "cat"},
         lambda r: r.result.response.text == "cat" and r.request.batch_request_id == "cat", after=("run",)),
    Case("batches.get_result", "failed", {**BATCH, "batch_request_id": "lost"},
         lambda r: type(r.result.error) is BatchError, after=("run",)),
    Case("batches.cancel", "", BATCH, lambda r: r.cancel_time and r.state.num_cancelled == 3, NEW_BATCH, ("filled",)),
]  # fmt: skip

SEARCHES: dict[str, dict[str, Any]] = {
    "plain": {},
    "keyword": {"retrieval_mode": {"type": "keyword"}, "limit": 1},
    "semantic": {"retrieval_mode": {"type": "semantic"}, "instructions": "Find."},
    "hybrid": {"retrieval_mode": {"type": "hybrid"}, "ranking_metric": "RANKING_METRIC_COSINE_SIMILARITY"},
}

COLLECTIONS = [
    Case("collections.create", "plain", {"collection_name": "plain"},
         lambda r: r.collection_name == "plain" and r.collection_id and r.documents_count == 0, NEW_COLLECTION),
    Case("collections.create", "full",
         {"collection_name": "full", "chunk_configuration": CHUNKS, "metric_space": "HNSW_METRIC_COSINE",
          "index_configuration": {"model_name": "grok-embedding-small"}, "field_definitions": [YEAR],
          "collection_description": "All"},
         lambda r: r.chunk_configuration.chars_configuration.max_chunk_size_chars == 60
         and r.index_configuration.model_name == "grok-embedding-small" and r.field_definitions[0].key == "year"
         and r.field_definitions[0].description == "Its year" and r.collection_description == "All", NEW_COLLECTION),
    Case("collections.list", "", {"sort_by": "COLLECTIONS_SORT_BY_AGE", "order": "ORDERING_DESCENDING"},
         lambda r: "docs" in [c.collection_name for c in r], after=("collection",)),
    Case("collections.get", "", COLLECTION, lambda r: r.collection_name == "docs" and r.documents_count == 1,
         after=("document",)),
    Case("collections.update", "",
         {**COLLECTION, "collection_name": "renamed", "collection_description": "",
          "field_definition_updates": [{"field_definition": {"key": "title"}, "operation": "FIELD_DEFINITION_ADD"}]},
         lambda r: r.collection_name == "renamed" and [f.key for f in r.field_definitions] == ["year", "title"],
         NEW_COLLECTION),
    Case("collections.delete", "", COLLECTION, lambda r: r is None),
    Case("collections.generate_description", "", COLLECTION, lambda r: "notes.txt" in r.collection_description,
         after=("document",)),
    Case("collections.documents.add", "", {**DRAFT, "fields": {"year": "2024"}}, lambda r: r is None),
    Case("collections.documents.list", "", {**COLLECTION, "sort_by": "DOCUMENTS_SORT_BY_SIZE"},
         lambda r: [d.file_metadata.name for d in r] == ["notes.txt"], after=("document",)),
    Case("collections.documents.list", "none", {**COLLECTION, "filter": 'name = "other"'}, lambda r: r == [],
         after=("document",)),
    Case("collections.documents.get", "", DRAFT,
         lambda r: r.status == "DOCUMENT_STATUS_PROCESSED" and r.fields == {"year": "2024"}
         and r.file_metadata.size_bytes == len(NOTES) and r.last_indexed_at, after=("document",)),
    Case("collections.documents.batch_get", "", {**COLLECTION, "file_ids": [Of("file", "id")]},
         lambda r: [d.file_metadata.name for d in r] == ["notes.txt"], after=("document",)),
    Case("collections.documents.update", "", {**DRAFT, "name": "tigers.txt", "fields": {"year": "2025"}},
         lambda r: (r.file_metadata.name, r.fields) == ("tigers.txt", {"year": "2025"}), after=("document",)),
    Case("collections.documents.reindex", "", DRAFT, lambda r: r is None, after=("document",)),
    Case("collections.documents.remove", "", DRAFT, lambda r: r is None, after=("document",)),
    *(
        Case("documents.search", name,
             {"query": "Where do cats sleep?", "source": {"collection_ids": [Of("collection", "collection_id")]},
              **more},
             lambda r: "Cats sleep" in r.matches[0].chunk_content and r.matches[0].file_id and r.matches[0].chunk_id,
             after=("document",))
        for name, more in SEARCHES.items()
    ),
]  # fmt: skip

JOBS = [
    Case("videos.generate", "", {"model": VIDEO, "prompt": "A cat", "duration": 5, "aspect_ratio": "1:1",
                                 "resolution": "720p"}, lambda r: r.request_id, NEW_JOB),
    Case("videos.generate", "from pictures",
         {"model": VIDEO, "prompt": "A cat", "image": PICTURE,
          "keyframes": [{"image": PICTURE, "timestamp_s": 2.5}]}, lambda r: r.request_id, NEW_JOB),
    Case("videos.edit", "", {"model": VIDEO, "prompt": "Snow", "video": CLIP, "storage_options": {"filename": "a.mp4"}},
         lambda r: r.request_id, NEW_JOB),
    Case("videos.extend", "", {"model": VIDEO, "prompt": "More", "video": CLIP, "duration": 4},
         lambda r: r.request_id, NEW_JOB),
    Case("videos.get", "done", {"request_id": Of("video", "request_id")},
         lambda r: (r.status, r.model, r.progress, r.video.duration) == ("done", VIDEO, 100, 5) and r.usage.cost_usd > 0
         and r.video.url.endswith(".mp4") and r.video.respect_moderation),
    Case("videos.get", "failed", {"request_id": Of("failed video", "request_id")},
         lambda r: (r.status, r.error.code) == ("failed", "service_unavailable") and r.video is None),
    Case("videos.get", "pending", {"request_id": Of("slow video", "request_id")}, lambda r: r.status == "pending"),
    Case("images.edit", "one", {"model": IMAGE, "prompt": "a hat", "image": PICTURE, "aspect_ratio": "1:1"},
         lambda r: r.data[0].url and r.usage.input_image_tokens > 0),
    Case("images.edit", "several", {"model": IMAGE, "prompt": "join", "images": [PICTURE, PICTURE],
                                    "response_format": "b64_json"},
         lambda r: base64.b64decode(r.data[0].b64_json, validate=True).startswith(b"\x89PNG")),
    Case("images.generate", "stored",
         {"model": IMAGE, "prompt": "a cat", "storage_options": {"filename": "cat.png", "public_url": True}},
         lambda r: r.data[0].file_output.filename == "cat.png" and r.data[0].file_output.public_url,
         ("file_id", "public_url", "expires_at", "public_url_expires_at")),
    Case("images.generate_deferred", "", {"model": IMAGE, "prompt": "a cat"}, lambda r: r.request_id, NEW_JOB),
    Case("images.edit_deferred", "", {"model": IMAGE, "prompt": "a hat", "image": PICTURE}, lambda r: r.request_id,
         NEW_JOB),
    Case("images.get_deferred", "", {"request_id": Of("deferred images", "request_id")},
         lambda r: r.status == "done" and len({i.url for i in r.data}) == 2 and r.usage.cost_usd > 0),
    Case("chat.defer", "", {"model": "grok-3", "messages": "Say hello", "headers": AT_ONCE}, lambda r: r.request_id,
         NEW_JOB),
    # It can be read but once, so that each wire gets one of its own.
    Case("chat.get_deferred", "", {"request_id": Of("deferred chat", "request_id")},
         lambda r: r.status == "done" and r.response.text == "hello", ("created",)),
    Case("chat.retrieve", "", {"response_id": Of("stored chat", "id")}, lambda r: r.text == "stored"),
    Case("chat.delete", "", {"response_id": Of("stored chat", "id")}, lambda r: r.id),
    Case("chat.compact", "", {"model": "grok-4", "input": [{"role": "user", "content": "word " * 200}]},
         lambda r: r.encrypted_content and r.dropped_message_count == 1),
]  # fmt: skip

STATE = [*FILES, *BATCHES, *COLLECTIONS, *JOBS]
