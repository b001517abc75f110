"""What an observer of a running charge point is told, and what it sees when it looks."""

from dataclasses import dataclass

from simulators.car import Car
from simulators.hardware import Currents
from simulators.occurrences import Occurrence


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
    """A connector at an instant, as an observer outside may count it.

    `permitted_w` and `permitted_a` are what the charger's own profiles let a car draw now: with a transaction, or for
    one that came this moment; the rating without any profile, nothing where no car could draw. Powers are true ones,
    currents those on conductors 1 to 3 of the supply. `charging` is whether a transaction runs, `soc` is 0 to 1, and
    `reachable` whether a connection to the central system stands.
    """

    status: str
    transaction_id: str | None
    charging: bool
    permitted_w: float
    permitted_a: Currents
    drawn_w: float
    drawn_a: Currents
    energy_wh: float
    soc: float | None
    reachable: bool
