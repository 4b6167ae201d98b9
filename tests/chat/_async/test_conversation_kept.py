"""Conversations in files, over other clients, and condensed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xai_dual import AsyncClient, AsyncConversation, NotFoundError, UsageError, file, image, tool_result
from xai_dual.emulator import Server
from xai_dual.types.chat import Message
from xai_dual.types.tools import WebSearch

from ..tools import get_time, get_weather
from ..ways import AGENT, COMPLETIONS, GRPC, RESPONSES, WAYS, anew, fault, settings, unsent
from .test_conversation import EITHER, begin, roles, streamed

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8
MANY = "How many messages are there?"
BOTH = 'Call get_time for "Paris" and get_weather for "Oslo"'


@EITHER
async def test_saved_and_loaded(clients: dict[str, AsyncClient], stored: bool, way: str, tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    chat = begin(clients[way], stored, system="Sei kurz, bitte. 日本語", tools=[get_time, get_weather])
    text = anew("Say naïve 😀")
    await chat.send(text)
    await chat.run(BOTH)
    chat.save(path)
    plain = json.loads(path.read_text("utf-8"))
    assert [message["role"] for message in plain["messages"]] == [message.role for message in chat.messages]
    assert "日本語" in path.read_text("utf-8")
    for other in AGENT if stored else WAYS:
        again = begin(clients[other], tools=[get_time, get_weather])
        again.load(str(path))
        assert again.messages == chat.messages
        assert (again.stored, again.last_response_id) == (stored, chat.last_response_id)
        assert again.to_dict() == chat.to_dict()
        assert (await again.send(MANY)).text == "There are 9 messages so far."
        assert (await again.send("What did I say first?")).text == text
    assert roles(chat) == "suauatta", "the first one stays as it is"


async def test_all_sorts_of_messages(client: AsyncClient, way: str, tmp_path: Path) -> None:
    chat = begin(client)
    parts: list[Any] = [image(PNG), image("https://example.com/a.png"), file("file_1")]
    await chat.send("Look", *(parts if way == COMPLETIONS else [*parts, file(data=b"\0\xff", filename="a.bin")]))
    chat.save(tmp_path / "chat.json")
    again = begin(client)
    again.load(tmp_path / "chat.json")
    assert again.messages == chat.messages
    assert (await again.send("Look again")).text == (await chat.send("Look again")).text


async def test_saved_over_what_was_there(client: AsyncClient, tmp_path: Path) -> None:
    chat = begin(client)
    for text in ("Say one", "Say two"):
        await chat.send(text)
        chat.save(tmp_path / "chat.json")
    again = begin(client, system="Another one.")
    again.load(tmp_path / "chat.json")
    assert roles(again) == "uaua"


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"messages": 7}', '{"messages": [7]}', "\xff{"])
async def test_no_conversation(client: AsyncClient, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "chat.json"
    if content is not None:
        path.write_bytes(content.encode("latin-1"))
    chat = begin(client, system="Be brief.")
    with pytest.raises(UsageError, match=r"cannot be read|is no conversation") as caught:
        chat.load(path)
    assert caught.value.field in ("path", "data")
    assert roles(chat) == "s"


async def test_restored(client: AsyncClient) -> None:
    chat = begin(client)
    chat.restore({"messages": [{"role": "user", "content": "Say one"}, {"role": "assistant", "content": "one"}]})
    assert (chat.stored, chat.last_response_id, roles(chat)) == (False, None, "ua")
    assert (await chat.send("What did I say first?")).text == "Say one"
    odd = {"messages": [], "stored": "yes", "last_response_id": 7, "sent": "many", "later": [1]}
    chat.restore(odd)
    assert chat.to_dict() == {"messages": [], "stored": False, "last_response_id": None, "sent": 0}


WITHIN = [
    (GRPC, RESPONSES, GRPC),
    (GRPC, COMPLETIONS, GRPC),
    (RESPONSES, GRPC, RESPONSES),
    (COMPLETIONS, GRPC, RESPONSES),
]


@pytest.mark.parametrize("path", WITHIN, ids="-".join)
@pytest.mark.parametrize("stored", [False, True], ids=["sent", "stored"])
async def test_other_clients_in_the_middle(
    clients: dict[str, AsyncClient], path: tuple[str, ...], stored: bool
) -> None:
    if stored and COMPLETIONS in path:
        return
    chat = begin(clients[path[0]], stored, system="Be brief.", tools=[get_time, get_weather])
    text = anew("Say the first thing")
    await chat.send(text)
    chat = chat.use(clients[path[1]])
    done = await chat.run(BOTH)
    assert done.response.meta is not None
    assert done.response.meta.transport == ("grpc" if path[1] == GRPC else "rest")
    first = await chat.send('Call get_time for "Rome"')
    chat = chat.use(clients[path[2]])
    chat.append(tool_result("noon", tool_call_id=first.tool_calls[0].id))
    assert await streamed(chat) == "get_time returned: noon."
    assert (await chat.send("What did I say first?")).text == text
    assert (await chat.send(MANY)).text == "There are 15 messages so far."
    assert roles(chat) == "suauattauatauaua"


@pytest.mark.parametrize(("way", "other"), [(GRPC, RESPONSES), (RESPONSES, GRPC)])
async def test_sealed_reasoning_and_runs_move_over(clients: dict[str, AsyncClient], way: str, other: str) -> None:
    chat = begin(clients[way], tools=[WebSearch()], use_encrypted_content=True)
    await chat.send("Search the web for cats")
    moved = chat.use(clients[other])
    assert (await moved.send(MANY)).text == "There are 3 messages so far."
    assert all(message.encrypted_content for message in moved.messages[1::2])


async def test_only_clients_of_the_same_kind(client: AsyncClient, server: Server) -> None:
    for wrong in (None, "grpc", client.chat, object()):
        with pytest.raises(UsageError, match="must be a client") as caught:
            begin(client).use(wrong)  # type: ignore[arg-type]
        assert caught.value.field == "client"
    async with AsyncClient(**settings(server, "auto")) as other:
        assert (await begin(client).use(other.with_options(timeout=9)).send("Say hello")).text == "hello"


def sealed(chat: AsyncConversation) -> list[str]:
    """What the messages are, condensed ones marked."""
    return ["…" if message.encrypted_content and not message.content else message.role for message in chat.messages]


@pytest.mark.parametrize("way", AGENT)
@pytest.mark.parametrize("stored", [False, True], ids=["sent", "stored"])
async def test_condensed(client: AsyncClient, stored: bool) -> None:
    chat = begin(client, stored, system=anew("Be brief."))
    await chat.send("Say " + "word " * 50)
    await chat.send("Say the second thing")
    long = (await chat.send("Say hello")).usage
    made = await chat.compact()
    assert made.dropped_message_count == 7
    assert sealed(chat) == ["…", "system"]
    assert chat.last_response_id is None
    answer = await chat.send("Say hello")
    assert answer.text == "hello"
    assert long is not None
    assert answer.usage is not None
    assert answer.usage.prompt_tokens < long.prompt_tokens
    assert await streamed(chat, "Say on") == "on"
    assert sealed(chat) == ["…", "system", "user", "assistant", "user", "assistant"]


@pytest.mark.parametrize("way", AGENT)
async def test_condensed_again(client: AsyncClient) -> None:
    """Instructions outlive it, word for word, however often."""
    chat = begin(client, system="Be brief.", history=[Message(role="developer", content="Be kind."), "Say one"])
    for _ in range(3):
        await chat.compact()
        assert sealed(chat) == ["…", "system", "developer"]
        assert [message.content for message in chat.messages[1:]] == ["Be brief.", "Be kind."]
        await chat.send("Say more")
    only = begin(client, system="Be brief.")
    await only.compact()
    assert sealed(only) == ["…", "system"]


@pytest.mark.parametrize("way", AGENT)
async def test_condensed_and_moved(clients: dict[str, AsyncClient], client: AsyncClient, tmp_path: Path) -> None:
    chat = begin(client)
    await chat.send("Say one")
    await chat.compact()
    chat.save(tmp_path / "chat.json")
    for way in AGENT:
        moved = begin(clients[way])
        moved.load(tmp_path / "chat.json")
        assert (await moved.send("Say two")).text == "two"
        assert sealed(moved) == ["…", "user", "assistant"]


@pytest.mark.parametrize("way", AGENT)
@pytest.mark.parametrize("stored", [False, True], ids=["sent", "stored"])
async def test_condensed_by_itself(client: AsyncClient, stored: bool) -> None:
    chat = begin(client, stored, system=anew("Be brief."), compact_above=60)
    await chat.send("Say hello")
    await chat.send("Say " + "word " * 80)
    assert sealed(chat) == ["system", "user", "assistant", "user", "assistant"], "after the answer, not before"
    assert (await chat.send("Say on")).text == "on"
    assert sealed(chat) == ["…", "system", "user", "assistant"]


@pytest.mark.parametrize("way", AGENT)
async def test_condensed_by_itself_before_streams_and_runs(client: AsyncClient) -> None:
    for go_on in ("stream", "run"):
        chat = begin(client, system="Be brief.", compact_above=60, tools=[get_time])
        await chat.send("Say " + "word " * 80)
        if go_on == "stream":
            assert await streamed(chat, "Say on") == "on"
            assert sealed(chat) == ["…", "system", "user", "assistant"]
        else:
            assert (await chat.run('Call get_time for "Rome"')).text == "get_time returned: noon in Rome."
            assert sealed(chat) == ["…", "system", "user", "assistant", "tool", "assistant"]


@pytest.mark.parametrize("way", AGENT)
async def test_condensed_by_itself_after_a_move(clients: dict[str, AsyncClient], client: AsyncClient) -> None:
    chat = begin(client, compact_above=60)
    await chat.send("Say " + "word " * 80)
    moved = chat.use(clients["auto"])
    await moved.send("Say on")
    assert sealed(moved) == ["…", "user", "assistant"]


async def test_condensing_that_fails(server: Server, way: str) -> None:
    broken = fault(action="error", code="INTERNAL", message="oh")
    async with AsyncClient(**settings(server, way, max_retries=0)) as client:
        chat = begin(client, history=["Say one"], headers=broken)
        with pytest.raises(Exception, match="oh"):
            await chat.compact()
        assert sealed(chat) == ["user"]
        lost = begin(client, history=["Say one"]).use(client)
        lost.last_response_id, lost.stored = "none", True
        with pytest.raises((NotFoundError, UsageError)):
            await lost.send("Hello")
        assert roles(lost) == "u"
    async with AsyncClient(**unsent(way)) as client:
        with pytest.raises(UsageError, match="messages: is nothing to condense"):
            await begin(client).compact()
