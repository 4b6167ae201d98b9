"""What is known about one call beside its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

__all__ = ["Meta"]


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
    first_event_seconds: float | None = None
    """Seconds from the start of the call to the answer's head or the stream's first event."""
    total_seconds: float | None = None
    """Seconds from the start of the call to its end; None while a stream is open."""
