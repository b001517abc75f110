"""Alembic's environment; revisions are in `versions`."""
