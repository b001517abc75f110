"""What leaves for a charger when: one call at a time, limits before questions, nothing that has become stale."""

import asyncio

from support.scripted import ACCEPTED, Fixture, accept, play

from csms.domain import events as ev
from csms.domain.capabilities import Knobs
from csms.domain.commands import Answer, ClearLimits, Outcome, ReadSchedule, ScheduleLimit, SetLimit
from csms.domain.grid import TemporaryLimit
from csms.domain.model import ConnectorKey, LimitPurpose, Proof

IN_FORCE_0 = Outcome(Answer.ACCEPTED, schedule=(ScheduleLimit("W", 0.0),))
IN_FORCE_22 = Outcome(Answer.ACCEPTED, schedule=(ScheduleLimit("W", 22_000.0),))


async def slow(_command: SetLimit) -> Outcome:
    await asyncio.sleep(3)
    return ACCEPTED


async def fall(f: Fixture, ceiling_w: int) -> None:
    await f.site.set_temporary_limit(TemporaryLimit("grid operator", ceiling_w, f.now.utc_s, f.now.utc_s + 3600))


def told(f: Fixture, name: str = "a") -> list[tuple[int, str, int]]:
    return [(limit.connector_id, limit.purpose.value, limit.limit_w) for limit in f.links[name].told]


def test_what_a_neighbouring_connector_should_be_told_is_decided_when_the_charger_has_answered() -> None:
    """Both would have been told 11 kW; while the first is, the ceiling falls."""

    async def story(f: Fixture) -> None:
        link = f.connect("a", slow, connectors=2)
        await asyncio.sleep(30)
        assert sorted(told(f)) == [(1, "default", 0), (2, "default", 0)]
        link.told.clear()
        f.start("a", 1)
        f.start("a", 2)
        await asyncio.sleep(1)
        await fall(f, 4_000)
        await asyncio.sleep(60)
        first, *rest = told(f)
        assert first == (1, "transaction", 11_000)
        assert rest
        assert all(limit_w <= 4_000 for _, _, limit_w in rest)

    play(story, "a")


def test_a_connector_that_never_answers_does_not_keep_its_neighbour_waiting() -> None:
    async def story(f: Fixture) -> None:
        async def never_about_1(command: SetLimit) -> Outcome:
            if command.connector_id == 1:
                await asyncio.sleep(30)
                return Outcome(Answer.TIMEOUT)
            return ACCEPTED

        f.connect("a", never_about_1, connectors=2)
        await asyncio.sleep(100)
        assert (2, "default", 0) in told(f)
        assert told(f).count((1, "default", 0)) >= 3
        limits = f.site.snapshot().limits[ConnectorKey("a", 2)]
        assert limits.default is not None

    play(story, "a")


def test_a_rebalance_reaches_every_connector_of_a_charger() -> None:
    async def story(f: Fixture) -> None:
        link = f.connect("a", slow, connectors=2)
        f.start("a", 1)
        f.start("a", 2)
        await asyncio.sleep(60)
        link.told.clear()
        await f.site.rebalance(35)
        assert sorted(told(f)) == [(1, "transaction", 11_000), (2, "transaction", 11_000)]

    play(story, "a")


def test_a_rebalance_does_not_press_a_charger_that_refuses() -> None:
    async def story(f: Fixture) -> None:
        answers = [ACCEPTED, ACCEPTED]

        async def at_first(_command: SetLimit) -> Outcome:
            return answers.pop() if answers else Outcome(Answer.REJECTED)

        link = f.connect("a", at_first)
        f.start("a")
        await asyncio.sleep(30)
        link.told.clear()
        await f.site.rebalance(35)
        assert len(told(f)) == 1

    play(story, "a")


def test_a_limit_that_became_due_during_a_question_leaves_when_that_is_answered() -> None:
    """And no question comes between."""

    async def story(f: Fixture) -> None:
        async def slowly(_question: ReadSchedule) -> Outcome:
            await asyncio.sleep(5)
            return IN_FORCE_0

        link = f.connect("a", connectors=2)
        link.schedule = slowly
        await asyncio.sleep(1)
        assert link.asked == [1]
        f.start("a", 2)
        await asyncio.sleep(3)
        assert len(link.told) == 2
        await asyncio.sleep(2)
        assert told(f)[-1] == (2, "transaction", 22_000)
        assert link.asked == [1, 2]

    play(story, "a")


def test_a_default_that_was_told_meanwhile_voids_what_was_learnt_of_them() -> None:
    """While the first connector is asked, the second is told another default: it may have cost the first its own."""

    async def story(f: Fixture) -> None:
        async def slowly(question: ReadSchedule) -> Outcome:
            first = question.connector_id == 1 and link.asked.count(1) == 1
            await asyncio.sleep(5 if first else 0)
            return IN_FORCE_0 if first or question.connector_id == 2 else IN_FORCE_22

        link = f.connect("a", connectors=2)
        link.schedule = slowly
        await asyncio.sleep(1)
        assert link.asked == [1]
        key = ConnectorKey("a", 2)
        issued = ev.LimitIssued(f.now, *key, 90, LimitPurpose.DEFAULT, 0, "c1")
        f.site.record(issued)
        f.site.record(ev.LimitConfirmed(f.now, *key, 90))
        await asyncio.sleep(30)
        proofs = {key.connector_id: limits.default_proof for key, limits in f.site.snapshot().limits.items()}
        assert proofs == {1: Proof.DISPROVED, 2: Proof.SHOWN}

    play(story, "a")


def test_a_default_is_not_asked_for_while_a_transaction_answers_in_its_place() -> None:
    """A composite schedule of 0 W would show that the default of an earlier connection was overruled; but it is that of
    the session."""

    async def story(f: Fixture) -> None:
        async def never(_command: SetLimit) -> Outcome:
            await asyncio.sleep(30)
            return Outcome(Answer.TIMEOUT)

        async def in_force(_question: ReadSchedule) -> Outcome:
            return IN_FORCE_0

        f.connect("a", never)
        await asyncio.sleep(20)
        f.site.record(ev.ChargePointDisconnected(f.now, "a", "c1"))
        await asyncio.sleep(20)
        f.start("a")
        link = f.connect("a", accept, connection="c2")
        link.schedule = in_force
        f.start("a")
        await asyncio.sleep(2)
        outstanding = f.site.snapshot().limits[ConnectorKey("a", 1)].outstanding
        assert [limit.purpose for limit in outstanding] == [LimitPurpose.DEFAULT]

    play(story, "a")


def test_a_session_without_a_limit_of_its_own_does_not_hide_that_its_default_is_gone() -> None:
    """The default of the second connector replaces that of the first; what the first shows is then no session's."""

    async def story(f: Fixture) -> None:
        async def only_the_last(question: ReadSchedule) -> Outcome:
            return IN_FORCE_22 if question.connector_id == 1 else IN_FORCE_0

        await fall(f, 0)
        link = f.connect("a", slow, connectors=2)
        link.schedule = only_the_last
        await asyncio.sleep(1)
        f.start("a", 1)
        await asyncio.sleep(10)
        assert (1, "transaction", 0) not in told(f)
        first = f.site.snapshot().limits[ConnectorKey("a", 1)]
        assert first.default_proof is Proof.DISPROVED

    play(story, "a")


NO = Outcome(Answer.REJECTED)


def knobs(f: Fixture) -> Knobs:
    return f.site.snapshot().charge_points["a"].knowledge.learned.knobs


def test_a_charger_that_takes_no_transaction_profile_is_limited_by_its_default_before_long() -> None:
    async def story(f: Fixture) -> None:
        async def answer(command: SetLimit) -> Outcome:
            return ACCEPTED if command.purpose is LimitPurpose.DEFAULT else Outcome(Answer.NOT_SUPPORTED)

        link = f.connect("a", answer)
        await asyncio.sleep(10)
        f.start("a")
        await asyncio.sleep(10)
        assert knobs(f) == Knobs(limit_by=LimitPurpose.DEFAULT)
        assert link.told[-1].purpose is LimitPurpose.DEFAULT
        assert link.told[-1].limit_w == 22_000
        assert len(link.limits_kw()) == 2

    play(story, "a")


def test_an_accident_changes_no_way_and_a_way_that_has_worked_stands() -> None:
    async def story(f: Fixture) -> None:
        refusing = False

        async def answer(_command: SetLimit) -> Outcome:
            return NO if refusing else ACCEPTED

        f.connect("a", answer)
        await asyncio.sleep(10)
        f.start("a")
        await asyncio.sleep(10)
        refusing = True
        await fall(f, 5_000)
        await asyncio.sleep(120)
        assert knobs(f) == Knobs()

    play(story, "a")


def test_a_charger_that_refuses_everything_is_not_asked_more_and_more() -> None:
    async def story(f: Fixture) -> None:
        async def answer(_command: SetLimit) -> Outcome:
            return NO

        link = f.connect("a", answer)
        f.start("a")
        await asyncio.sleep(600)
        assert f.site.snapshot().charge_points["a"].knowledge.learned.given_up
        searched = len(link.told)
        assert searched <= 80
        await asyncio.sleep(600)
        assert len(link.told) - searched <= 22  # each profile once a minute

    play(story, "a")


def test_a_format_error_teaches_and_leaves_what_it_said_possible() -> None:
    async def story(f: Fixture) -> None:
        async def answer(command: SetLimit) -> Outcome:
            if command.form.unit == "W":
                return Outcome(Answer.CALL_ERROR, "FormationViolation: chargingRateUnit")
            return ACCEPTED

        f.connect("a", answer)
        await asyncio.sleep(30)
        assert knobs(f) == Knobs(rate_units=("A",))

    play(story, "a")


def test_what_stood_in_another_profile_is_cleared_once_on_each_connection() -> None:
    async def story(f: Fixture) -> None:
        f.site.record(ev.QuirksPinned(f.now, "a", Knobs(limit_by=LimitPurpose.STATION)))
        for connection in ("c1", "c2"):
            link = f.connect("a", connection=connection)
            await asyncio.sleep(20)
            f.site.record(ev.QuirksPinned(f.now, "a", Knobs(limit_by=LimitPurpose.STATION, rate_units=("A",))))
            f.start("a")
            await asyncio.sleep(20)
            assert link.cleared == [ClearLimits(LimitPurpose.DEFAULT, 1)]

    play(story, "a")
