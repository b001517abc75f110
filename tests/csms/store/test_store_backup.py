"""Backups: of one moment, checked, and put back without believing what may have changed since."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from store_examples import AT, site_declared

from csms.domain.limits import ConnectorLimits
from csms.domain.model import SiteSettings
from csms.store import AsyncStore, StoreInUse
from csms.store.backup import BackupFailed, back_up, check, restore


async def made(path: Path) -> AsyncStore:
    """An open store with a site, and a limit at one of its connectors."""
    store = await AsyncStore.open(f"sqlite:///{path}")
    event, row = site_declared()
    await store.append("s", event, [row, ConnectorLimits("CP-1", 1)])
    assert [store.next_id("session") for _ in range(3)] == [1, 2, 3]
    return store


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def rows(path: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(question).fetchall()


async def test_a_backup_is_taken_while_the_store_is_open_and_written_to(tmp_path: Path) -> None:
    store = await made(tmp_path / "csms.db")
    copying = asyncio.create_task(asyncio.to_thread(back_up, tmp_path / "csms.db", tmp_path / "copy.db"))
    while not copying.done():
        event, row = site_declared()
        await store.append("s", event, [row])
    await copying
    await store.close()
    check(tmp_path / "copy.db")
    assert rows(tmp_path / "copy.db", "SELECT site_id FROM sites") == [("s",)]
    assert names(tmp_path) == ["copy.db", "csms.db", "csms.db.lock"]
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


async def test_a_backup_holds_what_was_acknowledged_before_it_began(tmp_path: Path) -> None:
    store = await made(tmp_path / "csms.db")
    for _ in range(20):
        event, row = site_declared()
        await store.append("s", event, [row])
    (before,) = rows(tmp_path / "csms.db", "SELECT count(*) FROM events")
    await asyncio.to_thread(back_up, tmp_path / "csms.db", tmp_path / "copy.db")
    await store.close()
    assert rows(tmp_path / "copy.db", "SELECT count(*) FROM events") == [before]


async def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    await (await made(tmp_path / "csms.db")).close()
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(BackupFailed, match="exists already"):
        back_up(tmp_path / "csms.db", tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"


def test_no_database_leaves_nothing_behind(tmp_path: Path) -> None:
    for source, target in (("none.db", "copy.db"), ("none.db", "nowhere/copy.db")):
        with pytest.raises(BackupFailed):
            back_up(tmp_path / source, tmp_path / target)
    (tmp_path / "text.db").write_text("this is no database" * 1000)
    with pytest.raises(BackupFailed, match=r"text\.db"):
        back_up(tmp_path / "text.db", tmp_path / "copy.db")
    assert names(tmp_path) == ["text.db"]


async def test_a_restored_store_has_everything_but_the_limits(tmp_path: Path) -> None:
    await (await made(tmp_path / "csms.db")).close()
    back_up(tmp_path / "csms.db", tmp_path / "copy.db")
    store = await AsyncStore.open(f"sqlite:///{tmp_path / 'csms.db'}")
    event, row = site_declared("later")
    await store.append("later", event, [row])
    await store.close()
    assert restore(tmp_path / "copy.db", tmp_path / "csms.db", tmp_path / "aside.db")
    store = await AsyncStore.open(f"sqlite:///{tmp_path / 'csms.db'}")
    assert await store.site_ids() == ["s"]
    assert [type(row) for row in await store.load_site("s", AT)] == [SiteSettings]
    assert rows(tmp_path / "csms.db", "SELECT count(*) FROM connector_limits") == [(0,)]
    assert store.next_id("session") > 1003
    await store.close()
    assert len(rows(tmp_path / "aside.db", "SELECT site_id FROM sites")) == 2
    check(tmp_path / "copy.db")
    assert rows(tmp_path / "copy.db", "SELECT count(*) FROM connector_limits") == [(1,)]


async def test_numbers_given_since_the_backup_are_not_given_again(tmp_path: Path) -> None:
    await (await made(tmp_path / "csms.db")).close()
    back_up(tmp_path / "csms.db", tmp_path / "copy.db")
    store = await AsyncStore.open(f"sqlite:///{tmp_path / 'csms.db'}")
    given = [store.next_id("session") for _ in range(200)]
    event, row = site_declared()
    for _ in range(5):
        await store.append("s", event, [row])
    (last,) = rows(tmp_path / "csms.db", "SELECT max(id) FROM events")
    await store.close()
    restore(tmp_path / "copy.db", tmp_path / "csms.db", tmp_path / "aside.db")
    store = await AsyncStore.open(f"sqlite:///{tmp_path / 'csms.db'}")
    assert store.next_id("session") > max(given)
    await store.append("s", event, [row])
    await store.close()
    assert rows(tmp_path / "csms.db", "SELECT max(id) FROM events") > [last]


async def test_a_store_in_use_is_left_alone(tmp_path: Path) -> None:
    store = await made(tmp_path / "csms.db")
    await asyncio.to_thread(back_up, tmp_path / "csms.db", tmp_path / "copy.db")
    with pytest.raises(StoreInUse):
        restore(tmp_path / "copy.db", tmp_path / "csms.db", tmp_path / "aside.db")
    assert not (tmp_path / "aside.db").exists()
    await store.close()


async def test_what_the_log_of_a_killed_process_holds_is_kept_aside_with_its_database(tmp_path: Path) -> None:
    store = await made(tmp_path / "csms.db")
    back_up(tmp_path / "csms.db", tmp_path / "copy.db")
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in ("csms.db", "csms.db-wal"):
        (killed / name).write_bytes((tmp_path / name).read_bytes())
    await store.close()
    restore(tmp_path / "copy.db", killed / "csms.db", killed / "aside.db")
    assert rows(killed / "aside.db", "SELECT site_id FROM sites") == [("s",)]
    assert not (killed / "csms.db-wal").exists()


async def test_a_damaged_or_foreign_or_newer_backup_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    await (await made(tmp_path / "csms.db")).close()
    back_up(tmp_path / "csms.db", tmp_path / "good.db")
    content = (tmp_path / "good.db").read_bytes()
    damaged = content[:8192] + b"\xff" * 4096 + content[12288:]
    (tmp_path / "damaged.db").write_bytes(damaged)
    (tmp_path / "foreign.db").write_bytes(b"")
    (tmp_path / "newer.db").write_bytes(content)
    with closing(sqlite3.connect(tmp_path / "newer.db")) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    before = (tmp_path / "csms.db").read_bytes()
    for name, reason in (("damaged", "damaged"), ("foreign", "no database"), ("newer", "later"), ("none", "not exist")):
        with pytest.raises(BackupFailed, match=reason):
            restore(tmp_path / f"{name}.db", tmp_path / "csms.db", tmp_path / "aside.db")
    assert (tmp_path / "csms.db").read_bytes() == before
    assert not (tmp_path / "aside.db").exists()
