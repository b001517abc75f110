"""Temporary limits, the site's other load, alarms; events are found by the limit and the decision they are about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _events()
    _samples()
    _ceilings()
    _alarms()


def _events() -> None:
    op.add_column("events", sa.Column("limit_id", sa.BigInteger(), nullable=True))
    op.add_column("events", sa.Column("decision_id", sa.BigInteger(), nullable=True))
    events = sa.table("events", sa.column("type"), sa.column("limit_id"), sa.column("data", sa.JSON()))
    about_limits = events.c.type.in_(["LimitIssued", "LimitConfirmed", "LimitRejected", "LimitUnanswered"])
    op.execute(events.update().where(about_limits).values(limit_id=events.c.data["limit_id"].as_integer()))
    leads = "type = 'DecisionMade' OR type = 'LimitIssued' AND decision_id IS NULL"
    for name, columns, where in (
        ("ix_events_of_limit", ["site_id", "limit_id"], "limit_id IS NOT NULL"),
        ("ix_events_of_decision", ["site_id", "decision_id", "charge_point_id"], "decision_id IS NOT NULL"),
        ("ix_events_leads", ["site_id", "at_utc_s", "decision_id"], leads),
        ("ix_events_issued", ["site_id", "charge_point_id", "at_utc_s", "decision_id"], "type = 'LimitIssued'"),
        ("ix_events_site_loads", ["site_id", "at_utc_s"], "type = 'SiteLoadReported'"),
    ):
        op.create_index(name, "events", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _samples() -> None:
    op.add_column("meter_samples", sa.Column("currents_a", sa.JSON(), nullable=True))
    columns = ["site_id", "charge_point_id", "connector_id", "at_utc_s"]
    op.create_index(f"ix_meter_samples_{'_'.join(columns)}", "meter_samples", columns)


def _ceilings() -> None:
    op.create_table(
        "temporary_limits",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("valid_from_s", sa.Double(), nullable=False),
        sa.Column("valid_until_s", sa.Double(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "source", "valid_from_s", name="pk_temporary_limits"),
    )
    columns = ["site_id", "valid_until_s"]
    op.create_index(f"ix_temporary_limits_{'_'.join(columns)}", "temporary_limits", columns)
    op.create_table(
        "site_loads",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", name="pk_site_loads"),
    )


def _alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("alarm_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("raised_at_s", sa.Double(), nullable=False),
        sa.Column("cleared_at_s", sa.Double(), nullable=True),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("alarm_id", name="pk_alarms"),
    )
    for columns in (
        ["raised_at_s", "alarm_id"],
        ["standing", "raised_at_s", "alarm_id"],
        ["site_id", "raised_at_s", "alarm_id"],
        ["site_id", "standing", "raised_at_s", "alarm_id"],
        ["site_id", "cleared_at_s"],
    ):
        op.create_index(f"ix_alarms_{'_'.join(columns)}", "alarms", columns)
