"""Alarms as they are read back: those that stand, and the record of those that were cleared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from csms.domain.alarms import Alarm
from csms.domain.queries import AlarmPage, AlarmQuery
from csms.store import rows, tables


def alarms(connection: Connection, query: AlarmQuery) -> AlarmPage:
    counted = select(func.count()).select_from(tables.alarms).where(*_conditions(query))
    found = connection.execute(alarm_page(query))
    items = tuple((site_id, rows.alarm(data)) for site_id, data in found)
    return AlarmPage(items, connection.execute(counted).scalar_one())


def standing_alarms(connection: Connection, site_id: str) -> list[Alarm]:
    """In the order in which they were raised."""
    column = tables.alarms.c
    of_site = select(column.data).where(column.site_id == site_id, column.standing == True)  # noqa: E712  SQL
    found = connection.execute(of_site.order_by(column.raised_at_s, column.alarm_id))
    return [rows.alarm(data) for data in found.scalars()]


def alarm_page(query: AlarmQuery) -> Select[Any]:
    """Newest first."""
    column = tables.alarms.c
    return (
        select(column.site_id, column.data)
        .where(*_conditions(query))
        .order_by(column.raised_at_s.desc(), column.alarm_id.desc())
        .limit(query.limit)
        .offset(query.offset)
    )


def _conditions(query: AlarmQuery) -> Iterator[ColumnElement[bool]]:
    column = tables.alarms.c
    if query.site_id is not None:
        yield column.site_id == query.site_id
    if query.standing is not None:
        yield column.standing == query.standing
    if query.from_s is not None:
        yield column.raised_at_s >= query.from_s
    if query.to_s is not None:
        yield column.raised_at_s < query.to_s
