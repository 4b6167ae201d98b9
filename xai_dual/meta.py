"""What is known about one call beside its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from .errors import XaiError

__all__ = ["Meta", "PoolState", "Retry"]


@attrs.frozen
class PoolState:
    """How many calls of a client are under way to one host, and how many more wait for their turn."""

    in_use: int
    waiting: int
    limit: int
    """The client's `max_connections`."""


@attrs.frozen
class Retry:
    """A failed attempt that is followed by another one."""

    operation: str
    """The call, such as "chat.create"."""
    attempt: int
    """Which attempt failed; the first is 1."""
    error: XaiError
    """What it failed with, with the facts about it in `error.meta`."""
    pause: float
    """Seconds until the next attempt."""


@attrs.define(kw_only=True)
class Meta:
    """Facts about one call: `response.meta`, `stream.meta`, `error.meta`."""

    transport: Literal["grpc", "rest"]
    """The wire that carried the call."""
    route: str
    """"POST /v1/chat/completions" on REST, "xai_api.Chat/GetCompletion" on gRPC."""
    shape: str = ""
    """Which of the JSON shapes of the API the route has, such as "completions" or "responses"; "" on gRPC."""
    request_id: str | None = None
    """The server's own id of the request (`x-request-id`), else None."""
    client_request_id: str | None = None
    """The id that this client sent (`x-client-request-id`), the same for every attempt of a call."""
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """Response headers (REST) or metadata (gRPC), names in lower case; text values only."""
    attempts: int = 1
    """Attempts made, the one that gave this result included."""
    retries: tuple[Retry, ...] = attrs.field(default=(), repr=False)
    """The attempts that failed before this one, and why."""
    connect_seconds: float | None = None
    """Seconds until the connection stood, TLS included, if the last attempt had to wait for that; None if it stood
    already, and on a caller's own `http_client`."""
    first_event_seconds: float | None = None
    """Seconds from the start of the call to the answer's head or the stream's first event."""
    total_seconds: float | None = None
    """Seconds from the start of the call to its end; None while a stream is open."""
