"""Ask several questions at once and read the answers in order."""

import asyncio

from xai_dual import AsyncClient, XaiError

QUESTIONS = ("What is 12*12?", "What is 2**16?", "What is 1000/8?")


async def ask(client: AsyncClient, question: str) -> str:
    try:
        answer = await client.chat.create(model="grok-4", messages=question)
    except XaiError as error:  # one that fails does not take the others along
        return f"failed: {error}"
    return answer.text


async def main() -> None:
    async with AsyncClient() as client:  # one client for all: its connections are shared
        answers = await asyncio.gather(*[ask(client, question) for question in QUESTIONS])
    for question, answer in zip(QUESTIONS, answers, strict=True):
        print(f"{question} {answer}")


asyncio.run(main())
