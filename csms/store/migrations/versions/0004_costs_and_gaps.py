"""Sessions: what they cost, how they began, and how many messages about them never came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("transactions", sa.Column("missing_events", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("transactions", sa.Column("trigger_reason", sa.String(), nullable=True))
    op.add_column("transactions", sa.Column("remote_start_id", sa.BigInteger(), nullable=True))
    op.add_column("transactions", sa.Column("cost", sa.Double(), nullable=True))
    op.add_column("transactions", sa.Column("currency", sa.String(), nullable=True))
