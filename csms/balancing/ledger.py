"""What each connector may be drawing at worst: a pure function of the facts about its limits.

For each connector the ledger looks at the *set* of limits it might be obeying, not at the one hoped for: what it
acknowledged last, everything sent since without a clear answer, what it falls back to when its transaction ends, what
it may still be drawing because a cut has not settled, and what it was metered at above all that. The worst case is the
highest of them, in power and on each phase.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from csms.balancing.facts import Facts, facts
from csms.balancing.loads import lower, plus, upper
from csms.balancing.memory import KnownExposure, Memory
from csms.domain.electrical import NO_LOAD, Load, Shape
from csms.domain.limit_facts import DISOBEDIENT
from csms.domain.limits import LEASE_MARGIN_S, ConnectorLimits, Limit, Overdraw, Settling
from csms.domain.model import ChargePoint, ConnectorKey, LimitPurpose, Moment, Proof
from csms.domain.snapshot import Snapshot


class Exposure(NamedTuple):
    """`worst` is counted now; `lasting` is the part that waiting alone will not lower, `granted` what of that was
    permitted and not just drawn. The watts are limits (see domain.electrical.Shape): `fallback_w` stays when the
    transaction ends.

    `changes_at_s` (steady clock) is when waiting alone will lower the worst case next; None if it will not.
    """

    worst: Load
    lasting: Load
    granted: Load
    worst_w: int
    lasting_w: int
    fallback_w: int
    changes_at_s: float | None = None


_NOTHING = Exposure(NO_LOAD, NO_LOAD, NO_LOAD, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The exposures of a site's connectors at one moment, and their sums per charge point; `facts` are what they follow
    from."""

    facts: Mapping[ConnectorKey, Facts] = field(compare=False)
    exposures: Mapping[ConnectorKey, Exposure]
    charge_points: Mapping[str, Load]

    def worst_w(self, key: ConnectorKey) -> int:
        """What a connector may draw from the grid, in watts."""
        return grid_w(self.exposures[key].worst)

    def charge_point_w(self, charge_point_id: str) -> int:
        return grid_w(self.charge_points[charge_point_id])

    def total_w(self) -> int:
        return -(-sum(load[0] for load in self.charge_points.values()) // 1000)

    def next_change_s(self) -> float | None:
        return min((e.changes_at_s for e in self.exposures.values() if e.changes_at_s is not None), default=None)


def ledger(snapshot: Snapshot, now: Moment, settle_s: float, memory: Memory | None = None) -> Ledger:
    """The ledger of a site. A cut counts as followed after `settle_s`; what shows it earlier (a reading, an unplugged
    car) is a fact in State, so that room once freed is never claimed back."""
    memory = memory if memory is not None else Memory()
    found = facts(snapshot, memory.facts)
    exposures = {key: _remembered(known, now, settle_s, memory.exposures) for key, known in found.items()}
    return Ledger(found, exposures, summed(snapshot, {key: exposure.worst for key, exposure in exposures.items()}))


def summed(snapshot: Snapshot, by_connector: Mapping[ConnectorKey, Load]) -> dict[str, Load]:
    """Per charge point: its connectors together draw no more than its declared maximum, unless they were seen to."""
    sums = dict.fromkeys(snapshot.settings, NO_LOAD)
    shared: set[str] = set()
    for key, load in by_connector.items():
        before = sums[key.charge_point_id]
        if before is NO_LOAD:
            sums[key.charge_point_id] = load
        else:
            sums[key.charge_point_id] = plus(before, load)
            shared.add(key.charge_point_id)
    if shared:
        for charge_point_id, most in most_together(snapshot, sorted(shared)).items():
            sums[charge_point_id] = lower(sums[charge_point_id], most)
    return sums


def most_together(snapshot: Snapshot, charge_point_ids: Iterable[str]) -> dict[str, Load]:
    """What the connectors of these charge points draw together at most, where their maximum is declared."""
    seen = _seen(snapshot)
    return {
        name: upper(snapshot.shapes[name].rated, seen.get(name, NO_LOAD))
        for name in charge_point_ids
        if snapshot.settings[name].max_power_w is not None
    }


def _seen(snapshot: Snapshot) -> dict[str, Load]:
    """What charge points were metered at above their limits."""
    seen_w: dict[str, float] = {}
    for key, limits in snapshot.limits.items():
        if limits.overdraw is not None:
            seen_w[key.charge_point_id] = seen_w.get(key.charge_point_id, 0.0) + limits.overdraw.power_w
    return {name: snapshot.shapes[name].drawn(power_w) for name, power_w in seen_w.items()}


@dataclass(frozen=True, slots=True)
class Permitted:
    """The most a connector may be obeying: as a limit, as amperes on one phase, and whether it is on one phase only."""

    limit_w: int
    current_a: float
    one_phase: bool


def permitted(
    shape: Shape, charge_point: ChargePoint, limits: ConnectorLimits, now: Moment, settle_s: float, *, active: bool
) -> Permitted:
    """What a connector may be obeying, whatever it was metered at."""
    possible = _defaults(limits, charge_point) + [(s.limit_w, s.phases) for s in _unsettled(limits, now, settle_s)]
    if active:
        possible += _leased(limits, charge_point, now, settle_s)
    currents_a = (
        watts / (shape.form.voltage_v * shape.on(phases).form.phases)
        for watts, (_, phases) in zip(_watts(shape, possible), possible, strict=True)
    )
    one_phase = all(phases == 1 or limit_w == 0 for limit_w, phases in possible)
    return Permitted(max(_watts(shape, possible)), max(currents_a), one_phase)


def grid_w(load: Load) -> int:
    return -(-load[0] // 1000)


_Possible = tuple[int | None, int | None]
"""A limit in watts and its phases; None watts: the rated maximum, None phases: all."""


def _remembered(facts: Facts, now: Moment, settle_s: float, known: dict[ConnectorKey, KnownExposure]) -> Exposure:
    """The exposure that is known of a connector, if it still holds; else a new one, which is known from then on."""
    before = known.get(facts.key)
    if before is not None and before.facts is facts and before.from_s <= now.steady_s < before.until_s:
        return before.exposure
    exposure = _exposure(facts, now, settle_s)
    known[facts.key] = KnownExposure(facts, now.steady_s, _holds_until_s(facts, now, settle_s), exposure)
    return exposure


def _exposure(facts: Facts, now: Moment, settle_s: float) -> Exposure:
    charge_point, shape, limits = facts.charge_point, facts.shape, facts.limits
    if charge_point.commissioned_at_s is None or not facts.settings.in_service:
        return _NOTHING
    if limits is None:
        return Exposure(shape.rated, shape.rated, shape.rated, shape.rated_w, shape.rated_w, shape.rated_w)
    defaults = _defaults(limits, charge_point)
    lasting = defaults + _leased(limits, charge_point, now, settle_s) if facts.active else defaults
    fallback_w, (lasting_w, lasting_load) = max(_watts(shape, defaults)), _highest(shape, lasting)
    worst_w, worst_load, granted = lasting_w, lasting_load, lasting_load
    ends = _lease_ends(limits, charge_point, now, settle_s)
    if unsettled := _unsettled(limits, now, settle_s):
        ends += [s.since.steady_s + settle_s for s in unsettled if not s.until_metered]
        worst_w, worst_load = _highest(shape, lasting + [(s.limit_w, s.phases) for s in unsettled])
    if limits.overdraw is not None:
        seen = _overdrawn(shape, limits.overdraw)
        worst_load, lasting_load = upper(worst_load, seen), upper(lasting_load, seen)
    return Exposure(worst_load, lasting_load, granted, worst_w, lasting_w, fallback_w, min(ends) if ends else None)


def _holds_until_s(facts: Facts, now: Moment, settle_s: float) -> float:
    """Until when (steady clock) time alone changes nothing in an exposure made `now`."""
    charge_point, limits = facts.charge_point, facts.limits
    if limits is None:
        return inf
    for settling in _unsettled(limits, now, settle_s):
        if not settling.until_metered:
            return now.steady_s  # it settles within seconds: not worth keeping
    ends = (lease_end_s(limit, charge_point, settle_s) for limit in _transaction_limits(limits))
    return min((end_s for end_s in ends if end_s is not None and end_s > now.steady_s), default=inf)


def _unsettled(limits: ConnectorLimits, now: Moment, settle_s: float) -> list[Settling]:
    if not limits.settling:
        return []
    return [s for s in limits.settling if s.until_metered or now.steady_s - s.since.steady_s < settle_s]


def _defaults(limits: ConnectorLimits, charge_point: ChargePoint) -> list[_Possible]:
    """What it falls back to: a default it acknowledged and, where it could be asked, has shown; else its rating."""
    default = limits.default
    believed = default is not None and limits.default_believed and _is_kept(default, charge_point)
    acknowledged = (default.limit_w, default.phases) if default is not None and believed else (None, None)
    if not limits.outstanding:
        return [acknowledged]
    sent = (limit for limit in limits.outstanding if limit.purpose is LimitPurpose.DEFAULT)
    return [acknowledged, *((limit.limit_w, limit.phases) for limit in sent)]


def _transaction_limits(limits: ConnectorLimits) -> list[Limit]:
    acknowledged = [] if limits.transaction is None else [limits.transaction]
    if not limits.outstanding:
        return acknowledged
    return acknowledged + [limit for limit in limits.outstanding if limit.purpose is LimitPurpose.TRANSACTION]


def _leased(limits: ConnectorLimits, charge_point: ChargePoint, now: Moment, settle_s: float) -> list[_Possible]:
    """The running transaction's limits, stepped down where the lease is over and the charger has shown that it does."""
    possible: list[_Possible] = []
    for limit in _transaction_limits(limits):
        if not _is_kept(limit, charge_point):
            possible.append((None, None))
            continue
        end_s = lease_end_s(limit, charge_point, settle_s)
        over = end_s is not None and end_s <= now.steady_s
        possible.append((limit.then_w if over else limit.limit_w, limit.phases))
    return possible


def _is_kept(limit: Limit, charge_point: ChargePoint) -> bool:
    """Whether the charger still has what it was told: some forget it with the connection."""
    return charge_point.keeps_profiles or limit.connection_id == charge_point.connection_id


def lease_end_s(limit: Limit, charge_point: ChargePoint, settle_s: float) -> float | None:
    """When (steady clock) the limit has certainly stepped down; None if that cannot be relied on."""
    if limit.lease_s is None or charge_point.lease_proof is not Proof.SHOWN or not charge_point.reads_leases:
        return None
    return limit.issued_at.steady_s + limit.lease_s + LEASE_MARGIN_S + settle_s


def _lease_ends(limits: ConnectorLimits, charge_point: ChargePoint, now: Moment, settle_s: float) -> list[float]:
    if charge_point.connected:
        return []  # its leases are renewed
    ends = (lease_end_s(limit, charge_point, settle_s) for limit in _transaction_limits(limits))
    return [end_s for end_s in ends if end_s is not None and end_s > now.steady_s]


def _overdrawn(shape: Shape, overdraw: Overdraw) -> Load:
    if overdraw.count >= DISOBEDIENT:
        return upper(shape.rated, shape.drawn(overdraw.power_w))
    return shape.drawn(overdraw.power_w)


def _watts(shape: Shape, possible: Iterable[_Possible]) -> list[int]:
    return [shape.rated_w if limit_w is None else limit_w for limit_w, _ in possible]


def _highest(shape: Shape, possible: Iterable[_Possible]) -> tuple[int, Load]:
    """The highest of them in watts, and the highest load on each phase."""
    most_w, most = 0, NO_LOAD
    for limit_w, phases in possible:
        if limit_w is None:
            most_w, most = max(most_w, shape.rated_w), upper(most, shape.rated)
        elif limit_w > 0:
            most_w, most = max(most_w, limit_w), upper(most, shape.on(phases).load(limit_w))
    return most_w, most
