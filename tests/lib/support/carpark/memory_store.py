"""A store in memory that survives our process: commits take a moment, and a crash loses what was not committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection

from csms.domain.events import Event
from csms.domain.history import MinuteRecord
from csms.domain.state import Row
from csms.store.batch import Queue
from csms.store.database import Database
from csms.store.queries import Result
from csms.store.sync_store import SyncStore

COMMIT_S = 0.02

Change = Callable[[Queue], None]


class Disk:
    """What was committed, by whichever process of ours; a commit takes `commit_s`. It becomes rows, all at once, before
    anybody reads them: a row that changes a thousand times between two of our crashes is written once."""

    def __init__(self, commit_s: float = COMMIT_S) -> None:
        self.commit_s = commit_s
        self.database = Database("sqlite://")
        self._changes: list[Change] = []
        self._minutes: dict[tuple[str, int], MinuteRecord] = {}

    def commit(self, changes: Iterable[Change], minutes: dict[tuple[str, int], MinuteRecord]) -> None:
        self._changes += changes
        self._minutes |= minutes

    def settle(self) -> None:
        """Into the database with all of it. Raises StoreFailed, Unstorable."""
        queue = Queue()
        for change in self._changes:
            change(queue)
        for (site_id, _), record in self._minutes.items():
            queue.record_minute(site_id, record)
        self._changes, self._minutes = [], {}
        batch, _ = queue.take(behind=True)
        if batch:
            self.database.commit(batch)

    def close(self) -> None:
        self.database.close()


class MortalStore(SyncStore):
    """One process's view of a disk that outlives it. After `die` nothing reaches the disk any more."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(disk.database)
        self._disk = disk
        self._dead = False
        self._due: asyncio.TimerHandle | None = None
        self._changes: list[Change] = []
        self._minutes: dict[tuple[str, int], MinuteRecord] = {}
        self._waiting: list[asyncio.Future[None]] = []

    def append(self, site_id: str, event: Event, rows: Sequence[Row], *, origin: str = "ocpp") -> asyncio.Future[None]:
        """Committed a moment later, with whatever else was queued by then."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        if self._dead:
            return future
        written: asyncio.Future[None] = loop.create_future()  # the queue's own; nobody waits for it
        self._changes.append(lambda queue: queue.append(site_id, event, rows, origin, written))
        self._waiting.append(future)
        if self._due is None:
            self._due = loop.call_later(self._disk.commit_s, self._write)
        return future

    def sample(self, site_id: str, event: Event, rows: Sequence[Row]) -> None:
        self._changes.append(lambda queue: queue.sample(site_id, event, rows))

    def record_minute(self, site_id: str, record: MinuteRecord) -> None:
        self._minutes[site_id, record.minute_start_s] = record

    def die(self) -> None:
        """The process is gone: what waited is lost, whoever waited waits for ever."""
        self._dead = True
        if self._due is not None:
            self._due.cancel()

    async def _read(self, query: Callable[[Connection], Result]) -> Result:
        self._write()
        self._disk.settle()
        return self._disk.database.read(query)

    def _write(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._dead:
            return
        self._disk.commit(self._changes, self._minutes)
        waiting, self._waiting = self._waiting, []
        self._changes, self._minutes = [], {}
        for future in waiting:
            if not future.done():
                future.set_result(None)
        if self._queue.urgent:  # what is not on the way of every message: barriers, charge points forgotten
            self._disk.settle()
            super()._write()
