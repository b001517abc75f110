"""History: the budget of each minute. Of minutes that are on record already it is not known, and stays null.

The decisions on record have their budget, but fill no minutes: one is recorded where it sends limits, so that between
two of them the budget may have changed and come back.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("history_minutes", sa.Column("budget_ws", sa.Double(), nullable=True))
    op.add_column("history_minutes", sa.Column("lowest_budget_w", sa.BigInteger(), nullable=True))
