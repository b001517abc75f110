"""Why each limit was sent, and what became of it: asked of both stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection
from store_examples import AT, metered

from csms.domain import events as ev
from csms.domain.model import LimitPurpose, Moment
from csms.domain.ports import Store
from csms.domain.queries import Decision, DecisionPage, DecisionQuery, SentLimit
from csms.store import SyncStore
from csms.store.decisions import METERED_WITHIN_S, Lead, lead_list, sent_lists

EVER = DecisionQuery("s", 0.0, AT.utc_s + 1e6)


def at(seconds: float) -> Moment:
    return Moment(AT.utc_s + seconds, AT.steady_s + seconds)


def made(decision_id: int, when: Moment = AT) -> ev.DecisionMade:
    causes = ("a session began", "room was freed")
    return ev.DecisionMade(when, decision_id, causes, "equal", 50_000, 40_000, 30_000, 10_000, limits=1)


def issued(
    limit_id: int, decision_id: int | None, charge_point_id: str = "a", when: Moment = AT, connector_id: int = 1
) -> ev.LimitIssued:
    return ev.LimitIssued(
        when,
        charge_point_id,
        connector_id,
        limit_id,
        LimitPurpose.TRANSACTION,
        11_000,
        "connection",
        transaction_id="t1",
        cause="site budget",
        decision_id=decision_id,
    )


async def put(store: Store, *events: ev.Event, site_id: str = "s") -> None:
    for event in events:
        await store.append(site_id, event, [])


def told(page: DecisionPage) -> list[tuple[int | None, list[int]]]:
    return [(decision.decision_id, [limit.limit_id for limit in decision.limits]) for decision in page.items]


async def test_a_decision_tells_everything_about_itself_and_its_limits(store: Store) -> None:
    event, reading = metered(7360.4, at=at(-20.0))
    store.sample("s", event, [reading])
    renewed = replace(issued(2, 1, "b", at(0.1), 2), renewal=True, purpose=LimitPurpose.DEFAULT, transaction_id=None)
    await put(store, made(1), issued(1, 1), renewed, ev.LimitConfirmed(at(2.0), "a", 1, 1))
    limit = SentLimit(
        limit_id=1,
        at_s=AT.utc_s,
        charge_point_id="a",
        connector_id=1,
        transaction_id="t1",
        purpose="transaction",
        limit_w=11_000,
        reason="site budget",
        renewal=False,
        answer="Accepted",
        answered_at_s=AT.utc_s + 2.0,
        detail="",
        actual_w=7360.4,
    )
    other = SentLimit(
        limit_id=2,
        at_s=at(0.1).utc_s,
        charge_point_id="b",
        connector_id=2,
        transaction_id=None,
        purpose="default",
        limit_w=11_000,
        reason="site budget",
        renewal=True,
        answer=None,
        answered_at_s=None,
        detail="",
        actual_w=None,
    )
    causes = ("a session began", "room was freed")
    expected = Decision(1, AT.utc_s, causes, "equal", 50_000, 40_000, 30_000, 10_000, (limit, other))
    assert await store.decisions(EVER) == DecisionPage((expected,), 1)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([ev.LimitConfirmed(at(2.0), "a", 1, 1)], ("Accepted", 2.0, "")),
        ([ev.LimitRejected(at(3.0), "a", 1, 1, "NotSupported")], ("Rejected", 3.0, "NotSupported")),
        ([ev.LimitUnanswered(at(30.0), "a", 1, 1, "Timeout")], ("Unanswered", 30.0, "Timeout")),
        # An answer that came after the call was given up overrules that none came.
        (
            [ev.LimitUnanswered(at(30.0), "a", 1, 1, "Timeout"), ev.LimitConfirmed(at(41.0), "a", 1, 1)],
            ("Accepted", 41.0, ""),
        ),
    ],
)
async def test_the_last_answer_counts(store: Store, answers: list[ev.Event], expected: tuple[str, float, str]) -> None:
    await put(store, made(1), issued(1, 1), issued(2, 1), *answers, ev.LimitConfirmed(at(99.0), "a", 1, 2))
    limit = (await store.decisions(EVER)).items[0].limits[0]
    answer, after_s, detail = expected
    assert (limit.answer, limit.answered_at_s, limit.detail) == (answer, AT.utc_s + after_s, detail)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([(-30.0, 1000.0), (-10.0, 2000.0)], 2000.0),
        ([(-10.0, 2000.0), (0.0, 3000.0), (0.5, 4000.0)], 3000.0),  # what came later cannot have led to it
        ([(-METERED_WITHIN_S, 1000.0)], None),  # too old to say anything
        ([(-METERED_WITHIN_S + 1.0, 1000.0)], 1000.0),
        ([], None),
    ],
)
async def test_a_limit_knows_the_last_draw_metered_before_it(
    store: Store, samples: list[tuple[float, float]], expected: float | None
) -> None:
    for seconds, power_w in samples:
        event, reading = metered(power_w, at=at(seconds))
        store.sample("s", event, [reading])
    event, reading = metered(9999.0, connector_id=2, at=at(-1.0))
    store.sample("s", event, [reading])
    await put(store, made(1), issued(1, 1))
    assert (await store.decisions(EVER)).items[0].limits[0].actual_w == expected


async def test_a_sample_that_tells_only_energy_does_not_hide_the_power_before_it(store: Store) -> None:
    event, reading = metered(1000.0, at=at(-20.0))
    store.sample("s", event, [reading])
    store.sample("s", ev.MeterValuesReceived(at(-5.0), "a", 1, at(-5.0).utc_s, energy_wh=5.0), [])
    await put(store, made(1), issued(1, 1))
    assert (await store.decisions(EVER)).items[0].limits[0].actual_w == 1000.0


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (EVER, [(4, [6]), (3, [4, 5]), (2, [3]), (1, [1, 2])]),
        (replace(EVER, limit=2), [(4, [6]), (3, [4, 5])]),
        (replace(EVER, limit=2, offset=1), [(3, [4, 5]), (2, [3])]),
        (replace(EVER, offset=4), []),
        (replace(EVER, from_s=at(20.0).utc_s, to_s=at(40.0).utc_s), [(3, [4, 5]), (2, [3])]),
        (replace(EVER, charge_point_id="a"), [(3, [5]), (2, [3]), (1, [1])]),
        (replace(EVER, charge_point_id="b"), [(4, [6]), (3, [4]), (1, [2])]),
        (replace(EVER, charge_point_id="b", limit=1, offset=1), [(3, [4])]),
        (replace(EVER, charge_point_id="b", to_s=at(40.0).utc_s), [(3, [4]), (1, [2])]),
        (replace(EVER, charge_point_id="nobody"), []),
        (replace(EVER, site_id="other"), [(9, [9])]),
        (replace(EVER, site_id="nowhere"), []),
    ],
)
async def test_decisions_are_filtered_and_paged_newest_first(
    store: Store, query: DecisionQuery, expected: list[tuple[int, list[int]]]
) -> None:
    await put(store, made(1, at(10.0)), issued(1, 1, "a", at(10.0)), issued(2, 1, "b", at(10.0)))
    await put(store, made(2, at(20.0)), issued(3, 2, "a", at(20.0)))
    await put(store, made(3, at(30.0)), issued(4, 3, "b", at(30.0)), issued(5, 3, "a", at(30.1)))
    await put(store, made(4, at(40.0)), issued(6, 4, "b", at(40.0)))
    await put(store, made(9, at(25.0)), issued(9, 9, "a", at(25.0)), site_id="other")
    page = await store.decisions(query)
    assert told(page) == expected
    assert page.total == len((await store.decisions(replace(query, limit=100, offset=0))).items)


@pytest.mark.parametrize(
    ("charge_point_id", "expected"),
    [(None, [(5, [4]), (None, [3]), (None, [1, 2])]), ("a", [(5, [4]), (None, [1])])],
)
async def test_limits_from_before_decisions_were_kept_stand_together_by_their_time(
    store: Store, charge_point_id: str | None, expected: list[tuple[int | None, list[int]]]
) -> None:
    await put(store, issued(1, None), issued(2, None, "b"), ev.LimitConfirmed(at(1.0), "b", 1, 2))
    await put(store, issued(3, None, "b", at(5.0)), made(5, at(9.0)), issued(4, 5, "a", at(9.0)))
    page = await store.decisions(replace(EVER, charge_point_id=charge_point_id))
    assert told(page) == expected
    assert page.total == len(expected)
    oldest = page.items[-1]
    assert (oldest.at_s, oldest.causes, oldest.limits[-1].answer) == (
        AT.utc_s,
        (),
        "Accepted" if charge_point_id is None else None,
    )


async def test_two_decisions_of_the_same_moment_stay_two(store: Store) -> None:
    await put(store, made(1), issued(1, 1), made(2), issued(2, 2))
    assert told(await store.decisions(EVER)) == [(2, [2]), (1, [1])]


async def test_a_limit_whose_decision_is_no_longer_on_record_is_told_all_the_same(store: Store) -> None:
    await put(store, issued(1, 1))
    assert told(await store.decisions(replace(EVER, charge_point_id="a"))) == [(None, [1])]


@pytest.mark.parametrize("analysed", [False, True])
@pytest.mark.parametrize("charge_point_id", [None, "a"])
async def test_a_page_of_decisions_is_read_from_indexes(
    tmp_path: Path, charge_point_id: str | None, analysed: bool
) -> None:
    store = SyncStore.open(f"sqlite:///{tmp_path / 'csms.db'}")
    await put(store, *(issued(n, n, when=at(float(n))) for n in range(50)))
    query = replace(EVER, charge_point_id=charge_point_id)

    def plans(connection: Connection) -> Iterator[list[str]]:
        if analysed:
            connection.exec_driver_sql("ANALYZE")
        for statement in (lead_list(query), *sent_lists(query, [Lead(1, 1.0), Lead(None, 1.0)])):
            text = statement.compile(connection, compile_kwargs={"literal_binds": True})
            yield [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]

    leads, *limits = store._database.write(lambda connection: list(plans(connection)))
    await store.close()
    index = "ix_events_leads" if charge_point_id is None else "ix_events_issued"
    assert f"INDEX {index} (site_id=?" in leads[0]
    if charge_point_id is None:
        assert len(leads) == 1  # newest first without sorting
    samples = "ix_meter_samples_site_id_charge_point_id_connector_id_at_utc_s"
    for steps in limits:
        assert not [step for step in steps if step.startswith("SCAN")]
        assert [step for step in steps if step.startswith("SEARCH any_answer") and "ix_events_of_limit " in step]
        assert [step for step in steps if step.startswith("SEARCH meter_samples") and f"{samples} " in step]
    of_one = "" if charge_point_id is None else " AND charge_point_id=?"
    assert f"SEARCH events USING INDEX ix_events_of_decision (site_id=? AND decision_id=?{of_one})" in limits[0]
    by_time = f" (site_id=?{of_one} AND at_utc_s=?)"  # of an index of all events, or of the leads: both find no other
    assert [step for step in limits[1] if step.startswith("SEARCH events USING INDEX") and step.endswith(by_time)]
