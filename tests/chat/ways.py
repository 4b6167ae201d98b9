"""The ways that chat takes, and clients for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from xai_dual.emulator import Server

GRPC, COMPLETIONS, RESPONSES = "grpc", "completions", "responses"
WAYS = (GRPC, COMPLETIONS, RESPONSES)
AGENT = (GRPC, RESPONSES)
"""The ways that have tools of the service, stored answers and sealed reasoning."""
REST = (COMPLETIONS, RESPONSES)

ROUTES = {
    GRPC: "xai_api.Chat/GetCompletion",
    COMPLETIONS: "POST /v1/chat/completions",
    RESPONSES: "POST /v1/responses",
}
DEAD = "http://127.0.0.1:1"
"""Nothing listens there: what is sent there fails with ConnectError."""

_numbers: Iterator[int] = count(1)


def of(way: str) -> dict[str, Any]:
    """What makes a client take a way."""
    if way == GRPC:
        return {"transport": "grpc"}
    return {"transport": "rest", "rest_route": way} if way in REST else {"transport": way}


def settings(server: Server, way: str, **more: Any) -> dict[str, Any]:
    """Arguments for a client of the emulator. Beside the ways there are "rest" and "auto", which choose the route."""
    return {**of(way), "base_url": server.url, "api_key": server.api_key, **more}


def unsent(way: str) -> dict[str, Any]:
    """Arguments for a client whose calls must not get as far as sending."""
    return {**of(way), "base_url": DEAD, "api_key": "k", "max_retries": 0}


def fault(**what: Any) -> dict[str, str]:
    """Headers that make the emulator fail at the call."""
    return {"x-emulator-fault": json.dumps(what)}


def anew(text: str) -> str:
    """The text, told apart from all before it: the emulator gives equal requests equal answers with equal ids."""
    return f"{text} no. {next(_numbers)}"
