"""What is drawn from a seed: the same every time, a configuration that csms takes, and ceilings that hold."""

from dataclasses import replace

import pytest
from support.carpark.ceilings import GRID, Ceilings
from support.carpark.configuration import configuration
from support.carpark.draw_crowded import CROWDED_FROM, PECULIAR_FROM, REFUSING_FROM
from support.carpark.draw_life import draw_scenario
from support.carpark.draw_staged import OF_EACH, STAGED_FROM, STAGES
from support.carpark.scenario import (
    CircuitPlan,
    Dropped,
    LimitTold,
    LoadPlan,
    LoadTold,
    PointPlan,
    SitePlan,
    WindowPlan,
)

from simulators.hardware import DC_50

MIDNIGHT_S = 1_767_571_200.0  # Monday 2026-01-05, UTC
HOUR_S = 3600.0
SITE = SitePlan(timezone="Europe/London", grid_capacity_kw=100.0, max_power_kw=80.0)
DC_POINT = PointPlan("CP-1", "1.6", DC_50, grid_factor=1.05)


def ceilings(site: SitePlan, *points: PointPlan) -> Ceilings:
    return Ceilings(site, points or (DC_POINT,), start_s=MIDNIGHT_S)


def grid_w(of: Ceilings, at_s: float) -> float:
    return of.at(at_s)[GRID][0]


def test_equal_seeds_give_equal_scenarios() -> None:
    assert draw_scenario(7, 2.0) == draw_scenario(7, 2.0)
    assert draw_scenario(7, 2.0) != draw_scenario(8, 2.0)


@pytest.mark.parametrize("first", [*range(0, 200, 50), CROWDED_FROM, REFUSING_FROM, PECULIAR_FROM])
def test_every_scenario_is_a_configuration_that_csms_takes(first: int) -> None:
    for seed in range(first, first + 50):
        scenario = draw_scenario(seed, 1.0)
        (site,) = configuration(scenario).sites
        assert len(site.charge_points) == len(scenario.points)
        assert len(site.circuits) == len(scenario.site.circuits)


@pytest.mark.parametrize("stage", range(len(STAGES)))
def test_every_stage_is_a_configuration_that_csms_takes(stage: int) -> None:
    scenarios = [draw_scenario(STAGED_FROM + stage * OF_EACH + number, 1.0) for number in range(3)]
    assert scenarios[0] != replace(scenarios[1], seed=scenarios[0].seed)
    for scenario in scenarios:
        (site,) = configuration(scenario).sites
        assert len(site.charge_points) == len(scenario.points)
        assert scenario.visits


def test_a_few_dozen_scenarios_hold_every_kind_of_trouble() -> None:
    scenarios = [draw_scenario(seed, 3.0) for seed in range(60)]
    kinds = {type(happening).__name__ for scenario in scenarios for happening in scenario.happenings}
    assert kinds >= {"Dropped", "Rebooted", "Noisy", "Crashed", "LimitTold", "LoadTold", "Misbehaves", "Forgets"}
    assert {scenario.site.metering_s for scenario in scenarios} == {10, 30, 60, 120}
    points = [point for scenario in scenarios for point in scenario.points]
    assert {point.protocol for point in points} == {"1.6", "2.0.1"}
    assert {point.hardware.phases for point in points} == {0, 1, 3}
    assert any(point.offline_kw > 0 for point in points)
    assert len({point.phase_map for point in points}) >= 9
    assert max(point.hardware.voltage_v for point in points) > 250
    assert min(point.hardware.voltage_v for point in points) < 210


@pytest.mark.parametrize("first", [CROWDED_FROM, REFUSING_FROM])
def test_crowded_sites_are_short_of_amperes_and_never_left_in_peace(first: int) -> None:
    scenarios = [draw_scenario(first + number, 1.0) for number in range(40)]
    kinds = {type(happening).__name__ for scenario in scenarios for happening in scenario.happenings}
    assert kinds == {"Dropped", "Crashed", "LimitTold", "LoadTold"}
    points = [point for scenario in scenarios for point in scenario.points]
    assert {point.phase_map for point in points if point.hardware.phases == 1} == {(0,), (1,), (2,)}
    assert any(point.hardware.switches_phases and point.phase_map[0] != 0 for point in points)
    assert {point.stores_limits for point in points} == {True, False}
    assert any(point.behaviour.rejects_profile_chance for point in points) == (first == REFUSING_FROM)
    for scenario in scenarios:
        assert scenario.site.grid_max_current_a is not None
        wanted_a = sum(point.hardware.max_current_a for point in scenario.points)
        assert scenario.site.grid_max_current_a < wanted_a
        falls = any(isinstance(happening, LimitTold) for happening in scenario.happenings)
        assert not (falls and any(point.offline_kw for point in scenario.points))
        assert len(scenario.visits) > 3 * len(scenario.points)


def test_outages_outlast_the_leases_that_some_end_late_or_never() -> None:
    scenarios = [draw_scenario(PECULIAR_FROM + number, 1.0) for number in range(20)]
    points = [point for scenario in scenarios for point in scenario.points]
    assert {point.connectors for point in points if point.behaviour.default_slots == "one"} == {2}
    assert {point.readings.tx_periods for point in points} == {"all", "first"}
    assert {point.behaviour.clock_ahead_s for point in points} == {0.0, -40.0}
    for scenario in scenarios:
        outages_s = [h.for_s for h in scenario.happenings if isinstance(h, Dropped)]
        assert max(outages_s) > 60 * scenario.site.lease_minutes


def test_the_lowest_of_all_ceilings_wins_and_temporary_ones_expire_by_themselves() -> None:
    of = ceilings(SITE)
    of.tell(LimitTold(0.0, "grid operator", 30.0, HOUR_S, 3 * HOUR_S))
    of.tell(LimitTold(0.0, "energy manager", 20.0, 2 * HOUR_S, 4 * HOUR_S))
    at_hours = [grid_w(of, MIDNIGHT_S + hours * HOUR_S) for hours in (0.5, 1.0, 2.0, 3.5, 4.0)]
    assert at_hours == [80_000, 30_000, 20_000, 20_000, 80_000]
    assert of.next_change_s(MIDNIGHT_S + HOUR_S) == MIDNIGHT_S + 2 * HOUR_S


def test_windows_follow_the_local_clock_and_cross_midnight() -> None:
    night = WindowPlan(days=(0,), start_min=23 * 60, end_min=60, max_power_kw=10.0)
    of = ceilings(replace(SITE, timezone="Asia/Kolkata", strategy="scheduled", windows=(night,)))
    starts_s = MIDNIGHT_S + 17.5 * HOUR_S  # 23:00 there
    edges_s = [starts_s - 1, starts_s, starts_s + 2 * HOUR_S - 1, starts_s + 2 * HOUR_S]
    assert [grid_w(of, at_s) for at_s in edges_s] == [80_000, 10_000, 10_000, 80_000]
    assert of.next_change_s(MIDNIGHT_S) == starts_s


def test_windows_limit_a_charge_point_by_what_it_delivers() -> None:
    window = WindowPlan((0,), 0, 60, 50.0, (("CP-1", 20.0),))
    of = ceilings(replace(SITE, strategy="scheduled", windows=(window,)))
    assert of.at(MIDNIGHT_S)["CP-1"][0] == pytest.approx(21_000)
    assert of.at(MIDNIGHT_S + 2 * HOUR_S)["CP-1"][0] == float("inf")


def test_the_load_of_the_site_counts_and_at_its_worst_when_nobody_tells_it() -> None:
    load = LoadPlan(max_age_s=60.0, max_kw=40.0, max_current_a=50.0, reserve_kw=5.0)
    of = ceilings(replace(SITE, load=load, grid_max_current_a=120.0))
    assert of.at(MIDNIGHT_S)[GRID] == (55_000, 70.0, 70.0, 70.0)
    of.read(LoadTold(0.0, 10.0, (10.0, 20.0, 30.0)), MIDNIGHT_S)
    assert of.at(MIDNIGHT_S + 60)[GRID] == (80_000, 110.0, 100.0, 90.0)
    assert of.stale_at(MIDNIGHT_S + 61)
    assert of.at(MIDNIGHT_S + 61)[GRID] == (55_000, 70.0, 70.0, 70.0)


def test_a_charge_point_counts_at_every_node_above_it() -> None:
    circuits = (CircuitPlan("C1", None, 50.0, None), CircuitPlan("C2", "C1", None, 63.0))
    of = ceilings(replace(SITE, circuits=circuits), replace(DC_POINT, circuit_id="C2"))
    assert of.path("CP-1") == ("CP-1", "C2", "C1", GRID)
    assert of.at(MIDNIGHT_S)["C2"][1:] == (63.0, 63.0, 63.0)
