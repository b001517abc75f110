"""The connection a charge point keeps: it dials, talks until the connection is gone, waits, and dials again."""

import asyncio
import random
from collections.abc import Callable

from simulators.clock import Clock
from simulators.session import Session
from simulators.transport import Connect, Transport, TransportClosed

FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 30.0


class Lifeline:
    """Runs one session after the other; `online` and `offline` hear of the beginning and the end of each."""

    def __init__(
        self,
        connect: Connect,
        *,
        name: str,
        clock: Clock,
        rng: random.Random,
        new_session: Callable[[Transport], Session],
        online: Callable[[], None],
        offline: Callable[[], None],
    ) -> None:
        self.session: Session | None = None
        self._connect = connect
        self._name = name
        self._clock = clock
        self._rng = rng
        self._new_session = new_session
        self._online = online
        self._offline = offline
        self._out_of_reach_until_s = clock.now_s()
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Keep connected until cancelled; raises what went wrong inside a session."""
        attempt = 0
        while True:
            await asyncio.sleep(max(self._out_of_reach_until_s - self._clock.now_s(), 0.0))
            try:
                transport = await self._connect()
            except (TransportClosed, OSError):
                attempt += 1
            else:
                attempt = 0
                await self._hold(transport)
            wait_s = min(FIRST_RETRY_S * 2 ** min(attempt, 16), LONGEST_RETRY_S)  # it may try for days
            await asyncio.sleep(wait_s + self._rng.random() * FIRST_RETRY_S)

    def drop(self, for_s: float) -> None:
        """Lose the connection, and find no network for so many seconds."""
        self._out_of_reach_until_s = self._clock.now_s() + for_s
        if self._task is not None:
            self._task.cancel()

    async def _hold(self, transport: Transport) -> None:
        self.session = self._new_session(transport)
        self._online()
        self._task = asyncio.create_task(self.session.run(), name=f"{self._name} session")
        try:
            await asyncio.wait([self._task])
        finally:
            self._task.cancel()
            results = await asyncio.gather(self._task, return_exceptions=True)
            self.session = None
            self._offline()
        if isinstance(results[0], Exception):
            raise results[0]
