from dataclasses import replace

import pytest

from csms.domain.demand import lent_cap_w, reaches, with_demand
from csms.domain.electrical import Shape, shape
from csms.domain.limits import ConnectorLimits, Limit
from csms.domain.model import (
    Capabilities,
    ChargePointSettings,
    Current,
    LimitPurpose,
    MeterReading,
    Moment,
    PowerSource,
    SiteSettings,
)

SITE = SiteSettings("s", "S", "Europe/London", 100_000)
NOW = Moment(1_790_000_000.0, 1_000.0)
BEFORE = Moment(1_789_999_900.0, 900.0)


def form(current: Current, phases: int | None) -> Shape:
    settings = ChargePointSettings("a", "s", current=current, phases=phases)
    return shape(SITE, settings, Capabilities(switches_phases=phases == 3))


DC, THREE, ONE = form(Current.DC, None), form(Current.AC, 3), form(Current.AC, 1)


def under(limit_w: int, *, by_default: bool = False, phases: int | None = None) -> ConnectorLimits:
    purpose = LimitPurpose.DEFAULT if by_default else LimitPurpose.TRANSACTION
    limit = Limit(1, purpose, limit_w, None, "c1", BEFORE, phases=phases)
    return ConnectorLimits("a", 1, default=limit) if by_default else ConnectorLimits("a", 1, transaction=limit)


def drawn(
    power_w: float | None,
    currents_a: tuple[float, ...] | None = None,
    *,
    source: PowerSource = PowerSource.POWER,
    age_s: float | None = 0.0,
) -> MeterReading:
    return MeterReading("a", 1, NOW, NOW.utc_s, power_w=power_w, source=source, currents_a=currents_a, age_s=age_s)


@pytest.mark.parametrize(
    ("demand_w", "limit_w", "holds_back"),
    [
        (9_400, 10_000, True),  # 95 % less 100 W
        (9_399, 10_000, False),
        (10_500, 10_000, True),
        (1_230, 1_400, True),
        (1_229, 1_400, False),
    ],
)
def test_a_limit_holds_back_who_comes_near_it(demand_w: float, limit_w: int, holds_back: bool) -> None:
    assert reaches(demand_w, limit_w) is holds_back


@pytest.mark.parametrize(("peak_w", "kept_w"), [(0.0, 200), (4_000.0, 4_600), (10_000.0, 11_200)])
def test_a_car_keeps_its_demand_a_tenth_and_a_little(peak_w: float, kept_w: int) -> None:
    assert lent_cap_w(peak_w) == kept_w


@pytest.mark.parametrize("demand_w", range(0, 50_000, 617))
def test_who_keeps_still_under_what_is_kept_for_him_does_not_seem_to_ask_for_more(demand_w: int) -> None:
    assert not reaches(demand_w, lent_cap_w(demand_w))


@pytest.mark.parametrize(
    ("charger", "limits", "power_w", "currents_a", "demand_w"),
    [
        (DC, under(20_000), 5_000, None, 5_000),
        (DC, under(20_000), 5_000, (20.0, 0.0, 0.0), 5_000),  # a DC charger's own supply says nothing of the car
        (THREE, under(11_040), 2_300, (10.0, 0.0, 0.0), 6_900),  # 10 A on the phase that draws most
        (THREE, under(11_040), 6_000, (8.0, 9.0, 10.0), 6_900),
        (THREE, under(11_040), 2_070, None, 6_900),  # 10 A at 207 V, if all is on one phase
        (THREE, under(11_040), 2_070, (0.0, 0.0, 0.0), 6_900),  # amperes of 0 beside a power are no amperes
        (THREE, under(3_680, phases=1), 1_840, (8.0, 0.0, 0.0), 1_840),  # on one phase an ampere is 230 W
        (ONE, under(7_360), 2_300, (10.0,), 2_300),
        (ONE, under(7_360), 2_070, None, 2_300),
    ],
)
def test_what_a_car_asks_for_is_the_lowest_limit_that_would_not_hold_it_back(
    charger: Shape, limits: ConnectorLimits, power_w: float, currents_a: tuple[float, ...] | None, demand_w: float
) -> None:
    found = with_demand(drawn(power_w, currents_a), None, limits, charger)
    assert found.low_since == NOW
    assert found.peak_demand_w == pytest.approx(demand_w)


@pytest.mark.parametrize(
    ("told", "peak_w"),
    [
        ([(0, 6_000), (30, 4_000)], 6_000),
        ([(0, 6_000), (30, 8_000)], 8_000),
        ([(0, 6_000), (61, 4_000)], 6_000),  # the last minute and the one before it count
        ([(0, 6_000), (61, 4_000), (122, 4_000)], 4_000),
        ([(0, 6_000), (61, 4_000), (122, 9_000)], 9_000),
        ([(0, 6_000), (900, 4_000)], 6_000),  # of one that reports rarely, the reading before
        ([(0, 6_000), (900, 4_000), (1_800, 4_000)], 4_000),
    ],
)
def test_the_highest_demand_of_the_last_minutes_is_kept(told: list[tuple[float, float]], peak_w: float) -> None:
    found = None
    for when_s, power_w in told:
        moment = Moment(NOW.utc_s + when_s, NOW.steady_s + when_s)
        found = with_demand(replace(drawn(power_w), at=moment), found, under(20_000), DC)
    assert found is not None
    assert (found.low_since, found.peak_demand_w) == (NOW, peak_w)


@pytest.mark.parametrize(("limit_w", "power_w"), [(6_000, 5_600), (0, 0.0)])
def test_who_reaches_his_limit_or_is_paused_begins_anew(limit_w: int, power_w: float) -> None:
    before = replace(drawn(4_000), at=BEFORE, low_since=BEFORE, peak_demand_w=4_000.0)
    found = with_demand(drawn(power_w), before, under(limit_w), DC)
    assert (found.low_since, found.peak_demand_w) == (None, 0.0)


@pytest.mark.parametrize(
    "silent",
    [
        drawn(None),
        drawn(1_000, source=PowerSource.ENERGY_SLOPE),
        drawn(1_000, age_s=None),
        drawn(1_000, age_s=61.0),
    ],
)
def test_what_says_nothing_of_the_present_changes_nothing(silent: MeterReading) -> None:
    before = replace(drawn(4_000), at=BEFORE, low_since=BEFORE, peak_demand_w=4_000.0)
    found = with_demand(silent, before, under(20_000), DC)
    assert (found.low_since, found.peak_demand_w) == (BEFORE, 4_000.0)
    first = with_demand(silent, None, under(20_000), DC)
    assert (first.low_since, first.peak_demand_w) == (None, 0.0)


def test_amperes_times_volts_are_good_enough() -> None:
    found = with_demand(drawn(1_000, source=PowerSource.CURRENT), None, under(20_000), DC)
    assert found.low_since == NOW


def test_a_session_without_a_profile_of_its_own_runs_under_the_default() -> None:
    assert with_demand(drawn(1_000), None, under(20_000, by_default=True), DC).low_since == NOW
    assert with_demand(drawn(1_000), None, ConnectorLimits("a", 1), DC).low_since is None
    assert with_demand(drawn(1_000), None, None, DC).low_since is None
