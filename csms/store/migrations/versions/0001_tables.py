"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _events()
    _history()
    _declarations()
    _run_time()
    _transactions()


def _events() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "events",
        sa.Column("id", serial, autoincrement=True, nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("at_utc_s", sa.Double(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("charge_point_id", sa.String(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_site_id_at_utc_s", "events", ["site_id", "at_utc_s"])
    op.create_index("ix_events_charge_point_id_id", "events", ["charge_point_id", "id"])
    op.create_table(
        "meter_samples",
        sa.Column("id", serial, autoincrement=True, nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("charge_point_id", sa.String(), nullable=False),
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("at_utc_s", sa.Double(), nullable=False),
        sa.Column("measured_at_s", sa.Double(), nullable=False),
        sa.Column("transaction_id", sa.String(), nullable=True),
        sa.Column("power_w", sa.Double(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("energy_wh", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_meter_samples"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_meter_samples_site_id_at_utc_s", "meter_samples", ["site_id", "at_utc_s"])


def _history() -> None:
    op.create_table(
        "history_minutes",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("minute_start_s", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("covered_s", sa.Double(), nullable=False),
        sa.Column("allocated_ws", sa.Double(), nullable=False),
        sa.Column("actual_ws", sa.Double(), nullable=False),
        sa.Column("max_active", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "minute_start_s", name="pk_history_minutes"),
    )
    op.create_table(
        "sequences",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sequences"),
    )


def _declarations() -> None:
    for name in ("sites", "smart_charging"):
        op.create_table(
            name,
            sa.Column("site_id", sa.String(), nullable=False),
            sa.Column("origin", sa.String(), nullable=False),
            sa.Column("data", sa.JSON(), nullable=False),
            sa.PrimaryKeyConstraint("site_id", name=f"pk_{name}"),
        )
    op.create_table(
        "charge_point_settings",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("charge_point_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "charge_point_id", name="pk_charge_point_settings"),
    )


def _run_time() -> None:
    op.create_table(
        "charge_points",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("charge_point_id", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "charge_point_id", name="pk_charge_points"),
    )
    for name in ("connectors", "meter_readings", "connector_limits"):
        op.create_table(
            name,
            sa.Column("site_id", sa.String(), nullable=False),
            sa.Column("charge_point_id", sa.String(), nullable=False),
            sa.Column("connector_id", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("data", sa.JSON(), nullable=False),
            sa.PrimaryKeyConstraint("site_id", "charge_point_id", "connector_id", name=f"pk_{name}"),
        )


def _transactions() -> None:
    op.create_table(
        "transactions",
        sa.Column("session_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("transaction_id", sa.String(), nullable=False),
        sa.Column("charge_point_id", sa.String(), nullable=False),
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("id_token", sa.String(), nullable=True),
        sa.Column("started_at_s", sa.Double(), nullable=True),
        sa.Column("start_key", sa.String(), nullable=False),
        sa.Column("ended_at_s", sa.Double(), nullable=True),
        sa.Column("energy_wh", sa.Double(), nullable=True),
        sa.Column("register_wh", sa.Double(), nullable=True),
        sa.Column("stop_reason", sa.String(), nullable=True),
        sa.Column("orphan", sa.Boolean(), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_transactions"),
    )
    for columns in (
        ["at_s", "session_id"],
        ["active", "at_s", "session_id"],
        ["site_id", "at_s", "session_id"],
        ["site_id", "active", "at_s", "session_id"],
        ["charge_point_id", "at_s", "session_id"],
        ["charge_point_id", "active", "session_id"],
    ):
        op.create_index(f"ix_transactions_{'_'.join(columns)}", "transactions", columns)
