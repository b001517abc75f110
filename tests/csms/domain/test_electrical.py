from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.domain.electrical import LimitForm, fallback_w, floor_w, limit_form
from csms.domain.model import Capabilities, ChargePointSettings, Current, SiteSettings

SITE = SiteSettings("s", "S", "Europe/London", 100_000)


def charger(current: Current | None = None, phases: int | None = None, offline_w: int = 0) -> ChargePointSettings:
    return ChargePointSettings("a", "s", current=current, phases=phases, offline_limit_w=offline_w)


@pytest.mark.parametrize(
    ("current", "phases", "units", "form"),
    [
        (Current.AC, 3, None, ("A", 3)),
        (Current.AC, 1, ("A", "W"), ("A", 1)),  # amperes where it takes them
        (Current.AC, 1, ("W",), ("W", 1)),
        (Current.DC, None, ("A", "W"), ("W", 3)),
        (Current.DC, None, ("A",), ("A", 3)),
        (None, None, None, ("W", 3)),
        (None, None, ("A",), ("A", 3)),  # unknown phases: assumed to use three
    ],
)
def test_the_unit_of_a_limit_follows_the_kind_of_charger_and_what_it_takes(
    current: Current | None, phases: int | None, units: tuple[str, ...] | None, form: tuple[str, int]
) -> None:
    made = limit_form(SITE, charger(current, phases), Capabilities(rate_units=units))
    assert (made.unit, made.phases) == form


@pytest.mark.parametrize(("known", "used"), [(None, 0), (0, 0), (8, 8), (1000, 100)])
def test_profiles_go_to_the_highest_level_the_charger_has_within_reason(known: int | None, used: int) -> None:
    assert limit_form(SITE, charger(), Capabilities(max_stack_level=known)).stack_level == used


@pytest.mark.parametrize(
    ("power_w", "step_a", "current_a", "limit_w"),
    [
        (15_000, 0.1, "21.7", 14_973),
        (15_000, 1.0, "21", 14_490),
        (4_140, 0.1, "6.0", 4_140),
        (4_139, 0.1, "5.9", 4_071),
        (0, 0.1, "0.0", 0),
    ],
)
def test_amperes_are_rounded_down_to_the_step(power_w: int, step_a: float, current_a: str, limit_w: int) -> None:
    form = LimitForm("A", 3, 230.0, step_a, 0)
    assert form.current_a(power_w) == Decimal(current_a)
    assert form.floor_w(power_w) == limit_w


@given(
    st.integers(0, 1_000_000),
    st.sampled_from([0.1, 0.5, 1.0]),
    st.sampled_from([207.0, 230.0, 230.94, 253.0, 277.13]),
    st.sampled_from([1, 3]),
)
def test_a_limit_on_the_grid_says_the_same_amperes_again(
    power_w: int, step_a: float, voltage_v: float, phases: int
) -> None:
    form = LimitForm("A", phases, voltage_v, step_a, 0)
    down_w, up_w = form.floor_w(power_w), form.ceil_w(power_w)
    assert down_w <= power_w <= up_w
    assert form.floor_w(down_w) == down_w
    assert form.floor_w(up_w) == up_w
    assert form.current_a(down_w) * Decimal(str(voltage_v)) * phases <= down_w
    assert up_w - down_w <= step_a * voltage_v * phases + 1


@given(
    st.integers(0, 50_000),
    st.integers(1, 3),
    st.sampled_from([207.0, 230.0, 233.7, 253.0]),
    st.sampled_from([0.1, 0.5, 1.0, 8.0]),
)
def test_the_next_limit_is_never_further_than_the_largest_step(
    power_w: int, phases: int, voltage_v: float, step_a: float
) -> None:
    form = LimitForm("A", phases, voltage_v, step_a, 0)
    limit_w = form.floor_w(power_w)
    assert limit_w <= power_w < form.ceil_w(power_w + 1) <= limit_w + form.largest_step_w


@pytest.mark.parametrize(
    ("current", "phases", "minimum_w", "expected_w"),
    [
        (Current.AC, 3, 1400, 4140),
        (Current.AC, 1, 1400, 1403),  # 6.1 A: the configured minimum, up to the step
        (Current.AC, 1, 1300, 1380),
        (Current.AC, 3, 5000, 5037),
        (Current.DC, None, 1400, 1400),
        (Current.AC, None, 1400, 1449),  # unknown phases: no 6 A rule, but the step of three phases
        (None, None, 0, 0),
    ],
)
def test_the_floor_is_the_configured_minimum_or_six_amperes(
    current: Current | None, phases: int | None, minimum_w: int, expected_w: int
) -> None:
    settings = charger(current, phases)
    assert floor_w(SITE, settings, limit_form(SITE, settings, None), minimum_w) == expected_w


@pytest.mark.parametrize(("offline_w", "expected_w"), [(0, 0), (4140, 4140), (4000, 0), (5000, 4968)])
def test_a_fallback_between_zero_and_six_amperes_is_zero(offline_w: int, expected_w: int) -> None:
    settings = charger(Current.AC, 3, offline_w)
    assert fallback_w(SITE, settings, limit_form(SITE, settings, None)) == expected_w
