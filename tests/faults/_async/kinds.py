"""The kinds of calls, and what becomes of each of them when it meets a fault."""

from __future__ import annotations

import uuid
from typing import Any

from xai_dual import AsyncClient, Hooks, Meta, Retry, XaiError

from ..cells import AsyncAside, Outcome, Stage, calls_of, judged, seen
from ..crowd import AsyncCrowd
from ..kit import SLOW, SUM, TEXT, options
from ..matrix import Fault

__all__ = ["outcomes"]

NAME = "some.bin"
AWAY_MS = 1500
"""How long the server is away: all first attempts fall into it."""
LONGEST = 6.0
"""Seconds for any call: one that would hang shows as a `TimeoutError` of timer `total`."""
Content = str | bytes
Answer = tuple[Content, Content, Meta | None]
"""What came, what should have come, and the facts about the call."""


async def read(client: AsyncClient, fault: Fault, stage: Stage) -> Answer:
    models = await client.models.list_language()
    return " ".join(model.id for model in models), stage.models, models.meta


async def write(client: AsyncClient, fault: Fault, stage: Stage) -> Answer:
    answer = await client.chat.create(**SUM)
    return answer.text, TEXT, answer.meta


async def stream(client: AsyncClient, fault: Fault, stage: Stage) -> Answer:
    async with client.chat.stream(**SUM) as one:
        async for _ in one:
            pass
    return one.response.text, TEXT, one.meta


async def upload(client: AsyncClient, fault: Fault, stage: Stage) -> Answer:
    file = await client.files.upload(content=bytes(fault.upload_bytes), filename=NAME)
    return file.filename, NAME, file.meta


async def download(client: AsyncClient, fault: Fault, stage: Stage) -> Answer:
    one = client.files.content(file_id=stage.file_id)
    return await one.read(), stage.content, one.meta


KINDS: dict[str, Any] = {"read": read, "write": write, "stream": stream, "upload": upload, "download": download}


async def outcomes(stage: Stage, fault: Fault) -> dict[tuple[str, str], Outcome]:
    """What becomes of each kind of call, by kind and wire; all are made at once, each by a client of its own."""
    cells = [_Cell(stage, fault, kind, wire) for kind in fault.kinds for wire in fault.wires]
    try:
        if fault.place != "nobody":  # clients are ready first: making connections takes time that no fault takes
            await AsyncCrowd.all([cell.call for cell in cells])
        if fault.place == "away":
            stage.server.inject(action="refuse", delay_ms=AWAY_MS)
        found = await AsyncCrowd.all([cell.outcome for cell in cells])
    finally:
        for cell in cells:
            await cell.client.aclose()
    return {(cell.kind, cell.wire): outcome for cell, outcome in zip(cells, found, strict=True)}


class _Cell:
    """One kind of call on one wire, with a client and a key of its own."""

    def __init__(self, stage: Stage, fault: Fault, kind: str, wire: str) -> None:
        self.stage = stage
        self.fault = fault
        self.kind = kind
        self.wire = wire
        self.key = f"{stage.server.api_key}/{uuid.uuid4().hex}"
        # other calls than the one that is looked at have another key, so that the log tells them apart
        self.aside = {"authorization": f"Bearer {self.key}-aside"}
        settings = options(stage.server, wire, self.key, timeout=LONGEST, **fault.client)
        if fault.place == "nobody":
            settings["base_url"] = stage.nobody
        settings["headers"] = {"user-agent": self.key}  # clients of the same settings would share connections
        self.client = AsyncClient(**settings)

    async def call(self) -> None:
        """Make a call that meets no fault; it may be the one that finds out that an old connection is dead."""
        view = self.client.with_options(retry_writes=True)
        assert (await view.chat.create(**SUM, headers=self.aside)).text == TEXT

    async def outcome(self) -> Outcome:
        """Make the call."""
        fault = self.fault
        holder = self.client.chat.stream(**{**SLOW, "headers": {**SLOW["headers"], **self.aside}})
        if fault.place == "full":
            await holder.__aenter__()

        async def make_room(retry: Retry) -> None:
            if fault.once:
                await holder.aclose()

        view = self.client.with_options(
            headers=fault.headers(self.key), timeout=fault.timeout, hooks=Hooks(on_retry=make_room)
        )
        said = ""
        try:
            content, wanted, meta = await KINDS[self.kind](view, fault, self.stage)
            what, attempts = judged(content, wanted), meta.attempts if meta is not None else 0
        except XaiError as error:
            what, attempts, said = seen(error), error.attempts, str(error)
        await holder.aclose()
        calls = await AsyncAside.run(lambda: calls_of(self.stage.server, self.key, fault.ends))
        assert self.client.pool.in_use == 0, f"{fault.id}, {self.kind}, {self.wire}: a slot of the pool is lost"
        if fault.place != "nobody":
            await self.call()
        begun = sum(call.started is not None for call in calls)
        return Outcome(what, attempts if fault.counts else "several", len(calls), begun, said)
