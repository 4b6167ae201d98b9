"""The server as such: starting, ending, cancelling, both wires on one port, pictures and counters."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import anyio
import grpc
import grpc.aio
import httpx
import pytest

from xai_dual.emulator import Server, serve

from .cases import body, to_proto
from .conftest import ROOT, Rpc

CHAT = "/v1/chat/completions"


def stats(server: Server) -> dict[str, int]:
    found: dict[str, int] = httpx.get(f"{server.url}/emulator/stats").json()
    return found


def wait_for(check: Any, seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.02)
    return bool(check())


def test_serve_starts_quickly_and_stops() -> None:
    begin = time.monotonic()
    with serve(api_key="k-1", management_key="m-1") as server:
        assert time.monotonic() - begin < 5  # 1.5 s on a quiet machine; this one may be busy
        assert (server.api_key, server.management_key, server.management_url) == ("k-1", "m-1", server.url)
        assert httpx.get(f"{server.url}/v1/me", headers={"authorization": "Bearer k-1"}).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/v1/me")
    server.close()


def test_stops_when_the_parent_dies() -> None:
    code = "import os, xai_dual.emulator as e; print(e.serve().target, flush=True); os.kill(os.getpid(), 9)"
    parent = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, check=False)
    assert parent.returncode == -signal.SIGKILL
    host, _, port = parent.stdout.decode().strip().partition(":")

    def gone() -> bool:
        try:
            socket.create_connection((host, int(port))).close()
        except OSError:
            return True
        return False

    assert wait_for(gone, 10)


def test_command_line() -> None:
    command = [sys.executable, "-m", "xai_dual.emulator", "--api-key", "abc"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] is True
        assert ready["api_key"] == "abc"
        assert ready["pid"] == process.pid
        assert httpx.get(f"{ready['url']}/v1/me", headers={"authorization": "Bearer abc"}).status_code == 200
        process.send_signal(signal.SIGINT)
        assert ready["url"] in process.stdout.read()
        assert process.wait(10) == 0


def test_port_in_use(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError):
        serve(port=int(server.url.rpartition(":")[2]))
    assert "in use" in capfd.readouterr().err


def test_in_process() -> None:
    with serve(in_process=True) as server:
        headers = {"authorization": f"Bearer {server.api_key}"}
        answer = httpx.post(f"{server.url}{CHAT}", json=body("Say hi"), headers=headers)
        assert answer.json()["choices"][0]["message"]["content"] == "hi"
        rpc = Rpc(server)
        message = rpc("Chat/GetCompletion", to_proto(rpc, body("Say hi")), "GetChatCompletionResponse")
        assert message.outputs[0].message.content == "hi"
        rpc.channel.close()


def test_request_ids(rest: httpx.Client, rpc: Rpc) -> None:
    first, second = (rest.get("/v1/me").headers["x-request-id"] for _ in range(2))
    assert first != second
    call = rpc.channel.unary_unary("/xai_api.Auth/get_api_key_info").with_call
    _, done = call(b"", metadata=rpc.metadata, timeout=10)
    assert dict(done.initial_metadata())["x-request-id"]
    stream = rpc.stream("Chat/GetCompletionChunk", to_proto(rpc, body("Say hi")), "GetChatCompletionChunk")
    assert dict(stream.initial_metadata())["x-request-id"]
    assert len(list(stream)) > 2


def test_preface_may_arrive_in_pieces(server: Server) -> None:
    host, _, port = server.target.partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        for piece in (b"PRI * HT", b"TP/2.0\r\n\r\nSM\r\n", b"\r\n" + b"\0\0\0\4\0\0\0\0\0"):
            raw.sendall(piece)
            time.sleep(0.02)
        assert raw.recv(9)[3] == 4  # a SETTINGS frame: the gRPC server answers
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        for piece in (b"P", b"UT / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"):
            raw.sendall(piece)
            time.sleep(0.02)
        assert raw.makefile("rb").read().startswith(b"HTTP/1.1 404")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.shutdown(socket.SHUT_WR)
        assert raw.recv(1) == b""


def test_large_messages(rest: httpx.Client, rpc: Rpc) -> None:
    text = "x" * 6_000_000
    assert rest.post(CHAT, json=body(f"Say {text}", model="grok-3")).json()["choices"][0]["message"]["content"] == text
    with grpc.insecure_channel(
        httpx.URL(rest.base_url).netloc.decode(), options=[("grpc.max_receive_message_length", -1)]
    ) as channel:
        request = to_proto(rpc, body(f"Say {text}", model="grok-3"))
        reader = rpc.message("GetChatCompletionResponse").FromString
        call = channel.unary_unary("/xai_api.Chat/GetCompletion", type(request).SerializeToString, reader)
        assert call(request, metadata=rpc.metadata, timeout=30).outputs[0].message.content == text


def test_delay(rest: httpx.Client, rpc: Rpc) -> None:
    given = body("Say a b c", model="grok-3")
    begin = time.monotonic()
    rest.post(CHAT, json={**given, "stream": True}, headers={"x-emulator-delay-ms": "30"})
    assert time.monotonic() - begin > 0.1
    begin = time.monotonic()
    list(
        rpc.stream(
            "Chat/GetCompletionChunk", to_proto(rpc, given), "GetChatCompletionChunk", ("x-emulator-delay-ms", "30")
        )
    )
    assert time.monotonic() - begin > 0.1


def test_leaving_a_stream_stops_it(server: Server, rest: httpx.Client, rpc: Rpc) -> None:
    given = body("Count to 1000", model="grok-3")
    before = stats(server)
    with rest.stream("POST", CHAT, json={**given, "stream": True}, headers={"x-emulator-delay-ms": "20"}) as answer:
        lines = answer.iter_lines()  # kept: dropping it closes the stream
        next(lines)
        assert stats(server)["streams_open"] == before["streams_open"] + 1
    assert wait_for(lambda: stats(server)["streams_cancelled"] == before["streams_cancelled"] + 1)
    call = rpc.stream(
        "Chat/GetCompletionChunk", to_proto(rpc, given), "GetChatCompletionChunk", ("x-emulator-delay-ms", "20")
    )
    next(call)
    call.cancel()
    assert wait_for(lambda: stats(server)["streams_cancelled"] == before["streams_cancelled"] + 2)
    assert stats(server)["streams_open"] == before["streams_open"]


@pytest.mark.anyio
async def test_many_at_once(server: Server, rpc: Rpc) -> None:
    answers: list[str] = []
    headers = {"authorization": f"Bearer {server.api_key}"}
    channel = grpc.aio.insecure_channel(server.target)
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30) as client:

        async def by_rest(number: int) -> None:
            answer = await client.post(CHAT, json=body(f"Say r{number}"))
            answers.append(answer.json()["choices"][0]["message"]["content"])

        async def by_grpc(number: int) -> None:
            request = to_proto(rpc, body(f"Say g{number}"))
            reader = rpc.message("GetChatCompletionChunk").FromString
            call = channel.unary_stream("/xai_api.Chat/GetCompletionChunk", type(request).SerializeToString, reader)
            parts = [chunk.outputs[0].delta.content async for chunk in call(request, metadata=rpc.metadata)]
            answers.append("".join(parts))

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(by_rest, number)
                group.start_soon(by_grpc, number)
    await channel.close()
    assert sorted(answers) == sorted([f"r{number}" for number in range(20)] + [f"g{number}" for number in range(20)])


def test_emulator_imports_nothing_of_the_client() -> None:
    code = (
        "import sys, xai_dual.emulator.runner, xai_dual.emulator.server\n"
        "ours = [n for n in sys.modules if n.startswith('xai_dual.') and not n.startswith('xai_dual.emulator')]\n"
        "assert not ours, ours"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
