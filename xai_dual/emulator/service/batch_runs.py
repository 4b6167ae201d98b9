"""The work of a batch: its requests go to the services that answer single calls."""

from __future__ import annotations

from xai_dual.emulator.errors import ServiceError
from xai_dual.emulator.service import media, stored, video
from xai_dual.emulator.service.batches import Batch, Item, Outcome
from xai_dual.emulator.service.forms import ChatRequest
from xai_dual.emulator.service.media import ImageRequest
from xai_dual.emulator.service.video import VideoRequest
from xai_dual.emulator.state import State

CHAT, IMAGE = "xai_api.Chat/GetCompletion", "xai_api.Image/GenerateImage"
VIDEO, EXTENSION = "xai_api.Video/GenerateVideo", "xai_api.Video/ExtendVideo"
_CODES = {"service_unavailable": "UNAVAILABLE", "internal_error": "INTERNAL"}  # the others have the names of gRPC


def poll(state: State, batch_id: str) -> Batch:
    """A batch after a share of its work is done."""
    return state.batches.poll(batch_id, lambda item: _run(state, item))


def _run(state: State, item: Item) -> Outcome:
    request = item.work.request
    state.keys.check_model(item.key, item.work.endpoint, item.work.model)
    if isinstance(request, ChatRequest):
        whole = stored.respond(request, state.responses, item.key)
        return Outcome(whole, whole.usage.cost_ticks)
    if isinstance(request, ImageRequest):
        images = media.generate(request, state)
        return Outcome(images, images.usage.cost_ticks)
    assert isinstance(request, VideoRequest)
    job = video.make(request, state)
    if job.failure is not None:
        raise ServiceError(_CODES.get(job.failure.code, job.failure.code.upper()), job.failure.message)
    if job.video is None:
        raise ServiceError("DEADLINE_EXCEEDED", "The video was not made in time.")
    return Outcome(job, job.usage.cost_ticks if job.usage else 0)
