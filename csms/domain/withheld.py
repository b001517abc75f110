"""Does a charger withhold what its session is permitted? Told from what it draws and says, one reading at a time."""

from __future__ import annotations

from csms.domain.demand import IDLE_DRAW_W
from csms.domain.limits import ConnectorLimits
from csms.domain.model import ConnectorStatus, MeterReading, Moment

AFTER_S = 30.0
"""A car may take so long to begin; readings come seldom, so mostly the second one without a draw is the one to tell."""

AGAIN_AFTER_S = 300.0
"""One that still says that it is not the car is told again no more often than this."""


def is_withheld(limits: ConnectorLimits, reading: MeterReading, status: ConnectorStatus | None, now: Moment) -> bool:
    """Whether the session that runs draws nothing though it is permitted to, so that its limit should be said again.

    Some chargers begin each session at 0 whatever they were told before it, and wait for a limit. Who was told nothing
    in this session may be one of those, unless it says that it is the car (SuspendedEV); who was told is one only if it
    says that it is not the car (SuspendedEVSE).
    """
    in_force, low_since, asked = limits.transaction or limits.default, reading.low_since, limits.requested_at
    if in_force is None or in_force.limit_w == 0 or low_since is None or status is ConnectorStatus.SUSPENDED_EV:
        return False
    if reading.power_w is None or reading.power_w > IDLE_DRAW_W or now.steady_s - low_since.steady_s < AFTER_S:
        return False
    if status is ConnectorStatus.SUSPENDED_EVSE:
        return asked is None or asked.steady_s < max(low_since.steady_s, now.steady_s - AGAIN_AFTER_S)
    return limits.transaction is None and (asked is None or asked.steady_s < low_since.steady_s)
