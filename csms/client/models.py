"""What the client makes of answers. Fields are those of docs/reference/rest.md; such as are new there are ignored here.

Power is in kW, energy in kWh; times are UTC. None: not known, or there is no such thing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Base of all: frozen, and open to fields that a later server adds."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Site(Model):
    """`charge_points`, `connected` and `active_sessions` are counts."""

    site_id: str
    name: str
    timezone: str
    grid_capacity_kw: float
    charge_points: int
    connected: int
    active_sessions: int


class ConnectorAllocation(Model):
    connector_id: int
    transaction_id: str | None
    allocated_kw: float
    permitted_kw: float
    actual_kw: float | None
    confirmed: bool
    status: str


class ChargerAllocation(Model):
    """A charge point with a running session: what it was given, what it may draw at worst, what it draws, and why."""

    charge_point_id: str
    allocated_kw: float
    permitted_kw: float
    actual_kw: float | None
    status: str
    confirmed: bool
    reason: str
    waiting: bool
    expected_start: datetime | None
    connectors: list[ConnectorAllocation]


class CircuitAllocation(Model):
    """A node of the limit tree; `grid` is the grid connection."""

    circuit_id: str
    max_power_kw: float | None
    max_current_a: float | None
    permitted_kw: float
    permitted_a: list[float]


class Allocation(Model):
    site_id: str
    strategy: str
    total_budget_kw: float
    total_allocated_kw: float
    total_permitted_kw: float
    reserved_kw: float
    site_load_kw: float
    limit_source: str
    timestamp: datetime
    chargers: list[ChargerAllocation]
    waiting: list[str]
    not_commissioned: list[str]
    circuits: list[CircuitAllocation]

    @property
    def drawn_kw(self) -> float:
        """The sum of the known draws."""
        return sum(charger.actual_kw or 0.0 for charger in self.chargers)


class HistoryBucket(Model):
    period_start: datetime
    total_allocated_kw: float
    total_actual_kw: float
    active_chargers: int
    total_budget_kw: float | None
    lowest_budget_kw: float | None


class Connection(Model):
    connected: bool
    ready: bool
    since: datetime | None


class ChargePoint(Model):
    charge_point_id: str
    site_id: str
    status: str | None
    connection: Connection
    protocol: str | None
    vendor: str | None
    model: str | None
    serial_number: str | None
    firmware_version: str | None


class ListCapacity(Model):
    """How many tokens a charge point takes altogether, and of how many tokens and bytes a message."""

    id_tokens: int | None
    id_tokens_per_message: int | None
    bytes_per_message: int | None


class LastSentList(Model):
    """`full`: all of the list, or as much of it as fits one message; else changes."""

    at: datetime
    version: int
    full: bool
    id_tokens: int
    status: str


class LocalList(Model):
    """`version` is the one that the charge point should have, `has_version` the one it has. `id_tokens` None: it is not
    known what it holds."""

    charge_point_id: str
    state: str
    version: int
    has_version: int | None
    id_tokens: list[str] | None
    wanted: int
    left_out: int
    capacity: ListCapacity
    last_sent: LastSentList | None
    at: datetime


class Resending(Model):
    """`last_sent.at` of a list that is later is of what was asked for then."""

    charge_point_id: str
    asked_at: datetime


class Session(Model):
    """`status` is active or completed."""

    session_id: int
    transaction_id: str
    site_id: str
    charge_point_id: str
    connector_id: int
    id_token: str | None
    started_at: datetime | None
    ended_at: datetime | None
    energy_kwh: float | None
    stop_reason: str | None
    status: str


class Alarm(Model):
    """`cleared_at` None: it stands."""

    alarm_id: int
    site_id: str
    kind: str
    subject: str
    text: str
    excess_kw: float
    excess_a: float
    holders: list[str]
    raised_at: datetime
    cleared_at: datetime | None


class CommandError(Model):
    """`code` is that of a CALLERROR, or empty; `description` says what became of the command."""

    code: str
    description: str


class CommandResult(Model):
    """`status` is Accepted, Rejected, NotSupported, CallError, Timeout or Disconnected; `response` is what the charge
    point answered, in its own words."""

    command_id: int
    status: str
    response: dict[str, Any] | None
    error: CommandError | None
    response_time_ms: float


class Event(Model):
    """Something that happened; `data` depends on `type` (docs/reference/events.md)."""

    event_id: int | None
    type: str
    at: datetime
    site_id: str
    charge_point_id: str | None
    data: dict[str, Any]
