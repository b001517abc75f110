"""Draw small sites that are tight on every phase, where somebody always comes, goes, or is cut off in mid-sentence.

They have what elsewhere meets too seldom: one-phase chargers beside an uneven load, chargers that turn from three
phases to one, idle ones that may draw while nobody decides, answers and connections that are lost while others wait
for room, and limits that arrive on the connection after their own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.car import Car
from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES
from simulators.readings import BY_THE_TEXT
from support.carpark.draw_site import ROTATIONS, rated_kw
from support.carpark.scenario import (
    Crashed,
    Dropped,
    Happening,
    LimitTold,
    LoadPlan,
    LoadTold,
    PointPlan,
    Scenario,
    SitePlan,
    Visit,
)

CROWDED_FROM = 2_000_000
"""Seeds from here on: many leave calls or answers open, or take their time."""

REFUSING_FROM = 2_500_000
"""Seeds from here on: many answer clearly, but refuse."""

FIRST_DAY_S = 1_767_571_200.0  # Monday 2026-01-05, midnight UTC

PECULIAR_FROM = 2_600_000
"""Seeds from here on: sessions and outages last longer than leases, which some end late or never; and some have one
place for the default profiles of two connectors."""

UNCLEAR = (
    BY_THE_BOOK,
    BY_THE_BOOK,
    Behaviour(chance_answer_lost=0.3),
    Behaviour(chance_call_lost=0.3),
    Behaviour(answer_delay_s=(0.0, 12.0)),
)
REFUSING = (BY_THE_BOOK, Behaviour(rejects_profile_chance=0.4), Behaviour(chance_call_error=0.4))
PECULIAR = (BY_THE_BOOK, BY_THE_BOOK, Behaviour(clock_ahead_s=-40.0), Behaviour(default_slots="one"))

FALLBACK_KW = 1.6
"""A little more than 6 A on one phase."""

LOAD_A = 20.0


def times(rng: random.Random, per_hour: float, duration_s: float) -> Iterator[float]:
    """Instants of a Poisson process."""
    at_s = 0.0
    while (at_s := at_s + rng.expovariate(per_hour / 3600)) < duration_s:
        yield at_s


def draw_crowded(seed: int, duration_s: float) -> Scenario:
    """Everything about one run. Where idle chargers may draw while nobody decides, no ceiling falls: what they may draw
    they keep then, though a 0 would make room."""
    rng = random.Random(f"crowded {seed}")
    if seed >= PECULIAR_FROM:
        return _peculiar(rng, seed, duration_s)
    steady = rng.random() < 0.4
    behaviours = REFUSING if seed >= REFUSING_FROM else UNCLEAR
    points = tuple(_point(rng, number, behaviours, steady) for number in range(rng.choice((3, 4, 5))))
    site = _site(rng, points)
    happenings = [*_loads(rng, site.load, duration_s, steady), *_outages(rng, points, duration_s)]
    if not steady:
        happenings += _ceilings(rng, site.max_power_kw, duration_s)
    visits = list(_visits(rng, points, duration_s, longest_s=600.0))
    return _scenario(rng, seed, duration_s, site, points, visits, happenings)


def _peculiar(rng: random.Random, seed: int, duration_s: float) -> Scenario:
    points = []
    for number in range(rng.choice((3, 4))):
        point = _point(rng, number, PECULIAR, steady=False)
        readings = replace(BY_THE_TEXT, tx_periods="first") if rng.random() < 0.3 else BY_THE_TEXT
        connectors = 2 if point.behaviour.default_slots == "one" else 1
        points.append(replace(point, readings=readings, connectors=connectors, stores_limits=False))
    site = replace(_site(rng, points), load=None, strategy="equal", lease_minutes=2.0)
    happenings = [
        Dropped(at_s, number, rng.uniform(100, 500))
        for number in range(len(points))
        for at_s in times(rng, 4.0, duration_s)
    ]
    visits = list(_visits(rng, points, duration_s, longest_s=1500.0))
    return _scenario(rng, seed, duration_s, site, tuple(points), visits, happenings)


def _scenario(
    rng: random.Random,
    seed: int,
    duration_s: float,
    site: SitePlan,
    points: tuple[PointPlan, ...],
    visits: Sequence[Visit],
    happenings: Sequence[Happening],
) -> Scenario:
    return Scenario(
        seed=seed,
        temper="crowded",
        start_s=FIRST_DAY_S + rng.randrange(7 * 24 * 60) * 60.0,
        duration_s=duration_s,
        site=site,
        points=points,
        visits=tuple(sorted(visits, key=lambda visit: visit.arrives_s)),
        happenings=tuple(sorted(happenings, key=lambda happening: happening.at_s)),
    )


def _point(rng: random.Random, number: int, behaviours: Sequence[Behaviour], steady: bool) -> PointPlan:
    three = replace(AC_THREE_PHASES, switches_phases=rng.random() < 0.7)
    hardware = rng.choice((AC_ONE_PHASE, AC_ONE_PHASE, AC_ONE_PHASE, three))
    protocol = rng.choice(("1.6", "2.0.1"))
    return PointPlan(
        identity=f"CP-{number + 1}",
        protocol="1.6" if protocol == "1.6" else "2.0.1",
        hardware=hardware,
        phase_map=(rng.randrange(3),) if hardware.phases == 1 else rng.choice(ROTATIONS),
        offline_kw=FALLBACK_KW if steady and hardware.phases == 1 and rng.random() < 0.6 else 0.0,
        behaviour=rng.choice(behaviours),
        latency_s=(round(rng.uniform(0.05, 0.5), 3), round(rng.uniform(0.05, rng.choice((0.5, 3.0))), 3)),
        stores_limits=rng.random() < 0.4,
    )


def _site(rng: random.Random, points: Sequence[PointPlan]) -> SitePlan:
    """Amperes are what is short; the load leaves room for what all may draw while nobody decides."""
    load = LoadPlan(max_age_s=300.0, max_kw=3 * LOAD_A * 0.253, max_current_a=LOAD_A, reserve_kw=0.0)
    capacity_kw = round(sum(map(rated_kw, points)) + load.max_kw, 1)
    reserved_a = 8.0 * sum(point.offline_kw > 0 for point in points)
    return SitePlan(
        timezone="Europe/London",
        grid_capacity_kw=capacity_kw,
        max_power_kw=capacity_kw,
        grid_max_current_a=round(LOAD_A + reserved_a + rng.uniform(8.0, 30.0), 1),
        strategy=rng.choice(("equal", "first_come_first_served")),
        load=load if rng.random() < 0.7 else None,
        turn_minutes=rng.choice((1.0, 2.0)),
        lease_minutes=rng.choice((2.0, 15.0)),
        metering_s=rng.choice((10, 60)),
    )


def _loads(rng: random.Random, load: LoadPlan | None, duration_s: float, steady: bool) -> Iterator[Happening]:
    """An uneven one, now and then another if it is not steady."""
    if load is None:
        return
    currents = [0.0, 0.0, 0.0]
    for step in range(int(duration_s / 120)):
        if step == 0 or (step % 5 == 0 and not steady):
            currents = [round(rng.choice((0.0, 1.0)) * rng.uniform(0.0, LOAD_A), 1) for _ in range(3)]
        yield LoadTold(step * 120.0, round(sum(currents) * 0.23, 2), (currents[0], currents[1], currents[2]))


def _outages(rng: random.Random, points: Sequence[PointPlan], duration_s: float) -> Iterator[Happening]:
    """Mostly so short that who is back is told of the same cars."""
    for number in range(len(points)):
        for at_s in times(rng, 12.0, duration_s):
            yield Dropped(at_s, number, rng.choice((rng.uniform(0.5, 5), rng.uniform(0.5, 5), rng.uniform(5, 120))))
    for at_s in times(rng, 6.0, duration_s):
        yield Crashed(at_s, rng.uniform(0.1, 10))


def _ceilings(rng: random.Random, max_power_kw: float, duration_s: float) -> Iterator[Happening]:
    for number, at_s in enumerate(times(rng, 2.0, duration_s)):
        limit_kw = round(max_power_kw * rng.uniform(0.2, 0.5), 2)
        yield LimitTold(at_s, f"operator-{number % 2 + 1}", limit_kw, at_s, at_s + rng.uniform(30, 300))


def _visits(rng: random.Random, points: Sequence[PointPlan], duration_s: float, longest_s: float) -> Iterator[Visit]:
    for number, point in enumerate(points):
        for connector_id in range(1, point.connectors + 1):
            at_s = rng.uniform(60, 240)
            while at_s < duration_s:
                leaves_s = at_s + rng.choice((rng.uniform(30, 120), rng.uniform(60, longest_s)))
                yield Visit(number, connector_id, at_s, leaves_s, _car(rng), f"TAG{number}")
                at_s = leaves_s + rng.uniform(5, 90)


def _car(rng: random.Random) -> Car:
    return Car(
        battery_wh=60_000.0,
        soc=rng.uniform(0.1, 0.5),
        max_current_a=32.0,
        phases=rng.choice((1, 3)),
        reaction_s=rng.uniform(0.2, 5.0),
    )
