"""Input media and stored results as protobuf messages."""

from __future__ import annotations

from typing import Any

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service.storage import Source, StorageOptions, Stored

_KINDS = {"url": "url", "image_url": "url", "file_id": "file", "voice_id": "voice"}


def read_source(owner: Any, name: str) -> Source | None:
    """The picture, video or sound in a field of a message; ``None`` if it is not set."""
    return source(getattr(owner, name), name) if owner.HasField(name) else None


def read_sources(given: Any, name: str) -> tuple[Source, ...]:
    """A list of them."""
    return tuple(source(item, f"{name}[{index}]") for index, item in enumerate(given))


def source(given: Any, name: str) -> Source:
    """A picture, video or sound out of its message."""
    field = given.WhichOneof("source")
    if field is None or not getattr(given, field):
        raise invalid(f"{name} has no source.")
    return Source(_KINDS[field], getattr(given, field))


def read_storage(owner: Any) -> StorageOptions | None:
    """``storage_options`` of a request."""
    if not owner.HasField("storage_options"):
        return None
    given = owner.storage_options
    link = given.public_url
    return StorageOptions(
        filename=given.filename,
        expires_after=given.expires_after if given.HasField("expires_after") else None,
        link=given.HasField("public_url"),
        link_expires_after=link.expires_after if link.HasField("expires_after") else None,
    )


def write_stored(target: Any, stored: Stored | None) -> None:
    """Tell of the stored copy in a generated image or video."""
    if stored is None:
        return
    if stored.output is None:
        target.storage_error = stored.error or ""
        return
    output = target.file_output
    output.file_id, output.filename = stored.output.file_id, stored.output.filename
    if stored.output.public_url is not None:
        output.public_url = stored.output.public_url
    if stored.output.public_url_expires_at is not None:
        output.public_url_expires_at.seconds = stored.output.public_url_expires_at
    if stored.output.expires_at is not None:
        output.expires_at.seconds = stored.output.expires_at
    if stored.output.public_url_error is not None:
        output.public_url_error = stored.output.public_url_error
