"""A store in memory that commits in groups, as the store of `csms serve` does: whatever a moment brings, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection

from csms.store.database import Database
from csms.store.queries import Result
from csms.store.sync_store import SyncStore

COMMIT_S = 0.02


class GroupStore(SyncStore):
    """On a loop on virtual time. Answers that promise durability wait for the commit, so they leave in another order
    than they were asked for, as they do from the thread of the shipped store."""

    def __init__(self) -> None:
        self._due: asyncio.TimerHandle | None = None
        super().__init__(Database("sqlite://"))

    async def flush(self) -> None:
        self._commit()

    async def close(self) -> None:
        self._commit()
        await super().close()

    async def _read(self, query: Callable[[Connection], Result]) -> Result:
        self._commit()
        return self._database.read(query)

    def _write(self) -> None:
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(COMMIT_S, self._commit)

    def _commit(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        super()._write()
