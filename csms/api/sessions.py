"""/api/v1/sessions: charging sessions, running and completed."""

from __future__ import annotations

from typing import Literal

from csms.api import lookup
from csms.api.fields import FromTime, Id, Time, UtcSeconds, optional_kwh, optional_time
from csms.api.periods import check_order
from csms.api.problems import Problem
from csms.api.table import Answer, Call, NoBody, Page, PageQuery, Query, Route, Services
from csms.domain.model import Transaction
from csms.domain.queries import SessionQuery

Status = Literal["active", "completed"]


class SessionsQuery(PageQuery):
    """`from` and `to` bound the start of a session, or its end where only that was seen."""

    site_id: Id | None = None
    charge_point_id: Id | None = None
    status: Status | None = None
    from_: FromTime = None
    to: UtcSeconds | None = None


class SessionRow(Answer):
    """`session_id` is unique overall, `transaction_id` within its charge point; null: not known, or not yet."""

    session_id: int
    transaction_id: str
    site_id: str
    charge_point_id: str
    connector_id: int
    id_token: str | None
    started_at: Time | None
    ended_at: Time | None
    energy_kwh: float | None
    stop_reason: str | None
    status: Status
    missing_events: int
    trigger_reason: str | None
    remote_start_id: int | None
    cost: float | None
    currency: str | None


async def list_sessions(call: Call[SessionsQuery, NoBody]) -> Page[SessionRow]:
    query = call.query
    check_order(query.from_, query.to)
    page = await call.services.store.sessions(
        SessionQuery(
            site_id=query.site_id,
            charge_point_id=query.charge_point_id,
            active=None if query.status is None else query.status == "active",
            from_s=query.from_,
            to_s=query.to,
            limit=query.limit,
            offset=query.offset,
        )
    )
    live = _running(call.services) if any(item.active for item in page.items) else {}
    items = [
        _row(site_id, live.get(item.session_id, item) if item.active else item)
        for site_id, item in zip(page.site_ids, page.items, strict=True)
    ]
    return Page(items=items, total=page.total, limit=query.limit, offset=query.offset)


async def close_session(call: Call[Query, NoBody]) -> SessionRow:
    number = call.path["session_id"]
    if number.isascii() and number.isdecimal() and len(number) < 19:
        for site_id in call.services.sites.site_ids():
            site = call.services.sites.get(site_id)
            closed = None if site is None else await site.close_session(int(number))
            if closed is not None:
                return _row(site_id, closed)
    raise Problem(404, "No session with this number runs.")


def _running(services: Services) -> dict[int, Transaction]:
    """Running transactions as their sites know them: meter values reach the store a little later."""
    return {
        transaction.session_id: transaction
        for _, snapshot in lookup.snapshots(services)
        for transaction in snapshot.active.values()
    }


def _row(site_id: str, transaction: Transaction) -> SessionRow:
    return SessionRow(
        session_id=transaction.session_id,
        transaction_id=transaction.transaction_id,
        site_id=site_id,
        charge_point_id=transaction.charge_point_id,
        connector_id=transaction.connector_id,
        id_token=transaction.id_token,
        started_at=optional_time(transaction.started_at_s),
        ended_at=optional_time(transaction.ended_at_s),
        energy_kwh=optional_kwh(transaction.energy_wh),
        stop_reason=transaction.stop_reason,
        status="active" if transaction.active else "completed",
        missing_events=transaction.missing_events,
        trigger_reason=transaction.trigger_reason,
        remote_start_id=transaction.remote_start_id,
        cost=transaction.cost,
        currency=transaction.currency,
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/sessions",
        "read",
        list_sessions,
        Page[SessionRow],
        "Charging sessions, newest first",
        query=SessionsQuery,
    ),
    Route(
        "POST",
        "/api/v1/sessions/{session_id}/close",
        "control",
        close_session,
        SessionRow,
        "End a session that its charger has forgotten",
        errors=(404, 409),
    ),
)
