"""Long lists, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from ..errors import XaiError
from ..model import Page
from ..operation import PageOperation
from ..options import CallOptions

if TYPE_CHECKING:
    from .call import AsyncCaller

__all__ = ["AsyncPager"]

T = TypeVar("T")


class AsyncPager(Generic[T]):
    """All items of a list that comes in pages: iterate it, and pages are fetched as they are needed.

    Each page is a call of its own, with its own timers and retries. Every iteration begins anew, where the request
    does.
    """

    def __init__(self, caller: AsyncCaller, op: PageOperation[Page[T]], request: Any, options: CallOptions) -> None:
        self._caller = caller
        self._op = op
        self._request = request
        self._options = options

    async def first_page(self) -> Page[T]:
        """Fetch the first page alone; its `next_token` asks for the one behind it."""
        return await self._caller.unary(self._op, self._request, self._options)

    async def pages(self) -> AsyncIterator[Page[T]]:
        """The pages, one after the other; an empty one may stand between others."""
        request, name = self._request, self._op.argument
        asked = {getattr(request, name)}
        while True:
            page = await self._caller.unary(self._op, request, self._options)
            yield page
            token = page.next_token
            if not token:
                return
            if token in asked:
                text = (
                    f"{self._op.name}: the server named the page {token!r} as the next one twice: the list has no end."
                )
                raise XaiError(text, attempts=1, meta=page.meta)
            asked.add(token)
            request = attrs.evolve(request, **{name: token})

    def __aiter__(self) -> AsyncIterator[T]:
        return (item async for page in self.pages() for item in page)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._op.name})"
