"""Videos on both wires: jobs, their outcomes and refusals."""

from __future__ import annotations

import struct
from typing import Any

import grpc
import httpx
import pytest

from xai_dual.emulator import Server

from .conftest import Rpc
from .equal import usage_of_proto
from .shapes import checked

MODEL = "grok-imagine-video"
VIDEO = {"url": "https://example.com/video.mp4"}
IMAGE = {"url": "https://example.com/a.png"}
STATUSES = {1: "done", 2: "expired", 3: "pending", 4: "failed"}
RATIOS = ["", "1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3"]
RESOLUTIONS = ["", "480p", "720p", "1080p"]
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "example": ("generations", {"prompt": "A cat playing with a ball", "model": MODEL, "duration": 6}),
    "bare": ("generations", {"prompt": "A cat"}),
    "frames": (
        "generations",
        {
            "image": IMAGE,
            "last_frame": {"url": "data:image/png;base64,AA=="},
            "keyframes": [{"image": IMAGE, "timestamp_s": 0.1}, {"image": IMAGE, "timestamp_s": 3.3}],
            "aspect_ratio": "9:16",
            "resolution": "1080p",
        },
    ),
    "references": (
        "generations",
        {
            "prompt": "They meet",
            "reference_images": [IMAGE, {"url": "https://example.com/b.png"}],
            "reference_audios": [{"voice_id": "ara"}],
            "generate_audio": False,
            "aspect_ratio": "1:1",
            "resolution": "720p",
        },
    ),
    "edit": ("edits", {"prompt": "Add snow to the scene", "video": VIDEO, "model": MODEL}),
    "extension": ("extensions", {"prompt": "The camera zooms out", "video": VIDEO, "model": MODEL, "duration": 6}),
    "failed": ("generations", {"prompt": "fail: permission_denied"}),
    "odd failure": ("generations", {"prompt": "fail: of its own"}),
    "expired": ("edits", {"prompt": "expire: now", "video": VIDEO}),
    "withheld": ("generations", {"prompt": "moderate: this", "duration": 3}),
}


def to_proto(rpc: Rpc, kind: str, given: dict[str, Any]) -> Any:
    request = rpc.message("ExtendVideoRequest" if kind == "extensions" else "GenerateVideoRequest")
    for name in ("prompt", "model", "duration", "generate_audio"):
        if name in given:
            setattr(request, name, given[name])
    for name in ("image", "last_frame", "video"):
        if name in given:
            _source(getattr(request, name), given[name])
    for frame in given.get("keyframes", ()):
        added = request.keyframes.add(timestamp_s=frame["timestamp_s"])
        _source(added.image, frame["image"])
    for name in ("reference_images", "reference_audios"):
        for item in given.get(name, ()):
            _source(getattr(request, name).add(), item)
    if "aspect_ratio" in given:
        request.aspect_ratio = RATIOS.index(given["aspect_ratio"])
    if "resolution" in given:
        request.resolution = RESOLUTIONS.index(given["resolution"])
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
    fields = target.DESCRIPTOR.fields_by_name
    for name, value in given.items():
        setattr(target, "image_url" if name == "url" and "image_url" in fields else name, value)


def start(rpc: Rpc, kind: str, given: dict[str, Any], *metadata: tuple[str, str]) -> str:
    method = "Video/ExtendVideo" if kind == "extensions" else "Video/GenerateVideo"
    answer = rpc(method, to_proto(rpc, kind, given), "StartDeferredResponse", *metadata)
    name: str = answer.request_id
    return name


def poll(rpc: Rpc, name: str) -> Any:
    return rpc("Video/GetDeferredVideo", rpc.message("GetDeferredVideoRequest", request_id=name),
               "GetDeferredVideoResponse")  # fmt: skip


def of_json(body: dict[str, Any]) -> dict[str, Any]:
    video, usage, error = body.get("video"), body.get("usage"), body.get("error")
    return {
        "status": body["status"],
        "model": body.get("model", ""),
        "progress": body["progress"],
        "video": video and (video.get("url", ""), video["duration"], video["respect_moderation"]),
        "file": video and _file(video.get("file_output"), video.get("storage_error")),
        "usage": usage and (usage["input_tokens"], usage["input_tokens_details"]["text_tokens"],
                            usage["input_tokens_details"]["image_tokens"], usage["output_tokens"],
                            usage["total_tokens"], usage["cost_in_usd_ticks"]),
        "error": error and (error["code"], error["message"]),
    }  # fmt: skip


def _file(output: dict[str, Any] | None, error: str | None) -> Any:
    return (error, output and {name: value for name, value in output.items() if name not in ("file_id", "public_url")},
            output and "public_url" in output)  # fmt: skip


def of_proto(answer: Any) -> dict[str, Any]:
    response, usage = answer.response, usage_of_proto(answer.response.usage)
    video = response.video if response.HasField("video") else None
    output = None
    if video is not None and video.HasField("file_output"):
        given = video.file_output
        output = {"filename": given.filename}
        for name in ("public_url", "public_url_error"):
            if given.HasField(name):
                output[name] = getattr(given, name)
        for name in ("public_url_expires_at", "expires_at"):
            if given.HasField(name):
                output[name] = getattr(given, name).seconds
    return {
        "status": STATUSES[answer.status],
        "model": response.model,
        "progress": response.progress,
        "video": video and (video.url, video.duration, video.respect_moderation),
        "file": video and _file(output, video.storage_error if video.HasField("storage_error") else None),
        "usage": (usage["prompt"], usage["text"], usage["image"], usage["completion"], usage["total"], usage["cost"])
        if response.HasField("usage")
        else None,
        "error": (response.error.code, response.error.message) if response.HasField("error") else None,
    }


@pytest.mark.parametrize("name", CASES)
def test_both_wires(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    kind, given = CASES[name]
    path = f"/v1/videos/{kind}"
    one = checked(rest.post(path, json=given, headers={"x-emulator-polls": "0"}), path)["request_id"]
    answer = checked(rest.get(f"/v1/videos/{one}"), "/v1/videos/{request_id}")
    other = start(rpc, kind, given, ("x-emulator-polls", "0"))
    assert one != other
    assert of_json(answer) == of_proto(poll(rpc, other))
    assert of_json(answer) == of_proto(poll(rpc, one))  # each wire reads the jobs of the other, as often as it likes


def test_outcomes(rest: httpx.Client) -> None:
    found = {}
    for name, (kind, given) in CASES.items():
        started = rest.post(f"/v1/videos/{kind}", json=given, headers={"x-emulator-polls": "0"}).json()
        found[name] = rest.get(f"/v1/videos/{started['request_id']}").json()
    lengths = {name: body["video"]["duration"] for name, body in found.items() if "video" in body}
    assert lengths == {
        "example": 6, "bare": 8, "frames": 8, "references": 8, "edit": 8, "extension": 14, "withheld": 3,
    }  # fmt: skip
    assert found["failed"]["error"]["code"] == "permission_denied"
    assert found["odd failure"]["error"]["code"] == "internal_error"
    assert {name: body["status"] for name, body in found.items() if body["status"] != "done"} == {
        "failed": "failed", "odd failure": "failed", "expired": "expired",
    }  # fmt: skip
    assert "url" not in found["withheld"]["video"]
    assert found["withheld"]["video"]["respect_moderation"] is False
    assert found["frames"]["usage"]["input_tokens_details"]["image_tokens"] == 4 * 256
    assert found["example"]["usage"]["cost_in_usd_ticks"] > 0


def test_pending(rest: httpx.Client, rpc: Rpc) -> None:
    headers = {"x-emulator-polls": "3"}
    started = rest.post("/v1/videos/generations", json={"prompt": "A slow cat"}, headers=headers).json()
    first = checked(rest.get(f"/v1/videos/{started['request_id']}"), "/v1/videos/{request_id}", 202)
    assert first == {"status": "pending", "progress": 25}
    second = poll(rpc, started["request_id"])
    assert of_proto(second)["status"] == "pending"
    assert second.response.progress == 50
    assert not second.response.HasField("video")
    assert rest.get(f"/v1/videos/{started['request_id']}").json()["progress"] == 75
    assert rest.get(f"/v1/videos/{started['request_id']}").json()["status"] == "done"


def test_url_and_source_length(rest: httpx.Client, server: Server) -> None:
    headers = {"x-emulator-polls": "0"}

    def make(kind: str, **given: Any) -> Any:
        started = rest.post(f"/v1/videos/{kind}", json={"prompt": "A cat", **given}, headers=headers)
        assert started.status_code == 200, started.text
        return rest.get(f"/v1/videos/{started.json()['request_id']}").json()["video"]

    short = make("generations", duration=3, storage_options={"filename": "cat.mp4"})
    answer = httpx.get(short["url"])
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.content[4:8] == b"ftyp"
    scale, length = struct.unpack(">II", answer.content.partition(b"mvhd")[2][12:20])
    assert length / scale == 3
    assert make("extensions", video={"url": short["url"]}, duration=5)["duration"] == 8
    assert make("extensions", video={"file_id": short["file_output"]["file_id"]})["duration"] == 9
    assert make("edits", video={"url": short["url"]})["duration"] == 3
    assert httpx.get(f"{server.url}/emulator/videos/nothing.mp4").status_code == 404


STORAGE: dict[str, dict[str, Any]] = {
    "private": {"filename": "a.mp4"},
    "public": {"filename": "a.mp4", "public_url": True},
    "not public": {"filename": "a.mp4", "public_url": False},
    "lapsing": {"filename": "a.mp4", "expires_after": 7200, "public_url": {"expires_after": 3600}},
    "with its file": {"filename": "a.mp4", "expires_after": 7200, "public_url": True},
    "unstored": {"filename": "fail: a.mp4"},
    "unlinked": {"filename": "no-link: a.mp4", "public_url": True},
}


@pytest.mark.parametrize("name", STORAGE)
def test_storage(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    given = {"prompt": f"A cat, {name}", "storage_options": STORAGE[name]}
    one = rest.post("/v1/videos/generations", json=given, headers={"x-emulator-polls": "0"}).json()["request_id"]
    body = checked(rest.get(f"/v1/videos/{one}"), "/v1/videos/{request_id}")
    assert of_json(body) == of_proto(poll(rpc, one))
    other = of_proto(poll(rpc, start(rpc, "generations", given, ("x-emulator-polls", "0"))))
    for found in (of_json(body), other):
        for moment in ("expires_at", "public_url_expires_at"):
            if found["file"][1]:
                found["file"][1].pop(moment, None)  # they were made one after the other
    assert {**of_json(body), "file": None} == {**other, "file": None}
    video = body["video"]
    if name == "unstored":
        assert video["storage_error"]
        assert "file_output" not in video
        return
    output = video["file_output"]
    record = rest.get(f"/v1/files/{output['file_id']}").json()
    assert record["filename"] == output["filename"] == STORAGE[name]["filename"]
    assert rest.get(f"/v1/files/{output['file_id']}/content").content == httpx.get(video["url"]).content
    assert ("public_url" in output) == (name in ("public", "lapsing", "with its file"))
    if "public_url" in output:
        assert httpx.get(output["public_url"]).content == httpx.get(video["url"]).content
    assert ("public_url_error" in output) == (name == "unlinked")
    if name == "lapsing":
        assert output["expires_at"] - output["public_url_expires_at"] == pytest.approx(3600, abs=2)
    if name == "with its file":
        assert output["expires_at"] == output["public_url_expires_at"]


REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "no prompt": ("INVALID_ARGUMENT", "generations", {}),
    "long": ("INVALID_ARGUMENT", "generations", {"prompt": "x", "duration": 16}),
    "short": ("INVALID_ARGUMENT", "generations", {"prompt": "x", "duration": 0}),
    "long extension": ("INVALID_ARGUMENT", "extensions", {"prompt": "x", "video": VIDEO, "duration": 11}),
    "no video": ("INVALID_ARGUMENT", "extensions", {"prompt": "x", "video": {}}),
    "no source": ("INVALID_ARGUMENT", "edits", {"prompt": "x", "video": {"url": ""}}),
    "empty image": ("INVALID_ARGUMENT", "generations", {"prompt": "x", "image": {"url": ""}}),
    "unknown file": ("NOT_FOUND", "generations", {"prompt": "x", "image": {"file_id": "file_nope"}}),
    "unknown video": ("NOT_FOUND", "edits", {"prompt": "x", "video": {"file_id": "file_nope"}}),
    "keyframe at the end": (
        "INVALID_ARGUMENT", "generations", {"prompt": "x", "keyframes": [{"image": IMAGE, "timestamp_s": 8.0}]},
    ),
    "close keyframes": (
        "INVALID_ARGUMENT", "generations",
        {"prompt": "x", "keyframes": [{"image": IMAGE, "timestamp_s": at} for at in (1.0, 1.2)]},
    ),
    "many keyframes": (
        "INVALID_ARGUMENT", "generations",
        {"prompt": "x", "keyframes": [{"image": IMAGE, "timestamp_s": float(at)} for at in range(1, 6)]},
    ),
    "many voices": ("INVALID_ARGUMENT", "generations", {"prompt": "x", "reference_audios": [{"voice_id": "ara"}] * 4}),
    "no file name": ("INVALID_ARGUMENT", "generations", {"prompt": "x", "storage_options": {"filename": ""}}),
    "no lifetime": (
        "INVALID_ARGUMENT", "generations", {"prompt": "x", "storage_options": {"filename": "a", "expires_after": 0}},
    ),
    "no link lifetime": (
        "INVALID_ARGUMENT", "generations",
        {"prompt": "x", "storage_options": {"filename": "a", "public_url": {"expires_after": -1}}},
    ),
    "model": ("NOT_FOUND", "generations", {"prompt": "x", "model": "grok-4"}),
    "long prompt": ("INVALID_ARGUMENT", "generations", {"prompt": "a " * 3000}),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(rest: httpx.Client, rpc: Rpc, name: str) -> None:
    code, kind, given = REFUSED[name]
    answer = rest.post(f"/v1/videos/{kind}", json=given)
    assert answer.status_code == {"INVALID_ARGUMENT": 400, "NOT_FOUND": 404}[code], answer.text
    with pytest.raises(grpc.RpcError) as caught:
        start(rpc, kind, {name: value for name, value in given.items() if value != {}})
    error: Any = caught.value
    assert error.code().name == code
    if name != "no video":
        assert error.details() == answer.json()["error"]


def test_wrong_shape(rest: httpx.Client) -> None:
    for kind, given in (
        ("generations", {"prompt": 5}),
        ("generations", {"prompt": "x", "resolution": "4k"}),
        ("generations", {"prompt": "x", "storage_options": {}}),
        ("edits", {"prompt": "x"}),
        ("extensions", {"video": VIDEO}),
    ):
        assert rest.post(f"/v1/videos/{kind}", json=given).status_code == 422


def test_unknown_job(rest: httpx.Client, rpc: Rpc) -> None:
    answer = rest.get("/v1/videos/nothing")
    assert answer.status_code == 404
    with pytest.raises(grpc.RpcError) as caught:
        poll(rpc, "nothing")
    error: Any = caught.value
    assert (error.code().name, error.details()) == ("NOT_FOUND", answer.json()["error"])
    request = rpc.message("GenerateVideoRequest", prompt="x", resolution=9)
    with pytest.raises(grpc.RpcError) as caught:
        rpc("Video/GenerateVideo", request, "StartDeferredResponse")
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_legacy_is_the_example(rest: httpx.Client) -> None:
    headers = {"x-emulator-polls": "0", "x-emulator-legacy": "1"}
    started = rest.post("/v1/videos/generations", json=CASES["example"][1], headers=headers).json()
    assert set(started) == {"request_id"}
    body = rest.get(f"/v1/videos/{started['request_id']}", headers=headers).json()
    assert set(body) == {"status", "video", "model"}
    assert set(body["video"]) == {"url", "duration", "respect_moderation"}
