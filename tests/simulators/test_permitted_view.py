"""What an outside observer counts: true watts, and amperes on the conductors of a charger's supply."""

from dataclasses import replace

import pytest
from profile_vectors import Profile, Vector, default, running_of, seconds, station, store_of, tx

from simulators.car import Draw
from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES, DC_50, Hardware
from simulators.offers import permitted, permitted_together

ONE_OR_THREE = replace(AC_THREE_PHASES, switches_phases=True)


def at(hardware: Hardware, voltage_v: float) -> Hardware:
    return replace(hardware, voltage_v=voltage_v)


@pytest.mark.parametrize(
    ("hardware", "profiles", "power_w", "currents_a"),
    [
        # No profile: the rating. An AC rating is a current, so its power follows the voltage.
        (AC_THREE_PHASES, (), 22_080, (32, 32, 32)),
        (at(AC_THREE_PHASES, 253), (), 24_288, (32, 32, 32)),
        (at(AC_THREE_PHASES, 207), (), 19_872, (32, 32, 32)),
        (AC_ONE_PHASE, (), 7_360, (32, 0, 0)),
        (at(DC_50, 250), (), 50_000, (66.666667, 66.666667, 66.666667)),  # 50 kW / (3 x 250 V)
        # Amperes are amperes at any voltage.
        (at(AC_THREE_PHASES, 253), (tx("0:16"),), 12_144, (16, 16, 16)),
        (at(AC_THREE_PHASES, 207), (tx("0:16"),), 9_936, (16, 16, 16)),
        (at(AC_ONE_PHASE, 240), (tx("0:10/1"),), 2_400, (10, 0, 0)),
        # Watts become amperes at 230 V.
        (at(AC_THREE_PHASES, 253), (tx("0:6900", unit="W"),), 7_590, (10, 10, 10)),
        # A charger that keeps to one phase, and one that cannot.
        (ONE_OR_THREE, (tx("0:16/1"),), 3_680, (16, 0, 0)),
        (AC_THREE_PHASES, (tx("0:16/1"),), 11_040, (16, 16, 16)),
        # No control pilot says less than 6 A.
        (AC_THREE_PHASES, (tx("0:5.9"),), 0, (0, 0, 0)),
        (DC_50, (tx("0:690", unit="W"),), 690, (1, 1, 1)),
    ],
)
def test_a_connector_with_a_transaction(
    hardware: Hardware, profiles: tuple[Profile, ...], power_w: float, currents_a: tuple[float, float, float]
) -> None:
    subject = Vector("", "", "", profiles)
    view = permitted(hardware, store_of(subject, "1.6"), running_of(subject), seconds("Mon 09:00"))[1]
    assert view.power_w == pytest.approx(power_w)
    assert view.currents_a == pytest.approx(currents_a)


@pytest.mark.parametrize(
    ("profiles", "expected_a"),
    [
        ((), 32),
        ((default("0:10", on=0),), 10),
        ((default("0:0", on=2),), 0),
        ((tx("0:6"),), 32),  # a TxProfile of another connector
        ((station("0:20"),), 10),  # half of it, as soon as it charges beside the first
        ((station("0:20"), tx("0:6")), 14),
    ],
)
def test_an_idle_connector_permits_what_a_car_that_came_now_would_get(
    profiles: tuple[Profile, ...], expected_a: float
) -> None:
    subject = Vector("", "", "", profiles)
    views = permitted(AC_THREE_PHASES, store_of(subject, "1.6"), running_of(subject), seconds("Mon 09:00"))
    assert views[2].power_w == pytest.approx(expected_a * 690)
    assert views[2].currents_a == (expected_a, expected_a, expected_a)


@pytest.mark.parametrize(
    ("hardware", "profiles", "power_w", "currents_a"),
    [
        (AC_THREE_PHASES, (), 44_160, (64, 64, 64)),
        (AC_ONE_PHASE, (default("0:10", on=0),), 4_600, (20, 0, 0)),
        (at(AC_THREE_PHASES, 253), (station("0:20"),), 15_180, (20, 20, 20)),
        (at(AC_THREE_PHASES, 253), (station("0:13800", unit="W"),), 15_180, (20, 20, 20)),
        (AC_THREE_PHASES, (station("0:90"),), 44_160, (64, 64, 64)),
        (DC_50, (station("0:69000", unit="W"),), 69_000, (100, 100, 100)),
        (DC_50, (station("0:69000", unit="W"), default("0:6900", unit="W", on=0)), 13_800, (20, 20, 20)),
        (ONE_OR_THREE, (tx("0:16/1"), default("0:10", on=2)), 10_580, (26, 10, 10)),  # 3.68 and 6.9 kW
    ],
)
def test_all_connectors_of_a_charge_point_together(
    hardware: Hardware, profiles: tuple[Profile, ...], power_w: float, currents_a: tuple[float, float, float]
) -> None:
    subject = Vector("", "", "", profiles)
    view = permitted_together(hardware, store_of(subject, "1.6"), running_of(subject), seconds("Mon 09:00"))
    assert view.power_w == pytest.approx(power_w)
    assert view.currents_a == pytest.approx(currents_a)


@pytest.mark.parametrize(
    ("hardware", "drawn", "currents_a"),
    [
        (AC_THREE_PHASES, Draw(3_680, (16, 0, 0)), (16, 0, 0)),
        (at(DC_50, 250), Draw(7_500), (10, 10, 10)),
    ],
)
def test_what_a_car_draws_is_counted_on_the_same_conductors(
    hardware: Hardware, drawn: Draw, currents_a: tuple[float, float, float]
) -> None:
    assert hardware.drawn_currents_a(drawn) == currents_a
