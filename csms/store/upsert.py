"""Rows into tables: INSERT, or INSERT ... ON CONFLICT, which the databases we know spell alike.

SQLAlchemy says it once per table; the rows of a batch then go to the driver as they are, because to bind each of them
anew costs three times what the database takes to store it (benchmarks/messages.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import JSON, Connection, Table, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

_INSERT: dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}

Row = dict[str, Any]
"""Column name -> value, JSON columns not encoded yet."""


def insert_or(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    """An INSERT to which `on_conflict_do_update` can be added."""
    return _INSERT[dialect](table)


def append_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that all have the same columns."""
    _execute(connection, table, rows, replace=False)


def put_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that all have the same columns, or replace what is not their key."""
    if "position" in table.c:  # computed by the database: only declarations have it, and those are rare
        connection.execute(_upsert(table, connection.dialect.name), rows)
    else:
        _execute(connection, table, rows, replace=True)


def _execute(connection: Connection, table: Table, rows: Sequence[Row], *, replace: bool) -> None:
    if rows:
        statement = _statement(table, connection.dialect.name, tuple(rows[0]), replace)
        connection.exec_driver_sql(statement.sql, statement.bound(rows))


@dataclass(frozen=True, slots=True)
class _Statement:
    """The text, and how a row becomes its parameters."""

    sql: str
    values: Callable[[Row], tuple[Any, ...]]
    json: tuple[str, ...]

    def bound(self, rows: Iterable[Row]) -> list[tuple[Any, ...]]:
        return [self.values({**row, **{name: _json(row[name]) for name in self.json}}) for row in rows]


def _json(value: object) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


@cache
def _statement(table: Table, dialect: str, names: tuple[str, ...], replace: bool) -> _Statement:
    statement = _upsert(table, dialect) if replace else insert(table)
    compiled = statement.compile(dialect=_DIALECTS[dialect](), column_keys=list(names))
    ordered: Sequence[str] = compiled.positiontup or ()
    return _Statement(
        str(compiled), itemgetter(*ordered), tuple(n for n in ordered if isinstance(table.c[n].type, JSON))
    )


_DIALECTS: dict[str, Callable[[], Any]] = {"sqlite": sqlite.dialect}


@cache
def _upsert(table: Table, dialect: str) -> Any:
    statement = insert_or(table, dialect)
    keys = [column.name for column in table.primary_key]
    if "position" in table.c:
        following = select(func.coalesce(func.max(table.c.position), 0) + 1).scalar_subquery()
        statement = statement.values(position=following)
    replaced = [column.name for column in table.c if column.name not in (*keys, "position")]
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in replaced}
    )
