"""How large things may be, in bytes: a server must not be able to fill the memory; no I/O."""

from __future__ import annotations

import attrs

__all__ = ["DEFAULT_LIMITS", "HEAD_BYTES", "Limits", "limits_of"]

MIB = 1024 * 1024

HEAD_BYTES = 100 * 1024
"""Headers or metadata of an answer: on REST h11 is given this by httpcore, so gRPC is given it too. Also a line that
says how long a chunk of a body is, and all trailers."""


@attrs.frozen
class Limits:
    """The limits of one client. `max_message_bytes` takes the place of all three."""

    answer: int = 512 * MIB
    """An answer, unpacked; any message on gRPC."""
    event: int = 64 * MIB
    """An event of a stream on REST: images come inline."""
    request: int = 64 * MIB
    """A request on gRPC."""


DEFAULT_LIMITS = Limits()


def limits_of(max_message_bytes: int | None) -> Limits:
    """As the client's setting has it; None: the defaults."""
    most = max_message_bytes
    return DEFAULT_LIMITS if most is None else Limits(answer=most, event=most, request=most)
