"""Functions for the model with AsyncClient: async ones are awaited, and calls of one turn run side by side."""

import asyncio
import time

from xai_dual import AsyncClient


async def get_price(symbol: str) -> float:
    """The price of a share, in dollars.

    Args:
        symbol: Its ticker symbol.
    """
    await asyncio.sleep(0.4)  # a slow service
    return {"ACME": 12.5}.get(symbol, 99.0)


def get_rating(symbol: str) -> str:
    """What analysts make of a share. (It blocks, and so runs in a thread.)"""
    time.sleep(0.4)
    return f"{symbol}: hold"


async def main() -> None:
    async with AsyncClient() as client:
        run = await client.chat.run(
            model="grok-4",
            messages='What are the price and the rating of "ACME"?',
            tools=[get_price, get_rating],
        )
    print(run.text)
    calls = [call.function.name for call in run.responses[0].tool_calls]
    print(f"{len(run.responses)} turns; the first asked for {' and '.join(calls)}")


asyncio.run(main())
