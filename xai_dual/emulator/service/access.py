"""Who may do what: which endpoint right an operation needs, and which key."""

from __future__ import annotations

TEAM_ID = "5ea6f6bd-7815-4b8a-9135-28b2d7ba6722"
USER_ID = "59fbe5f2-040b-46d5-8325-868bb8f23eb2"

# Endpoint rights with what they allow; the first seven names are xAI's, the others have no documented name.
ENDPOINTS = {
    "chat": "Chat, responses and messages",
    "embed": "Embeddings",
    "image": "Image generation and editing",
    "models": "The model catalogue",
    "sample": "Raw text completion",
    "tokenize": "Tokenization",
    "documents": "Search of documents",
    "video": "Video generation, editing and extension",
    "files": "Files",
    "batch": "Batches",
    "voice": "Speech, transcription and voices",
}
_PATHS = {
    "chat": "chat", "responses": "chat", "messages": "chat", "skills": "chat", "embeddings": "embed",
    "images": "image", "models": "models", "language-models": "models", "embedding-models": "models",
    "image-generation-models": "models", "video-generation-models": "models", "completions": "sample",
    "complete": "sample", "tokenize-text": "tokenize", "documents": "documents", "videos": "video", "files": "files",
    "batches": "batch", "tts": "voice", "stt": "voice", "custom-voices": "voice", "realtime": "voice",
}  # fmt: skip
_SERVICES = {
    "xai_api.Chat": "chat", "xai_api.Embedder": "embed", "xai_api.Image": "image", "xai_api.Models": "models",
    "xai_api.Sample": "sample", "xai_api.Tokenize": "tokenize", "xai_api.Documents": "documents",
    "xai_api.Video": "video", "xai_api.Files": "files", "xai_api.BatchMgmt": "batch",
}  # fmt: skip
_MANAGEMENT = ("/auth/", "/audit/", "/v1/billing/", "/v1/collections", "collections.")
_DEFAULT_MODELS = {"image": "grok-imagine-image", "video": "grok-imagine-video"}
# A key that cannot be used any more can still be asked why.
ABOUT_ITSELF = frozenset({"GET /v1/api-key", "GET /v1/me", "xai_api.Auth/get_api_key_info"})


def is_management(operation: str) -> bool:
    """Whether an operation (``POST /v1/...`` or ``xai_api.Chat/...``) takes a management key."""
    return operation.rpartition(" ")[2].startswith(_MANAGEMENT)


def endpoint(operation: str) -> str | None:
    """The name of the endpoint right an operation needs, if it needs one."""
    _, space, path = operation.rpartition(" ")
    if not space:
        return _SERVICES.get(operation.partition("/")[0])
    parts = path.split("/")
    return _PATHS.get(parts[2].partition(":")[0]) if len(parts) > 2 else None


def default_model(operation: str) -> str:
    """The model of a request that names none; empty if the operation has no such model."""
    starts = operation.startswith("POST ") or "/Generate" in operation or "/Extend" in operation
    return _DEFAULT_MODELS.get(endpoint(operation) or "", "") if starts else ""
