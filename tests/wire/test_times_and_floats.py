"""Times in all their spellings, and numbers that are 32-bit floats on one wire."""

from __future__ import annotations

import struct
from array import array
from datetime import date, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_dual import _check
from xai_dual.errors import UsageError
from xai_dual.model import same
from xai_dual.types.auth import ApiKey
from xai_dual.types.chat import ChatCompletion, ChatRequest, SearchParameters, TopLogProb
from xai_dual.types.embeddings import Embedding
from xai_dual.types.images import FileOutput

from .project import API, deep, message, proto_function
from .test_checks import chat, to_grpc, to_rest
from .values import singles

UTC = timezone.utc


def decoded(name: str, written: Any) -> Any:
    return proto_function("decode", API.models[name])(written)


# --- times ------------------------------------------------------------------------------------------------------------

MOMENT = datetime(2026, 1, 31, 12, 30, 15, tzinfo=UTC)
MICROS = MOMENT.replace(microsecond=123456)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T12:30:15Z", MOMENT),
        ("2026-01-31T12:30:15z", MOMENT),
        ("2026-01-31t12:30:15z", MOMENT),
        ("2026-01-31 12:30:15Z", MOMENT),
        ("2026-01-31T12:30:15", MOMENT),
        ("2026-01-31T12:30:15+00:00", MOMENT),
        ("2026-01-31T14:30:15+02:00", MOMENT),
        ("2026-01-31T07:00:15-05:30", MOMENT),
        ("2026-01-31T12:30:15.1Z", MOMENT.replace(microsecond=100000)),
        ("2026-01-31T12:30:15.123456Z", MICROS),
        ("2026-01-31T12:30:15.123456789Z", MICROS),
        ("2026-01-31T12:30:15.123456999999+00:00", MICROS),
        ("2026-01-31T13:30:15.1234+01:00", MOMENT.replace(microsecond=123400)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999999Z", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_rfc3339(text: str, expected: datetime) -> None:
    key = ApiKey.from_dict({"create_time": text})
    assert key.create_time == expected
    assert key.create_time is not None
    assert key.create_time.tzinfo is not None
    assert key.extra is None
    assert ApiKey.from_dict(key.to_dict()).create_time == expected


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "yesterday", "2026-13-01", "2026-02-30", "2026-01-31T25:00:00Z", "2026-01-31T12:30:60Z", "12:30:15Z",
        "2026-01-31T12:30:15.Z.", "2026-01-31T12:30:15+99:00", "10000-01-01T00:00:00Z", "2026-01-31T", "T", "Z", "...",
        "2026-01-31T12:30:15ZZ",
    ],
)  # fmt: skip
def test_what_is_no_time_is_kept(text: str) -> None:
    key = ApiKey.from_dict({"create_time": text})
    assert key.create_time is None
    assert key.extra == {"create_time": text}
    assert key.to_dict()["create_time"] == text


@deep
@given(text=st.text(alphabet="0123456789-:.TZtz+ W", max_size=30))
def test_any_text_as_time(text: str) -> None:
    key = ApiKey.from_dict({"create_time": text})
    assert (key.create_time is None) == (key.extra is not None)
    again = ApiKey.from_dict(key.to_dict())
    assert again.create_time == key.create_time


@deep
@given(moment=st.datetimes(timezones=st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m)))))
def test_times_with_any_offset(moment: datetime) -> None:
    key = ApiKey.from_dict({"create_time": moment.isoformat()})
    assert key.create_time == moment
    assert ApiKey.from_dict(orjson.loads(orjson.dumps(key.to_dict()))) == key


@pytest.mark.parametrize(
    "seconds", [-(2**63), -62135596801, -62135596800, -1, 0, 253402300799, 253402300800, 2**63 - 1]
)
@pytest.mark.parametrize("nanos", [-(2**31), -1, 0, 999, 999_999_999, 2**31 - 1])
def test_any_timestamp(seconds: int, nanos: int) -> None:
    written = message("xai_api.ApiKey")()
    written.create_time.seconds, written.create_time.nanos = seconds, nanos
    key = decoded("ApiKey", written)
    if 0 <= nanos < 10**9 and -62135596800 <= seconds <= 253402300799:
        assert key.create_time == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
            seconds=seconds, microseconds=nanos // 1000
        )
    assert key.create_time is None or key.create_time.tzinfo is not None
    assert ApiKey.from_dict(key.to_dict()) == key
    answer = message("xai_api.GetChatCompletionResponse")()
    answer.created.seconds, answer.created.nanos = seconds, nanos
    assert decoded("ChatCompletion", answer).created == seconds
    assert decoded("ChatCompletion", answer).to_dict()["created"] == seconds


@pytest.mark.parametrize(("value", "read"), [(0, 0), (5, 5), (-5, -5), (5.0, 5), (5.9, 5), (None, 0), (2**63, 2**63)])
def test_unix_integers(value: Any, read: int) -> None:
    completion = ChatCompletion.from_dict({"created": value})
    assert completion.created == read
    assert completion.extra is None
    assert completion.to_dict()["created"] == read


def test_absent_times() -> None:
    assert decoded("FileOutput", message("xai_api.FileOutput")()) == FileOutput.from_dict({}) == FileOutput()
    assert FileOutput().expires_at is None
    assert decoded("ChatCompletion", message("xai_api.GetChatCompletionResponse")()).created == 0
    zero = message("xai_api.FileOutput")()
    zero.expires_at.SetInParent()
    assert decoded("FileOutput", zero).expires_at == FileOutput.from_dict({"expires_at": 0}).expires_at == 0


@pytest.mark.parametrize(
    ("given_", "seconds", "text"),
    [
        ("2026-01-31", 1769817600, "2026-01-31"),
        (date(2026, 1, 31), 1769817600, "2026-01-31"),
        (datetime(2026, 1, 31, 23, 30, tzinfo=UTC), 1769902200, "2026-01-31"),
        (datetime(2026, 1, 31, 23, 30, tzinfo=timezone(timedelta(hours=-2))), 1769909400, "2026-02-01"),
        ("2026-01-31T12:00:00Z", 1769860800, "2026-01-31"),
        (date(1, 1, 1), -62135596800, "0001-01-01"),
        (date(9999, 12, 31), 253402214400, "9999-12-31"),
    ],
)
def test_search_dates(given_: Any, seconds: int, text: str) -> None:
    request = chat(search_parameters=SearchParameters(from_date=given_))
    assert to_grpc(request).search_parameters.from_date.seconds == seconds
    assert to_grpc(request).search_parameters.from_date.nanos == 0
    assert to_rest(request).body["search_parameters"] == {"from_date": text}


@pytest.mark.parametrize("send", [to_grpc, to_rest])
@pytest.mark.parametrize("day", [datetime(2026, 1, 31), "31.1.2026", "", 20260131, True])
def test_search_dates_refused(day: Any, send: Any) -> None:
    with pytest.raises(UsageError) as caught:
        send(chat(search_parameters=SearchParameters(from_date=day)))
    assert caught.value.field == "search_parameters.from_date"


@pytest.mark.parametrize(
    "edge",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_edges_of_the_calendar_do_not_overflow(edge: datetime) -> None:
    request = chat(search_parameters=SearchParameters(from_date=edge))
    assert to_rest(request).body["search_parameters"]["from_date"] == edge.date().isoformat()
    assert abs(to_grpc(request).search_parameters.from_date.seconds) > 10**10


# --- floats -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0.7, 0.1, 1, 1.0, 0, -2.0, 1e-7, 123456.7, 3.4e38, 1e-45, 16777217])
def test_floats_are_sent_as_written(number: float) -> None:
    request = chat(temperature=number)
    as_float32 = struct.unpack("<f", struct.pack("<f", number))[0]
    assert to_grpc(request).temperature == as_float32
    sent = to_rest(request).body["temperature"]
    assert struct.unpack("<f", struct.pack("<f", sent))[0] == as_float32


@pytest.mark.parametrize("text", ["0.7", "0.1", "1.0", "0.05", "1e-7", "1.5", "0.95"])
def test_decimals_stay_short(text: str) -> None:
    sent = to_rest(chat(temperature=float(text))).body["temperature"]
    assert sent == float(text)
    as_float32 = struct.unpack("<f", struct.pack("<f", float(text)))[0]
    assert to_rest(chat(temperature=as_float32)).body["temperature"] == float(text)
    assert ChatRequest.from_dict({"temperature": float(text)}).to_dict is not None


@deep
@given(number=st.floats(-3e38, 3e38))
def test_shortest_is_the_same_float32(number: float) -> None:
    packed = struct.pack("<f", number)
    short = _check.shortest(number)
    assert struct.pack("<f", short) == packed
    exact = struct.unpack("<f", packed)[0]
    if abs(exact) > 1.2e-38 or not exact:  # the smallest ones have less precision
        digits = next(d for d in range(1, 10) if struct.pack("<f", float(f"{exact:.{d}g}")) == packed)
        assert short == float(f"{exact:.{digits}g}")


@deep
@given(number=singles)
def test_logprobs(number: float) -> None:
    written = message("xai_api.TopLogProb")(logprob=number)
    by_proto = decoded("TopLogProb", written)
    assert by_proto.logprob == number == written.logprob
    tree = by_proto.to_dict()
    assert TopLogProb.from_dict(orjson.loads(orjson.dumps(tree))) == by_proto
    assert same(TopLogProb.from_dict({"logprob": float(f"{number:.9g}")}), by_proto)


def test_largest_float32() -> None:
    largest = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]
    assert to_grpc(chat(temperature=largest)).temperature == largest
    assert TopLogProb.from_dict(TopLogProb(logprob=-largest).to_dict()).logprob == -largest


@pytest.mark.parametrize("number", [float("-inf"), float("nan")])
def test_infinite_logprobs_of_grpc_do_not_raise(number: float) -> None:
    value = decoded("TopLogProb", message("xai_api.TopLogProb")(logprob=number))
    assert orjson.loads(orjson.dumps(value.to_dict()))["logprob"] is None


def test_vectors() -> None:
    numbers = [0.1, -0.25, 1e-20, 3.0]
    by_json = Embedding.from_dict({"embedding": numbers, "index": 0})
    written = message("xai_api.Embedding")()
    written.embeddings.add().float_array.extend(numbers)
    assert by_json == decoded("Embedding", written)
    assert by_json.embedding == array("f", numbers).tolist()
    assert by_json.to_dict()["embedding"] == numbers
    written.embeddings[0].Clear()
    written.embeddings[0].base64_array = "zczMPQ=="
    assert decoded("Embedding", written) == Embedding.from_dict({"embedding": "zczMPQ=="})
    assert decoded("Embedding", message("xai_api.Embedding")()).embedding == []
    written.embeddings[0].Clear()
    written.embeddings[0].float_array.extend([float("inf"), 0.5])
    assert decoded("Embedding", written).to_dict()["embedding"] == [float("inf"), 0.5]
