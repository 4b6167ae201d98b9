"""Streams that are open when a process forks: whatever the child does with its copy, the parent reads on."""

from __future__ import annotations

import os

import pytest

from ..runtime.wires import Wires
from .test_processes import environment, run

CODE = """
import asyncio, gc, json, os, sys, time
from tests.faults.forking import NONE, api, end_of, make, errors

client = make("{kind}")
loop = asyncio.new_event_loop()
def step(call):
    return loop.run_until_complete(call) if hasattr(call, "__await__") else call
def following(stream):
    return step(stream.__anext__()) if hasattr(stream, "__anext__") else next(stream)
def close(stream):
    return asyncio.run(stream.aclose()) if hasattr(stream, "aclose") else stream.close()
box = [client._caller.stream(api.STREAM, HELD, NONE)]
ends = [client._caller.stream(api.STREAM, {{"chunks": ["a"]}}, NONE)]
text = following(box[0]).text
for stop in range(2):
    try:
        following(ends[0])
    except (StopIteration, StopAsyncIteration):
        pass
found = []
for what in ("read", "close", "drop", "leave"):
    pid = os.fork()
    if not pid:
        if what == "read":
            try:
                asyncio.run(box[0].__anext__()) if hasattr(box[0], "__anext__") else next(box[0])
            except errors.StreamInterrupted as error:
                assert isinstance(error.__cause__, errors.ForkedError)
                assert error.partial.text == text
                os._exit(0)
            os._exit(1)
        if what == "close":
            close(box[0]); close(ends[0])
            assert box[0].response.text == text
        if what in ("close", "drop"):
            box.clear(); ends.clear(); client = None
            gc.collect()
            os._exit(0)
        sys.exit(0)
    found.append(end_of(pid))
    text += following(box[0]).text
while True:
    try:
        text += following(box[0]).text
    except (StopIteration, StopAsyncIteration):
        break
loop.close()
print(json.dumps([found, text == "".join(HELD["chunks"]), box[0].completed]), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.parametrize("side", ["sync", "async"])
def test_need_03_a_child_leaves_streams_alone(wires: Wires, transport: str, side: str) -> None:
    code = "HELD = {'chunks': [f'{n} ' for n in range(60)], 'gap': 0.03}\n" + CODE.format(kind=f"{side}-{transport}")
    assert run(environment(wires), "-c", code) == [["exit 0"] * 4, True, True]
