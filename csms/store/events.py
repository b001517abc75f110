"""Events as they are read back: page by page, in the order in which they were committed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select

from csms.domain import events as ev
from csms.domain.model import Transaction
from csms.domain.queries import EventPage, EventQuery, StoredEvent
from csms.store import rows, tables

MOST_LOOKED_AT = 100_000
"""Numbers looked at for one page where no index knows what is asked for: some tens of milliseconds."""

_ABOUT_A_LIMIT = (ev.LimitConfirmed, ev.LimitRejected, ev.LimitUnanswered)

_LOOKED_BACK_FOR_A_SESSION = 1000
"""A transaction that ended is among the last of its charge point; one that is not has waited very long to be read."""


def events(connection: Connection, query: EventQuery) -> EventPage:
    upwards = query.after is not None
    first = connection.execute(select(func.min(tables.events.c.id))).scalar() or 1
    last = last_event_id(connection)
    low, high = _numbers(query, first, last)
    number = tables.events.c.id
    wanted = (
        select(tables.events)
        .where(number > low, number <= high, *_conditions(query))
        .order_by(number if upwards else number.desc())
        .limit(query.limit)
    )
    found = connection.execute(wanted).mappings().all()
    if len(found) == query.limit:  # there may be more between the last of these and the bound
        reached = found[-1]["id"]
        return EventPage(_stored(connection, found), reached, complete=False)
    stored = _stored(connection, found)
    return EventPage(stored, high, high >= last) if upwards else EventPage(stored, low + 1, low < first)


def last_event_id(connection: Connection) -> int:
    return connection.execute(select(func.max(tables.events.c.id))).scalar() or 0


def _numbers(query: EventQuery, first: int, last: int) -> tuple[int, int]:
    """Above which and up to which number to look."""
    span = MOST_LOOKED_AT if query.charge_point_id is None else last
    if query.after is not None:
        low = max(query.after, first - 1)
        return low, min(last, low + span)
    high = last if query.before is None else min(last, query.before - 1)
    return max(first - 1, high - span), high


def _conditions(query: EventQuery) -> Iterator[ColumnElement[bool]]:
    column = tables.events.c
    yield column.type.in_(query.types)
    if query.charge_point_id is not None:
        yield column.charge_point_id == query.charge_point_id
    if query.site_id is not None:
        # As an expression, so that no index on the site is taken: it would have to be sorted by number as a whole.
        yield column.site_id.concat("") == query.site_id


def _stored(connection: Connection, found: Sequence[RowMapping]) -> tuple[StoredEvent, ...]:
    return tuple(_one(connection, row["id"], row["site_id"], rows.event(row)) for row in found)


def _one(connection: Connection, event_id: int, site_id: str, event: ev.Event) -> StoredEvent:
    if isinstance(event, ev.TransactionEnded):
        return StoredEvent(event_id, site_id, event, session=_session(connection, event))
    if isinstance(event, _ABOUT_A_LIMIT):
        return StoredEvent(event_id, site_id, event, issued=_issued(connection, site_id, event.limit_id))
    return StoredEvent(event_id, site_id, event)


def _session(connection: Connection, event: ev.TransactionEnded) -> Transaction | None:
    table = tables.transactions
    newest = (
        select(table)
        .where(table.c.charge_point_id == event.charge_point_id, table.c.active == False)  # noqa: E712  SQL
        .order_by(table.c.session_id.desc())
        .limit(_LOOKED_BACK_FOR_A_SESSION)
        .subquery()
    )
    wanted = select(newest).where(newest.c.transaction_id == event.transaction_id).limit(1)
    row = connection.execute(wanted).mappings().one_or_none()
    return None if row is None else rows.transaction(row)


def _issued(connection: Connection, site_id: str, limit_id: int) -> ev.LimitIssued | None:
    column = tables.events.c
    of_limit = (column.limit_id.is_not(None), column.site_id == site_id, column.limit_id == limit_id)
    wanted = select(tables.events).where(*of_limit, tables.ISSUED).limit(1)
    row = connection.execute(wanted).mappings().one_or_none()
    return None if row is None else rows.event_as(ev.LimitIssued, row)
