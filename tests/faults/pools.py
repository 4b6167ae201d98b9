"""A client in workers of multiprocessing: `python -m tests.faults.pools START WIRE` prints what their calls gave."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import pickle
import sys
from typing import Any

from tests.faults.forking import ask
from tests.runtime import codecs as api
from xai_dual import AsyncClient, Client

SECRET = "canary-key"


def work(client: Any) -> list[str]:
    """What a worker does with a client that it was handed, and with one of its own."""
    key = client._options.api_key
    return [ask(client), ask(type(client)(transport=client._options.transport)), str(key)]


def main(start: str, wire: str) -> None:
    clients: list[Any] = [kind(transport=wire, api_key=SECRET) for kind in (Client, AsyncClient)]
    call = clients[1]._caller.unary(api.ECHO, {"text": "ok"}, api.CallOptions())
    before = [ask(clients[0]), asyncio.run(call).text]
    assert not any(SECRET.encode() in pickle.dumps(client) for client in clients)
    with multiprocessing.get_context(start).Pool(2) as pool:
        found = pool.map_async(work, clients).get(30)
    print(json.dumps({"before": before, "workers": found, "after": [ask(client) for client in clients]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
