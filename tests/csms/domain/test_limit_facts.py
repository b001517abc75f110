import pytest

from csms.domain import events as ev
from csms.domain import limit_facts as facts
from csms.domain.limit_facts import Circumstances
from csms.domain.limits import ConnectorLimits, Failure, Limit, Overdraw, Settling
from csms.domain.model import LimitPurpose, Moment, Proof

TRANSACTION, DEFAULT = LimitPurpose.TRANSACTION, LimitPurpose.DEFAULT
NOTHING = ConnectorLimits("a", 1)
RUNNING = Circumstances(active=True)


def at(seconds: float) -> Moment:
    return Moment(1_790_000_000.0 + seconds, 1_000.0 + seconds)


def issue(
    limits: ConnectorLimits,
    limit_id: int,
    limit_kw: float,
    when_s: float = 0,
    *,
    purpose: LimitPurpose = TRANSACTION,
    connection: str = "c1",
    phases: int | None = None,
) -> ConnectorLimits:
    watts = round(limit_kw * 1000)
    return facts.issued(
        limits, ev.LimitIssued(at(when_s), "a", 1, limit_id, purpose, watts, connection, "t", phases=phases)
    )


def confirm(
    limits: ConnectorLimits, limit_id: int, when_s: float = 0, known: Circumstances = RUNNING
) -> ConnectorLimits:
    found = facts.confirmed(limits, ev.LimitConfirmed(at(when_s), "a", 1, limit_id), known)
    assert found is not None
    return found


def told(*limits_kw: tuple[float, float]) -> ConnectorLimits:
    """(limit, when): sent and confirmed one after the other."""
    limits = NOTHING
    for limit_id, (limit_kw, when_s) in enumerate(limits_kw):
        limits = confirm(issue(limits, limit_id, limit_kw, when_s), limit_id, when_s)
    return limits


def ids(limits: tuple[Limit, ...]) -> list[int]:
    return [limit.limit_id for limit in limits]


@pytest.mark.parametrize(
    ("limits_kw", "served_wh"),
    [
        ([(10, 0)], 0),
        ([(10, 0), (20, 1800)], 5_000),
        ([(10, 0), (20, 1800), (0, 3600)], 15_000),
        ([(10, 0), (0, 1800), (0, 3600), (10, 7200)], 5_000),  # paused, nothing is served
    ],
)
def test_what_a_session_was_served_is_what_it_was_permitted(
    limits_kw: list[tuple[float, float]], served_wh: float
) -> None:
    assert told(*limits_kw).served_wh == pytest.approx(served_wh)


@pytest.mark.parametrize(
    ("limits_kw", "turn_since_s", "paused_since_s"),
    [
        ([(10, 5)], 5, None),
        ([(10, 5), (6, 100), (20, 200)], 5, None),  # a turn goes on whatever the limit
        ([(10, 5), (0, 100)], None, 100),
        ([(10, 5), (0, 100), (0, 200)], None, 100),  # said again, it is the same pause
        ([(10, 5), (0, 100), (8, 300)], 300, None),
        ([(10, 5), (0, 100), (8, 300), (0, 400)], None, 400),
        ([(0, 5)], None, 5),
        ([(0, 5), (8, 60)], 60, None),
    ],
)
def test_a_turn_begins_with_power_and_a_pause_without(
    limits_kw: list[tuple[float, float]], turn_since_s: float | None, paused_since_s: float | None
) -> None:
    limits = told(*limits_kw)
    assert limits.turn_since == (None if turn_since_s is None else at(turn_since_s))
    assert limits.paused_since == (None if paused_since_s is None else at(paused_since_s))


@pytest.mark.parametrize(
    ("limits_kw", "raised_at_s"),
    [([(10, 5)], 5), ([(10, 5), (20, 60)], 60), ([(10, 5), (6, 60)], 5), ([(10, 5), (10, 60)], 5)],
)
def test_a_raise_is_what_permits_more_than_before(limits_kw: list[tuple[float, float]], raised_at_s: float) -> None:
    assert told(*limits_kw).raised_at == at(raised_at_s)


def test_the_end_of_a_transaction_ends_its_turn_and_all_its_limits_settle() -> None:
    """10 kW acknowledged, 20 kW sent; the default that is under way stays."""
    limits = issue(issue(told((10, 0)), 7, 20, 50), 8, 5, 50, purpose=DEFAULT)
    ended = facts.transaction_ended(limits, at(100))
    assert (ended.transaction, ended.turn_since, ended.paused_since, ended.served_wh) == (None, None, None, 0.0)
    assert ids(ended.outstanding) == [8]
    assert max(s.limit_w or 0 for s in ended.settling) == 20_000
    assert ended.settling[-1].since == at(100)


def test_a_limit_nobody_waits_for_has_no_answer() -> None:
    limits = issue(NOTHING, 1, 10)
    assert facts.confirmed(limits, ev.LimitConfirmed(at(1), "a", 1, 2), RUNNING) is None
    assert facts.rejected(limits, ev.LimitRejected(at(1), "a", 1, 2, "Rejected"), RUNNING) is None
    assert facts.unanswered(limits, ev.LimitUnanswered(at(1), "a", 1, 2, "Timeout"), RUNNING) is None


@pytest.mark.parametrize(
    ("earlier_kw", "connection", "later_kw", "stays"),
    [
        (20, "c1", 10, False),  # on one connection, calls are answered in order
        (20, "c0", 10, True),  # it may arrive yet
        (5, "c0", 10, True),  # it may, and matters once a lower one follows
    ],
)
def test_a_confirmation_rules_out_what_was_sent_before_it_on_its_own_connection(
    earlier_kw: float, connection: str, later_kw: float, stays: bool
) -> None:
    limits = issue(NOTHING, 1, earlier_kw, connection=connection)
    limits = confirm(issue(limits, 2, later_kw), 2)
    assert ids(limits.outstanding) == ([1] if stays else [])


def test_a_confirmation_says_nothing_of_what_was_sent_after_it() -> None:
    limits = issue(issue(NOTHING, 1, 10), 2, 20)
    assert ids(confirm(limits, 1).outstanding) == [2]


def test_a_confirmed_default_says_nothing_of_the_transactions_limits() -> None:
    limits = issue(issue(NOTHING, 1, 20), 2, 5, purpose=DEFAULT)
    assert ids(confirm(limits, 2).outstanding) == [1]


def test_what_is_shown_rules_out_what_was_sent_before_and_that_settles() -> None:
    limits = issue(NOTHING, 1, 20, connection="c0")
    limits = issue(limits, 2, 5, connection="c0", purpose=DEFAULT)
    limits = confirm(issue(limits, 3, 10), 3)
    limits = issue(limits, 4, 30)
    seen = facts.shown(limits, ev.LimitShown(at(60), "a", 1, 3, TRANSACTION))
    assert ids(seen.outstanding) == [2, 4]  # another purpose, and a later one
    assert Settling(20_000, at(60)) in seen.settling


def test_a_cut_settles_from_what_was_possible_and_a_raise_from_nothing() -> None:
    assert told((20, 0), (10, 50)).settling[-1] == Settling(20_000, at(50), in_force_at=at(0))
    raised = confirm(issue(told((10, 0)), 9, 20, 50), 9, 50)
    assert all(s.since != at(50) for s in raised.settling)


def test_fewer_phases_settle_even_at_more_power() -> None:
    """8 A on three phases become 24 A on one."""
    limits = told((5.52, 0))
    limits = confirm(issue(limits, 9, 5.52, 50, phases=1), 9, 50)
    assert limits.settling[-1] == Settling(5_520, at(50), in_force_at=at(0))


def test_where_nothing_is_plugged_in_nothing_settles() -> None:
    limits = confirm(issue(NOTHING, 1, 10, purpose=DEFAULT), 1, 0, Circumstances(idle=True))
    assert limits.settling == ()


def test_a_charger_that_honours_its_default_alone_settles_until_metered() -> None:
    known = Circumstances(by_default=True, active=True)
    limits = confirm(issue(NOTHING, 1, 20, purpose=DEFAULT), 1, 0, known)
    limits = confirm(issue(limits, 2, 10, 50, purpose=DEFAULT), 2, 50, known)
    assert limits.settling[-1] == Settling(20_000, at(50), until_metered=True, in_force_at=at(0))
    assert limits.turn_since == at(0)


@pytest.mark.parametrize(("until_metered", "stays"), [(True, True), (False, False)])
def test_a_later_higher_settling_covers_an_earlier_one_but_not_one_that_waits_for_a_meter(
    until_metered: bool, stays: bool
) -> None:
    """Else time alone would end it."""
    earlier = Settling(20_000, at(0), until_metered=until_metered)
    limits = confirm(issue(ConnectorLimits("a", 1, settling=(earlier,)), 1, 30, 10), 1, 10)
    assert (earlier in facts.transaction_ended(limits, at(20)).settling) is stays


def test_what_a_reading_may_end_sooner_covers_nothing_that_it_may_not_end_yet() -> None:
    late, early = Settling(5_000, at(22)), Settling(6_000, at(23), in_force_at=at(0))
    limits = ConnectorLimits("a", 1, settling=(late, early))
    assert facts.transaction_ended(limits, at(24)).settling == (late, early)


def test_equal_unanswered_limits_do_not_pile_up() -> None:
    limits = NOTHING
    for limit_id in range(20):
        limits = issue(limits, limit_id, 10 + limit_id % 2)
        found = facts.unanswered(limits, ev.LimitUnanswered(at(1), "a", 1, limit_id, "Timeout"), RUNNING)
        assert found is not None
        limits = found
    assert sorted(limit.limit_w for limit in limits.outstanding) == [10_000, 11_000]
    assert limits.transaction_failure is not None
    assert limits.transaction_failure.count == 20


def unanswer(limits: ConnectorLimits, limit_id: int) -> ConnectorLimits:
    found = facts.unanswered(limits, ev.LimitUnanswered(at(1), "a", 1, limit_id, "Timeout"), RUNNING)
    assert found is not None
    return found


def test_what_an_earlier_connection_left_stays_possible_though_the_same_was_said_again_in_vain() -> None:
    """It may be applied late; what was said on this connection is overruled."""
    limits = unanswer(issue(NOTHING, 1, 20), 1)
    for limit_id in (2, 3):
        limits = unanswer(issue(limits, limit_id, 20, connection="c2"), limit_id)
    assert ids(limits.outstanding) == [1, 3]
    assert ids(confirm(issue(limits, 4, 10, connection="c2"), 4).outstanding) == [1]
    limits = unanswer(issue(limits, 4, 20, connection="c3"), 4)
    assert ids(limits.outstanding) == [3, 4]  # of all earlier connections one is enough


def test_a_disproved_default_is_a_failure_and_a_shown_one_none() -> None:
    limits = confirm(issue(NOTHING, 1, 0, purpose=DEFAULT), 1)
    for when_s in (1, 2):
        limits = facts.proved(limits, ev.DefaultProved(at(when_s), "a", 1, Proof.DISPROVED, "shows 32 A"))
        assert limits.default_failure == Failure(1, at(when_s), "shows 32 A")
    limits = confirm(issue(limits, 2, 0, purpose=DEFAULT), 2, 5)
    # Acknowledged it was before: it is given more time to be asked.
    assert limits.default_failure == Failure(2, at(5), "shows 32 A")
    assert facts.proved(limits, ev.DefaultProved(at(9), "a", 1, Proof.SHOWN)).default_failure is None


def test_offences_are_counted_and_the_highest_is_kept() -> None:
    limits = facts.exceeded(NOTHING, ev.LimitExceeded(at(1), "a", 1, 14_000.0, 10_000))
    assert limits.overdraw == Overdraw(14_000.0, 1, at(1))
    limits = facts.exceeded(limits, ev.LimitExceeded(at(9), "a", 1, 12_000.0, 10_000))
    assert limits.overdraw == Overdraw(14_000.0, 2, at(9))


def test_a_draw_without_a_transaction_needs_no_second_reading() -> None:
    limits = facts.exceeded(NOTHING, ev.LimitExceeded(at(1), "a", 1, 4_000.0, 0, idle=True))
    assert limits.overdraw == Overdraw(4_000.0, facts.DISOBEDIENT, at(1), idle=True)


def test_of_the_calls_that_a_restart_broke_off_each_is_told_once() -> None:
    """2 was answered by silence before."""
    limits = issue(issue(told((10, 0)), 2, 20), 3, 30)
    silent = facts.unanswered(limits, ev.LimitUnanswered(at(5), "a", 1, 2, "Timeout"), RUNNING)
    assert silent is not None
    broken = facts.broken_off(silent, at(60))
    assert [(event.limit_id, event.cause) for event in broken] == [(3, "broken off by a restart")]
    assert facts.broken_off(told((10, 0)), at(60)) == []
