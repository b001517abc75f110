"""What was decided and sent, and what became of it: read from the events, joined by their limit and decision ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, FromClause, Label, RowMapping, ScalarSelect, Select, case, func, select

from csms.domain import events as ev
from csms.domain.queries import Decision, DecisionPage, DecisionQuery, SentLimit
from csms.store import rows
from csms.store.tables import ISSUED, LEADS, MADE, events, meter_samples

METERED_WITHIN_S = 900.0
"""What was metered longer before a limit says nothing of its moment; a quarter of an hour is the longest usual interval
of meter values."""


class Lead(NamedTuple):
    """Names a decision: by its id, or by the time of its limits where none was kept."""

    decision_id: int | None
    at_s: float


def decisions(connection: Connection, query: DecisionQuery) -> DecisionPage:
    total = connection.execute(select(func.count()).select_from(lead_list(query).subquery())).scalar_one()
    found = connection.execute(lead_list(query).limit(query.limit).offset(query.offset))
    leads = [Lead(decision_id, at_s) for decision_id, at_s in found]
    made = _made(connection, query.site_id, leads)
    sent: dict[tuple[int | None, float | None], list[SentLimit]] = {}
    for statement in sent_lists(query, leads):
        for limit in connection.execute(statement).mappings():
            sent.setdefault(_key(limit["decision_id"], limit["at_utc_s"]), []).append(_sent(limit))
    return DecisionPage(tuple(_decision(lead, made, sent.get(_key(*lead), [])) for lead in leads), total)


def lead_list(query: DecisionQuery) -> Select[Any]:
    """The leads of all decisions that match, newest first."""
    column = events.c
    within = (column.site_id == query.site_id, column.at_utc_s >= query.from_s, column.at_utc_s < query.to_s)
    if query.charge_point_id is None:
        return (
            select(column.decision_id, column.at_utc_s)
            .where(*within, LEADS)
            .group_by(column.at_utc_s, column.decision_id)
            .order_by(column.at_utc_s.desc(), column.decision_id.desc())
        )
    first_s = func.min(column.at_utc_s)
    return (
        select(column.decision_id, first_s)
        .where(*within, ISSUED, column.charge_point_id == query.charge_point_id)
        .group_by(column.decision_id, case((column.decision_id.is_(None), column.at_utc_s)))
        .order_by(first_s.desc(), column.decision_id.desc())
    )


def sent_lists(query: DecisionQuery, leads: Sequence[Lead]) -> Iterator[Select[Any]]:
    """The limits of these decisions; not sorted, else an index that has the order might look better than one that finds
    them."""
    ids = [lead.decision_id for lead in leads if lead.decision_id is not None]
    if ids:
        yield _limits(query).where(ISSUED, events.c.decision_id.in_(ids))
    times_s = [lead.at_s for lead in leads if lead.decision_id is None]
    if times_s:
        yield _limits(query).where(ISSUED, LEADS, events.c.at_utc_s.in_(times_s))


def _limits(query: DecisionQuery) -> Select[Any]:
    """Limits, each with its last answer and the draw metered before it was sent."""
    answer = events.alias("answer")
    limits = (
        select(*_columns(events), *_columns(answer, _ANSWER), _metered_w().label("metered_w"))
        .select_from(events.outerjoin(answer, answer.c.id == _last_answer()))
        .where(events.c.site_id == query.site_id)
    )
    if query.charge_point_id is None:
        return limits
    return limits.where(events.c.charge_point_id == query.charge_point_id)


def _last_answer() -> ScalarSelect[Any]:
    """The last one counts: a charger may answer after its call was given up."""
    answer = events.alias("any_answer")
    same = (answer.c.site_id == events.c.site_id, answer.c.limit_id == events.c.limit_id)
    return select(func.max(answer.c.id)).where(*same, answer.c.id > events.c.id).correlate(events).scalar_subquery()


def _metered_w() -> ScalarSelect[Any]:
    sample, issued = meter_samples.c, events.c
    return (
        select(sample.power_w)
        .where(
            sample.site_id == issued.site_id,
            sample.charge_point_id == issued.charge_point_id,
            sample.connector_id == issued.data["connector_id"].as_integer(),
            sample.at_utc_s > issued.at_utc_s - METERED_WITHIN_S,
            sample.at_utc_s <= issued.at_utc_s,
            sample.power_w.is_not(None),
        )
        .order_by(sample.at_utc_s.desc())
        .limit(1)
        .correlate(events)
        .scalar_subquery()
    )


_ANSWER = "answer_"
_COLUMNS = ("type", "at_utc_s", "charge_point_id", "data", "limit_id", "decision_id")


def _columns(source: FromClause, prefix: str = "") -> list[Label[Any]]:
    return [source.c[name].label(prefix + name) for name in _COLUMNS]


def _made(connection: Connection, site_id: str, leads: Sequence[Lead]) -> dict[int, ev.DecisionMade]:
    ids = [lead.decision_id for lead in leads if lead.decision_id is not None]
    statement = select(events).where(events.c.site_id == site_id, events.c.decision_id.in_(ids), MADE)
    found = (rows.event_as(ev.DecisionMade, values) for values in connection.execute(statement).mappings())
    return {event.decision_id: event for event in found}


def _key(decision_id: int | None, at_s: float) -> tuple[int | None, float | None]:
    return (decision_id, None if decision_id is not None else at_s)


def _decision(lead: Lead, made: dict[int, ev.DecisionMade], limits: list[SentLimit]) -> Decision:
    in_order = tuple(sorted(limits, key=lambda limit: limit.limit_id))
    decision = None if lead.decision_id is None else made.get(lead.decision_id)
    if decision is None:
        return Decision(None, lead.at_s, (), "", 0, 0, 0, 0, in_order)
    return Decision(
        decision_id=decision.decision_id,
        at_s=decision.at.utc_s,
        causes=decision.causes,
        strategy=decision.strategy,
        budget_w=decision.budget_w,
        permitted_w=decision.permitted_w,
        drawn_w=decision.drawn_w,
        site_load_w=decision.site_load_w,
        limits=in_order,
    )


def _sent(found: RowMapping) -> SentLimit:
    issued = rows.event_as(ev.LimitIssued, found)
    answer, answered_at_s, detail = _answer(found)
    return SentLimit(
        limit_id=issued.limit_id,
        at_s=issued.at.utc_s,
        charge_point_id=issued.charge_point_id,
        connector_id=issued.connector_id,
        transaction_id=issued.transaction_id,
        purpose=issued.purpose.value,
        limit_w=issued.limit_w,
        reason=issued.cause,
        renewal=issued.renewal,
        answer=answer,
        answered_at_s=answered_at_s,
        detail=detail,
        actual_w=found["metered_w"],
    )


def _answer(found: RowMapping) -> tuple[str | None, float | None, str]:
    """The answer, its time and the charger's word."""
    if found[f"{_ANSWER}type"] is None:
        return None, None, ""
    match rows.event({name: found[_ANSWER + name] for name in _COLUMNS}):
        case ev.LimitConfirmed(at=at):
            return "Accepted", at.utc_s, ""
        case ev.LimitRejected(at=at, status=status):
            return "Rejected", at.utc_s, status
        case ev.LimitUnanswered(at=at, cause=cause):
            return "Unanswered", at.utc_s, cause
        case other:
            raise TypeError(f"{type(other).__name__} answers no limit")
