"""All errors that this package raises on purpose: one tree for both wires.

    XaiError
      ApiError                        the server refused or failed the call
        InvalidRequestError AuthenticationError PermissionDeniedError NotFoundError ConflictError
        RateLimitError OverloadedError ServerError
      TransportError                  no answer arrived
        ConnectError TlsError ProxyError TimeoutError MessageTooLargeError ForkedError
      StreamError                     a stream ended early; carries what arrived
        StreamInterrupted StreamIncomplete
      UsageError                      refused before anything was sent (also a ValueError)
        UnsupportedOnTransport
      DecodeError                     the answer is not JSON / protobuf, or its top is no object
      JobFailed                       a job that was waited for failed or expired; carries its last answer
      OutputError                     an answer that is no value of the type that was asked for; carries the response
        RefusalError TruncatedOutputError InvalidOutputError
      MaxTurnsError                   the model still asks for tools after the last turn; carries the conversation

Every error can be pickled and copied.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from typing_extensions import Self

    from .meta import Meta, PoolState

__all__ = [
    "ApiError", "AuthenticationError", "ConflictError", "ConnectError", "DecodeError", "ForkedError",
    "InvalidOutputError", "InvalidRequestError", "JobFailed", "MaxTurnsError", "MessageTooLargeError",
    "NotFoundError", "OutputError", "OverloadedError", "PermissionDeniedError", "ProxyError", "RateLimitError",
    "RefusalError", "ServerError", "StreamError", "StreamIncomplete", "StreamInterrupted", "TimeoutError", "TlsError",
    "TransportError", "TruncatedOutputError", "UnsupportedOnTransport", "UsageError", "XaiError",
]  # fmt: skip

TimerName = Literal["connect", "pool", "first_event", "idle", "total", "wait"]


def _rebuild(cls: type[XaiError], args: tuple[Any, ...], state: dict[str, Any], cause: XaiError | None) -> XaiError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    if cause is not None:
        error.__cause__ = cause
    return error


class XaiError(Exception):
    """Root of all errors of this package."""

    message: str
    """What happened, in one or two sentences."""
    attempts: int
    """Attempts made before the error was raised; 0 where nothing was sent."""
    meta: Meta | None
    """Facts about the call (route, ids, response headers); None where no call was begun."""
    accepted: int | None = None
    """Of a list that is sent in slices: items that earlier slices had brought in."""

    def __init__(self, message: str = "", *, attempts: int = 0, meta: Meta | None = None) -> None:
        super().__init__(message)
        self.args = (message,)
        self.message = message
        self.attempts = attempts
        self.meta = meta

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # The cause goes along when it is one of ours: others (of grpc, of httpx) often cannot be pickled.
        cause = self.__cause__ if isinstance(self.__cause__, XaiError) else None
        return _rebuild, (type(self), self.args, self.__dict__.copy(), cause)


class ApiError(XaiError):
    """The server answered with an error; subclasses say which kind, equally on both wires."""

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "unknown",
        slug: str | None = None,
        http_status: int | None = None,
        grpc_status: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        attempts: int = 1,
        body: Any = None,
        meta: Meta | None = None,
    ) -> None:
        super().__init__(message, attempts=attempts, meta=meta)
        self.code = code
        """gRPC name of the failure in lower case ("not_found"), on both wires."""
        self.slug = slug
        """The server's finer name of the failure ("unauthenticated:bad-credentials"), where it gives one."""
        self.http_status = http_status
        """HTTP status (REST), else None."""
        self.grpc_status = grpc_status
        """gRPC status name as sent ("NOT_FOUND"), else None."""
        self.request_id = request_id
        """The server's id of the request, where it gives one."""
        self.retry_after = retry_after
        """Seconds after which the server allows another attempt, where it says so."""
        self.body = body
        """The error body: parsed JSON, else its text; None where there was none and on gRPC."""

    def __str__(self) -> str:
        if self.http_status is not None:
            facts = [f"HTTP {self.http_status}"]
        else:
            facts = [f"gRPC {self.grpc_status}"] if self.grpc_status else []
        if self.slug:
            facts.append(self.slug)
        if self.request_id:
            facts.append(f"request id {self.request_id}")
        if self.attempts > 1:
            facts.append(f"{self.attempts} attempts")
        return f"{self.code}: {self.message}" + (f" ({', '.join(facts)})" if facts else "")


class InvalidRequestError(ApiError):
    """The request is wrong: HTTP 400 405 413 415 422, gRPC INVALID_ARGUMENT FAILED_PRECONDITION OUT_OF_RANGE."""


class AuthenticationError(ApiError):
    """The API key is missing or wrong: HTTP 401, UNAUTHENTICATED, and 400 / 403 that say so."""


class PermissionDeniedError(ApiError):
    """The key may not do this, or has no credits: HTTP 403, PERMISSION_DENIED."""


class NotFoundError(ApiError):
    """No such model, object or route: HTTP 404, NOT_FOUND."""


class ConflictError(ApiError):
    """The state of the object forbids this: HTTP 409, ALREADY_EXISTS, ABORTED."""


class RateLimitError(ApiError):
    """Too many requests or tokens: HTTP 429, RESOURCE_EXHAUSTED sent by the server."""


class OverloadedError(ApiError):
    """The server has no capacity now: HTTP 498 503 529, UNAVAILABLE sent by the server."""


class ServerError(ApiError):
    """The server failed: HTTP 408 500 501 502 504 52x 530 and the gRPC codes that stand for them."""


class TransportError(XaiError):
    """No answer arrived: the connection could not be made, or broke before the answer began."""

    def __init__(
        self, message: str = "", *, maybe_sent: bool = True, attempts: int = 1, meta: Meta | None = None
    ) -> None:
        super().__init__(message, attempts=attempts, meta=meta)
        self.maybe_sent = maybe_sent
        """False where it is certain that the server did not get the request."""


class ConnectError(TransportError):
    """No connection: name not found, refused, unreachable, or the proxy would not. Nothing was sent."""

    def __init__(
        self, message: str = "", *, maybe_sent: bool = False, attempts: int = 1, meta: Meta | None = None
    ) -> None:
        super().__init__(message, maybe_sent=maybe_sent, attempts=attempts, meta=meta)


class TlsError(ConnectError):
    """The TLS handshake failed (certificate, protocol version). Nothing was sent."""

    def __init__(
        self,
        message: str = "",
        *,
        certificate: bool = False,
        maybe_sent: bool = False,
        attempts: int = 1,
        meta: Meta | None = None,
    ) -> None:
        super().__init__(message, maybe_sent=maybe_sent, attempts=attempts, meta=meta)
        self.certificate = certificate
        """Whether a certificate is to blame, the server's or the client's: then the call is not tried again."""


class ProxyError(ConnectError):
    """A proxy will not let the connection through: it wants a password (HTTP 407), or forbids it. Not tried again."""


class TimeoutError(TransportError, builtins.TimeoutError):
    """One of the timers of `Timeout` ran out; also a builtin TimeoutError."""

    def __init__(
        self,
        message: str = "",
        *,
        timer: TimerName = "total",
        last: Any = None,
        pool: PoolState | None = None,
        maybe_sent: bool = True,
        attempts: int = 1,
        meta: Meta | None = None,
    ) -> None:
        super().__init__(message, maybe_sent=maybe_sent, attempts=attempts, meta=meta)
        self.timer: TimerName = timer
        """Which timer: "connect", "pool", "first_event", "idle", "total", or "wait" of the wait methods."""
        self.last = last
        """Of "wait": the job's last answer; it is still under way and can be waited for again. Else None."""
        self.pool = pool
        """Of "pool": how full the pool was. Else None."""


class MessageTooLargeError(TransportError):
    """A message is over a limit of this client (`max_message_bytes`; gRPC: 64 MiB to send). Never retried."""


class ForkedError(TransportError):
    """gRPC was used before this process was forked, and cannot work in the child."""

    def __init__(
        self, message: str = "", *, maybe_sent: bool = False, attempts: int = 1, meta: Meta | None = None
    ) -> None:
        super().__init__(message, maybe_sent=maybe_sent, attempts=attempts, meta=meta)


class StreamError(XaiError):
    """A stream ended before its answer was complete."""

    def __init__(self, message: str = "", *, partial: Any = None, attempts: int = 1, meta: Meta | None = None) -> None:
        super().__init__(message, attempts=attempts, meta=meta)
        self.partial = partial
        """The response folded from the chunks that did arrive."""


class StreamInterrupted(StreamError):
    """A stream broke after its first event; `__cause__` says why (an ApiError, TransportError or DecodeError)."""

    @property
    def timer(self) -> TimerName | None:
        """The timer that ended it ("idle" or "total"), if it was one."""
        return self.__cause__.timer if isinstance(self.__cause__, TimeoutError) else None


class StreamIncomplete(StreamError):
    """A stream ended without an error and without the mark of a finished answer: it was cut."""


class UsageError(XaiError, ValueError):
    """The call is wrong and was refused before anything was sent; also a ValueError."""

    def __init__(
        self, message: str = "", *, field: str | None = None, attempts: int = 0, meta: Meta | None = None
    ) -> None:
        super().__init__(message, attempts=attempts, meta=meta)
        self.field = field
        """Path of the argument at fault ("messages[2].content"), where there is one."""

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message

    def at(self, prefix: str) -> Self:
        """The same error with `prefix` put before its field path: "content" at "messages[2]"."""
        error: Any = self.__reduce__()
        error = error[0](*error[1])
        if not self.field:
            error.field = prefix
        elif self.field.startswith("["):
            error.field = prefix + self.field
        else:
            error.field = f"{prefix}.{self.field}"
        error.__cause__ = self.__cause__
        same: Self = error
        return same


class UnsupportedOnTransport(UsageError):
    """A call or a field that the chosen wire cannot carry."""

    def __init__(
        self,
        field: str | None = None,
        transport: str = "",
        why: str = "",
        *,
        message: str | None = None,
        attempts: int = 0,
        meta: Meta | None = None,
    ) -> None:
        text = message if message is not None else f"cannot be sent over {transport}" + (f": {why}" if why else "")
        super().__init__(text, field=field, attempts=attempts, meta=meta)
        self.transport = transport
        """The wire that lacks it: "grpc" or "rest"."""
        self.why = why
        """The reason, and what to use instead."""


class DecodeError(XaiError):
    """The answer cannot be read: not JSON, not protobuf, or its top is no object."""

    def __init__(self, message: str = "", *, body: Any = None, attempts: int = 1, meta: Meta | None = None) -> None:
        super().__init__(message, attempts=attempts, meta=meta)
        self.body = body
        """The first bytes of the answer, where that helps."""


class JobFailed(XaiError):
    """A job that was waited for (deferred answer, video, batch, document) failed, or expired before it was done."""

    def __init__(
        self,
        message: str = "",
        *,
        result: Any = None,
        state: str = "failed",
        attempts: int = 1,
        meta: Meta | None = None,
    ) -> None:
        super().__init__(message, attempts=attempts, meta=meta)
        self.result = result
        """The job's last answer."""
        self.state = state
        """ "failed" or "expired"."""


class OutputError(XaiError):
    """An answer came and was paid for, but it is no value of the type that was asked for."""

    def __init__(
        self,
        message: str = "",
        *,
        response: Any = None,
        text: str = "",
        attempts: int = 1,
        meta: Meta | None = None,
    ) -> None:
        super().__init__(message, attempts=attempts, meta=meta)
        self.response = response
        """The whole `ChatCompletion`."""
        self.text = text
        """Its text."""


class RefusalError(OutputError):
    """The model refused; `text` is what it said."""


class TruncatedOutputError(OutputError):
    """The answer was cut: `max_tokens`, the context window or the time limit was reached."""


class InvalidOutputError(OutputError):
    """The answer's text is no JSON, or JSON that does not fit the type, or there is none; `__cause__` says where."""


class MaxTurnsError(XaiError):
    """The model still asks for tools after the last turn that `max_turns` allows."""

    def __init__(self, message: str = "", *, run: Any = None, attempts: int = 1, meta: Meta | None = None) -> None:
        super().__init__(message, attempts=attempts, meta=meta)
        self.run = run
        """The `ToolRun` so far; its messages can be gone on with."""
