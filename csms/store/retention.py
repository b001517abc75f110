"""What is kept for how long, and how the rest goes: in steps so small that no writer waits for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, select, true

from csms.domain.model import Moment
from csms.store import tables
from csms.store.queries import site_ids

_DAY_S = 86_400.0

STEP_ROWS = 500
"""Rows deleted in one transaction: a few milliseconds."""

INTERVAL_S = 3600.0
PAUSE_S = 0.05
"""Between two steps, so that they leave most of the disk's time to others."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long to keep what only grows. `now` is asked at each step.

    Samples are for looking into last night's trouble or last month's complaint, and are most of what is written; what
    a site's meter reports every few seconds goes with them, though it is among the events. History is kept for a year
    and the month needed to compare with the same month a year ago; events as long, so that everything in it can still
    be explained. A delivery to a webhook is a copy of an event, and of interest while its receiver is looked into.
    """

    now: Callable[[], Moment]
    meter_samples_days: float = 30
    history_days: float = 400
    events_days: float = 400
    commands_days: float = 400
    audit_days: float = 400
    deliveries_days: float = 7

    def delete_step(self, connection: Connection) -> bool:
        """Delete about STEP_ROWS rows that are too old, in the caller's transaction; whether there may be more."""
        return any(_delete_of_sites(connection, *rows) for rows in self._of_sites()) or any(
            _delete(connection, *rows) for rows in self._of_all()
        )

    def _of_sites(self) -> Iterator[tuple[Table, str, float, ColumnElement[bool]]]:
        meter_s, events_s = self._before_s(self.meter_samples_days), self._before_s(self.events_days)
        yield tables.meter_samples, "at_utc_s", meter_s, true()
        yield tables.events, "at_utc_s", meter_s, tables.SITE_LOADS
        yield tables.history_minutes, "minute_start_s", self._before_s(self.history_days), true()
        yield tables.events, "at_utc_s", events_s, true()
        yield tables.temporary_limits, "valid_until_s", events_s, true()
        yield tables.alarms, "cleared_at_s", events_s, true()

    def _of_all(self) -> Iterator[tuple[Table, str, float, ColumnElement[bool]]]:
        """Records, which belong to no site."""
        yield tables.commands, "at_s", self._before_s(self.commands_days), true()
        yield tables.audit, "at_s", self._before_s(self.audit_days), true()
        for ended in ("delivered", "failed"):
            yield (
                tables.deliveries,
                "due_at_s",
                self._before_s(self.deliveries_days),
                tables.deliveries.c.state == ended,
            )

    def _before_s(self, days: float) -> float:
        return self.now().utc_s - days * _DAY_S


def _delete_of_sites(
    connection: Connection, table: Table, time_column: str, before_s: float, which: ColumnElement[bool]
) -> bool:
    """Site by site, because every such table has an index on site and time."""
    ids = site_ids(connection)
    return any(_delete(connection, table, time_column, before_s, table.c.site_id == site, which) for site in ids)


def _delete(
    connection: Connection, table: Table, time_column: str, before_s: float, *which: ColumnElement[bool]
) -> bool:
    time = table.c[time_column]
    too_old = select(time).where(*which, time < before_s).order_by(time).limit(STEP_ROWS)
    times = connection.execute(too_old).scalars().all()
    if times:
        connection.execute(table.delete().where(*which, time <= times[-1]))
    return bool(times)
