"""Fields that only one wire has, with calls that set them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xai_dual import image, user
from xai_dual.types.tools import AttachmentSearch, CollectionsSearch, WebSearch

from .given import PICTURE, PNG, VIDEO
from .state_cases import CLIP


def chat(messages: Any, **more: Any) -> dict[str, Any]:
    """Arguments of a chat."""
    return {"model": "grok-4", "messages": messages, **more}


ONE_SIDED: dict[str, tuple[dict[str, Any], dict[str, tuple[str, Any]]]] = {
    "ChatRequest": (
        {"op": "chat.create", "model": "grok-4", "messages": "Say hello"},
        {
            "logit_bias": ("rest", {"1": 1.0}),
            "max_completion_tokens": ("rest", 7),
            "prompt_cache_key": ("rest", "k"),
            "stream_options": ("rest", {"include_usage": True}),
            "web_search_options": ("rest", {"search_context_size": "low"}),
            "agent_count": ("grpc", "4"),
            "guidelines": ("grpc", []),
        },
    ),
    "SampleRequest": (
        {"op": "completions.create", "model": "grok-3", "prompt": "1, 2, 3, "},
        {
            "best_of": ("rest", 1),
            "echo": ("rest", True),
            "logit_bias": ("rest", {"1": 1.0}),
            "stream_options": ("rest", {"include_usage": True}),
            "suffix": ("rest", "."),
            "top_logprobs": ("grpc", 2),
        },
    ),
    "EmbeddingRequest": (
        {"op": "embeddings.create", "model": "v1", "input": "a"},
        {"dimensions": ("rest", 4), "preview": ("rest", False)},
    ),
    "ImageRequest": (
        {"op": "images.generate", "model": "grok-imagine-image", "prompt": "a cat"},
        {"output": ("rest", {"upload_urls": ["https://example.com/1"]}), "quality": ("grpc", "high")},
    ),
    "ImageEditRequest": (
        {"op": "images.edit", "model": "grok-imagine-image", "prompt": "a hat", "image": PICTURE},
        {"output": ("rest", {"upload_urls": ["https://example.com/1"]})},
    ),
    "VideoRequest": (
        {"op": "videos.generate", "model": VIDEO, "prompt": "a cat"},
        {
            "output": ("rest", {"upload_url": "https://example.com/1"}),
            "user": ("rest", "u"),
            "generate_audio": ("grpc", False),
            "last_frame": ("grpc", PICTURE),
        },
    ),
    "VideoEditRequest": (
        {"op": "videos.edit", "model": VIDEO, "prompt": "snow", "video": CLIP},
        {"output": ("rest", {"upload_url": "https://example.com/1"}), "user": ("rest", "u")},
    ),
    "VideoExtensionRequest": (
        {"op": "videos.extend", "model": VIDEO, "prompt": "more", "video": CLIP},
        {"output": ("rest", {"upload_url": "https://example.com/1"})},
    ),
    "FileUpload": ({"op": "files.upload", "content": b"x"}, {"purpose": ("rest", "assistants")}),
    "ListFilesRequest": ({"op": "files.list"}, {"after": ("rest", "file-1")}),
    "ListBatchRequestsRequest": (
        {"op": "batches.list_requests", "batch_id": "batch-1"},
        {"status": ("grpc", ["failed"])},
    ),
    "CreateCollectionRequest": ({"op": "collections.create", "collection_name": "c"}, {"version": ("rest", 1)}),
    "SearchRequest": (
        {"op": "documents.search", "query": "cats", "source": {"collection_ids": ["c"]}},
        {"filter": ("rest", 'year = "2024"'), "group_by": ("rest", {"keys": ["year"]})},
    ),
}
"""Request type -> a call that either wire can carry, and for each field of one wire only that wire and a value."""

NESTED: list[tuple[str, str, Mapping[str, Any]]] = [
    ("messages[0].content[1].image_url.detail", "grpc", chat([user("Look", image(PNG, detail="low"))])),
    ("reference_audios[0].url", "rest", {"op": "videos.generate", "model": VIDEO, "prompt": "a cat",
                                         "reference_audios": [{"url": "https://example.com/a.mp3"}]}),
    ("source.rag_pipeline", "rest", {"op": "documents.search", "query": "cats",
                                     "source": {"collection_ids": ["c"], "rag_pipeline": "es"}}),
    ("chunk_configuration.table_configuration", "rest", {"op": "collections.create", "collection_name": "c",
                                                         "chunk_configuration": {"table_configuration": {}}}),
    ("tools[0]", "grpc", chat("Hi", tools=[AttachmentSearch(limit=3)])),
    ("tools[0].instructions", "grpc", chat("Hi", tools=[CollectionsSearch(instructions="Newest first")])),
    ("tools[0].filters", "rest", chat("Hi", tools=[WebSearch(filters={"allowed_domains": ["x.ai"]})])),
    (
        "tools[0].function.defer_loading",
        "rest",
        chat("Hi", tools=[{"type": "function", "function": {
            "name": "f", "parameters": {"type": "object"}, "defer_loading": True}}]),
    ),
]  # fmt: skip
"""Fields inside of a request (chat, unless it says otherwise) that only one wire has: path, that wire, arguments."""
