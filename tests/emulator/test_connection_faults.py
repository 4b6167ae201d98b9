"""Faults of the connection and of the call as a whole: what a caller meets, and what the server did."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest

from xai_dual.emulator import Server, definitions, serve

from .callers import CHAT, Caller, is_connection_error, until
from .callers import caller as one_caller

SOON = 0.1


@pytest.fixture
def streamer(server: Server, wire: str) -> Iterator[Caller]:
    with one_caller(server, wire, stream=True) as made:
        yield made


# ---- refuse


@pytest.mark.parametrize("in_process", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_refuse(wire: str, in_process: bool, host: str) -> None:
    with serve(in_process=in_process, host=host) as server, one_caller(server, wire) as caller:
        caller.ask()
        caller.inject(action="refuse", delay_ms=400)
        begin = time.monotonic()
        target, _, port = server.target.partition(":")
        with pytest.raises(ConnectionRefusedError):
            until(lambda: socket.create_connection((target, int(port)), timeout=5).close(), 0.2)
        assert is_connection_error(caller.error(timeout=0.2 if wire == "rest" else 20))
        time.sleep(max(0, begin + 0.5 - time.monotonic()))
        with one_caller(server, wire) as later:
            later.ask()
        assert server.stats()["connections_accepted"] == 2
        caller.inject(action="refuse", delay_ms=1)
        time.sleep(0.1)
        with one_caller(server, wire) as later:
            later.ask()


def test_refuse_by_header(wire: str) -> None:
    with serve() as server, one_caller(server, wire) as caller:
        fault = {"x-emulator-fault": '{"action": "refuse", "delay_ms": 200, "id": "once"}'}
        assert is_connection_error(caller.error(headers=fault))
        with pytest.raises(OSError, match="refused"):
            server.stats()
        time.sleep(0.3)
        assert [(call.started, call.outcome) for call in caller.calls()] == [(None, "failed")]


# ---- drop


@pytest.mark.parametrize("stream", [False, True])
def test_drop(server: Server, wire: str, stream: bool) -> None:
    with one_caller(server, wire, stream) as caller:
        caller.inject(action="drop")
        assert is_connection_error(caller.error())
        assert caller.got == []
        try:
            caller.ask()
        except grpc.RpcError:  # grpc had not noticed yet that the connection is gone
            caller.ask()
        dropped, answered = caller.ended(2)
    assert dropped.started
    assert dropped.outcome == "failed"
    assert (answered.outcome, answered.connection != dropped.connection) == ("finished", True)


def test_dropped_work_is_done(server: Server) -> None:
    headers = {"authorization": f"Bearer {server.api_key}/dropped"}
    server.inject(action="drop", key=f"{server.api_key}/dropped", operation="POST /v1/files")
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{server.url}/v1/files", files={"file": ("dropped.txt", b"x")}, headers=headers)
    server.inject(action="drop", key=f"{server.api_key}/dropped", operation="xai_api.Files/UploadFile")
    chunk: Any = definitions.message("xai_api.UploadFileChunk")
    with grpc.insecure_channel(server.target, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        upload = channel.stream_unary("/xai_api.Files/UploadFile", chunk.SerializeToString)
        pieces = [chunk(init={"name": "dropped too.txt"}), chunk(data=b"x")]
        with pytest.raises(grpc.RpcError):
            upload(iter(pieces), metadata=list(headers.items()), timeout=10)
    found = httpx.get(f"{server.url}/v1/files", headers=headers).json()["data"]
    assert {"dropped.txt", "dropped too.txt"} <= {file["filename"] for file in found}


# ---- drip


def test_drip_never_ends(caller: Caller) -> None:
    caller.inject(action="drip", gap_ms=50)
    error = caller.error(timeout=0.3 if caller.wire == "grpc" else 0.03)  # httpx begins anew at each byte
    assert isinstance(error, httpx.ReadTimeout) or error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert_left(caller)


def test_drip_after_chunks(streamer: Caller) -> None:
    streamer.inject(action="drip", gap_ms=50, after_chunks=2)
    answer: Any = streamer.begin()
    next(answer)
    next(answer)
    time.sleep(0.3)
    answer.close()
    assert_left(streamer)


def assert_left(caller: Caller) -> None:
    left = time.monotonic()
    (call,) = caller.ended()
    assert (call.outcome, call.started is None) == ("cancelled", False)
    assert call.ended is not None
    assert abs(call.ended - left) < SOON


def test_drip_comes_byte_by_byte(server: Server) -> None:
    host, _, port = server.target.partition(":")
    key = f"{server.api_key}/drip"
    server.inject(action="drip", gap_ms=5, key=key)
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        sent = f"GET /v1/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n".encode()
        raw.sendall(sent)
        begin = time.monotonic()
        assert [len(raw.recv(1000)) for _ in range(20)] == [1] * 20
        assert time.monotonic() - begin >= 0.08


def test_drip_ends_with_its_call(caller: Caller) -> None:
    caller.inject(action="drip", gap_ms=0.2)
    caller.ask()
    caller.ask()
    assert [call.outcome for call in caller.ended(2)] == ["finished", "finished"]


# ---- slow_reader

BIG = b"x" * (32 << 20)


def test_slow_reader_rest(server: Server) -> None:
    key = f"{server.api_key}/slow-rest"
    server.inject(action="slow_reader", key=key)
    headers = {"authorization": f"Bearer {key}"}
    with pytest.raises(httpx.WriteTimeout):
        httpx.post(f"{server.url}/v1/files", files={"file": ("a", BIG)}, headers=headers, timeout=0.5)
    (call,) = server.calls(key)
    assert call.started is not None
    assert httpx.post(f"{server.url}/v1/files", files={"file": ("a", b"x")}, headers=headers).status_code == 200


def test_slow_reader_grpc(server: Server) -> None:
    key = f"{server.api_key}/slow-grpc"
    server.inject(action="slow_reader", key=key)
    chunk: Any = definitions.message("xai_api.UploadFileChunk")
    taken = 0

    def pieces() -> Iterator[Any]:
        nonlocal taken
        yield chunk(init={"name": "a"})
        for _ in range(32):
            yield chunk(data=BIG[: 1 << 20])
            taken += 1

    with grpc.insecure_channel(server.target, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        upload = channel.stream_unary("/xai_api.Files/UploadFile", chunk.SerializeToString)
        metadata = [("authorization", f"Bearer {key}")]
        with pytest.raises(grpc.RpcError) as caught:
            upload(pieces(), metadata=metadata, timeout=0.7)
        error: Any = caught.value
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert taken < 16


def test_slow_reader_sees_a_reset(server: Server) -> None:
    host, _, port = server.target.partition(":")
    key = f"{server.api_key}/slow-reset"
    server.inject(action="slow_reader", key=key, bytes_per_second=10)
    raw = socket.create_connection((host, int(port)), timeout=5)
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: 90000\r\n"
    raw.sendall(f"{head}content-type: application/json\r\n\r\n".encode())
    until(lambda: server.calls(key))
    raw.sendall(b" " * 1000)
    time.sleep(0.1)
    raw.close()
    left = time.monotonic()
    (call,) = until(lambda: [c for c in server.calls(key) if c.ended])
    assert call.outcome == "cancelled"
    assert call.ended - left < SOON


# ---- garbage_frame


@pytest.mark.parametrize("after_chunks", [0, 2])
def test_garbage_frame(server: Server, wire: str, after_chunks: int) -> None:
    with one_caller(server, wire, stream=bool(after_chunks)) as caller:
        caller.inject(action="garbage_frame", after_chunks=after_chunks)
        error = caller.error(timeout=5)
        assert len(caller.got) == after_chunks
        if wire == "rest":
            assert isinstance(error, httpx.RemoteProtocolError)
        else:
            assert "Failed parsing HTTP/2" in error.debug_error_string()
        (call,) = caller.ended()
        assert (call.outcome, call.started is None) == ("failed", not after_chunks)
        caller.ask()
