"""What the answers about jobs say."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from xai_dual import polling


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (None, "pending"),
        ("pending", "pending"),
        ("#9", "pending"),
        ("done", "done"),
        ("failed", "failed"),
        ("expired", "expired"),
    ],
)
def test_deferred(status: str | None, state: str) -> None:
    assert polling.deferred(SimpleNamespace(status=status)) == state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (None, "pending"),
        ("DOCUMENT_STATUS_PROCESSING", "pending"),
        ("DOCUMENT_STATUS_CHUNKED", "pending"),
        ("DOCUMENT_STATUS_PROCESSED", "done"),
        ("DOCUMENT_STATUS_FAILED", "failed"),
    ],
)
def test_document(status: str | None, state: str) -> None:
    assert polling.document(SimpleNamespace(status=status)) == state


def counters(requests: int, pending: int) -> Any:
    return SimpleNamespace(num_requests=requests, num_pending=pending)


NOW = datetime.now(timezone.utc)


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "pending"),
        ({"state": counters(0, 0)}, "pending"),
        ({"state": counters(3, 1)}, "pending"),
        ({"state": counters(3, 0)}, "done"),
        ({"state": counters(3, 0), "expire_time": NOW - timedelta(days=1)}, "done"),
        ({"state": counters(3, 1), "cancel_time": NOW}, "done"),
        ({"state": counters(0, 0), "cancel_by_xai_message": "no"}, "done"),
        ({"state": counters(3, 1), "expire_time": NOW - timedelta(minutes=1)}, "pending"),
        ({"state": counters(3, 1), "expire_time": NOW - timedelta(hours=2)}, "expired"),
        ({"state": counters(3, 1), "expire_time": 1_000_000}, "expired"),
    ],
)
def test_batch(fields: dict[str, Any], state: str) -> None:
    empty = {"state": None, "cancel_time": None, "cancel_by_xai_message": None, "expire_time": None}
    assert polling.batch(SimpleNamespace(**{**empty, **fields})) == state


def test_reasons() -> None:
    assert polling.reason(SimpleNamespace(error=SimpleNamespace(message="no"))) == "no"
    assert polling.reason(SimpleNamespace(error="no")) == "no"
    assert polling.reason(SimpleNamespace(error=None, error_message="bad page")) == "bad page"
    assert polling.reason(SimpleNamespace(error={})) is None


def test_pauses() -> None:
    pause, pauses = 1.0, []
    for _ in range(8):
        pauses.append(pause)
        pause = polling.next_pause(pause, 1.0)
    assert pauses == [1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10.0, 10.0]
    assert polling.pause_with_jitter(10, lambda: 0.0) == 8
    assert polling.pause_with_jitter(10, lambda: 1.0) == 12
