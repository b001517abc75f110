import pytest

from simulators.car import Car, Offer, draw, taper, tapering_from_soc
from simulators.charging_profile import Limit
from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES, DC_50, Hardware

CAR = Car(battery_wh=50_000, soc=0.2, max_current_a=16, phases=3, dc_max_w=40_000)


def ac(current_a: float, phases: int = 3) -> Offer:
    return Offer(current_a * 230 * phases, current_a, phases, 230.0)


@pytest.mark.parametrize(("soc", "share"), [(0.0, 1.0), (0.8, 1.0), (0.9, 0.525), (0.95, 0.2875), (1.0, 0.05)])
def test_a_battery_takes_less_from_80_percent_on(soc: float, share: float) -> None:
    assert taper(soc) == pytest.approx(share)


@pytest.mark.parametrize(
    ("soc", "offer", "power_w", "currents_a"),
    [
        (0.5, ac(10), 6_900, (10, 10, 10)),  # the offer decides
        (0.5, ac(32), 11_040, (16, 16, 16)),  # its own charger decides
        (0.5, ac(20, phases=1), 3_680, (16, 0, 0)),  # one phase is offered
        (0.5, ac(6), 4_140, (6, 6, 6)),
        (0.5, ac(5.9), 0, (0, 0, 0)),  # no pilot says less than 6 A: it sleeps
        (0.9, ac(32), 5_796, (8.4, 8.4, 8.4)),  # 52.5 % of 11 040 W
        (0.9, ac(8), 5_520, (8, 8, 8)),  # tapering, but the offer is lower
        (1.0, ac(32), 0, (0, 0, 0)),
        (0.5, Offer(50_000), 40_000, (0, 0, 0)),
        (0.5, Offer(3_000), 3_000, (0, 0, 0)),  # DC has no 6 A
        (0.95, Offer(50_000), 11_500, (0, 0, 0)),
        (1.0, Offer(50_000), 0, (0, 0, 0)),
    ],
)
def test_a_car_draws_the_least_of_offer_charger_and_battery(
    soc: float, offer: Offer, power_w: float, currents_a: tuple[float, float, float]
) -> None:
    drawn = draw(CAR, soc, offer)
    assert drawn.power_w == pytest.approx(power_w)
    assert drawn.currents_a == pytest.approx(currents_a)


@pytest.mark.parametrize("current_a", [6.0, 8.4, 12.0])
def test_the_battery_decides_from_the_state_of_charge_that_was_foretold(current_a: float) -> None:
    soc = tapering_from_soc(CAR, ac(current_a), draw(CAR, 0.5, ac(current_a)).power_w)
    assert draw(CAR, soc - 0.001, ac(current_a)).currents_a[0] == pytest.approx(current_a)
    assert draw(CAR, soc + 0.001, ac(current_a)).currents_a[0] < current_a


SWITCHING = Hardware("AC", 3, 22_080.0, 32.0, "switching", switches_phases=True)


@pytest.mark.parametrize(
    ("hardware", "limit", "power_w"),
    [
        (AC_ONE_PHASE, Limit("A", 16), 3_680),
        (AC_ONE_PHASE, Limit("W", 3_680, 1), 3_680),
        (AC_ONE_PHASE, Limit("W", 11_040), 3_680),  # K01.FR.50: 16 A, its share of three phases
        (AC_THREE_PHASES, Limit("A", 16), 11_040),
        (AC_THREE_PHASES, Limit("A", 40), 22_080),  # never above its rating
        (AC_THREE_PHASES, Limit("A", 16, 1), 11_040),  # cannot switch: 16 A on each of three
        (AC_THREE_PHASES, Limit("W", 11_040, 1), 11_040),  # watts stay the total
        (AC_THREE_PHASES, Limit("A", 5.9), 0),
        (SWITCHING, Limit("A", 16, 1), 3_680),
        (SWITCHING, Limit("W", 3_680, 1), 3_680),
        (DC_50, Limit("W", 12_345), 12_345),
        (DC_50, Limit("W", 90_000), 50_000),
    ],
)
def test_a_limit_becomes_an_offer(hardware: Hardware, limit: Limit, power_w: float) -> None:
    assert hardware.offer(limit).power_w == pytest.approx(power_w)
