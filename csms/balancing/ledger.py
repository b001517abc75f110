"""What each connector may be drawing at worst: a pure function of the facts about its limits.

For each connector the ledger looks at the *set* of limits it might be obeying, not at the one hoped for:
what it acknowledged last, everything sent since without a clear answer, what it falls back to when its transaction
ends, and what it may still be drawing because a cut has not settled. The worst case is the highest of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from csms.domain.electrical import rated_w
from csms.domain.model import (
    ConnectorKey,
    ConnectorLimits,
    LimitPurpose,
    Moment,
)
from csms.domain.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Exposure:
    """`worst_w` is counted now; `lasting_w` is the part that waiting alone will not lower, `fallback_w` the part
    that stays when the transaction ends.

    `settles_at_s` (steady clock) is when waiting alone will lower the worst case next; None if it will not.
    """

    worst_w: int
    lasting_w: int
    fallback_w: int
    settles_at_s: float | None = None


_NOTHING = Exposure(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The exposures of a site's connectors at one moment, and their sums per charge point."""

    exposures: Mapping[ConnectorKey, Exposure]
    charge_points_w: Mapping[str, int]

    def worst_w(self, key: ConnectorKey) -> int:
        return self.exposures[key].worst_w

    def total_w(self) -> int:
        return sum(self.charge_points_w.values())

    def next_settling_s(self) -> float | None:
        return min((e.settles_at_s for e in self.exposures.values() if e.settles_at_s is not None), default=None)


def ledger(snapshot: Snapshot, now: Moment, settle_s: float) -> Ledger:
    """The ledger of a site. A cut counts as followed after `settle_s`; what shows it earlier (a reading, an unplugged
    car) is a fact in State, so that room once freed is never claimed back."""
    exposures = {key: _exposure(snapshot, key, now, settle_s) for key in snapshot.connector_keys()}
    worst = {key: exposure.worst_w for key, exposure in exposures.items()}
    return Ledger(exposures, dict.fromkeys(snapshot.settings, 0) | summed_w(snapshot, worst))


def summed_w(snapshot: Snapshot, by_connector_w: Mapping[ConnectorKey, int]) -> dict[str, int]:
    """Per charge point: its connectors together draw no more than its declared maximum."""
    sums: dict[str, int] = {}
    for key, power_w in by_connector_w.items():
        sums[key.charge_point_id] = sums.get(key.charge_point_id, 0) + power_w
    caps = {cp_id: snapshot.settings[cp_id].max_power_w for cp_id in sums}
    return {cp_id: min(sum_w, cap) if (cap := caps[cp_id]) is not None else sum_w for cp_id, sum_w in sums.items()}


def _exposure(snapshot: Snapshot, key: ConnectorKey, now: Moment, settle_s: float) -> Exposure:
    settings = snapshot.settings[key.charge_point_id]
    charge_point = snapshot.charge_points[key.charge_point_id]
    if not settings.in_service or charge_point.commissioned_at_s is None:
        return _NOTHING
    rated = rated_w(snapshot.site, settings)
    limits = snapshot.limits.get(key) or ConnectorLimits(*key)
    fallback = _highest(rated, limits, LimitPurpose.DEFAULT, or_else=rated)
    lasting = fallback
    if key in snapshot.active:
        lasting = max(lasting, _highest(rated, limits, LimitPurpose.TRANSACTION, or_else=0))
    unsettled = [s for s in limits.settling if now.steady_s - s.since.steady_s < settle_s]
    worst = max([lasting, *(rated if s.limit_w is None else s.limit_w for s in unsettled)])
    settles_at_s = min((s.since.steady_s + settle_s for s in unsettled), default=None)
    return Exposure(worst, lasting, fallback, settles_at_s)


def _highest(rated: int, limits: ConnectorLimits, purpose: LimitPurpose, or_else: int) -> int:
    """The highest limit of a purpose that may be in force; `or_else` where none was ever acknowledged."""
    acknowledged = limits.confirmed(purpose)
    possible = [or_else if acknowledged is None else acknowledged.limit_w]
    possible += [limit.limit_w for limit in limits.outstanding if limit.purpose is purpose]
    return max(possible)
