"""Does a connector draw what it is permitted? A judgement of single readings, as events.

A reading is held against the highest of all that the connector could have been obeying when it was measured, and since:
it may be minutes old. What is above that is counted at once, and after a second such reading at the rated maximum,
until the connector has complied for a while and is seen to be held back by a limit that it was told since: a car that
wants less proves nothing. Voltage is not obedience: who is limited in amperes may draw more watts when it is high.
"""

from __future__ import annotations

from csms.balancing.ledger import Permitted, lease_end_s, permitted
from csms.domain import events as ev
from csms.domain.demand import IDLE_DRAW_W, TOLERANCE, TOLERANCE_A, demand_w, reaches, tolerance_w
from csms.domain.electrical import Shape
from csms.domain.limit_facts import DISOBEDIENT
from csms.domain.limits import ConnectorLimits, Limit, Overdraw
from csms.domain.model import ChargePoint, ConnectorKey, ConnectorStatus, MeterReading, Moment, PowerSource

_FORGIVEN_AFTER_S = 60.0
_TRUSTED_AFTER_S = 600.0


def judge(
    shape: Shape,
    charge_point: ChargePoint,
    limits: ConnectorLimits,
    reading: MeterReading,
    now: Moment,
    settle_s: float,
    *,
    active: bool,
    status: ConnectorStatus | None = None,
) -> ev.LimitExceeded | ev.LimitObeyed | None:
    """What a reading says of its connector's obedience; None where it says nothing new."""
    measured_s = reading.measured_steady_s
    if reading.power_w is None or reading.source is PowerSource.ENERGY_SLOPE or measured_s is None:
        return None  # a mean over the past, or a reading from nobody knows when
    settled = limits.confirmed_at is None or measured_s - limits.confirmed_at.steady_s >= settle_s
    if not active and not settled:
        return None
    lasting = _in_force(limits, charge_point, measured_s, settle_s) if active and limits.overdraw is None else None
    if lasting is not None and not _exceeds(shape, reading, _alone(shape, lasting)):
        return None  # it is one of those that may be obeyed
    key, overdraw = ConnectorKey(limits.charge_point_id, limits.connector_id), limits.overdraw
    then = now._replace(steady_s=measured_s)  # what was permitted when it was measured
    # What was settling from then on has been in force since, or something lower has.
    most = permitted(shape, charge_point, limits, then, settle_s, active=active)
    if _exceeds(shape, reading, most) if active else reading.power_w > IDLE_DRAW_W:
        if overdraw is not None and now.steady_s - overdraw.at.steady_s < settle_s:
            return None
        return ev.LimitExceeded(now, *key, reading.power_w, most.limit_w, idle=not active)
    if overdraw is None or not settled:
        return None
    complied_s = now.steady_s - overdraw.at.steady_s
    if overdraw.count < DISOBEDIENT:
        return ev.LimitObeyed(now, *key) if complied_s >= _FORGIVEN_AFTER_S else None
    proven = not active or _is_held_back(shape, reading, limits, overdraw, status)
    return ev.LimitObeyed(now, *key) if proven and complied_s >= _TRUSTED_AFTER_S else None


def _in_force(limits: ConnectorLimits, charge_point: ChargePoint, at_s: float, settle_s: float) -> Limit | None:
    """The limit in force, unless its lease was over by then (steady seconds)."""
    in_force = limits.transaction or limits.default
    end_s = None if in_force is None else lease_end_s(in_force, charge_point, settle_s)
    return in_force if end_s is None or end_s > at_s else None


def _alone(shape: Shape, limit: Limit) -> Permitted:
    """What may be drawn where nothing but this limit can be obeyed."""
    form = shape.on(limit.phases).form
    return Permitted(limit.limit_w, limit.limit_w / (shape.form.voltage_v * form.phases), limit.phases == 1)


def _is_held_back(
    shape: Shape, reading: MeterReading, limits: ConnectorLimits, overdraw: Overdraw, status: ConnectorStatus | None
) -> bool:
    """Whether it draws all that the limit in force gives it, where it has drawn more before; of a limit of 0, whether
    the charger says that it is not the car who draws nothing.

    It must have acknowledged that limit since it broke one: so much for the chance that its car wants just that.
    """
    in_force = limits.transaction or limits.default
    if in_force is None or limits.confirmed_at is None or limits.confirmed_at.steady_s <= overdraw.at.steady_s:
        return False
    if in_force.limit_w == 0:
        return status is ConnectorStatus.SUSPENDED_EVSE and (reading.power_w or 0.0) <= IDLE_DRAW_W
    less = in_force.limit_w < overdraw.power_w
    return less and reaches(demand_w(reading, shape.on(in_force.phases)), in_force.limit_w)


def _exceeds(shape: Shape, reading: MeterReading, most: Permitted) -> bool:
    power_w = reading.power_w or 0.0
    if shape.form.unit == "W":
        return power_w > most.limit_w + tolerance_w(most.limit_w, shape)
    allowed_a = most.current_a + max(TOLERANCE * most.current_a, TOLERANCE_A)
    one_phase = most.one_phase and shape.one_phase is not None
    if reading.currents_a is None:
        return power_w > allowed_a * shape.highest_voltage_v * (1 if one_phase else shape.form.phases)
    on_lent_phases = one_phase and max(reading.currents_a[1:]) > TOLERANCE_A
    return on_lent_phases or max(reading.currents_a) > allowed_a
