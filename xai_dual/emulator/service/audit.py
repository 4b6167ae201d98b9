"""The audit log of the team: what was done with a management key."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from xai_dual.emulator.service.access import USER_ID
from xai_dual.emulator.service.clock import Clock
from xai_dual.emulator.service.paging import Page, Paging, page


@dataclass(frozen=True)
class Event:
    """Something that was done, and when."""

    id: str
    place: int
    time: datetime
    description: str
    user_id: str = USER_ID


@dataclass(frozen=True)
class Filter:
    """Which events are wanted; ``until`` is not part of the span."""

    user_id: str | None = None
    query: str | None = None
    event_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, event: Event) -> bool:
        """Whether an event is wanted."""
        return (
            self.user_id in (None, event.user_id)
            and self.event_id in (None, event.id)
            and (self.query is None or self.query.lower() in event.description.lower())
            and (self.since is None or event.time >= self.since)
            and (self.until is None or event.time < self.until)
        )


class AuditLog:
    """All events, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: dict[str, Event] = {}

    def record(self, description: str) -> None:
        """Note what has just been done."""
        event = Event(str(uuid.uuid4()), len(self._events), self._clock.now(), description)
        self._events[event.id] = event

    def page(self, wanted: Paging, condition: Filter, descending: bool) -> Page[Event]:
        """One page of the events that meet a condition."""
        return page(
            [event for event in self._events.values() if condition.takes(event)],
            wanted,
            place=lambda event: event.place,
            known=self._events,
            name=lambda event: event.id,
            descending=descending,
        )
