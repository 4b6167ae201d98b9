from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xai_dual import helpers
from xai_dual.errors import UsageError
from xai_dual.types import chat

PNG = b"\x89PNG\r\n\x1a\nrest"


def test_messages() -> None:
    assert helpers.user("hi") == chat.Message(role="user", content="hi")
    assert helpers.system("be", name="n") == chat.Message(role="system", content="be", name="n")
    message = helpers.user("what?", helpers.image("https://h/i"), name="n")
    assert message.content is not None
    assert [part.type for part in message.content] == ["text", "image_url"]  # type: ignore[union-attr]
    calls = [chat.ToolCall(id="c")]
    assert helpers.assistant(tool_calls=calls).tool_calls == calls
    assert helpers.assistant("x").content == "x"
    result = helpers.tool_result({"a": 1}, tool_call_id="c")
    assert (result.role, result.content, result.tool_call_id) == ("tool", '{"a":1}', "c")
    assert helpers.tool_result("text", tool_call_id="c").content == "text"


def test_images(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(PNG)
    url = "data:image/png;base64,iVBORw0KGgpyZXN0"
    for source in (PNG, path, str(path)):
        part = helpers.image(source, detail="low")
        assert part.image_url == chat.ImageUrl(url=url, detail="low")
    assert helpers.image(url).image_url == chat.ImageUrl(url=url)
    odd = helpers.image(b"??", mime_type="image/x").image_url
    assert odd is not None
    assert odd.url.startswith("data:image/x;")


def test_files(tmp_path: Path) -> None:
    assert helpers.file("f1").file == chat.FileRef(file_id="f1")
    assert helpers.file(url="https://h").file == chat.FileRef(url="https://h")
    path = tmp_path / "a.pdf"
    path.write_bytes(b"1")
    assert helpers.file(data=path).file == chat.FileRef(data=b"1", filename="a.pdf", mime_type="application/pdf")


def test_tools() -> None:
    tool = helpers.tool("f", "does", {"type": "object"}, strict=True)
    assert tool.function.name == "f"
    assert helpers.tool("f").function.parameters == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: helpers.user(), "content"),
        (lambda: helpers.user("a", 5), r"content\[1\]"),  # type: ignore[arg-type]
        (lambda: helpers.assistant(), "content"),
        (lambda: helpers.image("/no/such/file.png"), "cannot be read"),
        (lambda: helpers.image(b"??"), "mime_type"),
        (lambda: helpers.image(5), "image"),  # type: ignore[arg-type]
        (lambda: helpers.file(), "exactly one"),
        (lambda: helpers.file("a", url="b"), "exactly one"),
        (lambda: helpers.file(data="/no/such"), "cannot be read"),
        (lambda: helpers.tool(""), "name"),
        (lambda: helpers.tool("f", parameters=[]), "parameters"),  # type: ignore[arg-type]
        (lambda: helpers.tool_result("x", tool_call_id=""), "tool_call_id"),
        (lambda: helpers.tool_result({1, 2}, tool_call_id="c"), "JSON"),
    ],
)
def test_refused(call: Any, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        call()
