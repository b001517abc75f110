"""Domain rows and events <-> values of table columns. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Table

from csms.domain import events as ev
from csms.domain.alarms import Alarm
from csms.domain.grid import TemporaryLimit
from csms.domain.history import MinuteRecord
from csms.domain.limits import ConnectorLimits
from csms.domain.model import (
    ChargePoint,
    ChargePointSettings,
    Connector,
    MeterReading,
    Moment,
    SiteLoad,
    SiteSettings,
    SmartCharging,
    Transaction,
)
from csms.domain.state import Row
from csms.store import tables
from csms.store.codec import Json, JsonObject, from_json, to_json, to_object

Values = dict[str, Json]
"""Column name -> value."""

Columns = Mapping[Any, Any]
"""What a SELECT gives: column name -> value."""

EventT = TypeVar("EventT", bound=ev.Event)

RowKey = tuple[str, tuple[Json, ...]]
"""Table name and primary key."""


@dataclass(frozen=True, slots=True)
class Write:
    """One row of one table, to be inserted or replaced."""

    table: Table
    values: Values

    @property
    def key(self) -> RowKey:
        return (self.table.name, tuple([self.values[name] for name in primary_key(self.table)]))


@cache
def primary_key(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key)


def row_key(site_id: str, row: Row) -> RowKey:
    """The key of what `row_write` makes of a row that keeps no column of its own."""
    table = tables.transactions if isinstance(row, Transaction) else _STATE_TABLES[type(row)][0]
    return (table.name, tuple([site_id if name == "site_id" else getattr(row, name) for name in primary_key(table)]))


def row_write(site_id: str, row: Row, origin: str) -> Write:
    """Raises Unstorable."""
    if isinstance(row, Transaction):
        return Write(tables.transactions, {**_transaction_values(row), "site_id": site_id})
    table, key = _STATE_TABLES[type(row)]
    values: Values = {"site_id": site_id, "data": to_object(row)}
    values.update({name: to_json(getattr(row, name)) for name in key})
    if table in _OF_SOMEBODY:
        values["origin"] = origin
    if isinstance(row, TemporaryLimit) and row.valid_from_s is None:
        values["valid_from_s"] = tables.FROM_ARRIVAL_S
    return Write(table, values)


def minute_write(site_id: str, record: MinuteRecord) -> Write:
    """Raises Unstorable."""
    return Write(tables.history_minutes, {"site_id": site_id, **to_object(record)})


def event_values(site_id: str, event: ev.Event) -> Values:
    """A row of `events`; what has a column of its own is not repeated in `data`. Raises Unstorable."""
    charge_point_id = _charge_point_id(event)
    data = to_object(event)
    for name in ("at", "charge_point_id"):
        data.pop(name, None)
    return {
        "site_id": site_id,
        "at_utc_s": to_json(event.at),
        "type": type(event).__name__,
        "charge_point_id": charge_point_id,
        **{name: data.pop(name, None) for name in _NUMBERS},
        "data": _without_secrets(data),
    }


def sample_values(site_id: str, event: ev.MeterValuesReceived, rows: Sequence[Row]) -> Values:
    """A row of `meter_samples`: the power is the reading's, which State may have derived from the energy register.

    Raises Unstorable.
    """
    said: ev.MeterValuesReceived | MeterReading = event
    for row in rows:
        if isinstance(row, MeterReading):
            said = row
    return {
        "site_id": site_id,
        "charge_point_id": event.charge_point_id,
        "connector_id": event.connector_id,
        "at_utc_s": to_json(event.at),
        "measured_at_s": to_json(event.measured_at_s),
        "transaction_id": to_json(event.transaction_id),
        "power_w": to_json(said.power_w),
        "source": to_json(said.source),
        "energy_wh": to_json(event.energy_wh),
        "currents_a": to_json(event.currents_a),
    }


def site_settings(data: JsonObject, now: Moment) -> SiteSettings:
    return from_json(SiteSettings, data, _just_now(now))


def smart_charging(data: JsonObject, now: Moment) -> SmartCharging:
    return from_json(SmartCharging, data, _just_now(now))


def charge_point_settings(data: JsonObject, now: Moment) -> ChargePointSettings:
    return from_json(ChargePointSettings, data, _just_now(now))


def charge_point(data: JsonObject, now: Moment) -> ChargePoint:
    return from_json(ChargePoint, data, _just_now(now))


def connector(data: JsonObject, now: Moment) -> Connector:
    """A car that has stopped asking has done so for as long as it has."""
    return from_json(Connector, data, _as_old_as_it_is(now))


def connector_limits(data: JsonObject, now: Moment) -> ConnectorLimits:
    """As if everything had just happened: nothing has settled while nobody was watching, and nothing counts as served.

    Only turns and pauses stay as old as they are: a session does not get another turn because the process has ended.
    """
    limits = from_json(ConnectorLimits, data, _just_now(now))
    turn_since, paused_since = _aged(limits.turn_since, now), _aged(limits.paused_since, now)
    return replace(limits, turn_since=turn_since, paused_since=paused_since)


def meter_reading(data: JsonObject, now: Moment) -> MeterReading:
    """A reading stays as old as it is."""
    return from_json(MeterReading, data, _as_old_as_it_is(now))


def site_load(data: JsonObject, now: Moment) -> SiteLoad:
    """A reading stays as old as it is."""
    return from_json(SiteLoad, data, _as_old_as_it_is(now))


def temporary_limit(data: JsonObject, now: Moment) -> TemporaryLimit:
    return from_json(TemporaryLimit, data, _just_now(now))


def alarm(data: JsonObject) -> Alarm:
    return from_json(Alarm, data, lambda utc_s: Moment(utc_s, 0.0))


def transaction(values: Columns) -> Transaction:
    """From a row of `transactions`."""
    return from_json(Transaction, values, lambda utc_s: Moment(utc_s, 0.0))


def minute(values: Columns) -> MinuteRecord:
    """From a row of `history_minutes`."""
    return from_json(MinuteRecord, values, lambda utc_s: Moment(utc_s, 0.0))


def event(values: Columns) -> ev.Event:
    """From a row of `events`; its steady time is 0, because that clock has stopped."""
    return event_as(EVENT_TYPES[values["type"]], values)


def event_as(kind: type[EventT], values: Columns) -> EventT:
    """From a row of `events` of that kind."""
    columns = {name: values[name] for name in ("charge_point_id", *_NUMBERS)}
    fields = {**values["data"], **columns, "at": values["at_utc_s"]}
    return from_json(kind, fields, lambda utc_s: Moment(utc_s, 0.0))


def _transaction_values(row: Transaction) -> Values:
    times_s = (row.started_at_s, row.ended_at_s)
    return {
        **to_object(row),
        "at_s": next((time_s for time_s in times_s if time_s is not None), 0.0),
        "active": row.active,
    }


def _charge_point_id(event: ev.Event) -> Json:
    if isinstance(event, ev.ChargePointDeclared):
        return to_json(event.settings.charge_point_id)
    return to_json(event.charge_point_id) if isinstance(event, ev.ChargePointEvent) else None


def _without_secrets(data: JsonObject) -> JsonObject:
    """Events are kept for long and shown to many: a password's digest stays in the settings table alone."""
    return {
        name: _without_secrets(value) if isinstance(value, dict) else value
        for name, value in data.items()
        if name != "password_sha256"
    }


def _just_now(now: Moment) -> Callable[[float], Moment]:
    return lambda utc_s: Moment(utc_s, now.steady_s)


def _as_old_as_it_is(now: Moment) -> Callable[[float], Moment]:
    """By the wall clock, which alone went on; what is from the future (a clock was set back) counts as new."""
    return lambda utc_s: Moment(utc_s, now.steady_s - max(0.0, now.utc_s - utc_s))


def _aged(moment: Moment | None, now: Moment) -> Moment | None:
    return None if moment is None else _as_old_as_it_is(now)(moment.utc_s)


_NUMBERS = ("limit_id", "decision_id")
"""Fields of events that have a column of their own, by which the events about one limit or decision are found."""

EVENT_TYPES: dict[str, type[ev.Event]] = {
    name: kind for name, kind in vars(ev).items() if isinstance(kind, type) and issubclass(kind, ev.Event)
}

_STATE_TABLES: dict[type[Row], tuple[Table, tuple[str, ...]]] = {
    SiteSettings: (tables.sites, ()),
    SmartCharging: (tables.smart_charging, ()),
    ChargePointSettings: (tables.charge_point_settings, ("charge_point_id",)),
    ChargePoint: (tables.charge_points, ("charge_point_id",)),
    Connector: (tables.connectors, ("charge_point_id", "connector_id")),
    MeterReading: (tables.meter_readings, ("charge_point_id", "connector_id")),
    ConnectorLimits: (tables.connector_limits, ("charge_point_id", "connector_id")),
    TemporaryLimit: (tables.temporary_limits, ("source", "valid_from_s", "valid_until_s")),
    SiteLoad: (tables.site_loads, ()),
    Alarm: (tables.alarms, ("alarm_id", "kind", "subject", "raised_at_s", "cleared_at_s", "standing")),
}
"""Where a row lives, and its fields that are columns there: its key besides the site, and what is queried."""

_OF_SOMEBODY = frozenset(table for table in tables.metadata.tables.values() if "origin" in table.c)
"""Tables that say who wanted a row."""
