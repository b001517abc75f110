"""The tables. A column of its own has what is queried; the rest of a row is JSON in `data`.

State tables hold the last version of each row of domain.state.Row; `events` is the record of how it came to that.
Every table says which site a row belongs to, so that a site can be moved to another store.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Index, Integer, MetaData, String, Table

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})

_SERIAL = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only columns of the type INTEGER

events = Table(
    "events",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("site_id", String, nullable=False),
    Column("at_utc_s", Double, nullable=False),
    Column("type", String, nullable=False),
    Column("charge_point_id", String),
    Column("data", JSON, nullable=False),
    Index(None, "site_id", "at_utc_s"),
    Index(None, "charge_point_id", "id"),
    sqlite_autoincrement=True,  # else SQLite would give the numbers of deleted events again
)

meter_samples = Table(
    "meter_samples",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("site_id", String, nullable=False),
    Column("charge_point_id", String, nullable=False),
    Column("connector_id", Integer, nullable=False),
    Column("at_utc_s", Double, nullable=False),
    Column("measured_at_s", Double, nullable=False),
    Column("transaction_id", String),
    Column("power_w", Double),
    Column("source", String),
    Column("energy_wh", Double),
    Index(None, "site_id", "at_utc_s"),
    sqlite_autoincrement=True,
)

history_minutes = Table(
    "history_minutes",
    metadata,
    Column("site_id", String, primary_key=True),
    Column("minute_start_s", BigInteger, primary_key=True, autoincrement=False),
    Column("covered_s", Double, nullable=False),
    Column("allocated_ws", Double, nullable=False),
    Column("actual_ws", Double, nullable=False),
    Column("max_active", Integer, nullable=False),
)

sequences = Table(
    "sequences",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

sites = Table(
    "sites",
    metadata,
    Column("site_id", String, primary_key=True),
    Column("origin", String, nullable=False),
    Column("data", JSON, nullable=False),
)

smart_charging = Table(
    "smart_charging",
    metadata,
    Column("site_id", String, primary_key=True),
    Column("origin", String, nullable=False),
    Column("data", JSON, nullable=False),
)

charge_point_settings = Table(
    "charge_point_settings",
    metadata,
    Column("site_id", String, primary_key=True),
    Column("charge_point_id", String, primary_key=True),
    Column("position", BigInteger, nullable=False),  # in the order of first declaration
    Column("origin", String, nullable=False),
    Column("data", JSON, nullable=False),
)

charge_points = Table(
    "charge_points",
    metadata,
    Column("site_id", String, primary_key=True),
    Column("charge_point_id", String, primary_key=True),
    Column("data", JSON, nullable=False),
)


def _connector_table(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("site_id", String, primary_key=True),
        Column("charge_point_id", String, primary_key=True),
        Column("connector_id", Integer, primary_key=True, autoincrement=False),
        Column("data", JSON, nullable=False),
    )


connectors = _connector_table("connectors")
meter_readings = _connector_table("meter_readings")
connector_limits = _connector_table("connector_limits")

transactions = Table(
    "transactions",
    metadata,
    Column("session_id", BigInteger, primary_key=True, autoincrement=False),
    Column("site_id", String, nullable=False),
    Column("transaction_id", String, nullable=False),
    Column("charge_point_id", String, nullable=False),
    Column("connector_id", Integer, nullable=False),
    Column("id_token", String),
    Column("started_at_s", Double),
    Column("start_key", String, nullable=False),
    Column("ended_at_s", Double),
    Column("energy_wh", Double),
    Column("register_wh", Double),
    Column("stop_reason", String),
    Column("orphan", Boolean, nullable=False),
    # Two that follow from the others, for the indexes: what sessions are sorted by, and whether this one runs.
    Column("at_s", Double, nullable=False),
    Column("active", Boolean, nullable=False),
    Index(None, "at_s", "session_id"),
    Index(None, "active", "at_s", "session_id"),
    Index(None, "site_id", "at_s", "session_id"),
    Index(None, "site_id", "active", "at_s", "session_id"),
    Index(None, "charge_point_id", "at_s", "session_id"),
    Index(None, "charge_point_id", "active", "session_id"),
)
