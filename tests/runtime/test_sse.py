from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_dual._sse import SseEvent, SseParser
from xai_dual.errors import MessageTooLargeError


def parse(data: bytes, cuts: list[int] | None = None) -> list[SseEvent]:
    parser = SseParser()
    events: list[SseEvent] = []
    at = 0
    for cut in [*sorted(cuts or []), len(data)]:
        events += parser.feed(data[at:cut])
        at = max(at, cut)
    return events + parser.close()


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"data: a\n\n", [("", b"a")]),
        (b"data:a\n\ndata:  b\n\n", [("", b"a"), ("", b" b")]),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [("", b"a"), ("", b"b"), ("", b"c")]),
        (b"event: x\ndata: a\ndata: b\ndata\n\ndata: c\n\n", [("x", b"a\nb\n"), ("", b"c")]),
        (b"\xef\xbb\xbfdata: a\n\n", [("", b"a")]),
        (b": hello\n\n:\nid: 1\nretry: 5\ndata: a\n\n", [("", b"a")]),
        (b"event: ping\n\ndata: a\n\n", [("", b"a")]),
        (b"data: a\n\ndata: [DONE]", [("", b"a"), ("", b"[DONE]")]),
        (b"data: a\ndata: b\n", [("", b"a\nb")]),
        (b"dataset: a\n\n", []),
        (b"", []),
        (b"\n\n\n", []),
    ],
)
def test_examples(data: bytes, events: list[tuple[str, bytes]]) -> None:
    assert parse(data) == events
    for cut in range(len(data)):
        assert parse(data, [cut]) == events
    assert parse(data, list(range(len(data)))) == events


PIECES = st.sampled_from(
    [b"data: ", b"data:", b"event: ", b"event:x", b": c", b"id: 1", b"\n", b"\r", b"\r\n", b"\n\n", b"{}",
     "é€".encode(), b"\xef\xbb\xbf", b" ", b"[DONE]", b"d"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map(b"".join), st.lists(st.integers(0, 120), max_size=12))
def test_any_split_gives_equal_events(data: bytes, cuts: list[int]) -> None:
    assert parse(data, [min(cut, len(data)) for cut in cuts]) == parse(data)


@given(st.lists(st.tuples(st.sampled_from(["", "a", "b c"]), st.text().map(lambda t: t.replace("\r", "")))))
def test_round_trip(events: list[tuple[str, str]]) -> None:
    lines = []
    for name, text in events:
        if name:
            lines.append(f"event: {name}")
        lines += [f"data: {line}" for line in text.split("\n")] + [""]
    data = "\n".join([*lines, ""]).encode()
    assert parse(data) == [(name, text.encode()) for name, text in events]


def test_limit() -> None:
    for data in (b"data: " + b"x" * 101, b"data: 123456789\n" * 11, b"x" * 101):
        parser = SseParser(max_event_bytes=100)
        with pytest.raises(MessageTooLargeError):
            list(map(parser.feed, [data[i : i + 1] for i in range(len(data))]))
    parser = SseParser(max_event_bytes=100)
    for _ in range(100):
        assert parser.feed(b"data: 1234567890\n\n: comment\n\n") == [("", b"1234567890")]
