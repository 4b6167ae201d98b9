"""Pages of lists in OpenAI's style: ``after`` an id, at most ``limit``, in an ``order``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service.checks import between

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items, and whether more follow."""

    items: list[T]
    more: bool


def page(items: Sequence[T], name: Callable[[T], str], after: str, limit: int, order: str) -> Page[T]:
    """The page behind the item ``after`` of a list that is given oldest first."""
    between("limit", limit, 1, 100)
    if order not in ("asc", "desc"):
        raise invalid(f"order must be asc or desc; got {order}.")
    ordered = list(items) if order == "asc" else list(reversed(items))
    start = 0
    if after:
        places = [position for position, item in enumerate(ordered) if name(item) == after]
        if not places:
            raise invalid(f"after names {after}, which is not in the list.")
        start = places[0] + 1
    return Page(ordered[start : start + limit], len(ordered) > start + limit)
