"""How much a car asks for, told from what it draws: the lowest limit that would not have held it back."""

from __future__ import annotations

from dataclasses import replace

from csms.domain.electrical import Shape
from csms.domain.limits import ConnectorLimits
from csms.domain.model import MeterReading, PowerSource

_LATE_S = 60.0


def with_demand(
    reading: MeterReading, before: MeterReading | None, limits: ConnectorLimits | None, shape: Shape
) -> MeterReading:
    """The reading with `low_since` and `peak_demand_w`: since when, and how far, the draw stays below the limit in
    force.

    A mean over the past (an energy slope) or a late reading says nothing, and neither does a draw under a pause.
    """
    in_force = (limits.transaction or limits.default) if limits else None
    low_since = before.low_since if before else None
    peak_w = before.peak_demand_w if before else 0.0
    late = reading.age_s is None or reading.age_s > _LATE_S
    if reading.power_w is None or reading.source is PowerSource.ENERGY_SLOPE or in_force is None or late:
        return replace(reading, low_since=low_since, peak_demand_w=peak_w)
    demand_w = _demand_w(reading, shape.on(in_force.phases))
    if in_force.limit_w == 0 or reaches(demand_w, in_force.limit_w):
        return replace(reading, low_since=None, peak_demand_w=0.0)
    return replace(reading, low_since=low_since or reading.at, peak_demand_w=max(peak_w, demand_w))


def reaches(demand_w: float, limit_w: int) -> bool:
    """Whether a car that asks for this is held back by that limit, as far as meters can tell."""
    return demand_w >= 0.95 * limit_w - 100.0


def lent_cap_w(peak_demand_w: float) -> int:
    """The limit a car keeps while the rest of its share is lent out: its demand and a margin to grow into.

    The margin is wider than what `reaches` forgives, so that keeping still does not look like asking for more.
    """
    return round(1.1 * peak_demand_w) + 200


def _demand_w(reading: MeterReading, shape: Shape) -> float:
    """Amperes decide, since a charger is limited on the phase that draws most; where only the power is known, on
    one."""
    power_w = reading.power_w or 0.0
    if shape.direct:
        return power_w
    if reading.currents_a is not None and max(reading.currents_a) > 0:
        return max(reading.currents_a) * shape.form.voltage_v * shape.form.phases
    return power_w * shape.form.voltage_v * shape.form.phases / shape.lowest_voltage_v
