"""Videos: generated, edited and extended by jobs that are polled for."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field

from xai_dual.emulator.errors import invalid
from xai_dual.emulator.service import catalog, scripts, storage, tokens
from xai_dual.emulator.service.checks import between
from xai_dual.emulator.service.forms import Usage
from xai_dual.emulator.service.mp4 import mp4
from xai_dual.emulator.service.storage import Source, StorageOptions, Stored
from xai_dual.emulator.state import State

GENERATE, EDIT, EXTEND = "generate", "edit", "extend"
DONE, FAILED, EXPIRED, PENDING = "done", "failed", "expired", "pending"
DEFAULT_MODEL = "grok-imagine-video"
_NAMESPACE = uuid.UUID("5a0c7a55-6f0e-5f0a-9d6a-3c1f4c9f7b11")
_DURATION, _EXTENSION, _SOURCE = 8, 6, 8  # seconds; the last is the length of a video the emulator does not know
_SOURCE_RANGE = (2, 30)
_KEYFRAMES, _AUDIOS = 4, 3
_KEYFRAME_GAP = 1 / 3
_IMAGE_TOKENS = 256
TICKS_PER_SECOND = {"480p": 500_000_000, "720p": 700_000_000, "1080p": 1_200_000_000}


@dataclass(frozen=True)
class Keyframe:
    """A picture at a moment of the video."""

    image: Source
    seconds: float


@dataclass(frozen=True)
class VideoRequest:
    """What to film. ``kind`` is ``generate``, ``edit`` or ``extend``."""

    kind: str
    prompt: str
    model: str = DEFAULT_MODEL
    duration: int | None = None
    image: Source | None = None
    video: Source | None = None
    aspect_ratio: str = "16:9"
    resolution: str = "480p"
    references: tuple[Source, ...] = ()
    audios: tuple[Source, ...] = ()
    last_frame: Source | None = None
    keyframes: tuple[Keyframe, ...] = ()
    sound: bool = True
    storage: StorageOptions | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Video:
    """A finished video. Its address is missing if moderation withheld it."""

    url: str | None
    duration: int
    respect_moderation: bool = True
    stored: Stored | None = None


@dataclass(frozen=True)
class VideoJob:
    """The state of a job. ``progress`` is in percent."""

    status: str
    model: str
    progress: int = 100
    video: Video | None = None
    usage: Usage | None = None
    failure: scripts.Failure | None = None


def start(request: VideoRequest, state: State, polls: int) -> str:
    """Start a job that is pending for some polls; its id."""
    return state.deferred.start("video", make(request, state), polls)


def poll(request_id: str, state: State) -> VideoJob:
    """How far a job has got."""
    job: VideoJob | None = state.deferred.poll("video", request_id, keep=True)
    return job or VideoJob(PENDING, "", progress=state.deferred.progress(request_id))


def make(request: VideoRequest, state: State) -> VideoJob:
    """The outcome of a request, which its job tells later."""
    model = catalog.find(request.model, catalog.VIDEO)
    _check(request, state)
    if request.prompt.startswith(scripts.EXPIRE):
        return VideoJob(EXPIRED, model.id)
    failure = scripts.failure(request.prompt)
    if failure:
        return VideoJob(FAILED, model.id, progress=0, failure=failure)
    duration = _duration(request, state)
    text = tokens.count(request.prompt)
    if text > model.context_length:
        raise invalid(f"The prompt has {text} tokens; {model.id} accepts at most {model.context_length}.")
    pictures = _IMAGE_TOKENS * len(_pictures(request))
    usage = Usage(
        prompt=text + pictures,
        prompt_text=text,
        prompt_image=pictures,
        cost_ticks=duration * TICKS_PER_SECOND[request.resolution],
    )
    if request.prompt.startswith(scripts.MODERATE):
        return VideoJob(DONE, model.id, video=Video(None, duration, respect_moderation=False), usage=usage)
    name = uuid.uuid5(_NAMESPACE, repr(request))
    data = mp4(duration, name.bytes)
    video = Video(f"{state.url}/emulator/videos/{name}.mp4", duration, stored=_store(request, state, data))
    state.videos.keep(str(name), data)
    state.videos.know(video.url, duration)
    if video.stored and video.stored.output:
        state.videos.know(video.stored.output.file_id, duration)
        state.videos.know(video.stored.output.public_url, duration)
    return VideoJob(DONE, model.id, video=video, usage=usage)


def _store(request: VideoRequest, state: State, data: bytes) -> Stored | None:
    return storage.keep(state.files, request.storage, data, "video/mp4")


def _check(request: VideoRequest, state: State) -> None:
    pinned = request.image or request.last_frame or request.keyframes
    if not request.prompt and not (pinned and request.kind == GENERATE):
        raise invalid("The prompt must not be empty unless a frame is pinned.")
    if request.image and request.video:
        raise invalid("image and video exclude each other.")
    if request.kind != GENERATE and request.video is None:
        raise invalid("A video to start from is needed.")
    between("duration", request.duration, 1, 10 if request.kind == EXTEND else 15)
    if len(request.keyframes) > _KEYFRAMES:
        raise invalid(f"At most {_KEYFRAMES} keyframes may be given; got {len(request.keyframes)}.")
    if len(request.audios) > _AUDIOS:
        raise invalid(f"At most {_AUDIOS} reference audios may be given; got {len(request.audios)}.")
    moments = sorted(frame.seconds for frame in request.keyframes)
    length = request.duration or _DURATION
    if any(not 0 < moment < length for moment in moments):
        raise invalid(f"Keyframes must lie strictly between 0 and {length} seconds.")
    if any(after - before < _KEYFRAME_GAP for before, after in itertools.pairwise(moments)):
        raise invalid("Keyframes must be at least a third of a second apart.")
    storage.check(request.storage)
    storage.require(state.files, (*_pictures(request), request.video))
    if request.kind == EXTEND:
        between("The length of the video to extend", _source_length(request, state), *_SOURCE_RANGE)


def _pictures(request: VideoRequest) -> tuple[Source, ...]:
    frames = (request.image, request.last_frame, *(frame.image for frame in request.keyframes))
    return tuple(frame for frame in (*frames, *request.references) if frame is not None)


def _source_length(request: VideoRequest, state: State) -> int:
    """The length of the given video: known if the emulator made it."""
    assert request.video is not None
    return state.videos.length(request.video.value) or _SOURCE


def _duration(request: VideoRequest, state: State) -> int:
    if request.kind == GENERATE:
        return request.duration or _DURATION
    added = (request.duration or _EXTENSION) if request.kind == EXTEND else 0
    return _source_length(request, state) + added
