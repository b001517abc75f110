"""Records beside the state of the sites: id tokens, commands, what charge points told, keys, webhooks, audit."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _table("id_tokens", {"id_token": sa.String}, group_id=sa.String, status=sa.String)
    _table("told", {"charge_point_id": sa.String, "kind": sa.String, "name": sa.String})
    _table("commands", {"command_id": sa.BigInteger}, charge_point_id=sa.String, at_s=sa.Double)
    _table("api_keys", {"name": sa.String})
    _table("webhooks", {"webhook_id": sa.String})
    _table("deliveries", {"delivery_id": sa.BigInteger}, webhook_id=sa.String, state=sa.String, due_at_s=sa.Double)
    _table("audit", {"audit_id": sa.BigInteger}, at_s=sa.Double, subject=sa.String)
    for table, columns in (
        ("id_tokens", ["group_id"]),
        ("commands", ["charge_point_id", "command_id"]),
        ("commands", ["at_s"]),
        ("deliveries", ["state", "due_at_s"]),
        ("deliveries", ["webhook_id", "delivery_id"]),
        ("audit", ["at_s"]),
    ):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)


def _table(name: str, key: dict[str, Any], **queried: Any) -> None:
    op.create_table(
        name,
        *(sa.Column(column, kind(), autoincrement=False, nullable=False) for column, kind in key.items()),
        *(sa.Column(column, kind(), nullable=True) for column, kind in queried.items()),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"),
    )
