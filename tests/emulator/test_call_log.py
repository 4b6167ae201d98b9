"""The call log tells what happened on the server, on both wires alike."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import grpc
import httpx
import pytest

from xai_dual.emulator import Server, serve

from .callers import Caller, RawHttp2, until
from .callers import caller as one_caller
from .cases import body

SOON = 0.1  # seconds in which a caller's leaving is noted
SLOW = {"x-emulator-delay-ms": "1000"}


@pytest.mark.parametrize("stream", [False, True])
def test_a_finished_call(server: Server, wire: str, stream: bool) -> None:
    before = time.monotonic()
    with one_caller(server, wire, stream) as caller:
        for _ in range(2):
            caller.ask()
        first, second = caller.ended(2)
    assert (first.operation, first.wire, first.key) == (caller.operation, wire, caller.key)
    assert (first.client_request_id, first.outcome) == ("c-1", "finished")
    assert first.started is not None
    assert first.ended is not None
    assert before < first.arrived <= first.started <= first.ended <= second.arrived < time.monotonic()
    assert second.number > first.number
    assert second.connection == first.connection


def test_what_is_refused_was_not_started(server: Server, caller: Caller) -> None:
    caller.inject(action="error", code="UNAVAILABLE")
    caller.error()
    caller.ask()
    raw = Caller(server, caller.wire, key=f"nobody/{uuid.uuid4()}")
    raw.error()
    raw.close()
    (wrong,) = raw.ended()
    assert (wrong.started, wrong.outcome) == (None, "failed")
    failed, finished = caller.ended(2)
    assert (failed.started, failed.outcome) == (None, "failed")
    assert finished.started
    assert finished.outcome == "finished"


def test_work_that_fails_was_started(caller: Caller) -> None:
    with pytest.raises((httpx.HTTPError, grpc.RpcError)):
        caller.ask(given=body("Say hi", model="no-such-model"))
    (call,) = caller.ended()
    assert call.started
    assert call.outcome == "failed"


def leave(caller: Caller, wait: float = 0.3) -> float:
    """Ask and go away after a while by a timeout; when that was."""
    error = caller.error(timeout=wait)
    left = time.monotonic()
    assert isinstance(error, httpx.ReadTimeout) or error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    return left


@pytest.mark.parametrize("fault", [{"action": "hang"}, {"action": "delay", "delay_ms": 5000}])
def test_leaving_before_work(caller: Caller, fault: dict[str, Any]) -> None:
    caller.inject(**fault)
    left = leave(caller)
    (call,) = caller.ended()
    assert call.outcome == "cancelled"
    assert call.ended is not None
    assert abs(call.ended - left) < SOON
    assert call.started is None
    time.sleep(0.05)
    caller.ask()
    assert [(c.outcome, c.started is None) for c in caller.ended(2)] == [("cancelled", True), ("finished", False)]


@pytest.mark.parametrize("fault", [{}, {"action": "hang", "after_chunks": 2}])
def test_leaving_a_stream(server: Server, wire: str, fault: dict[str, Any]) -> None:
    with one_caller(server, wire, stream=True) as caller:
        if fault:
            caller.inject(**fault)
            left = leave(caller)
        else:
            answer: Any = caller.begin(given=body("Count to 100", model="grok-3"), headers=SLOW)
            next(answer)
            answer.close()
            left = time.monotonic()
        (call,) = caller.ended()
    assert (call.outcome, call.started is None) == ("cancelled", False)
    assert call.ended is not None
    assert abs(call.ended - left) < SOON


@pytest.mark.parametrize("action", ["reset", "close"])
def test_a_cut_is_no_leaving(server: Server, wire: str, action: str) -> None:
    with one_caller(server, wire, stream=True) as caller:
        caller.inject(action=action, after_chunks=1)
        caller.error()
        assert [call.outcome for call in caller.ended()] == ["failed"]


def test_a_stream_that_tells_an_error_failed(server: Server, wire: str) -> None:
    with one_caller(server, wire, stream=True) as caller:
        caller.inject(action="error", after_chunks=1)
        if wire == "rest":
            caller.ask()
        else:
            caller.error()
        assert [(call.outcome, call.started is None) for call in caller.ended()] == [("failed", False)]


def test_an_unknown_operation(server: Server) -> None:
    headers = {"authorization": f"Bearer {server.api_key}/unknown"}
    assert httpx.get(f"{server.url}/v1/nothing", headers=headers).status_code == 404
    raw = RawHttp2(server)
    raw.call(1, "xai_api.Chat/Nothing")
    assert raw.answer(1)["grpc-status"] == "12"
    raw.socket.close()
    found = [*server.calls(f"{server.api_key}/unknown"), *server.calls(raw.key)]
    assert [(call.operation, call.started, call.outcome) for call in found] == [
        ("GET /v1/nothing", None, "failed"),
        ("xai_api.Chat/Nothing", None, "failed"),
    ]


def test_over_http(server: Server) -> None:
    headers = {"authorization": f"Bearer {server.api_key}/http"}
    for name in ("one", "two"):
        httpx.get(f"{server.url}/v1/me", headers={**headers, "x-client-request-id": name})
    found = httpx.get(f"{server.url}/emulator/calls", params={"client_request_id": "two"}).json()
    assert [call["operation"] for call in found] == ["GET /v1/me"]
    query = {"key": f"{server.api_key}/http", "client_request_id": "one"}
    (call,) = httpx.get(f"{server.url}/emulator/calls", params=query).json()
    assert set(call) == {
        "number", "operation", "wire", "client_request_id", "key", "connection", "arrived", "started", "ended",
        "outcome",
    }  # fmt: skip


def test_counters_of_a_server_alone() -> None:
    with serve(in_process=True) as server:
        assert server.stats()["connections_accepted"] == 0
        for wire in ("rest", "grpc"):
            with one_caller(server, wire) as caller:
                caller.ask()
                caller.inject(action="error")
                caller.error()
                assert server.stats()["connections_open"] == 1
            until(lambda: server.stats()["connections_open"] == 0)
        found = server.stats()
        assert (found["connections_accepted"], found["work_started"], found["requests"]) == (2, 2, 4)
        assert [call.number for call in server.calls()] == [1, 2, 3, 4]
        server.forget_calls()
        assert server.calls() == []


@pytest.mark.parametrize("in_process", [False, True])
def test_max_streams(in_process: bool) -> None:
    with serve(max_streams=2, in_process=in_process) as server:
        raw = RawHttp2(server)
        (settings,) = [frame for frame in raw.frames(4) if frame.kind == 4 and len(frame.raw) > 9]
        values = {settings.raw[at : at + 2]: settings.raw[at + 2 : at + 6] for at in range(9, len(settings.raw), 6)}
        assert values[b"\0\3"] == b"\0\0\0\2"
        raw.socket.close()


def test_faults_by_header_are_taken_once(caller: Caller) -> None:
    spec = json.dumps({"id": caller.key, "times": 1})
    caller.error(headers={"x-emulator-fault": spec})
    caller.ask(headers={"x-emulator-fault": spec})
    assert [call.outcome for call in caller.ended(2)] == ["failed", "finished"]
