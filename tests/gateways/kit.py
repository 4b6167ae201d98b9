"""What the tests of gateways share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from xai_dual.emulator import Call, Server

T = TypeVar("T")

ASKED = "grok-4.20-beta-0309-non-reasoning"
SUM: dict[str, Any] = {"model": ASKED, "messages": "What is 101*3?"}
TEXT = "101 multiplied by 3 is 303."


@attrs.frozen
class Gateway:
    """One of the gateways that the emulator plays, and a key for it."""

    name: str
    url: str
    key: str
    server: Server

    @property
    def completions(self) -> str:
        """The URL of its only call."""
        return f"{self.url.removesuffix('/v1')}/v1/chat/completions"

    def options(self, transport: str = "rest", **more: Any) -> dict[str, Any]:
        """Arguments for a client of it."""
        return {"transport": transport, "base_url": self.url, "api_key": self.key, **more}

    def calls(self) -> list[Call]:
        """What reached it with this key."""
        return self.server.calls(self.key)


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
