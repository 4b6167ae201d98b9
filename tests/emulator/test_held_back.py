"""Faults that keep a call from the server: GOAWAY, refused streams, pages of a gateway, on the wire and for callers."""

from __future__ import annotations

import threading
from typing import Any

import grpc
import httpx
import pytest

from xai_dual.emulator import Server, frames

from .callers import CHAT, GIVEN, Caller, RawHttp2, is_connection_error, until
from .callers import caller as one_caller

# ---- goaway


def test_goaway_before_the_call(caller: Caller) -> None:
    caller.ask()
    caller.inject(action="goaway")
    assert is_connection_error(caller.error())
    caller.ask()
    first, refused, again = caller.ended(3)
    assert (refused.started, refused.outcome) == (None, "failed")
    assert first.connection == refused.connection != again.connection


def test_goaway_after_the_call(caller: Caller) -> None:
    caller.inject(action="goaway", processed=True)
    caller.ask()
    caller.ask()
    first, second = caller.ended(2)
    assert (first.outcome, second.outcome) == ("finished", "finished")
    assert first.started
    assert first.connection != second.connection


def test_goaway_lets_other_streams_end(server: Server) -> None:
    raw = RawHttp2(server)
    server.inject(key=raw.key, action="delay", delay_ms=300)
    raw.call(1)
    until(lambda: server.calls(raw.key))
    server.inject(key=raw.key, action="goaway")
    raw.call(3)
    found = raw.frames(frames.GOAWAY)
    goaway = found[-1]
    assert goaway.raw[9:17] == b"\0\0\0\1\0\0\0\0"  # stream 1 is worked on, 3 is not
    raw.call(5)  # crosses it on the way
    assert raw.answer(1)["grpc-status"] == "0"
    assert raw.socket.recv(100) == b""
    first, second, third = server.calls(raw.key)
    assert [call.outcome for call in (first, second, third)] == ["finished", "failed", "failed"]
    assert [call.started is None for call in (first, second, third)] == [False, True, True]
    raw.socket.close()


def test_goaway_that_includes_the_call(server: Server) -> None:
    raw = RawHttp2(server)
    server.inject(key=raw.key, action="goaway", processed=True)
    raw.call(1)
    assert raw.frames(frames.GOAWAY)[-1].raw[9:17] == b"\0\0\0\1\0\0\0\0"
    assert raw.answer(1)["grpc-status"] == "0"
    assert raw.socket.recv(100) == b""
    raw.socket.close()


def test_a_late_goaway_disowns_only_its_stream(server: Server) -> None:
    raw = RawHttp2(server)
    server.inject(key=raw.key, action="goaway", delay_ms=200)
    raw.call(1)
    raw.call(3)
    assert raw.answer(3)["grpc-status"] == "0"
    found = raw.frames(frames.RST_STREAM)
    assert [frame.raw[9:13] for frame in found if frame.kind == frames.GOAWAY] == [b"\0\0\0\3"]
    assert (found[-1].stream, found[-1].raw[9:]) == (1, b"\0\0\0\7")
    raw.socket.close()


# ---- refused_stream


def test_refused_stream(server: Server) -> None:
    raw = RawHttp2(server)
    server.inject(key=raw.key, action="refused_stream", times=2)
    for stream in (1, 3):
        raw.call(stream, emulator_note="in a table of headers" * 9)
        refused = raw.frames(frames.RST_STREAM)[-1]
        assert (refused.stream, refused.raw[9:]) == (stream, b"\0\0\0\7")
    raw.call(5, emulator_note="in a table of headers" * 9)
    assert raw.answer(5)["grpc-status"] == "0"
    calls = server.calls(raw.key)
    assert [call.outcome for call in calls] == ["failed", "failed", "finished"]
    assert [call.started is None for call in calls] == [True, True, False]
    assert len({call.connection for call in calls}) == 1
    raw.socket.close()


def test_refused_streams_leave_the_window_open(server: Server) -> None:
    """What is held back counts against the window of the connection until somebody gives it back."""
    with one_caller(server, "grpc") as caller:
        caller.inject(action="refused_stream", times=30)
        given = {**GIVEN, "messages": [{"role": "user", "content": "x" * 500_000}]}
        for _ in range(30):
            with pytest.raises(grpc.RpcError) as caught:
                caller.ask(given=given)
            error: Any = caught.value
            assert error.code() is grpc.StatusCode.UNAVAILABLE
        caller.ask(given=given)


def test_grpc_may_retry_by_itself_after_goaway(server: Server) -> None:
    """grpc takes GOAWAY for what it is (unlike REFUSED_STREAM): a call that was not looked at goes out again."""
    key = f"{server.api_key}/again"
    server.inject(key=key, action="goaway")
    with grpc.insecure_channel(server.target, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        call = channel.unary_unary("/xai_api.Auth/get_api_key_info")
        call(b"", metadata=[("authorization", f"Bearer {key}")], timeout=10)
    assert [call.started is None for call in server.calls(key)] == [True, False]


def test_refused_stream_is_no_matter_of_rest(server: Server) -> None:
    with pytest.raises(ValueError, match="A fault whose action is refused_stream is for gRPC"):
        server.inject(action="refused_stream", operation=f"POST {CHAT}")
    with one_caller(server, "rest") as caller:
        error = caller.error(headers={"x-emulator-fault": '{"action": "refused_stream"}'})
        assert error.response.status_code == 400
        caller.inject(action="refused_stream")
        caller.ask()  # it waits on
    server.clear_faults()


# ---- html


@pytest.mark.parametrize(("http", "code"), [(None, "UNAVAILABLE"), (404, "UNIMPLEMENTED")])
def test_html(caller: Caller, http: int | None, code: str) -> None:
    caller.inject(action="html", **({} if http is None else {"http": http}))
    error = caller.error()
    if caller.wire == "rest":
        assert error.response.status_code == (http or 503)
        assert error.response.headers["content-type"].startswith("text/html")
        assert f"<h1>{http or 503}</h1>" in error.response.text
    else:
        # Once in hundreds grpc complains of the end of the page before it has looked at the status.
        assert error.code().name == code or "Data frame with END_STREAM" in error.details()
    caller.ask()
    page, answer = caller.ended(2)
    assert (page.started, page.outcome) == (None, "failed")
    assert page.connection == answer.connection


def test_html_on_the_wire(server: Server) -> None:
    raw = RawHttp2(server)
    server.inject(key=raw.key, action="html", body="<p>no</p>")
    raw.call(1)
    found = raw.frames(frames.DATA)
    (head,) = [frame for frame in found if frame.kind == frames.HEADERS]
    assert raw.headers(head) == {":status": "503", "content-type": "text/html; charset=utf-8"}
    assert (found[-1].raw[9:], found[-1].ends_stream) == (b"<p>no</p>", True)
    raw.socket.close()


# ---- robustness of the gate


def test_bytes_of_requests_may_come_one_by_one(server: Server) -> None:
    raw = RawHttp2(server)
    for byte in raw.request(1):
        raw.socket.sendall(bytes([byte]))
    assert raw.answer(1)["grpc-status"] == "0"
    raw.socket.close()


def test_wrong_header_blocks_end_the_connection(server: Server) -> None:
    raw = RawHttp2(server)
    raw.socket.sendall(frames.frame(frames.HEADERS, frames.END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff"))
    assert raw.frames(frames.GOAWAY)[-1].raw[13:17] == b"\0\0\0\x09"
    raw.socket.close()


def test_many_callers_at_once(server: Server, wire: str) -> None:
    with one_caller(server, wire) as caller:
        caller.inject(action="goaway", times=3)
        outcomes: list[str] = []

        def ask() -> None:
            try:
                caller.ask()
                outcomes.append("finished")
            except (httpx.HTTPError, grpc.RpcError):
                outcomes.append("failed")

        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        calls = caller.ended(12)
    assert len(outcomes) == 12
    assert outcomes.count("failed") >= 3
    # Cancelled: a call that a caller gave up at the GOAWAY before its own fault hit it.
    assert all((call.started is None) == (call.outcome in ("failed", "cancelled")) for call in calls)
