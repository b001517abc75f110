"""What a site is made of: frozen values, no behaviour beyond what follows from their own fields.

Power is in watts (whole watts wherever it is a limit), energy in watt-hours, current in amperes per phase,
wall-clock times in seconds since the Unix epoch (UTC).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

OCPP16 = "ocpp1.6"
OCPP201 = "ocpp2.0.1"

ASSUMED_METER_INTERVAL_S = 60.0
"""Metering interval of a charger that has not told or accepted one (OCPP 1.6 chapter 9.1.14 leaves it open)."""


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


class LimitPurpose(StrEnum):
    """Which of a connector's two charging profiles a limit is written into."""

    DEFAULT = "default"  # TxDefaultProfile: what a session starts from, and falls back to
    TRANSACTION = "transaction"  # TxProfile: the running transaction's share


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
    """A site as the operator declared it. `grid_capacity_w` is the ceiling of everything below it."""

    site_id: str
    name: str
    timezone: str
    grid_capacity_w: int
    voltage_v: float = 230.0
    voltage_max_v: float | None = None

    @property
    def limit_voltage_v(self) -> float:
        """The phase voltage at which watts become amperes: the highest expected, so that amperes never give more."""
        return self.voltage_max_v if self.voltage_max_v is not None else self.voltage_v


@dataclass(frozen=True, slots=True)
class ChargePointSettings:
    """A charge point as declared; what is None was not declared (see domain.electrical for what is assumed)."""

    charge_point_id: str
    site_id: str
    connectors: int = 1
    max_power_w: int | None = None
    current: Current | None = None
    phases: int | None = None
    in_service: bool = True
    offline_limit_w: int = 0
    protocol: str | None = None
    password_sha256: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a charge point can do, learned after a boot or known of its make; None means not known.

    `rate_units` holds "A" and/or "W". `current_step_a` is the grid its current limits must lie on.
    """

    rate_units: tuple[str, ...] | None = None
    max_stack_level: int | None = None
    max_periods: int | None = None
    max_profiles: int | None = None
    switches_phases: bool | None = None
    meter_interval_s: float | None = None
    current_step_a: float = 0.1
    relative_profiles: bool = False


@dataclass(frozen=True, slots=True)
class ChargePoint:
    """What is known of a charge point at run time.

    `connection_id` names the live connection (None: offline); `ready` says it may be sent commands on it;
    `commissioned_at_s` is its first contact ever, from which on the ledger counts it.
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

    @property
    def connected(self) -> bool:
        return self.connection_id is not None


@dataclass(frozen=True, slots=True)
class Connector:
    """Last reported status of a connector; connector 0 stands for the charge point itself (OCPP 1.6 only)."""

    charge_point_id: str
    connector_id: int
    status: ConnectorStatus
    error_code: str | None = None
    status_at_s: float = 0.0


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

    @property
    def active(self) -> bool:
        return self.ended_at_s is None

    @property
    def key(self) -> ConnectorKey:
        return ConnectorKey(self.charge_point_id, self.connector_id)


@dataclass(frozen=True, slots=True)
class MeterReading:
    """What a connector last reported. `at` is the arrival here, `measured_at_s` the charger's own timestamp."""

    charge_point_id: str
    connector_id: int
    at: Moment
    measured_at_s: float
    power_w: float | None = None
    source: PowerSource | None = None
    energy_wh: float | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit we sent, or are about to send, to a connector."""

    limit_id: int
    purpose: LimitPurpose
    limit_w: int
    transaction_id: str | None
    connection_id: str
    issued_at: Moment
    awaited: bool = True
    """Its answer may still come; False once the call timed out, failed or lost its connection."""


@dataclass(frozen=True, slots=True)
class Settling:
    """A higher limit that a connector may still be drawing at since `since`; None means its rated maximum."""

    limit_w: int | None
    since: Moment


@dataclass(frozen=True, slots=True)
class Failure:
    """`count` refusals or silences in a row, the last one `at`, with the charger's word or what went wrong."""

    count: int
    at: Moment
    cause: str


@dataclass(frozen=True, slots=True)
class ConnectorLimits:
    """The facts about limits of one connector, from which the ledger derives the worst case.

    `default` and `transaction` were acknowledged last; `outstanding` was sent without a clear answer since;
    `settling` holds what was possible before. The failures are those since the last success of that purpose.
    """

    charge_point_id: str
    connector_id: int
    default: Limit | None = None
    transaction: Limit | None = None
    outstanding: tuple[Limit, ...] = ()
    settling: tuple[Settling, ...] = ()
    confirmed_at: Moment | None = None
    raised_at: Moment | None = None
    default_failure: Failure | None = None
    transaction_failure: Failure | None = None

    @property
    def in_flight(self) -> bool:
        return any(limit.awaited for limit in self.outstanding)

    def confirmed(self, purpose: LimitPurpose) -> Limit | None:
        return self.default if purpose is LimitPurpose.DEFAULT else self.transaction

    def failure(self, purpose: LimitPurpose) -> Failure | None:
        return self.default_failure if purpose is LimitPurpose.DEFAULT else self.transaction_failure


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
    """How a site divides its power: `strategy` names a row of balancing.strategies."""

    max_power_w: int
    strategy: str
    min_power_per_charger_w: int = 1400
    priority_order: tuple[str, ...] = ()
    schedule: tuple[ScheduleWindow, ...] = ()
    updated_at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class BalancerSettings:
    """Timing of the balancer; see [balancer] and [ocpp] of the configuration reference."""

    settle_s: float = 6.0
    min_change_w: int = 100
    raise_interval_s: float = 5.0
    call_timeout_s: float = 30.0
