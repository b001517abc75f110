"""The composite schedule a charger reports (1.6 5.7, 2.0.1 K08), and the ways in which chargers report none."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Literal

from simulators.charging_profile import Period, Running, Unit
from simulators.hardware import Hardware
from simulators.offers import offers_at, permitted_together, seen
from simulators.profiles import ProfileStore

CompositeSupport = Literal["full", "rejected", "not supported", "no schedule", "no connector 0", "present only"]
"""How much of GetCompositeSchedule a charger has: all; it always rejects; it knows no such action; it accepts and
tells no schedule; it rejects connector 0; it tells the present limit alone."""

Outcome = Literal["schedule", "rejected", "not supported", "no schedule"]

FORESIGHT = 1_000  # instants at which profiles may change that are looked at; a far end is told nearer


@dataclass(frozen=True, slots=True)
class Composite:
    """From `start_s` (epoch seconds) for `duration_s`, both whole seconds: these limits, in this unit.

    Periods count from `start_s`; one lasts until the next, the last one until the end.
    """

    start_s: float
    duration_s: int
    unit: Unit
    periods: tuple[Period, ...]


def composite_outcome(support: CompositeSupport, connector_id: int) -> Outcome:
    """What becomes of a well-formed GetCompositeSchedule; "not supported" is an error of the RPC framework."""
    match support:
        case "full" | "present only":
            return "schedule"
        case "no connector 0":
            return "rejected" if connector_id == 0 else "schedule"
        case _:
            return support


def composite_schedule(
    hardware: Hardware,
    profiles: ProfileStore,
    running: Mapping[int, Running],
    connector_id: int,
    now_s: float,
    duration_s: int,
    unit: Unit,
) -> Composite:
    """What the charger expects to permit from now on; connector 0 is the sum of all.

    A connector without a transaction counts as if one began now (2.0.1 K08.FR.06). Limits have one decimal, rounded
    down. A schedule of more periods than the charger can tell ends, with its duration, where they are used up.
    """
    start_s = float(math.floor(now_s))
    as_if = _as_if_running(profiles, running, connector_id, now_s)
    periods: list[Period] = []
    instant: float | None = now_s
    for _ in range(FORESIGHT):
        if instant is None or (begins_s := _whole_seconds(instant - start_s, periods)) >= max(duration_s, 1):
            return Composite(start_s, duration_s, unit, tuple(periods))
        period = _period(hardware, profiles, as_if, connector_id, instant, begins_s, unit)
        if periods and periods[-1].start_s == begins_s:
            periods.pop()
        if not periods or (periods[-1].limit, periods[-1].phases) != (period.limit, period.phases):
            if len(periods) == profiles.rules.max_periods:
                break
            periods.append(period)
        instant = profiles.next_change_s(instant, as_if)
    return Composite(start_s, int(begins_s), unit, tuple(periods))


def _whole_seconds(since_start_s: float, periods: list[Period]) -> float:
    """When a period begins; the first one always at 0 (1.6 5.16.4, 2.0.1 K01.FR.31)."""
    return float(round(since_start_s)) if periods else 0.0


def _as_if_running(
    profiles: ProfileStore, running: Mapping[int, Running], connector_id: int, now_s: float
) -> dict[int, Running]:
    asked = profiles.connectors if connector_id == 0 else (connector_id,)
    return {number: Running(None, now_s, now_s) for number in asked} | dict(running)


def _period(
    hardware: Hardware,
    profiles: ProfileStore,
    running: Mapping[int, Running],
    connector_id: int,
    at_s: float,
    start_s: float,
    unit: Unit,
) -> Period:
    if connector_id == 0:
        view = permitted_together(hardware, profiles, running, at_s)
    else:
        view = seen(hardware, offers_at(hardware, profiles, running, at_s)[connector_id])
    value = hardware.told(view.power_w, max(view.currents_a), unit, profiles.readings)
    used = sum(current_a > 0 for current_a in view.currents_a) or hardware.phases
    return Period(start_s, _one_decimal(value), used if hardware.phases else None)


def _one_decimal(value: float) -> float:
    """Rounded down, but not for the noise of a conversion there and back."""
    return float(Decimal(repr(round(value, 6))).quantize(Decimal("0.1"), ROUND_DOWN))
