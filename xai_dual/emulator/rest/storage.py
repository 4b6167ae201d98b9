"""Input media and stored results as JSON."""

from __future__ import annotations

from typing import Any

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service.forms import Usage
from xai_dual.emulator.service.storage import Source, StorageOptions, Stored

Json = dict[str, Any]


def read_source(given: Json | None, name: str) -> Source | None:
    """A picture or video by ``url`` or ``file_id``, or a sound by ``url`` or ``voice_id``."""
    if given is None:
        return None
    for kind, field in (("url", "url"), ("file", "file_id"), ("voice", "voice_id")):
        if given.get(field):
            return Source(kind, given[field])
    raise invalid(f"{name} has no source.")


def read_sources(given: list[Json] | None, name: str) -> tuple[Source, ...]:
    """A list of them."""
    found = (read_source(item, f"{name}[{index}]") for index, item in enumerate(given or ()))
    return tuple(source for source in found if source is not None)


def read_storage(given: Json | None) -> StorageOptions | None:
    """``storage_options``; ``public_url`` is true, false or an object with options."""
    if given is None:
        return None
    link = given.get("public_url")
    return StorageOptions(
        filename=given["filename"],
        expires_after=given.get("expires_after"),
        link=link is not None and link is not False,
        link_expires_after=link.get("expires_after") if isinstance(link, dict) else None,
    )


def write_stored(stored: Stored | None) -> Json:
    """The properties that tell of the stored copy; none if none was asked for."""
    if stored is None:
        return {}
    if stored.output is None:
        return {"storage_error": stored.error}
    output = stored.output
    body: Json = {
        "file_id": output.file_id,
        "filename": output.filename,
        "public_url": output.public_url,
        "public_url_expires_at": output.public_url_expires_at,
        "expires_at": output.expires_at,
        "public_url_error": output.public_url_error,
    }
    return {"file_output": {name: value for name, value in body.items() if value is not None}}


def write_usage(usage: Usage) -> Json:
    """Tokens and cost of a media call."""
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {
            "text_tokens": usage.prompt_text,
            "image_tokens": usage.prompt_image,
            "cached_tokens": usage.cached,
        },
        "output_tokens": usage.completion,
        "output_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "text_tokens": 0,
            "image_tokens": usage.completion,
        },
        "total_tokens": usage.total,
        "cost_in_usd_ticks": usage.cost_ticks,
    }
