"""The requests of a batch as gRPC tells them, also where REST or a file brought them.

What REST brought is told by what the emulator read of it: the parts that both wires have.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from xai_dual.emulator.definitions import enum_number, message
from xai_dual.emulator.service.batches import Item
from xai_dual.emulator.service.forms import ChatRequest, Message, Sampling
from xai_dual.emulator.service.media import ImageRequest
from xai_dual.emulator.service.storage import Source
from xai_dual.emulator.service.video import EXTEND, VideoRequest


def write(item: Item) -> Any:
    """A request as ``xai_api.BatchRequest``. One that could not be read has no kind."""
    response: Any = message("xai_api.BatchRequest")()
    if item.work.original is not None:
        response.CopyFrom(item.work.original)
    response.batch_request_id = item.id
    request = item.work.request
    if item.work.original is not None or request is None:
        return response
    if isinstance(request, ChatRequest):
        _chat(response.completion_request, request)
    elif isinstance(request, ImageRequest):
        _image(response.image_request, request)
    elif request.kind == EXTEND:
        _video(response.video_extension_request, request)
    else:
        _video(response.video_request, request)
        _scene(response.video_request, request)
    return response


def _chat(target: Any, request: ChatRequest) -> None:
    target.model = request.model
    for item in request.messages:
        _message(target.messages.add(role=enum_number("xai_api.MessageRole", f"ROLE_{item.role.upper()}")), item)
    _sampling(target, request.sampling)
    for tool in request.tools:
        function = target.tools.add().function
        function.name, function.description, function.strict = tool.name, tool.description, tool.strict
        function.parameters = json.dumps(tool.parameters)
    if request.tool_choice.mode == "function":
        target.tool_choice.function_name = request.tool_choice.name
    else:
        target.tool_choice.mode = enum_number("xai_api.ToolMode", f"TOOL_MODE_{request.tool_choice.mode.upper()}")
    target.parallel_tool_calls = request.parallel_tool_calls
    target.response_format.format_type = enum_number("xai_api.FormatType", f"FORMAT_TYPE_{request.format.kind.upper()}")
    if request.format.kind == "json_schema":
        target.response_format.schema = json.dumps(request.format.schema)
    if request.reasoning_effort in ("none", "low", "medium", "high", "xhigh"):
        target.reasoning_effort = enum_number("xai_api.ReasoningEffort", f"EFFORT_{request.reasoning_effort.upper()}")


def _message(target: Any, item: Message) -> None:
    for part in item.parts:
        if part.kind == "text":
            target.content.add(text=part.value)
        elif part.kind == "image":
            target.content.add().image_url.image_url = part.value
        else:
            file = target.content.add().file
            setattr(file, "url" if "://" in part.value else "file_id", part.value)
            file.filename, file.data = part.name, base64.b64decode(part.data)
    target.name, target.encrypted_content = item.name, item.encrypted
    if item.reasoning:
        target.reasoning_content = item.reasoning
    if item.tool_call_id:
        target.tool_call_id = item.tool_call_id
    for call in item.tool_calls:
        function = target.tool_calls.add(id=call.id).function
        function.name, function.arguments = call.name, call.arguments


def _sampling(target: Any, sampling: Sampling) -> None:
    target.stop.extend(sampling.stop)
    target.logprobs = sampling.logprobs
    for name in ("n", "max_tokens", "temperature", "top_p", "frequency_penalty", "presence_penalty", "top_logprobs"):
        value = getattr(sampling, name)
        if value is not None:
            setattr(target, name, value)


def _image(target: Any, request: ImageRequest) -> None:
    target.prompt, target.model = request.prompt, request.model
    if request.n is not None:
        target.n = request.n
    target.format = enum_number("xai_api.ImageFormat", f"IMG_FORMAT_{request.format.upper()}")
    target.aspect_ratio = _ratio("Image", "IMG", request.aspect_ratio)
    target.resolution = enum_number("xai_api.ImageResolution", f"IMG_RESOLUTION_{request.resolution.upper()}")
    for source in request.sources:
        _source(target.images.add(), source, "image_url")


def _video(target: Any, request: VideoRequest) -> None:
    target.prompt, target.model = request.prompt, request.model
    if request.duration is not None:
        target.duration = request.duration
    if request.video is not None:
        _source(target.video, request.video, "url")


def _scene(target: Any, request: VideoRequest) -> None:
    target.aspect_ratio = _ratio("Video", "VIDEO", request.aspect_ratio)
    target.resolution = enum_number("xai_api.VideoResolution", f"VIDEO_RESOLUTION_{request.resolution.upper()}")
    target.generate_audio = request.sound
    for name, source in (("image", request.image), ("last_frame", request.last_frame)):
        if source is not None:
            _source(getattr(target, name), source, "image_url")
    for source in request.references:
        _source(target.reference_images.add(), source, "image_url")
    for source in request.audios:
        target.reference_audios.add(voice_id=source.value)
    for frame in request.keyframes:
        _source(target.keyframes.add(timestamp_s=frame.seconds).image, frame.image, "image_url")


def _source(target: Any, source: Source, url: str) -> None:
    setattr(target, "file_id" if source.kind == "file" else url, source.value)


def _ratio(kind: str, prefix: str, ratio: str) -> int:
    name = f"{prefix}_ASPECT_RATIO_{ratio.replace(':', '_').replace('.', '_').upper()}"
    return enum_number(f"xai_api.{kind}AspectRatio", name)
