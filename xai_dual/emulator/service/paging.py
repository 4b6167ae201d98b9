"""Lists cut into pages. The token of a page is the id of its last entry, as in the examples of the API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from xai_dual.emulator.errors import invalid

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Paging:
    """Which page of a list is wanted. ``limit`` is ``None`` where the caller leaves it to the server."""

    limit: int | None = None
    token: str | None = None


@dataclass(frozen=True)
class Page(Generic[Entry]):
    """One page, and the token of the next one."""

    entries: list[Entry]
    token: str | None = None


def page(
    entries: Iterable[Entry],
    wanted: Paging,
    *,
    place: Callable[[Entry], Any],
    known: Mapping[str, Entry],
    name: Callable[[Entry], str],
    descending: bool = False,
    most: int = 100,
) -> Page[Entry]:
    """A page of entries sorted by their ``place``.

    ``known`` has all that ever were in the list, so that a page can start behind an entry that is gone.
    """
    if wanted.limit is not None and not 1 <= wanted.limit <= most:
        raise invalid(f"limit must be between 1 and {most}; got {wanted.limit}.")
    ordered = sorted(entries, key=place, reverse=descending)
    if wanted.token:
        last = known.get(wanted.token)
        if last is None:
            raise invalid(f"The pagination token {wanted.token} is not valid.")
        start = place(last)
        ordered = [entry for entry in ordered if (place(entry) < start if descending else place(entry) > start)]
    found = ordered[: wanted.limit or most]
    return Page(found, name(found[-1]) if len(found) < len(ordered) else None)
