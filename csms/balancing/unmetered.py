"""Whose reading is missed: nothing but one can show that a cut was followed (see domain.limits.Settling)."""

from __future__ import annotations

from csms.domain.limit_facts import TAKEN_UP_S
from csms.domain.model import ConnectorKey
from csms.domain.snapshot import Snapshot


def missed_readings(snapshot: Snapshot) -> dict[ConnectorKey, float]:
    """Connectors that can be asked for one, and from when on (steady clock) a reading will tell.

    A charger that sends none without a session would else hold on to the limit of its last one until the car leaves.
    """
    missed: dict[ConnectorKey, float] = {}
    for key, limits in snapshot.limits.items():
        if limits.confirmed_at is None or not any(settling.until_metered for settling in limits.settling):
            continue
        charge_point = snapshot.charge_points.get(key.charge_point_id)
        if charge_point is not None and charge_point.connected and charge_point.ready:
            missed[key] = limits.confirmed_at.steady_s + TAKEN_UP_S
    return missed
