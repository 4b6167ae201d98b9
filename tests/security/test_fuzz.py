"""Any bytes, to everything that reads bytes of others. scripts/fuzz goes on where this stops."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xai_dual import MessageTooLargeError
from xai_dual._policy import error_from_grpc, error_from_http
from xai_dual._retry import failure_of

from .targets import SECRET, TARGETS

TEXTS = [b"data: ", b"event: x", b"\n", b"\r", b"\n\n", b": ", b"\0", b"[DONE]", b"%", b"\\", b"[WKE=a:b]", b"<title>"]
TEXTS += [b"Mon, 01 Jan 2020 00:00:00 GMT", b"Mon, 01 Jan 99999999999999999999 00:00:00 +99999999999", b"-1", b"nan"]
TEXTS += [b"9" * 5000, b"1e999", b"RST_STREAM", b"data:text/html", b",", b'"', b" " * 99, SECRET.encode(), b"\xff"]
PIECES = st.sampled_from(TEXTS)
KEYS = st.sampled_from(["error", "code", "message", "type", "status", "choices", "delta", "content", "id", "output"])
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=9)
SCALARS |= st.sampled_from(["9" * 5000, "²", SECRET, "response.output_text.delta", "response.completed", "error"])
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=4)
)
OBJECTS = st.lists(st.dictionaries(KEYS, JSON, max_size=5), min_size=1, max_size=4)
NUMBERS = st.binary(min_size=2, max_size=2)
LEADS = {"payload_error": b"", "http_error": b"\0\0\n\n"}
"""What goes before a body; where there is none, the number of an operation."""
BYTES = st.one_of(
    st.binary(max_size=200),
    st.builds(bytes.__add__, NUMBERS, st.lists(PIECES | st.binary(max_size=9), max_size=12).map(b"".join)),
    st.builds(lambda n, items: n + b"\n".join(map(orjson.dumps, items)), NUMBERS, OBJECTS),
    OBJECTS.map(lambda items: orjson.dumps(items[0])),
)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@settings(max_examples=300)
@given(data=BYTES)
def test_need_26_any_bytes(target: Callable[[bytes], None], data: bytes) -> None:
    target(data)


@pytest.mark.parametrize("depth", [100, 500, 1000, 20_000])
@pytest.mark.parametrize("target", ["http_error", "payload_error", "json_answer", "json_events"])
def test_need_26_any_depth(target: str, depth: int) -> None:
    deep = b'{"error":' * depth + b"1" + b"}" * depth
    for number in range(200) if target.startswith("json") and depth < 2000 else [0]:
        for data in (deep, b"[" * depth + b"]" * depth, b'{"type":"x","content":' + b"[" * depth + b"]" * depth + b"}"):
            TARGETS[target](LEADS.get(target, number.to_bytes(2, "big")) + data)


@pytest.mark.parametrize(
    "text",
    [" " * 1_000_000 + "x", "<" + "<title>" * 150_000, "the " * 250_000, "!" * 1_000_000, "[WKE=" * 200_000],
    ids=["blanks", "titles", "words", "marks", "slugs"],
)
def test_need_26_no_text_takes_long_to_read(text: str) -> None:
    """A regular expression that goes back and forth would hold up the whole process."""
    start = time.process_time()
    error_from_http(400, {"retry-after": text}, orjson.dumps({"error": text}))
    error_from_http(400, {}, text.encode())
    for status in ("UNAVAILABLE", "INTERNAL", "RESOURCE_EXHAUSTED"):
        error_from_grpc(status, text)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "name", ["data:text/plain\r\nX-Injected: 1,a", "data:a/b\nx;c,", 'a"\r\n\r\n', "\0", "a\x0b\x85\u2028b"]
)
def test_need_26_no_filename_adds_a_header(name: str) -> None:
    TARGETS["filename"](name.encode())


@pytest.mark.parametrize("date", ["01 Jan {}", "01 Jan 2020 00:00:00 +{}", "{} Jan 2020", "01 Jan 2020 {}:00:00"])
@pytest.mark.parametrize("number", ["0", "9999", "3000000000", "9" * 30, "-1"])
def test_need_26_no_date_raises(date: str, number: str) -> None:
    TARGETS["hints"](f"Mon, {date.format(number)} 00:00:00 GMT".encode())
    TARGETS["hints"](f"Mon, {date.format(number)}".encode())


@pytest.mark.parametrize("trailing", [{}, {"x-request-id": "r"}])
@pytest.mark.parametrize("limit", ["hard limit (value length 20000 vs. 16384)", "soft limit (9226 vs. 8192)"])
def test_need_26_too_much_metadata(limit: str, trailing: dict[str, str | bytes]) -> None:
    """gRPC refuses it by chance from its soft limit on."""
    for lead in ("", "Stream removed ("):
        error = error_from_grpc("RESOURCE_EXHAUSTED", f"{lead}received metadata size exceeds {limit})", trailing)
        assert type(error) is MessageTooLargeError
        assert failure_of(error) == "final"


def test_need_26_scripts_fuzz_has_all_targets() -> None:
    text = (Path(__file__).parents[2] / "scripts" / "fuzz.py").read_text("utf-8")
    names: set[str] = set()
    for found in re.findall(r"^NAMES.* \+?= (\(.*\))$", text, re.MULTILINE):
        names |= {*ast.literal_eval(found)}
    assert names == {*TARGETS}
