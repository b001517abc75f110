"""What domain.ports.Store promises, asked of both stores."""

from __future__ import annotations

from dataclasses import replace

import pytest
from store_examples import (
    ALL_KINDS_OF_ROWS,
    AT,
    SITE,
    Open,
    charge_point_declared,
    metered,
    settings,
    site_declared,
    started,
    transaction,
)

from csms.domain import events as ev
from csms.domain.grid import TemporaryLimit
from csms.domain.history import HistoryBucket, MinuteRecord
from csms.domain.model import ConnectorKey, MeterReading, Moment, SiteLoad, SmartCharging, Transaction
from csms.domain.ports import Store
from csms.domain.queries import SessionQuery
from csms.domain.state import REMEMBERED_TRANSACTIONS, State
from csms.store import AsyncStore, StoreFailed, StoreInUse, SyncStore


async def declare(store: Store, *charge_point_ids: str, site_id: str = "s") -> None:
    event, row = site_declared(site_id)
    await store.append(site_id, event, [row], origin="file")
    for charge_point_id in charge_point_ids:
        event, row = charge_point_declared(charge_point_id, site_id)
        await store.append(site_id, event, [row], origin="file")


async def put(store: Store, *rows: Transaction, site_id: str = "s") -> None:
    for row in rows:
        await store.append(site_id, started(row), [row])


async def session_ids(store: Store, query: SessionQuery) -> list[int]:
    return [row.session_id for row in (await store.sessions(query)).items]


async def test_a_site_that_was_never_stored_has_no_rows(store: Store) -> None:
    assert list(await store.load_site("s", AT)) == []
    assert list(await store.site_ids()) == []


async def test_every_kind_of_row_is_loaded_after_the_store_was_opened_again(open_store: Open) -> None:
    store = await open_store()
    event, _ = site_declared()
    await store.append("s", event, [SITE, settings("a"), *ALL_KINDS_OF_ROWS])
    await store.close()
    loaded = await (await open_store()).load_site("s", AT)
    assert sorted(map(repr, loaded)) == sorted(map(repr, [SITE, settings("a"), *ALL_KINDS_OF_ROWS]))


async def test_a_state_is_restored_from_what_is_loaded(store: Store) -> None:
    await declare(store, "b", "a")
    await put(store, transaction(1), transaction(2, ended_at_s=5.0, connector_id=2))
    state = State.restored(await store.load_site("s", AT))
    assert list(state.settings) == ["b", "a"]
    assert state.active == {ConnectorKey("a", 1): transaction(1)}
    assert state.ended == {"a": (transaction(2, ended_at_s=5.0, connector_id=2),)}


async def test_charge_points_stay_in_the_order_of_their_first_declaration(store: Store) -> None:
    await declare(store, "c", "a", "b")
    await declare(store, "a")
    assert list(State.restored(await store.load_site("s", AT)).settings) == ["c", "a", "b"]


async def test_the_last_ended_transactions_are_loaded_and_all_running_ones(store: Store) -> None:
    await declare(store, "a")
    many = REMEMBERED_TRANSACTIONS + 3
    await put(store, transaction(1, connector_id=2))
    await put(store, *(transaction(n, ended_at_s=9.0) for n in range(2, many + 2)))
    loaded = [row.session_id for row in await store.load_site("s", AT) if isinstance(row, Transaction)]
    assert sorted(loaded) == [1, *range(many + 2 - REMEMBERED_TRANSACTIONS, many + 2)]


async def test_sites_are_kept_apart(store: Store) -> None:
    await declare(store, "a", site_id="s2")
    await declare(store, "b", site_id="s1")
    assert list(await store.site_ids()) == ["s1", "s2"]
    assert list(State.restored(await store.load_site("s1", AT)).settings) == ["b"]


async def test_the_origin_is_that_of_the_last_change(store: Store) -> None:
    await declare(store, "a", "b")
    smart_charging = SmartCharging(50_000, "equal")
    event = ev.SmartChargingConfigured(AT, smart_charging)
    assert await store.origins("s") == {"site": "file", "charge_point/a": "file", "charge_point/b": "file"}
    await store.append("s", event, [smart_charging], origin="api")
    declared, row = charge_point_declared("b")
    await store.append("s", declared, [row], origin="api")
    assert await store.origins("s") == {
        "site": "file",
        "smart_charging": "api",
        "charge_point/a": "file",
        "charge_point/b": "api",
    }


async def test_a_forgotten_charge_point_leaves_only_its_sessions(store: Store) -> None:
    await declare(store, "a", "b")
    await store.append("s", site_declared()[0], ALL_KINDS_OF_ROWS)
    await store.forget_charge_point("s", "a")
    loaded = await store.load_site("s", AT)
    assert [row for row in loaded if getattr(row, "charge_point_id", "b") != "b"] == []
    assert (await store.sessions(SessionQuery())).items == (transaction(1),)
    assert await store.origins("s") == {"site": "file", "smart_charging": "ocpp", "charge_point/b": "file"}


async def test_what_is_behind_when_a_charge_point_is_forgotten_is_not_written_after(store: Store) -> None:
    await declare(store, "a")
    event, reading = metered(100.0)
    store.sample("s", event, [reading])
    await store.forget_charge_point("s", "a")
    await declare(store, "a")
    assert State.restored(await store.load_site("s", AT)).readings == {}


async def test_a_reading_behind_does_not_undo_the_end_of_its_transaction(store: Store) -> None:
    await declare(store, "a")
    running = transaction(1)
    await put(store, running)
    event, reading = metered(100.0)
    store.sample("s", event, [reading, replace(running, energy_wh=10.0)])
    ended = replace(running, ended_at_s=99.0, energy_wh=12.0)
    store.append("s", ev.TransactionEnded(AT, "a", 1, "t1", 99.0, "Local"), [ended])
    await store.flush()
    assert (await store.sessions(SessionQuery())).items == (ended,)


async def test_of_several_readings_the_last_one_is_loaded(store: Store) -> None:
    await declare(store, "a")
    for power_w in (1.0, 2.0, 3.0):
        event, reading = metered(power_w)
        store.sample("s", event, [reading])
    loaded = await store.load_site("s", Moment(AT.utc_s + 20.0, 1000.0))
    assert [(row.power_w, row.at.steady_s) for row in loaded if isinstance(row, MeterReading)] == [(3.0, 980.0)]


async def test_temporary_limits_are_loaded_until_they_have_been_over_for_a_day(store: Store) -> None:
    await declare(store)
    limits = [
        TemporaryLimit("grid operator", 30_000),
        TemporaryLimit("grid operator", 20_000, AT.utc_s + 60.0),
        TemporaryLimit("manager", 10_000, None, AT.utc_s - 86_399.0),
        TemporaryLimit("manager", 9_000, AT.utc_s - 90_000.0, AT.utc_s - 86_400.0),
    ]
    for limit in limits:
        await store.append("s", ev.TemporaryLimitSet(AT, limit), [limit], origin="api")
    assert [row for row in await store.load_site("s", AT) if isinstance(row, TemporaryLimit)] == limits[:3]


@pytest.mark.parametrize("valid_from_s", [None, AT.utc_s])
async def test_a_temporary_limit_replaces_that_of_its_source_and_start(
    store: Store, valid_from_s: float | None
) -> None:
    await declare(store)
    for max_power_w in (30_000, 20_000):
        limit = TemporaryLimit("grid operator", max_power_w, valid_from_s)
        await store.append("s", ev.TemporaryLimitSet(AT, limit), [limit], origin="api")
    assert [row for row in await store.load_site("s", AT) if isinstance(row, TemporaryLimit)] == [limit]


async def test_of_several_site_loads_the_last_is_loaded_as_old_as_it_is(store: Store) -> None:
    await declare(store)
    for power_w in (5_000, 7_000):
        load = SiteLoad(power_w, AT.utc_s - 2.0, AT, (10.0, 11.5, 9.0))
        await store.append("s", ev.SiteLoadReported(AT, load), [load], origin="api")
    later = Moment(AT.utc_s + 20.0, 1000.0)
    expected = replace(load, at=Moment(AT.utc_s, 980.0))
    assert [row for row in await store.load_site("s", later) if isinstance(row, SiteLoad)] == [expected]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (SessionQuery(), [6, 5, 4, 3, 2, 1]),
        (SessionQuery(limit=2), [6, 5]),
        (SessionQuery(limit=2, offset=3), [3, 2]),
        (SessionQuery(offset=6), []),
        (SessionQuery(limit=0), []),
        (SessionQuery(site_id="s"), [6, 5, 3, 2, 1]),
        (SessionQuery(site_id="nowhere"), []),
        (SessionQuery(charge_point_id="a"), [6, 2, 1]),
        (SessionQuery(site_id="s", charge_point_id="b"), [5, 3]),
        (SessionQuery(active=True), [6, 5, 4]),
        (SessionQuery(active=False), [3, 2, 1]),
        (SessionQuery(site_id="s", active=True), [6, 5]),
        (SessionQuery(from_s=200.0, to_s=400.0), [3, 2]),
    ],
)
async def test_sessions_are_filtered_and_paged_newest_first(
    store: Store, query: SessionQuery, expected: list[int]
) -> None:
    await put(
        store,
        transaction(6, started_at_s=500.0),
        transaction(1, started_at_s=100.0, ended_at_s=150.0),
        transaction(2, started_at_s=None, ended_at_s=200.0, orphan=True),
        transaction(3, "b", started_at_s=399.0, ended_at_s=450.0),
        transaction(5, "b", started_at_s=500.0),
    )
    await put(store, transaction(4, "c", started_at_s=400.0), site_id="other")
    page = await store.sessions(query)
    unpaged = await store.sessions(replace(query, limit=100, offset=0))
    assert [row.session_id for row in page.items] == expected
    assert page.site_ids == tuple("other" if number == 4 else "s" for number in expected)
    assert page.total == len(unpaged.items)


@pytest.mark.parametrize(
    ("from_s", "to_s", "granularity_s", "expected"),
    [
        # 60 s at 1000 W; then 30 s at 2000 W; nothing; 60 s at 400 W
        (0, 900, 60, [(0, 1000, 500, 1), (60, 2000, 100, 3), (840, 400, 0, 2)]),
        # (60000 + 60000) / 90 s = 1333.3 W, (30000 + 3000) / 90 s = 366.7 W
        (0, 900, 300, [(0, 1333, 367, 3), (600, 400, 0, 2)]),
        (60, 840, 900, [(0, 2000, 100, 3)]),  # a bucket holds what lies within the bounds
        (119.9, 121, 60, [(60, 2000, 100, 3)]),  # floored to the minute 60
        (900, 1800, 900, [(900, 10, 10, 1)]),
        (1800, 3600, 900, []),
    ],
)
async def test_history_means_are_weighted_by_the_time_known(
    store: Store, from_s: float, to_s: float, granularity_s: int, expected: list[tuple[int, int, int, int]]
) -> None:
    store.record_minute("s", MinuteRecord(0, 60.0, 60_000.0, 30_000.0, 1))
    store.record_minute("s", MinuteRecord(60, 15.0, 1.0, 1.0, 9))
    store.record_minute("s", MinuteRecord(60, 30.0, 60_000.0, 3_000.0, 3))  # replaces the one before
    store.record_minute("s", MinuteRecord(120, 0.0, 0.0, 0.0, 4))  # nothing known: left out
    store.record_minute("s", MinuteRecord(840, 60.0, 24_000.0, 0.0, 2))
    store.record_minute("s", MinuteRecord(900, 60.0, 600.0, 600.0, 1))
    store.record_minute("other", MinuteRecord(0, 60.0, 6_000_000.0, 0.0, 50))
    buckets = await store.history("s", from_s, to_s, granularity_s)
    assert buckets == [HistoryBucket(*bucket) for bucket in expected]


@pytest.mark.parametrize(
    ("granularity_s", "expected"),
    [
        # 60 s at 40 kW; 30 s at 10 kW on average, for a while 4 kW; 60 s not known; 60 s at 0
        (60, [(0, 40_000, 40_000), (60, 10_000, 4_000), (120, None, None), (180, 0, 0)]),
        (300, [(0, 18_000, 0)]),  # (2400000 + 300000 + 0) / 150 s
    ],
)
async def test_the_budget_of_a_bucket_is_its_mean_and_its_lowest_over_the_minutes_that_have_one(
    store: Store, granularity_s: int, expected: list[tuple[int, int | None, int | None]]
) -> None:
    store.record_minute("s", MinuteRecord(0, 60.0, 1.0, 1.0, 1, 2_400_000.0, 40_000))
    store.record_minute("s", MinuteRecord(60, 15.0, 1.0, 1.0, 1, 30_000.0, 2_000))
    store.record_minute("s", MinuteRecord(60, 30.0, 1.0, 1.0, 1, 300_000.0, 4_000))  # replaces the one before
    store.record_minute("s", MinuteRecord(120, 60.0, 1.0, 1.0, 1))
    store.record_minute("s", MinuteRecord(180, 60.0, 1.0, 1.0, 1, 0.0, 0))
    buckets = await store.history("s", 0, 300, granularity_s)
    assert [(bucket.period_start_s, bucket.budget_w, bucket.lowest_budget_w) for bucket in buckets] == expected


async def test_the_current_minute_is_what_was_recorded_last(store: Store) -> None:
    record = MinuteRecord(60, 12.5, 1.0, 2.0, 3, 4.5, 5)
    store.record_minute("s", replace(record, covered_s=3.0))
    store.record_minute("s", record)
    assert await store.current_minute("s", 60) == record
    assert await store.current_minute("s", 120) is None


async def test_numbers_begin_at_one_and_go_on_without_a_gap_after_a_clean_end(open_store: Open) -> None:
    store = await open_store()
    first = [store.next_id("session") for _ in range(150)]
    limits = [store.next_id("limit") for _ in range(2)]
    await store.close()
    store = await open_store()
    assert [*first, store.next_id("session")] == list(range(1, 152))
    assert [*limits, store.next_id("limit")] == [1, 2, 3]


async def test_an_event_that_cannot_be_stored_fails_alone(store: Store) -> None:
    bad = transaction(1, id_token="\ud800")
    refused = store.append("s", started(bad), [bad])
    await put(store, transaction(2))
    with pytest.raises(StoreFailed, match="Unicode"):
        await refused
    assert store.healthy
    assert await session_ids(store, SessionQuery()) == [2]


async def test_a_figure_that_is_no_number_is_not_recorded_and_hurts_nobody(store: Store) -> None:
    store.record_minute("s", MinuteRecord(60, float("nan")))
    event, reading = metered(float("inf"))
    store.sample("s", event, [reading])
    await store.flush()
    assert store.healthy
    assert await store.current_minute("s", 60) is None


async def test_a_closed_store_takes_nothing(store: Store) -> None:
    await store.close()
    row = transaction(1)
    with pytest.raises(StoreFailed, match="closed"):
        await store.append("s", started(row), [row])
    with pytest.raises(StoreFailed, match="closed"):
        await store.sessions(SessionQuery())
    with pytest.raises(StoreFailed, match="closed"):
        store.next_id("session")
    assert not store.healthy


async def test_a_second_store_on_the_same_file_is_refused_until_the_first_is_closed(open_store: Open) -> None:
    first = await open_store()
    with pytest.raises(StoreInUse, match=r"csms\.db"):
        await open_store()
    await first.close()
    assert (await open_store()).healthy


async def test_a_store_in_memory_holds_what_it_was_given() -> None:
    store = SyncStore.open()
    await declare(store, "a")
    assert list(State.restored(await store.load_site("s", AT)).settings) == ["a"]
    await store.close()


async def test_a_server_does_not_keep_its_store_in_memory() -> None:
    with pytest.raises(ValueError, match="memory"):
        await AsyncStore.open("sqlite+aiosqlite://")


async def test_of_a_site_that_was_forgotten_only_the_sessions_are_left(store: Store) -> None:
    await declare(store, "a")
    await put(store, transaction(1))
    configured = SmartCharging(50_000, "equal")
    await store.append("s", ev.SmartChargingConfigured(AT, configured), [configured], origin="api")
    store.sample("s", *_metered())
    await store.forget_site("s")
    await store.append("s", ev.SiteRemoved(AT), [SITE], origin="removed")
    await store.flush()
    assert list(await store.load_site("s", AT)) == []
    assert await store.origins("s") == {"site": "removed"}
    assert await session_ids(store, SessionQuery(site_id="s")) == [1]


async def test_a_removed_charge_point_is_not_loaded_and_declared_again_it_is(store: Store) -> None:
    await declare(store, "a", "b")
    await store.forget_charge_point("s", "a")
    await store.append("s", ev.ChargePointRemoved(AT, "a"), [settings("a")], origin="removed")
    assert [row for row in await store.load_site("s", AT) if row == settings("a")] == []
    assert (await store.origins("s"))["charge_point/a"] == "removed"
    event, row = charge_point_declared("a")
    await store.append("s", event, [row], origin="api")
    assert settings("a") in await store.load_site("s", AT)
    assert (await store.origins("s"))["charge_point/a"] == "api"


def _metered() -> tuple[ev.Event, list[MeterReading]]:
    event, reading = metered(1000.0)
    return event, [reading]
