"""What is read from the store: functions of a connection, and the part of the Store port that runs them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select

from csms.domain.history import MINUTE_S, HistoryBucket, MinuteRecord
from csms.domain.model import Moment, Transaction
from csms.domain.ports import REMOVED
from csms.domain.queries import (
    AlarmPage,
    AlarmQuery,
    DecisionPage,
    DecisionQuery,
    EventPage,
    EventQuery,
    SamplePage,
    SampleQuery,
    SessionPage,
    SessionQuery,
)
from csms.domain.records import RecordPage, RecordQuery
from csms.domain.state import LIMITS_REMEMBERED_S, REMEMBERED_TRANSACTIONS, Row
from csms.store import rows, tables
from csms.store.alarms import alarms, standing_alarms
from csms.store.decisions import decisions
from csms.store.events import events, last_event_id
from csms.store.records import find_records
from csms.store.samples import samples

Result = TypeVar("Result")
RecordT = TypeVar("RecordT")


class Reader(ABC):
    """The reading half of the port. How a query reaches the database is up to the shell."""

    @abstractmethod
    async def _read(self, query: Callable[[Connection], Result]) -> Result:
        """Run the query on everything that was queued before."""

    async def _read_committed(self, query: Callable[[Connection], Result]) -> Result:
        """Run the query on what is committed, whatever waits."""
        return await self._read(query)

    async def load_site(self, site_id: str, now: Moment) -> Sequence[Row]:
        return await self._read(lambda connection: load_site(connection, site_id, now))

    async def site_ids(self) -> Sequence[str]:
        return await self._read(site_ids)

    async def origins(self, site_id: str) -> dict[str, str]:
        return await self._read(lambda connection: origins(connection, site_id))

    async def records(self, query: RecordQuery[RecordT]) -> RecordPage[RecordT]:
        return await self._read(lambda connection: find_records(connection, query))

    async def sessions(self, query: SessionQuery) -> SessionPage:
        return await self._read(lambda connection: sessions(connection, query))

    async def decisions(self, query: DecisionQuery) -> DecisionPage:
        return await self._read(lambda connection: decisions(connection, query))

    async def alarms(self, query: AlarmQuery) -> AlarmPage:
        return await self._read(lambda connection: alarms(connection, query))

    async def samples(self, query: SampleQuery) -> SamplePage:
        return await self._read(lambda connection: samples(connection, query))

    async def events(self, query: EventQuery) -> EventPage:
        return await self._read_committed(lambda connection: events(connection, query))

    async def last_event_id(self) -> int:
        return await self._read_committed(last_event_id)

    async def history(self, site_id: str, from_s: float, to_s: float, granularity_s: int) -> list[HistoryBucket]:
        return await self._read(lambda connection: history(connection, site_id, from_s, to_s, granularity_s))

    async def current_minute(self, site_id: str, minute_start_s: int) -> MinuteRecord | None:
        return await self._read(lambda connection: current_minute(connection, site_id, minute_start_s))


def load_site(connection: Connection, site_id: str, now: Moment) -> list[Row]:
    """The rows from which State.restored makes the site; empty if it was never stored.

    A charge point that was forgotten has no declaration; whatever was written of it since is left out.
    """
    of_site = (tables.sites.c.site_id == site_id, tables.sites.c.origin != REMOVED)
    site = connection.execute(select(tables.sites.c.data).where(*of_site)).scalar()
    if site is None:
        return []
    declared = [rows.charge_point_settings(data, now) for data in _declared(connection, site_id)]
    loaded: list[Row] = [rows.site_settings(site, now), *declared]
    configured = select(tables.smart_charging.c.data).where(tables.smart_charging.c.site_id == site_id)
    loaded += (rows.smart_charging(data, now) for data in connection.execute(configured).scalars())
    for table, decode in _DECODERS:
        loaded += (decode(data, now) for data in _of_declared(connection, table, site_id))
    for settings in declared:
        loaded += _remembered(connection, site_id, settings.charge_point_id)
    loaded += _ceilings(connection, site_id, now)
    return [*loaded, *standing_alarms(connection, site_id)]


_DECODERS: tuple[tuple[Table, Callable[[Any, Moment], Row]], ...] = (
    (tables.charge_points, rows.charge_point),
    (tables.connectors, rows.connector),
    (tables.meter_readings, rows.meter_reading),
    (tables.connector_limits, rows.connector_limits),
)


def _declared(connection: Connection, site_id: str) -> Iterable[Any]:
    table = tables.charge_point_settings
    return connection.execute(
        select(table.c.data).where(table.c.site_id == site_id, table.c.origin != REMOVED).order_by(table.c.position)
    ).scalars()


def _of_declared(connection: Connection, table: Table, site_id: str) -> Iterable[Any]:
    declared = tables.charge_point_settings
    same = (declared.c.site_id == table.c.site_id) & (declared.c.charge_point_id == table.c.charge_point_id)
    wanted = select(table.c.data).join(declared, same).where(table.c.site_id == site_id, declared.c.origin != REMOVED)
    return connection.execute(wanted.order_by(declared.c.position, *table.primary_key)).scalars()


def _ceilings(connection: Connection, site_id: str, now: Moment) -> Iterator[Row]:
    """What the site draws besides, and the temporary limits that are not over for long."""
    load = connection.execute(select(tables.site_loads.c.data).where(tables.site_loads.c.site_id == site_id)).scalar()
    if load is not None:
        yield rows.site_load(load, now)
    table = tables.temporary_limits
    until_s = table.c.valid_until_s
    recent = until_s.is_(None) | (until_s > now.utc_s - LIMITS_REMEMBERED_S)
    limits = select(table.c.data).where(table.c.site_id == site_id, recent).order_by(*table.primary_key)
    for data in connection.execute(limits).scalars():
        yield rows.temporary_limit(data, now)


def _remembered(connection: Connection, site_id: str, charge_point_id: str) -> Iterator[Transaction]:
    """Running transactions, and as many ended ones as State keeps."""
    table = tables.transactions
    for active, limit in ((True, None), (False, REMEMBERED_TRANSACTIONS)):
        statement = (
            select(table)
            .where(table.c.site_id == site_id, table.c.charge_point_id == charge_point_id, table.c.active == active)
            .order_by(table.c.session_id.desc())
            .limit(limit)
        )
        for found in connection.execute(statement).mappings():
            yield rows.transaction(found)


def site_ids(connection: Connection) -> list[str]:
    """In alphabetical order."""
    return list(connection.execute(select(tables.sites.c.site_id).order_by(tables.sites.c.site_id)).scalars())


def origins(connection: Connection, site_id: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, table in (("site", tables.sites), ("smart_charging", tables.smart_charging)):
        origin = connection.execute(select(table.c.origin).where(table.c.site_id == site_id)).scalar()
        if origin is not None:
            found[key] = origin
    table = tables.charge_point_settings
    declared = select(table.c.charge_point_id, table.c.origin).where(table.c.site_id == site_id)
    for charge_point_id, origin in connection.execute(declared.order_by(table.c.position)):
        found[f"charge_point/{charge_point_id}"] = origin
    return found


def sessions(connection: Connection, query: SessionQuery) -> SessionPage:
    counted = select(func.count()).select_from(tables.transactions).where(*_conditions(query))
    found = connection.execute(session_page(query)).mappings().all()
    items = tuple(rows.transaction(row) for row in found)
    return SessionPage(items, tuple(row["site_id"] for row in found), connection.execute(counted).scalar_one())


def session_page(query: SessionQuery) -> Select[Any]:
    """Newest first: by start, or by end where the start is not known."""
    table = tables.transactions
    return (
        select(table)
        .where(*_conditions(query))
        .order_by(table.c.at_s.desc(), table.c.session_id.desc())
        .limit(query.limit)
        .offset(query.offset)
    )


def _conditions(query: SessionQuery) -> Iterator[ColumnElement[bool]]:
    column = tables.transactions.c
    if query.site_id is not None:
        yield column.site_id == query.site_id
    if query.charge_point_id is not None:
        yield column.charge_point_id == query.charge_point_id
    if query.active is not None:
        yield column.active == query.active
    if query.from_s is not None:
        yield column.at_s >= query.from_s
    if query.to_s is not None:
        yield column.at_s < query.to_s


def history(
    connection: Connection, site_id: str, from_s: float, to_s: float, granularity_s: int
) -> list[HistoryBucket]:
    """Buckets that begin at multiples of the granularity; those in which nothing was recorded are left out."""
    table = tables.history_minutes
    minutes = (
        select(table, (table.c.minute_start_s - table.c.minute_start_s % granularity_s).label("period_start_s"))
        .where(
            table.c.site_id == site_id,
            table.c.minute_start_s >= from_s // MINUTE_S * MINUTE_S,
            table.c.minute_start_s < to_s,
            table.c.covered_s > 0,
        )
        .subquery()
    )
    buckets = (
        select(
            minutes.c.period_start_s,
            func.sum(minutes.c.covered_s),
            func.sum(minutes.c.allocated_ws),
            func.sum(minutes.c.actual_ws),
            func.max(minutes.c.max_active),
            func.sum(minutes.c.budget_ws) / func.sum(minutes.c.covered_s).filter(minutes.c.budget_ws.is_not(None)),
            func.min(minutes.c.lowest_budget_w),
        )
        .group_by(minutes.c.period_start_s)
        .order_by(minutes.c.period_start_s)
    )
    return [
        HistoryBucket(
            start_s,
            round(allocated_ws / covered_s),
            round(actual_ws / covered_s),
            active,
            None if budget_w is None else round(budget_w),
            lowest_w,
        )
        for start_s, covered_s, allocated_ws, actual_ws, active, budget_w, lowest_w in connection.execute(buckets)
    ]


def current_minute(connection: Connection, site_id: str, minute_start_s: int) -> MinuteRecord | None:
    table = tables.history_minutes
    this = select(table).where(table.c.site_id == site_id, table.c.minute_start_s == minute_start_s)
    found = connection.execute(this).mappings().one_or_none()
    return None if found is None else rows.minute(found)
