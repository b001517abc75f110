"""What an observer of a running charge point is told, and what it sees when it looks."""

from dataclasses import dataclass

from simulators.car import Car
from simulators.charge_point import Occurrence


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    at_s: float
    connected: bool


@dataclass(frozen=True, slots=True)
class Registered:
    at_s: float
    status: str


@dataclass(frozen=True, slots=True)
class CarArrived:
    at_s: float
    connector_id: int
    car: Car


@dataclass(frozen=True, slots=True)
class CarLeft:
    at_s: float
    connector_id: int
    soc: float


Change = Occurrence | ConnectionChanged | Registered | CarArrived | CarLeft


@dataclass(frozen=True, slots=True)
class ConnectorView:
    """A connector at an instant: what its own profiles permit it, what its car draws; `soc` is 0 to 1."""

    status: str
    transaction_id: str | None
    charging: bool
    permitted_w: float
    drawn_w: float
    energy_wh: float
    soc: float | None
