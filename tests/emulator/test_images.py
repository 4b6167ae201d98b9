"""Images beyond the plain ones: edits, deferred jobs and stored copies, on both wires."""

from __future__ import annotations

import base64
from typing import Any

import grpc
import httpx
import pytest

from .conftest import Rpc
from .equal import usage_of_proto
from .shapes import checked

ONE, TWO = {"url": "https://example.com/a.png"}, {"url": "data:image/png;base64,AA=="}
CASES: dict[str, dict[str, Any]] = {
    "one": {"prompt": "Add a hat to this cat.", "image": ONE, "model": "grok-imagine-image"},
    "many": {"prompt": "Join them", "images": [ONE, TWO], "n": 2, "aspect_ratio": "2:1", "resolution": "2k"},
    "bytes": {"prompt": "Add a hat", "image": TWO, "response_format": "b64_json"},
    "stored": {"prompt": "A cat", "image": ONE, "n": 2, "storage_options": {"filename": "cat.png"}},
    "public": {"prompt": "A cat", "image": ONE, "storage_options": {"filename": "cat.png", "public_url": True}},
    "lapsing": {
        "prompt": "A cat",
        "image": ONE,
        "storage_options": {"filename": "cat.png", "expires_after": 60, "public_url": {"expires_after": 30}},
    },
    "unstored": {"prompt": "A cat", "image": ONE, "storage_options": {"filename": "fail: cat.png"}},
}


def to_proto(rpc: Rpc, given: dict[str, Any]) -> Any:
    request = rpc.message("GenerateImageRequest", prompt=given["prompt"], model=given.get("model", ""))
    request.format = 1 if given.get("response_format") == "b64_json" else 2
    if "n" in given:
        request.n = given["n"]
    if "image" in given:
        _source(request.image, given["image"])
    for item in given.get("images", ()):
        _source(request.images.add(), item)
    if "aspect_ratio" in given:
        request.aspect_ratio = {"2:1": 14}[given["aspect_ratio"]]
    if "resolution" in given:
        request.resolution = 2
    storage = given.get("storage_options")
    if storage:
        request.storage_options.filename = storage["filename"]
        if "expires_after" in storage:
            request.storage_options.expires_after = storage["expires_after"]
        link = storage.get("public_url")
        if link:
            request.storage_options.public_url.SetInParent()
            if link is not True:
                request.storage_options.public_url.expires_after = link["expires_after"]
    return request


def _source(target: Any, given: dict[str, Any]) -> None:
    for name, value in given.items():
        setattr(target, "image_url" if name == "url" else name, value)


def _stored(has: Any, get: Any) -> Any:
    """What can be compared of a stored copy: ids, links and times differ from call to call."""
    names = ("file_id", "public_url", "public_url_expires_at", "expires_at", "public_url_error")
    return get("filename"), [name for name in names if has(name)]


@pytest.mark.parametrize("name", CASES)
def test_edits_on_both_wires(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    given = CASES[name]
    body = checked(rest.post("/v1/images/edits", json=given), "/v1/images/edits")
    message = rpc("Image/GenerateImage", to_proto(rpc, given), "ImageResponse")
    one = []
    for item in body["data"]:
        output = item.get("file_output")
        data = base64.b64decode(item["b64_json"]) if "b64_json" in item else item["url"]
        one.append((data, output and _stored(output.__contains__, output.get), item.get("storage_error", "")))
    other = []
    for item in message.images:
        output = item.file_output if item.HasField("file_output") else None
        data = base64.b64decode(item.base64.partition(",")[2]) if item.base64 else item.url
        stored = output and _stored(lambda name, found=output: name in {field.name for field, _ in found.ListFields()},
                                    lambda name, found=output: getattr(found, name))  # fmt: skip
        other.append((data, stored, item.storage_error))
        assert item.respect_moderation
    assert one == other
    usage = usage_of_proto(message.usage)
    assert body["usage"]["total_tokens"] == usage["total"]
    assert body["usage"]["cost_in_usd_ticks"] == usage["cost"]
    assert (
        body["usage"]["input_tokens_details"]["image_tokens"] == usage["image"] == 256 * len(given.get("images", [0]))
    )
    for item in body["data"]:
        assert item["mime_type"] == "image/png"
        output = item.get("file_output")
        if output:
            picture = httpx.get(item["url"]).content
            assert rest.get(f"/v1/files/{output['file_id']}/content").content == picture
            if "public_url" in output:
                assert httpx.get(output["public_url"]).content == picture


def test_file_as_input(rest: httpx.Client, rpc: Rpc) -> None:
    given = {"prompt": "A cat", "storage_options": {"filename": "cat.png"}}
    made = rest.post("/v1/images/generations", json=given).json()["data"][0]["file_output"]["file_id"]
    edit = {"prompt": "Add a hat", "images": [{"file_id": made}, ONE]}
    answer = checked(rest.post("/v1/images/edits", json=edit), "/v1/images/edits")
    message = rpc("Image/GenerateImage", to_proto(rpc, edit), "ImageResponse")
    assert answer["data"][0]["url"] == message.images[0].url


def test_upload_urls_are_accepted(rest: httpx.Client) -> None:
    given = {"prompt": "A cat", "n": 2, "output": {"upload_urls": ["https://example.com/1", "https://example.com/2"]}}
    assert len(checked(rest.post("/v1/images/generations", json=given), "/v1/images/generations")["data"]) == 2


def test_deferred(rest: httpx.Client) -> None:
    path = "/v1/images/{request_id}"
    given = {"prompt": "A cat", "image": ONE, "deferred": True, "storage_options": {"filename": "cat.png"}}
    name = rest.post("/v1/images/edits", json=given, headers={"x-emulator-polls": "2"}).json()["request_id"]
    assert [rest.get(f"/v1/images/{name}").status_code for _ in range(2)] == [202, 202]
    body = checked(rest.get(f"/v1/images/{name}"), path)
    assert (body["request_id"], body["status"]) == (name, "done")
    assert body["data"][0]["file_output"]["filename"] == "cat.png"
    failing = {"prompt": "fail: internal_error", "deferred": True}
    name = rest.post("/v1/images/generations", json=failing, headers={"x-emulator-polls": "0"}).json()["request_id"]
    body = checked(rest.get(f"/v1/images/{name}"), path)
    assert (body["status"], body["error"]["code"]) == ("failed", "internal_error")
    assert rest.get("/v1/images/nothing").status_code == 404


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("INVALID_ARGUMENT", {"prompt": "x", "image": ONE, "images": [TWO]}),
        ("INVALID_ARGUMENT", {"prompt": "x", "images": [{"url": ""}]}),
        ("INVALID_ARGUMENT", {"prompt": "x", "image": ONE, "n": 11}),
        ("INVALID_ARGUMENT", {"prompt": "x", "image": ONE, "storage_options": {"filename": ""}}),
        ("NOT_FOUND", {"prompt": "x", "image": {"file_id": "file_nope"}}),
    ],
)
def test_refused(rest: httpx.Client, rpc: Rpc, code: str, given: dict[str, Any]) -> None:
    answer = rest.post("/v1/images/edits", json=given)
    assert answer.status_code == {"INVALID_ARGUMENT": 400, "NOT_FOUND": 404}[code], answer.text
    with pytest.raises(grpc.RpcError) as caught:
        rpc("Image/GenerateImage", to_proto(rpc, given), "ImageResponse")
    error: Any = caught.value
    assert (error.code().name, error.details()) == (code, answer.json()["error"])


def test_rest_refusals(rest: httpx.Client) -> None:
    assert rest.post("/v1/images/edits", json={"prompt": "x"}).status_code == 400
    assert rest.post("/v1/images/edits", json={"image": ONE}).status_code == 422
    form = rest.post("/v1/images/edits", data={"prompt": "x"}, files={"image": b"x"})
    assert form.status_code == 415
