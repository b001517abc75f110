"""What the ledger counts while it is not clear which limit a charger obeys, and what the plan does about it."""

import pytest
from support.world import World

from csms.balancing.plan import Intent
from csms.domain import events as ev
from csms.domain.grid import Circuit
from csms.domain.model import ConnectorKey, ConnectorStatus, LimitPurpose, Proof

A = ConnectorKey("a", 1)


def running(limit_kw: float = 20, max_kw: float = 50, **can: object) -> World:
    world = World(100)
    world.charger("a", max_kw, can=can)
    world.configure(limit_kw)
    world.start("a")
    world.settle()
    world.wait(60)
    assert world.worst_kw("a") == limit_kw
    return world


def the_intent(world: World) -> Intent:
    (intent,) = world.plan().intents
    return intent


def acknowledge(world: World, issued: ev.LimitIssued) -> None:
    """It is accepted, and the charger has not been asked yet what it obeys."""
    world.apply(ev.LimitConfirmed(world.now, issued.charge_point_id, issued.connector_id, issued.limit_id))


def shown(world: World, issued: ev.LimitIssued) -> None:
    world.apply(ev.LimitShown(world.now, "a", 1, issued.limit_id, issued.purpose))


def prove_default(world: World, proof: Proof) -> None:
    world.apply(ev.DefaultProved(world.now, "a", 1, proof))


# What went unanswered on an earlier connection may be applied late


def raise_lost_with_the_connection() -> tuple[World, ev.LimitIssued]:
    """30 kW were sent and the connection broke; on the next one the charger accepts 20 kW."""
    world = running(20)
    world.configure(30)
    world.no_answer(world.issue(the_intent(world)), "Disconnected")
    world.disconnect("a")
    world.configure(20)
    world.connect("a", connection="c2")
    issued = world.issue(next(i for i in world.plan().intents if i.purpose is LimitPurpose.TRANSACTION))
    acknowledge(world, issued)
    return world, issued


def test_a_raise_lost_with_its_connection_counts_although_a_later_limit_is_accepted() -> None:
    world, _ = raise_lost_with_the_connection()
    world.wait(600)
    assert world.worst_kw("a") == 30


def test_once_the_charger_shows_what_it_obeys_the_lost_raise_settles() -> None:
    world, issued = raise_lost_with_the_connection()
    world.wait(10)
    shown(world, issued)
    assert world.worst_kw("a") == 30
    world.wait(5.9)
    assert world.worst_kw("a") == 30
    world.wait(0.2)
    assert world.worst_kw("a") == 20


def test_until_then_it_is_asked_again_once_a_minute() -> None:
    world, _ = raise_lost_with_the_connection()
    world.answer_all()  # its default, said again after the reconnect
    world.wait(58)
    assert world.plan().intents == ()
    world.wait(3)
    assert (the_intent(world).purpose, the_intent(world).limit_w) == (LimitPurpose.TRANSACTION, 20_000)


def test_on_one_connection_a_later_answer_overrules_what_went_unanswered() -> None:
    """Calls are answered in order; what was possible settles."""
    world = running(20)
    world.configure(30)
    world.no_answer(world.issue(the_intent(world)))
    world.configure(20)
    world.wait(1)
    acknowledge(world, world.issue(the_intent(world)))
    assert world.worst_kw("a") == 30
    world.wait(6.1)
    assert world.worst_kw("a") == 20


def lost_with_the_connection(lost_kw: float) -> World:
    """20 kW are in force, another limit was lost with the connection, and on the next one 20 kW are accepted."""
    world = running(20)
    world.configure(lost_kw)
    world.no_answer(world.issue(the_intent(world)), "Disconnected")
    world.disconnect("a")
    world.configure(20)
    world.connect("a", connection="c2")
    acknowledge(world, world.issue(next(i for i in world.plan().intents if i.purpose is LimitPurpose.TRANSACTION)))
    world.answer_all()  # its default, said again after the reconnect
    return world


def test_a_lost_cut_takes_nothing_and_is_not_asked_about_while_more_is_accepted() -> None:
    world = lost_with_the_connection(10)
    world.wait(61)
    assert world.worst_kw("a") == 20
    assert world.plan().intents == ()


def test_a_lost_cut_counts_below_it_until_the_charger_shows_what_it_obeys() -> None:
    """It may be applied after a still deeper cut, although that was acknowledged."""
    world = lost_with_the_connection(10)
    world.configure(5)
    issued = world.issue(the_intent(world))
    acknowledge(world, issued)
    world.wait(60)
    assert world.worst_kw("a") == 10
    shown(world, issued)
    world.wait(6.1)
    assert world.worst_kw("a") == 5


def test_what_was_under_way_when_our_process_ended_is_possible() -> None:
    world = running(20)
    world.configure(30)
    world.issue(the_intent(world))
    world.restart()
    world.configure(20)
    world.connect("a", connection="c2")
    world.wait(600)
    assert world.worst_kw("a") == 30


def test_a_late_application_ends_with_the_transaction() -> None:
    world, _ = raise_lost_with_the_connection()
    world.stop("a", world.state.active[A].transaction_id)
    assert world.worst_kw("a") == 30
    world.wait(6.1)
    assert world.worst_kw("a") == 0


# Defaults that must be shown


def test_an_acknowledged_default_counts_only_once_the_charger_was_asked_about_it() -> None:
    world = World()
    world.declare("a", 22)
    world.connect("a")
    world.status("a", ConnectorStatus.AVAILABLE)
    acknowledge(world, world.issue(the_intent(world)))
    assert world.worst_kw("a") == 22
    prove_default(world, Proof.SHOWN)
    assert world.worst_kw("a") == 0


@pytest.mark.parametrize(("proof", "worst_kw"), [(Proof.SHOWN, 0), (Proof.SILENT, 0), (Proof.DISPROVED, 22)])
def test_a_charger_that_shows_something_else_counts_at_its_rating(proof: Proof, worst_kw: float) -> None:
    world = World()
    world.charger("a", 22)
    prove_default(world, proof)
    assert world.worst_kw("a") == worst_kw


def test_a_disproved_default_takes_its_rating_from_the_others() -> None:
    world = World(40)
    world.charger("a", 22)
    world.charger("b", 50)
    world.start("b")
    prove_default(world, Proof.DISPROVED)
    assert world.shares_kw() == {"b": 18.0}


def test_a_disproved_default_is_said_again_less_and_less_often() -> None:
    """After 1, 2, 4 ... seconds, although each of them is acknowledged."""
    world = World()
    world.charger("a", 22)
    for patience_s in (1, 2, 4, 8):
        prove_default(world, Proof.DISPROVED)
        world.wait(patience_s - 0.1)
        assert world.plan().intents == ()
        world.wait(0.2)
        assert the_intent(world).purpose is LimitPurpose.DEFAULT
        acknowledge(world, world.issue(the_intent(world)))
        assert world.worst_kw("a") == 22
    prove_default(world, Proof.SHOWN)
    world.wait(7)
    assert world.worst_kw("a") == 0
    assert world.plan().intents == ()


def test_a_default_that_is_lost_over_and_over_is_said_again_less_and_less_often() -> None:
    """Some chargers have one place for two connectors: what is said to the one is lost to the other. Who lost it twice
    is not believed anyway."""
    world = World()
    world.charger("a", 22)
    for patience_s in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900):
        prove_default(world, Proof.SHOWN)
        prove_default(world, Proof.DISPROVED)
        world.wait(patience_s - 0.1)
        assert world.plan().intents == ()
        world.wait(0.2)
        acknowledge(world, world.issue(the_intent(world)))


def test_a_default_that_never_was_there_is_said_again_once_a_minute() -> None:
    world = World()
    world.charger("a", 22)
    for patience_s in (1, 2, 4, 8, 16, 32, 60, 60):
        prove_default(world, Proof.DISPROVED)
        world.wait(patience_s - 0.1)
        assert world.plan().intents == ()
        world.wait(0.2)
        acknowledge(world, world.issue(the_intent(world)))


def test_the_default_of_an_idle_connector_is_said_before_that_of_one_in_use() -> None:
    """Nobody can ask for the default of a session that has its own limit; that of an idle connector shows whether it is
    still there after the other was told."""
    world = World(60)
    world.charger("a", 22, connectors=2)
    world.start("a", 1)
    world.settle()
    world.disconnect("a")
    world.connect("a", connection="c2")
    of_session = next(i for i in world.plan().intents if i.purpose is LimitPurpose.TRANSACTION)
    acknowledge(world, world.issue(of_session))
    assert [(i.purpose, i.key.connector_id) for i in world.plan().intents] == [
        (LimitPurpose.DEFAULT, 2),
        (LimitPurpose.DEFAULT, 1),
    ]


def test_a_default_that_was_lost_twice_is_not_believed_any_more() -> None:
    world = World(60)
    world.charger("a", 22)
    world.charger("b", 50)
    world.start("b")
    for worst_kw, left_kw in ((0, 50.0), (22, 38.0)):
        prove_default(world, Proof.SHOWN)
        prove_default(world, Proof.DISPROVED)
        world.run(61)
        prove_default(world, Proof.SHOWN)
        world.run(7)
        assert world.worst_kw("a") == worst_kw
        assert world.shares_kw() == {"b": left_kw}


def test_the_limit_of_a_running_session_does_not_hide_a_disproved_default() -> None:
    """When the session ends the charger falls back to something nobody knows."""
    world = running(10, max_kw=50)
    prove_default(world, Proof.DISPROVED)
    assert world.worst_kw("a") == 50


@pytest.mark.parametrize(("ceiling_kw", "told_kw"), [(60.0, 50.0), (50.0, 50.0), (40.0, 40.0), (0.0, 0.0)])
@pytest.mark.parametrize("asks", [True, False])
def test_what_it_may_fall_back_to_is_no_reason_to_permit_it_under_a_ceiling_that_is_lower(
    ceiling_kw: float, told_kw: float, asks: bool
) -> None:
    """As long as 50 kW fit, they are reserved for it anyway; where they do not, nobody has that much to give."""
    world = running(50, max_kw=50)
    prove_default(world, Proof.DISPROVED)
    if not asks:
        world.status("a", ConnectorStatus.SUSPENDED_EV)
        world.wait(600)
    world.configure(100)
    world.limit("grid operator", ceiling_kw, begins_in_s=60)
    floor_kw = min(1.4, told_kw)
    assert world.shares_kw() == {"a": told_kw if asks or told_kw == 50 else floor_kw}


def test_who_hangs_elsewhere_is_not_given_what_a_session_on_a_circuit_too_small_for_it_may_fall_back_to() -> None:
    """The circuit has 20 kW, the charger on it is counted at 30: 10 of the 40 kW are left for the other one."""
    world = World(40)
    world.site(circuits=(Circuit("shed", max_power_w=20_000),))
    world.charger("a", 30, circuit_id="shed")
    world.charger("b", 30)
    prove_default(world, Proof.DISPROVED)
    world.start("a")
    world.start("b")
    assert world.shares_kw() == {"a": 20.0, "b": 10.0}
    assert world.sent_kw() == {"a": 20.0, "b": 10.0}


# Chargers that honour their default profile alone


def by_default() -> World:
    world = running(20, limit_by=LimitPurpose.DEFAULT)
    assert world.state.limits[A].transaction is None
    return world


def test_a_charger_that_honours_its_default_alone_gets_its_share_there() -> None:
    world = World(100)
    world.charger("a", 50, can={"limit_by": LimitPurpose.DEFAULT, "max_periods": 6})
    world.configure(20)
    world.start("a")
    intent = the_intent(world)
    assert (intent.purpose, intent.limit_w, intent.lease_s) == (LimitPurpose.DEFAULT, 20_000, None)


def test_its_cut_frees_room_only_once_metered() -> None:
    world = by_default()
    world.configure(10)
    world.answer_all()
    world.wait(3600)
    assert world.worst_kw("a") == 20
    world.draw("a", 10_700)
    assert world.worst_kw("a") == 20
    world.draw("a", 10_100)
    assert world.worst_kw("a") == 10


def test_between_sessions_it_is_told_its_fallback_again() -> None:
    """Until it has confirmed that, a car plugging in would be permitted what the last one was."""
    world = by_default()
    world.stop("a", world.state.active[A].transaction_id)
    world.status("a", ConnectorStatus.AVAILABLE)
    assert world.worst_kw("a") == 20
    assert (the_intent(world).purpose, the_intent(world).limit_w) == (LimitPurpose.DEFAULT, 0)
    world.answer_all()
    assert world.worst_kw("a") == 0


def test_its_turns_and_what_it_was_served_are_counted_all_the_same() -> None:
    """20 kW for an hour."""
    world = by_default()
    served_wh, now_s = world.state.limits[A].served_wh, world.now.steady_s
    since = world.state.limits[A].served_at
    assert since is not None
    world.wait(3600)
    world.configure(10)
    world.answer_all()
    more_wh = 20_000 * (now_s + 3600 - since.steady_s) / 3600
    assert world.state.limits[A].served_wh == pytest.approx(served_wh + more_wh)
    assert world.state.limits[A].turn_since is not None
