"""Meters with ways of their own: what they mean by what they send."""

from collections.abc import Sequence

import pytest

from csms.charge_points.metering import CURRENT, ENERGY, POWER, Sample, SampleSet, Wiring, reading
from csms.charge_points.metering_quirks import as_meant
from csms.domain.model import Capabilities, ChargePointSettings, Current

AC3 = ChargePointSettings("a", "s", current=Current.AC, phases=3)
AC1 = ChargePointSettings("a", "s", current=Current.AC, phases=1)
UNKNOWN = ChargePointSettings("a", "s")
DC = ChargePointSettings("a", "s", current=Current.DC)
SAMPLES = [
    Sample(5.0, ENERGY, "Wh"),
    Sample(0.0, POWER, "W"),
    Sample(48.0, CURRENT, "A"),
    Sample(9.0, CURRENT, "A", 0, "L1"),
]


def meant(known: Capabilities | None, settings: ChargePointSettings = AC3) -> list[Sample]:
    ((at_s, samples),) = as_meant([SampleSet(7.0, SAMPLES)], known, settings)
    assert at_s == 7.0
    return list(samples)


@pytest.mark.parametrize("known", [None, Capabilities()])
def test_of_most_chargers_samples_are_what_they_are(known: Capabilities | None) -> None:
    assert meant(known) == SAMPLES


@pytest.mark.parametrize(("unit", "energy_wh"), [("kWh", 5_000.0), ("Wh", 5.0)])
@pytest.mark.parametrize("label", ["Wh", "kWh", ""])
def test_a_register_is_in_the_unit_that_is_pinned_whatever_it_says(unit: str, energy_wh: float, label: str) -> None:
    sets = as_meant([SampleSet(0.0, [Sample(5.0, ENERGY, label)])], Capabilities(register_unit=unit), AC3)
    assert reading(sets, Wiring(230.0)).energy_wh == energy_wh


@pytest.mark.parametrize(("settings", "current_a"), [(AC3, 16.0), (UNKNOWN, 16.0), (AC1, 48.0), (DC, 48.0)])
def test_a_sum_of_currents_is_divided_among_the_phases(settings: ChargePointSettings, current_a: float) -> None:
    told = meant(Capabilities(current_sums_phases=True), settings)
    assert [sample.value for sample in told if sample.measurand == CURRENT] == [current_a, 9.0]


def test_power_that_is_not_believed_is_left_to_the_current() -> None:
    told = meant(Capabilities(power_metered=False))
    assert [sample.measurand for sample in told] == [ENERGY, CURRENT, CURRENT]
    assert powers(told) == (9.0 * 230.0, "current")


def powers(samples: Sequence[Sample]) -> tuple[float | None, str | None]:
    found = reading([SampleSet(0.0, samples)], Wiring(230.0, 3, Current.AC))
    return found.power_w, found.source


def test_a_current_that_is_the_sum_of_three_is_power_once() -> None:
    sets = as_meant([SampleSet(0.0, [Sample(48.0, CURRENT, "A")])], Capabilities(current_sums_phases=True), AC3)
    assert powers(sets[0].samples) == (48.0 * 230.0, "current")
