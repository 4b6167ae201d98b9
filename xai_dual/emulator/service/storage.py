"""Keeping what was generated: ``storage_options`` of images and videos, equal on both wires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from xai_dual.emulator.errors import ServiceError, invalid
from xai_dual.emulator.service.checks import INT64_MAX

# File names that ask for what seldom happens.
FAIL, NO_LINK = "fail:", "no-link:"


class FileStore(Protocol):
    """What the Files service does for generated files."""

    def keep(self, filename: str, data: bytes, media_type: str, expires_after: int | None) -> tuple[str, int | None]:
        """Store a file; its id and when it lapses, in Unix seconds."""

    def publish(self, file_id: str, expires_after: int | None) -> tuple[str, int | None]:
        """Give a stored file a public address; the address and when it lapses."""

    def require(self, file_id: str) -> None:
        """Refuse an id that no file has."""


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
        if value is not None and not 1 <= value <= INT64_MAX:
            raise invalid(f"{name} must be a positive number of seconds; got {value}.")


def keep(files: FileStore, options: StorageOptions | None, data: bytes, media_type: str) -> Stored | None:
    """Store a result if that was asked for. What cannot be stored is no error of the call."""
    if options is None:
        return None
    if options.filename.startswith(FAIL):
        return Stored(error="The file could not be stored, as its name says.")
    try:
        file_id, expires = files.keep(options.filename, data, media_type, options.expires_after)
    except ServiceError as error:
        return Stored(error=error.message)
    if not options.link:
        return Stored(FileOutput(file_id, options.filename, expires))
    if options.filename.startswith(NO_LINK):
        fault = "No public link could be made, as the file's name says."
        return Stored(FileOutput(file_id, options.filename, expires, public_url_error=fault))
    try:
        url, url_expires = files.publish(file_id, options.link_expires_after)
    except ServiceError as error:
        return Stored(FileOutput(file_id, options.filename, expires, public_url_error=error.message))
    return Stored(FileOutput(file_id, options.filename, expires, url, url_expires or expires))
