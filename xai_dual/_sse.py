"""Server-sent events: bytes in, events out; no I/O."""

from __future__ import annotations

from typing import NamedTuple

from ._limits import DEFAULT_LIMITS
from .errors import MessageTooLargeError

__all__ = ["SseEvent", "SseParser"]

_BOM = b"\xef\xbb\xbf"


class SseEvent(NamedTuple):
    """One event: its name ("" where none was given) and its `data:` lines joined by newlines."""

    name: str
    data: bytes


class SseParser:
    """Incremental parser: any split of the same bytes gives the same events.

    Takes CRLF, CR and LF, comments, several `data:` lines, and a byte order mark. An event without data is dropped, as
    the standard says. `id:` and `retry:` are read over.
    """

    __slots__ = ("_after_cr", "_data", "_limit", "_name", "_partial", "_started")

    def __init__(self, max_event_bytes: int = DEFAULT_LIMITS.event) -> None:
        self._limit = max_event_bytes
        # no lists: those of many small pieces take twenty times the memory
        self._partial = bytearray()  # the line that has not ended yet
        self._data: bytes | bytearray | None = None  # data lines of the event that has not ended yet
        self._name = ""
        self._after_cr = False
        self._started = False

    def feed(self, data: bytes) -> list[SseEvent]:
        """Take in bytes; return the events that they complete.

        Raises MessageTooLargeError once an event is longer than the limit.
        """
        if not data:
            return []
        ended_by_cr = data.endswith(b"\r")
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
        self._after_cr = ended_by_cr
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self._partial:
            lines[0] = bytes(self._partial + lines[0])
            self._partial.clear()
        events = self._take(lines) if lines else []
        if rest:
            self._partial += rest
            if len(self._data or b"") + len(self._partial) > self._limit:
                raise self._too_large()
        return events

    def close(self) -> list[SseEvent]:
        """Take in the end of the bytes: the last event counts even when its blank line is missing."""
        lines = [bytes(self._partial)] if self._partial else []
        self._partial.clear()
        return self._take([*lines, b""])

    def _take(self, lines: list[bytes]) -> list[SseEvent]:
        events: list[SseEvent] = []
        if not self._started:
            self._started = True
            if lines[0].startswith(_BOM):
                lines[0] = lines[0][3:]
        for line in lines:
            if not line:
                data = self._data
                if data is not None:
                    events.append(SseEvent(self._name, data if data.__class__ is bytes else bytes(data)))
                    self._data = None
                self._name = ""
            elif line.startswith(b"data:"):
                value = line[6:] if line.startswith(b"data: ") else line[5:]
                if self._data is None and len(value) <= self._limit:
                    self._data = value
                else:
                    self._add(value)
            elif line.startswith(b"event:"):
                name = line[7:] if line.startswith(b"event: ") else line[6:]
                self._name = name.decode("utf-8", "replace")
            elif line == b"data":
                self._add(b"")
        return events

    def _add(self, value: bytes) -> None:
        if self._data is None:
            self._data = value
        else:
            if not isinstance(self._data, bytearray):
                self._data = bytearray(self._data)
            self._data += b"\n"
            self._data += value
        if len(self._data) > self._limit:
            raise self._too_large()

    def _too_large(self) -> MessageTooLargeError:
        return MessageTooLargeError(
            f"An event of the stream is longer than {self._limit} bytes; see max_message_bytes."
        )
