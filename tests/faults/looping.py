"""A process that uses clients in many ways of having event loops: `python -m tests.faults.looping SCENE WIRE`.

Nothing but the last line may be printed: logging is on, and all that tasks, loops and the collector complain of.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.runtime import codecs as api
from xai_dual import AsyncClient, Client

CALLS = 200
NONE = api.CallOptions()
HANG = {"chunks": ["a"], "end": "hang"}

clients: dict[str, AsyncClient] = {}


async def ask(client: AsyncClient, text: str = "ok") -> str:
    return (await client._caller.unary(api.ECHO, {"text": text}, NONE)).text


async def begin(client: AsyncClient) -> Any:
    """A stream that has begun and never ends."""
    stream = client._caller.stream(api.STREAM, HANG, NONE)
    assert (await stream.__anext__()).text == "a"
    return stream


def threads(work: Callable[[int], None], count: int) -> None:
    running = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(30)
        assert not thread.is_alive()


def crowd(client: AsyncClient) -> str:
    """Four loops in four threads, all calling at once."""
    found: dict[int, list[str]] = {}

    async def work(number: int) -> None:
        for batch in range(CALLS // 20):
            calls = [ask(client, f"{number} {batch} {call}") for call in range(20)]
            found.setdefault(number, []).extend(await asyncio.gather(*calls))

    threads(lambda number: asyncio.run(work(number)), 4)
    for number in range(4):
        assert found[number] == [f"{number} {batch} {call}" for batch in range(CALLS // 20) for call in range(20)]
    return "ok"


def again(client: AsyncClient) -> str:
    """A client made where no loop is, in loop after loop, some of them closed with all that is open."""
    kept = []
    for number in range(4):
        kept.append(asyncio.run(begin(client)))
        assert asyncio.run(ask(client)) == "ok"
        if number == 1:
            kept.clear()
            gc.collect()
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(ask(client)) == "ok"
        loop.close()  # without what asyncio.run does at its end
    gc.collect()
    return "ok"


def abandoned(client: AsyncClient) -> str:
    """The loop ends while one task reads, another waits for an answer, and a third one for its stream to begin."""

    async def main() -> None:
        stream = await begin(client)
        tasks = [
            asyncio.create_task(stream.__anext__()),
            asyncio.create_task(client._caller.unary(api.ECHO, {"delay": 20}, NONE)),
            asyncio.create_task(client._caller.stream(api.STREAM, {"delay": 20}, NONE).__aenter__()),
        ]
        await asyncio.sleep(0.2)
        assert not any(task.done() for task in tasks)

    for _ in range(3):
        asyncio.run(main())
        gc.collect()
    return "ok"


def ending(client: AsyncClient) -> str:
    """Loops end with calls under way and with streams that nobody reads, while other loops go on."""
    end = time.monotonic() + 2
    found: list[str] = []

    async def steady() -> None:
        while time.monotonic() < end:
            found.extend(await asyncio.gather(*(ask(client) for _ in range(5))))

    async def brief() -> None:
        kept.append(await begin(client))
        for _ in range(5):
            pending.add(asyncio.create_task(ask(client)))
            pending.add(asyncio.create_task(client._caller.unary(api.ECHO, {"delay": 20}, NONE)))
        await asyncio.sleep(0.01)

    def work(number: int) -> None:
        while number > 1 and time.monotonic() < end:
            asyncio.run(brief())
        asyncio.run(steady())

    pending: set[asyncio.Task[Any]] = set()
    threads(work, 4)
    assert set(found) == {"ok"}
    return "ok"


def uv(client: AsyncClient) -> str:
    """All of that with uvloop."""
    import uvloop

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    return "ok" if [scene(client) for scene in (again, abandoned, ending, crowd)] == ["ok"] * 4 else "no"


def leaving(client: AsyncClient) -> str:
    """The program ends with open streams: in this thread, in a daemon's, in a loop that another daemon runs."""
    transport: Any = client._options.transport
    blocking = Client(transport=transport)

    def read() -> None:
        for _ in blocking._caller.stream(api.STREAM, HANG, NONE):
            began.release()

    async def main() -> None:
        async for _ in client._caller.stream(api.STREAM, HANG, NONE):
            began.release()

    began = threading.Semaphore(0)
    for work in (read, lambda: asyncio.run(main())):
        threading.Thread(target=work, daemon=True).start()
        assert began.acquire(timeout=10)
    kept.append(blocking._caller.stream(api.STREAM, HANG, NONE))
    assert next(kept[0]).text == "a"
    kept.append(asyncio.run(begin(client)))
    return "ok"


kept: list[Any] = []


def main(scene: str, wire: str) -> None:
    logging.basicConfig(level=logging.WARNING)
    transport: Any = wire
    thread = threading.Thread(target=lambda: clients.update(made=AsyncClient(transport=transport)))
    thread.start()
    thread.join()
    start = time.monotonic()
    print(globals()[scene](clients["made"]), time.monotonic() - start < 30, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
