"""What all tests share: a new database in memory gets its tables at once, and not by one migration after the other
(those are tested on files, tests/csms/store); and no test leaves its way of logging to the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import Connection

from csms.store import database


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A program that is run inside a test logs to a stream that is closed after it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True, scope="session")
def _tables_at_once() -> Iterator[None]:
    migrate = database.migrate
    statements, version = _migrated()

    def make(connection: Connection) -> None:
        in_memory = connection.engine.url.database in (None, "", ":memory:")
        if not in_memory or connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one():
            migrate(connection)
            return
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (version,))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "migrate", make)
        yield


def _migrated() -> tuple[list[str], str]:
    """The statements that make the tables, and the version they are of."""
    engine = database.open_engine(None, begin="BEGIN")
    with engine.begin() as connection:
        database.migrate(connection)
        made = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        statements = list(connection.exec_driver_sql(made).scalars())
        version: str = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    engine.dispose()
    return statements, version
