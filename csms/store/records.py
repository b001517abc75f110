"""Records <-> rows of their tables, and how they are found. Pure, but for the queries of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, func, select

from csms.domain.authorization import IdToken
from csms.domain.model import Moment
from csms.domain.records import (
    ApiKeyRecord,
    AuditEntry,
    CommandRecord,
    Delivery,
    RecordPage,
    RecordQuery,
    Told,
    Webhook,
)
from csms.store import tables
from csms.store.codec import Json, from_json, to_json, to_object
from csms.store.rows import Write, primary_key

RECORDS: dict[type, Table] = {
    Told: tables.told,
    IdToken: tables.id_tokens,
    CommandRecord: tables.commands,
    ApiKeyRecord: tables.api_keys,
    AuditEntry: tables.audit,
    Webhook: tables.webhooks,
    Delivery: tables.deliveries,
}
"""Where each kind of record lives. Its columns are fields of the record; the rest of it is JSON."""

RecordT = TypeVar("RecordT")


@dataclass(frozen=True, slots=True)
class Removal:
    """One row of one table, to be deleted."""

    table: Table
    key: Mapping[str, Json]


def record_write(record: object) -> Write:
    """Raises Unstorable."""
    table = RECORDS[type(record)]
    columns = {column.name: to_json(getattr(record, column.name)) for column in table.c if column.name != "data"}
    return Write(table, {**columns, "data": to_object(record)})


def removal(kind: type, key: tuple[str | int, ...]) -> Removal:
    """Raises ValueError if the key has another number of parts than the kind's."""
    table = RECORDS[kind]
    return Removal(table, dict(zip(primary_key(table), map(to_json, key), strict=True)))


def find_records(connection: Connection, query: RecordQuery[RecordT]) -> RecordPage[RecordT]:
    table = RECORDS[query.kind]
    conditions = _conditions(table, query)
    key = [table.c[name].desc() if query.newest_first else table.c[name] for name in primary_key(table)]
    wanted = select(table.c.data).where(*conditions).order_by(*key).limit(query.limit).offset(query.offset)
    items = tuple(_decoded(query.kind, data) for data in connection.execute(wanted).scalars())
    if query.limit is None and not query.offset:
        return RecordPage(items, len(items))
    total = connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()
    return RecordPage(items, total)


def _conditions(table: Table, query: RecordQuery[Any]) -> list[ColumnElement[bool]]:
    equal = [
        table.c[name].in_(value) if isinstance(value, (list, tuple)) else table.c[name] == value
        for name, value in query.where.items()
    ]
    below = [table.c[name] < value for name, value in query.below.items()]
    return equal + below + [table.c[name] > value for name, value in query.above.items()]


def _decoded(kind: type[RecordT], data: object) -> RecordT:
    return from_json(kind, data, lambda utc_s: Moment(utc_s, 0.0))
