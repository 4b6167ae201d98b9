"""Faults on demand, over both wires."""

from __future__ import annotations

import json
import time
from typing import Any

import grpc
import httpx
import pytest

from xai_dual.emulator import Server

from .cases import body, to_proto
from .conftest import Rpc

CHAT = "/v1/chat/completions"
GIVEN = body("Say a b c", model="grok-3")


def fault(**spec: Any) -> str:
    return json.dumps(spec)


def grpc_error(rpc: Rpc, spec: str, *, stream: bool = False, timeout: float = 20) -> tuple[str, Any, int]:
    """The code, the error and the number of messages that came before it."""
    request = to_proto(rpc, GIVEN)
    kind = "GetCompletionChunk" if stream else "GetCompletion"
    with grpc.insecure_channel(rpc.target, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        call = channel.unary_stream(f"/xai_api.Chat/{kind}", type(request).SerializeToString)(
            request, metadata=(*rpc.metadata, ("x-emulator-fault", spec)), timeout=timeout
        )
        count = 0
        try:
            for _ in call:
                count += 1
        except grpc.RpcError as caught:
            error: Any = caught
            return error.code().name, error, count
    return "OK", None, count


def test_error(rest: httpx.Client, rpc: Rpc) -> None:
    spec = fault(code="RESOURCE_EXHAUSTED", message="Slow down.", headers={"retry-after": "2"})
    answer = rest.post(CHAT, json=GIVEN, headers={"x-emulator-fault": spec})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert answer.json() == {"code": "Some resource has been exhausted", "error": "Slow down."}
    assert answer.headers["x-request-id"]
    name, error, _ = grpc_error(rpc, spec)
    assert (name, error.details()) == ("RESOURCE_EXHAUSTED", "Slow down.")
    assert dict(error.trailing_metadata())["retry-after"] == "2"


def test_any_http_answer(rest: httpx.Client) -> None:
    spec = fault(http=529, body="<html>busy</html>", content_type="text/html")
    answer = rest.get("/v1/models", headers={"x-emulator-fault": spec})
    assert (answer.status_code, answer.text) == (529, "<html>busy</html>")
    assert answer.headers["content-type"].startswith("text/html")


def test_times(rest: httpx.Client) -> None:
    headers = {"x-emulator-fault": fault(id="two-times", times=2)}
    assert [rest.get("/v1/me", headers=headers).status_code for _ in range(3)] == [503, 503, 200]


def test_waiting_faults(server: Server, rest: httpx.Client, rpc: Rpc) -> None:
    mine = f"{server.api_key}/waiting"
    try:
        server.inject(key=mine, operation="GET /v1/me", times=1)
        server.inject(key=mine, operation="xai_api.Auth/get_api_key_info", code="INTERNAL")
        headers = {"authorization": f"Bearer {mine}"}
        assert rest.get("/v1/me").status_code == 200
        assert rest.get("/v1/models", headers=headers).status_code == 200
        assert [rest.get("/v1/me", headers=headers).status_code for _ in range(2)] == [503, 200]
        call = rpc.channel.unary_unary("/xai_api.Auth/get_api_key_info")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", metadata=list(headers.items()), timeout=10)
        error: Any = caught.value
        assert error.code() is grpc.StatusCode.INTERNAL
        call(b"", metadata=list(headers.items()), timeout=10)
    finally:
        server.clear_faults()


def test_delay(rest: httpx.Client, rpc: Rpc) -> None:
    spec = fault(action="delay", delay_ms=100)
    begin = time.monotonic()
    assert rest.post(CHAT, json=GIVEN, headers={"x-emulator-fault": spec}).status_code == 200
    assert grpc_error(rpc, spec)[0] == "OK"
    assert time.monotonic() - begin > 0.2


def test_stream_error(rest: httpx.Client, rpc: Rpc) -> None:
    spec = fault(after_chunks=2, code="INTERNAL", message="Oops.")
    answer = rest.post(CHAT, json={**GIVEN, "stream": True}, headers={"x-emulator-fault": spec})
    blocks = answer.text.split("\n\n")
    assert len(blocks) == 4
    assert json.loads(blocks[2][6:]) == {"code": "Internal error", "error": "Oops."}
    name, error, count = grpc_error(rpc, spec, stream=True)
    assert (name, error.details(), count) == ("INTERNAL", "Oops.", 2)


def test_stream_ends_early(rest: httpx.Client, rpc: Rpc) -> None:
    spec = fault(action="end", after_chunks=2)
    answer = rest.post(CHAT, json={**GIVEN, "stream": True}, headers={"x-emulator-fault": spec})
    assert answer.text.count("data: ") == 2
    assert "[DONE]" not in answer.text
    assert grpc_error(rpc, spec, stream=True)[::2] == ("OK", 2)
    spec = fault(action="end")
    answer = rest.post(CHAT, json={**GIVEN, "stream": True}, headers={"x-emulator-fault": spec})
    assert (answer.status_code, answer.text) == (200, "")
    assert grpc_error(rpc, spec, stream=True)[::2] == ("OK", 0)
    assert grpc_error(rpc, fault(action="garbage"), stream=True)[::2] == ("OK", 1)


@pytest.mark.parametrize("after_chunks", [0, 2])
def test_garbage(rest: httpx.Client, rpc: Rpc, after_chunks: int) -> None:
    spec = fault(action="garbage", after_chunks=after_chunks)
    stream = bool(after_chunks)
    answer = rest.post(CHAT, json={**GIVEN, "stream": stream}, headers={"x-emulator-fault": spec})
    assert answer.status_code == 200
    assert answer.text.endswith("data: {this is no JSON\n\n" if stream else "{this is no JSON")
    assert grpc_error(rpc, spec, stream=stream)[::2] == ("OK", after_chunks + 1)


@pytest.mark.parametrize("action", ["reset", "close"])
@pytest.mark.parametrize("after_chunks", [0, 2])
def test_cut(server: Server, rpc: Rpc, action: str, after_chunks: int) -> None:
    spec = fault(action=action, after_chunks=after_chunks)
    headers = {"authorization": f"Bearer {server.api_key}", "x-emulator-fault": spec}
    got: list[str] = []

    def read(client: httpx.Client) -> None:
        with client.stream("POST", CHAT, json={**GIVEN, "stream": bool(after_chunks)}) as answer:
            got.extend(answer.iter_lines())

    with httpx.Client(base_url=server.url, headers=headers) as client, pytest.raises(httpx.TransportError) as caught:
        read(client)
    assert sum(line.startswith("data: ") for line in got) == after_chunks
    if after_chunks:
        assert isinstance(caught.value, httpx.ReadError if action == "reset" else httpx.RemoteProtocolError)
    else:  # cut while the request is still being sent: which of the two the client sees is a matter of timing
        assert isinstance(caught.value, (httpx.ReadError, httpx.RemoteProtocolError))
    name, _, count = grpc_error(rpc, spec, stream=bool(after_chunks))
    assert (name, count) == ("UNAVAILABLE", after_chunks)


@pytest.mark.parametrize("after_chunks", [0, 2])
def test_hang(server: Server, rpc: Rpc, after_chunks: int) -> None:
    spec = fault(action="hang", after_chunks=after_chunks)
    headers = {"authorization": f"Bearer {server.api_key}", "x-emulator-fault": spec}
    with httpx.Client(base_url=server.url, headers=headers, timeout=0.3) as client, pytest.raises(httpx.ReadTimeout):
        client.post(CHAT, json={**GIVEN, "stream": bool(after_chunks)})
    name, _, count = grpc_error(rpc, spec, stream=bool(after_chunks), timeout=0.5)
    assert (name, count) == ("DEADLINE_EXCEEDED", after_chunks)


@pytest.mark.parametrize(
    "spec", ["{", "[]", '{"action": "explode"}', '{"code": "NOPE"}', '{"unknown": 1}', '{"times": "x"}']
)
def test_wrong_faults_are_refused(rest: httpx.Client, server: Server, spec: str) -> None:
    assert rest.get("/v1/me", headers={"x-emulator-fault": spec}).status_code == 400
    assert rest.post("/emulator/faults", content=spec).status_code == 400
    with pytest.raises(ValueError, match="A fault"):
        server.inject(unknown=1)
