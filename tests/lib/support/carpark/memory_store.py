"""A store in memory that survives our process: commits take a moment, and a crash loses what was not committed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from csms.domain.events import Event
from csms.domain.state import Row
from csms.store.database import Database
from csms.store.sync_store import SyncStore

COMMIT_S = 0.02


class MortalStore(SyncStore):
    """One process's view of a database that outlives it. After `die` nothing reaches the database any more."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._dead = False
        self._due: asyncio.TimerHandle | None = None

    def append(self, site_id: str, event: Event, rows: Sequence[Row], *, origin: str = "ocpp") -> asyncio.Future[None]:
        """Committed a moment later, with whatever else was queued by then."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        if self._dead:
            return future
        self._queue.append(site_id, event, rows, origin, future)
        if self._due is None:
            self._due = loop.call_later(COMMIT_S, self._write)
        return future

    def die(self) -> None:
        """The process is gone: what waited is lost, whoever waited waits for ever."""
        self._dead = True
        if self._due is not None:
            self._due.cancel()
        self._queue.take(behind=True)

    def _write(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if not self._dead:
            super()._write()
