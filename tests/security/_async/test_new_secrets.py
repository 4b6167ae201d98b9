"""Secrets that a call makes or sends on to others: the caller gets them, and they are shown nowhere."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from xai_dual import AsyncClient, Hooks, UsageError, XaiError
from xai_dual.emulator import Server
from xai_dual.model import Listing
from xai_dual.types.management import ManagementApiKey
from xai_dual.types.tools import MCP

from ...faults.kit import SUM, fault, options
from ..hunt import CANARY

pytestmark = pytest.mark.anyio


def shown(*things: Any) -> str:
    """All that a print, a log or a debugger makes of things."""
    return " ".join(f"{thing} {thing!r} {[thing]} {({'a': thing},)} {Listing([thing])}" for thing in things)


async def test_need_26_keys_that_are_made(server: Server, key: str) -> None:
    seen: list[Any] = []
    hooks = Hooks(on_response=seen.append)
    async with AsyncClient(**options(server, "rest", key, hooks=hooks)) as client:
        team = (await client.management.validate()).scope_id or ""
        made = await client.management.api_keys.create(team_id=team, name="a")
        again = await client.management.api_keys.rotate(api_key_id=made.api_key_id or "")
        token = await client.voice.realtime.create_secret()
    for answer, secret in ((made, made.api_key), (again, again.api_key), (token, token.value)):
        assert secret
        assert secret not in shown(answer, answer.meta, *seen, *(event.result for event in seen))
        assert "[secret]" in repr(answer)
        for same in (
            pickle.loads(pickle.dumps(answer)),
            copy.deepcopy(answer),
            type(answer).from_dict(answer.to_dict()),
        ):
            assert same == answer
        assert secret in str(answer.to_dict())
    assert made.api_key != again.api_key
    assert made.redacted_api_key
    assert made.redacted_api_key in repr(made)


@pytest.mark.parametrize("tool", [MCP, dict])
async def test_need_26_keys_for_others(server: Server, key: str, transport: str, tool: Any) -> None:
    """An MCP server's, in requests that come to nothing."""
    seen: list[Any] = []
    given = {"server_url": "https://mcp.test", "authorization": CANARY}
    headers = {"x-key": CANARY}
    as_dict = {"type": "mcp", **given, "headers": headers}
    tools: list[Any] = [as_dict if tool is dict else MCP(**given, extra_headers=headers)]
    hooks = Hooks(on_request=seen.append, on_response=seen.append)
    errors: list[XaiError] = []
    async with AsyncClient(**options(server, transport, key, hooks=hooks, max_retries=0)) as client:
        for more in (
            {"headers": fault("error", code="INVALID_ARGUMENT", message="A word.")},
            {"headers": fault("close")},
            {"temperature": "hot"},
        ):
            with pytest.raises(XaiError) as caught:
                await client.chat.create(**SUM, tools=tools, **more)
            errors.append(caught.value)
    assert isinstance(errors[-1], UsageError)
    requests = [event.request for event in seen]
    assert len(requests) >= 4
    assert CANARY not in shown(*errors, *seen, *requests, *(vars(error) for error in errors))
    assert "[secret]" in repr(requests[0])


async def test_need_26_keys_that_come_back(server: Server, key: str) -> None:
    """A caller hands the new key on to another call."""
    async with AsyncClient(**options(server, "rest", key)) as client:
        team = (await client.management.validate()).scope_id or ""
        made = await client.management.api_keys.create(team_id=team, name="a")
        settings: Any
        for settings in (ManagementApiKey(name="b", api_key=CANARY), {"name": "b", "apiKey": CANARY}):
            with pytest.raises(XaiError) as caught:
                await client.management.api_keys.update(
                    api_key_id=made.api_key_id or "", api_key=settings, field_mask="none"
                )
            assert CANARY not in shown(caught.value, vars(caught.value))
