"""A limit that ends by itself: how long it is given for, when it is said again, and when that is believed."""

import pytest
from support.world import World

from csms.balancing.plan import Intent
from csms.domain import events as ev
from csms.domain.model import BalancerSettings, ConnectorKey, LimitPurpose, Proof

A = ConnectorKey("a", 1)
LEASE_S = 900.0
BELIEVED_S = LEASE_S + 60 + 6
"""A clock may be a minute behind, and a car takes 6 s to follow."""


def leasing(*, offline_kw: float = 0.0, proof: Proof | None = Proof.SHOWN, max_kw: float = 50) -> World:
    """A car at 20 kW, on a charger that has room for two periods and has shown the step if `proof` says so."""
    world = World(100)
    world.charger("a", max_kw, offline_kw=offline_kw, can={"max_periods": 2})
    world.configure(20)
    world.start("a")
    world.answer_all()
    if proof is not None:
        world.promise_lease("a", proof)
    return world


def the_intent(world: World) -> Intent:
    (intent,) = world.plan().intents
    return intent


@pytest.mark.parametrize(
    ("max_periods", "offline_kw", "lease_s", "leased"),
    [
        (2, 0, 900, (900.0, 0)),
        (6, 5, 900, (900.0, 5_000)),  # it steps down to its default
        (1, 0, 900, (None, 0)),  # it has no second period
        (None, 0, 900, (None, 0)),  # nor has one that does not say
        (2, 20, 900, (None, 0)),  # down to 20 kW there is no step
        (2, 30, 900, (900.0, 0)),  # 30 kW do not fit, so its default is 0
        (2, 0, 0, (None, 0)),  # the operator wants none
        (2, 0, 120, (120.0, 0)),
    ],
)
def test_a_limit_is_leased_where_the_charger_has_room_for_the_step_down(
    max_periods: int | None, offline_kw: float, lease_s: float, leased: tuple[float | None, int]
) -> None:
    world = World(100, settings=BalancerSettings(lease_s=lease_s))
    world.charger("a", 50, offline_kw=offline_kw, can={"max_periods": max_periods})
    world.configure(20)
    world.start("a")
    (wanted,) = world.plan(resend=True).intents
    assert (wanted.lease_s, wanted.then_w) == leased


def test_a_default_profile_never_ends() -> None:
    world = World(100)
    world.declare("a", 50, offline_kw=5)
    world.connect("a", max_periods=6)
    assert (the_intent(world).purpose, the_intent(world).lease_s) == (LimitPurpose.DEFAULT, None)


def test_a_lease_is_renewed_at_half_its_time() -> None:
    world = leasing()
    world.wait(449)
    assert world.plan().intents == ()
    assert world.plan().wake_at_s == pytest.approx(world.now.steady_s + 1)
    world.wait(1.1)
    again = the_intent(world)
    assert (again.limit_w, again.lease_s, again.renewal) == (20_000, 900.0, True)
    world.answer_all()
    assert world.plan().intents == ()


def test_a_change_of_the_limit_renews_the_lease_and_is_no_renewal() -> None:
    world = leasing()
    world.wait(460)
    world.configure(10)
    assert (the_intent(world).limit_w, the_intent(world).renewal) == (10_000, False)


def test_a_lease_is_renewed_even_while_a_raise_must_wait() -> None:
    """The other car has left and its 20 kW still settle; these 20 kW are said again meanwhile."""
    world = leasing()
    world.charger("b", 20)
    world.start("b")
    world.configure(40)
    world.settle()
    world.wait(451)
    world.stop("b", world.state.active[ConnectorKey("b", 1)].transaction_id)
    assert world.shares_kw() == {"a": 40.0}
    assert (the_intent(world).limit_w, the_intent(world).renewal) == (20_000, True)


def test_a_pause_above_a_default_of_zero_needs_no_lease() -> None:
    world = leasing()
    world.configure(0)
    assert (the_intent(world).limit_w, the_intent(world).lease_s) == (0, None)


@pytest.mark.parametrize(("offline_kw", "then_kw"), [(0.0, 0), (5.0, 5)])
def test_an_offline_charger_that_has_shown_the_step_counts_at_its_default_once_it_is_due(
    offline_kw: float, then_kw: float
) -> None:
    world = leasing(offline_kw=offline_kw)
    world.disconnect("a")
    world.wait(BELIEVED_S - 0.1)
    assert world.worst_kw("a") == 20
    world.wait(0.2)
    assert world.worst_kw("a") == then_kw


def test_the_others_get_its_room_then_and_not_before() -> None:
    world = leasing()
    world.charger("b", 22)
    world.start("b")
    world.settle()
    assert world.shares_kw() == {"a": 10.0, "b": 10.0}
    began_s = world.now.steady_s
    world.disconnect("a")
    world.run(800)
    assert world.shares_kw() == {"a": 10.0, "b": 10.0}
    world.run(BELIEVED_S - (world.now.steady_s - began_s) + 20)
    assert world.shares_kw() == {"a": 0.0, "b": 20.0}


def test_the_plan_wakes_up_when_a_lease_of_an_offline_charger_ends() -> None:
    world = leasing()
    world.disconnect("a")
    assert world.plan().wake_at_s == pytest.approx(world.now.steady_s + BELIEVED_S)


@pytest.mark.parametrize("proof", [None, Proof.SILENT, Proof.DISPROVED])
def test_without_proof_the_last_limit_stands_until_the_charger_is_back(proof: Proof | None) -> None:
    world = leasing(proof=proof)
    world.disconnect("a")
    world.wait(86_400)
    assert world.worst_kw("a") == 20


def test_a_reboot_forgets_the_proof() -> None:
    """The clock by which its leases end has started anew."""
    world = leasing()
    world.apply(ev.ChargePointBooted(world.now, "a", "vendor", "model"))
    world.disconnect("a")
    world.wait(BELIEVED_S + 1)
    assert world.worst_kw("a") == 20


def test_what_went_unanswered_ends_with_its_own_lease() -> None:
    """20 kW until 966 s after it was sent, and 30 kW, sent 300 s later and never answered, 300 s longer."""
    world = leasing()
    world.wait(300)
    world.configure(30)
    world.no_answer(world.issue(the_intent(world)))
    world.disconnect("a")
    world.wait(BELIEVED_S - 0.1)
    assert world.worst_kw("a") == 30
    world.wait(0.2)
    assert world.worst_kw("a") == 0


def test_a_renewal_counts_from_when_it_was_sent() -> None:
    world = leasing()
    world.wait(451)
    world.answer_all()
    world.disconnect("a")
    world.wait(BELIEVED_S - 0.1)
    assert world.worst_kw("a") == 20
    world.wait(0.2)
    assert world.worst_kw("a") == 0


def test_a_connected_charger_with_an_overdue_lease_has_stepped_down_too() -> None:
    """Renewals fail for a quarter of an hour: what it may still be obeying are those."""
    world = leasing()
    world.wait(BELIEVED_S + 1)
    assert world.worst_kw("a") == 0
    world.no_answer(world.issue(the_intent(world)))
    assert world.worst_kw("a") == 20


def back_after_its_lease() -> World:
    """Car a's lease has ended offline, car b has all of the 20 kW, and charger a is back."""
    world = leasing()
    world.charger("b", 22)
    world.disconnect("a")
    world.wait(BELIEVED_S + 1)
    world.start("b")
    world.run(30)
    assert (world.worst_kw("a"), world.worst_kw("b")) == (0, 20)
    world.connect("a", connection="c2", max_periods=2)
    return world


def test_after_a_lease_has_ended_what_comes_back_is_a_raise() -> None:
    """20 kW for each would be 40 of 20: it is told what it has, and the rest once b's cut has settled."""
    world = back_after_its_lease()
    assert world.sent_kw() == {"a": 0.0, "b": 10.0}
    world.run(60)
    assert (world.worst_kw("a"), world.worst_kw("b")) == (10, 10)


def test_what_a_lease_has_ended_is_not_claimed_back_by_the_next_limit() -> None:
    """Its room was freed, and spent."""
    world = back_after_its_lease()
    for _ in range(60):
        world.run(1)
        assert world.book().total_w() <= 20_000


@pytest.mark.parametrize(("drop_in_s", "lease_s"), [(1200, 900), (600, 594), (100, 94), (70, 64)])
def test_no_lease_outlasts_a_known_drop(drop_in_s: float, lease_s: float) -> None:
    """66 s before the drop the limit itself fits it, and is leased for as long as any. What follows a step down has
    6 s to do so."""
    world = World(100)
    world.limit("grid operator", 10, begins_in_s=drop_in_s)
    world.charger("a", 50, can={"max_periods": 2})
    world.configure(20)
    world.start("a")
    assert the_intent(world).lease_s == pytest.approx(lease_s, abs=0.01)


def test_a_lease_that_would_outlast_a_drop_just_announced_is_shortened_at_once() -> None:
    world = leasing()
    world.wait(60)
    assert world.plan().intents == ()
    world.limit("grid operator", 10, begins_in_s=300)
    again = the_intent(world)
    assert (again.limit_w, again.lease_s, again.renewal) == (20_000, 294.0, True)
    world.answer_all()
    assert world.plan().intents == ()


def test_a_drop_that_a_lease_ends_before_shortens_nothing() -> None:
    world = leasing()
    world.limit("grid operator", 10, begins_in_s=907)
    assert world.plan().intents == ()


def test_a_charger_that_goes_offline_before_a_known_drop_has_stepped_down_soon_after_it() -> None:
    """The lease ends 6 s before the drop; by the worst clock and the slowest car 66 s later."""
    world = leasing()
    world.limit("grid operator", 10, begins_in_s=300)
    world.answer_all()
    world.disconnect("a")
    world.wait(359)
    assert world.worst_kw("a") == 20
    world.wait(2)
    assert world.worst_kw("a") == 0


def test_leases_survive_a_restart() -> None:
    world = leasing()
    world.restart()
    world.wait(BELIEVED_S + 1)
    assert world.worst_kw("a") == 0


@pytest.mark.parametrize(("away_s", "exceeds"), [(BELIEVED_S - 1, False), (BELIEVED_S + 1, True)])
def test_who_still_draws_it_when_its_lease_is_over_has_broken_it(away_s: float, exceeds: bool) -> None:
    world = leasing(offline_kw=5)
    world.disconnect("a")
    world.wait(away_s)
    world.connect("a", connection="c2", max_periods=2)
    world.draw("a", 19_000)
    found = world.judge("a")
    assert isinstance(found, ev.LimitExceeded) == exceeds
