"""Every operation on every wire that has it, and the answers of both wires side by side."""

from __future__ import annotations

from typing import Any, get_args

import attrs
import pytest

from xai_dual import AsyncClient, AsyncStream, Listing, Meta, same
from xai_dual.types.responses import InputItem

from ..facts import facts, without
from ..table import ANSWERS, BOTH, CASES, OPERATIONS, STREAMS, UNARY, Case, each, method
from .begin import carry_out, prepare

pytestmark = pytest.mark.anyio

WIRES = ("grpc", "rest")
ANY_OF = {"InputItem": get_args(InputItem)}
"""Unions, which have no type of their own."""


def test_every_operation_has_a_case() -> None:
    assert {case.op for case in CASES} == set(OPERATIONS)


def test_every_operation_has_a_method() -> None:
    client = AsyncClient(api_key="k")
    for name in OPERATIONS:
        assert callable(method(client, name))


def check_meta(meta: Meta | None, case: Case, transport: str) -> None:
    assert meta is not None
    assert (meta.transport, meta.route, meta.attempts) == (transport, case.route(transport), 1)
    assert meta.request_id
    assert meta.client_request_id
    assert meta.headers["x-request-id"] == meta.request_id
    assert all(name == name.lower() for name in meta.headers)
    assert meta.first_event_seconds is not None
    assert meta.total_seconds is not None
    assert 0 < meta.first_event_seconds <= meta.total_seconds


@pytest.mark.parametrize(("transport", "case"), each(UNARY))
async def test_unary(clients: dict[str, AsyncClient], transport: str, case: Case) -> None:
    arguments = await prepare(clients["auto"], case, {})
    answer, meta = await carry_out(clients[transport], case, arguments)
    assert case.check(answer), answer
    if answer is not None:
        check_meta(meta, case, transport)
    item = answer[0] if isinstance(answer, Listing) and answer else answer
    assert type(item).__name__ in (ANSWERS[case.op], "Listing") or isinstance(item, ANY_OF.get(ANSWERS[case.op], ()))
    facts(answer, transport)


@pytest.mark.parametrize(("transport", "case"), each(STREAMS))
async def test_stream(client: AsyncClient, transport: str, case: Case) -> None:
    stream = method(client, case.op)(**case.arguments)
    assert isinstance(stream, AsyncStream)
    chunks = [chunk async for chunk in stream]
    assert len(chunks) > 1
    assert stream.completed
    assert case.check(stream.response), stream.response
    check_meta(stream.meta, case, transport)
    assert type(stream.response).__name__ == ANSWERS[case.op]
    for value in (*chunks, stream.response):
        facts(value, transport)


@pytest.mark.parametrize("case", [case for case in BOTH if not case.streams], ids=str)
async def test_same_answer(clients: dict[str, AsyncClient], case: Case) -> None:
    """What only reads gets the same thing on both wires; what changes something has its own thing to change."""
    answers: list[Any] = []
    found = []
    made: dict[str, Any] = {}
    for transport in WIRES:
        if not case.operation.read_only or case.anew:
            made = {}
        arguments = await prepare(clients["auto"], case, made)
        answers.append((await carry_out(clients[transport], case, arguments))[0])
        found.append(facts(answers[-1], transport, case.anew, next(iter(case.operation.rest))))
    assert found[0] == found[1]
    assert same(*(without(answer, case.anew) for answer in answers))


@pytest.mark.parametrize("case", [case for case in BOTH if case.streams], ids=str)
async def test_same_stream(clients: dict[str, AsyncClient], case: Case) -> None:
    chunks: list[list[Any]] = []
    folded: list[Any] = []
    found = []
    for transport in WIRES:
        client = clients[transport]
        stream = method(client, case.op)(**case.arguments)
        chunks.append([chunk async for chunk in stream])
        folded.append(stream.response)
        found.append([*(facts(chunk, transport) for chunk in chunks[-1]), facts(folded[-1], transport)])
    assert found[0] == found[1]
    assert same(*chunks)
    assert same(*folded)


@pytest.mark.parametrize(("transport", "case"), each(STREAMS))
async def test_fold_is_the_whole_answer(client: AsyncClient, transport: str, case: Case) -> None:
    stream = method(client, case.op)(**case.arguments)
    async for _ in stream:
        pass
    whole = await method(client, case.op.replace("stream", "create"))(**case.arguments)
    assert facts(stream.response, transport) == facts(whole, transport)
    assert same(stream.response, whole)
    assert case.check(whole)


@pytest.mark.parametrize("name", ["str", "tool", "logprobs", "search"])
async def test_fold_is_equal_in_every_field(client: AsyncClient, transport: str, name: str) -> None:
    case = next(case for case in STREAMS if case.name == name)
    stream = client.chat.stream(**case.arguments)
    async for _ in stream:
        pass
    whole = await client.chat.create(**case.arguments)
    assert whole.settings is None or transport == "grpc"
    assert stream.response == attrs.evolve(whole, settings=None)  # which no chunk tells


async def test_same_sees_differences(client: AsyncClient) -> None:
    one = await client.chat.create(model="grok-4", messages="What is 101*3?")
    two = await client.chat.create(model="grok-4", messages="What is 101*3?")
    assert one == two
    assert one.meta != two.meta
    assert same(one, two)
    two.choices[0].message.content += "!"
    assert not same(one, two)
    assert one != two
    assert one.usage is not None
    other = attrs.evolve(one, usage=attrs.evolve(one.usage, total_tokens=one.usage.total_tokens + 1))
    assert not same(one, other)
    assert same(one, attrs.evolve(one, usage=attrs.evolve(one.usage, prompt_audio_tokens=99)))
