"""What cases need to be there before they call."""

from __future__ import annotations

from .case import AT_ONCE, Made, Of

TEAM = "5ea6f6bd-7815-4b8a-9135-28b2d7ba6722"
NOTES = b"Cats sleep all day and hunt at night. Dogs bark at the postman."
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8
CHUNKS = {"chars_configuration": {"max_chunk_size_chars": 60, "chunk_overlap_chars": 5}, "strip_whitespace": True}
YEAR = {"key": "year", "required": False, "inject_into_chunk": False, "unique": False, "description": "Its year"}
SKILL = ("SKILL.md", b"---\nname: brevity\ndescription: Answers briefly\n---\nBe brief.\n")
VIDEO = "grok-imagine-video"
IMAGE = "grok-imagine-image"
PICTURE = {"url": "https://example.com/a.png"}
DRAFT = {"collection_id": Of("collection", "collection_id"), "file_id": Of("file", "id")}


def chat(text: str, model: str = "grok-3") -> dict[str, object]:
    """The request of one item of a batch."""
    return {"chat_get_completion": {"model": model, "messages": [{"role": "user", "content": text}]}}


GIVEN: dict[str, Made] = {
    "file": Made("files.upload", {"content": ("notes.txt", NOTES)}),
    "picture": Made("files.upload", {"content": ("a.png", PNG), "expires_after": 7200}),
    "published": Made("files.create_public_url", {"file_id": Of("picture", "id")}),
    "batch": Made("batches.create", {"name": "mine", "headers": AT_ONCE}),
    "filled": Made(
        "batches.add_requests",
        {
            "batch_id": Of("batch", "batch_id"),
            "batch_requests": [
                {"batch_request_id": "cat", "batch_request": chat("Say cat")},
                {"batch_request_id": "lost", "batch_request": chat("Say cat", model="nope")},
                {
                    "batch_request_id": "picture",
                    "batch_request": {"image_generation": {"model": IMAGE, "prompt": "a cat"}},
                },
            ],
            "headers": AT_ONCE,
        },
    ),
    "run": Made("batches.wait", {"batch_id": Of("batch", "batch_id"), "interval": 0.01}, ("filled",)),
    "collection": Made(
        "collections.create",
        {
            "collection_name": "docs",
            "chunk_configuration": CHUNKS,
            "index_configuration": {"model_name": "grok-embedding-small"},
            "field_definitions": [YEAR],
            "collection_description": "Notes on animals",
        },
    ),
    "added": Made("collections.documents.add", {**DRAFT, "fields": {"year": "2024"}, "headers": AT_ONCE}),
    "document": Made("collections.documents.wait", {**DRAFT, "interval": 0.01}, ("added",)),
    "deferred chat": Made("chat.defer", {"model": "grok-3", "messages": "Say hello", "headers": AT_ONCE}),
    "stored chat": Made("chat.create", {"model": "grok-3", "messages": "Say stored", "store": True}),
    "video": Made("videos.generate", {"model": VIDEO, "prompt": "A cat", "duration": 5, "headers": AT_ONCE}),
    "failed video": Made(
        "videos.generate", {"model": VIDEO, "prompt": "fail: service_unavailable", "headers": AT_ONCE}
    ),
    "slow video": Made("videos.generate", {"model": VIDEO, "prompt": "A dog", "headers": {"x-emulator-polls": "999"}}),
    "deferred images": Made(
        "images.generate_deferred", {"model": IMAGE, "prompt": "a cat", "n": 2, "headers": AT_ONCE}
    ),
    "response": Made(
        "responses.create",
        {"model": "grok-4", "input": [{"role": "user", "content": f"Message {number}"} for number in range(5)]},
    ),
    "skill": Made("skills.upload", {"content": SKILL}),
    "voice": Made("voice.voices.create", {"content": ("me.wav", b"RIFFsome audio"), "name": "Me"}),
    "key": Made("management.api_keys.create", {"team_id": TEAM, "name": "ci", "acls": ["api-key:endpoint:chat"]}),
    "methods": Made("management.billing.payment_methods", {"team_id": TEAM}),
    "default": Made(
        "management.billing.set_default_payment_method",
        {"team_id": TEAM, "payment_method_id": Of("methods", "payment_methods.0.payment_method_id")},
    ),
}
"""By the name that `Of` says."""
