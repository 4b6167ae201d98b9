"""What threads do in their own way. `_async/_io.py` is the hand-written twin, with the same names."""

from __future__ import annotations

import contextlib
import inspect
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from .. import _http_clients, _processes
from .._chat.calling import call_here, each_here
from .._grpc_upload import ThreadUpload
from .._slots import ThreadSlots
from .._timers import ThreadTimer
from ..errors import UsageError

T = TypeVar("T")

Timer = ThreadTimer
Slots = ThreadSlots
lock = threading.Lock
GrpcUpload = ThreadUpload
call = call_here
each = each_here
ASYNC = False

sleep = time.sleep


def settled(value: Any, field: str) -> Any:
    """What the user's function at `field` returned; what has to be awaited is refused."""
    if inspect.iscoroutine(value):
        value.close()
    if inspect.isawaitable(value):
        raise UsageError("is an async function: the blocking client takes a plain one", field=field)
    return value


def in_thread(function: Callable[..., T], *args: Any) -> T:
    """Call what blocks."""
    return function(*args)


def scope() -> object:
    """What connections belong to: the process as a whole, for which this function stands."""
    return scope


def is_over(scope: object) -> bool:
    """Whether connections of that scope can no longer be used."""
    return False


def is_cancelled() -> bool:
    """Threads are not cancelled."""
    return False


def grpc_module() -> Any:
    """The module that makes channels. Raises ForkedError where gRPC was used before this process was forked."""
    return _processes.grpc_module("grpc")


# The public way to a blocking channel's state, `subscribe`, starts a thread that polls, and that dies with a traceback
# when the channel is closed meanwhile. So the state is read where that thread reads it. If a later grpcio lacks it, a
# channel counts as connected: its calls then wait by themselves, and what failed counts as maybe sent.


def grpc_connect(channel: Any, seconds: float | None) -> bool:
    """Wait until the channel is connected or has failed to; False where neither came in time."""
    core: Any = getattr(channel, "_channel", None)
    if not hasattr(core, "watch_connectivity_state"):
        return True
    end = float("inf") if seconds is None else time.monotonic() + seconds
    while (state := core.check_connectivity_state(True)) in (0, 1):  # idle, connecting
        left = end - time.monotonic()
        if left <= 0:
            return False
        core.watch_connectivity_state(state, time.time() + min(0.5, left))
    return True


def grpc_is_ready(channel: Any) -> bool:
    """Whether the channel has a connection now."""
    core: Any = getattr(channel, "_channel", None)
    return not hasattr(core, "check_connectivity_state") or core.check_connectivity_state(False) == 2


def grpc_has_failed(channel: Any) -> bool:
    """Whether the channel could not connect, and waits before it tries again."""
    core: Any = getattr(channel, "_channel", None)
    return hasattr(core, "check_connectivity_state") and core.check_connectivity_state(False) == 3


def grpc_unary(method: Any, data: bytes, timeout: float | None, metadata: Any) -> tuple[bytes, Any, Any]:
    """One call: answer, initial metadata, trailing metadata."""
    answer, call = method.with_call(data, timeout=timeout, metadata=metadata)
    return answer, call.initial_metadata(), call.trailing_metadata()


def grpc_reader(call: Any) -> Callable[[], Any]:
    """What gives a stream's next message; at its end what is no bytes."""
    return partial(next, call, None)


def grpc_cancel(call: Any, scope: object) -> None:
    """Cancel a call, from any thread."""
    call.cancel()


def grpc_finish(call: Any) -> None:
    """Take what is left of a cancelled stream: without a thread of its own, grpc keeps the call until somebody has.

    There is no public way to do it. If a later grpcio lacks this one, cancelled streams stay in memory.
    """
    state, consume = getattr(call, "_state", None), getattr(call, "_consume_next_event", None)
    while consume is not None and getattr(state, "due", None):
        consume()


def grpc_close(channels: list[Any]) -> None:
    """Close channels."""
    for channel in channels:
        channel.close()


def is_http_client(client: Any) -> bool:
    """Whether a caller's client is of the right kind."""
    return _http_clients.is_client(client, blocking=True)


def http_backend(direct: bool) -> Any:
    """What opens connections."""
    import httpcore

    return httpcore.SyncBackend()


def http_end(stream: Any) -> None:
    """Make a blocked read of a connection fail, from another thread."""
    import socket

    connection = stream.get_extra_info("socket")
    with contextlib.suppress(OSError):
        if isinstance(connection, socket.socket):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)  # not SSLSocket's, which the reader would not survive


def http_chunks(response: Any) -> Iterator[bytes]:
    """The body of an answer to a caller's own client, decompressed."""
    chunks: Iterator[bytes] = response.iter_bytes()
    return chunks


def http_drop(response: Any, scope: object, reading: bool) -> None:
    """End a response from any thread: a thread that reads it is woken and closes it."""
    if response.network is not None:
        http_end(response.network)
    if not reading:
        response.close()
