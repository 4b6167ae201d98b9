"""What messages are made of: texts, images, files, roles and names."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xai_dual import (
    AsyncClient,
    UnsupportedOnTransport,
    UsageError,
    assistant,
    developer,
    file,
    image,
    same,
    system,
    user,
)
from xai_dual.types.chat import ContentPart, FileRef, ImageUrl, Message

from ..ways import AGENT, COMPLETIONS, GRPC, RESPONSES, WAYS, anew

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8
URL = "https://example.com/a.png"
INLINE = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


async def arrived(clients: dict[str, AsyncClient], client: AsyncClient, messages: Any) -> list[dict[str, Any]]:
    """The messages as the service keeps them, without their ids."""
    answer = await client.chat.create(model="grok-4", messages=messages, store=True)
    kept = clients["rest"].responses.input_items(response_id=answer.id, order="asc")
    items = [item.to_dict() async for item in kept]
    return [{name: value for name, value in item.items() if name not in ("id", "status")} for item in items]


def picture(path: Path) -> list[ContentPart]:
    path.write_bytes(PNG)
    return [
        image(URL),
        image(PNG),
        image(bytearray(PNG)),  # type: ignore[arg-type]
        image(path),
        image(str(path)),
        image(INLINE),
        image(file_id="file_1"),
    ]


SHOWN = [URL, INLINE, INLINE, INLINE, INLINE, INLINE, "file_1"]


async def test_images(client: AsyncClient, way: str, tmp_path: Path) -> None:
    parts = picture(tmp_path / "a.png")
    answer = await client.chat.create(model="grok-4", messages=[user("Look at", *parts, "and tell")])
    assert 'You wrote: "Look atand tell". I was given 7 images.' in answer.text
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 7 * 256
    assert answer.usage.prompt_image_tokens == (0 if way == RESPONSES else 7 * 256)


@pytest.mark.parametrize("way", AGENT)
async def test_images_arrive(clients: dict[str, AsyncClient], client: AsyncClient, tmp_path: Path) -> None:
    (item,) = await arrived(clients, client, [user(anew("Look"), *picture(tmp_path / "a.png"))])
    assert [part["image_url"] for part in item["content"][1:]] == SHOWN


async def test_images_are_equal(clients: dict[str, AsyncClient], tmp_path: Path) -> None:
    for part in picture(tmp_path / "a.png"):
        found = [await clients[way].chat.create(model="grok-4", messages=[user("Look", part)]) for way in WAYS]
        assert same(found[0], found[1])
        assert same(found[1], found[2])


async def test_images_as_dicts(client: AsyncClient) -> None:
    content = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": URL}}]
    as_dict = await client.chat.create(model="grok-4", messages=[{"role": "user", "content": content}])
    parts = [ContentPart(type="text", text="Look"), ContentPart(type="image_url", image_url=ImageUrl(url=URL))]
    as_model = await client.chat.create(model="grok-4", messages=[Message(role="user", content=parts)])
    by_helper = await client.chat.create(model="grok-4", messages=[user("Look", image(URL))])
    assert as_dict == as_model == by_helper
    assert "1 image" in by_helper.text


async def test_detail(client: AsyncClient, way: str) -> None:
    messages = [user("Hello"), user("Look", image(URL, detail="high"))]
    if way == GRPC:
        assert "1 image" in (await client.chat.create(model="grok-4", messages=messages)).text
        return
    with pytest.raises(UnsupportedOnTransport, match="transport='grpc'") as caught:
        await client.chat.create(model="grok-4", messages=messages)
    assert caught.value.field == "messages[1].content[1].image_url.detail"


async def test_uploaded_files(clients: dict[str, AsyncClient], client: AsyncClient) -> None:
    made = await clients["auto"].files.upload(content=("cats.txt", b"Cats sleep."))
    seen = await clients["auto"].files.upload(content=("a.png", PNG))
    messages = [user("Read", file(made.id), image(file_id=seen.id))]
    answer = await client.chat.create(model="grok-4", messages=messages)
    assert "I was given 1 image. I was given 1 file." in answer.text


@pytest.mark.parametrize("way", AGENT)
async def test_files_arrive(clients: dict[str, AsyncClient], client: AsyncClient, tmp_path: Path) -> None:
    path = tmp_path / "dogs.txt"
    path.write_bytes(b"Dogs bark.")
    parts = [
        file("file_1"),
        file(url="https://example.com/a.txt"),
        file(data=b"Cats sleep."),
        file(data=b"Cats sleep.", filename="cats.txt", mime_type="text/plain"),
        file(data=path),
        file(data=str(path), filename="other.txt"),
    ]
    (item,) = await arrived(clients, client, [user(anew("Read"), *parts)])
    cats, dogs = base64.b64encode(b"Cats sleep.").decode(), base64.b64encode(b"Dogs bark.").decode()
    assert item["content"][1:] == [
        {"type": "input_file", "file_id": "file_1"},
        {"type": "input_file", "file_url": "https://example.com/a.txt"},
        {"type": "input_file", "file_data": cats},
        {"type": "input_file", "file_data": cats, "filename": "cats.txt"},
        {"type": "input_file", "file_data": dogs, "filename": "dogs.txt"},
        {"type": "input_file", "file_data": dogs, "filename": "other.txt"},
    ]


async def test_files_by_id_and_address(client: AsyncClient) -> None:
    messages = [user("Read", file("file_1"), file(url="https://example.com/a.txt"))]
    answer = await client.chat.create(model="grok-4", messages=messages)
    assert "I was given 2 files." in answer.text


async def test_files_as_bytes(clients: dict[str, AsyncClient]) -> None:
    messages = [user("Read", file(data=b"Cats sleep.", filename="cats.txt"))]
    for name, shape in ((GRPC, ""), (RESPONSES, RESPONSES), ("rest", RESPONSES), ("auto", "")):
        answer = await clients[name].chat.create(model="grok-4", messages=messages)
        assert "I was given 1 file." in answer.text
        assert answer.meta is not None
        assert answer.meta.shape == shape
    with pytest.raises(UnsupportedOnTransport, match="only POST /v1/responses carries it") as caught:
        await clients[COMPLETIONS].chat.create(model="grok-4", messages=messages)
    assert caught.value.field == "messages[0].content[1].file.data"


async def test_files_as_dicts(client: AsyncClient) -> None:
    content = [{"type": "text", "text": "Read"}, {"type": "file", "file": {"file_id": "file_1"}}]
    as_dict = await client.chat.create(model="grok-4", messages=[{"role": "user", "content": content}])
    parts = [ContentPart(type="text", text="Read"), ContentPart(type="file", file=FileRef(file_id="file_1"))]
    assert as_dict == await client.chat.create(model="grok-4", messages=[Message(role="user", content=parts)])
    assert as_dict == await client.chat.create(model="grok-4", messages=[user("Read", file("file_1"))])


async def test_roles(client: AsyncClient) -> None:
    messages = [
        system("Be brief."),
        developer("Be kind."),
        user("Hi", name="Ann"),
        assistant("Hello Ann."),
        user("How many messages are there?", name="Ben"),
    ]
    answer = await client.chat.create(model="grok-4", messages=messages)
    assert answer.text == "There are 5 messages so far."


@pytest.mark.parametrize("way", AGENT)
async def test_roles_arrive(clients: dict[str, AsyncClient], client: AsyncClient) -> None:
    text = anew("Hi")
    messages = [system("Be brief."), developer("Be kind."), user(text, name="Ann"), assistant("Yes?"), user("Go on")]
    items = await arrived(clients, client, messages)
    assert [(item["role"], item["content"][0]["text"]) for item in items] == [
        ("system", "Be brief."),
        ("developer", "Be kind."),
        ("user", text),
        ("assistant", "Yes?"),
        ("user", "Go on"),
    ]
    assert items[2]["name"] == "Ann"
    assert items[3]["content"][0]["type"] == "output_text"


async def test_roles_are_equal(clients: dict[str, AsyncClient]) -> None:
    messages = [system("Be brief."), developer("Be kind."), user("Say", " a", "b", name="Ann")]
    found = [await clients[way].chat.create(model="grok-4", messages=messages) for way in WAYS]
    assert [answer.text for answer in found] == ["ab"] * 3
    assert same(found[0], found[1])
    assert same(found[1], found[2])


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "naïve 😀 日本語 \u2028", '"quoted" \\ and {braces}', "<b>&amp;</b>", "x" * 100_000]
)
async def test_texts(clients: dict[str, AsyncClient], text: str) -> None:
    messages = [user("Say hello"), assistant("hello"), user(text)]
    found = [await clients[way].chat.create(model="grok-4", messages=messages) for way in WAYS]
    assert same(found[0], found[1])
    assert same(found[1], found[2])


async def test_empty_parts_are_nothing(client: AsyncClient) -> None:
    plain = await client.chat.create(model="grok-4", messages=[user("Say hello")])
    assert await client.chat.create(model="grok-4", messages=[user("", "Say hello", "")]) == plain


async def test_bad_parts(tmp_path: Path) -> None:
    missing = tmp_path / "none.png"
    wrong: list[tuple[Callable[[], object], str]] = [
        (lambda: image(), "image: needs a URL, a path or bytes, or else file_id="),
        (lambda: image(URL, file_id="file_1"), "image: needs a URL"),
        (
            lambda: image(missing),
            f"image: cannot be read: '{missing}': No such file or directory (give a URL, the path",
        ),
        (lambda: image(b"what"), "image: is of no known image type: give mime_type="),
        (lambda: image(7), "image: must be a URL, a path or bytes, not int"),  # type: ignore[arg-type]
        (lambda: file(), "file: needs exactly one of file_id=, url= and data="),
        (lambda: file("file_1", url=URL), "file: needs exactly one"),
        (lambda: file(data=missing), f"data: cannot be read: '{missing}': No such file or directory (give "),
        (lambda: user(), "content: user() needs a text or a content part"),
        (lambda: user("a", 7), "content[1]: must be a string, image(...) or file(...), not int"),  # type: ignore[arg-type]
    ]
    for make, text in wrong:
        with pytest.raises(UsageError) as caught:
            make()
        assert str(caught.value).startswith(text)
    assert image(b"what", mime_type="image/bmp").to_dict()["image_url"]["url"].startswith("data:image/bmp;base64,")
