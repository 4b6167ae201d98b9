"""The videos the emulator made."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

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


def _put(target: OrderedDict[str, Any], name: str, value: Any) -> None:
    target[name] = value
    target.move_to_end(name)
    while len(target) > _MAX_VIDEOS:
        target.popitem(last=False)
