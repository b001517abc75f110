"""/api/v1/sites: the sites and what is behind each."""

from __future__ import annotations

from csms.api import etags, lookup
from csms.api.fields import optional_kw
from csms.api.table import Answer, Call, NoBody, Page, PageQuery, Query, Route
from csms.domain.grid import GRID, Circuit
from csms.domain.ports import SiteAccess
from csms.domain.snapshot import Snapshot
from csms.validation import kw


class SiteRow(Answer):
    """`charge_points`, `connected` and `active_sessions` are counts."""

    site_id: str
    name: str
    timezone: str
    grid_capacity_kw: float
    charge_points: int
    connected: int
    active_sessions: int


class CircuitRow(Answer):
    """A circuit as declared; `parent` "grid" is the grid connection itself. null: no such limit."""

    circuit_id: str
    parent: str
    max_power_kw: float | None
    max_current_a: float | None
    charge_point_ids: list[str]


class SiteAnswer(SiteRow):
    """`circuits` are the tree below the grid connection; charge points on none of them hang on that itself. A declared
    voltage is null where the one that counts follows from `voltage_v`."""

    grid_max_current_a: float | None
    voltage_v: float
    voltage_min_v: float
    voltage_max_v: float
    declared_voltage_min_v: float | None
    declared_voltage_max_v: float | None
    reserve_kw: float
    site_load_max_age_s: float
    site_load_max_kw: float | None
    site_load_max_current_a: float | None
    price_per_kwh: float | None
    currency: str
    strategy: str
    total_budget_kw: float
    total_allocated_kw: float
    total_permitted_kw: float
    reserved_kw: float
    charge_point_ids: list[str]
    circuits: list[CircuitRow]


async def list_sites(call: Call[PageQuery, NoBody]) -> Page[SiteRow]:
    limit, offset = call.query.limit, call.query.offset
    site_ids = list(call.services.sites.site_ids())
    sites = [call.services.sites.get(site_id) for site_id in site_ids[offset : offset + limit]]
    items = [_row(site.snapshot()) for site in sites if site is not None]
    return Page(items=items, total=len(site_ids), limit=limit, offset=offset)


async def get_site(call: Call[Query, NoBody]) -> SiteAnswer:
    return site_answer(lookup.site(call.services, call.path))


def site_answer(site: SiteAccess) -> SiteAnswer:
    """With its entity tag."""
    snapshot, report = site.snapshot(), site.allocation()
    answer = SiteAnswer(
        **dict(_row(snapshot)),
        grid_max_current_a=snapshot.site.grid_max_current_a,
        voltage_v=snapshot.site.voltage_v,
        voltage_min_v=round(snapshot.site.lowest_voltage_v, 3),
        voltage_max_v=snapshot.site.limit_voltage_v,
        declared_voltage_min_v=snapshot.site.voltage_min_v,
        declared_voltage_max_v=snapshot.site.voltage_max_v,
        reserve_kw=kw(snapshot.site.reserve_w),
        site_load_max_age_s=snapshot.site.site_load_max_age_s,
        site_load_max_kw=optional_kw(snapshot.site.site_load_max_w),
        site_load_max_current_a=snapshot.site.site_load_max_current_a,
        price_per_kwh=snapshot.site.price_per_kwh,
        currency=snapshot.site.currency,
        strategy=report.strategy,
        total_budget_kw=kw(report.budget_w),
        total_allocated_kw=kw(report.allocated_w),
        total_permitted_kw=kw(report.permitted_w),
        reserved_kw=kw(report.reserved_w),
        charge_point_ids=list(snapshot.settings),
        circuits=[_circuit(snapshot, circuit) for circuit in snapshot.site.circuits],
    )
    return answer.tagged(site_tag(snapshot))


def site_tag(snapshot: Snapshot) -> str:
    """Of what is declared of a site, and of which charge points hang on which of its circuits."""
    return etags.etag(snapshot.site, [(name, point.circuit_id) for name, point in snapshot.settings.items()])


def _circuit(snapshot: Snapshot, circuit: Circuit) -> CircuitRow:
    return CircuitRow(
        circuit_id=circuit.circuit_id,
        parent=circuit.parent or GRID,
        max_power_kw=optional_kw(circuit.max_power_w),
        max_current_a=circuit.max_current_a,
        charge_point_ids=[p.charge_point_id for p in snapshot.settings.values() if p.circuit_id == circuit.circuit_id],
    )


def _row(snapshot: Snapshot) -> SiteRow:
    return SiteRow(
        site_id=snapshot.site.site_id,
        name=snapshot.site.name,
        timezone=snapshot.site.timezone,
        grid_capacity_kw=kw(snapshot.site.grid_capacity_w),
        charge_points=len(snapshot.settings),
        connected=sum(point.connected for point in snapshot.charge_points.values()),
        active_sessions=len(snapshot.active),
    )


ROUTES = (
    Route("GET", "/api/v1/sites", "read", list_sites, Page[SiteRow], "All sites", query=PageQuery),
    Route("GET", "/api/v1/sites/{site_id}", "read", get_site, SiteAnswer, "One site", errors=(404,)),
)
