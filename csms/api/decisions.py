"""/api/v1/smart-charging/sites/{site_id}/decisions: every limit sent, why, and what became of it."""

from __future__ import annotations

import math

from csms.api import lookup
from csms.api.fields import FromTime, Id, Time, UtcSeconds, optional_kw, optional_time, time
from csms.api.periods import check_order
from csms.api.table import Answer, Call, NoBody, Page, PageQuery, Route
from csms.domain.queries import Decision, DecisionQuery, SentLimit
from csms.validation import kw

DAY_S = 86_400.0


class DecisionsQuery(PageQuery):
    """By default the last 24 hours; `to` itself is not included. `charge_point_id`: only what concerned this one."""

    from_: FromTime = None
    to: UtcSeconds | None = None
    charge_point_id: Id | None = None


class LimitRow(Answer):
    """A limit as it was sent. `answer` is null while it is under way, `detail` the charger's own word.

    `actual_kw` is the draw last metered before it was sent; `renewal`: it repeats the limit before, for another lease.
    """

    charge_point_id: str
    connector_id: int
    transaction_id: str | None
    limit_kw: float
    purpose: str
    reason: str
    renewal: bool
    sent_at: Time
    answer: str | None
    answered_at: Time | None
    detail: str
    actual_kw: float | None


class DecisionRow(Answer):
    """What led to a decision, how the site stood when it was made, and what was sent; null: not on record."""

    decision_id: int | None
    decided_at: Time
    causes: list[str]
    strategy: str | None
    total_budget_kw: float | None
    permitted_kw: float | None
    actual_kw: float | None
    site_load_kw: float | None
    limits: list[LimitRow]


async def list_decisions(call: Call[DecisionsQuery, NoBody]) -> Page[DecisionRow]:
    lookup.site(call.services, call.path)
    query = call.query
    check_order(query.from_, query.to)
    until_s = call.services.clock.now().utc_s if query.to is None else query.to
    page = await call.services.store.decisions(
        DecisionQuery(
            site_id=call.path["site_id"],
            from_s=until_s - DAY_S if query.from_ is None else query.from_,
            to_s=math.inf if query.to is None else query.to,  # what was decided at this very moment is told too
            charge_point_id=query.charge_point_id,
            limit=query.limit,
            offset=query.offset,
        )
    )
    items = [_row(decision) for decision in page.items]
    return Page(items=items, total=page.total, limit=query.limit, offset=query.offset)


def _row(decision: Decision) -> DecisionRow:
    limits = [_limit(limit) for limit in decision.limits]
    if decision.decision_id is None:
        return DecisionRow(
            decision_id=None,
            decided_at=time(decision.at_s),
            causes=[],
            strategy=None,
            total_budget_kw=None,
            permitted_kw=None,
            actual_kw=None,
            site_load_kw=None,
            limits=limits,
        )
    return DecisionRow(
        decision_id=decision.decision_id,
        decided_at=time(decision.at_s),
        causes=list(decision.causes),
        strategy=decision.strategy,
        total_budget_kw=kw(decision.budget_w),
        permitted_kw=kw(decision.permitted_w),
        actual_kw=kw(decision.drawn_w),
        site_load_kw=kw(decision.site_load_w),
        limits=limits,
    )


def _limit(limit: SentLimit) -> LimitRow:
    return LimitRow(
        charge_point_id=limit.charge_point_id,
        connector_id=limit.connector_id,
        transaction_id=limit.transaction_id,
        limit_kw=kw(limit.limit_w),
        purpose=limit.purpose,
        reason=limit.reason,
        renewal=limit.renewal,
        sent_at=time(limit.at_s),
        answer=limit.answer,
        answered_at=optional_time(limit.answered_at_s),
        detail=limit.detail,
        actual_kw=optional_kw(limit.actual_w),
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/smart-charging/sites/{site_id}/decisions",
        "read",
        list_decisions,
        Page[DecisionRow],
        "Every decision with its cause, the limits it sent and their answers",
        query=DecisionsQuery,
        errors=(404,),
    ),
)
