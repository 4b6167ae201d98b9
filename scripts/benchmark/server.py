"""The load server, a process of its own: says its two addresses and serves until its input ends."""

from __future__ import annotations

import asyncio
import gc
import sys

from .http1 import Http1
from .http2 import Http2


async def serve() -> None:
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(kind, "127.0.0.1", 0, backlog=1024) for kind in (Http1, Http2)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    gc.freeze()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
