"""Charging profiles as values, the same for both versions of OCPP, and what one of them says at an instant."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from simulators.readings import BY_THE_TEXT, Readings

Unit = Literal["A", "W"]
Purpose = Literal["ChargePointMax", "TxDefault", "Tx"]
Kind = Literal["Absolute", "Recurring", "Relative"]

RECURRENCE_S = {"Daily": 86_400.0, "Weekly": 604_800.0}
DEFAULT_PHASES = 3  # numberPhases absent means three (1.6 table ChargingSchedulePeriod, 2.0.1 K01.FR.49)


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit at an instant: amperes per phase, or watts in all, on so many phases."""

    unit: Unit
    value: float
    phases: int = DEFAULT_PHASES


NO_LIMIT = Limit("W", math.inf)


@dataclass(frozen=True, slots=True)
class Running:
    """What a profile must know of a running transaction; the wire id is None until 1.6 was told, times are epoch
    seconds."""

    transaction_id: str | None
    started_s: float
    plugged_in_s: float


@dataclass(frozen=True, slots=True)
class Period:
    """From `start_s` after the schedule's beginning on, this limit; `phases` is None where the message left it out."""

    start_s: float
    limit: float
    phases: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """The periods of a profile. `start_at_s` is epoch seconds, None for schedules that follow the transaction."""

    unit: Unit
    periods: tuple[Period, ...]
    start_at_s: float | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class ChargingProfile:
    """A charging profile; `recurrence` is Daily or Weekly, times are epoch seconds."""

    profile_id: int
    stack_level: int
    purpose: Purpose
    kind: Kind
    schedule: Schedule
    recurrence: str | None = None
    valid_from_s: float = -math.inf
    valid_to_s: float = math.inf
    transaction_id: str | None = None

    @property
    def is_dated(self) -> bool:
        """Whether its schedule has a beginning of its own."""
        return self.kind != "Relative" and self.schedule.start_at_s is not None

    def valid_at(self, at_s: float, readings: Readings = BY_THE_TEXT) -> bool:
        return self.valid_from_s <= at_s and (at_s < self.valid_to_s or readings.expiry == "ignored")

    def overlaps(self, other: "ChargingProfile") -> bool:
        return self.valid_from_s < other.valid_to_s and other.valid_from_s < self.valid_to_s


def counts_from_s(
    profile: ChargingProfile, received_s: float, running: Running | None, readings: Readings = BY_THE_TEXT
) -> float | None:
    """The instant from which a schedule without a beginning of its own counts.

    None while there is no transaction it could follow; then it stands at its first period, as for one begun now.
    """
    origin = readings.relative if profile.kind == "Relative" else readings.undated
    if origin == "receipt":
        return received_s
    if running is None:
        return None
    return running.plugged_in_s if origin == "plug-in" else running.started_s


def limit_at(
    profile: ChargingProfile, at_s: float, from_s: float | None, readings: Readings = BY_THE_TEXT
) -> Limit | None:
    """What the profile limits to at an instant, or None while it says nothing: not valid, not begun, or over.

    `from_s` is what `counts_from_s` says.
    """
    if not profile.valid_at(at_s, readings):
        return None
    elapsed_s = at_s - _begins_s(profile, at_s, from_s)
    if elapsed_s < 0:
        if profile.is_dated and readings.future == "silent":
            return None
        elapsed_s = 0.0
    duration_s = profile.schedule.duration_s
    if duration_s is None or elapsed_s < duration_s:
        return _period_limit(profile, elapsed_s, readings)
    if readings.finished == "no limit":
        return NO_LIMIT
    if readings.finished == "last period":
        return _period_limit(profile, math.nextafter(duration_s, -math.inf), readings)
    return None


def next_change_s(profile: ChargingProfile, at_s: float, from_s: float | None) -> float | None:
    """The next instant after `at_s` at which the profile may say something else, or None."""
    return min((instant for instant in _instants_s(profile, at_s, from_s) if instant > at_s), default=None)


def _period_limit(profile: ChargingProfile, elapsed_s: float, readings: Readings) -> Limit | None:
    """The limit of the period that has begun last; periods are in the order of time."""
    first_only = profile.purpose == "Tx" and readings.tx_periods == "first"
    period = None
    for candidate in profile.schedule.periods[: 1 if first_only else None]:
        if candidate.start_s > elapsed_s:
            break
        period = candidate
    if period is None:
        return None
    return Limit(profile.schedule.unit, period.limit, period.phases or DEFAULT_PHASES)


def _instants_s(profile: ChargingProfile, at_s: float, from_s: float | None) -> Iterator[float]:
    yield from (edge for edge in (profile.valid_from_s, profile.valid_to_s) if math.isfinite(edge))
    if not profile.is_dated and from_s is None:
        return  # without a transaction it always stands at its first period
    begins_s = _begins_s(profile, at_s, from_s)
    rounds = [begins_s]
    if profile.is_dated and profile.kind == "Recurring":
        rounds.append(begins_s + RECURRENCE_S[profile.recurrence or "Daily"])
    for begin_s in rounds:
        yield begin_s
        yield from (begin_s + period.start_s for period in profile.schedule.periods)
        if profile.schedule.duration_s is not None:
            yield begin_s + profile.schedule.duration_s


def _begins_s(profile: ChargingProfile, at_s: float, from_s: float | None) -> float:
    """When the schedule that counts at `at_s` began, or will begin."""
    start_s = profile.schedule.start_at_s
    if profile.kind == "Relative" or start_s is None:
        return at_s if from_s is None else from_s
    if profile.kind == "Recurring" and at_s > start_s:
        length_s = RECURRENCE_S[profile.recurrence or "Daily"]
        return start_s + math.floor((at_s - start_s) / length_s) * length_s
    return start_s
