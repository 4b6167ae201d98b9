"""What the tests of faults share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from xai_dual.emulator import Server

T = TypeVar("T")

SUM: dict[str, Any] = {"model": "grok-4", "messages": "What is 101*3?"}
TEXT = "101 multiplied by 3 is 303."
SLOW: dict[str, Any] = {"model": "grok-3", "messages": "Count to 2000", "headers": {"x-emulator-delay-ms": "20"}}
"""A stream of many chunks, 20 ms apart."""


def options(server: Server, transport: str, key: str, **more: Any) -> dict[str, Any]:
    """Arguments for a client of the emulator."""
    return {
        "transport": transport,
        "base_url": server.url,
        "api_key": key,
        "management_url": server.management_url,
        "management_key": server.management_key,
        **more,
    }


def fault(action: str, **how: Any) -> dict[str, str]:
    """The header that makes a call meet a fault; with an `id`, only its first attempts."""
    return {"x-emulator-fault": json.dumps({"action": action, **how})}


def eventually(find: Callable[[], T], seconds: float = 5) -> T:
    """Wait until something that goes on by itself has happened; what was found."""
    end = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)
    return found
