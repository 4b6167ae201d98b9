"""What goes along with every call of the API: uploads, streams and pages as well as plain ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from xai_dual import AsyncClient, AsyncStream, NotFoundError

from ...conformance.case import resolved
from ...conformance.table import CASES, OPERATIONS, Case, method
from ..recorder import Recorder

pytestmark = pytest.mark.anyio

SENT = {"headers": {"x-one": "1"}, "timeout": 50}
ONE_EACH = list({case.op: case for case in CASES}.values())


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    one = Recorder()
    yield one
    one.close()


async def make(client: AsyncClient, case: Case) -> None:
    """Make the call, whatever kind it is."""
    answer: Any = method(client, case.op)(**{**resolved(case.arguments, None), **SENT})
    if case.pages:
        await answer.first_page()
    elif case.downloads:
        await answer.read()
    elif isinstance(answer, AsyncStream):
        await answer.__aenter__()
    else:
        await answer


async def test_need_22_every_call_brings_the_same(recorder: Recorder, transport: str) -> None:
    assert {case.op for case in ONE_EACH} == set(OPERATIONS)
    async with AsyncClient(
        transport=transport,  # type: ignore[arg-type]
        base_url=recorder.url,
        grpc_target=recorder.grpc_target,
        api_key="key-1",
        management_url=recorder.url,
        management_grpc_target=recorder.grpc_target,
        management_key="key-2",
    ) as client:
        for case in (case for case in ONE_EACH if transport in case.wires):
            recorder.brought.clear()
            with pytest.raises(NotFoundError) as caught:
                await make(client, case)
            assert len(recorder.brought) == 1, case
            (brought,) = recorder.brought
            key = "key-2" if case.operation.host == "management" else "key-1"
            assert brought.headers["authorization"] == f"Bearer {key}", case
            assert brought.headers["user-agent"].startswith("xai-dual/"), case
            assert brought.headers["x-one"] == "1", case
            assert caught.value.meta is not None
            assert brought.headers["x-client-request-id"] == caught.value.meta.client_request_id, case
            if transport == "grpc":
                assert brought.deadline is not None, case
                assert 40 < brought.deadline < 51, case  # gRPC rounds it up
