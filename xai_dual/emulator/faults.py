"""Faults on demand: errors, silence, garbage and cut connections, scripted per call, per key or per operation.

A fault comes as JSON, either in the header or metadata ``x-emulator-fault`` of a call or by ``POST /emulator/faults``
(``Server.inject``). The header's fault counts its hits by its ``id``: with ``times`` 1 only the first attempt fails.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import Any

from xai_dual.emulator.errors import CODES, Code, ServiceError, invalid

_KINDS: dict[str, Any] = {"times": int, "after_chunks": int, "delay_ms": (int, float), "http": int, "headers": dict}
ACTIONS = ("error", "reset", "close", "hang", "end", "garbage", "delay")


@dataclass(frozen=True)
class Fault:
    """What goes wrong, where, and how often.

    ``error`` answers with an error, ``reset`` and ``close`` cut the connection (RST, FIN), ``hang`` falls silent,
    ``end`` ends the answer early but cleanly, ``garbage`` sends what is no JSON or protobuf, ``delay`` only
    waits ``delay_ms``, as all others do first. A stream sends ``after_chunks`` chunks before it fails; a fault with
    ``after_chunks`` hits streams alone.
    """

    action: str = "error"
    id: str = ""
    times: int = 1
    key: str = ""
    operation: str = ""
    after_chunks: int = 0
    delay_ms: float = 0
    code: str = "UNAVAILABLE"
    http: int | None = None
    message: str = "The emulator was told to fail."
    body: str | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> Code:
        """The canonical code of an ``error``."""
        return CODES[self.code]

    @property
    def text(self) -> str:
        """The body of an ``error`` on REST."""
        return self.body if self.body is not None else json.dumps(ServiceError(self.code, self.message).body())


class FaultHit(Exception):
    """Carries a fault to where an answer is made of it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def parse(text: str) -> Fault:
    """A fault out of its JSON."""
    try:
        given = json.loads(text)
    except ValueError as error:
        raise invalid(f"The fault is no JSON: {error}.") from None
    known = [item.name for item in fields(Fault)]
    if not isinstance(given, dict) or not all(
        name in known and isinstance(value, _KINDS.get(name, str)) for name, value in given.items()
    ):
        raise invalid(f"A fault is an object with these properties: {', '.join(known)}.")
    fault = Fault(**given)
    if fault.action not in ACTIONS or fault.code not in CODES:
        raise invalid(f"A fault has an action of {', '.join(ACTIONS)}, and the name of a gRPC code.")
    return fault


class Faults:
    """The faults that wait to happen."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Fault, list[int]]] = []  # with the number of hits left, in a box
        self.hits: dict[str, int] = {}

    def add(self, fault: Fault) -> None:
        """Let a fault wait for calls that match it."""
        self.waiting.append((fault, [fault.times]))

    def clear(self) -> None:
        """Forget all faults."""
        self.waiting.clear()
        self.hits.clear()

    def take(self, operation: str, key: str, header: str | None) -> Fault | None:
        """The fault that hits this call, if any; that uses up one of its ``times``."""
        if header:
            fault = parse(header)
            seen = self.hits[fault.id] = self.hits.get(fault.id, 0) + 1
            # Without an id there is nothing to count by: it hits every time.
            return fault if not fault.id or seen <= fault.times else None
        for fault, left in self.waiting:
            if left[0] > 0 and fault.key in ("", key) and fault.operation in ("", operation):
                left[0] -= 1
                return fault
        return None
