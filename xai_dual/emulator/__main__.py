"""``python -m xai_dual.emulator``: run an emulator until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import threading

from xai_dual.emulator.faults import ACTIONS
from xai_dual.emulator.server import DEFAULT_MAX_STREAMS
from xai_dual.emulator.state import DEFAULT_API_KEY, DEFAULT_MANAGEMENT_KEY, GATEWAY_KEY, State

_USAGE = """
Both wires listen on {url} (gRPC target {target}).

  REST    curl {url}/v1/chat/completions -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\
            -d '{{"model": "grok-4", "messages": [{{"role": "user", "content": "What is 101*3?"}}]}}'
  Python  xai_dual.Client(base_url="{url}", api_key="{key}")

Gateways in OpenAI's shape, with the key {gateway_key}: {maxtoken} and {llmprovider}.

Headers (metadata on gRPC): x-emulator-delay-ms (pause between stream chunks), x-emulator-split-tool-calls: 1,
x-emulator-legacy: 1, x-emulator-polls (how long deferred work is pending), x-emulator-advance (seconds that pass),
x-emulator-fault (JSON). POST {url}/emulator/faults lets such a fault wait for the calls of a "key" or an "operation",
DELETE forgets all: '{{"action": "error", "code": "RESOURCE_EXHAUSTED", "retry_info": 2, "times": 1}}'. Actions:
{actions}
GET {url}/emulator/calls tells what became of each call (?key=, ?client_request_id=), DELETE begins a new list;
GET {url}/emulator/stats counts calls and connections.
Prompts that begin with "fail: CODE", "expire:" or "moderate:" tell how a job of image or video generation ends.
Prompts of chat: "Refuse: TEXT", "broken JSON", "wrong JSON", "fenced JSON" (where JSON is asked for), "Call f then g"
(functions in turn), "What did I say first?", "How many messages so far?".
Stop with Ctrl-C.
"""


def main() -> int:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m xai_dual.emulator", description="A local xAI API: gRPC and REST on one port."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free one)")
    parser.add_argument("--api-key", default=DEFAULT_API_KEY, help="the key to accept (default: %(default)s)")
    parser.add_argument(
        "--management-key", default=DEFAULT_MANAGEMENT_KEY, help="the management key to accept (default: %(default)s)"
    )
    parser.add_argument(
        "--max-streams", type=int, default=DEFAULT_MAX_STREAMS,
        help="how many gRPC calls may share a connection (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--legacy", action="store_true", help="answer with exactly the properties of the documented examples"
    )
    parser.add_argument(
        "--child", action="store_true", help=argparse.SUPPRESS
    )  # started by serve(): ends when standard input does
    options = parser.parse_args()
    state = State(options.api_key, options.management_key, options.legacy)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(state, options.host, options.port, options.max_streams, options.child))
    return 0


async def _serve(state: State, host: str, port: int, max_streams: int, child: bool) -> None:
    from xai_dual.emulator.runner import running  # after the options: --help needs no server

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    if child:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes the pipe
    with contextlib.suppress(NotImplementedError):  # Windows loops take no signal handlers
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        if not child:
            loop.add_signal_handler(signal.SIGINT, stop.set)
    async with running(state, host, port, max_streams) as used:
        ready = {
            "ready": True, "url": state.url, "host": host, "port": used, "api_key": state.api_key,
            "management_url": state.url, "management_key": state.management_key, "pid": os.getpid(),
            "maxtoken_url": state.maxtoken_url, "llmprovider_url": state.llmprovider_url, "gateway_key": GATEWAY_KEY,
        }  # fmt: skip
        print(json.dumps(ready), flush=True)
        if child:
            threading.Thread(target=_await_end_of_input, args=(loop, stop), daemon=True).start()
        else:
            print(_usage(state), flush=True)
        await stop.wait()


def _usage(state: State) -> str:
    actions = "\n".join(f"  {name:15}{what}" for name, what in ACTIONS.items())
    target = state.url.partition("://")[2]
    return _USAGE.format(
        url=state.url, target=target, key=state.api_key, actions=actions,
        gateway_key=GATEWAY_KEY, maxtoken=state.maxtoken_url, llmprovider=state.llmprovider_url,
    )  # fmt: skip


def _await_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # os.read, not sys.stdin: a thread blocked inside the buffered reader would hold its lock at interpreter shutdown.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    sys.exit(main())
