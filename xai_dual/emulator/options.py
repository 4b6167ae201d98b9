"""What a caller may ask of the emulator itself, by HTTP headers or gRPC metadata of the same names."""

from __future__ import annotations

LEGACY = "x-emulator-legacy"
SPLIT_TOOL_CALLS = "x-emulator-split-tool-calls"
DELAY = "x-emulator-delay-ms"
POLLS = "x-emulator-polls"
FAULT = "x-emulator-fault"
ADVANCE = "x-emulator-advance"
CALL = "x-emulator-call"  # between the public port and the gRPC server: a call's number in the call log
CLIENT_REQUEST_ID = "x-client-request-id"
_MAX_DELAY_MS = 60_000.0


def delay(value: str | None) -> float:
    """The pause between stream chunks in seconds; what is no number is no pause."""
    try:
        return min(max(float(value or 0), 0.0), _MAX_DELAY_MS) / 1000
    except ValueError:
        return 0.0


def seconds(value: str | None) -> float:
    """How far a call moves the clock on; what is no number moves nothing."""
    try:
        return max(float(value or 0), 0.0)
    except ValueError:
        return 0.0


def polls(value: str | None) -> int:
    """How many polls find deferred work pending; one unless said otherwise."""
    return int(value) if value is not None and value.isdecimal() and len(value) < 6 else 1
