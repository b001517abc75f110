"""Charging profiles as values, the same for both versions of OCPP, and what one of them says at an instant."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

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

    def valid_at(self, at_s: float) -> bool:
        return self.valid_from_s <= at_s < self.valid_to_s

    def overlaps(self, other: "ChargingProfile") -> bool:
        return self.valid_from_s < other.valid_to_s and other.valid_from_s < self.valid_to_s


def limit_at(profile: ChargingProfile, at_s: float, started_s: float | None) -> Limit | None:
    """What the profile limits to at an instant, or None while it says nothing: not valid, not begun, or over.

    `started_s` is when the running transaction began (None without one): a Relative schedule, and an Absolute one
    without startSchedule, counts from there, and without a transaction from the instant asked about.
    """
    elapsed_s = at_s - _begins_s(profile, at_s, started_s)
    schedule = profile.schedule
    if not profile.valid_at(at_s) or elapsed_s < 0:
        return None
    if schedule.duration_s is not None and elapsed_s >= schedule.duration_s:
        return None
    period = None
    for candidate in schedule.periods:
        if candidate.start_s <= elapsed_s:
            period = candidate
    if period is None:
        return None
    return Limit(schedule.unit, period.limit, period.phases or DEFAULT_PHASES)


def next_change_s(profile: ChargingProfile, at_s: float, started_s: float | None) -> float | None:
    """The next instant after `at_s` at which the profile may say something else, or None."""
    return min((instant for instant in _instants_s(profile, at_s, started_s) if instant > at_s), default=None)


def _instants_s(profile: ChargingProfile, at_s: float, started_s: float | None) -> Iterator[float]:
    yield from (edge for edge in (profile.valid_from_s, profile.valid_to_s) if math.isfinite(edge))
    if profile.schedule.start_at_s is None and started_s is None:
        return  # without a transaction it always stands at its first period
    begins_s = _begins_s(profile, at_s, started_s)
    rounds = [begins_s]
    if profile.kind == "Recurring":
        rounds.append(begins_s + RECURRENCE_S[profile.recurrence or "Daily"])
    for begin_s in rounds:
        yield begin_s
        yield from (begin_s + period.start_s for period in profile.schedule.periods)
        if profile.schedule.duration_s is not None:
            yield begin_s + profile.schedule.duration_s


def _begins_s(profile: ChargingProfile, at_s: float, started_s: float | None) -> float:
    """When the schedule that counts at `at_s` began, or will begin."""
    start_s = profile.schedule.start_at_s
    if profile.kind == "Relative" or start_s is None:
        return at_s if started_s is None else started_s
    if profile.kind == "Recurring" and at_s > start_s:
        length_s = RECURRENCE_S[profile.recurrence or "Daily"]
        return start_s + math.floor((at_s - start_s) / length_s) * length_s
    return start_s
