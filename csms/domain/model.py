"""What a site is made of: frozen values, no behaviour beyond what follows from their own fields.

Power is in watts (whole watts wherever it is a limit), energy in watt-hours, current in amperes per phase,
wall-clock times in seconds since the Unix epoch (UTC).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from csms.domain.capabilities import NOTHING_KNOWN, Knobs, Knowledge
from csms.domain.capabilities import Capabilities as Capabilities  # noqa: PLC0414 - most know it from here
from csms.domain.capabilities import LimitPurpose as LimitPurpose  # noqa: PLC0414 - as above
from csms.domain.grid import Circuit, ExternalLimit, OperatorLimit

OCPP16 = "ocpp1.6"
OCPP201 = "ocpp2.0.1"

MAX_CONNECTORS = 64
"""Connector numbers above this are refused: no charge point has them, and a faulty one could fill the memory."""

ASSUMED_METER_INTERVAL_S = 60.0
"""Metering interval of a charger that has not told or accepted one (OCPP 1.6 chapter 9.1.19 leaves it open)."""


class Current(StrEnum):
    """Kind of current a charge point delivers (IEC 61851-1 AC modes, IEC 61851-23 DC)."""

    AC = "AC"
    DC = "DC"


class ConnectorStatus(StrEnum):
    """OCPP 1.6 connector states; OCPP 2.0.1 states are mapped onto them with the charging state."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EVSE = "SuspendedEVSE"
    SUSPENDED_EV = "SuspendedEV"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class PowerSource(StrEnum):
    """How a power reading was obtained, best first."""

    POWER = "power"
    CURRENT = "current"
    ENERGY_SLOPE = "energy_slope"


class Moment(NamedTuple):
    """One look at both clocks.

    `utc_s` is the wall clock, for records and schedules; `steady_s` never jumps, for durations. Only differences
    of `steady_s` within one run of the process mean anything.
    """

    utc_s: float
    steady_s: float


class ConnectorKey(NamedTuple):
    """A connector of a site: OCPP 1.6's connectorId, OCPP 2.0.1's evseId."""

    charge_point_id: str
    connector_id: int


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """A site as the operator declared it. `grid_capacity_w` and `grid_max_current_a` per phase bound everything.

    What the site draws besides its chargers counts as `site_load_max_w` (None: the whole capacity) and
    `site_load_max_current_a` per phase while no reading younger than `site_load_max_age_s` says otherwise.
    """

    site_id: str
    name: str
    timezone: str
    grid_capacity_w: int
    voltage_v: float = 230.0
    voltage_max_v: float | None = None
    voltage_min_v: float | None = None
    grid_max_current_a: float | None = None
    circuits: tuple[Circuit, ...] = ()
    reserve_w: int = 0
    site_load_max_age_s: float = 60.0
    site_load_max_w: int | None = None
    site_load_max_current_a: float | None = None
    price_per_kwh: float | None = None
    """What sessions cost, in `currency`; 0: they are free. None: nothing is said of costs."""
    currency: str = "EUR"

    @property
    def limit_voltage_v(self) -> float:
        """The phase voltage at which watts become amperes: the highest expected, so that amperes never give more."""
        return self.voltage_max_v if self.voltage_max_v is not None else self.voltage_v

    @property
    def lowest_voltage_v(self) -> float:
        """The phase voltage at which a given power draws the most amperes; EN 50160 allows ten percent below."""
        return self.voltage_min_v if self.voltage_min_v is not None else 0.9 * self.voltage_v


@dataclass(frozen=True, slots=True)
class SiteLoad:
    """What the site draws besides its chargers, as last told. `measured_at_s` is the meter's time, `at` the arrival.

    `currents_a` are those of L1, L2 and L3; None where only the power is known.
    """

    power_w: int
    measured_at_s: float
    at: Moment
    currents_a: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class ChargePointSettings:
    """A charge point as declared; what is None was not declared (see domain.electrical for what is assumed).

    `circuit_id` None hangs it on the grid connection itself. `phase_map` says which of the site's phases (0 to 2) feed
    its conductors L1, L2, L3. `grid_factor` is what it draws from the grid per watt it delivers (a DC charger's
    losses). `never_pause`: cars there do not wake from 0 A, so a session always keeps its floor. `local_list`: whether
    it is sent a local authorization list (None: as is the rule for all). `security_profile` is the least it may use;
    `certificate_name` the common name of its certificate where that is not its identity. `quirks` are what the operator
    knows better than the charger.
    """

    charge_point_id: str
    site_id: str
    connectors: int = 1
    max_power_w: int | None = None
    current: Current | None = None
    phases: int | None = None
    in_service: bool = True
    offline_limit_w: int = 0
    circuit_id: str | None = None
    phase_map: tuple[int, ...] | None = None
    grid_factor: float = 1.0
    never_pause: bool = False
    protocol: str | None = None
    registration: str = "accept"
    """How its BootNotification is answered: "accept", "pending" or "reject"; it gets no commands unless it is accepted.
    """
    password_sha256: str | None = field(default=None, repr=False)
    local_list: bool | None = None
    security_profile: int = 0
    certificate_name: str | None = None
    quirks: Knobs | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was changed of a charge point's access since it was declared (see domain.credentials).

    Passwords are SHA-256 digests. `password_sha256` took the place of the declared `declared_sha256` (None: nothing
    did yet); `offered` were sent to the charge point since, oldest first, and it has not come with one of them.
    `security_profile` is the highest it was moved to; it has not come over `offered_profile` yet.
    """

    declared_sha256: str | None = field(default=None, repr=False)
    password_sha256: str | None = field(default=None, repr=False)
    offered: tuple[str, ...] = field(default=(), repr=False)
    security_profile: int = 0
    offered_profile: int | None = None


AS_DECLARED = Credentials()


class Proof(StrEnum):
    """What GetCompositeSchedule has told of something we set."""

    SHOWN = "shown"
    DISPROVED = "disproved"  # it shows something else
    SILENT = "silent"  # it cannot be asked, or its answers say nothing


@dataclass(frozen=True, slots=True)
class ChargePoint:
    """What is known of a charge point at run time.

    `connection_id` names the live connection (None: offline); `ready` says it may be sent commands on it;
    `commissioned_at_s` is its first contact ever, from which on the ledger counts it. `lease_proof` says whether it has
    shown since its last boot that it steps a limit down when its lease runs out.
    """

    charge_point_id: str
    connection_id: str | None = None
    ready: bool = False
    protocol: str | None = None
    vendor: str | None = None
    model: str | None = None
    serial_number: str | None = None
    firmware_version: str | None = None
    commissioned_at_s: float | None = None
    connected_at_s: float | None = None
    disconnected_at_s: float | None = None
    booted_at_s: float | None = None
    capabilities: Capabilities | None = None
    lease_proof: Proof | None = None
    contact_at: Moment | None = None
    """When the live connection began."""
    security_profile: int = 0
    """The one of the live, or else the last, connection."""
    credentials: Credentials = AS_DECLARED
    knowledge: Knowledge = NOTHING_KNOWN
    """What `capabilities` follow from."""
    operator_limits: tuple[OperatorLimit, ...] = ()
    external_limits: tuple[ExternalLimit, ...] = ()
    """At most one for each connector, and one for the whole (see domain.grid); some may be over."""

    @property
    def connected(self) -> bool:
        return self.connection_id is not None

    @property
    def reads_leases(self) -> bool:
        return self.capabilities is None or self.capabilities.reads_leases

    @property
    def keeps_profiles(self) -> bool:
        """False where it forgets them with the connection, and nothing limits it from then on."""
        return self.capabilities is None or self.capabilities.keeps_profiles

    @property
    def limit_by(self) -> LimitPurpose:
        """Which of its limits governs a running transaction: that of the transaction, or the standing one."""
        if self.capabilities is None or self.capabilities.limit_by is LimitPurpose.TRANSACTION:
            return LimitPurpose.TRANSACTION
        return LimitPurpose.DEFAULT


@dataclass(frozen=True, slots=True)
class Connector:
    """Last reported status of a connector; connector 0 stands for the charge point itself (OCPP 1.6 only).

    `suspended_since` is when its car stopped asking for power (SuspendedEV), until it charges or is gone.
    """

    charge_point_id: str
    connector_id: int
    status: ConnectorStatus
    error_code: str | None = None
    status_at_s: float = 0.0
    suspended_since: Moment | None = None
    connection_id: str | None = None
    """On which connection it was reported: what happened since the last one ended is not known from it."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A charging session. `transaction_id` is OCPP's, unique per charge point; `session_id` is ours, unique overall.

    `start_key` recognises a repeated start. `energy_wh` grows with the energy register, whose last value is
    `register_wh`; both None until the first register value. `started_at_s` is None when only the end was seen.
    """

    session_id: int
    transaction_id: str
    charge_point_id: str
    connector_id: int
    id_token: str | None
    started_at_s: float | None
    start_key: str = ""
    ended_at_s: float | None = None
    energy_wh: float | None = None
    register_wh: float | None = None
    stop_reason: str | None = None
    orphan: bool = False
    missing_events: int = 0
    """Messages about it that have not come, by their numbers (OCPP 2.0.1)."""
    trigger_reason: str | None = None
    remote_start_id: int | None = None
    cost: float | None = None
    currency: str | None = None

    @property
    def active(self) -> bool:
        return self.ended_at_s is None

    @property
    def key(self) -> ConnectorKey:
        return ConnectorKey(self.charge_point_id, self.connector_id)


@dataclass(frozen=True, slots=True)
class MeterReading:
    """What a connector last reported. `at` is the arrival here, `measured_at_s` the charger's own timestamp.

    `currents_a` are those of the charger's conductors L1, L2, L3. `low_since` is since when the draw stays below what
    is permitted (None: it does not), `peak_demand_w` the lowest limit that would have been enough for it since then,
    and `recent_demand_w` that since `recent_since`, so that an old peak is forgotten some day (domain/demand.py).
    `age_s` is how old it was when it arrived (None: nobody can say), judged by the least lag of what came before
    (domain/freshness.py).
    """

    charge_point_id: str
    connector_id: int
    at: Moment
    measured_at_s: float
    power_w: float | None = None
    source: PowerSource | None = None
    energy_wh: float | None = None
    currents_a: tuple[float, ...] | None = None
    low_since: Moment | None = None
    peak_demand_w: float = 0.0
    recent_demand_w: float = 0.0
    recent_since: Moment | None = None
    age_s: float | None = None
    least_lag_s: float = 0.0
    least_lag_since: Moment | None = None

    @property
    def measured_steady_s(self) -> float | None:
        """When it was measured, by our steady clock; None if nobody can say."""
        return None if self.age_s is None else self.at.steady_s - self.age_s


@dataclass(frozen=True, slots=True)
class ScheduleWindow:
    """A recurring time window. `days` 0 is Monday; minutes count from local midnight; `end_min` may be 1440.

    A window whose end is not after its start crosses midnight and belongs to the day it starts on.
    """

    days: tuple[int, ...]
    start_min: int
    end_min: int
    max_power_w: int
    charge_point_limits_w: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SmartCharging:
    """How a site divides its power: `strategy` names a row of balancing.strategies.

    `priority_weights` are shares in proportion, an alternative to the strict ranks of `priority_order`.
    `on_uncontrollable` says what becomes of the session of a charger that does not take its limits: "reserve" or
    "stop".
    """

    max_power_w: int
    strategy: str
    min_power_per_charger_w: int = 1400
    priority_order: tuple[str, ...] = ()
    schedule: tuple[ScheduleWindow, ...] = ()
    priority_weights: Mapping[str, int] = field(default_factory=dict)
    on_uncontrollable: str = "reserve"
    updated_at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class BalancerSettings:
    """Timing of the balancer; see [balancer] and [ocpp] of the configuration reference.

    `lease_s` 0 leases nothing. `reclaim_after_s` is how long a car must draw less than it may before the rest is lent
    out, `suspended_after_s` how long it must have stopped asking before it ranks last. Without `idle_defaults` a charge
    point on which no session runs is told a default profile only to lower the one it has.
    """

    settle_s: float = 6.0
    min_change_w: int = 100
    raise_interval_s: float = 5.0
    call_timeout_s: float = 30.0
    lease_s: float = 900.0
    turn_s: float = 900.0
    reclaim_after_s: float = 60.0
    suspended_after_s: float = 180.0
    idle_defaults: bool = True
