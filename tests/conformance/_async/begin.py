"""One way to begin a call of any kind, and one to carry it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xai_dual import AsyncClient, Listing, Meta

from ..case import Case, method, references, resolved
from ..given import GIVEN


async def begin(client: AsyncClient, op: str, arguments: Mapping[str, Any]) -> Any:
    """The answer of a call, or its stream after the first chunk has come."""
    if op.endswith("stream"):
        return await method(client, op)(**arguments).__aenter__()
    return await method(client, op)(**arguments)


async def prepare(client: AsyncClient, case: Case, made: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a case, after all that they refer to was made (if it is not in `made` already)."""
    for name in (*case.after, *references(case.arguments)):
        await make(client, name, made)
    arguments: dict[str, Any] = resolved(case.arguments, made)
    return arguments


async def make(client: AsyncClient, name: str, made: dict[str, Any]) -> None:
    """Make something that cases need, and what that needs itself."""
    if name in made:
        return
    given = GIVEN[name]
    for other in (*given.after, *references(given.arguments)):
        await make(client, other, made)
    made[name] = await method(client, given.op)(**resolved(given.arguments, made))


async def carry_out(client: AsyncClient, case: Case, arguments: Mapping[str, Any]) -> tuple[Any, Meta | None]:
    """The answer of a call that has no stream of events, and what is known about the call."""
    answer = method(client, case.op)(**arguments)
    if case.pages:
        page = await answer.first_page()
        return Listing([item async for item in answer], page.meta), page.meta
    if case.downloads:
        return await answer.read(), answer.meta
    value = await answer
    return value, getattr(value, "meta", None)
