"""INSERT ... ON CONFLICT, which the databases we know spell alike and SQLAlchemy keeps per dialect."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

_INSERT: dict[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert_or(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    """An INSERT to which `on_conflict_do_update` can be added."""
    return _INSERT[dialect](table)
