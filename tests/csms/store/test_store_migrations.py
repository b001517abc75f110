"""A database of an older version is brought up to date: `written_by_0001.sql` was dumped from one that 0001 wrote."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Table, create_engine, select
from store_examples import AT

from csms.domain import events as ev
from csms.domain.alarms import Alarm
from csms.domain.failures import StoreFailed
from csms.domain.limits import ConnectorLimits, Limit, Settling
from csms.domain.model import (
    Capabilities,
    ChargePointSettings,
    Connector,
    ConnectorKey,
    ConnectorStatus,
    Current,
    LimitPurpose,
    MeterReading,
    Moment,
    PowerSource,
    ScheduleWindow,
    SiteSettings,
    SmartCharging,
)
from csms.domain.queries import AlarmQuery, DecisionPage, DecisionQuery
from csms.domain.state import State
from csms.store import SyncStore, database, rows
from csms.store.database import Database
from csms.store.tables import events, meter_samples

KEY = ConnectorKey("a", 1)
LATER = Moment(AT.utc_s + 100.0, 1000.0)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SyncStore]:
    path = tmp_path / "csms.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript((Path(__file__).parent / "written_by_0001.sql").read_text())
    store = SyncStore.open(f"sqlite:///{path}")
    yield store
    await store.close()


def limit(limit_id: int, purpose: LimitPurpose, limit_w: int, *, awaited: bool = True) -> Limit:
    issued_at_s = AT.utc_s + {1: 3.0, 2: 7.0, 3: 30.0}[limit_id]
    transaction_id = None if purpose is LimitPurpose.DEFAULT else "t1"
    return Limit(limit_id, purpose, limit_w, transaction_id, "c1", Moment(issued_at_s, LATER.steady_s), awaited)


async def test_every_row_that_0001_wrote_is_loaded_with_defaults_for_what_is_new(store: SyncStore) -> None:
    state = State.restored(await store.load_site("s", LATER))
    assert state.site == SiteSettings("s", "Car park", "Europe/London", 100_000, voltage_max_v=253.0)
    assert state.settings == {"a": ChargePointSettings("a", "s", 2, 22_000, Current.AC, 3)}
    window = ScheduleWindow((0, 1), 60, 1440, 20_000, {"a": 5000})
    assert state.smart_charging == SmartCharging(50_000, "scheduled", 1400, ("a",), (window,), updated_at_s=3.5)
    assert state.charge_points["a"].capabilities == Capabilities(("A",), 8, meter_interval_s=60.0)
    assert state.connectors == {KEY: Connector("a", 1, ConnectorStatus.CHARGING, None, AT.utc_s + 5.0)}
    metered_at = Moment(AT.utc_s + 20.0, LATER.steady_s - 80.0)
    reading = MeterReading("a", 1, metered_at, metered_at.utc_s, 10_900.5, PowerSource.POWER, 1050.0)
    assert state.readings == {KEY: reading}
    assert (state.active[KEY].session_id, state.active[KEY].energy_wh) == (7, 50.0)
    assert (state.temporary_limits, state.site_load, state.alarms) == ({}, None, {})


async def test_limits_that_0001_sent_are_still_believed(store: SyncStore) -> None:
    limits = State.restored(await store.load_site("s", LATER)).limits[KEY]
    assert (limits.default, limits.transaction) == (
        limit(1, LimitPurpose.DEFAULT, 0),
        limit(2, LimitPurpose.TRANSACTION, 11_000),
    )
    assert limits.outstanding == (limit(3, LimitPurpose.TRANSACTION, 6_000, awaited=False),)
    assert all(isinstance(past, Settling) and past.since.steady_s == LATER.steady_s for past in limits.settling)
    new = ConnectorLimits("a", 1)
    for name in ("default_proof", "overdraw", "turn_since", "paused_since", "served_wh", "served_at"):
        assert getattr(limits, name) == getattr(new, name), name


async def test_limits_that_0001_sent_are_told_with_their_answers(store: SyncStore) -> None:
    page = await store.decisions(DecisionQuery("s", 0.0, LATER.utc_s))
    assert page.total == 3
    assert [
        (decision.decision_id, limit.limit_id, limit.answer, limit.detail, limit.reason, limit.actual_w)
        for decision in page.items
        for limit in decision.limits
    ] == [
        (None, 3, "Unanswered", "Timeout", "site budget", 10_900.5),
        (None, 2, "Accepted", "", "site budget", None),
        (None, 1, "Accepted", "", "fallback", None),
    ]
    assert await store.decisions(DecisionQuery("s", 0.0, LATER.utc_s, "b")) == DecisionPage((), 0)


@pytest.mark.parametrize(("table", "count"), [(events, 15), (meter_samples, 1)], ids=["events", "samples"])
async def test_no_record_is_lost(store: SyncStore, table: Table, count: int) -> None:
    found = store._database.read(lambda connection: connection.execute(select(table)).mappings().all())
    assert len(found) == count
    if table is events:
        assert [type(rows.event(values)).__name__ for values in found] == [values["type"] for values in found]


async def test_an_old_database_takes_what_is_new(store: SyncStore) -> None:
    alarm = Alarm(store.next_id("alarm"), "over_limit", "a", "too much", AT.utc_s)
    raised = ev.AlarmRaised(AT, alarm.alarm_id, alarm.kind, alarm.subject, alarm.text)
    await store.append("s", raised, [alarm])
    assert (await store.alarms(AlarmQuery())).items == (("s", alarm),)
    assert State.restored(await store.load_site("s", LATER)).alarms == {("over_limit", "a"): alarm}


def test_a_file_that_may_only_be_read_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who may write everything, as in many containers, is shown what one sees who may not."""
    path = tmp_path / "csms.db"
    first = Database(f"sqlite:///{path}")
    first.prepare()
    first.close()
    monkeypatch.setattr(
        database,
        "create_engine",
        lambda url, **more: create_engine(f"sqlite:///file:{url.database}?mode=ro&uri=true", **more),
    )
    second = Database(f"sqlite:///{path}")
    with pytest.raises(StoreFailed, match="attempt to write a readonly database"):
        second.prepare()
    second.close()
