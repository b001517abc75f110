"""The store of `csms serve`: a SQLite file, written in groups by a thread of its own and read through aiosqlite."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from csms.domain.events import Event
from csms.domain.failures import StoreFailed
from csms.domain.history import MinuteRecord
from csms.domain.state import Row
from csms.domain.tallies import StoreFigures
from csms.store.batch import Queue
from csms.store.codec import Unstorable
from csms.store.database import Database, failing, open_async_reader, sqlite_path
from csms.store.erasure import Erasure
from csms.store.failure import fail, report
from csms.store.queries import Reader, Result
from csms.store.retention import INTERVAL_S, PAUSE_S, Retention
from csms.store.sequences import Sequences
from csms.store.writer import Writer

log = structlog.get_logger()


class AsyncStore(Reader):
    """Implements domain.ports.Store; made by `open`, ended by `close`, used on one event loop.

    Writing is synchronous on its own thread, a batch at a time: one hop per commit instead of one per statement, and a
    number can be reserved while the event loop waits (docs/adr/0001-store-threads.md). Queries use aiosqlite.
    """

    def __init__(
        self,
        database: Database,
        reader: AsyncEngine,
        thread: _Thread,
        sequences: Sequences,
        retention: Retention | None,
    ) -> None:
        self._database = database
        self._reader = reader
        self._thread = thread
        self._sequences = sequences
        self._queue = Queue()
        self._writer = Writer(self._queue, sequences, lambda batch: thread.run(partial(database.commit, batch)))
        self._closed = False
        self._sweeper = asyncio.create_task(self._sweep(retention), name="store-retention") if retention else None

    @classmethod
    async def open(cls, url: str, *, retention: Retention | None = None) -> AsyncStore:
        """Open the SQLite file of `url`, create or migrate it. Without `retention` everything is kept.

        Raises StoreInUse while another process has it open, ValueError for a URL that is not of a SQLite file,
        OSError or StoreFailed if the file cannot be used.
        """
        path = sqlite_path(url)
        if path is None:
            raise ValueError("storage url: a database in memory would lose what was acknowledged; name a file")
        database, thread = Database(url), _Thread()
        try:
            sequences = await thread.run(database.prepare)
        except BaseException:
            thread.stop()
            database.close()
            raise
        return cls(database, open_async_reader(path), thread, sequences, retention)

    @property
    def healthy(self) -> bool:
        """False from a failed commit until the next that succeeds, and once closed."""
        return self._writer.healthy and not self._closed

    @property
    def commits(self) -> int:
        """Transactions committed since it was opened."""
        return self._writer.commits

    def figures(self) -> StoreFigures:
        return StoreFigures(self._writer.tally, *self._queue.lengths(), self._database.file_bytes())

    def append(self, site_id: str, event: Event, rows: Sequence[Row], *, origin: str = "ocpp") -> asyncio.Future[None]:
        """The future fails with StoreFailed, for this event alone if it holds what no database takes."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._queue.append(site_id, event, rows, origin, future)
        except Unstorable as error:
            fail([future], str(error))
        return self._queued(future)

    def sample(self, site_id: str, event: Event, rows: Sequence[Row]) -> None:
        try:
            self._queue.sample(site_id, event, rows)
        except Unstorable as error:
            log.warning("store_sample_refused", site_id=site_id, error=str(error))
        self._writer.wake_behind()

    def save(self, *records: object) -> asyncio.Future[None]:
        """The future fails with StoreFailed, for these records alone if they hold what no database takes."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._queue.save(records, future)
        except Unstorable as error:
            fail([future], str(error))
        return self._queued(future)

    def remove(self, kind: type, *keys: tuple[str | int, ...]) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.remove(kind, keys, future)
        return self._queued(future)

    def record_minute(self, site_id: str, record: MinuteRecord) -> None:
        try:
            self._queue.record_minute(site_id, record)
        except Unstorable as error:
            log.warning("store_minute_refused", site_id=site_id, error=str(error))
        self._writer.wake_behind()

    def next_id(self, sequence: str) -> int:
        """Raises StoreFailed if no number can be reserved."""
        number = self._sequences.take(sequence)
        if number is None:
            self._reserve_now(sequence)
            return self.next_id(sequence)
        due = self._sequences.due(sequence)
        if due is not None:
            self._queue.reserve(sequence, due)
            self._writer.wake()
        return number

    async def forget_charge_point(self, site_id: str, charge_point_id: str) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.forget(site_id, charge_point_id, future)
        await self._queued(future)

    async def erase_id_token(self, id_token: str, stand_in: str) -> tuple[int, int]:
        """Raises StoreFailed; what was replaced by then stays so, and the rest is when it is asked for again."""
        await self.flush()
        erasure = Erasure(id_token, stand_in)
        more = True
        while more:
            more = await self._thread.run(partial(self._database.write, erasure.step))
        return erasure.sessions, erasure.records

    async def forget_site(self, site_id: str) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.forget(site_id, None, future)
        await self._queued(future)

    async def flush(self) -> None:
        """Raises StoreFailed if what was queued last could not be written."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.barrier(future)
        self._writer.wake_all()
        await self._queued(future)

    async def close(self) -> None:
        if self._closed:
            return
        with contextlib.suppress(StoreFailed):  # logged by the writer; whoever waits for it knows
            await self.flush()
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.wait([self._sweeper])
        await self._writer.stop()
        try:
            await self._thread.run(partial(self._database.finish, self._sequences))
        except StoreFailed as error:
            report("store_close_failed", error)
        finally:
            await self._reader.dispose()
            self._thread.stop()
            self._database.close()

    def _queued(self, future: asyncio.Future[None]) -> asyncio.Future[None]:
        if self._closed:
            fail(self._queue.take(behind=True)[1], "the store is closed")
        self._writer.wake()
        return future

    def on_commit(self, then: Callable[[], None]) -> None:
        self._writer.on_events.append(then)

    async def _read(self, query: Callable[[Connection], Result]) -> Result:
        with contextlib.suppress(StoreFailed):  # what failed to be written is not there; the rest can be read
            await self.flush()
        return await self._read_committed(query)

    async def _read_committed(self, query: Callable[[Connection], Result]) -> Result:
        if self._closed:
            raise StoreFailed("the store is closed")
        with failing():
            async with self._reader.connect() as connection:
                return await connection.run_sync(query)

    def _reserve_now(self, sequence: str) -> None:
        """Block until a block is reserved: at a sequence's first use ever, or when a burst outran the commits."""
        if self._closed:
            raise StoreFailed("the store is closed")
        self._thread.run_now(partial(self._database.reserve, self._sequences, sequence))

    async def _sweep(self, retention: Retention) -> None:
        while True:
            try:
                # The thread takes its work in order, so a step delays the writer by its own length at most.
                more = await self._thread.run(partial(self._database.write, retention.delete_step))
            except Exception as error:  # noqa: BLE001  a task's boundary: without it the file grows until it fills the disk
                report("store_retention_failed", error)
                more = False
            await asyncio.sleep(PAUSE_S if more else INTERVAL_S)


class _Thread:
    """Does one thing at a time, in order."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, "store-writer")

    async def run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def run_now(self, work: Callable[[], Result]) -> Result:
        """Wait for it without letting the event loop go on."""
        return self._executor.submit(work).result()

    def stop(self) -> None:
        self._executor.shutdown()
