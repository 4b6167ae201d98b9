"""Calls and fields that one wire lacks: refused before anything is sent, or sent over the wire that has them."""

from __future__ import annotations

import pickle
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from xai_dual import ApiError, AsyncClient, UnsupportedOnTransport, UsageError, types
from xai_dual.emulator import Server

from ..case import resolved
from ..facts import DEAD, dead, options
from ..one_sided_cases import NESTED, ONE_SIDED
from ..table import ANSWERS, CASES, OPERATIONS, Case, method
from .begin import carry_out

pytestmark = pytest.mark.anyio

ONE_WIRE = [case for case in CASES if len(case.wires) == 1]
FIELDS = [(name, field) for name, (_, fields) in ONE_SIDED.items() for field in fields]
WIRES = ("grpc", "rest")


def other(transport: str) -> Any:
    return "rest" if transport == "grpc" else "grpc"


def call_of(request: str, *fields: str) -> tuple[str, dict[str, Any]]:
    base, known = ONE_SIDED[request]
    arguments = {name: value for name, value in base.items() if name != "op"}
    return base["op"], {**arguments, **{field: known[field][1] for field in fields}}


def test_the_table_is_complete() -> None:
    found = {}
    for item in iter_modules(types.__path__):
        module = import_module(f"{types.__name__}.{item.name}")
        for name, cls in vars(module).items():
            if name.endswith(("Request", "Upload")) and getattr(cls, "one_sided", None):
                found[name] = dict(cls.one_sided)
    assert found == {
        name: {field: wire for field, (wire, _) in fields.items()} for name, (_, fields) in ONE_SIDED.items()
    }


def refused(error: UnsupportedOnTransport, transport: str, name: str) -> None:
    assert error.transport == transport
    assert error.field == name
    assert error.attempts == 0
    assert str(error).startswith(f"{name}: cannot be sent over {transport}")
    assert isinstance(error, UsageError)
    assert isinstance(error, ValueError)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.transport) == (str(error), transport)


async def tried(client: AsyncClient, case: Case) -> Any:
    """The facts about a call with any arguments, of a stream after its first event."""
    arguments = resolved(case.arguments, None)
    if case.streams:
        async with method(client, case.op)(**arguments) as stream:
            return stream.meta
    return (await carry_out(client, case, arguments))[1]


@pytest.mark.parametrize("case", ONE_WIRE, ids=str)
async def test_calls(case: Case) -> None:
    transport = other(case.wires[0])
    async with AsyncClient(**dead(transport)) as client:
        with pytest.raises(UnsupportedOnTransport) as caught:
            await tried(client, case)
    refused(caught.value, transport, case.op)


@pytest.mark.parametrize(("request_type", "field"), FIELDS)
async def test_fields(request_type: str, field: str) -> None:
    op, arguments = call_of(request_type, field)
    transport = other(ONE_SIDED[request_type][1][field][0])
    async with AsyncClient(**dead(transport)) as client:
        with pytest.raises(UnsupportedOnTransport) as caught:
            await carry_out(client, Case(op, "", arguments, bool), arguments)
        refused(caught.value, transport, field)
        streaming = op.replace("create", "stream")
        if streaming in OPERATIONS and streaming != op:
            with pytest.raises(UnsupportedOnTransport) as caught:
                await method(client, streaming)(**arguments).__aenter__()
            refused(caught.value, transport, field)


@pytest.mark.parametrize(("path", "wire", "arguments"), NESTED)
async def test_nested_fields(server: Server, path: str, wire: str, arguments: dict[str, Any]) -> None:
    async with AsyncClient(**dead(other(wire))) as client:
        given = dict(arguments)
        op = given.pop("op", "chat.create")
        with pytest.raises(UnsupportedOnTransport) as caught:
            await method(client, op)(**given)
        refused(caught.value, other(wire), path)
    async with AsyncClient(**options(server, "auto")) as client:
        assert await wire_of(client, op, given) == wire


async def test_extra_body() -> None:
    async with AsyncClient(**dead("grpc")) as client:
        with pytest.raises(UnsupportedOnTransport, match="extra_body"):
            await client.chat.create(model="grok-4", messages="Hi", extra_body={"x": 1})


async def wire_of(client: AsyncClient, op: str, arguments: dict[str, Any]) -> str:
    """The wire that carried a call, whatever the service said about it."""
    try:
        meta = await tried(client, Case(op, "", arguments, bool))
    except ApiError as error:
        meta = error.meta
    return str(meta.transport)


@pytest.mark.parametrize("case", [case for case in ONE_WIRE if ANSWERS[case.op] != "NoneType"], ids=str)
async def test_auto_picks_the_wire_of_a_call(clients: dict[str, AsyncClient], case: Case) -> None:
    assert await wire_of(clients["auto"], case.op, resolved(case.arguments, None)) == case.wires[0]


@pytest.mark.parametrize(("request_type", "field"), FIELDS)
async def test_auto_picks_the_wire_of_a_field(clients: dict[str, AsyncClient], request_type: str, field: str) -> None:
    wire = ONE_SIDED[request_type][1][field][0]
    assert await wire_of(clients["auto"].with_options(max_retries=0), *call_of(request_type, field)) == wire


async def test_auto_without_reason_is_grpc(server: Server) -> None:
    async with AsyncClient(**options(server, "auto")) as client:
        answer = await client.chat.create(model="grok-4", messages="Hi")
        assert answer.meta is not None
        assert answer.meta.transport == "grpc"
        stream = client.chat.stream(model="grok-4", messages="Hi", prompt_cache_key="k")
        async with stream:
            assert stream.meta is not None
            assert stream.meta.transport == "rest"
        answer = await client.chat.create(model="grok-4", messages="Hi", extra_body={"x": 1})
        assert answer.meta is not None
        assert answer.meta.transport == "rest"


@pytest.mark.parametrize("request_type", ["ChatRequest", "SampleRequest", "ImageRequest"])
async def test_no_wire_has_both(request_type: str) -> None:
    known = ONE_SIDED[request_type][1]
    one_each = [next(field for field in known if known[field][0] == wire) for wire in WIRES]
    op, arguments = call_of(request_type, *one_each)
    async with AsyncClient(**dead("auto")) as client:
        with pytest.raises(UnsupportedOnTransport) as caught:
            await method(client, op)(**arguments)
    assert caught.value.field in one_each


@pytest.mark.parametrize("prefix", ["/proxy", "/proxy/v1"])
async def test_auto_below_a_path_is_rest(prefix: str) -> None:
    async with AsyncClient(**dead("auto", DEAD + prefix)) as client:
        with pytest.raises(UnsupportedOnTransport) as caught:
            await client.chat.create(model="grok-4", messages="Hi", agent_count="4")
    assert caught.value.transport == "rest"
