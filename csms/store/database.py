"""A SQLite file: its lock, its pragmas, its migrations. What is particular to SQLite stands here and nowhere else."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import AsyncAdaptedQueuePool, Connection, Engine, StaticPool, create_engine, event, false, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from csms.domain.failures import StoreFailed
from csms.store import tables
from csms.store.batch import Batch, write_batch
from csms.store.failure import reason
from csms.store.queries import Result
from csms.store.sequences import Sequences, load_sequences, raise_sequences, settle_sequences

_BUSY_TIMEOUT_MS = 5000
"""How long to wait for somebody else's transaction: an operator who looks into the file with another program."""

MIGRATIONS = Path(__file__).parent / "migrations"


class StoreInUse(Exception):
    """Another process has this database open."""


class Database:
    """The file of a URL, locked, with one connection for writing and one for reading, each for one thread.

    Raises StoreInUse while another process has it open, OSError where it cannot be, ValueError for a URL that is not of
    SQLite. A new file is its owner's alone.
    """

    def __init__(self, url: str) -> None:
        self.path = sqlite_path(url)
        self._lock = FileLock(self.path) if self.path else None
        if self.path and not self.path.exists():
            # Id tokens and the secrets of webhooks are in it; its log is given the same mode.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self._writer = open_engine(self.path, begin="BEGIN IMMEDIATE")
        self._reader = open_engine(self.path, begin="BEGIN") if self.path else self._writer

    def prepare(self) -> Sequences:
        """Migrate, and reserve a block of every known sequence before any number is used. Raises StoreFailed."""
        return self.write(_prepare)

    def commit(self, batch: Batch) -> None:
        """Raises StoreFailed, with nothing written."""
        self.write(lambda connection: write_batch(connection, batch))

    def write(self, change: Callable[[Connection], Result]) -> Result:
        """One transaction. Raises StoreFailed, with nothing changed."""
        with failing(), self._writer.begin() as connection:
            return change(connection)

    def read(self, query: Callable[[Connection], Result]) -> Result:
        """Raises StoreFailed."""
        with failing(), self._reader.begin() as connection:
            return query(connection)

    def reserve(self, sequences: Sequences, name: str) -> None:
        """A block of numbers, on disk when this returns. Raises StoreFailed."""
        values = {name: sequences.ahead(name)}
        self.write(lambda connection: raise_sequences(connection, values))
        sequences.reserved(values)

    def finish(self, sequences: Sequences) -> None:
        """After a clean end no number is skipped, and the file is complete without its log. Raises StoreFailed."""
        self.write(lambda connection: settle_sequences(connection, sequences.last))
        with failing(), self._writer.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def file_bytes(self) -> dict[str, int]:
        """The sizes of the database and of its log; nothing for a database in memory."""
        if self.path is None:
            return {}
        files = {"database": self.path, "log": self.path.with_name(self.path.name + "-wal")}
        return {name: path.stat().st_size for name, path in files.items() if path.exists()}

    def close(self) -> None:
        for engine in (self._reader, self._writer):
            engine.dispose()
        if self._lock:
            self._lock.release()


def _prepare(connection: Connection) -> Sequences:
    migrate(connection)
    # A file that may only be read is opened all the same; it must not take until the first charger to be noticed.
    connection.execute(tables.sequences.update().where(false()).values(value=0))
    sequences = Sequences(load_sequences(connection))
    ahead = {name: sequences.ahead(name) for name in sequences.last}
    raise_sequences(connection, ahead)
    sequences.reserved(ahead)
    return sequences


@contextmanager
def failing() -> Iterator[None]:
    """What the database or its driver raises becomes StoreFailed."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreFailed(reason(error)) from error


class FileLock:
    """An exclusive lock on a file beside the database. The kernel releases it however the process ends.

    Raises StoreInUse.
    """

    def __init__(self, database: Path) -> None:
        path = database.with_name(database.name + ".lock")
        self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise StoreInUse(f"{database} is in use by another process") from None

    def release(self) -> None:
        """The file stays: to remove it would let two processes lock two different files of that name."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite URL, with or without a driver in it; None: in memory. Raises ValueError for others."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(f"storage url: {parsed.get_backend_name()!r} is not supported, only sqlite is")
    if parsed.query:
        raise ValueError("storage url: options after '?' are not supported")
    return None if parsed.database in (None, "", ":memory:") else Path(parsed.database)


def open_engine(path: Path | None, *, begin: str) -> Engine:
    """An engine of one connection on the file (None: on a new database in memory); `begin` opens a transaction."""
    url = URL.create("sqlite", database=str(path) if path else ":memory:")
    engine = create_engine(
        url,
        poolclass=StaticPool,
        connect_args={"check_same_thread": False},
        hide_parameters=True,  # error texts are logged, parameters hold id tokens and digests
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:  # Any: the driver's connection, behind an adapter
        connection.isolation_level = None  # the driver leaves BEGIN to us: its own spares DDL, which must roll back too
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_TIMEOUT_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        # A transaction that begins by reading cannot always be raised to writing; so say at once which it is.
        connection.exec_driver_sql(begin)

    return engine


def open_async_reader(path: Path) -> AsyncEngine:
    """An engine of one aiosqlite connection for queries, beside whoever writes (WAL)."""
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1,
        max_overflow=0,
        hide_parameters=True,
        json_deserializer=orjson.loads,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, _record: object) -> None:  # Any: the driver's connection, behind an adapter
        connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA query_only=ON")

    return engine


def migrate(connection: Connection, version: str = "head") -> None:
    """Bring the schema up to date, or to that of an earlier version, within the caller's transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, version)
    except CommandError as error:
        raise StoreFailed("its tables are those of a newer version of the central system") from error
