"""Waiting for jobs, over both wires."""

from __future__ import annotations

import itertools
import pickle
import time
from typing import Any

import pytest

from xai_dual import AsyncClient, errors

from .. import codecs as api
from ..wires import Wires

pytestmark = pytest.mark.anyio

_jobs = itertools.count()


def job(*states: str, **more: Any) -> dict[str, Any]:
    return {"job": f"job-{next(_jobs)}", "states": states, **more}


def state(result: api.Answer) -> str:
    return result.text


async def wait(client: AsyncClient, request: dict[str, Any], **options: Any) -> api.Answer:
    arguments = {"interval": 0.01, "timeout": 5.0, "on_progress": None, **options}
    return await client._caller.wait(api.JOB, request, api.CallOptions(), state=state, **arguments)


async def test_until_done(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        heard: list[api.Answer] = []
        result = await wait(client, job("pending", "brand-new", "done"), on_progress=heard.append)
        assert [answer.text for answer in heard] == ["pending", "brand-new", "done"]
        assert heard[-1] is result
        assert result.meta is not None
        assert result.meta.transport == transport
        result = await wait(client, job("done"), timeout=None)
        assert result.text == "done"
    assert len(wires.seen) == 4


async def test_async_callbacks(wires: Wires, transport: str) -> None:
    heard: list[str] = []

    async def note(answer: api.Answer) -> None:
        heard.append(answer.text)

    async with AsyncClient(**wires.options(transport)) as client:
        await wait(client, job("pending", "done"), on_progress=note)
        assert heard == ["pending", "done"]


async def test_errors_in_callbacks(wires: Wires, transport: str) -> None:
    def fail(answer: api.Answer) -> None:
        raise KeyError(answer.text)

    async with AsyncClient(**wires.options(transport)) as client:
        with pytest.raises(KeyError, match="pending"):
            await wait(client, job("pending", "done"), on_progress=fail)
    assert len(wires.seen) == 1


@pytest.mark.parametrize(("end", "text"), [("failed", "failed"), ("expired", "has expired")])
async def test_failed(wires: Wires, transport: str, end: str, text: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        with pytest.raises(errors.JobFailed, match=text) as caught:
            await wait(client, job("pending", end))
        error = caught.value
        assert error.state == end
        assert error.result.text == end
        assert error.meta is error.result.meta
        copy = pickle.loads(pickle.dumps(error))
        assert (copy.state, copy.result, str(copy)) == (end, error.result, str(error))


async def test_too_late(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        start = time.monotonic()
        with pytest.raises(errors.TimeoutError, match="waited for again") as caught:
            await wait(client, job("pending"), timeout=0.3)
        assert 0.29 < time.monotonic() - start < 1
        assert caught.value.timer == "wait"
        assert caught.value.last.text == "pending"
        assert isinstance(caught.value, TimeoutError)
        assert pickle.loads(pickle.dumps(caught.value)).last.text == "pending"
        seen = len(wires.seen)
        assert 4 < seen < 15


async def test_a_question_when_time_is_up(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        start = time.monotonic()
        assert (await wait(client, job("pending", "done"), interval=30, timeout=0.2)).text == "done"
        assert time.monotonic() - start < 1


async def test_a_server_that_does_not_answer(wires: Wires, transport: str) -> None:
    async with AsyncClient(**wires.options(transport)) as client:
        start = time.monotonic()
        with pytest.raises(errors.TimeoutError) as caught:
            await wait(client, job("pending", delay=10), timeout=0.2)
        assert time.monotonic() - start < 3
        assert caught.value.timer == "wait"
        assert caught.value.last is None
        wires.wait_cancelled()


async def test_questions_are_retried(wires: Wires, transport: str) -> None:
    busy = {"code": "unavailable"}
    async with AsyncClient(**wires.options(transport)) as client:
        assert (await wait(client, job("pending", "pending", "pending", "done", errors=[busy]))).text == "done"
        with pytest.raises(errors.NotFoundError):
            await wait(client, job("pending", errors=[{"code": "not_found"}]))


async def test_pauses_grow(wires: Wires) -> None:
    async with AsyncClient(**wires.options("rest")) as client:
        await wait(client, job(*["pending"] * 6, "done"), interval=0.04)
    times = [seen.at for seen in wires.seen]
    pauses = [b - a for a, b in itertools.pairwise(times)]
    assert all(0.03 * 1.5**i < pause < 0.06 * 1.5**i + 0.05 for i, pause in enumerate(pauses))


@pytest.mark.parametrize("options", [{"interval": 0}, {"interval": "1"}, {"timeout": -1}, {"timeout": True}])
async def test_times_that_cannot_work(wires: Wires, options: dict[str, Any]) -> None:
    async with AsyncClient(**wires.options("rest")) as client:
        with pytest.raises(errors.UsageError, match="interval: " if "interval" in options else "deadline: "):
            await wait(client, job("done"), **options)
    assert not wires.seen


@pytest.mark.parametrize(
    ("raw", "status", "text"),
    [
        ("", 202, "pending"),
        ("null", 202, "pending"),
        ("<html>", 202, "pending"),
        ('{"progress": 4}', 202, "pending"),
        ('{"status": "failed"}', 202, "failed"),
        ('{"text": "x"}', 200, "x"),
    ],
)
async def test_status_202(wires: Wires, raw: str, status: int, text: str) -> None:
    async with AsyncClient(**wires.options("rest")) as client:
        answer = await client._caller.unary(api.JOB, {"raw": raw, "status": status}, api.CallOptions())
        assert answer.text == text


@pytest.mark.parametrize("status", [202, 204])
async def test_empty_answers(wires: Wires, status: int) -> None:
    async with AsyncClient(**wires.options("rest")) as client:
        assert (await client._caller.unary(api.ECHO, {"raw": "", "status": status}, api.CallOptions())).text == ""


async def test_an_empty_answer_where_one_was_due(wires: Wires) -> None:
    async with AsyncClient(**wires.options("rest")) as client:
        with pytest.raises(errors.DecodeError, match="empty"):
            await client._caller.unary(api.ECHO, {"raw": "", "status": 200}, api.CallOptions())
