"""The site at run time, on virtual time with a store in memory and links that answer as they are told."""

import asyncio
import itertools
from typing import Any

import pytest
from support.scripted import ACCEPTED, Fixture, play

from csms import site
from csms.balancing.plan import Plan, plan
from csms.domain import events as ev
from csms.domain.capabilities import Learned
from csms.domain.commands import Answer, Outcome, SetLimit
from csms.domain.failures import StoreFailed
from csms.domain.grid import TemporaryLimit
from csms.domain.model import (
    LimitPurpose,
    ScheduleWindow,
    SmartCharging,
)
from simulators.virtual_time import run, virtual_clock


def test_a_limit_is_on_record_before_it_leaves() -> None:
    async def story(f: Fixture) -> None:
        link = f.connect("a")
        f.start("a")
        await asyncio.sleep(1)
        assert [told.limit_w for told in link.told] == [0, 22_000]
        assert link.stored_before == [True, True]

    play(story)


def test_the_allocation_is_decided_as_soon_as_the_event_is_recorded() -> None:
    async def story(f: Fixture) -> None:
        f.connect("a")
        f.start("a")
        (row,) = f.site.allocation().chargers
        assert (row.allocated_w, row.confirmed) == (22_000, False)
        await asyncio.sleep(1)
        (row,) = f.site.allocation().chargers
        assert (row.allocated_w, row.confirmed) == (22_000, True)

    play(story)


def test_a_burst_of_events_is_answered_by_one_decision() -> None:
    async def story(f: Fixture) -> None:
        links = [f.connect(name) for name in "abcd"]
        await asyncio.sleep(1)
        for name in "abcd":
            f.start(name)
        await asyncio.sleep(1)
        assert [link.limits_kw() for link in links] == [[10.0]] * 4

    play(story, "abcd")


def test_after_a_decision_that_took_long_messages_get_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    begun_s: list[float] = []

    async def story(f: Fixture) -> None:
        def plan_slowly(*given: Any, **how: Any) -> Plan:
            begun_s.append(f.now.steady_s)
            virtual_clock().compute(2.0)
            return plan(*given, **how)

        f.connect("a")
        await asyncio.sleep(60)
        monkeypatch.setattr(site, "plan", plan_slowly)
        f.start("a")
        await asyncio.sleep(20)

    play(story)
    pauses_s = [after - before for before, after in itertools.pairwise(begun_s)]
    assert pauses_s
    assert min(pauses_s) >= 4.0


def test_a_newcomer_gets_its_share_when_the_cuts_have_settled() -> None:
    async def story(f: Fixture) -> None:
        first, second, third = (f.connect(name) for name in "abc")
        f.start("a")
        f.start("b")
        await asyncio.sleep(10)
        assert (first.limits_kw(), second.limits_kw()) == ([20.0], [20.0])
        f.start("c")
        await asyncio.sleep(5.9)
        assert (first.limits_kw(), third.limits_kw()) == ([20.0, 13.333], [])
        await asyncio.sleep(0.2)
        assert third.limits_kw() == [13.333]

    play(story, "abc")


def test_an_answer_after_the_end_of_its_transaction_does_no_harm() -> None:
    async def story(f: Fixture) -> None:
        async def late(command: SetLimit) -> Outcome:
            await asyncio.sleep(5 if command.purpose is LimitPurpose.TRANSACTION else 0)
            return ACCEPTED

        link = f.connect("a", late)
        transaction_id = f.start("a")
        await asyncio.sleep(1)
        f.stop("a", transaction_id)
        await asyncio.sleep(10)
        f.start("a")
        await asyncio.sleep(10)
        assert link.limits_kw() == [22.0, 22.0]
        assert f.site.allocation().chargers[0].confirmed

    play(story)


def test_a_rejected_limit_is_tried_again_with_growing_patience() -> None:
    async def story(f: Fixture) -> None:
        times: list[float] = []

        async def refuse(command: SetLimit) -> Outcome:
            if command.purpose is LimitPurpose.DEFAULT:
                return ACCEPTED
            times.append(f.now.steady_s)
            return Outcome(Answer.REJECTED)

        f.connect("a", refuse)
        f.site.record(ev.WayLearned(f.now, "a", Learned(given_up=True)))  # no other way is left to try
        f.start("a")
        await asyncio.sleep(20)
        pauses_s = [round(after - before) for before, after in itertools.pairwise(times)]
        assert pauses_s == [1, 2, 4, 8]

    play(story)


@pytest.mark.parametrize("answer", [Answer.TIMEOUT, Answer.CALL_ERROR, Answer.DISCONNECTED])
def test_a_limit_without_a_clear_answer_counts_and_a_refused_one_does_not(answer: Answer) -> None:
    async def story(f: Fixture) -> None:
        answers = {"a": Outcome(answer), "b": Outcome(Answer.REJECTED)}
        for name in "ab":

            async def reply(command: SetLimit, name: str = name) -> Outcome:
                return ACCEPTED if command.purpose is LimitPurpose.DEFAULT else answers[name]

            f.connect(name, reply)
            f.start(name)
        await asyncio.sleep(7.5)  # what they might have drawn before their defaults has settled
        permitted = {row.charge_point_id: row.permitted_w for row in f.site.allocation().chargers}
        assert (permitted["a"] > 0, permitted["b"]) == (True, 0)

    play(story)


def test_a_rebalance_says_every_limit_again_and_waits_for_the_answers() -> None:
    async def story(f: Fixture) -> None:
        async def slow(_command: SetLimit) -> Outcome:
            await asyncio.sleep(3)
            return ACCEPTED

        links = [f.connect(name, slow) for name in "ab"]
        f.start("a")
        f.start("b")
        await asyncio.sleep(30)
        began_s, before = f.now.steady_s, [link.limits_kw() for link in links]
        done = await f.site.rebalance(35)
        assert f.now.steady_s - began_s == pytest.approx(3, abs=0.1)
        assert [told[-1] for told in before] == [20.0, 20.0]
        assert [link.limits_kw() for link in links] == [[*told, 20.0] for told in before]
        assert len(done.allocation.chargers) == 2

    play(story)


def test_a_rebalance_also_reaches_a_charger_that_is_being_told_something_else() -> None:
    async def story(f: Fixture) -> None:
        async def slow(_command: SetLimit) -> Outcome:
            await asyncio.sleep(3)
            return ACCEPTED

        f.connect("a", slow)
        f.start("a")
        await asyncio.sleep(30)
        link = f.connect("a", slow, connection="c2")
        await asyncio.sleep(1)
        await f.site.rebalance(35)
        assert link.limits_kw() == [22.0, 22.0]

    play(story)


def test_a_rebalance_does_not_wait_for_a_silent_charger_forever() -> None:
    async def story(f: Fixture) -> None:
        async def never(_command: SetLimit) -> Outcome:
            await asyncio.sleep(3600)
            return ACCEPTED

        f.connect("a", never)
        f.start("a")
        began_s = f.now.steady_s
        await f.site.rebalance(35)
        assert f.now.steady_s - began_s == pytest.approx(35, abs=0.1)

    play(story)


def test_a_windows_cut_is_complete_at_its_start() -> None:
    async def story(f: Fixture) -> None:
        link = f.connect("a")
        f.start("a")
        await asyncio.sleep(10)
        # 2026-01-01 00:00 UTC is a Thursday; London has the same time.
        f.site.record(
            ev.SmartChargingConfigured(
                f.now,
                SmartCharging(40_000, "scheduled", schedule=(ScheduleWindow((3,), 60, 120, 10_000),)),
            )
        )
        await asyncio.sleep(3600 - f.now.steady_s - 67)
        assert link.limits_kw() == [22.0]
        await asyncio.sleep(2)
        assert link.limits_kw() == [22.0, 10.0]
        assert f.site.allocation().budget_w == 40_000
        await asyncio.sleep(65)
        assert f.site.allocation().budget_w == 10_000
        await asyncio.sleep(3601)
        assert link.limits_kw() == [22.0, 10.0, 22.0]

    play(story)


def test_a_second_connection_closes_the_first_and_is_told_everything_again() -> None:
    async def story(f: Fixture) -> None:
        first = f.connect("a")
        f.start("a")
        await asyncio.sleep(10)
        second = f.connect("a", connection="c2")
        f.site.detach("a", first)
        await asyncio.sleep(10)
        assert first.closed == [1008]
        assert second.limits_kw() == [22.0]
        assert {told.purpose for told in second.told} == {LimitPurpose.DEFAULT, LimitPurpose.TRANSACTION}

    play(story)


def test_history_is_the_time_weighted_mean_of_what_was_decided() -> None:
    async def story(f: Fixture) -> None:
        f.connect("a")
        await asyncio.sleep(15)
        transaction_id = f.start("a")
        await asyncio.sleep(30)
        f.stop("a", transaction_id)
        await asyncio.sleep(15)
        start_s = f.now.utc_s - 60
        (bucket,) = await f.site.history(start_s, start_s + 60, 60)
        assert bucket.allocated_w == pytest.approx(11_000, abs=200)
        assert bucket.active_chargers == 1

    play(story)


@pytest.mark.parametrize("charging", [True, False])
def test_history_has_the_budget_of_each_minute_whether_somebody_charges_or_not(charging: bool) -> None:
    async def story(f: Fixture) -> None:
        f.connect("a")
        if charging:
            f.start("a")
        minute_s = (f.now.utc_s // 60 + 1) * 60
        await f.site.set_temporary_limit(TemporaryLimit("grid operator", 10_000, minute_s + 75, minute_s + 90))
        await asyncio.sleep(minute_s + 150 - f.now.utc_s)
        before, during, after = await f.site.history(minute_s, minute_s + 180, 60)
        assert (before.budget_w, before.lowest_budget_w) == (40_000, 40_000)
        assert (during.budget_w, during.lowest_budget_w) == (32_500, 10_000)  # for 15 s of the minute
        assert (after.budget_w, after.lowest_budget_w) == (40_000, 40_000)

    play(story)


def test_a_store_that_fails_ends_the_run_before_the_limit_leaves() -> None:
    async def main() -> None:
        f = Fixture("a")
        running = asyncio.create_task(f.site.run())
        link = f.connect("a")
        await asyncio.sleep(1)
        await f.store.close()
        f.start("a")
        with pytest.raises(ExceptionGroup) as caught:
            await asyncio.wait_for(running, 60)
        assert caught.group_contains(StoreFailed)
        assert link.limits_kw() == []

    run(main())


def test_a_preview_says_what_would_be_decided_and_changes_nothing() -> None:
    async def story(f: Fixture) -> None:
        first, second = (f.connect(name) for name in "ab")
        f.start("a")
        f.start("b")
        await asyncio.sleep(10)
        stored, before = f.site.snapshot(), f.site.allocation()
        wanted = SmartCharging(30_000, "priority", priority_order=("b", "a"))
        tried = f.site.preview(wanted)
        assert {row.charge_point_id: row.allocated_w for row in tried.chargers} == {"a": 8000, "b": 22_000}
        assert (tried.strategy, tried.budget_w) == ("priority", 30_000)
        told = (first.limits_kw(), second.limits_kw())
        await asyncio.sleep(0.9)
        assert (f.site.snapshot(), f.site.allocation()) == (stored, before)
        assert (first.limits_kw(), second.limits_kw()) == told
        await f.site.configure(wanted)
        assert [row.allocated_w for row in f.site.allocation().chargers] == [row.allocated_w for row in tried.chargers]

    play(story, "ab")
