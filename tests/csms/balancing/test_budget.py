from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from support.world import World

from csms.balancing.budget import Budget
from csms.domain import events as ev
from csms.domain.grid import TemporaryLimit
from csms.domain.illegal import IllegalEvent
from csms.domain.model import ScheduleWindow

LEAD_S = 66.0
"""The call under way may take 30 s to time out, the cut as long, and a car 6 s to follow."""


def budget(world: World) -> Budget:
    return world.allocation().budget


def now_kw(world: World) -> float:
    return budget(world).now_w / 1000


def usable_kw(world: World) -> float:
    return budget(world).usable_w / 1000


# What the site draws besides its chargers


def test_the_budget_is_the_grid_capacity_less_other_loads_and_the_reserve() -> None:
    world = World(100)
    world.site(reserve_w=5_000)
    world.load(30)
    assert now_kw(world) == 65
    assert budget(world).reason == "grid capacity less 30 kW of other loads and 5 kW in reserve"


@pytest.mark.parametrize(
    ("configured_kw", "load_kw", "reserve_kw", "budget_kw", "reason"),
    [
        (100, 0, 0, 100, "grid capacity"),
        (50, 0, 0, 50, "configured maximum"),
        (50, 49, 0, 50, "configured maximum"),  # 51 kW are left: never above the maximum
        (50, 51, 0, 49, "grid capacity less 51 kW of other loads"),
        (100, 0, 2.5, 97.5, "grid capacity less 2.5 kW in reserve"),
        (100, 120, 0, 0, "grid capacity less 120 kW of other loads"),  # not below nothing
        (100, -20, 0, 100, "grid capacity"),  # a roof full of sun is no reason to pass the connection
    ],
)
def test_the_lowest_part_sets_the_budget_and_is_named(
    configured_kw: float, load_kw: float, reserve_kw: float, budget_kw: float, reason: str
) -> None:
    world = World(100)
    world.site(reserve_w=round(reserve_kw * 1000))
    world.configure(configured_kw)
    world.load(load_kw)
    assert (now_kw(world), usable_kw(world)) == (budget_kw, budget_kw)
    assert budget(world).reason == reason


@pytest.mark.parametrize(("worst_kw", "stale_kw"), [(None, 0), (40.0, 60)])
def test_a_stale_reading_counts_as_the_worst_case(worst_kw: float | None, stale_kw: float) -> None:
    world = World(100)
    world.site(site_load_max_w=None if worst_kw is None else round(worst_kw * 1000), site_load_max_age_s=60.0)
    world.load(30)
    world.wait(59.9)
    assert (now_kw(world), budget(world).load_known) == (70, True)
    world.wait(0.2)
    assert (now_kw(world), budget(world).load_known) == (stale_kw, False)


def test_a_reading_is_as_old_as_its_measurement() -> None:
    world = World(100)
    world.load(30, age_s=20)
    world.wait(39.9)
    assert now_kw(world) == 70
    world.wait(0.2)
    assert now_kw(world) == 0


def test_a_meter_whose_clock_is_ahead_measured_when_it_arrived() -> None:
    world = World(100)
    world.load(30, age_s=-3600)
    world.wait(59.9)
    assert now_kw(world) == 70
    world.wait(0.2)
    assert now_kw(world) == 0


def test_a_jump_of_the_wall_clock_makes_no_reading_stale() -> None:
    world = World(100)
    world.load(30)
    world.now = world.now._replace(utc_s=world.now.utc_s + 7200)
    assert now_kw(world) == 70


def test_an_older_reading_than_the_last_is_refused() -> None:
    world = World(100)
    world.load(30)
    world.wait(5)
    with pytest.raises(IllegalEvent):
        world.load(10, age_s=5.1)
    assert now_kw(world) == 70


def test_a_load_that_is_expected_and_never_told_counts_as_the_worst_case() -> None:
    world = World(100)
    world.site(site_load_max_w=40_000)
    assert (now_kw(world), budget(world).load_known) == (60, False)


def test_a_site_that_never_spoke_of_other_loads_has_none() -> None:
    assert (now_kw(World(100)), budget(World(100)).load_known) == (100, True)


@pytest.mark.parametrize(
    ("power_kw", "currents_a", "counted_a"),
    [
        (10, (5.0, 10.0, 30.0), (5.0, 10.0, 30.0)),
        (20.7, None, (100.0, 100.0, 100.0)),  # 20.7 kW / 207 V, on whichever phase it is
    ],
)
def test_a_load_of_unknown_phases_may_be_on_any_one_of_them(
    power_kw: float, currents_a: tuple[float, ...] | None, counted_a: tuple[float, ...]
) -> None:
    world = World(100)
    world.load(power_kw, currents_a=currents_a)
    assert budget(world).load_currents_a == pytest.approx(counted_a)


@pytest.mark.parametrize(("worst_a", "counted_a"), [(50.0, 50.0), (None, 100.0)])
def test_the_worst_case_has_amperes_too(worst_a: float | None, counted_a: float) -> None:
    world = World(100)
    world.site(site_load_max_w=20_700, site_load_max_current_a=worst_a)
    assert budget(world).load_currents_a == pytest.approx((counted_a,) * 3)


def test_the_balancer_looks_again_when_a_reading_grows_stale() -> None:
    world = World(100)
    world.load(30, age_s=20)
    assert budget(world).next_change_s == pytest.approx(world.now.utc_s + 40)


# Temporary limits


def test_of_several_temporary_limits_the_lowest_that_holds_counts() -> None:
    world = World(100)
    world.limit("grid operator", 40)
    world.limit("energy manager", 30)
    world.limit("energy manager", 20, begins_in_s=-3600, ends_in_s=-1)
    world.limit("energy manager", 10, begins_in_s=3600)
    assert now_kw(world) == 30
    assert budget(world).reason == "temporary limit of energy manager"


def test_a_temporary_limit_never_lifts_the_ceiling() -> None:
    world = World(100)
    world.configure(50)
    world.limit("grid operator", 80)
    assert (now_kw(world), budget(world).reason) == (50, "configured maximum")


def test_a_temporary_limit_of_zero_stops_everybody() -> None:
    world = World(100)
    world.charger("a", 22)
    world.start("a")
    world.limit("grid operator", 0)
    assert world.shares_kw() == {"a": 0.0}


def test_what_begins_later_is_fitted_two_timeouts_and_a_settling_before() -> None:
    world = World(100)
    world.limit("grid operator", 40, begins_in_s=600)
    assert budget(world).next_change_s == pytest.approx(world.now.utc_s + 600 - LEAD_S)
    assert budget(world).drop_at_s == pytest.approx(world.now.utc_s + 600)
    world.wait(600 - LEAD_S - 0.01)
    assert (now_kw(world), usable_kw(world)) == (100, 100)
    world.wait(0.02)
    assert (now_kw(world), usable_kw(world)) == (100, 40)
    world.wait(LEAD_S)
    assert (now_kw(world), usable_kw(world)) == (40, 40)


def test_a_drop_is_complete_at_its_beginning() -> None:
    world = World(100)
    world.charger("a", 80)
    world.start("a")
    world.settle()
    world.limit("grid operator", 40, begins_in_s=600)
    world.run(599.9)
    assert world.worst_kw("a") == 40


def test_a_temporary_limit_ends_by_itself_and_not_before() -> None:
    """The end is not included."""
    world = World(100)
    world.limit("grid operator", 40, ends_in_s=600)
    world.wait(599.9)
    assert (now_kw(world), usable_kw(world)) == (40, 40)
    world.wait(0.2)
    assert (now_kw(world), usable_kw(world)) == (100, 100)


def test_a_limit_between_two_others_is_not_forgotten() -> None:
    """20 kW for a moment within the time a cut takes: usable is the lowest of all that begins meanwhile."""
    world = World(100)
    world.limit("a", 60, begins_in_s=10)
    world.limit("b", 20, begins_in_s=15, ends_in_s=20)
    assert usable_kw(world) == 20
    world.wait(20)
    assert usable_kw(world) == 60


def test_the_same_source_and_start_replace_each_other() -> None:
    world = World(100)
    world.limit("grid operator", 40)
    world.limit("grid operator", 70)
    assert now_kw(world) == 70


def test_a_withdrawn_limit_holds_no_longer() -> None:
    world = World(100)
    world.limit("grid operator", 40)
    world.limit("energy manager", 30)
    world.apply(ev.TemporaryLimitsWithdrawn(world.now, "energy manager"))
    assert now_kw(world) == 40
    world.apply(ev.TemporaryLimitsWithdrawn(world.now))
    assert now_kw(world) == 100


def test_a_withdrawn_limit_that_had_not_begun_never_does() -> None:
    world = World(100)
    world.limit("grid operator", 40, begins_in_s=600)
    world.apply(ev.TemporaryLimitsWithdrawn(world.now))
    world.wait(700)
    assert now_kw(world) == 100


@pytest.mark.parametrize(("at_s", "holds"), [(9.9, False), (10.0, True), (19.9, True), (20.0, False)])
def test_the_start_is_included_and_the_end_is_not(at_s: float, holds: bool) -> None:
    assert TemporaryLimit("x", 1000, 10.0, 20.0).holds_at(at_s) is holds


def test_after_a_restart_temporary_limits_still_hold() -> None:
    world = World(100)
    world.limit("grid operator", 40)
    world.restart()
    assert now_kw(world) == 40


# Time windows


def test_a_time_window_is_named_and_a_drop_of_one_charger_alone_is_a_drop() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/London")).timestamp()
    world = World(100)
    world.wait(noon - world.now.utc_s)
    peak = ScheduleWindow((0,), 11 * 60, 13 * 60, 40_000)
    after = ScheduleWindow((0,), 13 * 60, 14 * 60, 60_000, {"1": 3_000})
    world.configure(100, "scheduled", schedule=(peak, after))
    assert (now_kw(world), budget(world).reason) == (40, "time window")
    assert budget(world).drop_at_s == noon + 3600
    world.wait(3600 - LEAD_S + 0.01)
    assert (usable_kw(world), budget(world).charge_point_limits_w) == (40, {"1": 3_000})


def test_a_temporary_limit_below_the_window_counts() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/London")).timestamp()
    world = World(100)
    world.wait(noon - world.now.utc_s)
    world.configure(100, "scheduled", schedule=(ScheduleWindow((0,), 660, 780, 40_000),))
    world.limit("grid operator", 15)
    assert (now_kw(world), budget(world).reason) == (15, "temporary limit of grid operator")
