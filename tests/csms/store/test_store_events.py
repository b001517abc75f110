"""Events as they are read back, from both stores."""

from __future__ import annotations

import pytest
from store_examples import AT, charge_point_declared, site_declared, started, transaction

from csms.domain import events as ev
from csms.domain.model import LimitPurpose
from csms.domain.ports import Store
from csms.domain.queries import EventQuery
from csms.store import events as reading

TYPES = ["ChargePointConnected", "ChargePointDisconnected"]


async def _connect(store: Store, *charge_point_ids: str, site_id: str = "s") -> None:
    for charge_point_id in charge_point_ids:
        await store.append(site_id, ev.ChargePointConnected(AT, charge_point_id, "c", "ocpp1.6"), [])


async def _who(store: Store, query: EventQuery) -> list[str]:
    page = await store.events(query)
    return [found.event.charge_point_id for found in page.items if isinstance(found.event, ev.ChargePointEvent)]


async def test_after_a_number_the_oldest_come_first_and_before_one_the_newest(store: Store) -> None:
    await _connect(store, "a", "b", "c", "d")
    assert await _who(store, EventQuery(TYPES, after=0)) == ["a", "b", "c", "d"]
    assert await _who(store, EventQuery(TYPES)) == ["d", "c", "b", "a"]
    first = await store.events(EventQuery(TYPES, limit=2))
    assert await _who(store, EventQuery(TYPES, before=first.reached)) == ["b", "a"]
    first = await store.events(EventQuery(TYPES, after=0, limit=3))
    assert (first.complete, first.reached) == (False, first.items[-1].event_id)
    rest = await store.events(EventQuery(TYPES, after=first.reached, limit=3))
    assert (rest.complete, rest.reached, len(rest.items)) == (True, await store.last_event_id(), 1)


async def test_an_empty_store_has_nothing_and_says_so(store: Store) -> None:
    assert await store.last_event_id() == 0
    for query in (EventQuery(TYPES), EventQuery(TYPES, after=0), EventQuery(TYPES, after=99)):
        page = await store.events(query)
        assert (page.items, page.complete) == ((), True)


async def test_they_are_chosen_by_type_site_and_charge_point(store: Store) -> None:
    await _connect(store, "a", "b")
    await _connect(store, "c", site_id="t")
    event, row = site_declared()
    await store.append("s", event, [row])
    assert await _who(store, EventQuery(TYPES, site_id="t")) == ["c"]
    assert await _who(store, EventQuery(TYPES, charge_point_id="b")) == ["b"]
    assert await _who(store, EventQuery(TYPES, site_id="t", charge_point_id="b")) == []
    assert [type(found.event) for found in (await store.events(EventQuery(["SiteDeclared"]))).items] == [
        ev.SiteDeclared
    ]


async def test_a_search_for_what_is_rare_goes_on_page_by_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_LOOKED_AT", 3)
    await _connect(store, "rare", site_id="t")
    await _connect(store, *"bcdefghi")
    found: list[str] = []
    for upwards in (True, False):
        reached, complete, pages = 0 if upwards else None, False, 0
        while not complete:
            query = EventQuery(
                TYPES, site_id="t", after=reached if upwards else None, before=None if upwards else reached
            )
            page = await store.events(query)
            found += [item.site_id for item in page.items]
            reached, complete, pages = page.reached, page.complete, pages + 1
        assert pages == 3
    assert found == ["t", "t"]


async def test_an_end_comes_with_its_session_and_an_answer_with_its_limit(store: Store) -> None:
    running = transaction(7)
    await store.append("s", started(running), [running])
    ended = transaction(7, ended_at_s=AT.utc_s + 60, energy_wh=1200.0, stop_reason="Local")
    await store.append("s", ev.TransactionEnded(AT, "a", 1, "t7", AT.utc_s + 60, "Local"), [ended])
    await store.append("s", ev.TransactionEnded(AT, "a", 1, "gone", AT.utc_s + 60, "Local"), [])
    issued = ev.LimitIssued(AT, "a", 1, 5, LimitPurpose.TRANSACTION, 11_000, "c", "t7")
    await store.append("s", issued, [])
    await store.append("s", ev.LimitConfirmed(AT, "a", 1, 5), [])
    page = await store.events(EventQuery(["TransactionEnded", "LimitConfirmed"], after=0))
    known, unknown, confirmed = page.items
    assert known.session is not None
    assert (known.session.session_id, known.session.energy_wh) == (7, 1200.0)
    assert unknown.session is None
    assert confirmed.issued is not None
    assert (confirmed.issued.limit_w, confirmed.issued.purpose) == (11_000, LimitPurpose.TRANSACTION)


async def test_whoever_asked_is_told_of_commits_with_events_and_of_no_others(store: Store) -> None:
    told: list[int] = []
    store.on_commit(lambda: told.append(1))
    await store.flush()
    assert not told
    event, row = charge_point_declared("a")
    await store.append("s", event, [row])
    await store.flush()
    assert len(told) == 1
