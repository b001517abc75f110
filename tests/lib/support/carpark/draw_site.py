"""Draw a site from random numbers: the tree of its circuits, its chargers, and how its power is divided."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES, DC_50, Hardware
from support.carpark.draw_behaviour import draw_behaviour, draw_readings
from support.carpark.scenario import CircuitPlan, LoadPlan, PointPlan, SitePlan, Temper, WindowPlan

LOWEST_V, HIGHEST_V = 207.0, 253.0
"""What EN 50160 allows around 230 V; the site is declared with both."""

MEMBERS = (3, 3, 4, 4, 5, 5, 6, 6, 7, 8, 9, 10, 12)
"""Small sites are drawn more often: there one charger is a larger part of the ceiling."""

KINDS = (AC_ONE_PHASE, AC_THREE_PHASES, AC_THREE_PHASES, replace(AC_THREE_PHASES, max_current_a=16.0), DC_50)
ROTATIONS = ((0, 1, 2), (0, 2, 1), (1, 2, 0), (1, 0, 2), (2, 0, 1), (2, 1, 0))
ROUND_TRIPS_S = ((0.05, 1.0, 60), (1.0, 8.0, 25), (8.0, 28.0, 12), (28.0, 80.0, 3))
"""The range a charger's round trip is drawn from, and how often; the last is longer than a call may take."""


def rated_kw(plan: PointPlan) -> float:
    """The most all connectors of a charger can take from the grid at the highest voltage, in kW."""
    hardware = plan.hardware
    if not hardware.phases:
        return plan.connectors * hardware.max_power_w / 1000 * plan.grid_factor
    return plan.connectors * hardware.max_current_a * hardware.phases * HIGHEST_V / 1000


def floor_kw(plan: PointPlan) -> float:
    """The least an AC charger can offer a car, 6 A on every phase at the highest voltage; DC has no such thing."""
    return 6.0 * plan.hardware.phases * HIGHEST_V / 1000 if plan.hardware.phases else 1.4


def draw_points(rng: random.Random, temper: Temper) -> list[PointPlan]:
    """The chargers of a site, all still on the grid connection itself."""
    voltage_v = rng.uniform(LOWEST_V, HIGHEST_V)
    return [_point(rng, number, temper, voltage_v) for number in range(rng.choice(MEMBERS))]


def draw_site(rng: random.Random, points: Sequence[PointPlan]) -> tuple[SitePlan, tuple[PointPlan, ...]]:
    """The grid connection and circuits for these chargers, and the chargers where they are connected."""
    total_kw = sum(rated_kw(point) for point in points)
    capacity_kw = round(max(total_kw * rng.uniform(0.2, 0.75), 1.3 * max(floor_kw(point) for point in points)), 1)
    by_current = rng.random() < 0.5
    load = _load(rng, capacity_kw) if rng.random() < 0.4 else None
    circuits, placed = _circuits(rng, points)
    strategy = rng.choice(("equal", "equal", "priority", "scheduled", "scheduled", "first_come_first_served"))
    max_power_kw = round(capacity_kw * rng.choice((1.0, 1.0, 0.8)), 1)
    ranked = rng.random() < 0.5
    identities = [point.identity for point in placed]
    site = SitePlan(
        timezone=rng.choice(("Europe/London", "Asia/Kolkata", "America/New_York")),
        grid_capacity_kw=capacity_kw,
        max_power_kw=max_power_kw,
        grid_max_current_a=_grid_current_a(rng, capacity_kw, load) if by_current else None,
        circuits=circuits,
        strategy=strategy,
        priority_order=_order(rng, identities) if strategy == "priority" and ranked else (),
        priority_weights=_weights(rng, identities) if strategy == "priority" and not ranked else (),
        windows=_windows(rng, max_power_kw, placed) if strategy == "scheduled" else (),
        load=load,
        turn_minutes=rng.choice((1.0, 2.0, 5.0)),
        lease_minutes=rng.choice((2.0, 5.0, 15.0)),
    )
    return site, _with_fallbacks(rng, site, placed)


def _grid_current_a(rng: random.Random, capacity_kw: float, load: LoadPlan | None) -> float:
    """Per phase: often less than the power would need, always more than the other load."""
    least_a = 0.0 if load is None else 1.2 * load.max_current_a
    return round(max(capacity_kw / 0.69 * rng.uniform(0.5, 1.2), least_a), 1)


def _order(rng: random.Random, identities: list[str]) -> tuple[str, ...]:
    return tuple(rng.sample(identities, len(identities) // 2 or 1))


def _weights(rng: random.Random, identities: list[str]) -> tuple[tuple[str, int], ...]:
    return tuple((identity, rng.randrange(1, 6)) for identity in identities)


def _point(rng: random.Random, number: int, temper: Temper, voltage_v: float) -> PointPlan:
    kind = rng.choice(KINDS)
    volts = min(HIGHEST_V, max(LOWEST_V, voltage_v + rng.uniform(-3, 3)))
    switches = kind.phases == 3 and rng.random() < 0.3
    hardware = replace(kind, voltage_v=round(volts, 1), switches_phases=switches)
    protocol = rng.choice(("1.6", "2.0.1"))
    return PointPlan(
        identity=f"CP-{number + 1}",
        protocol="1.6" if protocol == "1.6" else "2.0.1",
        hardware=hardware,
        connectors=2 if rng.random() < 0.2 else 1,
        phase_map=_phase_map(rng, hardware),
        grid_factor=1.0 if hardware.phases else round(rng.uniform(1.0, 1.1), 3),
        behaviour=draw_behaviour(rng, temper),
        readings=draw_readings(rng, temper),
        latency_s=_latencies_s(rng),
        on_at_s=0.0 if rng.random() < 0.9 else round(rng.uniform(60, 3600), 1),
    )


def _phase_map(rng: random.Random, hardware: Hardware) -> tuple[int, ...]:
    return (rng.randrange(3),) if hardware.phases == 1 else rng.choice(ROTATIONS)


def _latencies_s(rng: random.Random) -> tuple[float, float]:
    """A round trip in two unequal halves, none above 40 s."""
    shortest_s, longest_s, _ = rng.choices(ROUND_TRIPS_S, [row[2] for row in ROUND_TRIPS_S])[0]
    round_trip_s, share = rng.uniform(shortest_s, longest_s), rng.random()
    return round(min(40.0, round_trip_s * share), 3), round(min(40.0, round_trip_s * (1 - share)), 3)


def _circuits(rng: random.Random, points: Sequence[PointPlan]) -> tuple[tuple[CircuitPlan, ...], list[PointPlan]]:
    """None to three circuits, one perhaps below another; a charger hangs on any of them or on the grid connection."""
    names = [f"C{number + 1}" for number in range(rng.choice((0, 1, 2, 3)))]
    parents = {name: rng.choice([None, *names[:place]]) for place, name in enumerate(names)}
    placed = [replace(point, circuit_id=rng.choice([None, *names])) for point in points]
    circuits = []
    for name in names:
        below = [point for point in placed if _is_below(point.circuit_id, name, parents)]
        if below:
            circuits.append(_circuit(rng, name, parents[name], below))
    kept = {circuit.circuit_id for circuit in circuits}
    return tuple(circuits), [p if p.circuit_id in kept else replace(p, circuit_id=None) for p in placed]


def _is_below(circuit_id: str | None, ancestor: str, parents: dict[str, str | None]) -> bool:
    while circuit_id is not None and circuit_id != ancestor:
        circuit_id = parents[circuit_id]
    return circuit_id == ancestor


def _circuit(rng: random.Random, name: str, parent: str | None, below: Sequence[PointPlan]) -> CircuitPlan:
    limit_kw = max(sum(rated_kw(p) for p in below) * rng.uniform(0.3, 0.9), 1.2 * max(floor_kw(p) for p in below))
    how = rng.choice(("power", "current", "both"))
    return CircuitPlan(
        name,
        parent,
        None if how == "current" else round(limit_kw, 1),
        None if how == "power" else round(limit_kw / 0.69 * rng.uniform(0.6, 1.2), 1),
    )


def _windows(rng: random.Random, max_power_kw: float, points: Sequence[PointPlan]) -> tuple[WindowPlan, ...]:
    """Every other half hour to hour and a half of every day has a ceiling of its own."""
    windows, minute = [], rng.randrange(0, 60)
    while minute < 1380:
        length_min = rng.randrange(20, 90)
        caps = [(p.identity, round(rated_kw(p) * rng.uniform(0.0, 0.8), 1)) for p in points if rng.random() < 0.15]
        limit_kw = round(max_power_kw * rng.choice((0.0, rng.uniform(0.2, 0.9), rng.uniform(0.2, 0.9))), 1)
        windows.append(WindowPlan(tuple(range(7)), minute, min(minute + length_min, 1439), limit_kw, tuple(caps)))
        minute += length_min + rng.choice((0, rng.randrange(20, 90)))
    return tuple(windows)


def _load(rng: random.Random, capacity_kw: float) -> LoadPlan:
    max_kw = round(capacity_kw * rng.uniform(0.2, 0.6), 1)
    return LoadPlan(
        max_age_s=rng.choice((60.0, 120.0, 300.0)),
        max_kw=max_kw,
        max_current_a=round(max_kw / 0.69 * 1.1, 1),
        reserve_kw=round(capacity_kw * rng.choice((0.0, 0.05)), 1),
    )


def _with_fallbacks(rng: random.Random, site: SitePlan, points: Sequence[PointPlan]) -> tuple[PointPlan, ...]:
    """On some sites one charger may go on at its floor while nobody decides, where every ceiling has room for that."""
    tempted = rng.random() < 0.2
    number = rng.randrange(len(points))
    least_kw = min([site.max_power_kw, *(window.max_power_kw for window in site.windows)])
    fallback_kw = math.ceil(floor_kw(points[number]) * 10) / 10
    chosen = points[number]
    fits = site.load is None and not site.circuits and site.grid_max_current_a is None
    if not (tempted and fits and fallback_kw * chosen.connectors * chosen.grid_factor < least_kw * 0.5):
        return tuple(points)
    if any(identity == chosen.identity for window in site.windows for identity, _ in window.charge_point_limits_kw):
        return tuple(points)
    return tuple(replace(p, offline_kw=fallback_kw) if p is chosen else p for p in points)
