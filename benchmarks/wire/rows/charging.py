"""Chargers that are in the middle of a session."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from benchmarks.wire.load import Driver

STEPS = 3
"""Preparing, start, charging: the first messages of a session in either version."""


async def say(driver: Driver, times: int = 1) -> None:
    """The next messages of the session, one after the other."""
    for _ in range(times):
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        driver.say(partial(answered.set_result, None))
        await answered


async def charge(drivers: Sequence[Driver]) -> None:
    """All begin a session, and stay in it."""
    await asyncio.gather(*(say(driver, STEPS) for driver in drivers))
