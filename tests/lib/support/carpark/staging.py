"""What stages are made of: chargers, sites, cars that come one after the other."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.car import Car
from simulators.hardware import Hardware
from support.carpark.scenario import CircuitPlan, Happening, LimitTold, PointPlan, SitePlan, Visit

QUICK_S = (0.05, 0.05)
SLOW_CAR_S = 4.8
"""As long as a car may take to follow (IEC 61851-1), or nearly."""

BIG_WH = 500_000.0
"""No battery is full within the hour."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What is arranged, but for its seed and its beginning."""

    site: SitePlan
    points: tuple[PointPlan, ...]
    visits: Sequence[Visit]
    happenings: Sequence[Happening] = ()


def a_point(
    number: int,
    hardware: Hardware,
    *,
    phase: int = 0,
    latency_s: tuple[float, float] = QUICK_S,
    behaviour: Behaviour = BY_THE_BOOK,
    circuit_id: str | None = None,
    protocol: str | None = None,
) -> PointPlan:
    """The versions in turn."""
    older = number % 2 == 0 if protocol is None else protocol == "1.6"
    return PointPlan(
        identity=f"CP-{number + 1}",
        protocol="1.6" if older else "2.0.1",
        hardware=hardware,
        circuit_id=circuit_id,
        phase_map=(phase,) if hardware.phases == 1 else (0, 1, 2),
        behaviour=behaviour,
        latency_s=latency_s,
    )


def a_site(
    *,
    capacity_kw: float = 200.0,
    grid_max_current_a: float | None = None,
    circuits: tuple[CircuitPlan, ...] = (),
    strategy: str = "equal",
    priority_order: tuple[str, ...] = (),
    turn_minutes: float = 15.0,
    lease_minutes: float = 15.0,
    metering_s: int = 10,
    commit_s: float = 0.02,
) -> SitePlan:
    return SitePlan(
        timezone="Europe/London",
        grid_capacity_kw=capacity_kw,
        max_power_kw=capacity_kw,
        grid_max_current_a=grid_max_current_a,
        circuits=circuits,
        strategy=strategy,
        priority_order=priority_order,
        turn_minutes=turn_minutes,
        lease_minutes=lease_minutes,
        metering_s=metering_s,
        commit_s=commit_s,
    )


def a_car(reaction_s: float = 1.0) -> Car:
    return Car(battery_wh=BIG_WH, soc=0.1, max_current_a=32.0, phases=3, dc_max_w=50_000.0, reaction_s=reaction_s)


def coming_and_going(
    rng: random.Random,
    number: int,
    duration_s: float,
    *,
    stays_s: tuple[float, float],
    gaps_s: tuple[float, float],
    from_s: float = 60.0,
) -> Iterator[Visit]:
    """One car after the other at a charger's only connector."""
    at_s = from_s + rng.uniform(*gaps_s)
    while at_s < duration_s:
        leaves_s = at_s + rng.uniform(*stays_s)
        yield Visit(number, 1, at_s, leaves_s, a_car(reaction_s=rng.uniform(0.5, SLOW_CAR_S)), "TAG")
        at_s = leaves_s + rng.uniform(*gaps_s)


def foreseen_limits(rng: random.Random, duration_s: float, limit_kw: float) -> list[LimitTold]:
    """Told minutes before they begin, each for a minute or two."""
    return [
        LimitTold(at_s, "operator-1", limit_kw, at_s + rng.uniform(200.0, 260.0), at_s + 320.0)
        for at_s in range(240, int(duration_s) - 330, 400)
    ]


def of_no_consequence(at_s: float = 60.0) -> LimitTold:
    """A limit that changes nothing, while nobody draws anything: the last moment that something happened outside."""
    return LimitTold(at_s, "operator-3", 1000.0, at_s, at_s + 1.0)
