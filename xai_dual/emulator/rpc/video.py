"""Videos as protobuf messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xai_dual.emulator import options
from xai_dual.emulator.definitions import enum_number, message
from xai_dual.emulator.errors import invalid
from xai_dual.emulator.rpc.chat import write_usage
from xai_dual.emulator.rpc.storage import read_source, read_sources, read_storage, source, write_stored
from xai_dual.emulator.service import video
from xai_dual.emulator.service.video import (
    DEFAULT_MODEL,
    EDIT,
    EXTEND,
    GENERATE,
    Keyframe,
    VideoJob,
    VideoRequest,
)

if TYPE_CHECKING:
    from xai_dual.emulator.rpc.service import Call

_RATIOS = {0: "16:9", 1: "1:1", 2: "16:9", 3: "9:16", 4: "4:3", 5: "3:4", 6: "3:2", 7: "2:3"}
_RESOLUTIONS = {0: "480p", 1: "480p", 2: "720p", 3: "1080p"}


def read_generation(request: Any) -> VideoRequest:
    """A video to be made, or to be changed if one is given, out of ``xai_api.GenerateVideoRequest``."""
    given = read_source(request, "video")
    return VideoRequest(
        kind=EDIT if given else GENERATE,
        prompt=request.prompt,
        model=request.model or DEFAULT_MODEL,
        duration=request.duration if request.HasField("duration") else None,
        image=read_source(request, "image"),
        video=given,
        aspect_ratio=_known(_RATIOS, "aspect_ratio", request.aspect_ratio),
        resolution=_known(_RESOLUTIONS, "resolution", request.resolution),
        references=read_sources(request.reference_images, "reference_images"),
        audios=read_sources(request.reference_audios, "reference_audios"),
        last_frame=read_source(request, "last_frame"),
        keyframes=tuple(
            Keyframe(source(frame.image, "keyframes.image"), frame.timestamp_s) for frame in request.keyframes
        ),
        sound=request.generate_audio or not request.HasField("generate_audio"),
        storage=read_storage(request),
    )


def read_extension(request: Any) -> VideoRequest:
    """A video to be continued, out of ``xai_api.ExtendVideoRequest``."""
    return VideoRequest(
        kind=EXTEND,
        prompt=request.prompt,
        model=request.model or DEFAULT_MODEL,
        duration=request.duration if request.HasField("duration") else None,
        video=read_source(request, "video"),
        storage=read_storage(request),
    )


def _known(table: dict[int, str], name: str, value: int) -> str:
    if value not in table:
        raise invalid(f"{name} has the unknown value {value}.")
    return table[value]


def write_job(job: VideoJob) -> Any:
    """The state of a job as ``xai_api.GetDeferredVideoResponse``."""
    response: Any = message("xai_api.GetDeferredVideoResponse")(
        status=enum_number("xai_api.DeferredStatus", job.status.upper())
    )
    write_response(response.response, job)
    return response


def write_response(target: Any, job: VideoJob) -> None:
    """Fill in ``xai_api.VideoResponse``."""
    target.model, target.progress = job.model, job.progress
    if job.video:
        target.video.url = job.video.url or ""
        target.video.duration = job.video.duration
        target.video.respect_moderation = job.video.respect_moderation
        write_stored(target.video, job.video.stored)
    if job.usage:
        write_usage(target.usage, job.usage)
    if job.failure:
        target.error.code, target.error.message = job.failure.code, job.failure.message


def generate(request: Any, call: Call) -> Any:
    """Video/GenerateVideo"""
    return _start(read_generation(request), call)


def extend(request: Any, call: Call) -> Any:
    """Video/ExtendVideo"""
    return _start(read_extension(request), call)


def _start(request: VideoRequest, call: Call) -> Any:
    polls = options.polls(call.metadata.get(options.POLLS))
    return message("xai_api.StartDeferredResponse")(request_id=video.start(request, call.state, polls))


def fetch(request: Any, call: Call) -> Any:
    """Video/GetDeferredVideo"""
    return write_job(video.poll(request.request_id, call.state))


METHODS = {
    "/xai_api.Video/GenerateVideo": ("xai_api.GenerateVideoRequest", generate),
    "/xai_api.Video/ExtendVideo": ("xai_api.ExtendVideoRequest", extend),
    "/xai_api.Video/GetDeferredVideo": ("xai_api.GetDeferredVideoRequest", fetch),
}
