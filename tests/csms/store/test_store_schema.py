from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Table, create_engine, make_url
from sqlalchemy.schema import CreateTable

from csms.domain.history import MinuteRecord
from csms.domain.queries import SessionQuery
from csms.store import StoreFailed, SyncStore
from csms.store.database import migrate, sqlite_path
from csms.store.queries import session_page
from csms.store.tables import metadata


async def migrated(path: Path) -> Path:
    await SyncStore.open(f"sqlite:///{path}").close()
    return path


async def test_the_migrations_make_the_tables_that_the_code_expects(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{await migrated(tmp_path / 'csms.db')}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


async def test_minutes_recorded_before_the_budget_was_are_kept_and_have_none(tmp_path: Path) -> None:
    path = tmp_path / "csms.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, "0004")
        assert "budget_ws" not in {row[1] for row in connection.exec_driver_sql("PRAGMA table_info(history_minutes)")}
        recorded = [("s", minute, 60.0, 600_000.0 + minute, 300_000.0, 2) for minute in range(0, 6000, 60)]
        connection.exec_driver_sql("INSERT INTO history_minutes VALUES (?, ?, ?, ?, ?, ?)", recorded)
    store = SyncStore.open(f"sqlite:///{path}")
    store.record_minute("s", MinuteRecord(6000, 60.0, 600_000.0, 300_000.0, 2, 1_200_000.0, 15_000))
    assert await store.current_minute("s", 60) == MinuteRecord(60, 60.0, 600_060.0, 300_000.0, 2)
    *_, before, after = await store.history("s", 0, 7000, 60)
    await store.close()
    assert (before.allocated_w, before.budget_w, before.lowest_budget_w) == (10_099, None, None)
    assert (after.allocated_w, after.budget_w, after.lowest_budget_w) == (10_000, 20_000, 15_000)
    with engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT * FROM history_minutes WHERE minute_start_s < 6000")
        assert [tuple(row) for row in kept] == [(*row, None, None) for row in recorded]
    engine.dispose()


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = await migrated(tmp_path / "csms.db")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(StoreFailed, match="newer version"):
        SyncStore.open(f"sqlite:///{path}")


def test_what_is_not_a_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "csms.db"
    path.write_text("a letter to the operator " * 10)
    with pytest.raises(StoreFailed, match="not a database"):
        SyncStore.open(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (SessionQuery(), "ix_transactions_at_s_session_id"),
        (SessionQuery(active=True), "ix_transactions_active_at_s_session_id"),
        (SessionQuery(site_id="s"), "ix_transactions_site_id_at_s_session_id"),
        (SessionQuery(site_id="s", active=False), "ix_transactions_site_id_active_at_s_session_id"),
        (SessionQuery(site_id="s", from_s=1.0, to_s=2.0), "ix_transactions_site_id_at_s_session_id"),
        (SessionQuery(charge_point_id="a"), "ix_transactions_charge_point_id_at_s_session_id"),
    ],
)
async def test_the_newest_sessions_are_read_from_an_index_without_sorting(
    tmp_path: Path, query: SessionQuery, index: str
) -> None:
    engine = create_engine(f"sqlite:///{await migrated(tmp_path / 'csms.db')}")
    statement = session_page(query).compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as connection:
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
    engine.dispose()
    assert len(plan) == 1
    assert f"USING INDEX {index} " in plan[0] + " "


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_the_tables_can_be_made_on_postgresql(table: Table) -> None:
    postgres = make_url("postgresql+psycopg://").get_dialect()()
    assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgres))


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite+aiosqlite:///csms.db", Path("csms.db")),
        ("sqlite:////var/lib/csms.db", Path("/var/lib/csms.db")),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
    ],
)
def test_a_url_names_a_file_with_or_without_a_driver(url: str, path: Path | None) -> None:
    assert sqlite_path(url) == path


@pytest.mark.parametrize("url", ["postgresql://localhost/csms", "sqlite:///csms.db?mode=ro"])
def test_a_url_that_is_not_supported_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="storage url"):
        sqlite_path(url)
