"""Usage as time series. The figures are made up, but always the same for the same group and time."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from xai_dual.emulator.errors import invalid

_MAX_POINTS = 1000
_FORMAT = "%Y-%m-%d %H:%M:%S"
_STEPS = {
    "TIME_UNIT_CALENDAR_WEEK": timedelta(weeks=1),
    "TIME_UNIT_DAY": timedelta(days=1),
    "TIME_UNIT_HOUR": timedelta(hours=1),
    "TIME_UNIT_QUARTER_HOUR": timedelta(minutes=15),
    "TIME_UNIT_MINUTE": timedelta(minutes=1),
    "TIME_UNIT_SECOND": timedelta(seconds=1),
}
_MONTH, _NONE = "TIME_UNIT_MONTH", "TIME_UNIT_NONE"
_RECORDS = tuple(
    {
        "description": f"{model} {kind} text tokens",
        "model": model,
        "unitType": f"{kind}_text_tokens",
        "clusterName": "us-east-1",
        "apiKeyId": "ae1e1841-4326-4b36-a8a9-8a1a7237db11",
    }
    for model in ("grok-4", "grok-3-mini")
    for kind in ("prompt", "completion")
)


@dataclass(frozen=True)
class Query:
    """What to add up. Values are names with their aggregation; filters are written ``field:value``."""

    start: str
    end: str
    zone: str
    unit: str
    values: tuple[tuple[str, str], ...]
    group_by: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Series:
    """The figures of one group: the start of each step in UTC, with one figure for each value."""

    group: tuple[str, ...]
    points: tuple[tuple[datetime, tuple[float, ...]], ...]


def analyze(query: Query) -> tuple[list[Series], bool]:
    """The series, and whether they were cut off at the limit."""
    if not query.values:
        raise invalid("values must not be empty.")
    for name in (*query.group_by, *(item.partition(":")[0] for item in query.filters)):
        if name not in _RECORDS[0]:
            raise invalid(f"Usage cannot be grouped or filtered by {name}.")
    try:
        times = list(itertools.islice(_steps(query), _MAX_POINTS + 1))
    except OverflowError:
        raise invalid("The time range is out of the years 1 to 9999.") from None
    wanted = [item.partition(":") for item in query.filters]
    records = [record for record in _RECORDS if all(record[name] == value for name, _, value in wanted)]
    groups = dict.fromkeys(tuple(record[name] for name in query.group_by) for record in records)
    found = [
        Series(group, tuple((time, tuple(_figure(group, time, *value) for value in query.values)) for time in times))
        for group in groups
    ]
    cut = len(times) > _MAX_POINTS
    return [Series(series.group, series.points[:_MAX_POINTS]) for series in found], cut


def _figure(group: tuple[str, ...], time: datetime, name: str, aggregation: str) -> float:
    number = zlib.crc32(repr((group, time.isoformat(), name, aggregation)).encode())
    return float(number % 1000) if aggregation.startswith("AGGREGATION_COUNT") else number % 100_000 / 100


def _steps(query: Query) -> Iterator[datetime]:
    try:
        zone = ZoneInfo(query.zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid(f"The time zone {query.zone} is not known.") from None
    start, end = _parse("startTime", query.start), _parse("endTime", query.end)
    if end <= start:
        raise invalid("endTime must be after startTime.")
    if query.unit not in (*_STEPS, _MONTH, _NONE):
        raise invalid("timeUnit must be given.")
    at = start if query.unit == _NONE else _floor(start, query.unit)
    while at < end:
        yield at.replace(tzinfo=zone).astimezone(timezone.utc)
        if query.unit == _NONE:
            return
        at = (at + timedelta(days=32)).replace(day=1) if query.unit == _MONTH else at + _STEPS[query.unit]


def _floor(time: datetime, unit: str) -> datetime:
    """The start of the step that a local time lies in."""
    day = time.replace(hour=0, minute=0, second=0)
    if unit == _MONTH:
        return day.replace(day=1)
    if unit == "TIME_UNIT_CALENDAR_WEEK":
        return day - timedelta(days=time.weekday())
    return day + (time - day) // _STEPS[unit] * _STEPS[unit]


def _parse(name: str, text: str) -> datetime:
    try:
        return datetime.strptime(text, _FORMAT)
    except ValueError:
        raise invalid(f"{name} must look like 2025-01-31 23:59:59; got {text!r}.") from None
