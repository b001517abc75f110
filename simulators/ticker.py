"""Looking at the right moment: a task that sleeps until something is due or somebody wakes it."""

import asyncio
from collections.abc import Awaitable, Callable

from simulators.clock import Clock

CLOCK_GRAIN_S = 1e-6  # epoch seconds are floats: wake just after an instant, never just before


class Ticker:
    """Calls `look` whenever `due_s` says, and after every `wake`."""

    def __init__(
        self, clock: Clock, look: Callable[[float], Awaitable[None]], due_s: Callable[[], float | None]
    ) -> None:
        self._clock = clock
        self._look = look
        self._due_s = due_s
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            now_s = self._clock.now_s()
            await self._look(now_s)
            self._woken.clear()
            await self._wait(now_s, self._due_s())

    async def _wait(self, now_s: float, due_s: float | None) -> None:
        """A timer that wakes is all it takes: who is woken looks at the time anyway."""
        if due_s is None:
            await self._woken.wait()
            return
        timer = asyncio.get_running_loop().call_later(max(due_s - now_s, 0.0) + CLOCK_GRAIN_S, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()
