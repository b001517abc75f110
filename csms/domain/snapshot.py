"""A frozen look at a site: what decisions are made from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from csms.domain.electrical import Shape
from csms.domain.grid import TemporaryLimit
from csms.domain.limits import ConnectorLimits
from csms.domain.model import (
    ASSUMED_METER_INTERVAL_S,
    MAX_CONNECTORS,
    ChargePoint,
    ChargePointSettings,
    Connector,
    ConnectorKey,
    ConnectorStatus,
    MeterReading,
    SiteLoad,
    SiteSettings,
    SmartCharging,
    Transaction,
)

OFFLINE = "Offline"
"""Stands in place of a connector status while the charge point is not connected."""

_MOST_TELLING = (
    ConnectorStatus.CHARGING,
    ConnectorStatus.SUSPENDED_EVSE,
    ConnectorStatus.SUSPENDED_EV,
    ConnectorStatus.FINISHING,
    ConnectorStatus.PREPARING,
    ConnectorStatus.FAULTED,
    ConnectorStatus.RESERVED,
    ConnectorStatus.AVAILABLE,
    ConnectorStatus.UNAVAILABLE,
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a decision looks at; nothing in it moves. `shapes` follows from the declarations and capabilities."""

    site: SiteSettings
    smart_charging: SmartCharging | None
    settings: Mapping[str, ChargePointSettings]
    charge_points: Mapping[str, ChargePoint]
    connectors: Mapping[ConnectorKey, Connector]
    active: Mapping[ConnectorKey, Transaction]
    limits: Mapping[ConnectorKey, ConnectorLimits]
    readings: Mapping[ConnectorKey, MeterReading]
    shapes: Mapping[str, Shape]
    temporary_limits: tuple[TemporaryLimit, ...] = ()
    site_load: SiteLoad | None = None

    def connector_ids(self, charge_point_id: str) -> list[int]:
        """The connectors of a charge point: those declared, and those it has spoken of."""
        declared = self.settings[charge_point_id].connectors
        tables = (self.connectors, self.active, self.limits)
        more = range(declared + 1, MAX_CONNECTORS + 1)
        spoken_of = [n for n in more if any(ConnectorKey(charge_point_id, n) in table for table in tables)]
        return [*range(1, declared + 1), *spoken_of]

    def connector_keys(self) -> list[ConnectorKey]:
        """Every connector of the site, charge points in the order of their declaration."""
        keys = [ConnectorKey(cp_id, n) for cp_id, s in self.settings.items() for n in range(1, s.connectors + 1)]
        more = self.limits.keys() | self.active.keys() | self.connectors.keys()
        more.difference_update(keys)
        if any(key.connector_id > 0 for key in more):  # some speak of connectors that nobody declared
            place = {cp_id: n for n, cp_id in enumerate(self.settings)}
            keys += [key for key in more if key.connector_id > 0]
            keys.sort(key=lambda key: (place[key.charge_point_id], key.connector_id))
        return keys

    def status(self, keys: Iterable[ConnectorKey]) -> str | None:
        """The status that stands for these connectors of one charge point: Offline, or the most telling that any of
        them reported, Charging first; None if none has reported."""
        wanted = list(keys)
        if any(not self.charge_points[key.charge_point_id].connected for key in wanted):
            return OFFLINE
        reported = [self.connectors[key].status for key in wanted if key in self.connectors]
        return min(reported, key=_MOST_TELLING.index).value if reported else None

    def reading_power_w(self, key: ConnectorKey, now_steady_s: float) -> float | None:
        """The draw a connector last reported; None if it never did or the report is older than three intervals."""
        reading = self.readings.get(key)
        if reading is None or reading.power_w is None:
            return None
        age_s = now_steady_s - reading.at.steady_s
        return reading.power_w if age_s <= self._lasts_s(key) else None

    def readings_hold_until_s(self, keys: Iterable[ConnectorKey], now_steady_s: float) -> float:
        """The first instant after which `reading_power_w` may say less of one of these than now; steady seconds."""
        readings = [(self.readings[key].at.steady_s, self._lasts_s(key)) for key in keys if key in self.readings]
        return min((at_s + for_s for at_s, for_s in readings if now_steady_s - at_s <= for_s), default=math.inf)

    def _lasts_s(self, key: ConnectorKey) -> float:
        """How long a reading of a connector counts: three intervals."""
        return 3 * meter_interval_s(self.charge_points[key.charge_point_id])


def meter_interval_s(charge_point: ChargePoint) -> float:
    known = charge_point.capabilities
    return (known.meter_interval_s if known else None) or ASSUMED_METER_INTERVAL_S
