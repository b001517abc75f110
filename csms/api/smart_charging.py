"""/api/v1/smart-charging: how a site divides its power, what it decided, and what it did."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from csms.api import lookup
from csms.api.fields import FromTime, Time, UtcSeconds, optional_kw, time
from csms.api.problems import Problem, invalid
from csms.api.table import Answer, Call, NoBody, Query, Route, Services
from csms.domain.history import HistoryBucket
from csms.domain.model import SmartCharging
from csms.domain.reports import ChargerReport, ConnectorReport
from csms.smart_charging import FieldError, SiteRules, SmartChargingConfig, from_domain, kw, site_rules, to_domain

REBALANCE_TIMEOUT_S = 35.0
MAX_BUCKETS = 10_000
DAY_S = 86_400.0

Granularity = Literal["1min", "5min", "15min", "1hour"]
_GRANULARITY_S: dict[str, int] = {"1min": 60, "5min": 300, "15min": 900, "1hour": 3600}


class ConfigAnswer(SmartChargingConfig):
    updated_at: Time


class ConnectorAllocation(Answer):
    connector_id: int
    transaction_id: str | None
    allocated_kw: float
    permitted_kw: float
    actual_kw: float | None
    confirmed: bool
    status: str


class ChargerAllocation(Answer):
    """`permitted_kw` is the worst case it may be drawing; `confirmed`: it has acknowledged what was decided."""

    charge_point_id: str
    allocated_kw: float
    actual_kw: float | None
    status: str
    confirmed: bool
    permitted_kw: float
    reason: str
    connectors: list[ConnectorAllocation]


class AllocationAnswer(Answer):
    """`reserved_kw` is what idle, offline and refusing chargers may draw; `waiting` got nothing because floors did
    not fit; `not_commissioned` were never heard of."""

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


class HistoryQuery(Query):
    """By default the last 24 hours; `to` itself is not included."""

    from_: FromTime = None
    to: UtcSeconds | None = None
    granularity: Granularity = "15min"


class Bucket(Answer):
    """Time-weighted means over what is known of the period, and the highest number of active chargers."""

    period_start: Time
    total_allocated_kw: float
    total_actual_kw: float
    active_chargers: int


class HistoryAnswer(Answer):
    site_id: str
    granularity: Granularity
    buckets: list[Bucket]


class NewAllocation(Answer):
    charge_point_id: str
    allocated_kw: float


class RebalanceAnswer(Answer):
    site_id: str
    rebalanced_at: Time
    chargers_updated: int
    new_allocation: list[NewAllocation]


async def put_config(call: Call[Query, SmartChargingConfig]) -> ConfigAnswer:
    site = lookup.site(call.services, call.path)
    wanted = to_domain(call.body, call.services.clock.now().utc_s)
    return _config(await site.configure(wanted))


async def get_config(call: Call[Query, NoBody]) -> ConfigAnswer:
    configured = lookup.site(call.services, call.path).snapshot().smart_charging
    if configured is None:
        raise Problem(404, "Smart charging was never configured at this site; it divides its grid capacity equally.")
    return _config(configured)


async def get_allocation(call: Call[Query, NoBody]) -> AllocationAnswer:
    report = lookup.site(call.services, call.path).allocation()
    return AllocationAnswer(
        site_id=report.site_id,
        strategy=report.strategy,
        total_budget_kw=kw(report.budget_w),
        total_allocated_kw=kw(report.allocated_w),
        timestamp=time(report.at_s),
        chargers=[_charger(charger) for charger in report.chargers],
        total_permitted_kw=kw(report.permitted_w),
        reserved_kw=kw(report.reserved_w),
        waiting=list(report.waiting),
        not_commissioned=list(report.not_commissioned),
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


async def post_rebalance(call: Call[Query, NoBody]) -> RebalanceAnswer:
    done = await lookup.site(call.services, call.path).rebalance(REBALANCE_TIMEOUT_S)
    rows = [
        NewAllocation(charge_point_id=charger.charge_point_id, allocated_kw=kw(charger.allocated_w))
        for charger in done.allocation.chargers
    ]
    return RebalanceAnswer(
        site_id=done.allocation.site_id,
        rebalanced_at=time(done.at_s),
        chargers_updated=len(rows),
        new_allocation=rows,
    )


def _rules_of_site(services: Services, path: Mapping[str, str]) -> SiteRules:
    snapshot = lookup.site(services, path).snapshot()
    return site_rules(snapshot.site, snapshot.settings)


def _config(stored: SmartCharging) -> ConfigAnswer:
    fields = dict(from_domain(stored))
    return ConfigAnswer.model_construct(**fields, updated_at=time(stored.updated_at_s))


def _charger(charger: ChargerReport) -> ChargerAllocation:
    return ChargerAllocation(
        charge_point_id=charger.charge_point_id,
        allocated_kw=kw(charger.allocated_w),
        actual_kw=optional_kw(charger.actual_w),
        status=charger.status,
        confirmed=charger.confirmed,
        permitted_kw=kw(charger.permitted_w),
        reason=charger.reason,
        connectors=[_connector(connector) for connector in charger.connectors],
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
    if from_s > to_s:
        raise invalid([FieldError("from", "must not be after to")])
    return from_s, to_s


def _bucket(bucket: HistoryBucket) -> Bucket:
    return Bucket(
        period_start=time(bucket.period_start_s),
        total_allocated_kw=kw(bucket.allocated_w),
        total_actual_kw=kw(bucket.actual_w),
        active_chargers=bucket.active_chargers,
    )


_SITE = "/api/v1/smart-charging/sites/{site_id}"

ROUTES = (
    Route(
        "PUT",
        f"{_SITE}/config",
        "control",
        put_config,
        ConfigAnswer,
        "Create or replace how a site divides its power; in effect at once",
        body=SmartChargingConfig,
        body_context=_rules_of_site,
        errors=(404,),
    ),
    Route("GET", f"{_SITE}/config", "read", get_config, ConfigAnswer, "How a site divides its power", errors=(404,)),
    Route(
        "GET",
        f"{_SITE}/allocation",
        "read",
        get_allocation,
        AllocationAnswer,
        "What every active charger was given, and why",
        errors=(404,),
    ),
    Route(
        "GET",
        f"{_SITE}/allocation/history",
        "read",
        get_history,
        HistoryAnswer,
        "Given and drawn power over time",
        query=HistoryQuery,
        errors=(404,),
    ),
    Route(
        "POST",
        f"{_SITE}/rebalance",
        "control",
        post_rebalance,
        RebalanceAnswer,
        "Calculate again and send every active charger its limit again",
        body=NoBody,
        body_required=False,
        errors=(404,),
    ),
)
