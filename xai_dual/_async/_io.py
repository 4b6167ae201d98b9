"""What asyncio does in its own way. `_sync/_io.py` is the hand-written twin, with the same names."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from .. import _http_clients, _processes
from .._chat.task_calling import call_in_task, each_in_tasks
from .._grpc_upload import TaskUpload
from .._loops import ChannelMaker, close_channels
from .._task_slots import TaskSlots
from .._task_timers import TaskTimer, cancel_requests

Timer = TaskTimer
Slots = TaskSlots
lock = asyncio.Lock
GrpcUpload = TaskUpload
call = call_in_task
each = each_in_tasks
ASYNC = True

T = TypeVar("T")

_closing: set[asyncio.Task[None]] = set()  # what was dropped and is being closed; kept from being collected


async def sleep(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def settled(value: Any, field: str) -> Any:
    """What the user's function at `field` returned, awaited if it has to be."""
    return await value if inspect.isawaitable(value) else value


async def in_thread(function: Callable[..., T], *args: Any) -> T:
    """Call what blocks."""
    return await asyncio.to_thread(function, *args)


def scope() -> asyncio.AbstractEventLoop:
    """What connections belong to: the running event loop."""
    return asyncio.get_running_loop()


def is_over(scope: asyncio.AbstractEventLoop) -> bool:
    """Whether connections of that scope can no longer be used."""
    return scope.is_closed()


def is_cancelled() -> bool:
    """Whether the running task itself is being cancelled, and not just a call that it reads from."""
    return cancel_requests(asyncio.current_task()) > 0


def grpc_module() -> Any:
    """The module that makes channels. Raises ForkedError where gRPC was used before this process was forked."""
    return ChannelMaker(_processes.grpc_module("grpc.aio"))


async def grpc_connect(channel: Any, seconds: float | None) -> bool:
    """Wait until the channel is connected or has failed to; False where neither came in time."""
    end = None if seconds is None else time.monotonic() + seconds
    state = channel.get_state(try_to_connect=True)
    while state.name in ("IDLE", "CONNECTING"):
        try:
            left = None if end is None else end - time.monotonic()
            await asyncio.wait_for(channel.wait_for_state_change(state), left)
        except asyncio.TimeoutError:
            return False
        state = channel.get_state(try_to_connect=True)
    return True


async def grpc_is_ready(channel: Any) -> bool:
    """Whether the channel has a connection now."""
    return bool(channel.get_state().name == "READY")


async def grpc_has_failed(channel: Any) -> bool:
    """Whether the channel could not connect, and waits before it tries again."""
    return bool(channel.get_state().name == "TRANSIENT_FAILURE")


async def grpc_unary(method: Any, data: bytes, timeout: float | None, metadata: Any) -> tuple[bytes, Any, Any]:
    """One call: answer, initial metadata, trailing metadata."""
    call = method(data, timeout=timeout, metadata=metadata)
    return await call, await call.initial_metadata(), await call.trailing_metadata()


def grpc_reader(call: Any) -> Callable[[], Any]:
    """What gives a stream's next message; at its end what is no bytes."""
    reader: Callable[[], Any] = call.read
    return reader


def grpc_cancel(call: Any, scope: asyncio.AbstractEventLoop) -> None:
    """Cancel a call, from any thread."""
    if asyncio._get_running_loop() is scope:
        call.cancel()
        return
    with contextlib.suppress(RuntimeError):  # the loop is closed
        scope.call_soon_threadsafe(call.cancel)


def grpc_finish(call: Any) -> None:
    """Take what is left of a cancelled stream: only blocking grpc waits for that."""


async def grpc_close(channels: list[Any]) -> None:
    """Close channels."""
    if channels:
        await close_channels(channels, 0.01)


def is_http_client(client: Any) -> bool:
    """Whether a caller's client is of the right kind."""
    return _http_clients.is_client(client, blocking=False)


def http_backend(direct: bool) -> Any:
    """What opens connections."""
    from .._async_http import backend

    return backend(direct)


def http_end(stream: Any) -> None:
    """Make a blocked read of a connection fail: only blocking calls need that."""


def http_chunks(response: Any) -> AsyncIterator[bytes]:
    """The body of an answer to a caller's own client, decompressed."""
    chunks: AsyncIterator[bytes] = response.aiter_bytes()
    return chunks


def http_drop(response: Any, scope: asyncio.AbstractEventLoop, reading: bool) -> None:
    """Close a response without waiting, from any thread."""

    def close() -> None:
        task = scope.create_task(response.aclose())
        _closing.add(task)
        task.add_done_callback(_closing.discard)

    with contextlib.suppress(RuntimeError):  # the loop is closed
        scope.call_soon_threadsafe(close)
