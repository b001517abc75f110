from dataclasses import replace

import pytest

from csms.domain.capabilities import Knobs, LimitPurpose
from csms.domain.electrical import Load, Shape, shape, voltages
from csms.domain.model import Capabilities, ChargePointSettings, Current, SiteSettings

SITE = SiteSettings("s", "S", "Europe/London", 100_000)
"""230 V between 207 V and, for limits, 230 V."""

HIGH = replace(SITE, voltage_max_v=253.0)
RST, STR, TRS = (0, 1, 2), (1, 2, 0), (2, 0, 1)
AC3 = ChargePointSettings("a", "s", current=Current.AC, phases=3, max_power_w=22_080)
AC1 = ChargePointSettings("a", "s", current=Current.AC, phases=1, max_power_w=7_360)
DC = ChargePointSettings("a", "s", current=Current.DC, max_power_w=50_000, grid_factor=1.1)
UNKNOWN = ChargePointSettings("a", "s")
WATTS = Capabilities(rate_units=("W",))


def read(load: Load, site: SiteSettings = SITE) -> tuple[float, ...]:
    """Kilowatts, and amperes of L1, L2 and L3."""
    per_ampere = voltages(site).quanta_per_ma * 1000
    return (load[0] / 1e6, *(round(quanta / per_ampere, 3) for quanta in load[1:]))


def one_phase(settings: ChargePointSettings) -> Shape:
    return shape(SITE, settings, Capabilities(switches_phases=True)).on(1)


@pytest.mark.parametrize(
    ("settings", "known", "limit_w", "load"),
    [
        (AC3, None, 11_040, (11.04, 16, 16, 16)),
        (AC3, None, 0, (0, 0, 0, 0)),
        (AC3, None, 11_000, (11, 15.942, 15.942, 15.942)),  # given in another form once: 11 kW / 690 V
        (AC1, None, 3_680, (3.68, 16, 16, 16)),  # on whichever phase it is
        (replace(AC1, phase_map=(1,)), None, 3_680, (3.68, 0, 16, 0)),
        (replace(AC3, phase_map=STR), None, 11_040, (11.04, 16, 16, 16)),
        (AC3, WATTS, 6_210, (6.21, 10, 10, 10)),  # 6210 W / (3 x 207 V): watts draw the most when the voltage sags
        (replace(AC1, phase_map=(2,)), WATTS, 2_070, (2.07, 0, 0, 10)),
        (DC, None, 20_700, (22.77, 36.667, 36.667, 36.667)),  # with its losses
        (UNKNOWN, None, 6_210, (6.21, 10, 10, 10)),
        (UNKNOWN, Capabilities(rate_units=("A",)), 11_040, (11.04, 16, 16, 16)),
    ],
)
def test_what_a_limit_loads(
    settings: ChargePointSettings, known: Capabilities | None, limit_w: int, load: tuple[float, ...]
) -> None:
    assert read(shape(SITE, settings, known).load(limit_w)) == load


@pytest.mark.parametrize(
    ("settings", "known", "limit_w", "load"),
    [
        (AC3, None, 12_144, (12.144, 16, 16, 16)),  # 16 A x 3 x 253 V
        (AC3, WATTS, 6_210, (6.831, 10, 10, 10)),  # it makes amperes of them at 230 V, and has 253 V
        (DC, None, 20_700, (22.77, 36.667, 36.667, 36.667)),  # a rectifier takes what it needs at any voltage
    ],
)
def test_what_a_limit_loads_where_253_volts_are_expected(
    settings: ChargePointSettings, known: Capabilities | None, limit_w: int, load: tuple[float, ...]
) -> None:
    assert read(shape(HIGH, settings, known).load(limit_w), HIGH) == load


@pytest.mark.parametrize(
    ("rotation", "load"),
    [(RST, (3.68, 16, 0, 0)), (STR, (3.68, 0, 16, 0)), (TRS, (3.68, 0, 0, 16)), (None, (3.68, 16, 16, 16))],
)
def test_a_limit_on_one_phase_loads_the_phase_that_conductor_one_is_on(
    rotation: tuple[int, ...] | None, load: tuple[float, ...]
) -> None:
    assert read(one_phase(replace(AC3, phase_map=rotation)).load(3_680)) == load


@pytest.mark.parametrize(
    ("settings", "switches", "has"),
    [(AC3, True, True), (AC3, False, False), (AC3, None, False), (AC1, True, False), (DC, True, False)],
)
def test_only_a_charger_of_several_phases_that_says_so_has_a_shape_on_one(
    settings: ChargePointSettings, switches: bool | None, has: bool
) -> None:
    made = shape(SITE, settings, Capabilities(switches_phases=switches))
    assert (made.one_phase is not None) is has
    assert (made.on(1) is not made) is has
    assert made.on(None) is made


@pytest.mark.parametrize(
    ("settings", "rated"),
    [
        (AC3, (22.08, 32, 32, 32)),
        (replace(AC1, phase_map=(0,)), (7.36, 32, 0, 0)),
        (replace(AC3, max_power_w=None), (22.08, 32, 32, 32)),  # 3 x 32 A are assumed
        (replace(AC1, max_power_w=None, phase_map=(1,)), (7.36, 0, 32, 0)),
        (DC, (55, 88.567, 88.567, 88.567)),  # 55 kW / (3 x 207 V)
        (replace(DC, max_power_w=None), (110, 177.134, 177.134, 177.134)),  # all the site has, and its losses
        (UNKNOWN, (22.08, 35.556, 35.556, 35.556)),  # it may be of either kind: 22.08 kW / (3 x 207 V)
    ],
)
def test_the_most_a_charger_can_draw(settings: ChargePointSettings, rated: tuple[float, ...]) -> None:
    assert read(shape(SITE, settings, None).rated) == rated


def test_an_ac_charger_is_made_for_amperes_so_a_high_voltage_gives_it_more() -> None:
    """32 A x 3 x 253 V."""
    made = shape(HIGH, AC3, None)
    assert made.rated_w == 24_288
    assert read(made.rated, HIGH) == (24.288, 32, 32, 32)


@pytest.mark.parametrize(
    ("settings", "power_w", "load"),
    [
        (AC3, 3_726.0, (3.726, 18, 18, 18)),  # all of it may be on any one phase, at 207 V
        (AC3, 20_700.0, (20.7, 32, 32, 32)),  # 100 A it has not got
        (replace(AC1, phase_map=(2,)), 2_070.0, (2.07, 0, 0, 10)),
        (DC, 10_000.0, (11, 53.14, 53.14, 53.14)),  # 11 kW / 207 V
        (AC3, 0.4, (0.001, 0.005, 0.005, 0.005)),  # counted in whole watts, upwards
    ],
)
def test_what_a_metered_draw_loads(settings: ChargePointSettings, power_w: float, load: tuple[float, ...]) -> None:
    assert read(shape(SITE, settings, None).drawn(power_w)) == load


@pytest.mark.parametrize(
    ("site", "settings", "known", "least_w"),
    [
        (SITE, AC3, None, 4_140),  # 6 A x 3 x 230 V
        (HIGH, AC3, None, 4_554),
        (SITE, AC1, None, 1_380),
        (SITE, AC3, WATTS, 4_140),
        (SITE, DC, None, 0),  # 6 A mean nothing to DC
        (SITE, UNKNOWN, None, 0),
    ],
)
def test_below_six_amperes_a_phase_an_ac_charger_is_given_nothing(
    site: SiteSettings, settings: ChargePointSettings, known: Capabilities | None, least_w: int
) -> None:
    assert shape(site, settings, known).least_w == least_w


def test_on_one_phase_six_amperes_are_a_third() -> None:
    assert one_phase(AC3).least_w == 1_380
    assert one_phase(AC3).floor_w(2_000) == 2_001  # 8.7 A x 230 V, the first tenth of an ampere above


@pytest.mark.parametrize(
    ("offline_w", "step_a", "fallback_w"),
    [
        (0, 0.1, 0),
        (4_139, 0.1, 0),  # between 0 and 6 A there is nothing
        (4_140, 0.1, 4_140),
        (5_000, 0.1, 4_968),  # 7.2 A
        (5_000, 1.0, 4_830),  # 7 A
    ],
)
def test_a_default_lies_on_the_grid_of_the_charger(offline_w: int, step_a: float, fallback_w: int) -> None:
    settings = replace(AC3, offline_limit_w=offline_w)
    assert shape(SITE, settings, Capabilities(current_step_a=step_a)).fallback_w == fallback_w


@pytest.mark.parametrize("limit_a", [6.0, 6.1, 13.3, 21.7, 32.0])
@pytest.mark.parametrize("volts_v", [230.0, 253.0, 230.94])
def test_a_limit_in_amperes_loads_exactly_these_amperes(limit_a: float, volts_v: float) -> None:
    """Sums need no tolerance: ten of them are ten times as much to the last digit."""
    site = replace(SITE, voltage_max_v=volts_v)
    made = shape(site, replace(AC3, phase_map=RST), None)
    load = made.load(made.form.floor_w(round(limit_a * 3 * volts_v) + 1))
    assert load[1:] == (round(limit_a * 1000) * voltages(site).quanta_per_ma,) * 3


STEPS = Capabilities(("A",), currents_a=(6.0, 8.0, 10.0, 13.0, 16.0))


@pytest.mark.parametrize(
    ("wanted_w", "down_a", "up_a"),
    [
        (-1, 0, 0),
        (0, 0, 0),
        (1, 0, 6),
        (4_139, 0, 6),  # 6 A x 3 x 230 V are 4140 W
        (4_140, 6, 6),
        (4_141, 6, 8),
        (8_000, 10, 13),
        (11_040, 16, 16),
        (22_080, 16, 16),  # nothing is higher
    ],
)
def test_a_charger_with_a_few_currents_has_the_next_below_and_above(wanted_w: int, down_a: int, up_a: int) -> None:
    form = shape(SITE, AC3, STEPS).form
    assert (form.floor_w(wanted_w), form.ceil_w(wanted_w)) == (down_a * 690, up_a * 690)
    assert form.current_a(wanted_w) == down_a
    assert form.grid_current_ma(form.floor_w(wanted_w)) == down_a * 1000
    assert form.grid_current_ma(8_000) is None
    assert form.largest_step_w == 4_140  # from 0 to 6 A


@pytest.mark.parametrize(
    ("known", "least_w", "fallback_w", "lowest_w"),
    [
        (Capabilities(("A",)), 4_140, 0, 0),
        (Capabilities(("A",), takes_zero=False), 4_140, 4_140, 4_140),
        (Capabilities(("W",), takes_zero=False), 4_140, 4_140, 4_140),
        (Capabilities(("A",), takes_zero=False, lowest_default_a=6.1), 4_140, 4_209, 4_140),
        (Capabilities(("A",), takes_zero=False, lowest_default_a=6.1, current_step_a=1), 4_140, 4_830, 4_140),
        (replace(STEPS, takes_zero=False, lowest_default_a=6.1), 4_140, 5_520, 4_140),
        (Capabilities(("A",), lowest_default_a=6.1), 4_140, 0, 0),
        (Capabilities(("A",), lowest_default_a=6.1, limit_by=LimitPurpose.DEFAULT), 4_209, 0, 0),
        (Capabilities(("A",), lowest_default_a=6.1, limit_by=LimitPurpose.STATION), 4_209, 0, 0),
    ],
)
def test_what_a_charger_cannot_be_told_is_counted_as_what_it_is_told_instead(
    known: Capabilities, least_w: int, fallback_w: int, lowest_w: int
) -> None:
    made = shape(SITE, AC3, known)
    assert (made.least_w, made.fallback_w, made.lowest_w) == (least_w, fallback_w, lowest_w)


@pytest.mark.parametrize(
    ("offline_w", "known", "fallback_w"),
    [
        (4_140, Capabilities(("A",), lowest_default_a=6.1), 4_209),
        (4_140, Capabilities(("A",), lowest_default_a=6.1, current_step_a=1), 4_830),
        (5_000, Capabilities(("A",), lowest_default_a=6.1), 4_968),
        (3_000, Capabilities(("A",), lowest_default_a=6.1), 0),
        (8_000, STEPS, 6_900),
    ],
)
def test_a_default_of_exactly_6_a_is_the_next_above_where_that_is_refused(
    offline_w: int, known: Capabilities, fallback_w: int
) -> None:
    assert shape(SITE, replace(AC3, offline_limit_w=offline_w), known).fallback_w == fallback_w


def test_without_number_phases_no_limit_is_for_one_phase_alone() -> None:
    assert shape(SITE, AC3, Capabilities(switches_phases=True, number_phases=False)).one_phase is None


def test_until_a_charger_has_told_anything_its_shape_follows_what_the_operator_knows() -> None:
    assert shape(SITE, replace(AC3, quirks=Knobs(takes_zero=False)), None).fallback_w == 4_140
