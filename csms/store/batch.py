"""What waits to be written, and how a batch of it becomes statements. The statements know no loop and no thread."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Connection, Table

from csms.domain.events import Event, MeterValuesReceived
from csms.domain.history import MinuteRecord
from csms.domain.state import Row
from csms.store import tables
from csms.store.codec import Unstorable
from csms.store.records import Removal, record_write, removal
from csms.store.rows import RowKey, Values, Write, event_values, minute_write, row_key, row_write, sample_values
from csms.store.sequences import raise_sequences
from csms.store.upsert import append_rows, put_rows

log = structlog.get_logger()

_FORGOTTEN_TABLES = (
    tables.charge_point_settings,
    tables.charge_points,
    tables.connectors,
    tables.meter_readings,
    tables.connector_limits,
)
_FORGOTTEN_WITH_A_SITE = (*_FORGOTTEN_TABLES, tables.smart_charging, tables.temporary_limits, tables.site_loads)
_FORGOTTEN_NAMES = frozenset(table.name for table in _FORGOTTEN_TABLES)


@dataclass(slots=True)
class Batch:
    """Writes of one transaction: events in their order, of each row its last version only.

    `forgotten` (site, charge point; None: all the site has) are removed before any row is written, and so are
    `removed` records. `sequences` are numbers to reserve.
    """

    forgotten: list[tuple[str, str | None]] = field(default_factory=list)
    events: list[Values] = field(default_factory=list)
    samples: list[Values] = field(default_factory=list)
    rows: dict[RowKey, Write] = field(default_factory=dict)
    removed: dict[RowKey, Removal] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.forgotten or self.events or self.samples or self.rows or self.removed or self.sequences)

    def __len__(self) -> int:
        """How many rows it writes or removes."""
        appended = len(self.events) + len(self.samples)
        return appended + len(self.rows) + len(self.forgotten) + len(self.removed) + len(self.sequences)

    def put(self, writes: Iterable[Write]) -> None:
        self.rows.update((write.key, write) for write in writes)

    def take_away(self, removals: Iterable[Removal]) -> None:
        for taken in removals:
            key = (taken.table.name, tuple(taken.key.values()))
            self.rows.pop(key, None)
            self.removed[key] = taken

    def drop(self, site_id: str, charge_point_id: str | None) -> None:
        """Forget the state rows of a charge point that wait here; None: of a site."""
        self.rows = {key: write for key, write in self.rows.items() if not _is_of(key, site_id, charge_point_id)}


def _is_of(key: RowKey, site_id: str, charge_point_id: str | None) -> bool:
    """Whether a row is forgotten with this charge point, or with this site."""
    if charge_point_id is None:
        return key[0] in {table.name for table in _FORGOTTEN_WITH_A_SITE} and key[1][0] == site_id
    return key[0] in _FORGOTTEN_NAMES and key[1][:2] == (site_id, charge_point_id)


class Queue:
    """What waits to be written: some of it urgently, with a future each, the rest behind.

    A row waits at most once in each half; the version behind is always the later one, and is encoded when it is
    taken: most are replaced before.
    """

    def __init__(self) -> None:
        self._urgent = Batch()
        self._behind = Batch()
        self._rows_behind: dict[RowKey, tuple[str, Row]] = {}
        self._futures: list[asyncio.Future[None]] = []

    @property
    def urgent(self) -> bool:
        return bool(self._futures or self._urgent)

    @property
    def behind(self) -> bool:
        return bool(self._behind or self._rows_behind)

    def lengths(self) -> tuple[int, int]:
        """How many rows wait, urgently and behind."""
        return len(self._urgent), len(self._behind) + len(self._rows_behind)

    def append(
        self, site_id: str, event: Event, rows: Sequence[Row], origin: str, future: asyncio.Future[None]
    ) -> None:
        """Raises Unstorable, with nothing queued."""
        values = event_values(site_id, event)
        writes = [row_write(site_id, row, origin) for row in rows]
        self._urgent.events.append(values)
        self._urgent.put(writes)
        for write in writes:
            self._rows_behind.pop(write.key, None)
        self._futures.append(future)

    def sample(self, site_id: str, event: Event, rows: Sequence[Row]) -> None:
        """Raises Unstorable, with nothing queued."""
        if isinstance(event, MeterValuesReceived):
            self._behind.samples.append(sample_values(site_id, event, rows))
        else:
            self._behind.events.append(event_values(site_id, event))
        for row in rows:
            self._rows_behind[row_key(site_id, row)] = (site_id, row)

    def save(self, records: Sequence[object], future: asyncio.Future[None]) -> None:
        """Raises Unstorable, with nothing queued."""
        self._urgent.put([record_write(record) for record in records])
        self._futures.append(future)

    def remove(self, kind: type, keys: Sequence[tuple[str | int, ...]], future: asyncio.Future[None]) -> None:
        self._urgent.take_away([removal(kind, key) for key in keys])
        self._futures.append(future)

    def record_minute(self, site_id: str, record: MinuteRecord) -> None:
        """Raises Unstorable, with nothing queued."""
        self._behind.put([minute_write(site_id, record)])

    def reserve(self, sequence: str, value: int) -> None:
        self._urgent.sequences[sequence] = value

    def forget(self, site_id: str, charge_point_id: str | None, future: asyncio.Future[None]) -> None:
        for half in (self._urgent, self._behind):
            half.drop(site_id, charge_point_id)
        self._rows_behind = {
            key: row for key, row in self._rows_behind.items() if not _is_of(key, site_id, charge_point_id)
        }
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
            batch.rows |= self._behind.rows | self._encoded_behind()
            self._behind, self._rows_behind = Batch(), {}
        return batch, futures

    def _encoded_behind(self) -> dict[RowKey, Write]:
        writes: dict[RowKey, Write] = {}
        for key, (site_id, row) in self._rows_behind.items():
            try:
                writes[key] = row_write(site_id, row, "ocpp")
            except Unstorable as error:
                log.warning("store_row_refused", site_id=site_id, table=key[0], error=str(error))
        return writes


def write_batch(connection: Connection, batch: Batch) -> None:
    """Write it all within the caller's transaction."""
    for site_id, charge_point_id in batch.forgotten:
        for table in _FORGOTTEN_WITH_A_SITE if charge_point_id is None else _FORGOTTEN_TABLES:
            of_this = [] if charge_point_id is None else [table.c.charge_point_id == charge_point_id]
            connection.execute(table.delete().where(table.c.site_id == site_id, *of_this))
    for removed in batch.removed.values():
        connection.execute(removed.table.delete().where(*(removed.table.c[k] == v for k, v in removed.key.items())))
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
