"""The limit of REST in Python: httpx and orjson, no models."""

from __future__ import annotations

from typing import Any

import httpx
import orjson

from .job import KEY, PROMPT, AsyncCall, Call, Job, Ready, Where

HEADERS = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
MESSAGES = [{"role": "user", "content": PROMPT}]
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None)


def open_client(job: Job, where: Where) -> Ready:
    """A client for that job."""
    if job.kind == "construct":
        return Ready(construct, lambda: None)
    if job.kind == "decode":
        return Ready(decode(), lambda: None)
    url = where.url + ("/v1/images/generations" if job.kind == "image" else "/v1/chat/completions")
    if job.is_async:
        async_client = httpx.AsyncClient(limits=LIMITS, timeout=600)
        return Ready(async_calls(async_client, url, job), async_client.aclose)
    client = httpx.Client(limits=LIMITS, timeout=600)
    return Ready(calls(client, url, job), client.close)


def body(job: Job) -> bytes:
    if job.kind == "image":
        return orjson.dumps({"model": job.model, "prompt": PROMPT, "response_format": "b64_json"})
    stream = {"stream": True} if job.kind == "stream" else {}
    return orjson.dumps({"model": job.model, "messages": MESSAGES, **stream})


class Events:
    """Cuts bytes into events, the cheapest way there is."""

    def __init__(self) -> None:
        self.count = self.length = 0
        self._rest = b""

    def feed(self, data: bytes) -> None:
        *events, self._rest = (self._rest + data).split(b"\n\n")
        for event in events:
            if event != b"data: [DONE]":
                self.count += 1
                self.length += len(orjson.loads(event[6:])["choices"][0]["delta"]["content"])


def calls(client: httpx.Client, url: str, job: Job) -> Call:
    def unary() -> int:
        answer: Any = orjson.loads(client.post(url, content=body(job), headers=HEADERS).content)
        assert answer["choices"][0]["message"]["content"]
        return 1

    def stream() -> int:
        events = Events()
        with client.stream("POST", url, content=body(job), headers=HEADERS) as response:
            for data in response.iter_bytes():
                events.feed(data)
        assert events.length
        return events.count

    def image() -> int:
        answer: Any = orjson.loads(client.post(url, content=body(job), headers=HEADERS).content)
        return len(answer["data"][0]["b64_json"]) >= job.size

    return {"unary": unary, "stream": stream, "image": image}[job.kind]


def async_calls(client: httpx.AsyncClient, url: str, job: Job) -> AsyncCall:
    async def unary() -> int:
        response = await client.post(url, content=body(job), headers=HEADERS)
        answer: Any = orjson.loads(response.content)
        assert answer["choices"][0]["message"]["content"]
        return 1

    async def stream() -> int:
        events = Events()
        async with client.stream("POST", url, content=body(job), headers=HEADERS) as response:
            async for data in response.aiter_bytes():
                events.feed(data)
        assert events.length
        return events.count

    return {"unary": unary, "stream": stream}[job.kind]


def construct() -> int:
    httpx.Client().close()
    return 1


def decode() -> Call:
    from .payloads import rest_chunks  # loads xai-sdk

    chunks = rest_chunks()

    def call() -> int:
        return sum(1 for chunk in chunks if orjson.loads(chunk)["choices"][0]["delta"]["content"])

    return call
