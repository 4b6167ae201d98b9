"""Where the pictures, videos and sounds of a request come from, and where its results are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from xai_dual.emulator.errors import ServiceError, invalid
from xai_dual.emulator.service.clock import LATEST
from xai_dual.emulator.service.files import Content, Files

# File names that ask for what seldom happens.
FAIL, NO_LINK = "fail:", "no-link:"


@dataclass(frozen=True)
class Source:
    """A picture, video or sound: the ``url``, the id of a ``file`` or the id of a ``voice``."""

    kind: str
    value: str


@dataclass(frozen=True)
class StorageOptions:
    """How to keep a result. ``link_expires_after`` counts only with ``link``."""

    filename: str
    expires_after: int | None = None
    link: bool = False
    link_expires_after: int | None = None


@dataclass(frozen=True)
class FileOutput:
    """Where a result was stored. Times are Unix seconds."""

    file_id: str
    filename: str
    expires_at: int | None = None
    public_url: str | None = None
    public_url_expires_at: int | None = None
    public_url_error: str | None = None


@dataclass(frozen=True)
class Stored:
    """The stored copy of a result, or why there is none."""

    output: FileOutput | None = None
    error: str | None = None


def require(files: Files, sources: Iterable[Source | None]) -> None:
    """Refuse ids of files that do not exist."""
    for source in sources:
        if source is not None and source.kind == "file":
            files.get(source.value)


def check(options: StorageOptions | None) -> None:
    """Refuse options that cannot be followed."""
    if options is None:
        return
    if not options.filename:
        raise invalid("storage_options.filename must not be empty.")
    for name, value in (
        ("storage_options.expires_after", options.expires_after),
        ("storage_options.public_url.expires_after", options.link_expires_after),
    ):
        if value is not None and not 1 <= value <= LATEST // 2:
            raise invalid(f"{name} must be a positive number of seconds; got {value}.")


def keep(files: Files, options: StorageOptions | None, data: bytes, media_type: str) -> Stored | None:
    """Store a result if that was asked for. What cannot be stored is no error of the call."""
    if options is None:
        return None
    if options.filename.startswith(FAIL):
        return Stored(error="The file could not be stored, as its name says.")
    try:
        made = files.add(options.filename, Content(data), options.expires_after)
    except ServiceError as error:
        return Stored(error=error.message)
    files.replace(made.id, media_type=media_type)
    output = FileOutput(made.id, made.name, made.expires)
    if not options.link:
        return Stored(output)
    if options.filename.startswith(NO_LINK):
        return Stored(replace(output, public_url_error="No public link could be made, as the file's name says."))
    try:
        files.publish(made.id, options.link_expires_after)
    except ServiceError as error:
        return Stored(replace(output, public_url_error=error.message))
    return Stored(replace(output, public_url=made.link, public_url_expires_at=made.link_expires))
