"""Snapshot, allocation and ledger -> what the site says of itself, in whole watts."""

from __future__ import annotations

from collections.abc import Sequence

from csms.balancing.allocation import Allocation
from csms.balancing.ledger import Ledger, summed_w
from csms.domain.model import ConnectorKey, ConnectorStatus, LimitPurpose, Moment
from csms.domain.reports import ChargerReport, ConnectorReport, SiteAllocation
from csms.domain.snapshot import Snapshot


def site_allocation(snapshot: Snapshot, allocation: Allocation, book: Ledger, now: Moment) -> SiteAllocation:
    """One row per charge point with a running transaction, in the order of declaration."""
    chargers: list[ChargerReport] = []
    for charge_point_id in snapshot.settings:
        keys = sorted(key for key in allocation.shares if key.charge_point_id == charge_point_id)
        if keys:
            chargers.append(_charger(snapshot, allocation, book, now, keys))
    return SiteAllocation(
        site_id=snapshot.site.site_id,
        strategy=allocation.strategy,
        budget_w=allocation.budget_w,
        at_s=now.utc_s,
        chargers=tuple(chargers),
        permitted_w=book.total_w(),
        reserved_w=_reserved_w(snapshot, allocation, book),
        waiting=tuple(dict.fromkeys(key.charge_point_id for key, share in allocation.shares.items() if share.waiting)),
        not_commissioned=tuple(cp_id for cp_id, cp in snapshot.charge_points.items() if cp.commissioned_at_s is None),
    )


def _charger(
    snapshot: Snapshot, allocation: Allocation, book: Ledger, now: Moment, keys: Sequence[ConnectorKey]
) -> ChargerReport:
    connectors = tuple(_connector(snapshot, allocation, book, now, key) for key in keys)
    charge_point_id = keys[0].charge_point_id
    known_w = [c.actual_w for c in connectors if c.actual_w is not None]
    return ChargerReport(
        charge_point_id=charge_point_id,
        allocated_w=sum(c.allocated_w for c in connectors),
        permitted_w=book.charge_points_w[charge_point_id],
        actual_w=sum(known_w) if known_w else None,
        confirmed=all(c.confirmed for c in connectors),
        status=_status(snapshot, keys),
        reason="; ".join(dict.fromkeys(allocation.shares[key].reason for key in keys)),
        connectors=connectors,
    )


def _connector(
    snapshot: Snapshot, allocation: Allocation, book: Ledger, now: Moment, key: ConnectorKey
) -> ConnectorReport:
    share = allocation.shares[key]
    actual_w = snapshot.reading_power_w(key, now.steady_s)
    return ConnectorReport(
        connector_id=key.connector_id,
        transaction_id=snapshot.active[key].transaction_id,
        allocated_w=share.limit_w,
        permitted_w=book.worst_w(key),
        actual_w=None if actual_w is None else round(actual_w),
        confirmed=_confirmed(snapshot, key, share.limit_w),
        status=_status(snapshot, [key]),
    )


def _confirmed(snapshot: Snapshot, key: ConnectorKey, limit_w: int) -> bool:
    """Whether the charger has acknowledged what was decided: by a profile of its own, or by its default."""
    limits = snapshot.limits.get(key)
    if limits is None or any(limit.purpose is LimitPurpose.TRANSACTION for limit in limits.outstanding):
        return False
    in_force = limits.transaction or limits.default
    return in_force is not None and in_force.limit_w == limit_w


def _status(snapshot: Snapshot, keys: Sequence[ConnectorKey]) -> str:
    """A transaction runs there: until a charger says otherwise, it charges."""
    return snapshot.status(keys) or ConnectorStatus.CHARGING.value


def _reserved_w(snapshot: Snapshot, allocation: Allocation, book: Ledger) -> int:
    """What is held for connectors to which nothing can be divided: idle, offline, or refusing their limit."""
    held = {
        key: exposure.worst_w
        for key, exposure in book.exposures.items()
        if key not in allocation.shares or not allocation.shares[key].commanded or allocation.shares[key].refusing
    }
    return sum(summed_w(snapshot, held).values())
