"""Videos as JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from xai_dual.emulator import options
from xai_dual.emulator.rest.call import Call
from xai_dual.emulator.rest.storage import read_source, read_sources, read_storage, write_stored, write_usage
from xai_dual.emulator.service import video
from xai_dual.emulator.service.floats import float32
from xai_dual.emulator.service.storage import Source
from xai_dual.emulator.service.video import (
    DEFAULT_MODEL,
    EDIT,
    EXTEND,
    GENERATE,
    Keyframe,
    Video,
    VideoJob,
    VideoRequest,
)

Json = dict[str, Any]


def read_generation(body: Json) -> VideoRequest:
    """A video to be made. ``last_frame`` and ``generate_audio`` are gRPC's; the document does not list them."""
    return VideoRequest(
        kind=GENERATE,
        prompt=body.get("prompt") or "",
        model=body.get("model") or DEFAULT_MODEL,
        duration=body.get("duration"),
        image=read_source(body.get("image"), "image"),
        aspect_ratio=body.get("aspect_ratio") or "16:9",
        resolution=body.get("resolution") or "480p",
        references=read_sources(body.get("reference_images"), "reference_images"),
        audios=read_sources(body.get("reference_audios"), "reference_audios"),
        last_frame=read_source(body.get("last_frame"), "last_frame"),
        keyframes=tuple(_keyframe(item) for item in body.get("keyframes") or ()),
        sound=body.get("generate_audio") is not False,
        storage=read_storage(body.get("storage_options")),
    )


def _keyframe(given: Json) -> Keyframe:
    return Keyframe(read_source(given["image"], "keyframes.image") or Source("url", ""), float32(given["timestamp_s"]))


def read_edit(body: Json) -> VideoRequest:
    """A video to be changed."""
    return _read_given(EDIT, body)


def read_extension(body: Json) -> VideoRequest:
    """A video to be continued."""
    return _read_given(EXTEND, body)


READERS: dict[str, tuple[str, Callable[[Json], VideoRequest]]] = {
    "generations": ("GenerateVideoRequest", read_generation),
    "edits": ("EditVideoRequest", read_edit),
    "extensions": ("ExtendVideoRequest", read_extension),
}


def _read_given(kind: str, body: Json) -> VideoRequest:
    return VideoRequest(
        kind=kind,
        prompt=body["prompt"],
        model=body.get("model") or DEFAULT_MODEL,
        duration=body.get("duration") if kind == EXTEND else None,
        video=read_source(body["video"], "video"),
        storage=read_storage(body.get("storage_options")),
    )


def write_job(job: VideoJob) -> Json:
    """The state of a job, with the video or the error if it has ended."""
    body: Json = {"status": job.status, "progress": job.progress}
    if job.model:
        body["model"] = job.model
    if job.video:
        body["video"] = _video(job.video)
    if job.usage:
        body["usage"] = write_usage(job.usage)
    if job.failure:
        body["error"] = {"code": job.failure.code, "message": job.failure.message}
    return body


def _video(made: Video) -> Json:
    body: Json = {"duration": made.duration, "respect_moderation": made.respect_moderation}
    if made.url:
        body["url"] = made.url
    return body | write_stored(made.stored)


def _starter(kind: str) -> Callable[[Call], Awaitable[Response]]:
    schema, read = READERS[kind]

    async def start(call: Call) -> Response:
        request = read(await call.body(schema))
        polls = options.polls(call.request.headers.get(options.POLLS))
        return call.answer({"request_id": video.start(request, call.state, polls)})

    return start


async def fetch(call: Call) -> Response:
    """GET /v1/videos/{request_id}"""
    job = video.poll(call.request.path_params["request_id"], call.state)
    answer = call.answer(write_job(job))
    answer.status_code = 202 if job.status == video.PENDING else 200
    return answer


async def serve(request: Request) -> Response:
    """Videos the emulator made, without a key as the CDN serves them."""
    data = request.app.state.emulator.videos.get(request.path_params["name"])
    if data is None:
        raise HTTPException(404)
    return Response(data, media_type="video/mp4")


ROUTES: list[tuple[str, str, Callable[[Call], Awaitable[Response]]]] = [
    *(("POST", f"/v1/videos/{kind}", _starter(kind)) for kind in READERS),
    ("GET", "/v1/videos/{request_id}", fetch),
]
