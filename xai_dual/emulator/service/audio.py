"""Sound out of nothing: tones for speech, in every encoding of text to speech, with the spoken text hidden inside."""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass

_MARK = b"xai-emulator-speech:"
_AMPLITUDE = 8000
_MPEG1, _MPEG2 = (44100, 48000, 32000), (22050, 24000, 16000)
_BIT_RATES = {  # kilobits a second, by their number in a frame header
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
MEDIA_TYPES = {
    "mp3": "audio/mpeg", "wav": "audio/wav", "pcm": "audio/pcm", "mulaw": "audio/basic", "alaw": "audio/x-alaw-basic",
}  # fmt: skip


@dataclass(frozen=True)
class Sound:
    """Audio bytes and what they are."""

    data: bytes
    media_type: str
    seconds: float


def speak(text: str, voice: str, codec: str, sample_rate: int, bit_rate: int, seconds: float) -> Sound:
    """A tone whose pitch depends on the voice; silence as MP3."""
    count = max(1, round(seconds * sample_rate))
    if codec == "mp3":
        data = _mp3(text, sample_rate, bit_rate, seconds)
    else:
        period = sample_rate / (150 + zlib.crc32(voice.encode("utf-8", "surrogatepass")) % 200)
        wave = [round(_AMPLITUDE * math.sin(2 * math.pi * at / period)) for at in range(min(count, sample_rate))]
        samples = (wave * (count // len(wave) + 1))[:count]
        data = _ENCODERS[codec](samples)
        if codec == "wav":
            data = _wav(data, sample_rate, text)
    return Sound(data, MEDIA_TYPES[codec], round(count / sample_rate, 3))


def heard(data: bytes) -> str | None:
    """The text in audio that the emulator spoke."""
    at = data.find(_MARK, 0, 1 << 16)
    if at < 0:
        return None
    start = at + len(_MARK) + 4
    size = int.from_bytes(data[start - 4 : start], "big")
    return data[start : start + size].decode("utf-8", "replace")


def length(data: bytes, raw: str | None, sample_rate: int, channels: int) -> float:
    """The length of audio in seconds: exact for WAV and raw audio, guessed by 128 kilobits a second for the rest."""
    width = {"pcm": 2, "mulaw": 1, "alaw": 1}.get(raw or "")
    if width:
        return round(len(data) / (width * sample_rate * channels), 3)
    if data[:4] == b"RIFF" and data[8:16] == b"WAVEfmt ":
        rate = int.from_bytes(data[28:32], "little")  # bytes a second
        at = data.find(b"data", 36)
        size = int.from_bytes(data[at + 4 : at + 8], "little") if at > 0 else len(data)
        return round(min(size, len(data)) / rate, 3) if rate else 0.0
    return round(len(data) / 16000, 3)


def _marked(text: str) -> bytes:
    content = text.encode("utf-8", "surrogatepass")
    return _MARK + struct.pack(">I", len(content)) + content


def _wav(samples: bytes, sample_rate: int, text: str) -> bytes:
    """PCM with a header, and the text in a comment that players skip."""
    mark = _marked(text)
    mark += b"\0" * (len(mark) % 2)
    comment = b"INFOICMT" + struct.pack("<I", len(mark)) + mark
    kind = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, sample_rate, sample_rate * 2, 2, 16)
    body = b"WAVE" + kind + b"LIST" + struct.pack("<I", len(comment)) + comment
    body += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _mp3(text: str, sample_rate: int, bit_rate: int, seconds: float) -> bytes:
    """Silent frames behind an ID3 tag that has the text."""
    version = 1 if sample_rate in _MPEG1 else 2
    rates = _MPEG1 if version == 1 else _MPEG2
    # Rates below those of MPEG-2 have the header of twice the rate with the bit of MPEG-2.5.
    halved = sample_rate not in rates
    place = _MPEG2.index(sample_rate * 2) if halved else rates.index(sample_rate)
    kilobits = min(_BIT_RATES[version][1:], key=lambda rate: abs(rate * 1000 - bit_rate))
    second = 0xFB if version == 1 else 0xE3 if halved else 0xF3
    third = _BIT_RATES[version].index(kilobits) << 4 | place << 2
    samples = 1152 if version == 1 else 576
    size = samples // 8 * kilobits * 1000 // sample_rate
    frame = bytes((0xFF, second, third, 0xC0)).ljust(size, b"\0")
    return _id3(text) + frame * max(1, math.ceil(seconds * sample_rate / samples))


def _id3(text: str) -> bytes:
    content = b"emulator\0" + _marked(text)
    frame = b"PRIV" + _synchsafe(len(content)) + b"\0\0" + content
    return b"ID3\x04\0\0" + _synchsafe(len(frame)) + frame


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _pcm(samples: list[int]) -> bytes:
    return struct.pack(f"<{len(samples)}h", *samples)


def _by_table(encode: dict[int, int], samples: list[int]) -> bytes:
    return bytes(encode[sample] for sample in samples)


def _mulaw(samples: list[int]) -> bytes:
    return _by_table({sample: _mulaw_of(sample) for sample in set(samples)}, samples)


def _alaw(samples: list[int]) -> bytes:
    return _by_table({sample: _alaw_of(sample) for sample in set(samples)}, samples)


def _mulaw_of(sample: int) -> int:
    sign, number = (0x80, -sample) if sample < 0 else (0, sample)
    number = min(number, 32635) + 132
    exponent = max(0, number.bit_length() - 8)
    return ~(sign | exponent << 4 | number >> (exponent + 3) & 0x0F) & 0xFF


def _alaw_of(sample: int) -> int:
    sign, number = (0, -sample - 1) if sample < 0 else (0x80, sample)
    exponent = max(0, number.bit_length() - 8)
    mantissa = number >> (exponent + 3 if exponent else 4) & 0x0F
    return (sign | exponent << 4 | mantissa) ^ 0x55


_ENCODERS = {"wav": _pcm, "pcm": _pcm, "mulaw": _mulaw, "alaw": _alaw}
