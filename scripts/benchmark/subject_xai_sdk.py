"""Calls by xai-sdk, the official client, which is gRPC only."""

from __future__ import annotations

from xai_sdk import AsyncClient, Client
from xai_sdk.chat import user

from .job import KEY, PROMPT, AsyncCall, Call, Job, Ready, Where


def open_client(job: Job, where: Where) -> Ready:
    """A client for that job."""
    if job.kind == "construct":
        return Ready(lambda: construct(where), lambda: None)
    if job.is_async:
        async_client = AsyncClient(api_key=KEY, api_host=where.grpc, use_insecure_channel=True)
        return Ready(async_calls(async_client, job), async_client.close)
    client = Client(api_key=KEY, api_host=where.grpc, use_insecure_channel=True)
    return Ready(calls(client, job), client.close)


def construct(where: Where) -> int:
    Client(api_key=KEY, api_host=where.grpc, use_insecure_channel=True).close()
    return 1


def calls(client: Client, job: Job) -> Call:
    def unary() -> int:
        answer = client.chat.create(model=job.model, messages=[user(PROMPT)]).sample()
        assert answer.content
        return 1

    def stream() -> int:
        count = length = 0
        for _, chunk in client.chat.create(model=job.model, messages=[user(PROMPT)]).stream():
            length += len(chunk.content)
            count += 1
        assert length
        return count

    def image() -> int:
        answer = client.image.sample(PROMPT, job.model, image_format="base64")
        return len(answer.base64) >= job.size

    return {"unary": unary, "stream": stream, "image": image}[job.kind]


def async_calls(client: AsyncClient, job: Job) -> AsyncCall:
    async def unary() -> int:
        answer = await client.chat.create(model=job.model, messages=[user(PROMPT)]).sample()
        assert answer.content
        return 1

    async def stream() -> int:
        count = length = 0
        async for _, chunk in client.chat.create(model=job.model, messages=[user(PROMPT)]).stream():
            length += len(chunk.content)
            count += 1
        assert length
        return count

    return {"unary": unary, "stream": stream}[job.kind]
