"""Speech, transcription and voices: JSON, forms and bytes."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from xai_dual.emulator.errors import invalid, too_large
from xai_dual.emulator.rest import query
from xai_dual.emulator.rest.call import Call, Json
from xai_dual.emulator.rest.times import stamp
from xai_dual.emulator.service import voice
from xai_dual.emulator.service.custom_voices import LABELS, CustomVoice
from xai_dual.emulator.service.voice import Speech, SpeechRequest, Transcript, TranscriptionRequest

_FORM_OVERHEAD = 1 << 20


async def create_speech(call: Call) -> Response:
    """POST /v1/tts"""
    body = await call.body("TtsRequest")
    form = body.get("output_format") or {}
    request = SpeechRequest(
        text=body["text"],
        voice=body.get("voice_id") or "eve",
        codec=form.get("codec") or "mp3",
        sample_rate=form.get("sample_rate"),
        bit_rate=form.get("bit_rate"),
        speed=body.get("speed"),
        replace=tuple((body.get("replace") or {}).items()),
    )
    speech = voice.speak(request, call.state)
    if body.get("with_timestamps"):
        return call.answer(_timed(speech))
    return Response(speech.sound.data, media_type=speech.sound.media_type)


def _timed(speech: Speech) -> Json:
    return {
        "audio": base64.b64encode(speech.sound.data).decode(),
        "content_type": speech.sound.media_type,
        "duration": speech.sound.seconds,
        "audio_timestamps": {
            "graph_chars": [character for character, _, _ in speech.characters],
            "graph_times": [[start, end] for _, start, end in speech.characters],
        },
    }


async def list_voices(call: Call) -> Response:
    """GET /v1/tts/voices"""
    return call.answer({"voices": [_built_in(name) for name in voice.VOICES]})


async def get_voice(call: Call) -> Response:
    """GET /v1/tts/voices/{voice_id}"""
    return call.answer(_built_in(_id(call)))


def _built_in(name: str) -> Json:
    voice_id, title = voice.built_in(name)
    return {"voice_id": voice_id, "name": title, "language": "multilingual"}


async def create_transcription(call: Call) -> Response:
    """POST /v1/stt"""
    form, file = await _form(call, voice.MAX_AUDIO)
    url = form.get("url")
    if (file is None) == (url is None):
        raise invalid("Exactly one of file and url must be given.")
    name, data = file if file else voice.fetch(str(url), call.state)
    audio_format = _choice(form, "audio_format", voice.AUDIO_FORMATS)
    rate = _choice(form, "sample_rate", tuple(map(str, voice.SAMPLE_RATES)))
    channels = _choice(form, "channels", tuple(map(str, range(1, 9))))
    request = TranscriptionRequest(
        name=name,
        data=data,
        language=form.get("language") or "en",
        raw_format=audio_format if audio_format in voice.RAW_FORMATS else None,
        sample_rate=int(rate or 16000),
        channels=int(channels or 1),
        multichannel=_flag(form, "multichannel"),
        diarize=_flag(form, "diarize"),
    )
    for flag in ("format", "filler_words"):
        _flag(form, flag)
    call.state.keys.check_model(call.key, call.operation, form.get("model") or "")
    return call.answer(_transcript(request, voice.transcribe(request)))


def _transcript(request: TranscriptionRequest, heard: Transcript) -> Json:
    words: list[Json] = [
        {"text": word.text, "start": word.start, "end": word.end, "confidence": 1.0} for word in heard.words
    ]
    if request.diarize:
        words = [{**word, "speaker": 0} for word in words]
    body: Json = {"text": heard.text, "language": request.language, "duration": heard.seconds, "words": words}
    if request.multichannel:
        body["channels"] = [{"index": index, "text": heard.text, "words": words} for index in range(request.channels)]
    return body


async def create_custom_voice(call: Call) -> Response:
    """POST /v1/custom-voices"""
    form, file = await _form(call, voice.MAX_AUDIO)
    if file is None:
        raise invalid("The form must have a file.")
    labels = {name: form[name] for name in LABELS if form.get(name)}
    name, data = file
    kinds = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "flac": "audio/flac", "m4a": "audio/mp4"}
    media_type = form.get("file content type") or kinds.get(name.rpartition(".")[2].lower(), "application/octet-stream")
    return call.answer(write_custom(call.state.voices.create(labels, data, media_type)))


async def list_custom_voices(call: Call) -> Response:
    """GET /v1/custom-voices"""
    found = call.state.voices.page(query.paging(call))
    return call.answer({"voices": [write_custom(item) for item in found.entries], "pagination_token": found.token})


async def get_custom_voice(call: Call) -> Response:
    """GET /v1/custom-voices/{voice_id}"""
    return call.answer(write_custom(call.state.voices.get(_id(call))))


async def update_custom_voice(call: Call) -> Response:
    """PATCH /v1/custom-voices/{voice_id}"""
    name = call.state.voices.get(_id(call)).id
    body = await call.body("UpdateCustomVoiceRequest")
    labels: dict[str, Any] = {label: body[label] for label in LABELS if label in body}
    return call.answer(write_custom(call.state.voices.update(name, labels)))


async def delete_custom_voice(call: Call) -> Response:
    """DELETE /v1/custom-voices/{voice_id}"""
    call.state.voices.delete(_id(call))
    return call.answer({"deleted": True})


async def custom_voice_audio(call: Call) -> Response:
    """GET /v1/custom-voices/{voice_id}/audio"""
    found = call.state.voices.get(_id(call))
    return Response(found.data, media_type=found.media_type)


async def create_realtime_secret(call: Call) -> Response:
    """POST /v1/realtime/client_secrets"""
    body = await call.body("CreateRealtimeSecretRequest")
    value, expires = voice.realtime_secret((body.get("expires_after") or {}).get("seconds"), call.state.clock)
    return call.answer({"value": value, "expires_at": expires})


def write_custom(found: CustomVoice) -> Json:
    """A voice of the team; labels that are not set are null."""
    labels = {name: found.labels.get(name) for name in LABELS}
    return {"voice_id": found.id, **labels, "created_at": stamp(found.created)}


def _id(call: Call) -> str:
    found: str = call.request.path_params["voice_id"]
    return found


async def _form(call: Call, limit: int) -> tuple[dict[str, str], tuple[str, bytes] | None]:
    """The fields of a form, and name and bytes of its file, which has to come last."""
    request = call.request
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind.strip().lower() != "multipart/form-data":
        raise invalid("Invalid `boundary` for `multipart/form-data` request.")
    if int(request.headers.get("content-length") or 0) > limit + _FORM_OVERHEAD:
        raise too_large(f"The file is larger than {limit} bytes.")
    try:
        async with request.form(max_files=10, max_fields=1000) as form:
            return await _parts(form, limit)
    except HTTPException as error:
        raise invalid(f"The form is not valid: {error.detail}") from None
    except ClientDisconnect:
        raise invalid("The form ended early.") from None  # nobody reads it


async def _parts(form: FormData, limit: int) -> tuple[dict[str, str], tuple[str, bytes] | None]:
    parts = form.multi_items()
    fields = {name: value for name, value in parts if isinstance(value, str)}
    files = [(place, name, value) for place, (name, value) in enumerate(parts) if isinstance(value, UploadFile)]
    if not files:
        return fields, None
    place, name, file = files[0]
    if len(files) > 1 or name != "file" or place != len(parts) - 1:
        raise invalid("A form has one file, in its last part, which is called file.")
    data = await file.read(limit + 1)
    if len(data) > limit:
        raise too_large(f"The file is larger than {limit} bytes.")
    if file.content_type and file.content_type != "application/octet-stream":
        fields["file content type"] = file.content_type
    return fields, (file.filename or "", data)


def _choice(form: dict[str, str], name: str, choices: tuple[str, ...]) -> str | None:
    value = form.get(name)
    if value and value not in choices:
        raise invalid(f"{name} must be one of {', '.join(choices)}; got {value}.")
    return value or None


def _flag(form: dict[str, str], name: str) -> bool:
    return _choice(form, name, ("true", "false")) == "true"


ROUTES: list[tuple[str, str, Callable[[Call], Awaitable[Response]]]] = [
    ("POST", "/v1/tts", create_speech),
    ("GET", "/v1/tts/voices", list_voices),
    ("GET", "/v1/tts/voices/{voice_id}", get_voice),
    ("POST", "/v1/stt", create_transcription),
    ("POST", "/v1/custom-voices", create_custom_voice),
    ("GET", "/v1/custom-voices", list_custom_voices),
    ("GET", "/v1/custom-voices/{voice_id}", get_custom_voice),
    ("PATCH", "/v1/custom-voices/{voice_id}", update_custom_voice),
    ("DELETE", "/v1/custom-voices/{voice_id}", delete_custom_voice),
    ("GET", "/v1/custom-voices/{voice_id}/audio", custom_voice_audio),
    ("POST", "/v1/realtime/client_secrets", create_realtime_secret),
]
