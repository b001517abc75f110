"""State.apply(event): the one place where a site's state changes.

State is a handful of tables of frozen rows. An event either applies whole and returns the rows it changed, which
the store writes in the same commit, or raises IllegalEvent and changes nothing. A snapshot is a shallow copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from csms.domain import events as ev
from csms.domain.energy import energy_after, slope_power_w
from csms.domain.limit_facts import confirmed, issued, metered, rejected, transaction_ended, unanswered
from csms.domain.model import (
    ChargePoint,
    ChargePointSettings,
    Connector,
    ConnectorKey,
    ConnectorLimits,
    ConnectorStatus,
    MeterReading,
    Moment,
    PowerSource,
    SiteSettings,
    SmartCharging,
    Transaction,
)
from csms.domain.snapshot import Snapshot, meter_interval_s

MAX_CONNECTORS = 64
"""Connector numbers above this are refused: no charge point has them, and a faulty one could fill the memory."""

REMEMBERED_TRANSACTIONS = 16
"""Ended transactions kept per charge point, to recognise repeated starts and late messages."""

SUPERSEDED = "Superseded"
"""Stop reason of a transaction whose connector started another one without ending it."""

Row = (
    SiteSettings
    | ChargePointSettings
    | SmartCharging
    | ChargePoint
    | Connector
    | Transaction
    | MeterReading
    | ConnectorLimits
)


class IllegalEvent(Exception):
    """The event contradicts the state; nothing was changed."""


class State:
    """The state of one site."""

    def __init__(self, site: SiteSettings) -> None:
        self.site = site
        self.smart_charging: SmartCharging | None = None
        self.settings: dict[str, ChargePointSettings] = {}
        self.charge_points: dict[str, ChargePoint] = {}
        self.connectors: dict[ConnectorKey, Connector] = {}
        self.active: dict[ConnectorKey, Transaction] = {}
        self.ended: dict[str, tuple[Transaction, ...]] = {}
        self.limits: dict[ConnectorKey, ConnectorLimits] = {}
        self.readings: dict[ConnectorKey, MeterReading] = {}

    @classmethod
    def restored(cls, rows: Iterable[Row]) -> State:
        """The state a store held. Nobody is connected yet, and calls that were under way will not be answered."""
        loaded = list(rows)
        sites = [row for row in loaded if isinstance(row, SiteSettings)]
        if len(sites) != 1:
            raise IllegalEvent(f"a site has one row of settings, the store holds {len(sites)}")
        state = cls(sites[0])
        for row in loaded:
            state._put(_after_restart(row))
        return state

    def snapshot(self) -> Snapshot:
        return Snapshot(
            site=self.site,
            smart_charging=self.smart_charging,
            settings=self.settings.copy(),
            charge_points=self.charge_points.copy(),
            connectors=self.connectors.copy(),
            active=self.active.copy(),
            limits=self.limits.copy(),
            readings=self.readings.copy(),
        )

    def apply(self, event: ev.Event) -> tuple[Row, ...]:
        """Take the event and return the rows it changed.

        Raises IllegalEvent, with the state untouched, when the event contradicts the state.
        """
        rows = _RULES[type(event)](self, event)
        for row in rows:
            self._put(row)
        return rows

    def transaction(self, charge_point_id: str, transaction_id: str) -> Transaction | None:
        """The charge point's transaction of that id, running or among the last that ended."""
        return next((t for t in self.transactions(charge_point_id) if t.transaction_id == transaction_id), None)

    def transactions(self, charge_point_id: str) -> list[Transaction]:
        """Running ones first, then the last that ended, newest first."""
        running = [t for key, t in self.active.items() if key.charge_point_id == charge_point_id]
        return running + list(self.ended.get(charge_point_id, ()))

    def _put(self, row: Row) -> None:
        match row:
            case SiteSettings():
                self.site = row
            case SmartCharging():
                self.smart_charging = row
            case ChargePointSettings():
                self.settings[row.charge_point_id] = row
                self.charge_points.setdefault(row.charge_point_id, ChargePoint(row.charge_point_id))
            case ChargePoint():
                self.charge_points[row.charge_point_id] = row
            case Transaction():
                self._put_transaction(row)
            case Connector():
                self.connectors[ConnectorKey(row.charge_point_id, row.connector_id)] = row
            case MeterReading():
                self.readings[ConnectorKey(row.charge_point_id, row.connector_id)] = row
            case ConnectorLimits():
                self.limits[ConnectorKey(row.charge_point_id, row.connector_id)] = row

    def _put_transaction(self, row: Transaction) -> None:
        if row.active:
            self.active[row.key] = row
            return
        running = self.active.get(row.key)
        if running is not None and running.transaction_id == row.transaction_id:
            del self.active[row.key]
        others = (t for t in self.ended.get(row.charge_point_id, ()) if t.session_id != row.session_id)
        newest_first = sorted((row, *others), key=lambda t: t.session_id, reverse=True)
        self.ended[row.charge_point_id] = tuple(newest_first[:REMEMBERED_TRANSACTIONS])

    def _charge_point(self, event: ev.ChargePointEvent) -> ChargePoint:
        charge_point = self.charge_points.get(event.charge_point_id)
        if charge_point is None:
            raise IllegalEvent(f"unknown charge point {event.charge_point_id!r}")
        return charge_point

    def _connector_key(self, event: ev.ConnectorEvent, lowest: int = 0) -> ConnectorKey:
        self._charge_point(event)
        if not lowest <= event.connector_id <= MAX_CONNECTORS:
            raise IllegalEvent(f"connector_id {event.connector_id} is not within {lowest}..{MAX_CONNECTORS}")
        return ConnectorKey(event.charge_point_id, event.connector_id)

    def _limits(self, key: ConnectorKey) -> ConnectorLimits:
        return self.limits.get(key) or ConnectorLimits(*key)


def _after_restart(row: Row) -> Row:
    if isinstance(row, ChargePoint):
        return replace(row, connection_id=None, ready=False)
    if isinstance(row, ConnectorLimits):
        return replace(row, outstanding=tuple(replace(limit, awaited=False) for limit in row.outstanding))
    return row


def _site_declared(_state: State, event: ev.SiteDeclared) -> tuple[Row, ...]:
    return (event.settings,)


def _charge_point_declared(state: State, event: ev.ChargePointDeclared) -> tuple[Row, ...]:
    if event.settings.site_id != state.site.site_id:
        raise IllegalEvent(f"charge point {event.settings.charge_point_id!r} belongs to another site")
    return (event.settings,)


def _smart_charging_configured(_state: State, event: ev.SmartChargingConfigured) -> tuple[Row, ...]:
    return (event.smart_charging,)


def _no_change(_state: State, _event: ev.Event) -> tuple[Row, ...]:
    return ()


def _connected(state: State, event: ev.ChargePointConnected) -> tuple[Row, ...]:
    charge_point = state._charge_point(event)
    return (
        replace(
            charge_point,
            connection_id=event.connection_id,
            ready=False,
            protocol=event.protocol,
            connected_at_s=event.at.utc_s,
            commissioned_at_s=charge_point.commissioned_at_s or event.at.utc_s,
        ),
    )


def _ready(state: State, event: ev.ChargePointReady) -> tuple[Row, ...]:
    charge_point = state._charge_point(event)
    if charge_point.connection_id != event.connection_id:
        raise IllegalEvent("the connection that became ready is not the live one")
    patient = [
        replace(limits, default_failure=None, transaction_failure=None)
        for key, limits in state.limits.items()
        if key.charge_point_id == event.charge_point_id and (limits.default_failure or limits.transaction_failure)
    ]
    return (replace(charge_point, ready=True), *patient)


def _disconnected(state: State, event: ev.ChargePointDisconnected) -> tuple[Row, ...]:
    charge_point = state._charge_point(event)
    if charge_point.connection_id != event.connection_id:
        return ()  # the late end of a connection that was replaced
    return (replace(charge_point, connection_id=None, ready=False, disconnected_at_s=event.at.utc_s),)


def _booted(state: State, event: ev.ChargePointBooted) -> tuple[Row, ...]:
    charge_point = state._charge_point(event)
    return (
        replace(
            charge_point,
            vendor=event.vendor,
            model=event.model,
            serial_number=event.serial_number,
            firmware_version=event.firmware_version,
            booted_at_s=event.at.utc_s,
            commissioned_at_s=charge_point.commissioned_at_s or event.at.utc_s,
        ),
    )


def _capabilities_learned(state: State, event: ev.CapabilitiesLearned) -> tuple[Row, ...]:
    return (replace(state._charge_point(event), capabilities=event.capabilities),)


def _status_changed(state: State, event: ev.ConnectorStatusChanged) -> tuple[Row, ...]:
    key = state._connector_key(event)
    connector = Connector(*key, event.status, event.error_code, event.at.utc_s)
    limits = state.limits.get(key)
    if limits is not None and limits.settling and key not in state.active and _unplugged(connector):
        return (connector, replace(limits, settling=()))
    return (connector,)


def _unplugged(connector: Connector | None) -> bool:
    """Nothing is plugged in, so nothing draws and nothing has to settle."""
    return connector is not None and connector.status is ConnectorStatus.AVAILABLE


def _transaction_started(state: State, event: ev.TransactionStarted) -> tuple[Row, ...]:
    key = state._connector_key(event, lowest=1)
    if state.transaction(event.charge_point_id, event.transaction_id) is not None:
        raise IllegalEvent(f"transaction {event.transaction_id!r} exists already")
    started = Transaction(
        session_id=event.session_id,
        transaction_id=event.transaction_id,
        charge_point_id=event.charge_point_id,
        connector_id=event.connector_id,
        id_token=event.id_token,
        started_at_s=event.started_at_s,
        start_key=event.start_key,
        energy_wh=None if event.register_wh is None else 0.0,
        register_wh=event.register_wh,
    )
    rows: list[Row] = [started]
    running = state.active.get(key)
    if running is not None:  # a connector has one transaction; the charger forgot to end this one
        ended_at_s = max(running.started_at_s or event.started_at_s, event.started_at_s)
        rows.insert(0, replace(running, ended_at_s=ended_at_s, stop_reason=SUPERSEDED))
        rows.extend(_connector_freed(state, key, event.at))
    return tuple(rows)


def _transaction_authorized(state: State, event: ev.TransactionAuthorized) -> tuple[Row, ...]:
    transaction = state.transaction(event.charge_point_id, event.transaction_id)
    if transaction is None or not transaction.active or transaction.id_token is not None:
        raise IllegalEvent(f"transaction {event.transaction_id!r} is not running without an id token")
    return (replace(transaction, id_token=event.id_token),)


def _transaction_ended(state: State, event: ev.TransactionEnded) -> tuple[Row, ...]:
    transaction = state.transaction(event.charge_point_id, event.transaction_id)
    if transaction is None:
        raise IllegalEvent(f"unknown transaction {event.transaction_id!r}")
    if not transaction.active and transaction.stop_reason != SUPERSEDED:
        raise IllegalEvent(f"transaction {event.transaction_id!r} has ended before")
    ended = replace(energy_after(transaction, event.register_wh), ended_at_s=event.ended_at_s, stop_reason=event.reason)
    if not transaction.active:
        return (ended,)
    return (ended, *_connector_freed(state, transaction.key, event.at))


def _connector_freed(state: State, key: ConnectorKey, at: Moment) -> tuple[Row, ...]:
    """What a connector drew belongs to its transaction: the next one must not inherit the reading."""
    limits = transaction_ended(state._limits(key), at)
    if _unplugged(state.connectors.get(key)):
        limits = replace(limits, settling=())
    reading = state.readings.get(key)
    return (limits,) if reading is None else (limits, replace(reading, power_w=None, source=None))


def _transaction_orphaned(state: State, event: ev.TransactionOrphaned) -> tuple[Row, ...]:
    state._connector_key(event)
    return (
        Transaction(
            session_id=event.session_id,
            transaction_id=event.transaction_id,
            charge_point_id=event.charge_point_id,
            connector_id=event.connector_id,
            id_token=event.id_token,
            started_at_s=None,
            ended_at_s=event.ended_at_s,
            register_wh=event.register_wh,
            stop_reason=event.reason,
            orphan=True,
        ),
    )


def _meter_values(state: State, event: ev.MeterValuesReceived) -> tuple[Row, ...]:
    key = state._connector_key(event)
    before = state.readings.get(key)
    if event.power_w is None and before is not None and _still_tells_power(state, before, event):
        # Some chargers send power and energy in separate messages.
        return (replace(before, energy_wh=event.energy_wh), *_energy_counted(state, key, event))
    reading = MeterReading(
        *key,
        at=event.at,
        measured_at_s=event.measured_at_s,
        power_w=event.power_w,
        source=event.source,
        energy_wh=event.energy_wh,
    )
    if reading.power_w is None and before is not None:
        slope_w = slope_power_w(before, reading)
        if slope_w is not None:
            reading = replace(reading, power_w=slope_w, source=PowerSource.ENERGY_SLOPE)
    limits = state.limits.get(key)
    settled = limits and metered(limits, reading)
    return (reading, *([settled] if settled and settled is not limits else []), *_energy_counted(state, key, event))


def _still_tells_power(state: State, before: MeterReading, event: ev.MeterValuesReceived) -> bool:
    metered = before.source in (PowerSource.POWER, PowerSource.CURRENT)
    interval_s = meter_interval_s(state.charge_points[event.charge_point_id])
    return metered and event.at.steady_s - before.at.steady_s <= interval_s


def _energy_counted(state: State, key: ConnectorKey, event: ev.MeterValuesReceived) -> tuple[Row, ...]:
    transaction = state.active.get(key)
    if transaction is None or event.energy_wh is None:
        return ()
    return (energy_after(transaction, event.energy_wh),)


def _limit_issued(state: State, event: ev.LimitIssued) -> tuple[Row, ...]:
    key = state._connector_key(event, lowest=1)
    return (issued(state._limits(key), event),)


def _limit_answered(
    rule: Callable[[ConnectorLimits, Any, bool], ConnectorLimits | None],
) -> Callable[[State, Any], tuple[Row, ...]]:
    def apply(state: State, event: ev.LimitConfirmed | ev.LimitRejected | ev.LimitUnanswered) -> tuple[Row, ...]:
        key = state._connector_key(event, lowest=1)
        connector = state.connectors.get(key)
        idle = key not in state.active and connector is not None and connector.status is ConnectorStatus.AVAILABLE
        limits = rule(state._limits(key), event, idle)
        if limits is None:
            raise IllegalEvent(f"no limit {event.limit_id} awaits an answer")
        return (limits,)

    return apply


_RULES: dict[type[ev.Event], Callable[[State, Any], tuple[Row, ...]]] = {
    ev.SiteDeclared: _site_declared,
    ev.SiteRestarted: _no_change,
    ev.ChargePointDeclared: _charge_point_declared,
    ev.SmartChargingConfigured: _smart_charging_configured,
    ev.ChargePointConnected: _connected,
    ev.ChargePointReady: _ready,
    ev.ChargePointDisconnected: _disconnected,
    ev.ChargePointFlapping: _no_change,
    ev.ChargePointBooted: _booted,
    ev.CapabilitiesLearned: _capabilities_learned,
    ev.ConnectorStatusChanged: _status_changed,
    ev.TransactionStarted: _transaction_started,
    ev.TransactionAuthorized: _transaction_authorized,
    ev.TransactionEnded: _transaction_ended,
    ev.TransactionOrphaned: _transaction_orphaned,
    ev.MeterValuesReceived: _meter_values,
    ev.LimitIssued: _limit_issued,
    ev.LimitConfirmed: _limit_answered(confirmed),
    ev.LimitRejected: _limit_answered(rejected),
    ev.LimitUnanswered: _limit_answered(unanswered),
}
