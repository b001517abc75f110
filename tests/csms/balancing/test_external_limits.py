"""A limit that a charge point reports of others lowers what it is given, and frees nothing for anybody by itself."""

from __future__ import annotations

from support.world import World

from csms.domain import events as ev
from csms.domain.grid import ExternalLimit, OperatorLimit
from csms.domain.model import ConnectorKey


def reported(world: World, name: str, power_kw: float, connector_id: int = 0, *, source: str = "EMS") -> None:
    limit = ExternalLimit(source, connector_id, round(power_kw * 1000))
    world.apply(ev.ExternalLimitSet(world.now, name, limit))


def car_park() -> World:
    world = World(40)
    for name in "12":
        world.charger(name)
    for name in "12":
        world.start(name)
    world.settle()
    return world


def test_who_is_limited_by_others_gets_no_more_and_the_rest_gets_what_is_left() -> None:
    world = car_park()
    reported(world, "1", 7)
    assert world.shares_kw() == {"1": 7, "2": 22}
    assert world.share("1").reason == "capped by EMS at 7 kW"


def test_what_it_reports_frees_nothing_until_its_own_cut_is_acknowledged_and_has_settled() -> None:
    world = car_park()
    reported(world, "1", 0)
    assert world.worst_kw("1") == 20  # it may still be drawing what we permitted
    assert world.sent_kw() == {"1": 0}
    world.issue(world.plan().intents[0])
    world.wait(60)
    assert world.sent_kw() == {}
    assert world.worst_kw("1") == 20


def test_the_lowest_of_all_counts_whoever_set_it() -> None:
    world = car_park()
    reported(world, "1", 9)
    reported(world, "1", 7, source="SO")
    world.apply(ev.OperatorLimitSet(world.now, "1", OperatorLimit(0, 8000)))
    assert world.share("1").reason == "capped by SO at 7 kW"
    world.apply(ev.ExternalLimitCleared(world.now, "1", "SO"))
    assert world.share("1").reason == "capped by the operator at 8 kW"
    world.apply(ev.OperatorLimitCleared(world.now, "1", 0))
    assert world.share("1").reason == "capped by EMS at 9 kW"
    world.apply(ev.ExternalLimitCleared(world.now, "1", "EMS"))
    assert world.shares_kw() == {"1": 20, "2": 20}


def test_a_limit_of_one_connector_is_cleared_by_itself() -> None:
    world = car_park()
    reported(world, "1", 7, connector_id=1)
    reported(world, "1", 9)
    assert world.share("1").limit_w == 7000
    world.apply(ev.ExternalLimitCleared(world.now, "1", "EMS", 1))
    assert world.share("1").limit_w == 9000
    world.apply(ev.ExternalLimitCleared(world.now, "1", "EMS", 1))  # again, and nothing happens
    assert world.share("1").limit_w == 9000


def test_a_high_limit_of_others_gives_nobody_more() -> None:
    world = car_park()
    reported(world, "1", 1000)
    assert world.shares_kw() == {"1": 20, "2": 20}


def test_a_limit_ends_with_its_time_and_with_a_boot() -> None:
    world = car_park()
    world.apply(ev.ExternalLimitSet(world.now, "1", ExternalLimit("EMS", 0, 7000, world.now.utc_s + 600)))
    world.settle()
    assert world.shares_kw()["1"] == 7
    world.run(660)
    assert world.shares_kw()["1"] == 20
    reported(world, "1", 7)
    assert world.shares_kw()["1"] == 7
    world.apply(ev.ChargePointBooted(world.now, "1"))
    assert world.state.charge_points["1"].external_limits == ()
    assert ConnectorKey("1", 1) in world.state.active


def test_a_limit_that_rises_is_raised_when_its_first_period_is_over() -> None:
    world = car_park()
    at_s = world.now.utc_s
    first, then = ExternalLimit("SO", 0, 5000, at_s + 600), ExternalLimit("SO", 0, 15_000, at_s + 1200)
    world.apply(ev.ExternalLimitSet(world.now, "1", first, (then,)))
    assert world.shares_kw() == {"1": 5, "2": 22}
    world.wait(601)
    assert world.shares_kw()["1"] == 15
    world.wait(600)
    assert world.shares_kw() == {"1": 20, "2": 20}
