"""The store of simulations: the same tables and statements, run inside the call, without threads, tasks or timers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Connection

from csms.domain.events import Event
from csms.domain.failures import StoreFailed
from csms.domain.history import MinuteRecord
from csms.domain.state import Row
from csms.domain.tallies import StoreFigures, StoreTally
from csms.store.batch import Queue
from csms.store.codec import Unstorable
from csms.store.database import Database
from csms.store.erasure import Erasure
from csms.store.failure import fail, reason, report
from csms.store.queries import Reader, Result

log = structlog.get_logger()


class SyncStore(Reader):
    """Implements domain.ports.Store; made by `open`, ended by `close`.

    What is written behind waits for the next append, read or flush.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sequences = database.prepare()
        self._queue = Queue()
        self._failed = False
        self._closed = False
        self._on_events: list[Callable[[], None]] = []
        self._tally = StoreTally()

    @classmethod
    def open(cls, url: str = "sqlite://") -> SyncStore:
        """By default a database in memory. Raises as AsyncStore.open does."""
        database = Database(url)
        try:
            return cls(database)
        except BaseException:
            database.close()
            raise

    @property
    def healthy(self) -> bool:
        return not self._failed and not self._closed

    def figures(self) -> StoreFigures:
        """Without times: it asks no clock."""
        return StoreFigures(self._tally, *self._queue.lengths(), self._database.file_bytes())

    def append(self, site_id: str, event: Event, rows: Sequence[Row], *, origin: str = "ocpp") -> asyncio.Future[None]:
        """The future is done when this returns."""
        future = _future()
        try:
            self._queue.append(site_id, event, rows, origin, future)
        except Unstorable as error:
            fail([future], str(error))
        self._write()
        return future

    def sample(self, site_id: str, event: Event, rows: Sequence[Row]) -> None:
        try:
            self._queue.sample(site_id, event, rows)
        except Unstorable as error:
            log.warning("store_sample_refused", site_id=site_id, error=str(error))

    def save(self, *records: object) -> asyncio.Future[None]:
        future = _future()
        try:
            self._queue.save(records, future)
        except Unstorable as error:
            fail([future], str(error))
        self._write()
        return future

    def remove(self, kind: type, *keys: tuple[str | int, ...]) -> asyncio.Future[None]:
        future = _future()
        self._queue.remove(kind, keys, future)
        self._write()
        return future

    def record_minute(self, site_id: str, record: MinuteRecord) -> None:
        try:
            self._queue.record_minute(site_id, record)
        except Unstorable as error:
            log.warning("store_minute_refused", site_id=site_id, error=str(error))

    def next_id(self, sequence: str) -> int:
        """Raises StoreFailed if no number can be reserved."""
        number = self._sequences.take(sequence)
        if number is not None:
            return number
        if self._closed:
            raise StoreFailed("the store is closed")
        self._database.reserve(self._sequences, sequence)
        return self.next_id(sequence)

    async def forget_charge_point(self, site_id: str, charge_point_id: str) -> None:
        future = _future()
        self._queue.forget(site_id, charge_point_id, future)
        self._write()
        await future

    async def forget_site(self, site_id: str) -> None:
        future = _future()
        self._queue.forget(site_id, None, future)
        self._write()
        await future

    def on_commit(self, then: Callable[[], None]) -> None:
        self._on_events.append(then)

    async def erase_id_token(self, id_token: str, stand_in: str) -> tuple[int, int]:
        await self.flush()
        erasure = Erasure(id_token, stand_in)
        while self._database.write(erasure.step):
            pass
        return erasure.sessions, erasure.records

    async def flush(self) -> None:
        future = _future()
        self._queue.barrier(future)
        self._write()
        await future

    async def close(self) -> None:
        if self._closed:
            return
        self._write()
        self._closed = True
        try:
            self._database.finish(self._sequences)
        except StoreFailed as error:
            report("store_close_failed", error)
        finally:
            self._database.close()

    async def _read(self, query: Callable[[Connection], Result]) -> Result:
        self._write()
        if self._closed:
            raise StoreFailed("the store is closed")
        return self._database.read(query)

    def _write(self) -> None:
        batch, futures = self._queue.take(behind=True)
        if self._closed:
            fail(futures, "the store is closed")
            return
        try:
            if batch:
                self._database.commit(batch)
                self._tally.rows.note(len(batch))
                self._failed = False
        except Exception as error:  # noqa: BLE001  the store outlives every batch, whatever was wrong with it
            self._failed = True
            self._tally.failed += 1
            report("store_write_failed", error, events=len(batch.events), waiting=len(futures))
            fail(futures, reason(error))
        for future in futures:
            if not future.done():
                future.set_result(None)
        if batch.events and not self._failed:
            for then in self._on_events:
                then()


def _future() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()
