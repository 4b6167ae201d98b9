"""The videos the emulator made, and a place for stored results where there is no Files service."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from xai_dual.emulator.errors import not_found
from xai_dual.emulator.service.keys import now

_MAX_VIDEOS = 1000


class Videos:
    """The videos the emulator made, by name, and their lengths by whatever names them: address or file id."""

    def __init__(self) -> None:
        self._data: OrderedDict[str, bytes] = OrderedDict()
        self._lengths: OrderedDict[str, int] = OrderedDict()

    def keep(self, name: str, data: bytes) -> None:
        """Store a video under the last part of its address."""
        _put(self._data, name, data)

    def get(self, name: str) -> bytes | None:
        """The bytes of a video."""
        return self._data.get(name)

    def know(self, reference: str | None, seconds: int) -> None:
        """Remember the length of the video behind an address or file id."""
        if reference:
            _put(self._lengths, reference, seconds)

    def length(self, reference: str) -> int | None:
        """The length of a video in seconds, if it is known."""
        return self._lengths.get(reference)


@dataclass(frozen=True)
class _File:
    filename: str
    data: bytes
    media_type: str
    expires: int | None


class Outputs:
    """A ``FileStore`` in memory. ``address`` tells where the emulator listens."""

    def __init__(self, address: Callable[[], str]) -> None:
        self._address = address
        self._files: dict[str, _File] = {}
        self._public: dict[str, int | None] = {}

    def keep(self, filename: str, data: bytes, media_type: str, expires_after: int | None) -> tuple[str, int | None]:
        """Store a file; its id and when it lapses."""
        file_id = f"file_{uuid.uuid4()}"
        expires = int(now().timestamp()) + expires_after if expires_after else None
        self._files[file_id] = _File(filename, data, media_type, expires)
        return file_id, expires

    def publish(self, file_id: str, expires_after: int | None) -> tuple[str, int | None]:
        """Let anyone read a file; its address and when that lapses."""
        expires = int(now().timestamp()) + expires_after if expires_after else None
        self._public[file_id] = expires
        return f"{self._address()}/emulator/files/{file_id}/{quote(self._files[file_id].filename)}", expires

    def require(self, file_id: str) -> None:
        """Refuse an id that no file has."""
        if file_id not in self._files:
            raise not_found(f"The file {file_id} does not exist.")

    def public(self, file_id: str) -> tuple[bytes, str] | None:
        """Content and media type of a public file that has not lapsed."""
        file = self._files.get(file_id)
        if file is None or file_id not in self._public:
            return None
        time = now().timestamp()
        lapsed = any(limit is not None and limit <= time for limit in (file.expires, self._public[file_id]))
        return None if lapsed else (file.data, file.media_type)


def _put(target: OrderedDict[str, Any], name: str, value: Any) -> None:
    target[name] = value
    target.move_to_end(name)
    while len(target) > _MAX_VIDEOS:
        target.popitem(last=False)
