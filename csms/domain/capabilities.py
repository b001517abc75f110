"""What is known of how a charge point takes limits and meters: told by it, known of its make, learned, pinned.

Each source says what it knows as `Knobs`; what it does not say is left to the one below. Pinned goes before learned,
learned before the row of quirks, that before what the charger told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum


class LimitPurpose(StrEnum):
    """Which of a connector's charging profiles a limit is written into.

    The first two are what our own books know. STATION stands in Capabilities alone: the standing limit (DEFAULT) of a
    charge point with one connector, written as ChargePointMaxProfile.
    """

    DEFAULT = "default"  # TxDefaultProfile: what a session starts from, and falls back to
    TRANSACTION = "transaction"  # TxProfile: the running transaction's share
    STATION = "station"  # ChargePointMaxProfile, ChargingStationMaxProfile


LOWEST_DEFAULT_A = 6.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a charge point can do, all sources together; None means not known.

    `rate_units` holds "A" and/or "W". `current_step_a` is the grid its current limits must lie on, `currents_a` the
    only currents it takes where those are no grid. `limit_by` DEFAULT is a charger that honours nothing but
    TxDefaultProfile, STATION nothing but its maximum: that is its limit.

    How limits are written: `relative_profiles` rather than absolute ones, `start_schedule` in absolute ones,
    `number_phases` in every period, `names_transaction` in a TxProfile (1.6; 2.0.1 demands it), `default_on_station`
    puts the default on connector 0. `takes_zero` False: it cannot be told 0, so its lowest limit stands instead.
    `lowest_default_a` is the lowest current a default profile may say. `leases` False: it reads a second period
    wrongly, so there is none. `keeps_profiles` False: it forgets them with its connection.

    `unasked` are settings it must not be asked about or told. `current_sums_phases`: its current without a phase is the
    sum of all. `register_unit`: what its energy register is in, whatever it says. `power_metered` False: its
    power is not to be believed.
    """

    rate_units: tuple[str, ...] | None = None
    max_stack_level: int | None = None
    max_periods: int | None = None
    max_profiles: int | None = None
    switches_phases: bool | None = None
    meter_interval_s: float | None = None
    current_step_a: float = 0.1
    relative_profiles: bool = False
    limit_by: LimitPurpose = LimitPurpose.TRANSACTION
    currents_a: tuple[float, ...] | None = None
    takes_zero: bool = True
    lowest_default_a: float = LOWEST_DEFAULT_A
    number_phases: bool = True
    start_schedule: bool = True
    names_transaction: bool = True
    default_on_station: bool = False
    leases: bool = True
    keeps_profiles: bool = True
    unasked: tuple[str, ...] = ()
    current_sums_phases: bool = False
    register_unit: str | None = None
    power_metered: bool = True

    @property
    def reads_leases(self) -> bool:
        """Whether a second period begins when we say so.

        Where the schedule does not say when it began, the charger decides: with the transaction, as the text has it
        (1.6 chapter 7.13), or when the profile came, or at "a situation-specific start point" (7.9).
        """
        return self.leases and self.start_schedule and not self.relative_profiles

    @property
    def has_leases(self) -> bool:
        """Whether a TxProfile has a second period, the limit after its lease."""
        return self.reads_leases and (self.max_periods or 1) > 1


@dataclass(frozen=True, slots=True)
class Knobs:
    """What one source says of Capabilities, field by field in the same words; None: nothing."""

    rate_units: tuple[str, ...] | None = None
    max_stack_level: int | None = None
    max_periods: int | None = None
    switches_phases: bool | None = None
    current_step_a: float | None = None
    relative_profiles: bool | None = None
    limit_by: LimitPurpose | None = None
    currents_a: tuple[float, ...] | None = None
    takes_zero: bool | None = None
    lowest_default_a: float | None = None
    number_phases: bool | None = None
    start_schedule: bool | None = None
    names_transaction: bool | None = None
    default_on_station: bool | None = None
    leases: bool | None = None
    keeps_profiles: bool | None = None
    unasked: tuple[str, ...] | None = None
    current_sums_phases: bool | None = None
    register_unit: str | None = None
    power_metered: bool | None = None

    def said(self) -> Iterator[tuple[str, object]]:
        """The knobs it says something about, with what it says."""
        for knob in fields(self):
            value = getattr(self, knob.name)
            if value is not None:
                yield knob.name, value

    def over(self, below: Knobs) -> Knobs:
        """These, and what they leave open as `below` has it."""
        return replace(below, **dict(self.said()))  # type: ignore[arg-type]  # names and values of these very fields

    def applied_to(self, capabilities: Capabilities) -> Capabilities:
        return replace(capabilities, **dict(self.said()))  # type: ignore[arg-type]  # as above


NO_KNOBS = Knobs()


class Source(StrEnum):
    """Where a capability is known from, the weakest first."""

    ASSUMED = "assumed"
    TOLD = "told"
    QUIRK = "quirk"
    LEARNED = "learned"
    PINNED = "pinned"


@dataclass(frozen=True, slots=True)
class Learned:
    """What answers to limits have taught: the ways of saying them that `worked` and that `failed`, in domain.ways'
    words, and the knobs that follow. `given_up`: no way is left to try, until the charge point boots."""

    knobs: Knobs = NO_KNOBS
    worked: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    given_up: bool = False


NOTHING_LEARNED = Learned()


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The sources one by one. `pinned` is what an operator said last; the file's word is in ChargePointSettings."""

    told: Capabilities | None = None
    quirk: Knobs = NO_KNOBS
    learned: Learned = field(default=NOTHING_LEARNED)
    pinned: Knobs | None = None


NOTHING_KNOWN = Knowledge()


def effective(knowledge: Knowledge, declared: Knobs | None, connectors: int) -> Capabilities | None:
    """What holds, all sources together; None while the charge point has told nothing.

    What is written for a charge point as a whole limits the sum of its connectors: one with several is never limited
    so, since nobody knows how it divides that.
    """
    if knowledge.told is None:
        return None
    known = knowledge.told
    for knobs in _layers(knowledge, declared):
        known = knobs.applied_to(known)
    if connectors > 1:
        by = LimitPurpose.DEFAULT if known.limit_by is LimitPurpose.STATION else known.limit_by
        known = replace(known, limit_by=by, default_on_station=False)
    return known


def source(knowledge: Knowledge, declared: Knobs | None, name: str) -> Source:
    """Which source decides this field of Capabilities."""
    names = (Source.QUIRK, Source.LEARNED, Source.PINNED)
    for of, knobs in reversed(list(zip(names, _layers(knowledge, declared), strict=True))):
        if getattr(knobs, name, None) is not None:
            return of
    untold = Capabilities()
    told = knowledge.told is not None and getattr(knowledge.told, name) != getattr(untold, name)
    return Source.TOLD if told else Source.ASSUMED


def pins(knowledge: Knowledge, declared: Knobs | None) -> Knobs:
    """What is pinned: by the operator since, else by the file."""
    return knowledge.pinned if knowledge.pinned is not None else declared or NO_KNOBS


def _layers(knowledge: Knowledge, declared: Knobs | None) -> tuple[Knobs, Knobs, Knobs]:
    return knowledge.quirk, knowledge.learned.knobs, pins(knowledge, declared)
