"""Moments as JSON tells them."""

from __future__ import annotations

from datetime import datetime


def stamp(moment: datetime | None) -> str | None:
    """An RFC 3339 time in UTC: ``2026-03-15T12:00:00Z``, with a fraction if there is one."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
