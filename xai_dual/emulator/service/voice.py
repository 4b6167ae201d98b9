"""Speech: texts spoken, audio transcribed, voices kept and tokens for realtime sockets issued."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from xai_dual.emulator.errors import ServiceError, invalid, not_found
from xai_dual.emulator.service import audio
from xai_dual.emulator.service.audio import Sound
from xai_dual.emulator.service.checks import between
from xai_dual.emulator.service.clock import Clock
from xai_dual.emulator.state import State

VOICES = {"ara": "Ara", "eve": "Eve", "leo": "Leo", "rex": "Rex", "sal": "Sal"}
SAMPLE_RATES = (8000, 16000, 22050, 24000, 44100, 48000)
AUDIO_FORMATS = ("pcm", "mulaw", "alaw", "wav", "mp3", "ogg", "opus", "flac", "aac", "mp4", "m4a", "mkv")
RAW_FORMATS = ("pcm", "mulaw", "alaw")
MAX_AUDIO = 500 << 20
_MAX_TEXT = 60_000
_SECONDS_PER_CHARACTER = 0.06
_MAX_SECONDS = 30.0  # of sound, whatever the text


@dataclass(frozen=True)
class SpeechRequest:
    """A text to be spoken."""

    text: str
    voice: str = "eve"
    codec: str = "mp3"
    sample_rate: int | None = None
    bit_rate: int | None = None
    speed: float | None = None
    replace: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Speech:
    """A spoken text, with start and end of every character."""

    sound: Sound
    characters: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class TranscriptionRequest:
    """Audio to be written down. ``data`` is the file, or what the address led to."""

    name: str
    data: bytes
    language: str = "en"
    raw_format: str | None = None
    sample_rate: int = 16000
    channels: int = 1
    multichannel: bool = False
    diarize: bool = False


@dataclass(frozen=True)
class Word:
    """A word and when it is heard."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Transcript:
    """What was heard."""

    text: str
    seconds: float
    words: tuple[Word, ...]


def built_in(name: str) -> tuple[str, str]:
    """Id and name of a built-in voice, or NOT_FOUND."""
    if name not in VOICES:
        raise not_found(f"The voice {name} does not exist.")
    return name, VOICES[name]


def speak(request: SpeechRequest, state: State) -> Speech:
    """Speak a text: a tone as long as speech would take, but no more than half a minute of it."""
    if not request.text:
        raise invalid("The text must not be empty.")
    if len(request.text) > _MAX_TEXT:
        raise invalid(f"The text has {len(request.text)} characters; at most {_MAX_TEXT} can be spoken.")
    if not state.voices.has(request.voice):
        built_in(request.voice)
    between("speed", request.speed, 0.25, 4)
    between("output_format.bit_rate", request.bit_rate, 8000, 320_000)
    rate = request.sample_rate or 24000
    if rate not in SAMPLE_RATES:
        raise invalid(f"output_format.sample_rate must be one of {', '.join(map(str, SAMPLE_RATES))}; got {rate}.")
    text = request.text
    for word, other in request.replace:
        text = text.replace(word, other)
    seconds = min(len(text) * _SECONDS_PER_CHARACTER / (request.speed or 1), _MAX_SECONDS)
    sound = audio.speak(text, request.voice, request.codec, rate, request.bit_rate or 128_000, seconds)
    step = seconds / max(1, len(text))
    times = ((character, round(place * step, 3), round((place + 1) * step, 3)) for place, character in enumerate(text))
    return Speech(sound, tuple(times))


def transcribe(request: TranscriptionRequest) -> Transcript:
    """Write audio down: what the emulator itself spoke, else the name and size of the file."""
    if not request.data:
        raise invalid("The audio must not be empty.")
    text = audio.heard(request.data)
    if text is None:
        text = f"{request.name or 'audio'} has {len(request.data)} bytes"
    seconds = audio.length(request.data, request.raw_format, request.sample_rate, request.channels)
    found = text.split()
    step = seconds / max(1, len(found))
    words = (Word(word, round(place * step, 3), round((place + 1) * step, 3)) for place, word in enumerate(found))
    return Transcript(text, seconds, tuple(words))


def fetch(url: str, state: State) -> tuple[str, bytes]:
    """Name and bytes of what an address of the emulator itself leads to; it never goes to any other."""
    path = url.removeprefix(f"{state.url}/emulator/") if url.startswith(f"{state.url}/emulator/") else ""
    kind, _, name = path.partition("/")
    data: bytes | None = None
    if kind == "images":
        data = state.images.get(name.removesuffix(".png"))
    elif kind == "videos":
        data = state.videos.get(name.removesuffix(".mp4"))
    elif kind == "files":
        token, _, name = name.partition("/")
        found = state.files.published(token, name)
        data = b"".join(state.files.content(found.id).pieces()) if found else None
    if data is None:
        raise ServiceError("UNAVAILABLE", f"The address {url} could not be fetched.", http=502)
    return name, data


def realtime_secret(seconds: int | None, clock: Clock) -> tuple[str, int]:
    """A token for a realtime socket, and when it lapses."""
    between("expires_after.seconds", seconds, 1, 3600)
    return f"xai-realtime-client-secret-{secrets.token_hex(24)}", clock.seconds() + (seconds or 600)
