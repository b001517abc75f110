"""What waits to be written, and how a batch of it becomes statements. The statements know no loop and no thread."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table

from csms.domain.events import Event, MeterValuesReceived
from csms.domain.history import MinuteRecord
from csms.domain.state import Row
from csms.store import tables
from csms.store.rows import RowKey, Values, Write, event_values, minute_write, row_write, sample_values
from csms.store.sequences import raise_sequences
from csms.store.upsert import append_rows, put_rows

_FORGOTTEN_TABLES = (
    tables.charge_point_settings,
    tables.charge_points,
    tables.connectors,
    tables.meter_readings,
    tables.connector_limits,
)
_FORGOTTEN_NAMES = frozenset(table.name for table in _FORGOTTEN_TABLES)


@dataclass(slots=True)
class Batch:
    """Writes of one transaction: events in their order, of each row its last version only.

    `forgotten` (site, charge point) are removed before any row is written. `sequences` are numbers to reserve.
    """

    forgotten: list[tuple[str, str]] = field(default_factory=list)
    events: list[Values] = field(default_factory=list)
    samples: list[Values] = field(default_factory=list)
    rows: dict[RowKey, Write] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.forgotten or self.events or self.samples or self.rows or self.sequences)

    def put(self, writes: Iterable[Write]) -> None:
        self.rows.update((write.key, write) for write in writes)

    def drop(self, site_id: str, charge_point_id: str) -> None:
        """Forget the state rows of a charge point that wait here."""
        self.rows = {
            key: write
            for key, write in self.rows.items()
            if key[0] not in _FORGOTTEN_NAMES or key[1][:2] != (site_id, charge_point_id)
        }


class Queue:
    """What waits to be written: some of it urgently, with a future each, the rest behind.

    A row waits at most once in each half; the version behind is always the later one.
    """

    def __init__(self) -> None:
        self._urgent = Batch()
        self._behind = Batch()
        self._futures: list[asyncio.Future[None]] = []

    @property
    def urgent(self) -> bool:
        return bool(self._futures or self._urgent)

    @property
    def behind(self) -> bool:
        return bool(self._behind)

    def append(
        self, site_id: str, event: Event, rows: Sequence[Row], origin: str, future: asyncio.Future[None]
    ) -> None:
        """Raises Unstorable, with nothing queued."""
        values = event_values(site_id, event)
        writes = [row_write(site_id, row, origin) for row in rows]
        self._urgent.events.append(values)
        self._urgent.put(writes)
        for write in writes:
            self._behind.rows.pop(write.key, None)
        self._futures.append(future)

    def sample(self, site_id: str, event: Event, rows: Sequence[Row]) -> None:
        """Raises Unstorable, with nothing queued."""
        writes = [row_write(site_id, row, "ocpp") for row in rows]
        if isinstance(event, MeterValuesReceived):
            self._behind.samples.append(sample_values(site_id, event, rows))
        else:
            self._behind.events.append(event_values(site_id, event))
        self._behind.put(writes)

    def record_minute(self, site_id: str, record: MinuteRecord) -> None:
        """Raises Unstorable, with nothing queued."""
        self._behind.put([minute_write(site_id, record)])

    def reserve(self, sequence: str, value: int) -> None:
        self._urgent.sequences[sequence] = value

    def forget(self, site_id: str, charge_point_id: str, future: asyncio.Future[None]) -> None:
        for half in (self._urgent, self._behind):
            half.drop(site_id, charge_point_id)
        self._urgent.forgotten.append((site_id, charge_point_id))
        self._futures.append(future)

    def barrier(self, future: asyncio.Future[None]) -> None:
        """A future that is done after everything queued before it, whatever is behind included."""
        self._futures.append(future)

    def take(self, *, behind: bool) -> tuple[Batch, list[asyncio.Future[None]]]:
        """Everything urgent, and what is behind if asked for; the futures in the order of their queueing."""
        batch, futures = self._urgent, self._futures
        self._urgent, self._futures = Batch(), []
        if behind:
            batch.events += self._behind.events
            batch.samples += self._behind.samples
            batch.rows |= self._behind.rows
            self._behind = Batch()
        return batch, futures


def write_batch(connection: Connection, batch: Batch) -> None:
    """Write it all within the caller's transaction."""
    for site_id, charge_point_id in batch.forgotten:
        for table in _FORGOTTEN_TABLES:
            of_this = (table.c.site_id == site_id) & (table.c.charge_point_id == charge_point_id)
            connection.execute(table.delete().where(of_this))
    raise_sequences(connection, batch.sequences)
    append_rows(connection, tables.events, batch.events)
    append_rows(connection, tables.meter_samples, batch.samples)
    for table, rows in _by_table(batch.rows.values()).items():
        put_rows(connection, table, rows)


def _by_table(writes: Iterable[Write]) -> dict[Table, list[Values]]:
    found: dict[Table, list[Values]] = {}
    for write in writes:
        found.setdefault(write.table, []).append(write.values)
    return found
