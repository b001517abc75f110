"""What a charger with a meter of its own kind means by what it sends: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from csms.charge_points.metering import CURRENT, ENERGY, POWER, Sample, SampleSet
from csms.domain.electrical import ASSUMED_PHASES
from csms.domain.model import Capabilities, ChargePointSettings, Current


def as_meant(sets: list[SampleSet], known: Capabilities | None, settings: ChargePointSettings) -> list[SampleSet]:
    """The samples with the unit their register is in, a sum of currents as one of them, without power that is not to be
    believed. Of most chargers, just as they are."""
    if known is None or (known.register_unit is None and known.power_metered and not known.current_sums_phases):
        return sets
    return [SampleSet(at_s, list(_meant(samples, known, settings))) for at_s, samples in sets]


def _meant(samples: Sequence[Sample], known: Capabilities, settings: ChargePointSettings) -> Iterator[Sample]:
    phases = 1 if settings.current is Current.DC else settings.phases or ASSUMED_PHASES
    for sample in samples:
        if sample.measurand == ENERGY and known.register_unit is not None:
            yield sample._replace(unit=known.register_unit)
        elif sample.measurand == CURRENT and sample.phase is None and known.current_sums_phases:
            yield sample._replace(value=sample.value / phases)
        elif sample.measurand != POWER or known.power_metered:
            yield sample
