"""Event loops that end while gRPC calls are under way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

__all__ = ["ChannelMaker", "close_channels"]

SETTLE_SECONDS = 0.03


class ChannelMaker:
    """grpc.aio, whose channels are closed before their event loop is.

    All loops of a process take the events of gRPC's calls from one queue, and each hands on those of the others. One
    for a closed loop fails in another loop, which logs that and loses events of its own. So the end of a loop is
    noticed, by an asynchronous generator: those are what asyncio.run brings to an end last.
    """

    def __init__(self, module: Any) -> None:
        self._module = module

    def insecure_channel(self, target: str, **options: Any) -> Any:
        """A channel without TLS."""
        return _watched(self._module.insecure_channel(target, **options))

    def secure_channel(self, target: str, credentials: Any, **options: Any) -> Any:
        """A channel with TLS."""
        return _watched(self._module.secure_channel(target, credentials, **options))


_channels: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[WeakSet[Any], AsyncGenerator[None, None]]]
_channels = WeakKeyDictionary()


def _watched(channel: Any) -> Any:
    loop = asyncio.get_running_loop()
    found = _channels.get(loop)
    if found is None:
        channels: WeakSet[Any] = WeakSet()
        ending = _ending(channels)
        with contextlib.suppress(StopIteration):  # it begins, so that the loop knows of it
            ending.__anext__().__await__().__next__()
        found = _channels[loop] = (channels, ending)
    found[0].add(channel)
    return channel


async def _ending(channels: WeakSet[Any]) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await close_channels(list(channels), SETTLE_SECONDS)


async def close_channels(channels: list[Any], settle: float) -> None:
    """Close channels, and let the last events of their cancelled calls arrive, for so many seconds.

    `close` does not wait for them, and one that finds its loop closed fails in the loop that reads events next.
    """
    for channel in channels:
        await channel.close()
    await asyncio.sleep(settle)
