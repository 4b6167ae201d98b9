"""Calls by openai's client, pointed at the REST API."""

from __future__ import annotations

from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionUserMessageParam

from .job import KEY, PROMPT, AsyncCall, Call, Job, Ready, Where

MESSAGES = [ChatCompletionUserMessageParam(role="user", content=PROMPT)]


def open_client(job: Job, where: Where) -> Ready:
    """A client for that job."""
    url = f"{where.url}/v1"
    if job.kind == "construct":
        return Ready(lambda: construct(url), lambda: None)
    if job.is_async:
        async_client = AsyncOpenAI(api_key=KEY, base_url=url)
        return Ready(async_calls(async_client, job), async_client.close)
    client = OpenAI(api_key=KEY, base_url=url)
    return Ready(calls(client, job), client.close)


def construct(url: str) -> int:
    OpenAI(api_key=KEY, base_url=url).close()
    return 1


def calls(client: OpenAI, job: Job) -> Call:
    def unary() -> int:
        answer = client.chat.completions.create(model=job.model, messages=MESSAGES)
        assert answer.choices[0].message.content
        return 1

    def stream() -> int:
        count = length = 0
        with client.chat.completions.create(model=job.model, messages=MESSAGES, stream=True) as stream:
            for chunk in stream:
                length += len(chunk.choices[0].delta.content or "")
                count += 1
        assert length
        return count

    def image() -> int:
        answer = client.images.generate(model=job.model, prompt=PROMPT, response_format="b64_json")
        assert answer.data
        return len(answer.data[0].b64_json or "") >= job.size

    return {"unary": unary, "stream": stream, "image": image}[job.kind]


def async_calls(client: AsyncOpenAI, job: Job) -> AsyncCall:
    async def unary() -> int:
        answer = await client.chat.completions.create(model=job.model, messages=MESSAGES)
        assert answer.choices[0].message.content
        return 1

    async def stream() -> int:
        count = length = 0
        async with await client.chat.completions.create(model=job.model, messages=MESSAGES, stream=True) as stream:
            async for chunk in stream:
                length += len(chunk.choices[0].delta.content or "")
                count += 1
        assert length
        return count

    return {"unary": unary, "stream": stream}[job.kind]
