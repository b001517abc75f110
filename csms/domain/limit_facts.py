"""How the facts about a connector's limits change; the ledger reads them, nobody else writes them.

A limit is possible from the moment it is about to be sent. It stops being possible when it is clearly refused, or
when a later one is acknowledged; and what was possible until then, if higher, settles for a while: a car may take
seconds to follow.
"""

from __future__ import annotations

from dataclasses import replace

from csms.domain import events as ev
from csms.domain.model import (
    ConnectorLimits,
    Failure,
    Limit,
    LimitPurpose,
    MeterReading,
    Moment,
    PowerSource,
    Settling,
)

_SETTLED_FOR_GOOD_S = 3600.0


def issued(limits: ConnectorLimits, event: ev.LimitIssued) -> ConnectorLimits:
    limit = Limit(
        limit_id=event.limit_id,
        purpose=event.purpose,
        limit_w=event.limit_w,
        transaction_id=event.transaction_id,
        connection_id=event.connection_id,
        issued_at=event.at,
    )
    return replace(limits, outstanding=(*limits.outstanding, limit))


def confirmed(limits: ConnectorLimits, event: ev.LimitConfirmed, idle: bool) -> ConnectorLimits | None:
    """None if no such limit is outstanding. An `idle` connector (nothing plugged in) needs no settling."""
    limit = _outstanding(limits, event.limit_id)
    if limit is None:
        return None
    # Calls are answered in order: whatever of this purpose was sent before is either overruled or never came.
    rest = tuple(
        other for other in limits.outstanding if other.purpose is not limit.purpose or other.limit_id > limit.limit_id
    )
    settling = () if idle else _settling(limits, limit, event.at)
    kept = replace(limits, outstanding=rest, settling=settling, confirmed_at=event.at)
    if limit.purpose is LimitPurpose.DEFAULT:
        return replace(kept, default=limit, default_failure=None)
    # The first limit of a transaction opens its raise interval too, else a second raise could follow at once.
    raised = limits.transaction is None or limit.limit_w > limits.transaction.limit_w
    raised_at = event.at if raised else limits.raised_at
    return replace(kept, transaction=limit, transaction_failure=None, raised_at=raised_at)


def rejected(limits: ConnectorLimits, event: ev.LimitRejected, _idle: bool) -> ConnectorLimits | None:
    limit = _outstanding(limits, event.limit_id)
    if limit is None:
        return None
    rest = tuple(other for other in limits.outstanding if other.limit_id != limit.limit_id)
    return _failed(replace(limits, outstanding=rest), limit.purpose, event.at, event.status)


def unanswered(limits: ConnectorLimits, event: ev.LimitUnanswered, _idle: bool) -> ConnectorLimits | None:
    limit = _outstanding(limits, event.limit_id)
    if limit is None:
        return None
    marked = tuple(
        replace(other, awaited=False) if other.limit_id == limit.limit_id else other for other in limits.outstanding
    )
    # Of several unanswered limits of one purpose only the distinct ones matter; equal ones would pile up.
    unique = {(other.purpose, other.limit_w, other.transaction_id, other.awaited): other for other in marked}
    return _failed(replace(limits, outstanding=tuple(unique.values())), limit.purpose, event.at, event.cause)


def transaction_ended(limits: ConnectorLimits, at: Moment) -> ConnectorLimits:
    """TxProfiles die with their transaction; what they permitted settles like a cut."""
    ours = [limits.transaction, *(o for o in limits.outstanding if o.purpose is LimitPurpose.TRANSACTION)]
    permitted = [limit.limit_w for limit in ours if limit is not None]
    settling = limits.settling
    if permitted:
        settling = _pruned((*settling, Settling(max(permitted), at)))
    return replace(
        limits,
        transaction=None,
        outstanding=tuple(o for o in limits.outstanding if o.purpose is LimitPurpose.DEFAULT),
        settling=settling,
        confirmed_at=at,
        raised_at=None,
        transaction_failure=None,
    )


def metered(limits: ConnectorLimits, reading: MeterReading) -> ConnectorLimits:
    """A draw at or below the limit in force, metered after it was acknowledged, ends the settling for good.

    Power derived from an energy register is a mean over the past and shows nothing.
    """
    in_force = limits.transaction or limits.default
    if not limits.settling or in_force is None or limits.confirmed_at is None or reading.power_w is None:
        return limits
    if reading.source is PowerSource.ENERGY_SLOPE or reading.at.steady_s <= limits.confirmed_at.steady_s:
        return limits
    return replace(limits, settling=()) if reading.power_w <= in_force.limit_w else limits


def _outstanding(limits: ConnectorLimits, limit_id: int) -> Limit | None:
    return next((limit for limit in limits.outstanding if limit.limit_id == limit_id), None)


def _settling(limits: ConnectorLimits, limit: Limit, at: Moment) -> tuple[Settling, ...]:
    """What was possible until this confirmation and is higher than what was confirmed."""
    before = [limits.confirmed(limit.purpose)]
    if limit.purpose is LimitPurpose.TRANSACTION and limits.transaction is None:
        before = [limits.default]  # until its first own profile a transaction runs under the default
    possible = [None if b is None else b.limit_w for b in before]
    possible += [o.limit_w for o in limits.outstanding if o.purpose is limit.purpose and o.limit_id <= limit.limit_id]
    higher = tuple(Settling(p, at) for p in possible if p is None or p > limit.limit_w)
    return _pruned((*limits.settling, *higher))


def _pruned(settling: tuple[Settling, ...]) -> tuple[Settling, ...]:
    """Without those that a later, at least equally high one covers, and those that are long over."""
    newest = max((s.since.steady_s for s in settling), default=0.0)
    kept: list[Settling] = []
    for candidate in reversed(settling):
        covered = any(_covers(later, candidate) for later in kept)
        if not covered and newest - candidate.since.steady_s < _SETTLED_FOR_GOOD_S:
            kept.append(candidate)
    return tuple(reversed(kept))


def _covers(later: Settling, earlier: Settling) -> bool:
    if later.limit_w is None:
        return True
    return earlier.limit_w is not None and later.limit_w >= earlier.limit_w


def _failed(limits: ConnectorLimits, purpose: LimitPurpose, at: Moment, cause: str) -> ConnectorLimits:
    before = limits.failure(purpose)
    failure = Failure(count=1 + (before.count if before else 0), at=at, cause=cause)
    if purpose is LimitPurpose.DEFAULT:
        return replace(limits, default_failure=failure)
    return replace(limits, transaction_failure=failure)
