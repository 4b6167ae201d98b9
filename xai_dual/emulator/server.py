"""``serve()``: start an emulator, as a subprocess or in a thread, and stop it."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import http.client
import json
import os
import selectors
import subprocess
import sys
import threading
import time
import urllib.parse
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from xai_dual.emulator.calls import Call
from xai_dual.emulator.state import DEFAULT_API_KEY, DEFAULT_MANAGEMENT_KEY, EMPTY_GATEWAY_KEY, GATEWAY_KEY, State

DEFAULT_MAX_STREAMS = 10_000
_START_TIMEOUT = 30.0
_STOP_TIMEOUT = 5.0


class Server:
    """A running emulator. Use it as a context manager, or call ``close()``."""

    def __init__(self, url: str, maxtoken_url: str, llmprovider_url: str, *, api_key: str, management_key: str) -> None:
        self.url = url
        self.api_key = api_key
        self.management_url = url
        self.management_key = management_key
        self.maxtoken_url = maxtoken_url
        self.llmprovider_url = llmprovider_url
        self.gateway_key = GATEWAY_KEY
        self.empty_gateway_key = EMPTY_GATEWAY_KEY

    @property
    def target(self) -> str:
        """``host:port``, as gRPC clients want it."""
        return self.url.partition("://")[2]

    def inject(self, **fault: Any) -> None:
        """Let a fault wait for the next calls it matches, or refuse connections at once.

            server.inject(action="goaway", key=server.api_key, operation="xai_api.Chat/GetCompletion", times=2)

        ``xai_dual.emulator.faults`` lists the actions (``ACTIONS``) and all properties (``Fault``). ValueError tells
        what is allowed.
        """
        self._ask("POST", "/emulator/faults", json.dumps(fault).encode())

    def clear_faults(self) -> None:
        """Forget all waiting faults."""
        self._ask("DELETE", "/emulator/faults")

    def advance(self, seconds: float) -> None:
        """Let time pass at once: what has a lifetime lapses by it."""
        self._ask("POST", "/emulator/clock", json.dumps({"advance": seconds}).encode())

    def calls(self, key: str | None = None) -> list[Call]:
        """The last 10,000 attempts that reached the emulator, oldest first; of one key, or all."""
        query = "" if key is None else f"?{urllib.parse.urlencode({'key': key})}"
        return [Call(**entry) for entry in json.loads(self._ask("GET", f"/emulator/calls{query}"))]

    def forget_calls(self) -> None:
        """Begin a new list of calls."""
        self._ask("DELETE", "/emulator/calls")

    def stats(self) -> dict[str, int]:
        """Counters: ``requests``, ``work_started``, ``connections_accepted``, ``connections_open``, ``streams_open``,
        ``streams_finished``, ``streams_cancelled``. The connections by which this class asks do not count.
        """
        found: dict[str, int] = json.loads(self._ask("GET", "/emulator/stats"))
        return found

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        connection = http.client.HTTPConnection(self.target, timeout=_STOP_TIMEOUT)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise ValueError(data.decode())
        return data

    def close(self) -> None:
        """Stop the emulator; a second call does nothing."""
        raise NotImplementedError

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str = DEFAULT_API_KEY,
    management_key: str = DEFAULT_MANAGEMENT_KEY,
    legacy: bool = False,
    max_streams: int = DEFAULT_MAX_STREAMS,
    in_process: bool = False,
) -> Server:
    """Start an emulator and wait until it answers.

    ``max_streams`` is how many gRPC calls may share a connection (MAX_CONCURRENT_STREAMS).

    It runs as a subprocess, so that its event loop and its gRPC server never meet those of the caller;
    ``in_process=True`` runs it in a thread instead, where a debugger can look at it.
    """
    if in_process:
        return _ThreadServer(State(api_key, management_key, legacy), host, port, max_streams)
    command = [sys.executable, "-m", "xai_dual.emulator", "--child", "--host", host, "--port", str(port)]
    command += ["--api-key", api_key, "--management-key", management_key, *(["--legacy"] if legacy else [])]
    command += ["--max-streams", str(max_streams)]
    # The child ends when its standard input does: at close(), at exit, and also if this process dies without either.
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment())
    try:
        assert process.stdout is not None
        ready = json.loads(_first_line(process.stdout))
    except BaseException:
        _end(process)
        raise
    addresses = [ready[name] for name in ("url", "maxtoken_url", "llmprovider_url")]
    return _ProcessServer(process, *addresses, api_key=api_key, management_key=management_key)


def _environment() -> dict[str, str] | None:
    """The child's environment: it must find this package also where only ``sys.path`` of this process leads to it."""
    folder = Path(__file__).resolve().parents[2]
    if folder.name in ("site-packages", "dist-packages"):
        return None
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, str(folder)])}


def _first_line(stream: IO[bytes]) -> bytes:
    """The first line of a pipe, or RuntimeError after a while. (Windows cannot wait on pipes: there it just blocks.)"""
    deadline = time.monotonic() + _START_TIMEOUT
    with selectors.DefaultSelector() as selector:
        try:
            selector.register(stream, selectors.EVENT_READ)
        except (OSError, ValueError):
            pass
        else:
            if not selector.select(deadline - time.monotonic()):
                raise RuntimeError("the emulator did not become ready")
    line = stream.readline()
    if not line:
        raise RuntimeError("the emulator ended before it was ready")
    return line


class _ProcessServer(Server):
    def __init__(self, process: subprocess.Popen[bytes], *addresses: str, **keys: str) -> None:
        super().__init__(*addresses, **keys)
        self.process = process
        self._owner = os.getpid()
        atexit.register(self.close)

    def close(self) -> None:
        atexit.unregister(self.close)
        if os.getpid() == self._owner:  # a forked child of the owner must not stop it
            _end(self.process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    process.terminate()  # a forked child of this process may hold the pipe open
    try:
        process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class _ThreadServer(Server):
    def __init__(self, state: State, host: str, port: int, max_streams: int) -> None:
        self.state = state
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: BaseException | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(host, port, max_streams), name="xai-emulator", daemon=True
        )
        self._thread.start()
        if not self._started.wait(_START_TIMEOUT):
            raise RuntimeError("the emulator did not become ready")
        if self._failure is not None:
            raise self._failure
        super().__init__(
            state.url,
            state.maxtoken_url,
            state.llmprovider_url,
            api_key=state.api_key,
            management_key=state.management_key,
        )
        atexit.register(self.close)

    def _run(self, host: str, port: int, max_streams: int) -> None:
        try:
            asyncio.run(self._main(host, port, max_streams))
        except BaseException as error:
            self._failure = error
        finally:
            self._started.set()

    async def _main(self, host: str, port: int, max_streams: int) -> None:
        from xai_dual.emulator.runner import running  # here, so that starting a subprocess does not import the servers

        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with running(self.state, host, port, max_streams):
            self._started.set()
            await self._stop.wait()

    def close(self) -> None:
        atexit.unregister(self.close)
        if self._thread.is_alive() and self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):  # the loop may have ended just now
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(_STOP_TIMEOUT)
