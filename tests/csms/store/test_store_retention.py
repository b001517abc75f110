from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, select
from store_examples import AT, metered, site_declared

from csms.domain import events as ev
from csms.domain.alarms import Alarm
from csms.domain.grid import TemporaryLimit
from csms.domain.history import MinuteRecord
from csms.domain.model import Moment, SiteLoad
from csms.domain.queries import AlarmQuery
from csms.domain.records import CommandRecord, Delivery, RecordQuery
from csms.store import AsyncStore, Retention, SyncStore, tables
from csms.store.retention import STEP_ROWS

DAY_S = 86_400


@pytest.fixture
async def store() -> AsyncIterator[SyncStore]:
    store = SyncStore.open()
    event, row = site_declared()
    await store.append("s", event, [row])
    yield store
    await store.close()


def ages_d(store: SyncStore) -> dict[str, list[int]]:
    """What is left, in days before AT."""
    columns = (tables.meter_samples.c.at_utc_s, tables.history_minutes.c.minute_start_s, tables.events.c.at_utc_s)

    def read(connection: Connection) -> dict[str, list[int]]:
        return {
            column.table.name: [
                round((AT.utc_s - at_s) / DAY_S)
                for at_s in connection.execute(select(column).order_by(column)).scalars()
            ]
            for column in columns
        }

    return store._database.read(read)


def sweep(store: SyncStore) -> int:
    """The number of steps that deleted something."""
    retention = Retention(lambda: AT)
    steps = 0
    while store._database.write(retention.delete_step):
        steps += 1
    return steps


async def test_only_what_is_too_old_is_deleted(store: SyncStore) -> None:
    for days in (0, 29, 31, 399, 401):
        at = Moment(AT.utc_s - days * DAY_S, 0.0)
        event, reading = metered(1.0, at=at)
        store.sample("s", event, [reading])
        store.record_minute("s", MinuteRecord(int(at.utc_s), 60.0))
        store.append("s", ev.SiteRestarted(at, "for a test"), [])
    sweep(store)
    assert ages_d(store) == {
        "meter_samples": [29, 0],
        "history_minutes": [399, 31, 29, 0],
        "events": [399, 31, 29, 0, 0],
    }


async def test_limits_and_alarms_that_are_long_over_are_deleted_and_those_that_stand_are_kept(store: SyncStore) -> None:
    old_s, recent_s = AT.utc_s - 401 * DAY_S, AT.utc_s - 399 * DAY_S
    for n, until_s in enumerate((None, old_s, recent_s)):
        limit = TemporaryLimit(f"source {n}", 1000, old_s - DAY_S, until_s)
        alarm = Alarm(n, "over_limit", f"node {n}", "too much", old_s - DAY_S, until_s)
        store.append("s", ev.SiteRestarted(AT, "for a test"), [limit, alarm])
    sweep(store)
    kept = select(tables.temporary_limits.c.valid_until_s).order_by("source")
    assert store._database.read(lambda connection: connection.execute(kept).scalars().all()) == [None, recent_s]
    assert [alarm.alarm_id for _, alarm in (await store.alarms(AlarmQuery())).items] == [2, 0]


async def test_readings_of_the_sites_meter_go_with_the_meter_samples(store: SyncStore) -> None:
    for days in (0, 29, 31):
        at = Moment(AT.utc_s - days * DAY_S, 0.0)
        store.append("s", ev.SiteLoadReported(at, SiteLoad(1000, at.utc_s, at)), [])
        store.append("s", ev.SiteRestarted(at, "for a test"), [])
    sweep(store)
    assert ages_d(store)["events"] == [31, 29, 29, 0, 0, 0]


async def test_commands_go_as_late_as_events(store: SyncStore) -> None:
    for n, days in enumerate((0, 399, 401)):
        await store.save(CommandRecord(n, "CP-1", AT.utc_s - days * DAY_S, "reset", False, {}, "operator"))
    sweep(store)
    kept = await store.records(RecordQuery(CommandRecord))
    assert [record.command_id for record in kept.items] == [0, 1]


async def test_deliveries_that_ended_go_after_a_week_and_those_that_wait_are_kept(store: SyncStore) -> None:
    for n, (state, days) in enumerate(
        (("delivered", 6), ("delivered", 8), ("failed", 6), ("failed", 8), ("pending", 8))
    ):
        at_s = AT.utc_s - days * DAY_S
        await store.save(Delivery(n, "1", state, at_s, at_s, event_id=n, type="session_started", body="{}"))
    sweep(store)
    kept = await store.records(RecordQuery(Delivery))
    assert [delivery.delivery_id for delivery in kept.items] == [0, 2, 4]


async def test_what_is_too_old_is_found_by_index(store: SyncStore) -> None:
    statements: list[str] = []
    engine = store._database._writer
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, text, *_rest: statements.append(text))
    store._database.write(Retention(lambda: AT).delete_step)
    searches = [text for text in statements if text.startswith("SELECT") and "ORDER BY" in text and "LIMIT" in text]
    assert len(searches) == 10
    for text in searches:
        values = tuple("s" if "site_id" in part else 0 for part in text.split("?")[:-1])
        with engine.connect() as connection:
            plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
        index = "ix_events_site_loads" if "SiteLoadReported" in text else "INDEX"
        assert len(plan) == 1, text
        assert index in plan[0], text


async def test_deleting_goes_in_small_steps(store: SyncStore) -> None:
    for n in range(2 * STEP_ROWS + 1):
        event, reading = metered(1.0, at=Moment(float(n), 0.0))
        store.sample("s", event, [reading])
    await store.flush()
    assert sweep(store) == 3
    assert ages_d(store)["meter_samples"] == []


async def test_a_store_that_is_open_deletes_by_itself(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'csms.db'}"
    store = await AsyncStore.open(url)
    event, row = site_declared()
    await store.append("s", event, [row])
    store.record_minute("s", MinuteRecord(60, 60.0))
    await store.close()
    store = await AsyncStore.open(url, retention=Retention(lambda: AT))
    for _ in range(2000):
        left = await store.current_minute("s", 60)
        if left is None:
            break
        await asyncio.sleep(0.005)
    await store.close()
    assert left is None


async def test_a_step_that_fails_is_not_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Moment] = []

    def now() -> Moment:
        asked.append(AT)
        if len(asked) == 1:
            raise OverflowError("a clock that is no clock")
        return AT

    monkeypatch.setattr("csms.store.async_store.INTERVAL_S", 0.001)
    store = await AsyncStore.open(f"sqlite:///{tmp_path / 'csms.db'}", retention=Retention(now))
    async with asyncio.timeout(5):
        while len(asked) < 3:
            await asyncio.sleep(0.001)
    await store.close()


async def test_the_audit_log_is_kept_as_long_as_events(store: SyncStore) -> None:
    def fill(connection: Connection) -> None:
        for number, days in enumerate((0, 399, 401)):
            at_s = AT.utc_s - days * DAY_S
            connection.execute(tables.audit.insert().values(audit_id=number, subject="s", at_s=at_s, data={}))

    store._database.write(fill)
    sweep(store)
    left = select(tables.audit.c.audit_id).order_by("audit_id")
    assert store._database.read(lambda connection: connection.execute(left).scalars().all()) == [0, 1]


async def test_the_operator_says_how_long(store: SyncStore) -> None:
    for days in (0, 2, 4):
        at = Moment(AT.utc_s - days * DAY_S, 0.0)
        event, reading = metered(1.0, at=at)
        store.sample("s", event, [reading])
        store.record_minute("s", MinuteRecord(int(at.utc_s), 60.0))
        store.append("s", ev.SiteRestarted(at, "for a test"), [])
    retention = Retention(lambda: AT, meter_samples_days=1, history_days=3, events_days=5)
    while store._database.write(retention.delete_step):
        pass
    assert ages_d(store) == {"meter_samples": [0], "history_minutes": [2, 0], "events": [4, 2, 0, 0]}
