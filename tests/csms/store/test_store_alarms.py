"""Alarms raised and cleared stay on record: asked of both stores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from store_examples import AT, site_declared

from csms.domain import events as ev
from csms.domain.alarms import Alarm
from csms.domain.model import Moment
from csms.domain.ports import Store
from csms.domain.queries import AlarmPage, AlarmQuery
from csms.domain.state import State
from csms.store import SyncStore
from csms.store.alarms import alarm_page


def alarm(alarm_id: int, raised_at_s: float, cleared_at_s: float | None = None, subject: str = "feeder") -> Alarm:
    text = f"{subject} may carry 2 kW too much"
    return Alarm(alarm_id, "over_limit", subject, text, raised_at_s, cleared_at_s, 2_000, 3.5, ("a", "b"))


async def put(store: Store, *alarms: Alarm, site_id: str = "s") -> None:
    for row in alarms:
        raised = ev.AlarmRaised(AT, row.alarm_id, row.kind, row.subject, row.text, row.excess_w, 0.0, row.holders)
        await store.append(site_id, raised, [row])


async def test_an_alarm_is_kept_as_it_was_raised_and_cleared(store: Store) -> None:
    await put(store, alarm(1, 100.0))
    assert await store.alarms(AlarmQuery()) == AlarmPage((("s", alarm(1, 100.0)),), 1)
    await put(store, alarm(1, 100.0, 150.0))
    assert await store.alarms(AlarmQuery()) == AlarmPage((("s", alarm(1, 100.0, 150.0)),), 1)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (AlarmQuery(), [5, 4, 3, 2, 1]),
        (AlarmQuery(limit=2), [5, 4]),
        (AlarmQuery(limit=2, offset=3), [2, 1]),
        (AlarmQuery(site_id="s"), [5, 3, 2, 1]),
        (AlarmQuery(site_id="nowhere"), []),
        (AlarmQuery(standing=True), [5, 4, 2]),
        (AlarmQuery(site_id="s", standing=False), [3, 1]),
        (AlarmQuery(from_s=200.0, to_s=400.0), [3, 2]),
    ],
)
async def test_alarms_are_filtered_and_paged_newest_first(store: Store, query: AlarmQuery, expected: list[int]) -> None:
    await put(store, alarm(5, 400.0, subject="b"), alarm(2, 200.0), alarm(1, 100.0, 150.0), alarm(3, 399.0, 450.0, "b"))
    await put(store, alarm(4, 400.0), site_id="other")
    page = await store.alarms(query)
    assert [row.alarm_id for _, row in page.items] == expected
    assert page.total == len((await store.alarms(replace(query, limit=100, offset=0))).items)


async def test_a_site_begins_again_with_the_alarms_that_stand(store: Store) -> None:
    declared, row = site_declared()
    await store.append("s", declared, [row])
    await put(store, alarm(1, 100.0, 150.0), alarm(2, 200.0), alarm(3, 300.0, subject="a"))
    await put(store, alarm(4, 400.0), site_id="other")
    state = State.restored(await store.load_site("s", AT))
    assert list(state.alarms.values()) == [alarm(2, 200.0), alarm(3, 300.0, subject="a")]


async def test_what_a_state_raises_and_clears_is_what_the_store_tells(store: Store) -> None:
    _, row = site_declared()
    state = State.restored([row])
    for event in (
        ev.AlarmRaised(AT, 1, "over_limit", "feeder", "2 kW too much", 2_000, 3.5, ("a",)),
        ev.AlarmRaised(Moment(AT.utc_s + 5.0, 55.0), 2, "over_limit", "feeder", "1 kW too much", 1_000),
        ev.AlarmCleared(Moment(AT.utc_s + 9.0, 59.0), "over_limit", "feeder"),
    ):
        await store.append("s", event, state.apply(event))
    expected = Alarm(1, "over_limit", "feeder", "1 kW too much", AT.utc_s, AT.utc_s + 9.0, 1_000)
    assert (await store.alarms(AlarmQuery())).items == (("s", expected),)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (AlarmQuery(), "ix_alarms_raised_at_s_alarm_id"),
        (AlarmQuery(standing=True), "ix_alarms_standing_raised_at_s_alarm_id"),
        (AlarmQuery(site_id="s", from_s=1.0), "ix_alarms_site_id_raised_at_s_alarm_id"),
        (AlarmQuery(site_id="s", standing=False, to_s=2.0), "ix_alarms_site_id_standing_raised_at_s_alarm_id"),
    ],
)
async def test_the_newest_alarms_are_read_from_an_index_without_sorting(
    tmp_path: Path, query: AlarmQuery, index: str
) -> None:
    store = SyncStore.open(f"sqlite:///{tmp_path / 'csms.db'}")
    plan = store._database.read(
        lambda connection: [
            row.detail
            for row in connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {alarm_page(query).compile(connection, compile_kwargs={'literal_binds': True})}"
            )
        ]
    )
    await store.close()
    assert len(plan) == 1
    assert f"USING INDEX {index} " in plan[0] + " "
