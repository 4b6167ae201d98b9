"""The official clients make and edit images and videos with the emulator."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from xai_dual.emulator import Server

MODEL = "grok-imagine-video"
VIDEO = "https://example.com/video.mp4"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def xai(server: Server) -> Iterator[Any]:
    xai_sdk = pytest.importorskip("xai_sdk")
    client = xai_sdk.Client(api_key=server.api_key, api_host=server.target, use_insecure_channel=True)
    yield client
    client.close()


def test_xai_sdk_video(xai: Any) -> None:
    fast = {"interval": timedelta(milliseconds=10)}
    made = xai.video.generate("A cat", MODEL, duration=5, aspect_ratio="1:1", resolution="720p", **fast)
    assert (made.duration, made.model, made.respect_moderation) == (5, MODEL, True)
    assert httpx.get(made.url).content[4:8] == b"ftyp"
    assert made.cost_usd > 0
    started = xai.video.start("A dog", MODEL, image_url="https://example.com/a.png", last_frame_url="data:,",
                              keyframes=[{"image_url": "data:,", "timestamp": 2.0}])  # fmt: skip
    answers = [xai.video.get(started.request_id) for _ in range(2)]
    assert [answer.status for answer in answers] == [3, 1]
    edited = xai.video.generate("Add snow", MODEL, video_url=VIDEO, storage_options={"filename": "a.mp4"}, **fast)
    assert edited.file_output.filename == "a.mp4"
    assert edited.public_url is None
    longer = xai.video.extend("More", MODEL, video_url=made.url, duration=4,
                              storage_options={"filename": "b.mp4", "public_url": True}, **fast)  # fmt: skip
    assert longer.duration == 9
    assert httpx.get(longer.public_url).status_code == 200


def test_xai_sdk_video_failure(xai: Any) -> None:
    from xai_sdk.video import VideoGenerationError

    with pytest.raises(VideoGenerationError) as caught:
        xai.video.generate("fail: service_unavailable", MODEL, interval=timedelta(milliseconds=10))
    assert caught.value.code == "service_unavailable"
    held = xai.video.generate("moderate: this", MODEL, interval=timedelta(milliseconds=10))
    assert held.respect_moderation is False


def test_xai_sdk_image_edits(xai: Any) -> None:
    one = xai.image.sample("Add a hat", model="grok-imagine-image", image_url="https://example.com/a.png")
    assert httpx.get(one.url).content.startswith(b"\x89PNG")
    two = xai.image.sample(
        "Join them",
        model="grok-imagine-image",
        image_urls=["https://example.com/a.png", "https://example.com/b.png"],
        storage_options={"filename": "joined.png", "expires_after": 600, "public_url": {"expires_after": 60}},
    )
    assert two.file_output.filename == "joined.png"
    assert two.storage_error is None
    assert httpx.get(two.public_url).content == httpx.get(two.url).content


def test_openai_images(server: Server) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = pytest.importorskip("openai")
    with module.OpenAI(base_url=f"{server.url}/v1", api_key=server.api_key, max_retries=0) as client:
        given = {"model": "grok-imagine-image", "prompt": "a cat", "n": 2}
        extra = {"storage_options": {"filename": "cat.png", "public_url": True}}
        urls = client.images.generate(**given, extra_body=extra).data
        assert httpx.get(urls[1].url).status_code == 200
        assert urls[0].file_output["public_url"]
        assert client.images.generate(**given, response_format="b64_json").data[0].b64_json
        with pytest.raises(module.BadRequestError):
            client.images.generate(**{**given, "n": 11})
