"""A process that forks while it uses clients: `python -m tests.faults.forking CLIENT...` prints what became of that.

A client is named by its kind and wire, as "sync-grpc". The process forks before its clients are used, after their first
call, and while each reads a stream in another thread. Every child makes a call with clients of all kinds, its parent's
and new ones. One child ends as programs do, the other collects its parent's clients and leaves at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import gc
import json
import os
import signal
import sys
import threading
import time
from typing import Any

from tests.runtime import codecs as api
from xai_dual import AsyncClient, Client, errors

SECONDS = 8.0
"""Time for all that a child does."""
KINDS = [f"{side}-{wire}" for side in ("sync", "async") for wire in ("grpc", "rest", "auto")]
PIECES = [f"{number} " for number in range(80)]
NONE = api.CallOptions()


def make(kind: str) -> Any:
    side, transport = kind.split("-")
    return (Client if side == "sync" else AsyncClient)(transport=transport, max_retries=0)


def ask(client: Any) -> str:
    """One call; how it went."""
    start = time.monotonic()
    try:
        call = client._caller.unary(api.ECHO, {"text": "ok"}, NONE)
        return str((call if isinstance(client, Client) else asyncio.run(call)).text)
    except errors.ForkedError:
        return "ForkedError" if time.monotonic() - start < 1 else "a late ForkedError"


class Reader(threading.Thread):
    """Reads a stream to its end."""

    def __init__(self, client: Any) -> None:
        super().__init__(daemon=True)
        self._stream = client._caller.stream(api.STREAM, {"chunks": PIECES, "gap": 0.02}, NONE)
        self.began = threading.Event()
        self.text = ""

    def run(self) -> None:
        if hasattr(self._stream, "__next__"):
            for chunk in self._stream:
                self.take(chunk)
        else:
            asyncio.run(self.read())

    async def read(self) -> None:
        async for chunk in self._stream:
            self.take(chunk)

    def take(self, chunk: Any) -> None:
        self.text += chunk.text
        self.began.set()


def child(clients: dict[str, Any], pipe: int) -> None:
    """Report how calls go in a child."""
    faulthandler.dump_traceback_later(SECONDS - 1)
    found = {f"old {kind}": ask(client) for kind, client in clients.items()}
    found |= {f"new {kind}": ask(make(kind)) for kind in KINDS}
    faulthandler.cancel_dump_traceback_later()
    os.write(pipe, json.dumps(found).encode())
    os.close(pipe)


def forked(clients: dict[str, Any], leave: bool) -> dict[str, str]:
    """What a child reports, and how it ends."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        child(clients, writing)
        if leave:
            clients.clear()
            gc.collect()
            os._exit(0)
        sys.exit(0)
    os.close(writing)
    status = end_of(pid)
    with os.fdopen(reading) as pipe:
        return {**json.loads(pipe.read() or "{}"), "end": status}


def end_of(pid: int) -> str:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "hang"


def main(kinds: list[str]) -> None:
    clients = {kind: make(kind) for kind in kinds}
    found: dict[str, Any] = {}
    for state in ("built", "used", "reading"):
        readers = [Reader(client) for client in clients.values()] if state == "reading" else []
        if state == "used":
            found["parent"] = [ask(client) for client in clients.values()]
        for reader in readers:
            reader.start()
        for reader in readers:
            assert reader.began.wait(5)
        found[state] = [forked(dict(clients), leave) for leave in (False, True)]
        for reader in readers:
            reader.join(10)
        found["streams"] = [reader.text == "".join(PIECES) for reader in readers]
    found["parent again"] = [ask(client) for client in clients.values()]
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main(sys.argv[1:])
