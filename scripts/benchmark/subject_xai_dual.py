"""Calls by the client of this project."""

from __future__ import annotations

import orjson

from xai_dual import AsyncClient, Client
from xai_dual._gen.operations.chat import CHAT_STREAM

from .job import KEY, PROMPT, AsyncCall, Call, Job, Ready, Where


def open_client(job: Job, where: Where) -> Ready:
    """A client for that job."""
    address = where.grpc if job.wire == "grpc" else where.rest
    settings = {"api_key": KEY, "transport": job.wire, "base_url": f"http://{address}"}
    if job.kind == "construct":
        return Ready(lambda: construct(settings), lambda: None)
    if job.kind == "decode":
        return Ready(decode_grpc() if job.wire == "grpc" else decode_rest(), lambda: None)
    if job.is_async:
        async_client = AsyncClient(**settings)  # type: ignore[arg-type]
        return Ready(async_calls(async_client, job), async_client.aclose)
    client = Client(**settings)  # type: ignore[arg-type]
    return Ready(calls(client, job), client.close)


def calls(client: Client, job: Job) -> Call:
    def unary() -> int:
        answer = client.chat.create(model=job.model, messages=PROMPT)
        assert answer.text
        return 1

    def stream() -> int:
        count = length = 0
        with client.chat.stream(model=job.model, messages=PROMPT) as stream:
            for chunk in stream:
                length += len(chunk.text)
                count += 1
        assert length
        return count

    def image() -> int:
        answer = client.images.generate(model=job.model, prompt=PROMPT, response_format="b64_json")
        return len(answer.data[0].b64_json or "") >= job.size

    return {"unary": unary, "stream": stream, "image": image}[job.kind]


def async_calls(client: AsyncClient, job: Job) -> AsyncCall:
    async def unary() -> int:
        answer = await client.chat.create(model=job.model, messages=PROMPT)
        assert answer.text
        return 1

    async def stream() -> int:
        count = length = 0
        async with client.chat.stream(model=job.model, messages=PROMPT) as stream:
            async for chunk in stream:
                length += len(chunk.text)
                count += 1
        assert length
        return count

    return {"unary": unary, "stream": stream}[job.kind]


def construct(settings: dict[str, str]) -> int:
    Client(**settings).close()  # type: ignore[arg-type]
    return 1


def decode_grpc() -> Call:
    from .payloads import grpc_chunks  # loads xai-sdk

    binding = CHAT_STREAM.grpc
    assert binding is not None
    decode, chunks = binding.codec.decode, grpc_chunks()

    def call() -> int:
        return sum(1 for chunk in chunks if decode(chunk).text)

    return call


def decode_rest() -> Call:
    from .payloads import rest_chunks  # loads xai-sdk

    decode, chunks = CHAT_STREAM.rest["completions"].codec.decode, rest_chunks()

    def call() -> int:
        return sum(1 for chunk in chunks if decode(orjson.loads(chunk)).text)

    return call
