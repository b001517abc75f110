"""Backups of the SQLite file: taken while it is served, checked before they get their name, and put back."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from alembic.script import ScriptDirectory

from csms.store.database import MIGRATIONS, FileLock

_AHEAD = 100_000
"""Numbers skipped at a restore: what was handed out since the backup (transaction ids among them) is not known, and a
charger may still name it."""

_BUSY_TIMEOUT_S = 30.0


class BackupFailed(Exception):
    """The backup could not be taken or put back; nothing was changed."""


def back_up(database: Path, target: Path) -> int:
    """Copy the database as it is at one moment, whoever writes meanwhile; the size of the copy in bytes.

    The copy is one file, readable by its owner only, and has passed SQLite's own check. Raises BackupFailed.
    """
    if target.exists():
        raise BackupFailed(f"{target} exists already")
    if not database.is_file():
        raise BackupFailed(f"{database} does not exist")
    with _partial(target) as partial, _failing(f"{database} cannot be copied to {target}"):
        with closing(_opened(database)) as source, closing(_opened(partial)) as copy:
            source.execute("PRAGMA query_only=ON")
            # In one step, so in one read transaction: in several, every write in between would begin it anew.
            source.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")
        check(partial)
        _put(partial, target)
    return target.stat().st_size


def restore(backup: Path, database: Path, aside: Path) -> bool:
    """Put a backup in the place of the database, which is kept as `aside`; False if there was none.

    What chargers were told since the backup is not known, so of every connector the limits are forgotten: each counts
    at its rated maximum until it has confirmed its limits anew. Raises StoreInUse, BackupFailed.
    """
    if aside.exists():
        raise BackupFailed(f"{aside} exists already")
    check(backup)
    lock = FileLock(database)
    try:
        with _partial(database) as partial, _failing(f"{backup} cannot be put in the place of {database}"):
            shutil.copyfile(backup, partial)
            with closing(_opened(partial)) as copy:
                _distrust(copy)
            existed = database.exists()
            for suffix in ("", "-wal", "-shm"):
                if (part := _with(database, suffix)).exists():
                    part.rename(_with(aside, suffix))
            _put(partial, database)
            return existed
    finally:
        lock.release()


def check(path: Path) -> None:
    """Raises BackupFailed for a file that is damaged, is no database of ours, or is one of a later version."""
    if not path.is_file():
        raise BackupFailed(f"{path} does not exist")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            versions = [row[0] for row in connection.execute("SELECT version_num FROM alembic_version")]
    except sqlite3.Error as error:
        raise BackupFailed(f"{path} is no database of the central system: {error}") from error
    if found != ["ok"]:
        raise BackupFailed(f"{path} is damaged: {'; '.join(found)}")
    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if len(versions) != 1 or versions[0] not in known:
        raise BackupFailed(f"{path} was written by a later version")


def _distrust(copy: sqlite3.Connection) -> None:
    """In one transaction; the driver begins it at the first change."""
    copy.execute("DELETE FROM connector_limits")
    copy.execute("UPDATE sequences SET value = value + ?", (_AHEAD,))
    copy.execute("UPDATE sqlite_sequence SET seq = seq + ?", (_AHEAD,))
    copy.commit()


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY_TIMEOUT_S)
    connection.execute("PRAGMA synchronous=FULL")
    return connection


@contextlib.contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """An empty file beside the target, readable by its owner only: a copy that is cut off never has the right name."""
    partial = _with(target, ".partial")
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    except OSError as error:
        raise BackupFailed(f"{partial} cannot be written: {error.strerror}") from error
    try:
        yield partial
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            _with(partial, suffix).unlink(missing_ok=True)


def _put(partial: Path, target: Path) -> None:
    """Under its name once it is on disk, and the name on disk too."""
    _sync(partial)
    partial.rename(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _with(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


@contextlib.contextmanager
def _failing(what: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise BackupFailed(f"{what}: {error}") from error
