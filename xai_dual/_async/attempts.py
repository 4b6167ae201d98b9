"""One call over all its attempts: the only place that retries, and that says why an attempt failed."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from .._retry import failure_of, retry_delay, should_retry
from ..errors import UsageError, XaiError
from ..hooks import CallEvent
from ..meta import Meta, Retry
from ..operation import Operation
from ..options import CallOptions, ClientOptions, check_count, check_headers, check_key, check_route, missing_key
from ..timeouts import Inherit, Timers
from . import _io
from .connections import AsyncConnections
from .transport import GRACE, AsyncTransport, Attempt

if TYPE_CHECKING:
    from .upload import AsyncUpload

__all__ = ["AsyncAttempts", "AsyncSend"]

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class AsyncSend(Protocol[R_co]):
    """Makes one attempt."""

    async def __call__(self, transport: AsyncTransport, attempt: Attempt) -> R_co: ...


class AsyncAttempts:
    """One call: its settings (its own, else the client's), and its attempts so far."""

    def __init__(
        self,
        op: Operation[Any],
        request: Any,
        settings: ClientOptions,
        connections: AsyncConnections,
        options: CallOptions,
    ) -> None:
        headers = {"x-client-request-id": _new_id(), "user-agent": connections.user_agent}
        headers.update(settings.headers)
        if options.headers:
            headers.update(check_headers(options.headers))
        self._op = op
        self._request = request
        self._settings = settings
        self._connections = connections
        self._headers = headers
        self._extra_body = None if options.extra_body is None else _extra_body(options.extra_body)
        route, retries = options.rest_route, options.max_retries
        self._rest_route = settings.rest_route if isinstance(route, Inherit) else check_route(route)
        self._most = 1 + (settings.max_retries if isinstance(retries, Inherit) else check_count(retries, "max_retries"))
        self._retries: tuple[Retry, ...] = ()
        self._number = 0
        self.timers: Timers = settings.timers.changed(options.timeout)
        self.started = time.monotonic()
        self._end = None if self.timers.total is None else self.started + self.timers.total

    async def run(self, send: AsyncSend[R], contents: AsyncUpload | None = None) -> tuple[R, Attempt]:
        """Send until it succeeds, or fails for good. The timer of the attempt that succeeded is still open."""
        hooks = self._settings.hooks
        if hooks.on_request is not None:
            await _io.settled(hooks.on_request(self._event()), "hooks.on_request")
        transport = self._connections.enter(self._op.host)
        while True:
            key = self._known_key()
            attempt = self._next(await self._asked_key() if key is None else key)
            try:
                result = await send(transport, attempt)
            except BaseException as caught:
                error = attempt.failure(caught)
                attempt.close()
                of_content = contents is not None and error is contents.error
                pause = None if of_content else self._pause_after(error, attempt)
                if pause is None or (contents is not None and not contents.repeatable):
                    await self.answered(attempt.meta, error=error)
                    if error is caught:
                        raise
                    raise error from None
                await self._tell(error, pause)
            else:
                self._connections.budget.success()
                return result, attempt
            await _io.sleep(pause)

    async def finish(self, result: R, attempt: Attempt) -> R:
        """Complete the facts about a call whose answer is all there."""
        attempt.close()
        meta = attempt.meta
        if meta is not None:
            meta.total_seconds = time.monotonic() - self.started
            meta.first_event_seconds = meta.total_seconds
            if hasattr(result, "meta"):
                result.meta = meta
        if self._settings.hooks.on_response is not None:
            await self.answered(meta, result, completed=True)
        return result

    async def answered(
        self, meta: Meta | None, result: Any = None, *, error: BaseException | None = None, completed: bool = False
    ) -> None:
        """Tell the caller's hook that the answer is there, or has begun, or that the call has failed."""
        hook = self._settings.hooks.on_response
        if hook is not None:
            event = self._event(meta=meta, result=result, error=error, completed=completed)
            await _io.settled(hook(event), "hooks.on_response")

    def _event(self, **facts: Any) -> CallEvent:
        name = self._headers["x-client-request-id"]
        return CallEvent(operation=self._op.name, client_request_id=name, request=self._request, **facts)

    def _next(self, key: str) -> Attempt:
        """The next attempt, with that key unless the caller's own headers have one."""
        self._number += 1
        headers = {"authorization": f"Bearer {key}", **self._headers}
        return Attempt(
            headers=headers,
            timers=self.timers,
            end=self._end,
            extra_body=self._extra_body,
            rest_route=self._rest_route,
            timer=_io.Timer(None if self._end is None else self._end + GRACE),
            number=self._number,
            retries=self._retries,
        )

    def _known_key(self) -> str | None:
        """The key; "" where the caller's headers have one, None where a function has to be asked."""
        if "authorization" in self._headers:
            return ""
        source = self._settings.key_of(self._op.host)
        if source is None:
            raise missing_key(self._op.host)
        return source if isinstance(source, str) else None

    async def _asked_key(self) -> str:
        """The key as the caller's function gives it now."""
        host = self._op.host
        source: Any = self._settings.key_of(host)
        key = await _io.settled(source(), "api_key")
        return check_key(key, "management_key" if host == "management" else "api_key")

    def _pause_after(self, error: BaseException, attempt: Attempt) -> float | None:
        """Seconds to wait before another attempt; None where there is to be none. Completes the error."""
        if not isinstance(error, XaiError):
            return None
        attempt.explain(error)
        if attempt.meta is not None:
            attempt.meta.total_seconds = time.monotonic() - self.started
        if isinstance(error, UsageError):
            return None
        error.attempts = self._number
        writes = self._settings.retry_writes
        failure = failure_of(error)
        if self._number >= self._most or not should_retry(failure, read_only=self._op.read_only, retry_writes=writes):
            return None
        import random  # loads hashlib, which a call that goes well does not need

        pause = retry_delay(error, self._number - 1, random.random)
        if pause is None or (self._end is not None and time.monotonic() + pause >= self._end):
            return None
        hinted = getattr(error, "retry_after", None) is not None
        return pause if hinted or self._connections.budget.spend() else None

    async def _tell(self, error: BaseException, pause: float) -> None:
        """Note that there will be another attempt, and tell the caller's hook."""
        assert isinstance(error, XaiError)
        retry = Retry(self._op.name, self._number, error.with_traceback(None), pause)
        self._retries = (*self._retries, retry)
        if self._settings.hooks.on_retry is not None:
            await _io.settled(self._settings.hooks.on_retry(retry), "hooks.on_retry")


def _new_id() -> str:
    """A random UUID (version 4) of 120 random bits, in a fraction of the time that the module uuid takes."""
    text = os.urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _extra_body(extra: Any) -> Mapping[str, Any]:
    if not isinstance(extra, Mapping):
        raise UsageError(f"must be a dict, not {type(extra).__name__}", field="extra_body")
    return extra
