"""What the folds of streams are made of; pure, and of linear cost."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

__all__ = ["Text", "ToolCalls", "joined", "union"]

T = TypeVar("T")


class Text:
    """Text that arrives in pieces, joined when it is asked for."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[str] = []

    def add(self, part: str | None) -> None:
        """Append a piece; None and "" change nothing."""
        if part:
            self._parts.append(part)

    def value(self) -> str:
        """All of it so far."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    def __bool__(self) -> bool:
        return bool(self._parts)


class _Pieces(Generic[T]):
    """One tool call: its first piece, and the text that later ones add."""

    __slots__ = ("arguments", "first", "id", "name", "type")

    def __init__(self, first: T) -> None:
        self.first: Any = first
        self.id: Any = None
        self.type: Any = None
        self.name: Any = None
        self.arguments = Text()

    def add(self, piece: Any) -> None:
        """Take in a piece. Of id, type and name the first that is not empty counts: some servers repeat them."""
        self.id = self.id or piece.id
        self.type = self.type or piece.type
        function = piece.function
        if function is not None:
            self.name = self.name or function.name
            self.arguments.add(function.arguments)

    def value(self) -> T:
        """The call so far, as a new object of the pieces' type."""
        call: Any = copy.copy(self.first)
        call.id, call.type = self.id or self.first.id, self.type or self.first.type
        call.index = None  # where pieces belong; the whole call has its place in the list
        if call.function is not None:
            call.function = copy.copy(call.function)
            call.function.name = self.name or call.function.name
            call.function.arguments = self.arguments.value()
        same: T = call
        return same


class ToolCalls(Generic[T]):
    """Tool calls that arrive in pieces (REST: pieces of one call share `index`) or whole (gRPC: `index` is None).

    A whole call whose id was seen already adds nothing. The pieces are not changed.
    """

    __slots__ = ("_by_id", "_by_index", "_calls")

    def __init__(self) -> None:
        self._calls: list[_Pieces[T]] = []
        self._by_index: dict[int, _Pieces[T]] = {}
        self._by_id: dict[str, _Pieces[T]] = {}

    def add(self, pieces: Iterable[T] | None) -> None:
        """Take in the tool calls of one chunk."""
        for piece in pieces or ():
            self._add(piece)

    def _add(self, piece: Any) -> None:
        if piece.index is None:
            if piece.id and piece.id in self._by_id:
                return
            call = self._new(piece)
        else:
            found = self._by_index.get(piece.index)
            call = found if found is not None else self._new(piece)
            self._by_index[piece.index] = call
        call.add(piece)
        if call.first.function is None and piece.function is not None:
            call.first = piece
        if call.id:
            self._by_id[call.id] = call

    def _new(self, piece: T) -> _Pieces[T]:
        call: _Pieces[T] = _Pieces(piece)
        self._calls.append(call)
        return call

    def value(self) -> list[T]:
        """The calls so far, in the order in which they began; new objects each time."""
        return [call.value() for call in self._calls]

    def __bool__(self) -> bool:
        return bool(self._calls)


def joined(so_far: Any, items: list[T]) -> list[T]:
    """A new list of both; what is no list counts for nothing."""
    return [*so_far, *items] if isinstance(so_far, list) else list(items)


def union(known: list[T], items: Iterable[T] | None) -> None:
    """Append to `known` the items that are not in it yet; order is kept."""
    if not items:
        return
    try:
        seen = set(known)
        for item in items:
            if item not in seen:
                seen.add(item)
                known.append(item)
    except TypeError:  # not hashable: models
        for item in items:
            if item not in known:
                known.append(item)
