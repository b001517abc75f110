"""What is told of each site: all of it read off the state and the last decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from csms.domain.alarms import Alarm
from csms.domain.limits import ConnectorLimits
from csms.domain.model import ConnectorKey, ConnectorStatus
from csms.domain.reports import CircuitReport, SiteAllocation
from csms.domain.snapshot import OFFLINE, Snapshot
from csms.domain.tallies import SiteTally
from csms.metrics import table
from csms.metrics.families import Figures

UNKNOWN = "Unknown"
STATUSES = (*(status.value for status in ConnectorStatus), OFFLINE, UNKNOWN)

LEDGER_STATES = ("out_of_service", "not_commissioned", "overdrawn", "unproven", "outstanding", "confirmed")


class Watched(Protocol):
    """A site, as far as its figures need it."""

    @property
    def site_id(self) -> str: ...

    @property
    def tally(self) -> SiteTally: ...

    def snapshot(self) -> Snapshot: ...

    def allocation(self) -> SiteAllocation: ...

    def alarms(self) -> Sequence[Alarm]: ...


def tell_site(figures: Figures, site: Watched) -> None:
    """Everything of one site."""
    snapshot = site.snapshot()
    _tell_power(figures, snapshot, site.allocation())
    _tell_charge_points(figures, snapshot)
    for kind, standing in Counter(alarm.kind for alarm in site.alarms()).items():
        figures.add(table.ALARMS, standing, site.site_id, kind)
    figures.spread(table.DECISIONS, site.tally.decisions, site.site_id)
    figures.add(table.OVER_BUDGET, site.tally.over_budget, site.site_id)
    for answer in ("Confirmed", "Rejected", "Unanswered"):
        figures.add(table.LIMITS, site.tally.limits[answer], site.site_id, answer)


def ledger_state(snapshot: Snapshot, key: ConnectorKey) -> str:
    """The first of LEDGER_STATES that a connector is in.

    The first two count for nothing. `overdrawn` was metered above its limit and counts at that draw or at its rating,
    `unproven` has no default profile that is believed and counts at its rating, `outstanding` counts at the highest of
    several limits, `confirmed` at the one that it acknowledged.
    """
    if not snapshot.settings[key.charge_point_id].in_service:
        return "out_of_service"
    if snapshot.charge_points[key.charge_point_id].commissioned_at_s is None:
        return "not_commissioned"
    limits = snapshot.limits.get(key) or ConnectorLimits(*key)
    if limits.overdraw is not None:
        return "overdrawn"
    if not limits.default_believed:
        return "unproven"
    return "outstanding" if limits.outstanding else "confirmed"


def _tell_power(figures: Figures, snapshot: Snapshot, report: SiteAllocation) -> None:
    site_id = report.site_id
    values = {
        table.CEILING: snapshot.site.grid_capacity_w,
        table.BUDGET: report.budget_w,
        table.ALLOCATED: report.allocated_w,
        table.PERMITTED: report.permitted_w,
        table.RESERVED: report.reserved_w,
        table.DRAWN: report.actual_w,
        table.LOAD: report.site_load_w,
        table.EXCESS: max(0, report.permitted_w - report.budget_w),
        table.SESSIONS: len(snapshot.active),
        table.SESSIONS_WAITING: len(report.waiting),
    }
    for metric, value in values.items():
        figures.add(metric, value, site_id)
    for circuit in report.circuits:
        _tell_circuit(figures, site_id, circuit)


def _tell_circuit(figures: Figures, site_id: str, circuit: CircuitReport) -> None:
    name = (site_id, circuit.circuit_id)
    figures.add(table.CIRCUIT_PERMITTED, circuit.permitted_w, *name)
    if circuit.max_power_w is not None:
        figures.add(table.CIRCUIT_LIMIT, circuit.max_power_w, *name)
    if circuit.max_current_a is not None:
        figures.add(table.CIRCUIT_LIMIT_A, circuit.max_current_a, *name)
    for phase, current_a in enumerate(circuit.permitted_a, 1):
        figures.add(table.CIRCUIT_PERMITTED_A, current_a, *name, f"L{phase}")


def _tell_charge_points(figures: Figures, snapshot: Snapshot) -> None:
    statuses: Counter[str] = Counter()
    states: Counter[str] = Counter()
    for charge_point_id in snapshot.settings:
        keys = [ConnectorKey(charge_point_id, number) for number in snapshot.connector_ids(charge_point_id)]
        statuses[snapshot.status(keys) or UNKNOWN] += 1
        states.update(ledger_state(snapshot, key) for key in keys)
    for status in STATUSES:
        figures.add(table.CHARGE_POINTS, statuses[status], snapshot.site.site_id, status)
    for state in LEDGER_STATES:
        figures.add(table.LEDGER, states[state], snapshot.site.site_id, state)
