"""What cannot be sent fails at once, with the place and what to do, alike on all ways."""

from __future__ import annotations

import json
import pickle
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from xai_dual import AsyncClient, UsageError, file, image, tool, tool_result, user

from ..shapes import Person
from ..tools import get_time
from ..ways import WAYS, unsent
from ..wrong import WRONG

pytestmark = pytest.mark.anyio

ASK: dict[str, Any] = {"model": "grok-4", "messages": "Hi"}


@pytest.fixture
async def client(way: str) -> AsyncIterator[AsyncClient]:
    """A client that nothing listens to: what gets as far as sending is a ConnectError."""
    async with AsyncClient(**unsent(way)) as client:
        yield client


@pytest.mark.parametrize("name", WRONG)
async def test_fails_at_once(client: AsyncClient, name: str) -> None:
    given, field, text = WRONG[name]
    with pytest.raises(UsageError) as caught:
        await client.chat.create(**{**ASK, **given})
    error = caught.value
    assert type(error) is UsageError
    assert error.field == field
    assert str(error).startswith(f"{field}: ")
    assert text in str(error)
    assert error.attempts == 0
    twin = pickle.loads(pickle.dumps(error))
    assert (str(twin), twin.field) == (str(error), field)


@pytest.mark.parametrize("name", WRONG)
async def test_every_call_fails_alike(client: AsyncClient, name: str) -> None:
    given, field, text = WRONG[name]
    request = {**ASK, **given}
    with pytest.raises(UsageError) as caught:
        await client.chat.stream(**request).__aenter__()
    assert (caught.value.field, text in str(caught.value)) == (field, True)
    if "response_format" not in given:
        with pytest.raises(UsageError) as caught:
            await client.chat.parse(**request, schema=Person)
        assert (caught.value.field, text in str(caught.value)) == (field, True)
        with pytest.raises(UsageError) as caught:
            await client.chat.parse_stream(**request, schema=Person).__aenter__()
        assert (caught.value.field, text in str(caught.value)) == (field, True)
    with pytest.raises(UsageError) as caught:
        await client.chat.run(**{"tools": [get_time], **request})
    assert str(caught.value).startswith(caught.value.field or "?")


async def test_equal_on_all_ways() -> None:
    clients = [AsyncClient(**unsent(way)) for way in (*WAYS, "rest", "auto")]
    for name, (given, _, _) in WRONG.items():
        said = set()
        for client in clients:
            with pytest.raises(UsageError) as caught:
                await client.chat.create(**{**ASK, **given})
            said.add(str(caught.value))
        # which tools there are is another matter on each way
        assert len(said) == 1 or name == "a tool of 7", said
    for client in clients:
        await client.aclose()


async def test_required_arguments(client: AsyncClient) -> None:
    for missing in ("model", "messages"):
        given = {**ASK, missing: None}
        less = {name: value for name, value in ASK.items() if name != missing}
        for call in (client.chat.create, client.chat.run):
            for request in (given, less):
                with pytest.raises(UsageError, match=f"needs {missing}="):
                    await call(**{"tools": [get_time], **request})
        with pytest.raises(UsageError, match=f"needs {missing}="):
            client.chat.stream(**less)


async def test_unknown_arguments(client: AsyncClient) -> None:
    with pytest.raises(TypeError, match="temprature"):
        await client.chat.create(**ASK, temprature=1.0)  # type: ignore[call-arg]


async def test_files_that_are_not_there(client: AsyncClient, tmp_path: Path) -> None:
    missing = tmp_path / "none.png"
    with pytest.raises(UsageError, match=r"image: cannot be read: .*none.png.*give a URL") as caught:
        await client.chat.create(model="grok-4", messages=[user("Look", image(missing))])
    assert caught.value.field == "image"
    with pytest.raises(UsageError, match=r"image: cannot be read: .*No such file"):
        image("htps://example.com/a.png")
    with pytest.raises(UsageError, match=r"data: cannot be read: .*none.png"):
        file(data=missing)
    with pytest.raises(UsageError, match="image: cannot be read"):
        image(tmp_path)


async def test_helpers(client: AsyncClient) -> None:
    with pytest.raises(UsageError, match="name: is required: the name that the model calls the function by"):
        await client.chat.create(**ASK, tools=[tool("")])
    with pytest.raises(UsageError, match="parameters: must be a JSON schema as a dict, not str"):
        tool("f", None, '{"type": "object"}')  # type: ignore[call-overload]
    with pytest.raises(UsageError, match="parameters: are those of the function's signature"):
        tool(get_time, None, {})  # type: ignore[call-overload]
    with pytest.raises(UsageError, match="tool_call_id: is required"):
        tool_result("x", tool_call_id="")
    with pytest.raises(UsageError, match="content: cannot be written as JSON"):
        tool_result(object(), tool_call_id="call_1")


async def test_values_that_json_has_not(client: AsyncClient, way: str) -> None:
    given = tool("f", None, {"type": "object", "properties": {"a": {"default": object()}}})
    with pytest.raises(UsageError, match="not JSON serializable: object") as caught:
        await client.chat.create(**ASK, tools=[given])
    if way == "grpc":
        assert caught.value.field == "tools[0].function.parameters"


async def test_nothing_is_sent_before_it_is_checked(client: AsyncClient) -> None:
    """Also in a conversation, whose history then is as it was."""
    chat = client.chat.conversation(model="grok-4", temperature="warm")  # type: ignore[arg-type]
    for call in (chat.send, chat.run):
        with pytest.raises(UsageError, match="temperature: must be a number"):
            await call("Hi")
    with pytest.raises(UsageError, match="temperature: must be a number"):
        await chat.stream("Hi").__aenter__()
    assert chat.messages == []


async def test_long_values_are_cut(client: AsyncClient) -> None:
    long = "x" * 100_000
    with pytest.raises(UsageError) as caught:
        await client.chat.create(**ASK, tools=[{"type": "function", "function": {"name": "f", "parameters": long}}])
    assert len(str(caught.value)) < 1000
    assert json.dumps(str(caught.value))
