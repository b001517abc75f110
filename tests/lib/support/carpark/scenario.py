"""What a run consists of: a site, its chargers, the cars that come, and everything that goes wrong. Plain values.

Times are seconds after the beginning of the run, power is in kW and current in amperes per phase, as operators say it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.car import Car
from simulators.hardware import Hardware
from simulators.protocol import Version
from simulators.readings import BY_THE_TEXT, Readings


@dataclass(frozen=True, slots=True)
class CircuitPlan:
    """A circuit below the grid connection (`parent` None) or below another one; a limit that is None is absent."""

    circuit_id: str
    parent: str | None
    max_power_kw: float | None
    max_current_a: float | None


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """A weekly window: `days` 0 (Monday) to 6, minutes of the local day; `end_min` at or before the start: next day."""

    days: tuple[int, ...]
    start_min: int
    end_min: int
    max_power_kw: float
    charge_point_limits_kw: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What the site may draw besides its chargers while no reading younger than `max_age_s` says otherwise."""

    max_age_s: float
    max_kw: float
    max_current_a: float
    reserve_kw: float


@dataclass(frozen=True, slots=True)
class SitePlan:
    """The grid connection and how its power is divided. `load` None: nothing but chargers is connected. `metering_s` is
    how often running sessions are metered, `commit_s` how long our disk takes to write."""

    timezone: str
    grid_capacity_kw: float
    max_power_kw: float
    grid_max_current_a: float | None = None
    circuits: tuple[CircuitPlan, ...] = ()
    strategy: str = "equal"
    priority_order: tuple[str, ...] = ()
    priority_weights: tuple[tuple[str, int], ...] = ()
    windows: tuple[WindowPlan, ...] = ()
    load: LoadPlan | None = None
    turn_minutes: float = 15.0
    lease_minutes: float = 15.0
    metering_s: int = 10
    commit_s: float = 0.02


@dataclass(frozen=True, slots=True)
class PointPlan:
    """A charger. `phase_map` says which of the site's phases (0 to 2) feed its conductors; `latency_s` is how long
    frames take to us and to it; `on_at_s` is when it is first switched on; `grid_factor` is what it takes from the grid
    per watt delivered, `offline_kw` what it may draw while nobody decides. `stores_limits`: see `Line`.
    `said_to_forget`: it is declared to lose its profiles with its connection."""

    identity: str
    protocol: Version
    hardware: Hardware
    connectors: int = 1
    circuit_id: str | None = None
    phase_map: tuple[int, ...] = (0, 1, 2)
    grid_factor: float = 1.0
    offline_kw: float = 0.0
    behaviour: Behaviour = BY_THE_BOOK
    readings: Readings = BY_THE_TEXT
    latency_s: tuple[float, float] = (0.05, 0.05)
    on_at_s: float = 0.0
    stores_limits: bool = False
    said_to_forget: bool = False

    @property
    def obedient(self) -> bool:
        """Whether what it acknowledges it does, and what it is told reaches it."""
        return self.behaviour == BY_THE_BOOK

    @property
    def shows_steps(self) -> bool:
        """Whether it can be leased a limit, and shows in its composite schedule that it steps down when that ends."""
        tells = self.behaviour.composite_schedule in ("full", "no connector 0")
        asked = tells and "GetCompositeSchedule" not in self.behaviour.lacks
        return asked and self.behaviour.most_periods > 1 and self.readings.tx_periods == "all"


@dataclass(frozen=True, slots=True)
class Visit:
    """A car at a connector of charger `point`. Without `id_token` (None) nobody starts a transaction."""

    point: int
    connector_id: int
    arrives_s: float
    leaves_s: float
    car: Car
    id_token: str | None


@dataclass(frozen=True, slots=True)
class Dropped:
    """The charger finds no network for `for_s` seconds."""

    at_s: float
    point: int
    for_s: float


@dataclass(frozen=True, slots=True)
class Rebooted:
    at_s: float
    point: int


@dataclass(frozen=True, slots=True)
class Noisy:
    """For a while frames of this charger are lost or come twice, each with its chance (0 to 1)."""

    at_s: float
    point: int
    for_s: float
    lost: float
    twice: float


@dataclass(frozen=True, slots=True)
class Crashed:
    """Our own process is killed, and started again from the store after `for_s` seconds."""

    at_s: float
    for_s: float


@dataclass(frozen=True, slots=True)
class LimitTold:
    """Somebody sets a temporary ceiling; `from_s` later than `at_s` is notice given."""

    at_s: float
    source: str
    max_power_kw: float
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class LoadTold:
    """A reading of what the site draws besides its chargers."""

    at_s: float
    power_kw: float
    currents_a: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Misbehaves:
    """From `at_s` on for `for_s` seconds a charger behaves like this; then again as it was."""

    at_s: float
    point: int
    for_s: float
    behaviour: Behaviour
    kind: str


@dataclass(frozen=True, slots=True)
class Forgets:
    """A charger loses all its profiles while it is running."""

    at_s: float
    point: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """A driver ends his transaction, if one runs, and leaves the car where it is."""

    at_s: float
    point: int
    connector_id: int


@dataclass(frozen=True, slots=True)
class Asked:
    """An operator asks a charger for something."""

    at_s: float
    point: int


Happening = Dropped | Rebooted | Noisy | Crashed | LimitTold | LoadTold | Misbehaves | Forgets | Stopped | Asked

Temper = Literal["calm", "troubled", "unruly", "unclear", "crowded", "staged"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run of `duration_s` that begins at epoch `start_s`; happenings and visits in the order of their time."""

    seed: int
    temper: Temper
    start_s: float
    duration_s: float
    site: SitePlan
    points: tuple[PointPlan, ...]
    visits: tuple[Visit, ...] = ()
    happenings: tuple[Happening, ...] = field(default=())
