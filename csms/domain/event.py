"""The kinds of events: of a site, of a charge point, of a connector."""

from __future__ import annotations

from dataclasses import dataclass

from csms.domain.model import Moment


@dataclass(frozen=True, slots=True)
class Event:
    """`at` is when we learned of it, by our own clocks."""

    at: Moment


@dataclass(frozen=True, slots=True)
class ChargePointEvent(Event):
    charge_point_id: str


@dataclass(frozen=True, slots=True)
class ConnectorEvent(ChargePointEvent):
    connector_id: int
