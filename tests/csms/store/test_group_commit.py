from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select
from store_examples import metered, site_declared, started, transaction

from csms.domain.history import MinuteRecord
from csms.domain.queries import SessionQuery
from csms.store import AsyncStore, StoreFailed, SyncStore, tables

REFUSE_SESSION_13 = """
    CREATE TRIGGER refuse BEFORE INSERT ON transactions WHEN new.session_id = 13
    BEGIN SELECT RAISE(ABORT, 'unlucky'); END
"""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AsyncStore]:
    store = await AsyncStore.open(f"sqlite:///{tmp_path / 'csms.db'}")
    yield store
    await store.close()


def append(store: AsyncStore | SyncStore, session_id: int) -> asyncio.Future[None]:
    row = transaction(session_id)
    return store.append("s", started(row), [row])


async def run_sql(store: AsyncStore, statement: str) -> Any:
    """On the connection that writes, in its thread; the first column of the first row, if there is any."""

    def run(connection: Connection) -> Any:
        result = connection.exec_driver_sql(statement)
        return result.scalar() if result.returns_rows else None

    return await store._thread.run(lambda: store._database.write(run))


def file_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def scalars(store: AsyncStore, statement: Any) -> list[Any]:
    return list(await store._read(lambda connection: connection.execute(statement).scalars().all()))


async def test_many_appends_share_few_commits(store: AsyncStore) -> None:
    before = store.commits
    await asyncio.gather(*(append(store, n) for n in range(1, 501)))
    assert store.commits - before <= 2
    assert (await store.sessions(SessionQuery())).total == 500


async def test_what_is_queued_during_a_commit_shares_the_next_one(store: AsyncStore) -> None:
    before = store.commits

    async def one_after_another(first: int) -> None:
        for n in range(first, first + 5):
            await append(store, n)

    await asyncio.gather(*(one_after_another(first) for first in range(0, 1000, 10)))
    assert store.commits - before <= 10


async def test_futures_are_done_in_the_order_of_the_queue(store: AsyncStore) -> None:
    done: list[int] = []
    futures = []
    for n in range(50):
        future = append(store, n)
        future.add_done_callback(lambda _future, n=n: done.append(n))  # type: ignore[misc]  # mypy: lambda defaults
        futures.append(future)
        if n % 7 == 0:
            await asyncio.sleep(0)
    await asyncio.gather(*futures)
    assert done == list(range(50))


async def test_events_are_numbered_in_the_order_of_the_queue(store: AsyncStore) -> None:
    for n in (3, 1, 2):
        append(store, n)
    found = await scalars(store, select(tables.events.c.data).order_by(tables.events.c.id))
    assert [data["session_id"] for data in found] == [3, 1, 2]


async def test_every_sample_is_kept_though_readings_collapse(store: AsyncStore) -> None:
    before = store.commits
    for power_w in (1.0, 2.0, 3.0):
        event, reading = metered(power_w)
        store.sample("s", event, [reading])
    samples = await scalars(store, select(tables.meter_samples.c.power_w).order_by(tables.meter_samples.c.id))
    readings = await scalars(store, select(tables.meter_readings.c.data))
    assert samples == [1.0, 2.0, 3.0]
    assert [reading["power_w"] for reading in readings] == [3.0]
    assert store.commits - before == 1


async def test_what_is_behind_waits_for_its_time_and_then_goes_by_itself(
    store: AsyncStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csms.store.writer.WRITE_BEHIND_S", 0.0)
    before = store.commits
    store.record_minute("s", MinuteRecord(60, 1.0))
    for _ in range(2000):
        if store.commits > before:
            break
        await asyncio.sleep(0.005)
    assert store.commits == before + 1


async def test_what_is_behind_does_not_join_an_append_before_its_time(
    store: AsyncStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csms.store.writer.WRITE_BEHIND_S", 3600.0)
    store.record_minute("s", MinuteRecord(60, 1.0))
    await append(store, 1)
    count = select(func.count()).select_from(tables.history_minutes)
    assert await store._thread.run(lambda: store._database.read(lambda c: c.execute(count).scalar())) == 0
    assert await scalars(store, count) == [1]


async def test_a_failing_batch_fails_its_futures_and_the_next_one_succeeds(store: AsyncStore) -> None:
    await run_sql(store, REFUSE_SESSION_13)
    results = await asyncio.gather(append(store, 12), append(store, 13), return_exceptions=True)
    assert [type(result) for result in results] == [StoreFailed, StoreFailed]
    assert [str(result) for result in results] == ["unlucky", "unlucky"]
    health = [store.healthy]
    await append(store, 14)
    assert [*health, store.healthy] == [False, True]
    assert [row.session_id for row in (await store.sessions(SessionQuery())).items] == [14]
    assert await scalars(store, select(func.count()).select_from(tables.events)) == [1]


async def test_a_failing_batch_is_the_same_to_a_synchronous_store() -> None:
    store = SyncStore.open()
    store._database.write(lambda connection: connection.exec_driver_sql(REFUSE_SESSION_13).close())
    refused = append(store, 13)
    assert isinstance(refused.exception(), StoreFailed)
    health = [store.healthy]
    assert append(store, 14).exception() is None
    assert [*health, store.healthy] == [False, True]
    await store.close()


async def test_numbers_go_on_when_the_batch_with_their_reservation_failed(store: AsyncStore) -> None:
    await run_sql(store, REFUSE_SESSION_13)
    numbers = [store.next_id("session") for _ in range(40)]
    append(store, 13)
    await asyncio.sleep(0)
    with pytest.raises(StoreFailed):
        await append(store, 13)
    numbers += [store.next_id("session") for _ in range(100)]
    assert numbers == list(range(1, 141))


async def test_a_failure_nobody_waits_for_makes_no_noise(store: AsyncStore) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    await run_sql(store, REFUSE_SESSION_13)
    append(store, 13)
    with pytest.raises(StoreFailed):
        await store.flush()
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []


async def test_a_caller_who_gives_up_waiting_disturbs_nobody(store: AsyncStore) -> None:
    given_up, patient = append(store, 1), append(store, 2)
    given_up.cancel()
    await patient
    assert (await store.sessions(SessionQuery())).total == 2


async def test_reading_goes_on_while_writing_fails(store: AsyncStore) -> None:
    await append(store, 1)
    await run_sql(store, REFUSE_SESSION_13)
    append(store, 13)
    assert (await store.sessions(SessionQuery())).total == 1


async def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'csms.db'}"
    store = await AsyncStore.open(url)
    future = append(store, 1)
    store.record_minute("s", MinuteRecord(60, 1.0))
    await store.close()
    assert future.done()
    assert future.exception() is None
    again = await AsyncStore.open(url)
    assert (await again.sessions(SessionQuery())).total == 1
    assert await again.current_minute("s", 60) == MinuteRecord(60, 1.0)
    await again.close()
    assert file_names(tmp_path) == ["csms.db", "csms.db.lock"]


async def test_commits_are_on_the_disk_before_they_are_acknowledged(store: AsyncStore) -> None:
    event, row = site_declared()
    await store.append("s", event, [row])
    assert [await run_sql(store, f"PRAGMA {name}") for name in ("journal_mode", "synchronous")] == ["wal", 2]
