"""How the facts about a connector's limits change; the ledger reads them, nobody else writes them.

A limit is possible from the moment it is about to be sent. It stops being possible when it is clearly refused, or
when a later one is acknowledged; and what was possible until then, if higher, settles for a while: a car may take
seconds to follow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from csms.domain import events as ev
from csms.domain.demand import follows, nearly_follows
from csms.domain.electrical import Shape
from csms.domain.limits import LEASE_MARGIN_S, ConnectorLimits, Failure, Limit, Overdraw, Settling
from csms.domain.model import LimitPurpose, MeterReading, Moment, PowerSource, Proof

_SETTLED_FOR_GOOD_S = 3600.0
_LEASE_SETTLED_S = 10.0

TAKEN_UP_S = 10.0
"""A car follows a raise within five seconds (IEC 61851-1) or so once its charger has; till then its draw shows nothing.
"""

DISOBEDIENT = 2
"""So many readings above what was permitted are no accident: such a connector counts at its rated maximum."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else decides what an answer means: nothing is plugged in (`idle`), the charger honours its default profile
    alone (`by_default`), and a transaction is running (`active`)."""

    idle: bool = False
    by_default: bool = False
    active: bool = False
    lease_shown: bool = False
    """The charger has shown that it steps down when a lease ends."""
    forgets: bool = False
    """It loses what it was told with the connection (see Capabilities.keeps_profiles)."""


def issued(limits: ConnectorLimits, event: ev.LimitIssued) -> ConnectorLimits:
    limit = Limit(
        limit_id=event.limit_id,
        purpose=event.purpose,
        limit_w=event.limit_w,
        transaction_id=event.transaction_id,
        connection_id=event.connection_id,
        issued_at=event.at,
        lease_s=event.lease_s,
        then_w=event.then_w,
        phases=event.phases,
    )
    return replace(limits, outstanding=(*limits.outstanding, limit))


def confirmed(limits: ConnectorLimits, event: ev.LimitConfirmed, at_hand: Circumstances) -> ConnectorLimits | None:
    """None if no such limit is outstanding. An idle connector (nothing plugged in) needs no settling."""
    limit = _outstanding(limits, event.limit_id)
    if limit is None:
        return None
    rest = tuple(other for other in limits.outstanding if _survives(other, limit))
    governs = limit.purpose is LimitPurpose.TRANSACTION or (at_hand.by_default and at_hand.active)
    before = limits.transaction or limits.default if governs else None
    if at_hand.lease_shown:
        limits = replace(limits, transaction=_stepped_down(limits.transaction, event.at))
    settling = () if at_hand.idle else _settling(limits, limit, event.at, at_hand)
    kept = replace(limits, outstanding=rest, settling=settling, confirmed_at=event.at)
    if governs:
        kept = _served(kept, before, limit, event.at)
    if limit.purpose is LimitPurpose.DEFAULT:
        return replace(kept, default=limit, default_failure=_still_unproven(kept, event.at))
    return replace(kept, transaction=limit, transaction_failure=None)


def _still_unproven(limits: ConnectorLimits, at: Moment) -> Failure | None:
    """One that was acknowledged before and did not hold is said again less and less often, until it is shown: also
    while a slow line leaves no time to ask for it in between."""
    failure = limits.default_failure
    if failure is None or limits.default_proof is not Proof.DISPROVED:
        return None
    return replace(failure, count=failure.count + 1, at=at)


def _stepped_down(limit: Limit | None, at: Moment) -> Limit | None:
    """What has become of a limit: once its lease is over, nothing has to settle from it any more."""
    if limit is None or limit.lease_s is None:
        return limit
    over_s = limit.issued_at.steady_s + limit.lease_s + LEASE_MARGIN_S + _LEASE_SETTLED_S
    return replace(limit, limit_w=limit.then_w) if over_s <= at.steady_s else limit


def _survives(other: Limit, confirmed: Limit) -> bool:
    """Calls are answered in order: on one connection, whatever was sent before is either overruled or never came.

    What went unanswered on an earlier connection may be applied late, after all, until the charger shows what it obeys;
    also what is no higher than this one, since a still lower one may follow.
    """
    if other.purpose is not confirmed.purpose or other.limit_id > confirmed.limit_id:
        return True
    return other.connection_id != confirmed.connection_id


def shown(limits: ConnectorLimits, event: ev.LimitShown) -> ConnectorLimits:
    """What was sent before the limit that is shown to be in force is out of the question; it may have to settle."""
    over = [o for o in limits.outstanding if o.purpose is event.purpose and o.limit_id < event.limit_id]
    settling = _pruned((*limits.settling, *(_still(limit, event.at, False) for limit in over)))
    return replace(limits, outstanding=tuple(o for o in limits.outstanding if o not in over), settling=settling)


def _served(limits: ConnectorLimits, before: Limit | None, limit: Limit, at: Moment) -> ConnectorLimits:
    """The running transaction is permitted `limit` instead of `before`: what it was served, and whose turn it is."""
    served_wh, before_w = limits.served_wh, before.limit_w if before is not None else 0
    if limits.served_at is not None:
        served_wh += before_w * (at.steady_s - limits.served_at.steady_s) / 3600.0
    # The first limit of a transaction opens its raise interval too, else a second raise could follow at once.
    raised = limits.served_at is None or limit.limit_w > before_w
    continues = limits.turn_since is not None and limit.limit_w > 0
    pauses = limits.turn_since is not None or limits.paused_since is None
    return replace(
        limits,
        served_wh=served_wh,
        served_at=at,
        raised_at=at if raised else limits.raised_at,
        turn_since=(limits.turn_since if continues else at) if limit.limit_w > 0 else None,
        paused_since=None if limit.limit_w > 0 else (at if pauses else limits.paused_since),
    )


def rejected(limits: ConnectorLimits, event: ev.LimitRejected, _: Circumstances) -> ConnectorLimits | None:
    limit = _outstanding(limits, event.limit_id)
    if limit is None:
        return None
    rest = tuple(other for other in limits.outstanding if other.limit_id != limit.limit_id)
    return _failed(replace(limits, outstanding=rest), limit.purpose, event.at, event.status)


def unanswered(limits: ConnectorLimits, event: ev.LimitUnanswered, _: Circumstances) -> ConnectorLimits | None:
    limit = _outstanding(limits, event.limit_id)
    if limit is None:
        return None
    marked = tuple(
        replace(other, awaited=False) if other.limit_id == limit.limit_id else other for other in limits.outstanding
    )
    # Of several unanswered limits of one purpose only the distinct ones matter; equal ones would pile up. But what an
    # earlier connection left outlives what is overruled on this one.
    here = limit.connection_id
    unique = {
        (o.connection_id == here, o.purpose, o.limit_w, o.transaction_id, o.phases, o.lease_s, o.awaited): o
        for o in marked
    }
    return _failed(replace(limits, outstanding=tuple(unique.values())), limit.purpose, event.at, event.cause)


def broken_off(limits: ConnectorLimits, at: Moment) -> list[ev.LimitUnanswered]:
    """What became of the calls that were under way when our process ended, for the next one to record."""
    return [
        ev.LimitUnanswered(at, limits.charge_point_id, limits.connector_id, limit.limit_id, "broken off by a restart")
        for limit in limits.outstanding
        if limit.awaited
    ]


def transaction_ended(limits: ConnectorLimits, at: Moment) -> ConnectorLimits:
    """TxProfiles die with their transaction; what they permitted settles like a cut."""
    ours = [limits.transaction, *(o for o in limits.outstanding if o.purpose is LimitPurpose.TRANSACTION)]
    permitted = tuple(Settling(limit.limit_w, at, limit.phases) for limit in ours if limit is not None)
    settling = _pruned((*limits.settling, *permitted))
    return replace(
        limits,
        transaction=None,
        outstanding=tuple(o for o in limits.outstanding if o.purpose is LimitPurpose.DEFAULT),
        settling=settling,
        confirmed_at=at,
        raised_at=None,
        transaction_failure=None,
        turn_since=None,
        paused_since=None,
        served_wh=0.0,
        served_at=None,
    )


def proved(limits: ConnectorLimits, event: ev.DefaultProved) -> ConnectorLimits:
    """A charger with one place for the defaults of two connectors loses the one for the other, over and over: each time
    it is left longer before it is told again."""
    before = limits.default_failure
    if event.proof is not Proof.DISPROVED:
        return replace(limits, default_proof=event.proof, default_failure=None)
    if before is None and limits.default_proof is Proof.SHOWN:
        limits = replace(limits, default_lost=limits.default_lost + 1)
    count = before.count if before is not None else max(1, limits.default_lost)
    return replace(limits, default_proof=event.proof, default_failure=Failure(count, event.at, event.detail))


def exceeded(limits: ConnectorLimits, event: ev.LimitExceeded) -> ConnectorLimits:
    """A draw without a transaction obeys nobody: it needs no second reading."""
    before = limits.overdraw
    count = DISOBEDIENT if event.idle else 1 + (before.count if before else 0)
    return replace(
        limits, overdraw=Overdraw(max(event.power_w, before.power_w if before else 0.0), count, event.at, event.idle)
    )


def metered(limits: ConnectorLimits, reading: MeterReading, shape: Shape) -> ConnectorLimits:
    """A draw at or below the limit in force, metered after it was acknowledged, ends the settling for good; but not
    from a limit that the car may have yet to take up. Power derived from an energy register is a mean over the past
    and shows nothing.

    Where only a reading ends it, that of a charger which regulates a little above its limit, or draws a few watts when
    it is paused, must do, once the car has had its time.
    """
    in_force = limits.transaction or limits.default
    if not limits.settling or in_force is None or limits.confirmed_at is None or reading.power_w is None:
        return limits
    measured_s = reading.measured_steady_s
    if reading.source is PowerSource.ENERGY_SLOPE or measured_s is None or measured_s <= limits.confirmed_at.steady_s:
        return limits
    form = shape.on(in_force.phases)
    if follows(reading, in_force.limit_w, form):
        kept = tuple(s for s in limits.settling if measured_s <= (s.in_force_at or s.since).steady_s + TAKEN_UP_S)
    elif measured_s > limits.confirmed_at.steady_s + TAKEN_UP_S and nearly_follows(reading, in_force.limit_w, form):
        kept = tuple(s for s in limits.settling if not s.until_metered)
    else:
        return limits
    return limits if len(kept) == len(limits.settling) else replace(limits, settling=kept)


def _outstanding(limits: ConnectorLimits, limit_id: int) -> Limit | None:
    return next((limit for limit in limits.outstanding if limit.limit_id == limit_id), None)


def _settling(limits: ConnectorLimits, limit: Limit, at: Moment, at_hand: Circumstances) -> tuple[Settling, ...]:
    """What was possible until this confirmation and is higher than what was confirmed."""
    by_default = at_hand.by_default
    before = [limits.confirmed(limit.purpose)]
    if limit.purpose is LimitPurpose.TRANSACTION and limits.transaction is None:
        before = [limits.default]  # until its first own profile a transaction runs under the default
    if at_hand.forgets:
        before = [kept if kept is None or kept.connection_id == limit.connection_id else None for kept in before]
    earlier = (o for o in limits.outstanding if o.purpose is limit.purpose and o.limit_id < limit.limit_id)
    known = [
        _still(possible, at, by_default, limits.confirmed_at) for possible in before if _is_higher(possible, limit)
    ]
    higher = known + [_still(possible, at, by_default) for possible in earlier if _is_higher(possible, limit)]
    return _pruned((*limits.settling, *higher))


def _is_higher(possible: Limit | None, limit: Limit) -> bool:
    if possible is None:
        return True
    fewer_phases = limit.phases is not None and limit.phases != possible.phases
    return possible.limit_w > limit.limit_w or (fewer_phases and possible.limit_w > 0)


def _still(possible: Limit | None, at: Moment, by_default: bool, in_force_at: Moment | None = None) -> Settling:
    if possible is None:
        return Settling(None, at, until_metered=by_default)
    return Settling(possible.limit_w, at, possible.phases, by_default, in_force_at)


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
    if earlier.until_metered and not later.until_metered:
        return False
    if (later.in_force_at or later.since).steady_s < (earlier.in_force_at or earlier.since).steady_s:
        return False  # a reading may end the later one alone
    if later.limit_w is None:
        return True
    same_phases = later.phases == earlier.phases
    return same_phases and earlier.limit_w is not None and later.limit_w >= earlier.limit_w


def _failed(limits: ConnectorLimits, purpose: LimitPurpose, at: Moment, cause: str) -> ConnectorLimits:
    before = limits.failure(purpose)
    failure = Failure(count=1 + (before.count if before else 0), at=at, cause=cause)
    if purpose is LimitPurpose.DEFAULT:
        return replace(limits, default_failure=failure)
    return replace(limits, transaction_failure=failure)
