"""/api/v1/smart-charging: how a site divides its power."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from csms.api import etags, lookup
from csms.api.allocation import AllocationAnswer, allocation_answer
from csms.api.fields import Time, time
from csms.api.problems import Problem
from csms.api.table import Answer, Call, NoBody, Query, Route, Services
from csms.domain.model import SmartCharging
from csms.site_rules import SiteRules, site_rules
from csms.smart_charging import SmartChargingConfig, from_domain, to_domain
from csms.validation import kw

REBALANCE_TIMEOUT_S = 35.0


class ConfigAnswer(SmartChargingConfig, Answer):
    updated_at: Time


class PutQuery(Query):
    """`dry_run` "true": nothing is stored, and the answer is the allocation that it would bring."""

    dry_run: Literal["true", "false"] = "false"


class NewAllocation(Answer):
    charge_point_id: str
    allocated_kw: float


class RebalanceAnswer(Answer):
    site_id: str
    rebalanced_at: Time
    chargers_updated: int
    new_allocation: list[NewAllocation]


async def put_config(call: Call[PutQuery, SmartChargingConfig]) -> ConfigAnswer | AllocationAnswer:
    site = lookup.site(call.services, call.path)
    wanted = to_domain(call.body, call.services.clock.now().utc_s)
    stored = site.snapshot().smart_charging
    etags.check(call.headers, None if stored is None else etags.etag(stored))
    if call.query.dry_run == "true":
        return allocation_answer(site.preview(wanted))
    return _config(await site.configure(wanted))


async def get_config(call: Call[Query, NoBody]) -> ConfigAnswer:
    configured = lookup.site(call.services, call.path).snapshot().smart_charging
    if configured is None:
        raise Problem(404, "Smart charging was never configured at this site; it divides its grid capacity equally.")
    return _config(configured)


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
    return site_rules(snapshot.site, snapshot.settings, snapshot.shapes)


def _config(stored: SmartCharging) -> ConfigAnswer:
    fields = dict(from_domain(stored))
    answer = ConfigAnswer.model_construct(**fields, updated_at=time(stored.updated_at_s))
    return answer.tagged(etags.etag(stored))


_SITE = "/api/v1/smart-charging/sites/{site_id}"

ROUTES = (
    Route(
        "PUT",
        f"{_SITE}/config",
        "control",
        put_config,
        ConfigAnswer | AllocationAnswer,
        "Create or replace how a site divides its power; in effect at once, or only tried",
        query=PutQuery,
        body=SmartChargingConfig,
        body_context=_rules_of_site,
        errors=(404, 412),
    ),
    Route("GET", f"{_SITE}/config", "read", get_config, ConfigAnswer, "How a site divides its power", errors=(404,)),
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
