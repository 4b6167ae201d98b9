"""Transports that clients of the same settings share, and when their connections are closed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from . import _io

if TYPE_CHECKING:
    from .transport import AsyncTransport

__all__ = ["AsyncShared", "shared"]


class AsyncShared:
    """One transport, and the clients that use it, by scope (process and event loop)."""

    def __init__(self, transport: AsyncTransport) -> None:
        self.transport = transport
        self._users: WeakKeyDictionary[Any, WeakSet[Any]] = WeakKeyDictionary()

    def use(self, user: object) -> AsyncTransport:
        """The transport, for a call of that client in the running scope."""
        scope = _io.scope()
        users = self._users.get(scope)
        if users is None:
            users = self._users.setdefault(scope, WeakSet())
        users.add(user)
        return self.transport

    async def leave(self, user: object) -> None:
        """Close the connections of the running scope, unless another client uses them."""
        users = self._users.get(_io.scope())
        if users is not None and user in users:
            users.discard(user)
            if not users:
                await self.transport.aclose()


_all: WeakValueDictionary[Hashable, AsyncShared] = WeakValueDictionary()


def shared(settings: Hashable, make: Callable[[], AsyncTransport]) -> AsyncShared:
    """The transport of all clients of those settings that there are now.

    Without a lock, which a forked child could find taken for ever: of two threads that come first at once, one may get
    a transport of its own.
    """
    found = _all.get(settings)
    return found if found is not None else _all.setdefault(settings, AsyncShared(make()))
