"""Stored files: kept on disk unless small, with a lifetime, a public link and the text in them."""

from __future__ import annotations

import base64
import codecs
import hashlib
import mimetypes
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import PurePosixPath

from xai_dual.emulator.errors import ServiceError, invalid, not_found, too_large
from xai_dual.emulator.service import filters
from xai_dual.emulator.service.clock import Clock
from xai_dual.emulator.service.paging import Page, Paging, page

PIECE = 1 << 20
MAX_BYTES = 512 << 20
SORTS = ("created_at", "filename", "size")
FORMATS = ("original", "text")
_NAMESPACE = uuid.UUID("7c6a2b1e-54f3-5a0d-9a53-2f7f5a0f8f11")
_SPOOL = 256 << 10
_TYPES = mimetypes.MimeTypes(filenames=())  # the same on every machine, unlike those of the system
_PRINTABLE = re.compile(rb"[\x20-\x7e\t\r\n]{4,}")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_FILTERED = (
    "file_id", "id", "name", "file_name", "filename", "size_bytes", "content_type", "created_at", "expires_at",
    "upload_status", "public_url", "public_url_expires_at", "user_defined_id", "purpose",
)  # fmt: skip


class Content:
    """Bytes, written once and then read as often as wanted, by several readers at a time."""

    def __init__(self, data: bytes = b"") -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115 (closed with the last reader)
        self._hash = hashlib.sha256()
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.size = 0
        self.is_text = True
        if data:
            self.write(data)

    def write(self, data: bytes) -> None:
        """Append a piece."""
        if self.size + len(data) > MAX_BYTES:
            raise too_large(f"The file is larger than {MAX_BYTES} bytes.")
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)
        if self.is_text:
            self.is_text = self._decodes(data)

    def _decodes(self, data: bytes, final: bool = False) -> bool:
        try:
            return "\0" not in self._decoder.decode(data, final)
        except UnicodeDecodeError:
            return False

    def finish(self) -> Content:
        """No more pieces: a character cut off at the end makes it no text."""
        self.is_text = self.is_text and self._decodes(b"", final=True)
        return self

    @property
    def hash(self) -> str:
        """SHA-256 in hexadecimal."""
        return self._hash.hexdigest()

    def pieces(self, form: str = "original") -> Iterator[bytes]:
        """The bytes in pieces; with ``text`` what can be read of them."""
        at = 0
        while at < self.size:
            self._file.seek(at)  # each time: another reader may have moved it
            piece = self._file.read(PIECE)
            at += len(piece)
            if form == "text" and not self.is_text:
                piece = b"\n".join(_PRINTABLE.findall(piece))
            if piece:
                yield piece

    def length(self, form: str = "original") -> int | None:
        """How many bytes ``pieces`` will give, if that is known."""
        return self.size if form == "original" or self.is_text else None

    def text(self, most: int) -> str:
        """The text, up to so many bytes of it."""
        found = bytearray()
        for piece in self.pieces("text"):
            found += piece
            if len(found) >= most:
                break
        return found[:most].decode("utf-8", "ignore")

    def lines(self, longest: int) -> Iterator[bytes]:
        """The lines, without holding all of them."""
        rest = b""
        for piece in self.pieces():
            *whole, rest = (rest + piece).split(b"\n")
            if len(rest) > longest:
                raise too_large(f"The file has a line of more than {longest} bytes.")
            yield from whole
        if rest:
            yield rest

    def __del__(self) -> None:
        self._file.close()


@dataclass
class StoredFile:
    """What is known of a file. Times are Unix seconds."""

    id: str
    name: str
    serial: int
    size: int
    hash: str
    created: int
    expires: int | None = None
    purpose: str = ""
    media_type: str = ""
    link: str | None = None
    link_expires: int | None = None

    @property
    def content_type(self) -> str:
        """The media type, by the name unless one was set."""
        return self.media_type or _TYPES.guess_type(self.name)[0] or "application/octet-stream"


class Files:
    """All files of an emulator. ``base`` tells the emulator's own address, for public links."""

    def __init__(self, clock: Clock, base: Callable[[], str]) -> None:
        self._clock = clock
        self._base = base
        self._files: dict[str, StoredFile] = {}
        self._contents: dict[str, Content] = {}
        self._known: dict[str, StoredFile] = {}
        self._links = 0

    def add(self, name: str, content: Content, expires_after: int | None = None, purpose: str = "") -> StoredFile:
        """Store a file."""
        check_name(name)
        serial = len(self._known) + 1
        made = StoredFile(
            id=f"file_{uuid.uuid5(_NAMESPACE, f'file {serial}')}",
            name=name,
            serial=serial,
            size=content.size,
            hash=content.hash,
            created=self._clock.seconds(),
            expires=self._clock.after("expires_after", expires_after),
            purpose=purpose,
        )
        self._files[made.id] = self._known[made.id] = made
        self._contents[made.id] = content.finish()
        return made

    def find(self, file_id: str) -> StoredFile | None:
        """The file of an id, if it is there and its time is not over."""
        found = self._files.get(file_id)
        if found is None:
            return None
        now = self._clock.seconds()
        if found.expires is not None and found.expires <= now:
            self._drop(file_id)
            return None
        if found.link_expires is not None and found.link_expires <= now:
            found.link = found.link_expires = None
        return found

    def get(self, file_id: str) -> StoredFile:
        """The file of an id, or NOT_FOUND."""
        found = self.find(file_id)
        if found is None:
            raise _missing(file_id)
        return found

    def ever(self, file_id: str) -> StoredFile:
        """What is or was known of a file."""
        return self._known[file_id]

    def content(self, file_id: str) -> Content:
        """The bytes of a file, or NOT_FOUND. They stay readable if the file is deleted meanwhile."""
        return self._contents[self.get(file_id).id]

    def replace(
        self, file_id: str, name: str | None = None, content: Content | None = None, media_type: str | None = None
    ) -> StoredFile:
        """Give a file another name, other bytes or another media type."""
        found = self.get(file_id)
        if name is not None:
            found.name = check_name(name)
        if content is not None:
            self._contents[file_id] = content.finish()
            found.size, found.hash = content.size, content.hash
        if media_type is not None:
            found.media_type = media_type
        return found

    def delete(self, file_id: str) -> None:
        """Remove a file and its link for good."""
        self._drop(self.get(file_id).id)

    def _drop(self, file_id: str) -> None:
        del self._files[file_id]
        del self._contents[file_id]

    def list(
        self, wanted: Paging, *, descending: bool, sort_by: str = "created_at", condition: str | None = None
    ) -> Page[StoredFile]:
        """One page of the files that meet a condition."""
        if sort_by not in SORTS:
            raise invalid(f"sort_by must be one of {', '.join(SORTS)}; got {sort_by}.")
        test = filters.parse(condition, lambda field: field in _FILTERED)
        alive = [found for file_id in list(self._files) if (found := self.find(file_id)) is not None]
        return page(
            [found for found in alive if test(_lookup(found))],
            wanted,
            place=_PLACES[sort_by],
            known=self._known,
            name=lambda found: found.id,
            descending=descending,
        )

    def publish(self, file_id: str, expires_after: int | None = None) -> StoredFile:
        """Make a file readable without a key. It keeps the link it has; the time of that is changed if one is given."""
        found = self.get(file_id)
        if not found.content_type.startswith(("image/", "video/")) and found.content_type != "application/pdf":
            raise invalid(f"Only images, videos and PDFs can be made public; {file_id} is {found.content_type}.")
        ends = self._clock.after("expires_after", expires_after)
        if found.link is None:
            self._links += 1
            token = base64.urlsafe_b64encode(uuid.uuid5(_NAMESPACE, f"link {self._links}").bytes).decode().rstrip("=")
            ending = _ENDING.search(found.name)
            found.link = f"{self._base()}/emulator/files/{token}/{found.id}{ending.group() if ending else ''}"
            found.link_expires = found.expires if ends is None else ends
        elif ends is not None:
            found.link_expires = ends
        return found

    def revoke(self, file_id: str) -> str | None:
        """Take the link of a file back; the link it had."""
        found = self.get(file_id)
        link, found.link, found.link_expires = found.link, None, None
        return link

    def published(self, token: str, name: str) -> StoredFile | None:
        """The file behind a public link."""
        found = self.find(PurePosixPath(name).stem)
        return found if found and found.link and found.link.endswith(f"/{token}/{name}") else None


_PLACES: dict[str, Callable[[StoredFile], tuple[int | str, int]]] = {
    "created_at": lambda found: (found.created, found.serial),
    "filename": lambda found: (found.name, found.serial),
    "size": lambda found: (found.size, found.serial),
}


def check_name(name: str) -> str:
    """Refuse a file without a name."""
    if not name:
        raise invalid("The file must have a name.")
    return name


def check_format(form: str) -> str:
    """Refuse an unknown form of content."""
    if form not in FORMATS:
        raise invalid(f"format must be one of {', '.join(FORMATS)}; got {form}.")
    return form


def moment(seconds: int | None) -> datetime | None:
    """A Unix time as a moment."""
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)


def _missing(file_id: str) -> ServiceError:
    return not_found(f"The file {file_id} does not exist.")


def _lookup(found: StoredFile) -> filters.Lookup:
    values = {
        "file_id": found.id,
        "id": found.id,
        "name": found.name,
        "file_name": found.name,
        "filename": found.name,
        "size_bytes": found.size,
        "content_type": found.content_type,
        "created_at": moment(found.created),
        "expires_at": moment(found.expires),
        "upload_status": "complete",
        "public_url": found.link,
        "public_url_expires_at": moment(found.link_expires),
        "user_defined_id": None,
        "purpose": found.purpose,
    }
    return values.__getitem__
