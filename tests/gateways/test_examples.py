"""The requests of the gateways' documents: sent as they stand, and by our client with another address and key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .kit import TEXT, Gateway

HERE = Path(__file__).resolve().parent
NAMES = {
    "maxtoken": {"choices", "created", "id", "model", "object", "system_fingerprint", "usage"},
    "llmprovider": {"choices", "created", "id", "model", "object", "usage"},
}


def test_need_34_documented_requests(gateway: Gateway) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / f"{gateway.name}_example.py"), gateway.url, gateway.key],
        env={**os.environ, "PYTHONPATH": str(HERE.parent.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    raw, answer, streamed = map(json.loads, done.stdout.splitlines())
    assert set(raw) == NAMES[gateway.name]
    (choice,) = raw["choices"]
    assert set(choice) == {"message", "finish_reason"} | ({"index"} if gateway.name == "llmprovider" else set())
    for one in (answer, streamed):
        assert one["choices"][0]["message"]["content"] == choice["message"]["content"] != ""
        assert one["choices"][0]["finish_reason"] == choice["finish_reason"] == "stop"
        assert (one["id"], one["model"]) == (raw["id"], raw["model"])
    for name, value in raw["usage"].items():
        given = answer["usage"][name]
        assert given == ({**given, **value} if isinstance(value, dict) else value)


def test_need_34_the_emulated_gateways_are_what_openai_expects(gateway: Gateway) -> None:
    """OpenAI's own client gets along with them."""
    openai = pytest.importorskip("openai")
    base = f"{gateway.url.removesuffix('/v1')}/v1"
    asked: Any = {"model": "grok-4", "messages": [{"role": "user", "content": "What is 101*3?"}]}
    with openai.OpenAI(base_url=base, api_key=gateway.key, max_retries=0) as client:
        answer = client.chat.completions.create(**asked)
        assert answer.choices[0].message.content == TEXT
        assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
        chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == TEXT
        assert chunks[-1].usage == answer.usage
    with openai.OpenAI(base_url=base, api_key="sk-wrong", max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            client.chat.completions.create(**asked)
        assert caught.value.body["message"] == "The API key is invalid."
