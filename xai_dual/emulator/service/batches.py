"""Batches: many requests handed over at once, worked off poll by poll, with results to collect."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from xai_dual.emulator.errors import ServiceError, invalid, not_found, too_large
from xai_dual.emulator.service.clock import Clock
from xai_dual.emulator.service.paging import Page, Paging, page

PENDING, SUCCEEDED, CANCELLED, FAILED = "pending", "succeeded", "cancelled", "failed"
MAX_ADDED = 25 << 20
_NAMESPACE = uuid.UUID("e0b4c6a2-5b1e-5d55-8b0a-1c0f6c7e9d34")
_LIFETIME = timedelta(hours=24)
_MOST = 1000


@dataclass(frozen=True)
class Work:
    """A request as it was handed over: what is asked of which endpoint, or why that cannot be read.

    ``original`` is the message that a gRPC caller sent.
    """

    name: str | None
    endpoint: str
    model: str
    request: Any = None
    fault: ServiceError | None = None
    original: Any = None


@dataclass(frozen=True)
class Outcome:
    """The answer to a request and its price."""

    answer: Any
    cost: int


@dataclass
class Item:
    """One request of a batch and what became of it. ``key`` is the API key that added it."""

    id: str
    serial: int
    work: Work
    key: str
    created: datetime
    state: str = PENDING
    finished: datetime | None = None
    outcome: Outcome | None = None
    error: ServiceError | None = None


@dataclass
class Batch:
    """A batch. ``waiting`` are the requests of a file that is not loaded yet."""

    id: str
    name: str
    serial: int
    created: datetime
    key_id: str
    polls: int
    polls_left: int
    file_id: str = ""
    cancelled: datetime | None = None
    items: dict[str, Item] = field(default_factory=dict)
    waiting: tuple[list[Work], str] | None = None

    @property
    def expires(self) -> datetime:
        """When work on it ends."""
        return self.created + _LIFETIME

    @property
    def pending(self) -> list[Item]:
        """What is still to be done."""
        return [item for item in self.items.values() if item.state == PENDING]

    def count(self, state: str) -> int:
        """How many requests are in a state."""
        return sum(item.state == state for item in self.items.values())

    def costs(self) -> dict[str, tuple[int, int]]:
        """By endpoint: the cost and the number of requests that caused it."""
        found: dict[str, tuple[int, int]] = {}
        for item in self.items.values():
            if item.outcome is not None:
                cost, count = found.get(item.work.endpoint, (0, 0))
                found[item.work.endpoint] = (cost + item.outcome.cost, count + 1)
        return found


Run = Callable[[Item], Outcome]


class Batches:
    """All batches of an emulator."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._batches: dict[str, Batch] = {}

    def now(self) -> datetime:
        """The time, by which figures are told to be as of."""
        return self._clock.now()

    def create(
        self, name: str, key: str, key_id: str, polls: int, file_id: str = "", works: list[Work] | None = None
    ) -> Batch:
        """Open a batch: empty, or sealed with the requests of a file, which are loaded at the first poll."""
        if not name:
            raise invalid("The batch must have a name.")
        serial = len(self._batches) + 1
        made = Batch(
            id=f"batch_{uuid.uuid5(_NAMESPACE, f'batch {serial}')}",
            name=name,
            serial=serial,
            created=self._clock.now(),
            key_id=key_id,
            polls=polls,
            polls_left=polls,
            file_id=file_id,
        )
        if works is not None:
            _check_names(made, works)
            made.waiting = (works, key)
        self._batches[made.id] = made
        return made

    def get(self, batch_id: str) -> Batch:
        """The batch of an id as it is, or NOT_FOUND."""
        found = self._batches.get(batch_id)
        if found is None:
            raise not_found(f"The batch {batch_id} does not exist.")
        return found

    def loaded(self, batch_id: str) -> Batch:
        """The batch of an id with the requests of its file."""
        found = self.get(batch_id)
        if found.waiting is not None:
            (works, key), found.waiting = found.waiting, None
            self._add(found, works, key)
        return found

    def poll(self, batch_id: str, run: Run) -> Batch:
        """Do a share of the work: with ``n`` polls to go, so much that all will be done in even steps."""
        found = self.loaded(batch_id)
        pending = found.pending
        if not pending or self._clock.now() >= found.expires:
            return found
        share = len(pending) // (found.polls_left + 1)
        found.polls_left = max(0, found.polls_left - 1)
        for item in pending[:share]:
            self._finish(item, run)
        return found

    def _finish(self, item: Item, run: Run) -> None:
        try:
            if item.work.fault is not None:
                raise item.work.fault
            item.outcome, item.state = run(item), SUCCEEDED
        except ServiceError as error:
            item.error, item.state = error, FAILED
        item.finished = self._clock.now()

    def add(self, batch_id: str, works: list[Work], key: str, polls: int | None, size: int) -> None:
        """Append requests, all or none of them; the work then takes as many polls as it would from the start."""
        check_size(size)
        found = self.get(batch_id)
        if found.file_id:
            raise _closed(f"The batch {batch_id} was filled from a file and takes no further requests.")
        if found.cancelled is not None:
            raise _closed(f"The batch {batch_id} is cancelled.")
        if self._clock.now() >= found.expires:
            raise _closed(f"The batch {batch_id} has expired.")
        if not works:
            raise invalid("batch_requests must not be empty.")
        _check_names(found, works)
        self._add(found, works, key)
        found.polls_left = found.polls if polls is None else polls

    def _add(self, found: Batch, works: list[Work], key: str) -> None:
        for work in works:
            serial = len(found.items) + 1
            name = work.name or str(uuid.uuid5(_NAMESPACE, f"{found.id} request {serial}"))
            found.items[name] = Item(name, serial, work, key, self._clock.now())

    def cancel(self, batch_id: str) -> Batch:
        """Cancel what is pending. A second time changes nothing."""
        found = self.loaded(batch_id)
        if found.cancelled is None:
            found.cancelled = self._clock.now()
            for item in found.pending:
                item.state, item.finished = CANCELLED, found.cancelled
                item.error = ServiceError("CANCELLED", "The request was cancelled before it was processed.")
        return found

    def listing(self, wanted: Paging) -> Page[Batch]:
        """One page of batches, the newest first."""
        return page(
            self._batches.values(),
            wanted,
            place=lambda found: found.serial,
            known=self._batches,
            name=lambda found: found.id,
            descending=True,
        )

    def requests(self, batch_id: str, wanted: Paging, states: Collection[str] = ()) -> Page[Item]:
        """One page of requests, all or those in some states."""
        found = self.loaded(batch_id)
        return _items(found, wanted, (item for item in found.items.values() if not states or item.state in states))

    def results(self, batch_id: str, wanted: Paging) -> Page[Item]:
        """One page of requests that are finished, cancelled ones among them."""
        found = self.loaded(batch_id)
        return _items(found, wanted, (item for item in found.items.values() if item.state != PENDING))

    def item(self, batch_id: str, name: str) -> Item:
        """One request of a batch, or NOT_FOUND."""
        found = self.loaded(batch_id).items.get(name)
        if found is None:
            raise not_found(f"The request {name} does not exist in the batch {batch_id}.")
        return found


def check_size(size: int) -> None:
    """Refuse to add more at once than the API takes."""
    if size > MAX_ADDED:
        raise too_large(f"One call may add at most {MAX_ADDED} bytes of requests.")


def _items(found: Batch, wanted: Paging, items: Iterable[Item]) -> Page[Item]:
    return page(items, wanted, place=lambda item: item.serial, known=found.items, name=lambda item: item.id, most=_MOST)


def _check_names(found: Batch, works: list[Work]) -> None:
    names = set(found.items)
    for work in works:
        if work.name and work.name in names:
            raise invalid(f"The batch_request_id {work.name} is not unique in the batch.")
        names.add(work.name or "")


def _closed(message: str) -> ServiceError:
    return ServiceError("FAILED_PRECONDITION", message)
