"""Faults on demand: errors, silence, garbage and cut connections, scripted per call, per key or per operation.

A fault comes as JSON, either in the header or metadata ``x-emulator-fault`` of a call or by ``POST /emulator/faults``
(``Server.inject``). The header's fault counts its hits by its ``id``: with ``times`` 1 only the first attempt fails.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, fields
from typing import Any

from xai_dual.emulator import protobytes
from xai_dual.emulator.errors import CODES, Code, ServiceError, invalid

Metadata = tuple[tuple[str, str | bytes], ...]
ACTIONS = {
    "error": "answers with an error: `code` and `message`; on REST also `http`, `body`, `content_type`",
    "reset": "cuts the connection by RST",
    "close": "cuts the connection by FIN",
    "hang": "falls silent",
    "end": "ends the answer early but cleanly",
    "garbage": "sends what is no JSON or protobuf",
    "delay": "waits `delay_ms`, then answers",
    "refuse": "resets all connections and listens to none for `delay_ms` (500 unless said otherwise)",
    "drop": "does the work, then cuts the connection by RST before any byte of the answer",
    "drip": "sends one byte each `gap_ms`, to all that shares the connection",
    "slow_reader": "takes `bytes_per_second` of what the caller sends, and lets the rest wait in the network",
    "garbage_frame": "sends bytes that are no HTTP/2 frame, or no HTTP/1.1, and then nothing",
    "goaway": "ends the connection: before it has looked at the call, or, if `processed`, after it has answered it",
    "refused_stream": "gRPC only: refuses the stream (RST_STREAM, REFUSED_STREAM) before it has looked at the call",
    "html": "answers with the error page of a gateway; its status is `http` (503), its text `body`",
    "oversize": "puts an unknown field of so many `bytes` into the answer",
    "unknown_field": "puts a field into each message that no definition has",
    "unknown_enum": "gives finish_reason, stop_reason, role and status values that no definition has",
    "unknown_event": "sends an event that no definition has; on gRPC a message that has only an unknown field",
}
# What ends a call where it hits; the others change how it is answered.
ENDS = frozenset({"error", "reset", "close", "hang", "end", "garbage", "garbage_frame", "html", "refuse"})
# What is done to the connection of a gRPC call, so that the server behind never sees the call.
HELD_BACK = frozenset({"goaway", "refused_stream", "html"})

_WHOLE = frozenset({"drop", "slow_reader", "goaway", "refused_stream", "html", "unknown_field", "unknown_enum"})
_OWN = {"gap_ms": "drip", "bytes_per_second": "slow_reader", "processed": "goaway", "bytes": "oversize",
        "retry_info": "error"}  # fmt: skip
_NUMBER = (int, float)
_KINDS: dict[str, Any] = {
    "times": int, "after_chunks": int, "delay_ms": _NUMBER, "http": int, "headers": dict, "gap_ms": _NUMBER,
    "bytes_per_second": _NUMBER, "processed": bool, "bytes": int, "retry_info": _NUMBER,
}  # fmt: skip
_REFUSED_MS = 500.0
_PAGE = "<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>gateway</body></html>"


@dataclass(frozen=True)
class Fault:
    """What goes wrong, where, and how often; ``ACTIONS`` tells what each action does.

    All first wait ``delay_ms``. A stream sends ``after_chunks`` chunks before it fails; a fault with ``after_chunks``
    hits streams alone. One that waits hits the first ``times`` calls of its ``key`` and ``operation``, or any.
    """

    action: str = "error"
    id: str = ""
    times: int = 1
    key: str = ""
    operation: str = ""
    after_chunks: int = 0
    delay_ms: float | None = None
    code: str = "UNAVAILABLE"
    http: int | None = None
    message: str = "The emulator was told to fail."
    body: str | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    retry_info: float | None = None
    """Of ``error``: seconds to wait, as ``google.rpc.RetryInfo`` on gRPC and as ``retry-after`` on REST."""
    gap_ms: float = 200
    bytes_per_second: float = 1024
    processed: bool = False
    bytes: int = 64 << 20

    @property
    def status(self) -> Code:
        """The canonical code of an ``error``."""
        return CODES[self.code]

    @property
    def pause(self) -> float:
        """Seconds to wait before anything else; of ``refuse``, how long it lasts."""
        usual = _REFUSED_MS if self.action == "refuse" else 0.0
        return (usual if self.delay_ms is None else self.delay_ms) / 1000

    @property
    def text(self) -> str:
        """The body of an ``error`` on REST."""
        return self.body if self.body is not None else json.dumps(ServiceError(self.code, self.message).body())

    @property
    def page(self) -> tuple[int, str]:
        """Status and text of ``html``."""
        status = self.http or 503
        return status, _PAGE.format(status=status) if self.body is None else self.body

    @property
    def http_headers(self) -> dict[str, str]:
        """The headers of an ``error`` on REST."""
        hint = {} if self.retry_info is None else {"retry-after": str(math.ceil(self.retry_info))}
        return {**hint, **self.headers}

    @property
    def metadata(self) -> Metadata:
        """The trailing metadata of an ``error`` on gRPC."""
        if self.retry_info is None:
            return tuple(self.headers.items())
        details = protobytes.retry_info(self.status.number, self.message, self.retry_info)
        return (*self.headers.items(), ("grpc-status-details-bin", details))

    def fits(self, operation: str) -> bool:
        """Whether the wire of an operation has what it takes: only HTTP/2 has streams to refuse."""
        return self.action != "refused_stream" or " " not in operation


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
    if not isinstance(given, dict) or not all(name in known and _fits(name, value) for name, value in given.items()):
        raise invalid(f"A fault is an object with these properties: {', '.join(known)}. No number is below 0.")
    fault = Fault(**given)
    if fault.action not in ACTIONS or fault.code not in CODES:
        raise invalid(f"A fault has an action of {', '.join(ACTIONS)}, and the name of a gRPC code.")
    for name, action in _OWN.items():
        if name in given and fault.action != action:
            raise invalid(f"A fault has {name} only where its action is {action}.")
    if fault.after_chunks and fault.action in _WHOLE:
        raise invalid(f"A fault whose action is {fault.action} takes no after_chunks: it hits the call as a whole.")
    return _checked(fault, fault.operation)


def _checked(fault: Fault, operation: str) -> Fault:
    if not fault.fits(operation):
        raise invalid("A fault whose action is refused_stream is for gRPC: HTTP/1.1 has no streams to refuse.")
    return fault


def _fits(name: str, value: Any) -> bool:
    kind = _KINDS.get(name, str)
    if isinstance(value, bool) or kind is bool:
        return kind is bool and isinstance(value, bool)
    return isinstance(value, kind) and (not isinstance(value, _NUMBER) or 0 <= value < math.inf)


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
            fault = _checked(parse(header), operation)
            seen = self.hits[fault.id] = self.hits.get(fault.id, 0) + 1
            # Without an id there is nothing to count by: it hits every time.
            return fault if not fault.id or seen <= fault.times else None
        for fault, left in self.waiting:
            if left[0] > 0 and fault.key in ("", key) and fault.operation in ("", operation) and fault.fits(operation):
                left[0] -= 1
                return fault
        return None
