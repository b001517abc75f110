"""How much a car asks for, told from what it draws: the lowest limit that would not have held it back."""

from __future__ import annotations

from dataclasses import replace

from csms.domain.electrical import Shape
from csms.domain.limits import ConnectorLimits
from csms.domain.model import MeterReading, Moment, PowerSource

TOLERANCE = 0.03
TOLERANCE_A = 0.5
"""By so much, whichever is more, a draw may be above its limit: chargers regulate, and meters tell, no better."""

IDLE_DRAW_W = 200.0
"""What electronics and contactors may draw without anybody charging."""

_LATE_S = 60.0
_REMEMBERED_S = 60.0
_LEFT_A = 0.5


def with_demand(
    reading: MeterReading, before: MeterReading | None, limits: ConnectorLimits | None, shape: Shape
) -> MeterReading:
    """The reading with `low_since` and `peak_demand_w`: since when, and how far, the draw stays below the limit in
    force.

    A mean over the past (an energy slope) or a late reading says nothing, and neither does a draw under a pause.
    """
    in_force = (limits.transaction or limits.default) if limits else None
    late = reading.age_s is None or reading.age_s > _LATE_S
    if reading.power_w is None or reading.source is PowerSource.ENERGY_SLOPE or in_force is None or late:
        return _as_before(reading, before)
    wanted_w = demand_w(reading, shape.on(in_force.phases))
    if in_force.limit_w == 0 or reaches(wanted_w, in_force.limit_w):
        return reading
    if before is None or before.low_since is None or before.recent_since is None:
        return replace(
            reading, low_since=reading.at, peak_demand_w=wanted_w, recent_demand_w=wanted_w, recent_since=reading.at
        )
    return _still_low(reading, before, wanted_w, before.recent_since)


def _still_low(reading: MeterReading, before: MeterReading, demand_w: float, recent_since: Moment) -> MeterReading:
    """With the highest demand of the last one or two minutes: a battery that tapers asks for less and less."""
    if reading.at.steady_s - recent_since.steady_s < _REMEMBERED_S:
        peak_w, recent_w = max(before.peak_demand_w, demand_w), max(before.recent_demand_w, demand_w)
    else:
        peak_w, recent_w, recent_since = max(before.recent_demand_w, demand_w), demand_w, reading.at
    return replace(
        reading,
        low_since=before.low_since,
        peak_demand_w=peak_w,
        recent_demand_w=recent_w,
        recent_since=recent_since,
    )


def _as_before(reading: MeterReading, before: MeterReading | None) -> MeterReading:
    if before is None:
        return reading
    return replace(
        reading,
        low_since=before.low_since,
        peak_demand_w=before.peak_demand_w,
        recent_demand_w=before.recent_demand_w,
        recent_since=before.recent_since,
    )


def reaches(demand_w: float, limit_w: int) -> bool:
    """Whether a car that asks for this is held back by that limit, as far as meters can tell."""
    return demand_w >= 0.95 * limit_w - 100.0


def follows(reading: MeterReading, limit_w: int, shape: Shape) -> bool:
    """Whether a draw is at or below a limit: in watts where the limit is, in amperes on every phase where it is in
    amperes.

    Where only the power is known, all of it may be on one phase, at the lowest voltage. What is limited to one phase
    must have left the others.
    """
    if reading.power_w is None:
        return False
    if shape.form.unit == "W":
        return reading.power_w <= limit_w
    others_a = reading.currents_a[shape.form.phases :] if reading.currents_a is not None else ()
    return demand_w(reading, shape) <= limit_w and all(current_a <= _LEFT_A for current_a in others_a)


def nearly_follows(reading: MeterReading, limit_w: int, shape: Shape) -> bool:
    """Whether a draw is at or below a limit as far as can be told."""
    return follows(reading, limit_w + round(tolerance_w(limit_w, shape)), shape)


def tolerance_w(limit_w: int, shape: Shape) -> float:
    return max(TOLERANCE * limit_w, TOLERANCE_A * shape.form.voltage_v * shape.form.phases)


def lent_cap_w(peak_demand_w: float) -> int:
    """The limit a car keeps while the rest of its share is lent out: its demand and a margin to grow into.

    The margin is wider than what `reaches` forgives, so that keeping still does not look like asking for more.
    """
    return round(1.1 * peak_demand_w) + 200


def demand_w(reading: MeterReading, shape: Shape) -> float:
    """Amperes decide, since a charger is limited on the phase that draws most; where only the power is known, on
    one."""
    power_w = reading.power_w or 0.0
    if shape.direct:
        return power_w
    if reading.currents_a is not None and max(reading.currents_a) > 0:
        return max(reading.currents_a) * shape.form.voltage_v * shape.form.phases
    return power_w * shape.form.voltage_v * shape.form.phases / shape.lowest_voltage_v
