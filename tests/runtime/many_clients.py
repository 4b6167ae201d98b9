"""Makes, uses and closes clients, thousands of them, and prints what that leaves behind."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from xai_dual import AsyncClient, Client
from xai_dual.options import CallOptions

from . import codecs as api
from .wires import descriptors


def memory() -> float:
    """MiB that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def use(transport: Any, number: int) -> None:
    with Client(transport=transport, api_key=f"key-{number}") as client:
        client._caller.unary(api.ECHO, {"text": "x"}, CallOptions())


async def use_async(transport: Any, times: int) -> None:
    for number in range(times):
        async with AsyncClient(transport=transport, api_key=f"key-{number}") as client:
            await client._caller.unary(api.ECHO, {"text": "x"}, CallOptions())


def main() -> None:
    flavour, transport, times = sys.argv[1], sys.argv[2], int(sys.argv[3])

    def run(count: int) -> tuple[float, int, int]:
        if flavour == "async":
            asyncio.run(use_async(transport, count))
        else:
            for number in range(count):
                use(transport, number)
        gc.collect()
        return memory(), descriptors(), threading.active_count()

    before, after = run(times // 4), run(times)
    print(json.dumps([round(late - early, 1) for early, late in zip(before, after, strict=True)]))


if __name__ == "__main__":
    main()
