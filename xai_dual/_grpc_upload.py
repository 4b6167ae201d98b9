"""gRPC calls that send many messages and get one answer, for tasks and for threads: the same names for both."""

from __future__ import annotations

import threading
from typing import Any

__all__ = ["Pipe", "TaskUpload", "ThreadUpload"]


class TaskUpload:
    """One call of asyncio's client."""

    def __init__(self, method: Any, timeout: float | None, metadata: Any) -> None:
        self._call = method(timeout=timeout, metadata=metadata)
        self._broken = False
        # The public `write` that fails because the server has ended the call puts INTERNAL in place of the status that
        # is under way. So messages go where it sends them; if a later grpcio lacks that, `write` has to do.
        self._send = getattr(getattr(self._call, "_cython_call", None), "send_serialized_message", self._call.write)

    async def write(self, message: bytes) -> bool:
        """Send a message; False: the call is over, and `result` says how."""
        try:
            await self._call.wait_for_connection()
            if not self._call.done():
                await self._send(message)
        except Exception as error:
            self._forgive(error)
        return not self._broken and not self._call.done()

    async def result(self) -> tuple[bytes, Any, Any]:
        """End the sending; answer, initial metadata, trailing metadata."""
        if not self._broken:
            try:
                await self._call.done_writing()
            except Exception as error:
                self._forgive(error)
        return await self._call, await self._call.initial_metadata(), await self._call.trailing_metadata()

    def _forgive(self, error: Exception) -> None:
        """Errors of grpc mean that the call is over; the answer says why."""
        if not type(error).__module__.startswith("grpc"):
            raise error
        self._broken = True

    def cancel(self) -> None:
        """End the call."""
        self._call.cancel()

    def interrupt(self) -> None:
        """Make what is blocked fail: only ThreadUpload needs it."""


class ThreadUpload:
    """One call of the blocking client, which takes the messages in a thread of its own."""

    def __init__(self, method: Any, timeout: float | None, metadata: Any) -> None:
        self._pipe = Pipe()
        self._call = method.future(self._pipe, timeout=timeout, metadata=metadata)
        self._call.add_done_callback(lambda _: self._pipe.close())

    def write(self, message: bytes) -> bool:
        """Send a message; False: the call is over, and `result` says how."""
        return self._pipe.put(message)

    def result(self) -> tuple[bytes, Any, Any]:
        """End the sending; answer, initial metadata, trailing metadata."""
        self._pipe.close()
        return self._call.result(), self._call.initial_metadata(), self._call.trailing_metadata()

    def cancel(self) -> None:
        """End the call."""
        self._call.cancel()
        self._pipe.close()

    def interrupt(self) -> None:
        """Make what is blocked fail; called from another thread."""
        self._call.cancel()


class Pipe:
    """Hands messages from the thread that makes them to the one that sends them, one at a time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._message: bytes | None = None
        self._wanted = False  # the other thread is waiting: all messages before are sent
        self._closed = False

    def __iter__(self) -> Pipe:
        return self

    def __next__(self) -> bytes:
        with self._changed:
            self._wanted = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._message is not None or self._closed)
            message, self._message = self._message, None
        if message is None:
            raise StopIteration
        return message

    def put(self, message: bytes) -> bool:
        """Hand over a message, and wait until it is sent; False: nobody takes any more."""
        with self._changed:
            if self._wait():
                self._message, self._wanted = message, False
                self._changed.notify_all()
            return self._wait()

    def _wait(self) -> bool:
        self._changed.wait_for(lambda: self._wanted or self._closed)
        return not self._closed

    def close(self) -> None:
        """No more follow."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
