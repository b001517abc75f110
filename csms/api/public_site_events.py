"""Of the public events, those of sites, their limits and their alarms: their fields, and how they are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csms.api.fields import optional_kw
from csms.api.table import Answer
from csms.domain import events as ev
from csms.domain.queries import StoredEvent
from csms.validation import kw


class AllocationChangedData(Answer):
    """`limits` is how many limits are sent. The decision has them, by its `decision_id`."""

    decision_id: int
    causes: list[str]
    strategy: str
    total_budget_kw: float
    permitted_kw: float
    actual_kw: float
    site_load_kw: float
    limits: int


class LimitAnsweredData(Answer):
    """`answer` is Accepted, Rejected or Unanswered; `detail` is the charger's word or what went wrong."""

    limit_id: int
    connector_id: int
    transaction_id: str | None
    limit_kw: float | None
    purpose: str | None
    answer: str
    detail: str


class AlarmRaisedData(Answer):
    """Raised again while it stands, it says something new of the same trouble."""

    alarm_id: int
    kind: str
    subject: str
    text: str
    excess_kw: float
    excess_a: float
    holders: list[str]


class AlarmClearedData(Answer):
    kind: str
    subject: str


class ConfigurationChangedData(Answer):
    """`what` is site, charge_point, smart_charging, temporary_limit, power_limit or quirks; `source` is whose
    temporary limit."""

    what: str
    source: str | None
    removed: bool


class SiteRestartedData(Answer):
    """The site's task failed and was started again from the store."""


def decided(_stored: StoredEvent, event: ev.DecisionMade) -> Answer:
    return AllocationChangedData(
        decision_id=event.decision_id,
        causes=list(event.causes),
        strategy=event.strategy,
        total_budget_kw=kw(event.budget_w),
        permitted_kw=kw(event.permitted_w),
        actual_kw=kw(event.drawn_w),
        site_load_kw=kw(event.site_load_w),
        limits=event.limits,
    )


def limit_answered(answer: str) -> Callable[[StoredEvent, Any], Answer]:
    def make(stored: StoredEvent, event: ev.LimitConfirmed | ev.LimitRejected | ev.LimitUnanswered) -> Answer:
        issued = stored.issued
        match event:
            case ev.LimitRejected():
                detail = event.status
            case ev.LimitUnanswered():
                detail = event.cause
            case _:
                detail = ""
        return LimitAnsweredData(
            limit_id=event.limit_id,
            connector_id=event.connector_id,
            transaction_id=issued.transaction_id if issued else None,
            limit_kw=optional_kw(issued.limit_w) if issued else None,
            purpose=issued.purpose if issued else None,
            answer=answer,
            detail=detail,
        )

    return make


def alarm_raised(_stored: StoredEvent, event: ev.AlarmRaised) -> Answer:
    return AlarmRaisedData(
        alarm_id=event.alarm_id,
        kind=event.kind,
        subject=event.subject,
        text=event.text,
        excess_kw=kw(event.excess_w),
        excess_a=round(event.excess_a, 3),
        holders=list(event.holders),
    )


def alarm_cleared(_stored: StoredEvent, event: ev.AlarmCleared) -> Answer:
    return AlarmClearedData(kind=event.kind, subject=event.subject)


def configured(what: str) -> Callable[[StoredEvent, Any], Answer]:
    def make(_stored: StoredEvent, event: ev.Event) -> Answer:
        source: str | None = None
        if isinstance(event, ev.TemporaryLimitSet):
            source = event.limit.source
        elif isinstance(event, ev.TemporaryLimitsWithdrawn):
            source = event.source
        removed = isinstance(event, (ev.SiteRemoved, ev.ChargePointRemoved, ev.OperatorLimitCleared))
        removed = removed or (isinstance(event, ev.QuirksPinned) and event.quirks is None)
        return ConfigurationChangedData(what=what, source=source, removed=removed)

    return make


def restarted(_stored: StoredEvent, _event: ev.SiteRestarted) -> Answer:
    return SiteRestartedData()
