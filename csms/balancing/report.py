"""Snapshot, allocation and ledger -> what the site says of itself, in whole watts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from csms.balancing.allocation import Allocation
from csms.balancing.ledger import Ledger, grid_w, summed
from csms.balancing.tree import DIMENSIONS, tree
from csms.domain.electrical import voltages
from csms.domain.history import Figures
from csms.domain.model import ConnectorKey, ConnectorStatus, LimitPurpose, Moment
from csms.domain.reports import ChargerReport, CircuitReport, ConnectorReport, SiteAllocation
from csms.domain.snapshot import Snapshot


def site_allocation(snapshot: Snapshot, allocation: Allocation, book: Ledger, now: Moment) -> SiteAllocation:
    """One row per charge point with a running transaction, in the order of declaration."""
    running: dict[str, list[ConnectorKey]] = defaultdict(list)
    for key in sorted(allocation.shares):
        running[key.charge_point_id].append(key)
    chargers = [
        _charger(snapshot, allocation, book, now, running[charge_point_id])
        for charge_point_id in snapshot.settings
        if charge_point_id in running
    ]
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
        circuits=_circuits(snapshot, allocation, book),
        site_load_w=allocation.budget.load_w,
        budget_reason=allocation.budget.reason,
    )


def figures(snapshot: Snapshot, allocation: Allocation, now: Moment) -> Figures:
    """The totals of `site_allocation` alone, for the record of history."""
    drawn = (snapshot.reading_power_w(key, now.steady_s) for key in allocation.shares)
    return Figures(
        allocated_w=sum(share.limit_w for share in allocation.shares.values()),
        actual_w=sum(round(power_w) for power_w in drawn if power_w is not None),
        active=len({key.charge_point_id for key in allocation.shares}),
        budget_w=allocation.budget_w,
    )


def _circuits(snapshot: Snapshot, allocation: Allocation, book: Ledger) -> tuple[CircuitReport, ...]:
    """Every node of the limit tree, with what is in force there now."""
    per_ampere = voltages(snapshot.site).quanta_per_ma * 1000
    in_force = tree(snapshot.site, snapshot.settings, allocation.budget.now_w, allocation.budget.load_currents_a)
    loads = in_force.loads(book.charge_points)
    reports = []
    for node, name in enumerate(in_force.names):
        rows = slice(node * DIMENSIONS, (node + 1) * DIMENSIONS)
        power, *currents = in_force.limits[rows]
        permitted, *permitted_quanta = loads[rows]
        known = [limit for limit in currents if limit is not None]
        reports.append(
            CircuitReport(
                circuit_id=name,
                max_power_w=None if power is None else power // 1000,
                max_current_a=min(known) / per_ampere if known else None,
                permitted_w=-(-permitted // 1000),
                permitted_a=tuple(quanta / per_ampere for quanta in permitted_quanta),
            )
        )
    return tuple(reports)


def _charger(
    snapshot: Snapshot, allocation: Allocation, book: Ledger, now: Moment, keys: Sequence[ConnectorKey]
) -> ChargerReport:
    connectors = tuple(_connector(snapshot, allocation, book, now, key) for key in keys)
    charge_point_id = keys[0].charge_point_id
    known_w = [c.actual_w for c in connectors if c.actual_w is not None]
    return ChargerReport(
        charge_point_id=charge_point_id,
        allocated_w=sum(c.allocated_w for c in connectors),
        permitted_w=book.charge_point_w(charge_point_id),
        actual_w=sum(known_w) if known_w else None,
        confirmed=all(c.confirmed for c in connectors),
        status=_status(snapshot, keys),
        reason="; ".join(dict.fromkeys(allocation.shares[key].reason for key in keys)),
        connectors=connectors,
        expected_start_s=_expected_start_s(allocation, keys, now),
    )


def _expected_start_s(allocation: Allocation, keys: Sequence[ConnectorKey], now: Moment) -> float | None:
    starts_s = [allocation.shares[key].expected_start_s for key in keys]
    known_s = [start_s for start_s in starts_s if start_s is not None]
    return now.utc_s + min(known_s) - now.steady_s if known_s else None


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
        key: exposure.worst
        for key, exposure in book.exposures.items()
        if key not in allocation.shares or not allocation.shares[key].commanded or allocation.shares[key].refusing
    }
    return sum(grid_w(load) for load in summed(snapshot, held).values())
