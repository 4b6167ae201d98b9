"""The implementations of protobuf: in C, which is what wheels have, and in Python."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CODE = """
from xai_dual._gen.proto import chat
from xai_dual._proto import message
from xai_dual.types.chat import ChatRequest
from google.protobuf.internal import api_implementation
sent = message("xai_api.GetCompletionsRequest").FromString(
    chat.request_chat_create(ChatRequest(model="grok-4", messages="Hi", temperature=0.5, stop=["a", "b"]))
)
assert (sent.model, sent.messages[0].content[0].text, list(sent.stop)) == ("grok-4", "Hi", ["a", "b"])
answer = message("xai_api.GetChatCompletionResponse")(id="a")
answer.outputs.add(finish_reason=3).message.content = "hello"
answer.created.seconds = 5
read = chat.answer_chat_create(answer.SerializeToString())
assert (read.id, read.created, read.text, read.choices[0].finish_reason) == ("a", 5, "hello", "stop")
print(api_implementation.Type())
"""


@pytest.mark.parametrize("kind", ["upb", "python"])
def test_both_do(kind: str) -> None:
    environment = {**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": kind}
    command = [sys.executable, "-W", "error", "-c", CODE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == kind
