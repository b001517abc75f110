"""What a message with meter values says about power and energy."""

import math

import pytest

from csms.charge_points.metering import (
    Reading,
    Sample,
    SampleSet,
    Wiring,
    last_register_wh,
    number,
    reading,
    reading_is_current,
)
from csms.domain.model import Current, PowerSource

THREE_PHASES = Wiring(230.0, 3, Current.AC)
ONE_PHASE = Wiring(230.0, 1, Current.AC)
UNDECLARED = Wiring(230.0)
DIRECT = Wiring(230.0, None, Current.DC)


def power(value: float, phase: str | None = None, unit: str = "W", **rest: object) -> Sample:
    return Sample(value, "Power.Active.Import", unit, phase=phase, **rest)  # type: ignore[arg-type]  # of any field


def current(value: float, phase: str | None = None, **rest: object) -> Sample:
    return Sample(value, "Current.Import", "A", phase=phase, **rest)  # type: ignore[arg-type]  # of any field


def voltage(value: float, phase: str | None = None) -> Sample:
    return Sample(value, "Voltage", "V", phase=phase)


def energy(value: float, unit: str = "Wh", **rest: object) -> Sample:
    return Sample(value, unit=unit, **rest)  # type: ignore[arg-type]  # of any field


@pytest.mark.parametrize(
    ("samples", "wiring", "power_w", "source"),
    [
        ([power(7000)], THREE_PHASES, 7000, PowerSource.POWER),
        ([power(7.2, unit="kW")], THREE_PHASES, 7200, PowerSource.POWER),
        ([power(72, multiplier=2)], THREE_PHASES, 7200, PowerSource.POWER),
        ([power(1, "L1"), power(2, "L2"), power(3, "L3")], THREE_PHASES, 6, PowerSource.POWER),
        # total and parts together are not added
        ([power(100, "L1"), power(100, "L2"), power(210)], THREE_PHASES, 210, PowerSource.POWER),
        # one phase under two names counts once
        ([power(100, "L1"), power(100, "L1-N")], THREE_PHASES, 100, PowerSource.POWER),
        ([power(-50)], THREE_PHASES, 0, PowerSource.POWER),
        # the metered power goes before one derived from current
        ([current(16, "L1"), power(3000)], THREE_PHASES, 3000, PowerSource.POWER),
        ([current(10, "L1"), current(10, "L2"), current(10, "L3")], THREE_PHASES, 6900, PowerSource.CURRENT),
        ([current(10, "L1-N"), current(5, "L2-N")], THREE_PHASES, 3450, PowerSource.CURRENT),
        ([current(10, "L1"), voltage(240, "L1-N")], THREE_PHASES, 2400, PowerSource.CURRENT),
        ([current(10, "L1"), current(10, "L2"), voltage(220)], THREE_PHASES, 4400, PowerSource.CURRENT),
        # 400 V is between phases and 0 V behind an open contactor: the site's voltage is nearer
        ([current(10, "L1"), voltage(400)], THREE_PHASES, 2300, PowerSource.CURRENT),
        ([current(10, "L1"), voltage(0, "L1")], THREE_PHASES, 2300, PowerSource.CURRENT),
        # an ampere without a phase flows in each phase
        ([current(10)], THREE_PHASES, 6900, PowerSource.CURRENT),
        ([current(10)], ONE_PHASE, 2300, PowerSource.CURRENT),
        ([current(10)], UNDECLARED, 6900, PowerSource.CURRENT),
        ([current(100), voltage(400)], DIRECT, 40_000, PowerSource.CURRENT),
        ([current(100)], DIRECT, None, None),
        ([current(1, "N")], THREE_PHASES, None, None),
        ([voltage(230)], THREE_PHASES, None, None),
        # the connector's own meter goes before the one at the grid
        ([power(9000, location="Inlet"), power(7000)], THREE_PHASES, 7000, PowerSource.POWER),
        ([power(9000, location="Inlet"), power(7000, location="Cable")], THREE_PHASES, 7000, PowerSource.POWER),
        ([power(9000, location="Inlet")], THREE_PHASES, 9000, PowerSource.POWER),
        ([], THREE_PHASES, None, None),
    ],
)
def test_power_is_the_total_else_the_phases_else_current_times_voltage(
    samples: list[Sample], wiring: Wiring, power_w: float | None, source: PowerSource | None
) -> None:
    found = reading([SampleSet(10.0, samples)], wiring)
    assert found.power_w == (None if power_w is None else pytest.approx(power_w))
    assert found.source is source


@pytest.mark.parametrize(
    ("samples", "energy_wh"),
    [
        ([energy(1234)], 1234),
        ([energy(1234, "")], 1234),
        ([energy(1.5, "kWh")], 1500),
        ([energy(15, multiplier=2)], 1500),
        ([energy(1, phase="L1"), energy(2, phase="L2"), energy(3, phase="L3")], 6),
        ([energy(1, phase="L1"), energy(7)], 7),
        ([energy(20, context="Transaction.End"), energy(10, context="Transaction.Begin")], 20),
        ([Sample(5, "Energy.Active.Export.Register"), Sample(5, "SoC", "Percent")], None),
    ],
)
def test_energy_is_the_import_register_in_wh(samples: list[Sample], energy_wh: float | None) -> None:
    assert reading([SampleSet(10.0, samples)], THREE_PHASES).energy_wh == energy_wh


def test_the_newest_of_several_times_counts_for_each_quantity() -> None:
    sets = [
        SampleSet(30.0, [power(3000)]),
        SampleSet(20.0, [power(2000), energy(200)]),
        SampleSet(10.0, [power(1000), energy(100)]),
    ]
    assert reading(sets, THREE_PHASES) == Reading(3000.0, PowerSource.POWER, 30.0, 200.0, 20.0)


def test_sets_of_one_time_are_read_together() -> None:
    sets = [SampleSet(10.0, [current(10, "L1")]), SampleSet(10.0, [voltage(200, "L1")])]
    assert reading(sets, THREE_PHASES).power_w == 2000


def test_the_last_register_is_the_newest_that_was_sent() -> None:
    assert last_register_wh([SampleSet(2.0, [energy(7)]), SampleSet(3.0, [power(1)]), SampleSet(1.0, [energy(9)])]) == 7
    assert last_register_wh([]) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [("7.5", 7.5), (7, 7.0), ("-1", -1.0), ("NaN", None), ("inf", None), ("n/a", None), ("", None), (True, None)],
)
def test_only_finite_numbers_are_values(text: object, value: float | None) -> None:
    assert number(text) == value
    assert value is None or math.isfinite(value)


@pytest.mark.parametrize(
    ("age_s", "interval_s", "is_current"),
    [
        (0, 5, True),
        (-3600, 5, True),  # a clock that is ahead
        (15, 5, True),
        (60, 5, True),  # few clocks agree to the second
        (61, 5, False),
        (180, 60, True),
        (181, 60, False),
        (29 * 86_400, 60, False),  # a long connection loss
        (31 * 86_400, 60, True),  # a wrong clock
    ],
)
def test_a_replayed_value_is_no_current_reading(age_s: float, interval_s: float, is_current: bool) -> None:
    assert reading_is_current(1_780_000_000 - age_s, 1_780_000_000, interval_s) is is_current
