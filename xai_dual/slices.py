"""Lists that are too long for one call: cut by size, and paced; pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from .errors import UsageError
from .model import Model

__all__ = ["Pace", "Slicing", "slices"]


@attrs.frozen
class Slicing:
    """What the service takes of a list: bytes in one call, and calls in a span of time."""

    field: str  # of the request: the list
    most_bytes: int
    calls: int
    seconds: float


class Pace:
    """At most `calls` in any span of `seconds`."""

    def __init__(self, calls: int, seconds: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque(maxlen=calls)

    def delay(self, now: float) -> float:
        """Seconds to wait before the next call, which is noted as made then."""
        full = len(self._times) == self._times.maxlen
        start = max(now, self._times[0] + self._seconds) if full else now
        self._times.append(start)
        return start - now


def slices(items: Any, slicing: Slicing) -> Iterator[list[Any]]:
    """The items in order, in lists whose JSON stays under the limit (protobuf's form is smaller)."""
    if isinstance(items, (str, bytes)) or not isinstance(items, Sequence):
        raise UsageError(f"must be a list, not {type(items).__name__}", field=slicing.field)
    sizes = [_size(item, f"{slicing.field}[{i}]") for i, item in enumerate(items)]
    for i, size in enumerate(sizes):
        if size > slicing.most_bytes:
            name = f"{slicing.field}[{i}]"
            raise UsageError(
                f"has {size} bytes, one call takes {slicing.most_bytes}; upload large files first", field=name
            )
    part: list[Any] = []
    room = slicing.most_bytes
    for item, size in zip(items, sizes, strict=True):
        if part and size > room:
            yield part
            part, room = [], slicing.most_bytes
        part.append(item)
        room -= size
    yield part  # an empty list is one call, and the service's to judge


def _size(item: Any, name: str) -> int:
    value = item.to_dict() if isinstance(item, Model) else item
    if not isinstance(value, Mapping):
        raise UsageError(f"must be a model or a dict, not {type(item).__name__}", field=name)
    import orjson

    try:
        return len(orjson.dumps(value, default=_model)) + 1
    except TypeError as error:
        raise UsageError(f"cannot be written as JSON: {error}", field=name) from None


def _model(value: Any) -> Any:
    """A model inside a plain dict."""
    if isinstance(value, Model):
        return value.to_dict()
    raise TypeError(f"{type(value).__name__} is not JSON")
