"""Tools of somebody who writes agents, good and bad ones."""

import asyncio
import time


def weather(city: str) -> str:
    """What the weather is like.

    Args:
        city: Where.
    """
    return f"sunny in {city}"


async def forecast(city: str, days: int = 1) -> dict:
    """The weather to come."""
    await asyncio.sleep(0)
    return {"city": city, "days": days, "sky": "clear"}


def raises() -> str:
    """It never works."""
    raise ValueError("out of order")


def blocks() -> str:
    """It holds its thread for ever."""
    time.sleep(3600)
    return "late"


async def hangs() -> str:
    """It waits for ever."""
    await asyncio.Event().wait()
    return "late"


NO_TOOL = 7
