"""The faults of the table in docs/faults.md: what goes wrong, for which calls, and with which settings."""

from __future__ import annotations

import json
from typing import Any, Literal

import attrs

from xai_dual import Timeout

__all__ = ["FAULTS", "GROUPS", "KINDS", "WRITES", "Fault"]

KINDS = {
    "read": "`models.list_language()`",
    "write": "`chat.create(...)`",
    "stream": "`chat.stream(...)`, read to its end",
    "upload": "`files.upload(...)` of 64 KiB",
    "download": "`files.content(...).read()` of 4 MiB",
}
WRITES = ("write", "stream", "upload")
"""What changes something, or costs money."""
UNARY = ("read", "write", "upload")
LONG = ("stream", "download")

GROUPS = {
    "connection": "Connections",
    "silence": "Silence",
    "broken": "Broken streams",
    "refusal": "Refusals",
    "odd": "New and odd answers",
    "upload": "Uploads",
}


@attrs.frozen(kw_only=True)
class Fault:
    """One thing that goes wrong."""

    name: str
    group: str
    text: str
    """What happens, for the docs."""
    spec: dict[str, Any] | None = None
    """As the emulator takes it; None: nothing is wrong with the server."""
    kinds: tuple[str, ...] = tuple(KINDS)
    wires: tuple[str, ...] = ("grpc", "rest")
    place: Literal["here", "nobody", "away", "full"] = "here"
    """Whether the server is here, is not, is away for a while, or is here but the client's pool is full."""
    client: dict[str, Any] = attrs.field(factory=dict)
    """Settings of the client."""
    timeout: Timeout = attrs.field(factory=Timeout)
    once: bool = False
    """Whether the first attempt alone meets it."""
    upload_bytes: int = 64 << 10
    counts: bool = True
    """Whether the number of attempts does not depend on time."""
    ends: bool = True
    """Whether the server sees soon that a caller has left: not while it leaves unread what was sent before."""

    @property
    def refuses(self) -> bool:
        """Whether the server says that it did nothing, so that even writes are sent again."""
        return self.spec is not None and self.spec.get("code") == "RESOURCE_EXHAUSTED"

    @property
    def id(self) -> str:
        """For tests: "broken-early end"."""
        return f"{self.group}-{self.name}"

    def headers(self, key: str) -> dict[str, str]:
        """What makes the emulator do it to a call."""
        if self.spec is None:
            return {}
        count = {"id": key, "times": 1} if self.once else {}
        slow = {"x-emulator-delay-ms": "100"} if self.spec.get("after_chunks") else {}  # lets the first chunks arrive
        return {"x-emulator-fault": json.dumps({**self.spec, **count}), **slow}


def fault(group: str, name: str, text: str, action: str = "", **how: Any) -> Fault:
    """One that hits every attempt."""
    settings = {field: how.pop(field) for field in list(how) if field in attrs.fields_dict(Fault)}
    return Fault(group=group, name=name, text=text, spec={"action": action, **how} if action else None, **settings)


def both(*given: Any, **how: Any) -> list[Fault]:
    """One that hits every attempt, and the same where it hits the first alone."""
    always = fault(*given, **how)
    return [
        always,
        attrs.evolve(always, name=f"{always.name}, once", text="only the first attempt meets it", once=True),
    ]


# Seconds that are long enough for all that is not the fault, on a machine that is busy.
FIRST = Timeout(first_event=1)
IDLE = Timeout(idle=1)
TOTAL = Timeout(total=1.5)
N = 2
BUSY = {"action": "error", "code": "RESOURCE_EXHAUSTED"}
AWAY = {"action": "error", "code": "UNAVAILABLE"}
SOON = {"retry-after-ms": "5"}

FAULTS: list[Fault] = [
    fault("connection", "no listener", "nobody listens at the address", place="nobody"),
    fault("connection", "away", "nobody listens for a while; `max_retries=30`", place="away",
          client={"max_retries": 30}, counts=False),
    fault("connection", "full pool", "`max_connections` calls are under way", place="full",
          client={"max_connections": 1}, timeout=Timeout(pool=0.5)),
    fault("connection", "full pool, once", "one of them ends before the second attempt", place="full",
          client={"max_connections": 1}, timeout=Timeout(pool=0.5), once=True),
    *both("connection", "reset", "RST before the first byte of the answer", "reset"),
    *both("connection", "close", "FIN before the first byte of the answer", "close"),
    *both("connection", "drop", "the work is done, then RST before the first byte of the answer", "drop"),
    *both("connection", "garbage on the wire", "bytes that are no HTTP/2 frame, or no HTTP/1.1", "garbage_frame"),
    *both("connection", "going away", "the server ends the connection before it has looked at the call", "goaway"),
    fault("connection", "going away after", "it ends the connection after it has answered", "goaway", processed=True),
    *both("connection", "refused stream", "RST_STREAM with REFUSED_STREAM: it has not looked at the call",
          "refused_stream", wires=("grpc",)),

    fault("silence", "delay", "the answer begins late, but in time", "delay", delay_ms=200),
    *both("silence", "hang", "nothing comes (timer `first_event`)", "hang", timeout=FIRST),
    fault("silence", "hang, total", "nothing comes (timer `total`)", "hang", timeout=TOTAL),
    fault("silence", "drip", "a byte each 0.2 s from the start (timer `first_event`)", "drip", timeout=FIRST),
    fault("silence", "drip, total", "the same (timer `total`)", "drip", timeout=TOTAL),
    fault("silence", "stall", "nothing more comes (timer `idle`)", "hang", after_chunks=N, kinds=LONG, timeout=IDLE),
    fault("silence", "stall, total", "nothing more comes (timer `total`)", "hang", after_chunks=N, kinds=LONG,
          timeout=TOTAL),
    fault("silence", "slow drip", "a byte each 5 s (timer `idle`)", "drip", gap_ms=5000, after_chunks=N, kinds=LONG,
          timeout=IDLE),
    fault("silence", "steady drip", "a byte each 0.1 s (timer `total`, with an `idle` of 1 s)", "drip", gap_ms=100,
          after_chunks=N, kinds=LONG, timeout=Timeout(total=3, idle=1)),

    fault("broken", "early end", "a clean end of the answer", "end", after_chunks=N, kinds=LONG),
    fault("broken", "reset", "RST", "reset", after_chunks=N, kinds=LONG),
    fault("broken", "close", "FIN", "close", after_chunks=N, kinds=LONG),
    fault("broken", "error", "an error of the service: UNAVAILABLE with a hint to come back", "error",
          code="UNAVAILABLE", headers=SOON, after_chunks=N, kinds=LONG),
    fault("broken", "garbage", "no JSON, no protobuf", "garbage", after_chunks=N, kinds=LONG),
    fault("broken", "garbage on the wire", "bytes that are no HTTP/2 frame, or no chunk of HTTP/1.1", "garbage_frame",
          after_chunks=N, kinds=LONG, timeout=IDLE),
    fault("broken", "too large", "an event over `max_message_bytes`", "oversize", bytes=4 << 20, after_chunks=N,
          kinds=("stream",), client={"max_message_bytes": 3 << 19}),

    *both("refusal", "429", "429, RESOURCE_EXHAUSTED; no hint when to come back", **BUSY),
    *both("refusal", "429 with a hint", "and a hint to come back at once", **BUSY, headers=SOON),
    fault("refusal", "429, no retry", "and `grpc-retry-pushback-ms: -1`", **BUSY,
          headers={"grpc-retry-pushback-ms": "-1"}),
    fault("refusal", "429, an hour", "and a hint to come back in an hour", **BUSY, headers={"retry-after": "3600"}),
    *both("refusal", "503", "503, UNAVAILABLE; no hint when to come back", **AWAY),
    *both("refusal", "503 with a hint", "and a hint to come back at once", **AWAY, headers=SOON),
    *both("refusal", "500", "500, INTERNAL", "error", code="INTERNAL"),
    fault("refusal", "400", "400, INVALID_ARGUMENT", "error", code="INVALID_ARGUMENT"),
    *both("refusal", "gateway", "503 and a page in HTML, from something before the server", "html",
          kinds=UNARY),

    fault("odd", "empty", "an empty answer", "end"),
    fault("odd", "garbage", "no JSON, no protobuf", "garbage"),
    fault("odd", "unknown field", "a field that no definition has", "unknown_field"),
    fault("odd", "unknown enum", "values of enums that no definition has", "unknown_enum"),
    fault("odd", "unknown event", "an event that no definition has", "unknown_event", kinds=("stream",)),
    fault("odd", "too large", "an answer over `max_message_bytes`", "oversize", bytes=4 << 20,
          kinds=("read", "write", "stream", "upload"), client={"max_message_bytes": 3 << 19}),

    fault("upload", "slow reader", "the server takes 1 KiB a second (timer `idle`)", "slow_reader", kinds=("upload",),
          timeout=Timeout(idle=1, total=3), upload_bytes=32 << 20, ends=False),
    fault("upload", "slow reader, total", "the same (timer `total`)", "slow_reader", kinds=("upload",),
          timeout=TOTAL, upload_bytes=32 << 20, ends=False),
    fault("upload", "reset", "RST in the middle of it", "reset", kinds=("upload",), after_chunks=1),
    fault("upload", "close", "FIN in the middle of it", "close", kinds=("upload",), after_chunks=1),
    fault("upload", "refusal", "429 or RESOURCE_EXHAUSTED in the middle of it", **BUSY, kinds=("upload",),
          after_chunks=1),
    fault("upload", "hang", "nothing comes (timer `first_event`)", "hang", kinds=("upload",), after_chunks=1,
          timeout=FIRST),
]  # fmt: skip
