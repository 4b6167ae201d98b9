"""The same request gets the same answer on both wires."""

from __future__ import annotations

import base64
import json
from typing import Any

import grpc
import httpx
import jsonschema
import pytest

from .cases import CASES, SCHEMA, body, to_proto
from .conftest import Rpc
from .equal import chat_of_json, chat_of_proto, usage_of_json, usage_of_proto

CHAT = "/v1/chat/completions"


def events(text: str) -> list[dict[str, Any]]:
    blocks = text.split("\n\n")
    assert blocks[-2:] == ["data: [DONE]", ""]
    assert all(block.startswith("data: ") for block in blocks[:-1])
    return [json.loads(block[6:]) for block in blocks[:-2]]


def test_cases_say_what_they_are_for(rest: httpx.Client) -> None:
    answers = {name: rest.post(CHAT, json=given).json()["choices"] for name, given in CASES.items()}
    text = {name: choices[0]["message"]["content"] for name, choices in answers.items()}
    calls = {
        name: [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in found]
        for name, choices in answers.items()
        if (found := choices[0]["message"].get("tool_calls"))
    }
    assert text["sum"] == "101 multiplied by 3 is 303."
    assert text["echo"] == "one two three"
    assert "cats" in text["plain"]
    assert text["length"] == "1, 2, 3, 4"
    assert answers["length"][0]["finish_reason"] == "length"
    assert text["stop"] == "1, 2, 3, 4, "
    assert [choice["message"]["content"] for choice in answers["many"]] == ["hello", "hello (2)", "hello (3)"]
    assert calls["tool"] == [("get_weather", {"city": "Berlin", "unit": "celsius"})]
    assert [name for name, _ in calls["tools"]] == ["get_time", "get_weather"]
    assert [name for name, _ in calls["one tool"]] == ["get_time"]
    assert [name for name, _ in calls["named"]] == ["b"]
    assert set(calls) == {"tool", "tools", "one tool", "required", "named"}
    assert all(answers[name][0]["finish_reason"] == "tool_calls" for name in calls)
    assert text["tool result"] == "get_weather returned: 12 degrees."
    jsonschema.validate(json.loads(text["schema"]), SCHEMA)
    assert json.loads(text["schema"])["answer"] == 4
    assert json.loads(text["json"]) == {"answer": "2 plus 2 is 4."}
    assert "1 image" in text["image"]
    assert text["unicode"] == "naïve 😀 日本語"
    assert "reasoning_content" in answers["effort"][0]["message"]
    assert "reasoning_content" not in answers["no effort"][0]["message"]


@pytest.mark.parametrize("name", CASES)
def test_chat(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    given = CASES[name]
    answer = rest.post(CHAT, json=given)
    assert answer.status_code == 200, answer.text
    message = rpc("Chat/GetCompletion", to_proto(rpc, given), "GetChatCompletionResponse")
    assert chat_of_json(answer.json()) == chat_of_proto(message)
    assert answer.json()["service_tier"] == "default"
    assert message.service_tier == 1
    usage = usage_of_proto(message.usage)
    assert usage["total"] == usage["prompt"] + usage["completion"] + usage["reasoning"]
    assert usage["cost"] > 0


@pytest.mark.parametrize("name", CASES)
def test_chat_stream(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    given = CASES[name]
    answer = rest.post(CHAT, json={**given, "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    chunks = [chat_of_json(event) for event in events(answer.text)]
    messages = rpc.stream("Chat/GetCompletionChunk", to_proto(rpc, given), "GetChatCompletionChunk")
    assert chunks == [chat_of_proto(message) for message in messages]
    whole = chat_of_json(rest.post(CHAT, json=given).json())
    assert chunks[-1]["usage"] == whole["usage"]
    assert chunks[-1]["citations"] == whole["citations"]
    totals = [chunk["usage"]["total"] for chunk in chunks]
    assert totals == sorted(totals)
    for choice in whole["choices"]:
        parts = [part for chunk in chunks for part in chunk["choices"] if part["index"] == choice["index"]]
        assert "".join(part["text"] for part in parts) == choice["text"]
        assert "".join(part["reasoning"] for part in parts) == choice["reasoning"]
        assert [call for part in parts for call in part["calls"]] == choice["calls"]
        assert [item for part in parts for item in part["logprobs"]] == choice["logprobs"]
        assert [part["finish"] for part in parts if part["finish"]] == [choice["finish"]]
        assert parts[-1]["finish"] == choice["finish"]


def test_split_tool_calls(rest: httpx.Client) -> None:
    given = {**CASES["tools"], "stream": True}
    answer = rest.post(CHAT, json=given, headers={"x-emulator-split-tool-calls": "1"})
    pieces = [
        call
        for event in events(answer.text)
        for choice in event["choices"]
        for call in choice["delta"].get("tool_calls", [])
    ]  # fmt: skip
    assert len(pieces) > 4
    whole = rest.post(CHAT, json=CASES["tools"]).json()["choices"][0]["message"]["tool_calls"]
    for index, call in enumerate(whole):
        mine = [piece for piece in pieces if piece["index"] == index]
        assert mine[0]["id"] == call["id"]
        assert mine[0]["function"] == {"name": call["function"]["name"], "arguments": ""}
        assert not any("id" in piece or "name" in piece["function"] for piece in mine[1:])
        assert "".join(piece["function"]["arguments"] for piece in mine) == call["function"]["arguments"]


def test_completions(rest: httpx.Client, rpc: Rpc) -> None:
    given = {"prompt": ["1, 2, 3, 4, ", "Say hi"], "model": "grok-3", "max_tokens": 3, "n": 2}
    body = rest.post("/v1/completions", json=given).json()
    request = rpc.message("SampleTextRequest", prompt=given["prompt"], model="grok-3", max_tokens=3, n=2)
    message = rpc("Sample/SampleText", request, "SampleTextResponse")
    assert body["choices"][0] == {"index": 0, "text": "5, 6", "finish_reason": "length"}
    assert len(body["choices"]) == 4
    reasons = {"length": 1, "stop": 3}
    assert [(c["index"], c["text"], reasons[c["finish_reason"]]) for c in body["choices"]] == [
        (c.index, c.text, c.finish_reason) for c in message.choices
    ]
    assert usage_of_json(body["usage"]) == usage_of_proto(message.usage)
    assert (body["id"], body["created"]) == (message.id, message.created.seconds)
    chunks = events(rest.post("/v1/completions", json={**given, "stream": True}).text)
    messages = list(rpc.stream("Sample/SampleTextStreaming", request, "SampleTextResponse"))
    assert [[(c["index"], c["text"]) for c in chunk["choices"]] for chunk in chunks] == [
        [(c.index, c.text) for c in message.choices] for message in messages
    ]
    assert [usage_of_json(chunk["usage"]) for chunk in chunks] == [
        usage_of_proto(message.usage) for message in messages
    ]
    texts = [
        "".join(c["text"] for chunk in chunks for c in chunk["choices"] if c["index"] == index) for index in range(4)
    ]
    assert texts == [c["text"] for c in body["choices"]]


@pytest.mark.parametrize("wanted", ["url", "b64_json"])
def test_images(rest: httpx.Client, rpc: Rpc, wanted: str) -> None:
    given = {
        "prompt": "A cat in a tree",
        "model": "grok-imagine-image",
        "response_format": wanted,
        "n": 2,
        "aspect_ratio": "2:1",
    }
    body = rest.post("/v1/images/generations", json=given).json()
    request = rpc.message(
        "GenerateImageRequest", prompt="A cat in a tree", n=2, format=2 if wanted == "url" else 1, aspect_ratio=14
    )
    message = rpc("Image/GenerateImage", request, "ImageResponse")
    assert message.model == "grok-imagine-image"
    usage = body["usage"]
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"], usage["cost_in_usd_ticks"]) == (
        message.usage.prompt_tokens,
        message.usage.completion_tokens,
        message.usage.total_tokens,
        message.usage.cost_in_usd_ticks,
    )
    if wanted == "url":
        urls = [image["url"] for image in body["data"]]
        assert urls == [image.url for image in message.images]
        pictures = [httpx.get(url).content for url in urls]  # no key needed
    else:
        pictures = [base64.b64decode(image["b64_json"]) for image in body["data"]]
        assert pictures == [base64.b64decode(image.base64.partition("base64,")[2]) for image in message.images]
    assert pictures[0] != pictures[1]
    assert all(picture.startswith(b"\x89PNG\r\n\x1a\n") for picture in pictures)
    assert pictures[0][16:24] == (32).to_bytes(4, "big") + (16).to_bytes(4, "big")


def test_embeddings(rest: httpx.Client, rpc: Rpc) -> None:
    given = {"input": ["one", "two"], "model": "v1", "encoding_format": "float"}
    request = rpc.message("EmbedRequest", model="v1", encoding_format=1)
    request.input.add(string="one")
    request.input.add(string="two")
    message = rpc("Embedder/Embed", request, "EmbedResponse")
    body = rest.post("/v1/embeddings", json=given).json()
    vectors = [rpc.message("FeatureVector", float_array=item["embedding"]).float_array[:] for item in body["data"]]
    assert vectors == [item.embeddings[0].float_array[:] for item in message.embeddings]
    assert all(len(vector) == 8 and abs(sum(x * x for x in vector) - 1) < 1e-6 for vector in vectors)
    request.encoding_format = 2
    coded = rpc("Embedder/Embed", request, "EmbedResponse")
    body = rest.post("/v1/embeddings", json={**given, "encoding_format": "base64"}).json()
    assert [item["embedding"] for item in body["data"]] == [
        item.embeddings[0].base64_array for item in coded.embeddings
    ]
    longer = rest.post("/v1/embeddings", json={"input": "one", "model": "v1", "dimensions": 20}).json()
    assert len(longer["data"][0]["embedding"]) == 20
    for tokens in ([1, 2, 3], [[1], [2]], []):
        assert rest.post("/v1/embeddings", json={"input": tokens, "model": "v1"}).status_code == (
            200 if tokens else 400
        )


def test_tokens(rest: httpx.Client, rpc: Rpc) -> None:
    text = "Hello world! naïve 😀  two  spaces\nand antidisestablishmentarianism"
    body = rest.post("/v1/tokenize-text", json={"text": text, "model": "grok-4"}).json()["token_ids"]
    message = rpc(
        "Tokenize/TokenizeText", rpc.message("TokenizeTextRequest", text=text, model="grok-4"), "TokenizeTextResponse"
    )
    assert [(t["token_id"], t["string_token"], bytes(t["token_bytes"])) for t in body] == [
        (t.token_id, t.string_token, t.token_bytes) for t in message.tokens
    ]
    assert "".join(t["string_token"] for t in body) == text
    assert [t["string_token"] for t in body[:3]] == ["Hello", " world", "!"]


def test_models(rest: httpx.Client, rpc: Rpc) -> None:
    modalities = {"text": 1, "image": 2, "embedding": 3}
    for path, name in (("language", "Language"), ("image-generation", "ImageGeneration"), ("embedding", "Embedding")):
        bodies = rest.get(f"/v1/{path}-models").json()["models"]
        messages = rpc(
            f"Models/List{name}Models", rpc.message("google.protobuf.Empty"), f"List{name}ModelsResponse"
        ).models
        assert len(bodies) == len(messages) > 0
        for entry, message in zip(bodies, messages, strict=True):
            one = rest.get(f"/v1/{path}-models/{(entry['aliases'] or [entry['id']])[0]}").json()
            assert one == entry
            assert (
                rpc(f"Models/Get{name}Model", rpc.message("GetModelRequest", name=entry["id"]), f"{name}Model")
                == message
            )
            assert (entry["id"], entry["aliases"], entry["version"], entry["created"], entry["fingerprint"]) == (
                message.name,
                list(message.aliases),
                message.version,
                message.created.seconds,
                message.system_fingerprint,
            )
            for field in ("input_modalities", "output_modalities"):
                assert [modalities[item] for item in entry[field]] == list(getattr(message, field))
            fields = message.DESCRIPTOR.fields_by_name
            for price in (
                "prompt_text_token_price",
                "prompt_image_token_price",
                "completion_text_token_price",
                "image_price",
                "search_price",
            ):
                if price in fields:
                    assert entry[price] == getattr(message, price)
            if "cached_prompt_token_price" in fields:
                assert entry["cached_prompt_text_token_price"] == message.cached_prompt_token_price
    for known in (
        "latest",
        "grok-4",
        "grok-3",
        "grok-3-mini",
        "grok-code-fast-1",
        "grok-2-image",
        "grok-420-reasoning",
        "v1",
        "grok-imagine-video",
    ):
        assert rest.get(f"/v1/models/{known}").status_code == 200


def test_api_key(rest: httpx.Client, rpc: Rpc) -> None:
    body = rest.get("/v1/api-key").json()
    message = rpc("Auth/get_api_key_info", rpc.message("google.protobuf.Empty"), "ApiKey")
    assert body["create_time"] == message.create_time.ToJsonString()
    assert body["modify_time"] == message.modify_time.ToJsonString()
    assert body["acls"] == list(message.acls)
    for name in (
        "redacted_api_key",
        "user_id",
        "name",
        "modified_by",
        "team_id",
        "api_key_id",
        "api_key_blocked",
        "team_blocked",
    ):
        assert body[name] == getattr(message, name)
    assert body["api_key_disabled"] == message.disabled


def test_ids_follow_the_request(rest: httpx.Client) -> None:
    first, again, other = (rest.post(CHAT, json=body(text)).json()["id"] for text in ("Say a", "Say a", "Say b"))
    assert first == again != other


def test_deferred(rest: httpx.Client, rpc: Rpc) -> None:
    given = CASES["sum"]
    whole = chat_of_json(rest.post(CHAT, json=given).json())
    started = rest.post(CHAT, json={**given, "deferred": True}, headers={"x-emulator-polls": "2"}).json()
    url = f"/v1/chat/deferred-completion/{started['request_id']}"
    polls = [rest.get(url) for _ in range(4)]
    assert [poll.status_code for poll in polls] == [202, 202, 200, 404]
    assert polls[0].content == b""
    assert chat_of_json(polls[2].json()) == whole
    begun = rpc("Chat/StartDeferredCompletion", to_proto(rpc, given), "StartDeferredResponse")
    query = rpc.message("GetDeferredRequest", request_id=begun.request_id)
    pending, done = (rpc("Chat/GetDeferredCompletion", query, "GetDeferredCompletionResponse") for _ in range(2))
    assert (pending.status, pending.HasField("response"), done.status) == (3, False, 1)
    assert chat_of_proto(done.response) == whole
    with pytest.raises(grpc.RpcError) as caught:
        rpc("Chat/GetDeferredCompletion", query, "GetDeferredCompletionResponse")
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.NOT_FOUND
    again = rpc(
        "Chat/StartDeferredCompletion", to_proto(rpc, given), "StartDeferredResponse", ("x-emulator-polls", "0")
    )
    assert chat_of_json(rest.get(f"/v1/chat/deferred-completion/{again.request_id}").json()) == whole
    assert rest.post(CHAT, json={**given, "deferred": True, "stream": True}).status_code == 400


def test_image_edits(rest: httpx.Client, rpc: Rpc) -> None:
    given = {"prompt": "Add a hat.", "image": {"url": "https://e.com/cat.png"}, "model": "grok-imagine-image"}
    body = rest.post("/v1/images/edits", json=given).json()
    request = rpc.message("GenerateImageRequest", prompt="Add a hat.", model="grok-imagine-image")
    request.image.image_url = "https://e.com/cat.png"
    message = rpc("Image/GenerateImage", request, "ImageResponse")
    assert [image["url"] for image in body["data"]] == [image.url for image in message.images]
    assert body["usage"]["input_tokens_details"]["image_tokens"] == message.usage.prompt_image_tokens == 256
    assert rest.post("/v1/images/edits", json={"prompt": "x"}).status_code == 400
    started = rest.post("/v1/images/edits", json={**given, "deferred": True}).json()
    polls = [rest.get(f"/v1/images/{started['request_id']}") for _ in range(3)]
    assert [poll.status_code for poll in polls] == [202, 200, 200]
    done = polls[1].json()
    assert (done["status"], done["data"]) == ("done", body["data"])
    assert done["usage"]["image_cost"] == 2000000
    assert rest.get("/v1/images/nothing").status_code == 404
