"""What is kept for how long, and how the rest goes: in steps so small that no writer waits for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, select, true

from csms.domain.model import Moment
from csms.store import tables
from csms.store.queries import site_ids

_DAY_S = 86_400.0

METER_SAMPLES_KEPT_S = 30 * _DAY_S
"""Samples are for looking into last night's trouble or last month's complaint; they are most of what is written."""

HISTORY_KEPT_S = 400 * _DAY_S
"""A year, and the month needed to compare with the same month a year ago."""

EVENTS_KEPT_S = 400 * _DAY_S
"""As long as the history, so that everything in it can still be explained."""

STEP_ROWS = 500
"""Rows deleted in one transaction: a few milliseconds."""

INTERVAL_S = 3600.0
PAUSE_S = 0.05
"""Between two steps, so that they leave most of the disk's time to others."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long to keep what only grows. `now` is asked at each step.

    What a site's meter reports every few seconds goes with the meter samples, though it is among the events.
    """

    now: Callable[[], Moment]
    meter_samples_s: float = METER_SAMPLES_KEPT_S
    history_s: float = HISTORY_KEPT_S
    events_s: float = EVENTS_KEPT_S

    def delete_step(self, connection: Connection) -> bool:
        """Delete about STEP_ROWS rows that are too old, in the caller's transaction; whether there may be more."""
        if any(_delete(connection, *too_old) for too_old in self._tables()):
            return True
        return _delete_records(connection, tables.commands, self.now().utc_s - self.events_s)

    def _tables(self) -> Iterator[tuple[Table, str, float, ColumnElement[bool]]]:
        now_s = self.now().utc_s
        yield tables.meter_samples, "at_utc_s", now_s - self.meter_samples_s, true()
        yield tables.events, "at_utc_s", now_s - self.meter_samples_s, tables.SITE_LOADS
        yield tables.history_minutes, "minute_start_s", now_s - self.history_s, true()
        yield tables.events, "at_utc_s", now_s - self.events_s, true()
        yield tables.temporary_limits, "valid_until_s", now_s - self.events_s, true()
        yield tables.alarms, "cleared_at_s", now_s - self.events_s, true()


def _delete(
    connection: Connection, table: Table, time_column: str, before_s: float, which: ColumnElement[bool]
) -> bool:
    """Site by site, because every table has an index on site and time."""
    time = table.c[time_column]
    for site_id in site_ids(connection):
        of_site = (table.c.site_id == site_id, which)
        too_old = select(time).where(*of_site, time < before_s).order_by(time).limit(STEP_ROWS)
        times = connection.execute(too_old).scalars().all()
        if times:
            connection.execute(table.delete().where(*of_site, time <= times[-1]))
            return True
    return False


def _delete_records(connection: Connection, table: Table, before_s: float) -> bool:
    """Records belong to no site; they are indexed by time alone."""
    time = table.c.at_s
    too_old = select(time).where(time < before_s).order_by(time).limit(STEP_ROWS)
    times = connection.execute(too_old).scalars().all()
    if times:
        connection.execute(table.delete().where(time <= times[-1]))
    return bool(times)
