"""State.apply(event): the one place where a site's state changes.

State is a handful of tables of frozen rows. An event either applies whole and returns the rows it changed, which
the store writes in the same commit, or raises IllegalEvent and changes nothing. A snapshot is a shallow copy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from csms.domain import events as ev
from csms.domain.alarms import Alarm
from csms.domain.electrical import Shape, shape
from csms.domain.grid import TemporaryLimit
from csms.domain.illegal import IllegalEvent
from csms.domain.limits import ConnectorLimits
from csms.domain.model import (
    MAX_CONNECTORS,
    ChargePoint,
    ChargePointSettings,
    Connector,
    ConnectorKey,
    MeterReading,
    SiteLoad,
    SiteSettings,
    SmartCharging,
    Transaction,
)
from csms.domain.rules import RULES
from csms.domain.snapshot import Snapshot

REMEMBERED_TRANSACTIONS = 16
"""Ended transactions kept per charge point, to recognise repeated starts and late messages."""

LIMITS_REMEMBERED_S = 86_400.0
"""A temporary limit that has been over for longer is on record, and no longer part of the site's state."""

Row = (
    SiteSettings
    | ChargePointSettings
    | SmartCharging
    | ChargePoint
    | Connector
    | Transaction
    | MeterReading
    | ConnectorLimits
    | TemporaryLimit
    | SiteLoad
    | Alarm
)


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
        self.temporary_limits: dict[tuple[str, float | None], TemporaryLimit] = {}
        self.site_load: SiteLoad | None = None
        self.alarms: dict[tuple[str, str], Alarm] = {}
        self._shapes: dict[str, Shape] = {}
        self._highest: dict[str, int] = {}
        self._view: Snapshot | None = None

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

    def view(self) -> Snapshot:
        """The tables themselves, for whoever looks and does not keep."""
        if self._view is None:
            self._view = Snapshot(
                site=self.site,
                smart_charging=self.smart_charging,
                settings=self.settings,
                charge_points=self.charge_points,
                connectors=self.connectors,
                active=self.active,
                limits=self.limits,
                readings=self.readings,
                shapes=self._shapes,
                temporary_limits=tuple(self.temporary_limits.values()),
                site_load=self.site_load,
            )
        return self._view

    def snapshot(self) -> Snapshot:
        """A copy: nothing in it moves."""
        return Snapshot(
            site=self.site,
            smart_charging=self.smart_charging,
            settings=self.settings.copy(),
            charge_points=self.charge_points.copy(),
            connectors=self.connectors.copy(),
            active=self.active.copy(),
            limits=self.limits.copy(),
            readings=self.readings.copy(),
            shapes=self._shapes.copy(),
            temporary_limits=tuple(self.temporary_limits.values()),
            site_load=self.site_load,
        )

    def apply(self, event: ev.Event) -> tuple[Row, ...]:
        """Take the event and return the rows it changed.

        Raises IllegalEvent, with the state untouched, when the event contradicts the state.
        """
        rows = RULES[type(event)](self, event)
        for row in rows:
            self._put(row)
        if isinstance(event, ev.TemporaryLimitSet):
            self._forget_old_limits(event.at.utc_s - LIMITS_REMEMBERED_S)
        elif isinstance(event, ev.ChargePointRemoved):
            self._forget_charge_point(event.charge_point_id)
        return rows

    def shape(self, charge_point_id: str) -> Shape:
        return self._shapes[charge_point_id]

    def transaction(self, charge_point_id: str, transaction_id: str) -> Transaction | None:
        """The charge point's transaction of that id, running or among the last that ended."""
        return next((t for t in self.transactions(charge_point_id) if t.transaction_id == transaction_id), None)

    def transactions(self, charge_point_id: str) -> list[Transaction]:
        """Running ones first, then the last that ended, newest first."""
        declared = self.settings[charge_point_id].connectors if charge_point_id in self.settings else 1
        connectors = range(max(declared, self._highest.get(charge_point_id, 0)) + 1)
        running = (self.active.get(ConnectorKey(charge_point_id, n)) for n in connectors)
        return [*filter(None, running), *self.ended.get(charge_point_id, ())]

    def _put(self, row: Row) -> None:
        match row:
            case ChargePoint():
                self._put_charge_point(row)
            case Transaction():
                self._put_transaction(row)
            case Connector():
                self.connectors[ConnectorKey(row.charge_point_id, row.connector_id)] = row
            case MeterReading():
                self.readings[ConnectorKey(row.charge_point_id, row.connector_id)] = row
            case ConnectorLimits():
                self.limits[ConnectorKey(row.charge_point_id, row.connector_id)] = row
            case Alarm():
                self.alarms[row.kind, row.subject] = row
            case _:
                self._view = None
                self._put_about_site(row)

    def _put_about_site(
        self, row: SiteLoad | TemporaryLimit | SiteSettings | SmartCharging | ChargePointSettings
    ) -> None:
        match row:
            case SiteLoad():
                self.site_load = row
            case TemporaryLimit():
                self.temporary_limits[row.source, row.valid_from_s] = row
            case SiteSettings():
                self.site = row
                for charge_point_id in self.settings:
                    self._reshape(charge_point_id)
            case SmartCharging():
                self.smart_charging = row
            case ChargePointSettings():
                self.settings[row.charge_point_id] = row
                self.charge_points.setdefault(row.charge_point_id, ChargePoint(row.charge_point_id))
                self._reshape(row.charge_point_id)

    def _forget_old_limits(self, before_s: float) -> None:
        kept = {name: limit for name, limit in self.temporary_limits.items() if not limit.over_at(before_s)}
        self.temporary_limits = kept

    def _forget_charge_point(self, charge_point_id: str) -> None:
        for table in (self.settings, self.charge_points, self.ended, self._shapes, self._highest):
            table.pop(charge_point_id, None)
        for rows in (self.connectors, self.limits, self.readings):
            for key in [key for key in rows if key.charge_point_id == charge_point_id]:
                del rows[key]

    def _put_charge_point(self, row: ChargePoint) -> None:
        before = self.charge_points.get(row.charge_point_id)
        self.charge_points[row.charge_point_id] = row
        if row.charge_point_id in self.settings and (before is None or before.capabilities != row.capabilities):
            self._reshape(row.charge_point_id)

    def _reshape(self, charge_point_id: str) -> None:
        capabilities = self.charge_points[charge_point_id].capabilities
        self._shapes[charge_point_id] = shape(self.site, self.settings[charge_point_id], capabilities)

    def _put_transaction(self, row: Transaction) -> None:
        if row.active:
            self.active[row.key] = row
            if row.connector_id > self._highest.get(row.charge_point_id, 1):
                self._highest[row.charge_point_id] = row.connector_id
            return
        running = self.active.get(row.key)
        if running is not None and running.transaction_id == row.transaction_id:
            del self.active[row.key]
        others = (t for t in self.ended.get(row.charge_point_id, ()) if t.session_id != row.session_id)
        newest_first = sorted((row, *others), key=lambda t: t.session_id, reverse=True)
        self.ended[row.charge_point_id] = tuple(newest_first[:REMEMBERED_TRANSACTIONS])

    def charge_point(self, event: ev.ChargePointEvent) -> ChargePoint:
        charge_point = self.charge_points.get(event.charge_point_id)
        if charge_point is None:
            raise IllegalEvent(f"unknown charge point {event.charge_point_id!r}")
        return charge_point

    def connector_key(self, event: ev.ConnectorEvent, lowest: int = 0) -> ConnectorKey:
        self.charge_point(event)
        if not lowest <= event.connector_id <= MAX_CONNECTORS:
            raise IllegalEvent(f"connector_id {event.connector_id} is not within {lowest}..{MAX_CONNECTORS}")
        return ConnectorKey(event.charge_point_id, event.connector_id)

    def limits_of(self, key: ConnectorKey) -> ConnectorLimits:
        return self.limits.get(key) or ConnectorLimits(*key)


def _after_restart(row: Row) -> Row:
    if isinstance(row, ChargePoint):
        return replace(row, connection_id=None, ready=False)
    if isinstance(row, ConnectorLimits):
        return replace(row, outstanding=tuple(replace(limit, awaited=False) for limit in row.outstanding))
    return row
