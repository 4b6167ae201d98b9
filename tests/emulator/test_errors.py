"""Refusals: the same code and text on both wires."""

from __future__ import annotations

from typing import Any

import grpc
import httpx
import pytest

from xai_dual.emulator import Server

from .cases import IMAGE, body, to_proto, tool
from .conftest import Rpc

CHAT = "/v1/chat/completions"
SENTENCES = {
    "INVALID_ARGUMENT": (400, "Client specified an invalid argument"),
    "UNAUTHENTICATED": (401, "The request does not have valid authentication credentials"),
    "NOT_FOUND": (404, "Some requested entity was not found"),
}
REFUSED = {
    "unknown model": ("NOT_FOUND", body("x", model="nope")),
    "image model": ("NOT_FOUND", body("x", model="grok-imagine-image")),
    "empty model": ("NOT_FOUND", body("x", model="")),
    "no messages": ("INVALID_ARGUMENT", body()),
    "hot": ("INVALID_ARGUMENT", body("x", temperature=2.5)),
    "hot by 32 bits": ("INVALID_ARGUMENT", body("x", temperature=2.0000005)),
    "cold": ("INVALID_ARGUMENT", body("x", temperature=-0.1)),
    "n": ("INVALID_ARGUMENT", body("x", n=0)),
    "top_p": ("INVALID_ARGUMENT", body("x", top_p=0)),
    "max_tokens": ("INVALID_ARGUMENT", body("x", max_tokens=0)),
    "top_logprobs": ("INVALID_ARGUMENT", body("x", logprobs=True, top_logprobs=9)),
    "logprobs off": ("INVALID_ARGUMENT", body("x", top_logprobs=2)),
    "stops": ("INVALID_ARGUMENT", body("x", stop=["a", "b", "c", "d", "e"])),
    "blind model": (
        "INVALID_ARGUMENT",
        body({"role": "user", "content": [IMAGE]}, model="grok-3"),
    ),
    "required": ("INVALID_ARGUMENT", body("x", tool_choice="required")),
    "unknown function": (
        "INVALID_ARGUMENT",
        body("x", tools=[tool("a")], tool_choice={"type": "function", "function": {"name": "b"}}),
    ),
    "search": (
        "INVALID_ARGUMENT",
        body("x", search_parameters={"mode": "on", "return_citations": True, "max_search_results": 31}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", REFUSED)
def test_refused(rest: httpx.Client, rpc: Rpc, name: str, stream: bool) -> None:
    code, given = REFUSED[name]
    answer = rest.post(CHAT, json={**given, "stream": stream})
    assert (answer.status_code, answer.json()["code"]) == SENTENCES[code]
    assert answer.headers["x-request-id"]

    def call() -> Any:
        if stream:
            return list(rpc.stream("Chat/GetCompletionChunk", to_proto(rpc, given), "GetChatCompletionChunk"))
        return rpc("Chat/GetCompletion", to_proto(rpc, given), "GetChatCompletionResponse")

    with pytest.raises(grpc.RpcError) as caught:
        call()
    error: Any = caught.value
    assert error.code().name == code
    assert error.details() == answer.json()["error"]
    assert dict(error.trailing_metadata())["x-request-id"]


@pytest.mark.parametrize(
    ("header", "code", "text"),
    [
        (None, "UNAUTHENTICATED", "No API key provided"),
        ("Basic abc", "UNAUTHENTICATED", "No API key provided"),
        ("Bearer", "UNAUTHENTICATED", "No API key provided"),
        ("Bearer xai-wrong-key", "INVALID_ARGUMENT", "Incorrect API key provided: xa***ey. You can obtain an API key "),
    ],
)  # fmt: skip
def test_keys(server: Server, rpc: Rpc, header: str | None, code: str, text: str) -> None:
    headers = {"authorization": header} if header else {}
    answer = httpx.get(f"{server.url}/v1/api-key", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == SENTENCES[code]
    assert answer.json()["error"].startswith(text)
    call = rpc.channel.unary_unary("/xai_api.Auth/get_api_key_info")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"", metadata=list(headers.items()), timeout=10)
    error: Any = caught.value
    assert error.code().name == code
    assert error.details() == answer.json()["error"]


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (b"{", "Failed to parse the request body as JSON: "),
        (b"", "Failed to parse the request body as JSON: "),
        (b'{"a": NaN}', "Failed to parse the request body as JSON: expected value, found NaN"),
        (b'{"a": "\\ud800"}', "Failed to parse the request body as JSON: lone leading surrogate"),
        (b"[" * 200 + b"]" * 200, "Failed to parse the request body as JSON: recursion limit exceeded"),
        (b"\xff", "Failed to parse the request body as JSON: invalid unicode"),
        (b"[]", "invalid type: sequence, expected a map at line 1 column 2"),
        (b'{"model": "latest"}', "missing field `messages` at line 1 column 19"),
        (b'{"messages": []}', "missing field `model` at line 1 column 16"),
        (b'{"model": "latest",\n "messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]}',
         "messages[0].content[0].text: invalid type: integer `5`, expected a string at line 2 column 69"),
        (b'{"model": "", "messages": [{"role": "user"}]}', "messages[0]: missing field `content` at line 1 column 43"),
        (b'{"model": "", "messages": [{"role": "pope", "content": ""}]}', "messages[0].role: unknown variant `pope`"),
        (b'{"model": "", "messages": [], "n": 1.5}', "n: invalid type: floating point `1.5`, expected an integer"),
        (b'{"model": "latest", "messages": [], "n": true}', "n: invalid type: boolean `true`, expected an integer"),
        (b'{"model": "latest", "messages": [], "tools": [{"type": "function"}]}', "tools[0]: missing field `function`"),
    ],
)  # fmt: skip
def test_wrong_shape(rest: httpx.Client, sent: bytes, text: str) -> None:
    answer = rest.post(CHAT, content=sent, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-request-id"]
    start = "" if text.startswith("Failed") else "Failed to deserialize the JSON body into the target type: "
    assert answer.text.startswith(start + text), answer.text


def test_http_layer(rest: httpx.Client) -> None:
    unknown = rest.get("/v1/nothing-here")
    assert unknown.status_code == 404
    assert set(unknown.json()) == {"code", "error"}
    assert rest.get(CHAT).status_code == 405
    assert rest.post("/v1/models", json={}).status_code == 405
    assert rest.post(CHAT, content=b"{}").status_code == 415
    assert rest.post(CHAT, content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    assert rest.get("/v1/models/").status_code == 404
    assert rest.get("/v1/language-models/v1").status_code == 404
    for answer in (unknown, rest.get(CHAT), rest.post(CHAT, content=b"{}")):
        assert answer.headers["x-request-id"]


def test_unimplemented(rpc: Rpc) -> None:
    for method in ("/xai_api.Nothing/Here", "/xai_api.Chat/Nothing"):
        with pytest.raises(grpc.RpcError) as caught:
            rpc.channel.unary_unary(method)(b"", metadata=rpc.metadata, timeout=10)
        error: Any = caught.value
        assert error.code() is grpc.StatusCode.UNIMPLEMENTED


def test_broken_message(rpc: Rpc) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        rpc.channel.unary_unary("/xai_api.Chat/GetCompletion")(b"\xff", metadata=rpc.metadata, timeout=10)
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.INTERNAL


def test_grpc_only_faults(rpc: Rpc) -> None:
    request = to_proto(rpc, body("weather", tools=[tool("get_weather")]))
    faults = []
    for change in ("parameters", "role", "content", "effort"):
        broken = type(request).FromString(request.SerializeToString())
        if change == "parameters":
            broken.tools[0].function.parameters = "{"
        elif change == "role":
            broken.messages[0].role = 77
        elif change == "content":
            broken.messages[0].content.add()
        else:
            broken.reasoning_effort = 9
        with pytest.raises(grpc.RpcError) as caught:
            rpc("Chat/GetCompletion", broken, "GetChatCompletionResponse")
        error: Any = caught.value
        faults.append(error.code().name)
    assert faults == ["INVALID_ARGUMENT"] * 4


@pytest.mark.parametrize(
    ("path", "given", "status"),
    [
        ("/v1/images/generations", {"prompt": "x", "n": 11}, 400),
        ("/v1/images/generations", {"prompt": ""}, 400),
        ("/v1/images/generations", {"prompt": "x", "response_format": "gif"}, 400),
        ("/v1/images/generations", {"prompt": "x", "model": "grok-4"}, 404),
        ("/v1/images/generations", {}, 422),
        ("/v1/images/generations", {"prompt": "x", "aspect_ratio": "7:1"}, 422),
        ("/v1/embeddings", {"input": "x", "model": "grok-4"}, 404),
        ("/v1/embeddings", {"input": {"String": "x"}, "model": "v1"}, 422),
        ("/v1/embeddings", {"input": "x", "model": "v1", "encoding_format": "hex"}, 400),
        ("/v1/embeddings", {"input": "x", "model": "v1", "dimensions": 0}, 400),
        ("/v1/tokenize-text", {"text": "x"}, 422),
        ("/v1/tokenize-text", {"text": "x", "model": "nope"}, 404),
        ("/v1/completions", {"prompt": "x"}, 422),
        ("/v1/completions", {"prompt": [], "model": "grok-3"}, 400),
        (CHAT, body("x", reasoning_effort="enormous"), 400),
        (CHAT, body("x", tool_choice="perhaps"), 400),
        (CHAT, body("x", n=2**40), 400),
        (CHAT, body("x", service_tier="slow"), 422),
    ],
)
def test_rest_refusals(rest: httpx.Client, path: str, given: dict[str, Any], status: int) -> None:
    answer = rest.post(path, json=given)
    assert answer.status_code == status, answer.text
