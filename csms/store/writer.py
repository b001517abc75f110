"""The group commit: one task writes whatever is queued, in one transaction, and then answers everybody at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from csms.domain.tallies import StoreTally
from csms.store.batch import Batch, Queue
from csms.store.failure import fail, reason, report
from csms.store.sequences import Sequences

WRITE_BEHIND_S = 0.5
"""How late meter samples and history may be; what was promised to nobody can wait for a fuller commit."""


class Writer:
    """Takes what is queued and hands it to `commit`, a batch at a time. `wake` it whenever something was queued.

    A batch that fails is given up whole: its futures fail, and what was behind in it is lost, since the next reading
    and the next second of the minute bring it again. The batches after it are tried as ever.
    """

    def __init__(self, queue: Queue, sequences: Sequences, commit: Callable[[Batch], Awaitable[None]]) -> None:
        self.healthy = True
        self.commits = 0
        self.on_events: list[Callable[[], None]] = []
        """Called after each commit with events in it."""
        self.tally = StoreTally()
        self._queue = queue
        self._sequences = sequences
        self._commit = commit
        self._awake = asyncio.Event()
        self._due = False
        self._timer: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._run(), name="store-writer")

    def wake(self) -> None:
        self._awake.set()

    def wake_behind(self) -> None:
        """At the latest WRITE_BEHIND_S from now, write what is behind too."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WRITE_BEHIND_S, self.wake_all)

    def wake_all(self) -> None:
        self._due = True
        self._awake.set()

    async def stop(self) -> None:
        """Whoever still waits is told that nothing was written for them; flush before."""
        self.healthy = False
        if self._timer is not None:
            self._timer.cancel()
        self._task.cancel()
        await asyncio.wait([self._task])
        _, futures = self._queue.take(behind=True)
        fail(futures, "the store is closed")

    async def _run(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            due, self._due = self._due, False
            if due and self._timer is not None:
                self._timer.cancel()
                self._timer = None
            batch, futures = self._queue.take(behind=due)
            await self._write(batch, futures)

    async def _write(self, batch: Batch, futures: list[asyncio.Future[None]]) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            if batch:
                await self._commit(batch)
        except Exception as error:  # noqa: BLE001  the writer outlives every batch, whatever was wrong with it
            if self.healthy or batch.events or futures:  # what is written behind is tried twice a second, and told once
                report("store_write_failed", error, events=len(batch.events), waiting=len(futures))
            self.healthy = False
            self.tally.failed += 1
            self._sequences.failed(batch.sequences)
            fail(futures, reason(error))
            return
        if batch:
            self.healthy = True
            self.commits += 1
            self.tally.times.note(loop.time() - began_s)
            self.tally.rows.note(len(batch))
            self._sequences.reserved(batch.sequences)
        for future in futures:
            if not future.done():
                future.set_result(None)
        if batch.events:
            for then in self.on_events:
                then()
