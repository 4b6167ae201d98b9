"""Answers of a shape that no definition has, hints of when to try again, and faults that are refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from google.protobuf.unknown_fields import UnknownFieldSet

from xai_dual.emulator import Server
from xai_dual.emulator.faults import ACTIONS, parse

from .callers import CHAT, GIVEN, Caller
from .callers import caller as one_caller


@pytest.fixture(params=[False, True])
def caller(server: Server, wire: str, request: pytest.FixtureRequest) -> Iterator[Caller]:
    with one_caller(server, wire, request.param) as made:
        yield made


def is_unknown(message: Any) -> bool:
    """Whether it has a field that no definition has."""
    return "emulator_unknown" in message if isinstance(message, dict) else len(UnknownFieldSet(message)) > 0


def test_unknown_field(caller: Caller) -> None:
    caller.inject(action="unknown_field")
    assert all(map(is_unknown, caller.ask()))
    assert not any(map(is_unknown, caller.ask()))
    assert [call.outcome for call in caller.ended(2)] == ["finished", "finished"]


def test_unknown_enum(caller: Caller) -> None:
    caller.inject(action="unknown_enum")
    part = "delta" if caller.stream else "message"
    changed, usual = caller.ask(), caller.ask()
    if caller.wire == "rest":
        assert changed[-1]["choices"][0]["finish_reason"] == "emulator_unknown"
        assert {answer["choices"][0][part].get("role", "emulator_unknown") for answer in changed} == {
            "emulator_unknown"
        }
        assert usual[-1]["choices"][0]["finish_reason"] == "stop"
    else:
        ends = [answer.outputs[0].finish_reason for answer in changed]
        assert ends[-1] == 99
        assert 99 in [getattr(answer.outputs[0], part).role for answer in changed]
        assert usual[-1].outputs[0].finish_reason != 99


def test_oversize(caller: Caller) -> None:
    caller.inject(action="oversize", bytes=5 << 20, after_chunks=1 if caller.stream else 0)
    got = caller.ask()
    sizes = [len(json.dumps(item)) if isinstance(item, dict) else len(item.SerializeToString()) for item in got]
    assert [size > 5 << 20 for size in sizes] == [
        position == (1 if caller.stream else 0) for position in range(len(got))
    ]


def test_a_caller_may_leave_an_oversize_answer(server: Server, wire: str) -> None:
    key = f"{server.api_key}/oversize-{wire}"
    server.inject(action="oversize", key=key)
    with one_caller(server, wire) as caller:
        caller.key = key
        if wire == "rest":
            headers = {"authorization": f"Bearer {key}"}
            with caller.client.stream("POST", CHAT, json=GIVEN, headers=headers) as answer:
                next(answer.iter_raw())
        else:
            channel = grpc.insecure_channel(server.target, options=[("grpc.use_local_subchannel_pool", 1)])
            caller.channel, usual = channel, caller.channel
            usual.close()
            assert caller.code() == "RESOURCE_EXHAUSTED"  # larger than grpc takes
        (call,) = caller.ended()
        assert call.outcome == "cancelled"


@pytest.mark.parametrize("after_chunks", [0, 2])
def test_unknown_event(server: Server, wire: str, after_chunks: int) -> None:
    with one_caller(server, wire, stream=True) as caller:
        usual = len(caller.ask())
        caller.inject(action="unknown_event", after_chunks=after_chunks)
        got = caller.ask()
    assert len(got) == usual + 1
    if wire == "rest":
        assert [item for item in got if "type" in item] == [got[after_chunks]] == [{"type": "emulator.unknown"}]
    else:
        assert [is_unknown(item) for item in got] == [position == after_chunks for position in range(len(got))]
        assert not got[after_chunks].ListFields()


def test_unknown_event_has_its_name(rest: httpx.Client) -> None:
    headers = {"x-emulator-fault": '{"action": "unknown_event"}'}
    text = rest.post("/v1/responses", json={"model": "grok-4", "input": "Say a", "stream": True}, headers=headers).text
    assert text.startswith('event: emulator.unknown\ndata: {"type":"emulator.unknown"}\n\nevent: response.created\n')


def test_retry_info(server: Server, wire: str) -> None:
    with one_caller(server, wire) as caller:
        hints = {"retry-after-ms": "1500", "grpc-retry-pushback-ms": "1500"}
        caller.inject(code="RESOURCE_EXHAUSTED", message="Slow.", retry_info=1.5, headers=hints)
        error = caller.error()
    if wire == "rest":
        assert error.response.headers["retry-after"] == "2"
        assert error.response.headers["retry-after-ms"] == "1500"
        return
    trailers = dict(error.trailing_metadata())
    assert trailers["grpc-retry-pushback-ms"] == "1500"
    details = trailers["grpc-status-details-bin"]
    status = fields(details)
    assert (status[1], status[2]) == (8, b"Slow.")
    info = AnyMessage.FromString(status[3])
    assert info.type_url == "type.googleapis.com/google.rpc.RetryInfo"
    assert Duration.FromString(fields(info.value)[1]).ToMilliseconds() == 1500


def fields(data: bytes) -> dict[int, Any]:
    found: Any = UnknownFieldSet(Empty.FromString(data))
    return {field.field_number: field.data for field in found}


def wrong(**spec: Any) -> str:
    with pytest.raises(Exception, match="A fault") as caught:
        parse(json.dumps(spec))
    return str(caught.value)


def test_wrong_specs_say_what_is_allowed(server: Server) -> None:
    with pytest.raises(ValueError, match="slow_reader"):
        server.inject(action="explode")
    for action in ACTIONS:
        assert action in wrong(action="explode")
        parse(json.dumps({"action": action}))
    assert "gap_ms" in wrong(speed=1)
    assert "action is drip" in wrong(gap_ms=3)
    assert "action is goaway" in wrong(action="drop", processed=True)
    assert "takes no after_chunks" in wrong(action="drop", after_chunks=2)
    for spec in ({"times": -1}, {"times": True}, {"delay_ms": "5"}, {"action": "goaway", "processed": 1}):
        assert "properties" in wrong(**spec)


def test_a_wrong_header_is_refused_on_both_wires(server: Server, wire: str) -> None:
    with one_caller(server, wire) as caller:
        error = caller.error(headers={"x-emulator-fault": '{"action": "explode"}'})
        told = error.response.json()["error"] if wire == "rest" else error.details()
        assert told.startswith("A fault has an action of error, reset, close")
        assert [(call.started, call.outcome) for call in caller.ended()] == [(None, "failed")]
