"""/api/v1/smart-charging/sites/{site_id}/allocation: what a site decided, and what it did."""

from __future__ import annotations

import math
from typing import Literal

from csms.api import lookup
from csms.api.fields import FromTime, Time, UtcSeconds, optional_kw, optional_time, time
from csms.api.periods import check_order
from csms.api.problems import invalid
from csms.api.table import Answer, Call, NoBody, Query, Route
from csms.domain.history import HistoryBucket
from csms.domain.reports import ChargerReport, CircuitReport, ConnectorReport, SiteAllocation
from csms.validation import FieldError, kw

MAX_BUCKETS = 10_000
DAY_S = 86_400.0

Granularity = Literal["1min", "5min", "15min", "1hour"]
_GRANULARITY_S: dict[str, int] = {"1min": 60, "5min": 300, "15min": 900, "1hour": 3600}


class ConnectorAllocation(Answer):
    connector_id: int
    transaction_id: str | None
    allocated_kw: float
    permitted_kw: float
    actual_kw: float | None
    confirmed: bool
    status: str


class ChargerAllocation(Answer):
    """`permitted_kw` is the worst case it may be drawing; `confirmed`: it has acknowledged what was decided.

    `waiting`: it gets nothing for now, because not all floors fit; `expected_start` is about when its turn comes.
    """

    charge_point_id: str
    allocated_kw: float
    actual_kw: float | None
    status: str
    confirmed: bool
    permitted_kw: float
    reason: str
    waiting: bool
    expected_start: Time | None
    connectors: list[ConnectorAllocation]


class CircuitAllocation(Answer):
    """A node of the limit tree, "grid" being the grid connection; null: no such limit. `permitted_a`: L1, L2, L3."""

    circuit_id: str
    max_power_kw: float | None
    max_current_a: float | None
    permitted_kw: float
    permitted_a: list[float]


class AllocationAnswer(Answer):
    """`reserved_kw` is what idle, offline and refusing chargers may draw; `waiting` got nothing because floors did
    not fit; `not_commissioned` were never heard of; `limit_source` says in words what sets the budget."""

    site_id: str
    strategy: str
    total_budget_kw: float
    total_allocated_kw: float
    timestamp: Time
    chargers: list[ChargerAllocation]
    total_permitted_kw: float
    reserved_kw: float
    waiting: list[str]
    not_commissioned: list[str]
    circuits: list[CircuitAllocation]
    site_load_kw: float
    limit_source: str


class HistoryQuery(Query):
    """By default the last 24 hours; `to` itself is not included."""

    from_: FromTime = None
    to: UtcSeconds | None = None
    granularity: Granularity = "15min"


class Bucket(Answer):
    """Time-weighted means over what is known of the period, the highest number of active chargers, and the lowest
    budget; null: the budget was not recorded then."""

    period_start: Time
    total_allocated_kw: float
    total_actual_kw: float
    active_chargers: int
    total_budget_kw: float | None
    lowest_budget_kw: float | None


class HistoryAnswer(Answer):
    site_id: str
    granularity: Granularity
    buckets: list[Bucket]


async def get_allocation(call: Call[Query, NoBody]) -> AllocationAnswer:
    report = lookup.site(call.services, call.path).allocation()
    made_from, answer = call.services.given.get(report.site_id, (None, None))
    if made_from is not report or not isinstance(answer, AllocationAnswer):
        answer = allocation_answer(report)
        call.services.given[report.site_id] = (report, answer)
    return answer


def allocation_answer(report: SiteAllocation) -> AllocationAnswer:
    return AllocationAnswer(
        site_id=report.site_id,
        strategy=report.strategy,
        total_budget_kw=kw(report.budget_w),
        total_allocated_kw=kw(report.allocated_w),
        timestamp=time(report.at_s),
        chargers=[_charger(charger, report) for charger in report.chargers],
        total_permitted_kw=kw(report.permitted_w),
        reserved_kw=kw(report.reserved_w),
        waiting=list(report.waiting),
        not_commissioned=list(report.not_commissioned),
        circuits=[_circuit(circuit) for circuit in report.circuits],
        site_load_kw=kw(report.site_load_w),
        limit_source=report.budget_reason,
    )


async def get_history(call: Call[HistoryQuery, NoBody]) -> HistoryAnswer:
    site = lookup.site(call.services, call.path)
    granularity_s = _GRANULARITY_S[call.query.granularity]
    from_s, to_s = _period(call.query, call.services.clock.now().utc_s)
    if math.ceil(to_s / granularity_s) - math.floor(from_s / granularity_s) > MAX_BUCKETS:
        raise invalid([FieldError("granularity", f"must divide the time asked for into at most {MAX_BUCKETS} buckets")])
    buckets = await site.history(from_s, to_s, granularity_s) if from_s < to_s else []
    return HistoryAnswer(
        site_id=call.path["site_id"], granularity=call.query.granularity, buckets=[_bucket(b) for b in buckets]
    )


def _charger(charger: ChargerReport, report: SiteAllocation) -> ChargerAllocation:
    return ChargerAllocation(
        charge_point_id=charger.charge_point_id,
        allocated_kw=kw(charger.allocated_w),
        actual_kw=optional_kw(charger.actual_w),
        status=charger.status,
        confirmed=charger.confirmed,
        permitted_kw=kw(charger.permitted_w),
        reason=charger.reason,
        waiting=charger.charge_point_id in report.waiting,
        expected_start=optional_time(charger.expected_start_s),
        connectors=[_connector(connector) for connector in charger.connectors],
    )


def _circuit(circuit: CircuitReport) -> CircuitAllocation:
    return CircuitAllocation(
        circuit_id=circuit.circuit_id,
        max_power_kw=optional_kw(circuit.max_power_w),
        max_current_a=circuit.max_current_a,
        permitted_kw=kw(circuit.permitted_w),
        permitted_a=[round(current_a, 3) for current_a in circuit.permitted_a],
    )


def _connector(connector: ConnectorReport) -> ConnectorAllocation:
    return ConnectorAllocation(
        connector_id=connector.connector_id,
        transaction_id=connector.transaction_id,
        allocated_kw=kw(connector.allocated_w),
        permitted_kw=kw(connector.permitted_w),
        actual_kw=optional_kw(connector.actual_w),
        confirmed=connector.confirmed,
        status=connector.status,
    )


def _period(query: HistoryQuery, now_s: float) -> tuple[float, float]:
    to_s = now_s if query.to is None else query.to
    from_s = to_s - DAY_S if query.from_ is None else query.from_
    check_order(from_s, to_s)
    return from_s, to_s


def _bucket(bucket: HistoryBucket) -> Bucket:
    return Bucket(
        period_start=time(bucket.period_start_s),
        total_allocated_kw=kw(bucket.allocated_w),
        total_actual_kw=kw(bucket.actual_w),
        active_chargers=bucket.active_chargers,
        total_budget_kw=optional_kw(bucket.budget_w),
        lowest_budget_kw=optional_kw(bucket.lowest_budget_w),
    )


_PATH = "/api/v1/smart-charging/sites/{site_id}/allocation"

ROUTES = (
    Route(
        "GET",
        _PATH,
        "read",
        get_allocation,
        AllocationAnswer,
        "What every active charger was given, and why",
        errors=(404,),
    ),
    Route(
        "GET",
        f"{_PATH}/history",
        "read",
        get_history,
        HistoryAnswer,
        "Given and drawn power over time, and the budget",
        query=HistoryQuery,
        errors=(404,),
    ),
)
