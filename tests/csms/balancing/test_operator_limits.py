"""What an operator allows a charge point or a connector is one more bound on its share, and never a claim."""

from __future__ import annotations

import pytest
from support.world import World

from csms.domain import events as ev
from csms.domain.grid import OperatorLimit
from csms.domain.illegal import IllegalEvent
from csms.domain.model import Current, ScheduleWindow, SmartCharging
from csms.domain.state import State


def capped(world: World, name: str, power_kw: float, connector_id: int = 0, for_s: float | None = None) -> None:
    until_s = None if for_s is None else world.now.utc_s + for_s
    limit = OperatorLimit(connector_id, round(power_kw * 1000), until_s)
    world.apply(ev.OperatorLimitSet(world.now, name, limit))


def car_park(capacity_kw: float = 40, names: str = "12", **declared: object) -> World:
    world = World(capacity_kw)
    for name in names:
        world.charger(name, **declared)  # type: ignore[arg-type]  # passed on as they are
    for name in names:
        world.start(name)
    world.settle()
    return world


def test_a_capped_charge_point_gets_no_more_and_the_others_get_the_rest() -> None:
    world = car_park(40)
    assert world.shares_kw() == {"1": 20, "2": 20}
    capped(world, "1", 7)
    assert world.shares_kw() == {"1": 7, "2": 22}
    assert world.share("1").reason == "capped by the operator at 7 kW"
    world.settle()
    assert world.worst_kw("1") == 7


def test_the_cut_leaves_at_once_and_the_raise_waits_for_it_to_have_settled() -> None:
    world = car_park(40)
    capped(world, "1", 7)
    assert world.sent_kw() == {"1": 7}
    world.answer_all()
    assert world.sent_kw() == {}
    world.wait(7)
    assert world.sent_kw() == {"2": 22}


def test_a_cap_above_the_share_changes_nothing() -> None:
    world = car_park(40)
    capped(world, "1", 21)
    assert world.shares_kw() == {"1": 20, "2": 20}
    assert not world.plan().intents


@pytest.mark.parametrize("power_kw", [0, 1.3])
def test_a_cap_below_the_least_power_pauses_the_session_and_says_why(power_kw: float) -> None:
    world = car_park(40)
    capped(world, "1", power_kw)
    assert world.shares_kw() == {"1": 0, "2": 22}
    assert world.share("1").reason == f"waits: needs 1.4 kW, capped by the operator at {power_kw:g} kW"
    assert world.share("1").expected_start_s is None


def test_a_cap_is_lifted_by_time_and_the_site_wakes_up_for_it() -> None:
    world = car_park(40)
    capped(world, "1", 7, for_s=600)
    world.settle()
    assert world.allocation().next_change_s == pytest.approx(world.now.utc_s + 600, abs=30)
    world.run(660)
    assert world.shares_kw() == {"1": 20, "2": 20}


def test_a_cap_is_lifted_by_the_operator() -> None:
    world = car_park(40)
    capped(world, "1", 7)
    world.apply(ev.OperatorLimitCleared(world.now, "1", 0))
    assert world.shares_kw() == {"1": 20, "2": 20}


def test_a_later_cap_replaces_the_earlier_one_of_its_place_only() -> None:
    world = car_park(40, connectors=2)
    capped(world, "1", 7)
    capped(world, "1", 5, connector_id=1)
    capped(world, "1", 9)
    assert world.state.charge_points["1"].operator_limits == (OperatorLimit(1, 5000), OperatorLimit(0, 9000))


def test_connectors_share_the_cap_of_their_charge_point() -> None:
    world = car_park(60, connectors=2)
    world.start("1", 2)
    world.settle()
    capped(world, "1", 10)
    assert world.share("1", 1).limit_w + world.share("1", 2).limit_w == 10_000
    assert world.share("1", 1).reason == world.share("1", 2).reason == "capped by the operator at 10 kW"


def test_one_connector_is_capped_and_the_other_takes_the_rest_of_the_charge_point() -> None:
    world = car_park(60, connectors=2)
    world.start("1", 2)
    world.settle()
    capped(world, "1", 4, connector_id=1)
    assert (world.share("1", 1).limit_w, world.share("1", 2).limit_w) == (4000, 18_000)
    capped(world, "1", 1, connector_id=1)
    assert (world.share("1", 1).limit_w, world.share("1", 2).limit_w) == (0, 22_000)


def test_the_tighter_of_a_time_window_and_an_operator_holds_and_is_named() -> None:
    world = car_park(40)
    window = ScheduleWindow(tuple(range(7)), 0, 1440, 40_000, {"1": 10_000})
    world.apply(ev.SmartChargingConfigured(world.now, SmartCharging(40_000, "scheduled", schedule=(window,))))
    capped(world, "1", 12)
    assert (world.shares_kw()["1"], world.share("1").reason) == (10, "limit of the time window")
    capped(world, "1", 8)
    assert (world.shares_kw()["1"], world.share("1").reason) == (8, "capped by the operator at 8 kW")


def test_a_cap_lies_on_the_chargers_grid() -> None:
    world = World(40)
    world.charger("1", 22.08, current=Current.AC, phases=3, can={"units": ("A",), "current_step_a": 1.0})
    world.start("1")
    capped(world, "1", 10)
    assert world.share("1").limit_w == 9660  # 14 A on three phases


def test_no_raise_inside_a_capped_charge_point_until_the_other_connector_has_settled() -> None:
    world = car_park(60, "1", connectors=2)
    world.start("1", 2)
    world.settle()
    capped(world, "1", 12)
    world.settle()
    assert world.share("1", 1).limit_w == 6000
    capped(world, "1", 2, connector_id=1)
    assert world.sent_kw() == {"1": 2}
    world.answer_all()
    assert world.sent_kw() == {}
    world.wait(7)
    assert world.sent_kw() == {"1": 10}


def test_a_cap_outlives_a_reconnection_a_reboot_and_a_restart() -> None:
    world = car_park(40)
    capped(world, "1", 7)
    world.disconnect("1")
    world.connect("1")
    state = world.state
    restored = State.restored([state.site, *state.settings.values(), *state.charge_points.values()])
    assert restored.charge_points["1"].operator_limits == (OperatorLimit(0, 7000),)


def test_no_cap_is_set_where_no_connector_can_be_and_none_is_lifted_twice() -> None:
    state = car_park(40).state
    now = World(1).now
    for event in (
        ev.OperatorLimitSet(now, "1", OperatorLimit(65, 1000)),
        ev.OperatorLimitSet(now, "9", OperatorLimit(0, 1000)),
        ev.OperatorLimitCleared(now, "1", 0),
    ):
        with pytest.raises(IllegalEvent):
            state.apply(event)
    assert state.charge_points["1"].operator_limits == ()
