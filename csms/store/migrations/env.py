"""Alembic runs this file. The connection comes from `csms.store.database.migrate`; logging is not configured here."""

from __future__ import annotations

from alembic import context

from csms.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters most of a table only by copying it
)
with context.begin_transaction():
    context.run_migrations()
