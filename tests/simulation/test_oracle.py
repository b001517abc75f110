"""The oracle fills what is there: evenly, under every limit of the tree, floors first."""

import pytest
from support.carpark.ceilings import GRID, Vector
from support.carpark.oracle import Room, Wish, counted, fill, wish

from simulators.car import Car
from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES, DC_50

EVERYTHING: Vector = (1e9, 1e9, 1e9, 1e9)
PER_WATT: Vector = (1.0, 0.0, 0.0, 0.0)


def wants(number: int, cap_w: float, floor_w: float = 0.0, path: tuple[str, ...] = (GRID,)) -> Wish:
    return Wish((number, 1), path, PER_WATT, floor_w, cap_w, 1.0)


def shares(limits_w: dict[str, float], *wishes: Wish) -> list[float]:
    room = Room({node: (limit_w, *EVERYTHING[1:]) for node, limit_w in limits_w.items()})
    filled = fill([wishes], room)
    return [filled.get(item.place, 0.0) for item in wishes]


def test_everybody_gets_the_same_and_nobody_more_than_it_can_take() -> None:
    assert shares({GRID: 9_000}, wants(1, 50_000), wants(2, 1_000), wants(3, 50_000)) == pytest.approx(
        [4_000, 1_000, 4_000], abs=1
    )


def test_a_full_circuit_leaves_its_rest_to_the_others() -> None:
    inside = ("C1", GRID)
    given = shares(
        {GRID: 10_000, "C1": 2_000}, wants(1, 9_000, path=inside), wants(2, 9_000, path=inside), wants(3, 9e3)
    )
    assert given == pytest.approx([1_000, 1_000, 8_000], abs=1)


def test_who_ranks_first_is_filled_first_but_every_floor_comes_before() -> None:
    first, second = wants(1, 6_000, 1_000), wants(2, 6_000, 1_000)
    assert fill([[first], [second]], Room({GRID: (8_000.0, 1e9, 1e9, 1e9)})) == pytest.approx(
        {(1, 1): 6_000, (2, 1): 2_000}, abs=1
    )


def test_a_floor_that_does_not_fit_gets_nothing() -> None:
    assert shares({GRID: 6_000}, wants(1, 9_000, 4_000), wants(2, 9_000, 4_000)) == pytest.approx([6_000, 0], abs=1)


def test_a_one_phase_car_takes_room_on_three_phases_and_uses_a_third() -> None:
    car = Car(50_000, 0.5, max_current_a=16.0, phases=1)
    made = wish((0, 1), (GRID,), AC_THREE_PHASES, (1, 2, 0), 1.0, car, 0.5)
    assert (made.floor_w, made.cap_w) == (6 * 230 * 3, 16 * 230 * 3)
    assert made.useful == pytest.approx(1 / 3)
    assert made.per_watt[1:] == pytest.approx((1 / 690, 1 / 690, 1 / 690))


def test_a_one_phase_charger_loads_its_own_phase() -> None:
    made = wish((0, 1), (GRID,), AC_ONE_PHASE, (2,), 1.0, Car(50_000, 0.5, max_current_a=20.0), 0.5)
    assert made.per_watt == pytest.approx((1.1, 0.0, 0.0, 1 / 230))  # it may come to 253 V
    assert made.cap_w == pytest.approx(20 * 230)


def test_a_dc_charger_takes_its_losses_from_the_grid() -> None:
    made = wish((0, 1), (GRID,), DC_50, (0, 1, 2), 1.05, Car(50_000, 0.5, dc_max_w=40_000), 0.5)
    assert made.cap_w == 40_000
    assert made.per_watt == pytest.approx((1.05, *(1.05 / 621,) * 3))  # it may come to 207 V


def test_who_cannot_be_commanded_counts_at_the_voltage_that_is_worst_for_each_quantity() -> None:
    assert counted((6_900, 10.0, 10.0, 10.0), AC_THREE_PHASES) == pytest.approx((7_590, 10.0, 10.0, 10.0))
    assert counted((6_900, 10.0, 10.0, 10.0), DC_50) == pytest.approx((6_900, *(10 / 0.9,) * 3))


def test_what_others_hold_is_gone_on_their_own_way_and_phases_alone() -> None:
    room = Room({GRID: (20_000, 16.0, 16.0, 16.0), "C1": (5_000, 16.0, 16.0, 16.0)})
    left = room.beside([((GRID,), (1_500, 10.0, 0.0, 0.0)), (("C1", GRID), (1_000, 0.0, 3.0, 0.0))])
    assert left.holds((GRID,), (17_500, 6.0, 13.0, 16.0))
    assert not left.holds((GRID,), (0.0, 6.1, 0.0, 0.0))
    assert left.holds(("C1", GRID), (4_000, 6.0, 13.0, 0.0))
    assert not left.holds(("C1", GRID), (4_001, 0.0, 0.0, 0.0))
    assert room.holds((GRID,), (20_000, 16.0, 16.0, 16.0))


def test_a_tapering_battery_takes_less() -> None:
    full_speed = wish((0, 1), (GRID,), DC_50, (0, 1, 2), 1.0, Car(50_000, 0.5), 0.5)
    tapering = wish((0, 1), (GRID,), DC_50, (0, 1, 2), 1.0, Car(50_000, 0.5), 0.95)
    assert tapering.cap_w < 0.5 * full_speed.cap_w
