"""The tables. A column of its own has what is queried; the rest of a row is JSON in `data`.

State tables hold the last version of each row of domain.state.Row; `events` is the record of how it came to that.
Every table says which site a row belongs to, so that a site can be moved to another store.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    literal_column,
    or_,
)

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
    Column("limit_id", BigInteger),
    Column("decision_id", BigInteger),
    Index(None, "site_id", "at_utc_s"),
    Index(None, "charge_point_id", "id"),
    sqlite_autoincrement=True,  # else SQLite would give the numbers of deleted events again
)


def _is(kind: str) -> ColumnElement[bool]:
    """Of this type, spelled as in a partial index: no database matches one with a parameter."""
    return events.c.type == literal_column(f"'{kind}'")


MADE = _is("DecisionMade")
"""Events that are decisions."""

ISSUED = _is("LimitIssued")
"""Events that are limits sent."""

SITE_LOADS = _is("SiteLoadReported")
"""Events that are readings of a site's meter."""

LEADS = or_(MADE, and_(ISSUED, events.c.decision_id.is_(None)))
"""Events that decided limits, or stand for the decision where none was kept."""


def _partial_index(name: str, where: ColumnElement[bool], *columns: Column[Any]) -> Index:
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


_c = events.c
_partial_index("ix_events_of_limit", _c.limit_id.is_not(None), _c.site_id, _c.limit_id)
_partial_index("ix_events_of_decision", _c.decision_id.is_not(None), _c.site_id, _c.decision_id, _c.charge_point_id)
_partial_index("ix_events_leads", LEADS, _c.site_id, _c.at_utc_s, _c.decision_id)
_partial_index("ix_events_issued", ISSUED, _c.site_id, _c.charge_point_id, _c.at_utc_s, _c.decision_id)
_partial_index("ix_events_site_loads", SITE_LOADS, _c.site_id, _c.at_utc_s)

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
    Column("currents_a", JSON(none_as_null=True)),
    Index(None, "site_id", "at_utc_s"),
    Index(None, "site_id", "charge_point_id", "connector_id", "at_utc_s"),
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
    Column("budget_ws", Double),
    Column("lowest_budget_w", BigInteger),
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

temporary_limits = Table(
    "temporary_limits",
    metadata,
    Column("site_id", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("valid_from_s", Double, primary_key=True),
    Column("valid_until_s", Double),
    Column("data", JSON, nullable=False),
    Index(None, "site_id", "valid_until_s"),
)

FROM_ARRIVAL_S = -1e12
"""`valid_from_s` of a temporary limit without one: a key cannot be NULL, and this is before every time there is."""

site_loads = Table(
    "site_loads",
    metadata,
    Column("site_id", String, primary_key=True),
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
    Column("missing_events", BigInteger, nullable=False, server_default="0"),
    Column("trigger_reason", String),
    Column("remote_start_id", BigInteger),
    Column("cost", Double),
    Column("currency", String),
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

alarms = Table(
    "alarms",
    metadata,
    Column("alarm_id", BigInteger, primary_key=True, autoincrement=False),
    Column("site_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("raised_at_s", Double, nullable=False),
    Column("cleared_at_s", Double),
    Column("standing", Boolean, nullable=False),  # follows from `cleared_at_s`, for the indexes
    Column("data", JSON, nullable=False),
    Index(None, "raised_at_s", "alarm_id"),
    Index(None, "standing", "raised_at_s", "alarm_id"),
    Index(None, "site_id", "raised_at_s", "alarm_id"),
    Index(None, "site_id", "standing", "raised_at_s", "alarm_id"),
    Index(None, "site_id", "cleared_at_s"),
)


def _record_table(name: str, key: dict[str, type[String | BigInteger]], **queried: Any) -> Table:
    """A table of records: the key, what is queried, and the rest as JSON."""
    return Table(
        name,
        metadata,
        *(Column(column, kind, primary_key=True, autoincrement=False) for column, kind in key.items()),
        *(Column(column, kind) for column, kind in queried.items()),
        Column("data", JSON, nullable=False),
    )


id_tokens = _record_table("id_tokens", {"id_token": String}, group_id=String, status=String)
told = _record_table("told", {"charge_point_id": String, "kind": String, "name": String})
commands = _record_table("commands", {"command_id": BigInteger}, charge_point_id=String, at_s=Double)
api_keys = _record_table("api_keys", {"name": String})
webhooks = _record_table("webhooks", {"webhook_id": String})
deliveries = _record_table("deliveries", {"delivery_id": BigInteger}, webhook_id=String, state=String, due_at_s=Double)
audit = _record_table("audit", {"audit_id": BigInteger}, at_s=Double, subject=String)

Index("ix_id_tokens_group_id", id_tokens.c.group_id)
Index("ix_commands_charge_point_id_command_id", commands.c.charge_point_id, commands.c.command_id)
Index("ix_commands_at_s", commands.c.at_s)
Index("ix_deliveries_state_due_at_s", deliveries.c.state, deliveries.c.due_at_s)
Index("ix_deliveries_webhook_id_delivery_id", deliveries.c.webhook_id, deliveries.c.delivery_id)
Index("ix_audit_at_s", audit.c.at_s)
