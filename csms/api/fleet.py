"""/api/v1/fleet/summary: whether all is well, in one look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from csms.api.fields import Time, time
from csms.api.table import Answer, Call, NoBody, PageQuery, Route, Services
from csms.domain.model import ConnectorStatus
from csms.domain.ports import SiteAccess
from csms.domain.queries import AlarmQuery
from csms.domain.reports import SiteAllocation
from csms.domain.snapshot import Snapshot
from csms.validation import kw

_MOST_ALARMS = 10_000


class States(Answer):
    """How many charge points are in which state; each is in one. `waiting` have a session and get nothing for now."""

    charging: int
    waiting: int
    faulted: int
    offline: int
    unavailable: int
    idle: int
    not_commissioned: int


class Power(Answer):
    """`actual_kw` is the sum of the known draws."""

    grid_capacity_kw: float
    total_budget_kw: float
    total_allocated_kw: float
    total_permitted_kw: float
    actual_kw: float
    site_load_kw: float


class SiteSummary(Answer):
    """`alarms` is how many stand."""

    site_id: str
    name: str
    charge_points: int
    connected: int
    active_sessions: int
    alarms: int
    states: States
    power: Power


class FleetSummary(Answer):
    """The counts and sums are over all sites, `items` the sites that were asked for."""

    timestamp: Time
    sites: int
    charge_points: int
    connected: int
    active_sessions: int
    alarms: int
    states: States
    power: Power
    items: list[SiteSummary]
    limit: int
    offset: int


async def get_summary(call: Call[PageQuery, NoBody]) -> FleetSummary:
    services, query = call.services, call.query
    standing = await services.store.alarms(AlarmQuery(standing=True, limit=_MOST_ALARMS))
    alarms = Counter(site_id for site_id, _ in standing.items)
    found = (services.sites.get(site_id) for site_id in services.sites.site_ids())
    rows = [_site(services, site, alarms) for site in found if site is not None]
    return FleetSummary(
        timestamp=time(services.clock.now().utc_s),
        sites=len(rows),
        charge_points=sum(row.charge_points for row in rows),
        connected=sum(row.connected for row in rows),
        active_sessions=sum(row.active_sessions for row in rows),
        alarms=standing.total,
        states=_summed_states(row.states for row in rows),
        power=_summed_power(row.power for row in rows),
        items=rows[query.offset : query.offset + query.limit],
        limit=query.limit,
        offset=query.offset,
    )


def _site(services: Services, site: SiteAccess, alarms: Mapping[str, int]) -> SiteSummary:
    """The counts are kept for as long as the report is the same; a snapshot is another with every change."""
    report = site.allocation()
    name = f"summary/{report.site_id}"
    made_from, row = services.given.get(name, (None, None))
    if made_from is not report or not isinstance(row, SiteSummary):
        row = _counted(site.snapshot(), report)
        services.given[name] = (report, row)
    return row.model_copy(update={"alarms": alarms.get(report.site_id, 0)})


def _counted(snapshot: Snapshot, report: SiteAllocation) -> SiteSummary:
    return SiteSummary(
        site_id=report.site_id,
        name=snapshot.site.name,
        charge_points=len(snapshot.settings),
        connected=sum(point.connected for point in snapshot.charge_points.values()),
        active_sessions=len(snapshot.active),
        alarms=0,
        states=_states(snapshot, report),
        power=Power(
            grid_capacity_kw=kw(snapshot.site.grid_capacity_w),
            total_budget_kw=kw(report.budget_w),
            total_allocated_kw=kw(report.allocated_w),
            total_permitted_kw=kw(report.permitted_w),
            actual_kw=kw(report.actual_w),
            site_load_kw=kw(report.site_load_w),
        ),
    )


def _states(snapshot: Snapshot, report: SiteAllocation) -> States:
    """One pass over the connectors, not one per charge point."""
    faulted = {key[0] for key, row in snapshot.connectors.items() if row.status is ConnectorStatus.FAULTED}
    usable = {key[0] for key, row in snapshot.connectors.items() if row.status is not ConnectorStatus.UNAVAILABLE}
    reported = {key[0] for key in snapshot.connectors}
    active, waiting = {key.charge_point_id for key in snapshot.active}, set(report.waiting)
    counts: Counter[str] = Counter()
    for charge_point_id, point in snapshot.charge_points.items():
        if point.commissioned_at_s is None:
            counts["not_commissioned"] += 1
        elif not point.connected:
            counts["offline"] += 1
        elif charge_point_id in faulted:
            counts["faulted"] += 1
        elif charge_point_id in waiting:
            counts["waiting"] += 1
        elif charge_point_id in active:
            counts["charging"] += 1
        elif charge_point_id in reported and charge_point_id not in usable:
            counts["unavailable"] += 1
        else:
            counts["idle"] += 1
    return States(**{name: counts[name] for name in States.model_fields})


def _summed_states(rows: Iterable[States]) -> States:
    total: Counter[str] = Counter()
    for row in rows:
        total.update(dict(row))
    return States(**{name: total[name] for name in States.model_fields})


def _summed_power(rows: Iterable[Power]) -> Power:
    found = list(rows)
    return Power(**{name: round(sum(getattr(row, name) for row in found), 3) for name in Power.model_fields})


ROUTES = (
    Route(
        "GET",
        "/api/v1/fleet/summary",
        "read",
        get_summary,
        FleetSummary,
        "How all sites are doing: counts, power against ceiling, alarms",
        query=PageQuery,
    ),
)
