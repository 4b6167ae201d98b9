"""Errors are the same on both wires, and tell what is known."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from xai_dual import AsyncClient, OverloadedError, RateLimitError, ServerError, StreamInterrupted, XaiError
from xai_dual.emulator import Server

from ..kit import SLOW, SUM, fault, options
from .reading import all_of

pytestmark = pytest.mark.anyio

CODES = {
    "INVALID_ARGUMENT": "InvalidRequestError",
    "UNAUTHENTICATED": "AuthenticationError",
    "PERMISSION_DENIED": "PermissionDeniedError",
    "NOT_FOUND": "NotFoundError",
    "ALREADY_EXISTS": "ConflictError",
    "RESOURCE_EXHAUSTED": "RateLimitError",
    "UNAVAILABLE": "OverloadedError",
    "INTERNAL": "ServerError",
    "UNIMPLEMENTED": "ServerError",
}


@pytest.mark.parametrize("code", CODES)
async def test_need_12_one_class_on_both_wires(client: AsyncClient, code: str) -> None:
    how = fault("error", code=code, message="A word of the server.")
    with pytest.raises(XaiError) as caught:
        await client.chat.create(**SUM, headers=how, max_retries=0)
    error = caught.value
    assert type(error).__name__ == CODES[code]
    assert error.message == "A word of the server."
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert (type(other), str(other), other.meta) == (type(error), str(error), error.meta)


@pytest.mark.parametrize("after", [0, 1, 20])
async def test_need_12_errors_within_a_stream(client: AsyncClient, after: int) -> None:
    how = fault("error", code="INTERNAL", message="A word of the server.", after_chunks=after)
    stream = client.chat.stream(**SUM, headers=how, max_retries=0)
    with pytest.raises(StreamInterrupted if after else ServerError) as caught:
        await all_of(stream)
    cause = caught.value.__cause__ if after else caught.value
    assert isinstance(cause, ServerError)
    assert cause.message == "A word of the server."
    assert caught.value.meta is not None
    assert caught.value.meta.request_id
    other = pickle.loads(pickle.dumps(caught.value))
    assert (str(other), str(other.__cause__)) == (str(caught.value), str(caught.value.__cause__))


@pytest.mark.parametrize(("status", "cls"), [(503, OverloadedError), (502, ServerError), (429, RateLimitError)])
async def test_need_12_the_page_of_a_gateway(client: AsyncClient, status: int, cls: type[XaiError]) -> None:
    with pytest.raises(cls) as caught:
        await client.chat.create(**SUM, headers=fault("html", http=status), max_retries=0)
    assert type(caught.value) is cls
    assert getattr(caught.value, "http_status") == status  # noqa: B009
    assert "<html" not in str(caught.value)


async def test_need_13_facts_about_success_failure_and_early_end(
    client: AsyncClient, server: Server, key: str, transport: str
) -> None:
    answer = await client.chat.create(**SUM)
    with pytest.raises(XaiError) as caught:
        await client.chat.create(**SUM, headers=fault("error", code="NOT_FOUND"))
    async with client.chat.stream(**SLOW) as stream:
        early = stream.meta
        assert early is not None
        assert early.first_event_seconds is not None  # before the first chunk is handed out
        assert early.request_id
        await stream.__anext__()
    calls = {call.client_request_id for call in server.calls(key)}
    for meta in (answer.meta, caught.value.meta, stream.meta):
        assert meta is not None
        assert meta.transport == transport
        assert meta.route
        assert meta.request_id == meta.headers["x-request-id"]
        assert meta.client_request_id in calls
        assert meta.attempts == 1
        assert meta.total_seconds is not None


async def test_need_13_how_long_connecting_took(server: Server, key: str, transport: str) -> None:
    """Only the call that had to wait for it says so: this client's settings are its own, and so are its connections."""
    async with AsyncClient(**options(server, transport, key, max_connections=77)) as client:
        first, second = await client.chat.create(**SUM), await client.chat.create(**SUM)
        async with client.chat.stream(**SUM) as stream:
            pass
    for late in (second.meta, stream.meta):
        assert late is not None
        assert late.connect_seconds is None
    assert first.meta is not None
    assert first.meta.connect_seconds is not None
    assert first.meta.total_seconds is not None
    assert 0 < first.meta.connect_seconds < first.meta.total_seconds


async def test_need_13_connecting_by_an_attempt_that_fails(server: Server, key: str, transport: str) -> None:
    async with AsyncClient(**options(server, transport, key, max_connections=78)) as client:
        with pytest.raises(XaiError) as caught:
            await client.chat.create(**SUM, headers=fault("error", code="NOT_FOUND"))
    assert caught.value.meta is not None
    assert caught.value.meta.connect_seconds is not None


async def test_need_16_what_one_wire_lacks_is_refused_before_sending(
    client: AsyncClient, server: Server, key: str, transport: str
) -> None:
    foreign: dict[str, Any] = {"logit_bias": {"1": 1.0}} if transport == "grpc" else {"agent_count": 4}
    with pytest.raises(XaiError) as caught:
        await client.chat.create(**SUM, **foreign)
    assert type(caught.value).__name__ == "UnsupportedOnTransport"
    assert caught.value.attempts == 0
    assert not server.calls(key)
