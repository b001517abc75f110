import pytest
from support.world import World

from csms.domain import events as ev
from csms.domain.model import ConnectorKey, ConnectorStatus, Current, LimitPurpose


def test_a_charger_counts_from_its_first_contact_on_at_its_rated_maximum() -> None:
    world = World()
    world.declare("a", 22)
    assert world.worst_kw("a") == 0
    world.connect("a")
    assert world.worst_kw("a") == 22


@pytest.mark.parametrize(
    ("current", "phases", "worst_kw"),
    [(Current.AC, None, 22.08), (Current.AC, 1, 7.36), (Current.DC, None, 100), (None, None, 22.08)],
)
def test_without_a_declared_maximum_the_worst_is_assumed(
    current: Current | None, phases: int | None, worst_kw: float
) -> None:
    world = World(100)
    world.declare("a", None, current=current, phases=phases)
    world.connect("a")
    assert world.worst_kw("a") == worst_kw


def test_an_idle_connector_counts_at_its_confirmed_default() -> None:
    world = World()
    world.charger("a", 22, offline_kw=5)
    assert world.worst_kw("a") == 5


def test_a_default_confirmed_while_something_is_plugged_in_settles_first() -> None:
    world = World()
    world.declare("a", 22)
    world.connect("a")
    world.status("a", ConnectorStatus.PREPARING)
    world.confirm(world.issue(world.plan().intents[0]))
    assert world.worst_kw("a") == 22
    world.wait(5.9)
    assert world.worst_kw("a") == 22
    world.wait(0.1)
    assert world.worst_kw("a") == 0


def running(limit_kw: float = 20) -> World:
    world = World(limit_kw)
    world.charger("a", 50)
    world.start("a")
    world.settle()
    assert world.worst_kw("a") == limit_kw
    return world


def test_a_raise_counts_from_the_moment_it_is_about_to_be_sent() -> None:
    world = World(30)
    world.charger("a", 50)
    world.start("a")
    world.issue(world.plan().intents[0])
    assert world.worst_kw("a") == 30


def test_a_cut_frees_nothing_before_it_is_acknowledged() -> None:
    world = running(20)
    world.configure(10)
    world.issue(world.plan().intents[0])
    world.wait(60)
    assert world.worst_kw("a") == 20


def test_an_acknowledged_cut_frees_room_after_settling() -> None:
    world = running(20)
    world.configure(10)
    world.confirm(world.issue(world.plan().intents[0]))
    assert world.worst_kw("a") == 20
    world.wait(6)
    assert world.worst_kw("a") == 10


@pytest.mark.parametrize(("drawn_kw", "worst_kw"), [(10.0, 10), (9.5, 10), (10.1, 20)])
def test_a_reading_at_or_below_the_new_limit_settles_a_cut_at_once(drawn_kw: float, worst_kw: float) -> None:
    world = running(20)
    world.wait(11)
    world.configure(10)
    world.confirm(world.issue(world.plan().intents[0]))
    world.wait(1)
    world.draw("a", drawn_kw * 1000)
    assert world.worst_kw("a") == worst_kw


@pytest.mark.parametrize(("after_s", "worst_kw"), [(9, 20), (11, 10)])
def test_a_reading_settles_nothing_that_the_car_may_have_yet_to_take_up(after_s: float, worst_kw: int) -> None:
    """A car that has not begun to follow a raise will, a moment before it follows the cut."""
    world = running(20)
    raised_at = world.state.limits[ConnectorKey("a", 1)].confirmed_at
    assert raised_at is not None
    world.wait(raised_at.steady_s + after_s - 1 - world.now.steady_s)
    world.configure(10)
    world.confirm(world.issue(world.plan().intents[0]))
    world.wait(1)
    world.draw("a", 1_400)
    assert world.worst_kw("a") == worst_kw


def test_what_a_reading_has_settled_stays_settled() -> None:
    """Room that was freed may be spent already: neither a later reading nor a repeated limit claims it back."""
    world = running(20)
    world.wait(11)
    world.configure(10)
    world.confirm(world.issue(world.plan().intents[0]))
    world.wait(1)
    world.draw("a", 9_900)
    assert world.worst_kw("a") == 10
    world.draw("a", 10_050)
    assert world.worst_kw("a") == 10
    world.confirm(world.issue(world.plan(resend=True).intents[0]))
    assert world.worst_kw("a") == 10


def test_a_mean_derived_from_energy_settles_nothing() -> None:
    world = running(20)
    world.configure(10)
    world.confirm(world.issue(world.plan().intents[0]))
    for energy_wh in (1000.0, 1001.0):
        world.wait(2)
        world.apply(ev.MeterValuesReceived(world.now, "a", 1, world.now.utc_s, energy_wh=energy_wh))
    assert world.state.readings[ConnectorKey("a", 1)].power_w == pytest.approx(1800)
    assert world.worst_kw("a") == 20


def test_a_reading_from_before_the_acknowledgement_settles_nothing() -> None:
    world = running(20)
    world.configure(10)
    issued = world.issue(world.plan().intents[0])
    world.draw("a", 5_000)
    world.confirm(issued)
    assert world.worst_kw("a") == 20


def test_a_rejected_cut_frees_nothing() -> None:
    world = running(20)
    world.configure(10)
    world.reject(world.issue(world.plan().intents[0]))
    world.wait(60)
    assert world.worst_kw("a") == 20


def test_a_rejected_raise_counts_no_longer() -> None:
    world = running(20)
    world.configure(20)
    world.state.site = world.state.site.__class__("site", "Site", "Europe/London", 50_000)
    world.configure(40)
    world.wait(10)
    world.reject(world.issue(world.plan().intents[0]))
    assert world.worst_kw("a") == 20


def test_an_unanswered_raise_counts_until_something_is_confirmed_again() -> None:
    world = running(20)
    world.state.site = world.state.site.__class__("site", "Site", "Europe/London", 50_000)
    world.configure(40)
    world.wait(10)
    world.no_answer(world.issue(world.plan().intents[0]))
    world.configure(20)
    world.wait(60)
    assert world.worst_kw("a") == 40
    world.confirm(world.issue(world.plan().intents[0]))
    assert world.worst_kw("a") == 40
    world.wait(6)
    assert world.worst_kw("a") == 20


def test_an_unanswered_cut_leaves_both_limits_possible() -> None:
    world = running(20)
    world.configure(10)
    world.no_answer(world.issue(world.plan().intents[0]))
    world.wait(60)
    assert world.worst_kw("a") == 20


def test_the_end_of_a_transaction_frees_room_once_settled() -> None:
    world = running(20)
    transaction = world.state.active[next(iter(world.state.active))]
    world.stop("a", transaction.transaction_id)
    assert world.worst_kw("a") == 20
    world.wait(6)
    assert world.worst_kw("a") == 0


def test_an_unplugged_car_frees_room_at_once() -> None:
    world = running(20)
    transaction = world.state.active[next(iter(world.state.active))]
    world.stop("a", transaction.transaction_id)
    world.status("a", ConnectorStatus.AVAILABLE)
    assert world.worst_kw("a") == 0


def test_the_next_car_does_not_bring_back_what_an_unplugged_one_has_freed() -> None:
    world = running(20)
    transaction = world.state.active[next(iter(world.state.active))]
    world.stop("a", transaction.transaction_id)
    world.status("a", ConnectorStatus.AVAILABLE)
    world.start("a")
    assert world.worst_kw("a") == 0


def test_a_car_unplugged_before_its_transaction_is_ended_frees_room_with_the_end() -> None:
    world = running(20)
    transaction = world.state.active[next(iter(world.state.active))]
    world.status("a", ConnectorStatus.AVAILABLE)
    assert world.worst_kw("a") == 20
    world.stop("a", transaction.transaction_id)
    assert world.worst_kw("a") == 0


def test_a_lost_connection_changes_nothing() -> None:
    world = running(20)
    world.disconnect("a")
    world.wait(3600)
    assert world.worst_kw("a") == 20


def test_the_default_counts_during_a_transaction_too() -> None:
    """A session that ends falls back to it: a limit below the default frees nothing."""
    world = World(10)
    world.charger("a", 50, offline_kw=8)
    world.charger("b", 50)
    world.start("a")
    world.start("b")
    world.settle()
    assert world.shares_kw() == {"a": 8.0, "b": 2.0}  # what is held for it anyway costs nobody anything
    assert (world.worst_kw("a"), world.worst_kw("b")) == (8, 2)


def test_connectors_together_count_no_more_than_their_charge_point() -> None:
    world = World()
    world.declare("a", 22, connectors=3)
    world.connect("a")
    assert world.book().total_w() == 22_000


def test_after_a_restart_nothing_is_forgotten_and_nothing_has_settled() -> None:
    world = running(20)
    world.configure(10)
    world.issue(world.plan().intents[0])
    world.restart()
    limits = world.state.limits[next(iter(world.state.limits))]
    assert not limits.in_flight
    assert [limit.purpose for limit in limits.outstanding] == [LimitPurpose.TRANSACTION]
    assert world.worst_kw("a") == 20
