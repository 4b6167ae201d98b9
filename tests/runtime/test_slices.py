"""Long lists: cut under a size, paced, and honest about what had gone through when a call fails."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xai_dual import Client, UsageError, XaiError
from xai_dual.emulator import serve
from xai_dual.slices import Pace, Slicing, slices
from xai_dual.types.batches import BatchRequest
from xai_dual.types.chat import ChatRequest

LIMITS = Slicing("items", most_bytes=60, calls=2, seconds=10)


SHORT = st.text("ab", max_size=5)  # nothing that JSON escapes: two pairs stay under the limit


@given(st.lists(st.dictionaries(SHORT, SHORT, max_size=2)))
def test_slices_keep_all_items_in_order_and_under_the_limit(items: list[dict[str, str]]) -> None:
    parts = list(slices(items, LIMITS))
    assert [item for part in parts for item in part] == items
    assert all(len(orjson.dumps(part)) <= LIMITS.most_bytes + 2 for part in parts)
    assert all(parts) or parts == [[]]


def test_an_item_that_is_too_large_is_refused_with_its_place() -> None:
    with pytest.raises(UsageError, match=r"items\[1\]: has \d+ bytes, one call takes 60"):
        list(slices([{}, {"a": "x" * 60}], LIMITS))


@pytest.mark.parametrize(("items", "says"), [("text", "items: must be a list"), ([1], r"items\[0\]: must be a model")])
def test_what_is_no_list_of_requests_is_refused(items: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        list(slices(items, LIMITS))


def test_pace() -> None:
    pace = Pace(2, 10)
    assert [pace.delay(now) for now in (0.0, 1.0, 2.0, 2.0, 30.0)] == [0.0, 0.0, 8.0, 9.0, 0.0]


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_a_batch_of_more_than_one_call(transport: Any) -> None:
    request = ChatRequest(model="grok-4", messages="x" * 1_000_000)
    requests = [BatchRequest(batch_request_id=f"r{i}", request=request) for i in range(30)]
    with serve() as server, Client(base_url=server.url, api_key=server.api_key, transport=transport) as client:
        batch = client.batches.create(name="large")
        client.batches.add_requests(batch_id=batch.batch_id, batch_requests=requests)
        assert client.batches.get(batch_id=batch.batch_id).state.num_requests == 30
        with pytest.raises(XaiError) as caught:  # the first slice ends before the item that stands there already
            client.batches.add_requests(
                batch_id=batch.batch_id,
                batch_requests=[
                    *(BatchRequest(batch_request_id=f"n{i}", request=request) for i in range(25)),
                    requests[0],
                ],
            )
        assert caught.value.accepted in (23, 24)
