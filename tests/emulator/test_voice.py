"""Speech, transcription and voices over REST."""

from __future__ import annotations

import base64
import io
import time
import wave
from typing import Any

import httpx
import pytest

from xai_dual.emulator import Server

from .shapes import checked, missing

TEXT = "Hello there, World! 101"


def speak(rest: httpx.Client, **given: Any) -> httpx.Response:
    return rest.post("/v1/tts", json={"text": TEXT, "language": "en", **given})


def test_wav(rest: httpx.Client) -> None:
    form = {"codec": "wav", "sample_rate": 16000}
    answer = speak(rest, output_format=form)
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.content == speak(rest, output_format=form).content
    assert answer.content != speak(rest, output_format=form, voice_id="rex").content
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16000, 1, 2)
        assert sound.getnframes() / 16000 == pytest.approx(len(TEXT) * 0.06, abs=0.01)
        assert len(sound.readframes(sound.getnframes())) == sound.getnframes() * 2
    fast = speak(rest, output_format=form, speed=2).content
    assert len(fast) < len(answer.content) * 0.6


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
def test_mp3(rest: httpx.Client, rate: int) -> None:
    answer = speak(rest, output_format={"codec": "mp3", "sample_rate": rate, "bit_rate": 64000})
    assert answer.headers["content-type"] == "audio/mpeg"
    data = answer.content
    assert data[:3] == b"ID3"
    start = 10 + sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    frames = 0
    while start < len(data):  # the frames follow each other as their headers say
        assert data[start] == 0xFF
        version = {3: 1, 2: 2, 0: 3}[data[start + 1] >> 3 & 3]
        rates = {1: (44100, 48000, 32000), 2: (22050, 24000, 16000), 3: (11025, 12000, 8000)}[version]
        assert rates[data[start + 2] >> 2 & 3] == rate
        kilobits = {
            1: (0, 32, 40, 48, 56, 64),
            2: (0, 8, 16, 24, 32, 40, 48, 56, 64),
            3: (0, 8, 16, 24, 32, 40, 48, 56, 64),
        }
        start += (144 if version == 1 else 72) * kilobits[version][data[start + 2] >> 4] * 1000 // rate
        frames += 1
    assert start == len(data)
    assert frames * (1152 if rate > 24000 else 576) / rate == pytest.approx(len(TEXT) * 0.06, abs=0.1)


def test_raw_codecs(rest: httpx.Client) -> None:
    sizes = {}
    for codec in ("pcm", "mulaw", "alaw"):
        answer = speak(rest, output_format={"codec": codec, "sample_rate": 8000})
        assert answer.headers["content-type"].startswith("audio/")
        sizes[codec] = len(answer.content)
    assert sizes["pcm"] == 2 * sizes["mulaw"] == 2 * sizes["alaw"]


def test_timestamps(rest: httpx.Client) -> None:
    found = checked(speak(rest, with_timestamps=True, output_format={"codec": "wav"}), "/v1/tts")
    assert missing("TtsTimestampedResponse", found) == set()
    assert base64.b64decode(found["audio"]) == speak(rest, output_format={"codec": "wav"}).content
    times = found["audio_timestamps"]
    assert "".join(times["graph_chars"]) == TEXT
    assert len(times["graph_times"]) == len(TEXT)
    assert times["graph_times"][-1][1] == pytest.approx(found["duration"], abs=0.01)
    replaced = checked(speak(rest, with_timestamps=True, replace={"World": "Moon"}), "/v1/tts")
    assert "".join(replaced["audio_timestamps"]["graph_chars"]) == TEXT.replace("World", "Moon")


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"text": ""}, 400),
        ({"text": "x" * 60_001}, 400),
        ({"voice_id": "nobody"}, 404),
        ({"speed": 9}, 400),
        ({"output_format": {"sample_rate": 12345}}, 400),
        ({"output_format": {"codec": "ogg"}}, 422),
        ({"optimize_streaming_latency": 3}, 422),
        ({"language": None}, 422),
    ],
)
def test_refused_speech(rest: httpx.Client, given: dict[str, Any], status: int) -> None:
    assert speak(rest, **given).status_code == status


def test_long_text(rest: httpx.Client) -> None:
    answer = speak(rest, text="x" * 60_000, output_format={"codec": "wav", "sample_rate": 8000})
    assert answer.status_code == 200
    assert len(answer.content) < 1_000_000


def test_voices(rest: httpx.Client) -> None:
    voices = checked(rest.get("/v1/tts/voices"), "/v1/tts/voices")["voices"]
    assert all(missing("TtsVoice", voice) == set() for voice in voices)
    assert "eve" in {voice["voice_id"] for voice in voices}
    assert checked(rest.get("/v1/tts/voices/eve"), "/v1/tts/voices/{voice_id}") in voices
    assert rest.get("/v1/tts/voices/nobody").status_code == 404


@pytest.mark.parametrize("codec", ["wav", "mp3"])
def test_transcription_hears_what_was_spoken(rest: httpx.Client, codec: str) -> None:
    sound = speak(rest, output_format={"codec": codec}).content
    answer = rest.post("/v1/stt", data={"language": "en", "diarize": "true"}, files={"file": ("a." + codec, sound)})
    found = checked(answer, "/v1/stt")
    assert missing("SttResponse", found) == {"channels"}
    assert (found["text"], found["language"]) == (TEXT, "en")
    assert [word["text"] for word in found["words"]] == TEXT.split()
    assert all(missing("SttWord", word) == set() for word in found["words"])
    assert found["words"][-1]["end"] == pytest.approx(found["duration"], abs=0.01)
    assert found["duration"] == pytest.approx(len(TEXT) * 0.06, abs=0.2)


def test_transcription_of_other_audio(rest: httpx.Client) -> None:
    given = {
        "audio_format": "pcm", "sample_rate": "8000", "channels": "2", "multichannel": "true", "keyterm": ["a", "b"],
        "format": "true", "filler_words": "false", "vad_threshold": "0.5", "model": "grok-stt",
    }  # fmt: skip
    found = checked(rest.post("/v1/stt", data=given, files={"file": ("a.raw", bytes(32000))}), "/v1/stt")
    assert found["text"] == "a.raw has 32000 bytes"
    assert found["duration"] == 1.0
    assert [channel["index"] for channel in found["channels"]] == [0, 1]


def test_transcription_of_an_address(rest: httpx.Client, server: Server) -> None:
    url = rest.post("/v1/images/generations", json={"prompt": "sounds"}).json()["data"][0]["url"]
    found = checked(rest.post("/v1/stt", files={"url": (None, url)}), "/v1/stt")
    assert found["text"].endswith("bytes")
    for other in ("https://example.com/a.mp3", f"{server.url}/emulator/images/none.png", "nonsense"):
        answer = rest.post("/v1/stt", files={"url": (None, other)})
        assert answer.status_code == 502
        assert set(answer.json()) == {"code", "error"}


def test_broken_audio(rest: httpx.Client) -> None:
    for sound in (
        b"RIFF",
        b"RIFF0000WAVEfmt ",
        b"RIFF0000WAVEfmt 0000data",
        b"xai-emulator-speech:",
        b"xai-emulator-speech:\xff\0",
    ):
        answer = rest.post("/v1/stt", files={"file": ("a.wav", sound)})
        assert answer.status_code == 200, answer.text


def test_refused_forms(rest: httpx.Client) -> None:
    sound = ("a.wav", b"RIFF")
    for path in ("/v1/stt", "/v1/custom-voices"):
        last = [("file", sound), ("language", (None, "en"))]
        assert rest.post(path, files=last).status_code == 400  # the file must be the last part
        assert rest.post(path, files=[("file", sound), ("file", sound)]).status_code == 400
        assert rest.post(path, files={"audio": sound}).status_code == 400
        assert rest.post(path, files={"language": (None, "en")}).status_code == 400
        assert rest.post(path, files={"file": ("a.wav", b"")}).status_code == 400
        assert rest.post(path, json={}).status_code == 400
        broken = {"content-type": "multipart/form-data"}
        assert rest.post(path, content=b"x", headers=broken).status_code == 400
    for name, value in (("audio_format", "tape"), ("sample_rate", "1"), ("diarize", "perhaps"), ("channels", "x")):
        assert rest.post("/v1/stt", data={name: value}, files={"file": sound}).status_code == 400, name
    both = [("url", (None, "https://example.com")), ("file", sound)]
    assert rest.post("/v1/stt", files=both).status_code == 400


def test_custom_voices(rest: httpx.Client) -> None:
    path = "/v1/custom-voices"
    labels = {
        "name": "Mine", "description": "d", "gender": "female", "accent": "irish", "age": "middle-aged",
        "language": "en", "use_case": "narration", "tone": "warm",
    }  # fmt: skip
    sound = speak(rest, output_format={"codec": "wav"}).content
    made = checked(rest.post(path, data=labels, files={"file": ("me.wav", sound, "audio/wav")}), path)
    assert missing("CustomVoice", made) == set()
    assert {name: made[name] for name in labels} == labels
    one = f"{path}/{made['voice_id']}"
    assert checked(rest.get(one), f"{path}/{{voice_id}}") == made
    audio = rest.get(f"{one}/audio")
    assert (audio.content, audio.headers["content-type"]) == (sound, "audio/wav")
    changed = checked(rest.patch(one, json={"name": "Other", "tone": None}), f"{path}/{{voice_id}}")
    assert changed == {**made, "name": "Other", "tone": None}
    assert rest.patch(one, json={"tone": "angry"}).status_code == 422
    assert speak(rest, voice_id=made["voice_id"]).status_code == 200
    more = [rest.post(path, files={"file": ("a.mp3", b"x")}).json()["voice_id"] for _ in range(3)]
    listed, token = [], None
    while True:
        params = {"limit": 2, **({"pagination_token": token} if token else {})}
        page = checked(rest.get(path, params=params), path)
        listed += [voice["voice_id"] for voice in page["voices"]]
        token = page["pagination_token"]
        if token is None:
            break
    assert listed[-4:] == [made["voice_id"], *more]
    assert rest.get(f"{path}/{more[0]}/audio").headers["content-type"] == "audio/mpeg"
    assert checked(rest.delete(one), f"{path}/{{voice_id}}") == {"deleted": True}
    for answer in (rest.get(one), rest.delete(one), rest.patch(one, json={}), rest.get(f"{one}/audio")):
        assert answer.status_code == 404
    assert speak(rest, voice_id=made["voice_id"]).status_code == 404
    assert rest.post(path, data={"gender": "robot"}, files={"file": ("a.wav", b"x")}).status_code == 400


def test_realtime_secret(rest: httpx.Client) -> None:
    path = "/v1/realtime/client_secrets"
    now = time.time()
    first = checked(rest.post(path, json={}), path)
    assert first["expires_at"] == pytest.approx(now + 600, abs=30)
    session = {"model": "grok-voice-latest", "reasoning": {"effort": "none"}}
    second = checked(rest.post(path, json={"expires_after": {"seconds": 60}, "session": session}), path)
    assert second["expires_at"] == pytest.approx(now + 60, abs=30)
    assert first["value"] != second["value"]
    assert rest.post(path, json={"expires_after": {"seconds": 3601}}).status_code == 400
    assert rest.post(path, json={"session": {"reasoning": {"effort": "some"}}}).status_code == 422
