"""Draw what happens at a site: cars that come and go, outages, ceilings told, loads read, and our own crashes."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from simulators.car import Car
from support.carpark.draw_behaviour import AT_RUN_TIME, FAULTS, possible, with_knobs
from support.carpark.draw_crowded import CROWDED_FROM, FIRST_DAY_S, draw_crowded, times
from support.carpark.draw_site import draw_points, draw_site
from support.carpark.draw_staged import STAGED_FROM, draw_staged
from support.carpark.scenario import (
    Crashed,
    Dropped,
    Forgets,
    Happening,
    LimitTold,
    LoadPlan,
    LoadTold,
    Misbehaves,
    Noisy,
    PointPlan,
    Rebooted,
    Scenario,
    SitePlan,
    Temper,
    Visit,
)

METERING_S = (10, 30, 60, 60, 120)
"""What operators have their chargers meter by; most leave it at a minute."""

TEMPERS: tuple[Temper, ...] = ("calm", "troubled", "troubled", "unruly")

UNCLEAR_FROM = 1_000_000
"""Seeds from here on: no charger breaks what it acknowledged, but each leaves calls without a clear answer."""


def draw_scenario(seed: int, hours: float) -> Scenario:
    """Everything about one run; equal seeds and hours give equal scenarios."""
    if seed >= STAGED_FROM:
        return draw_staged(seed, hours * 3600)
    if seed >= CROWDED_FROM:
        return draw_crowded(seed, hours * 3600)
    rng = random.Random(f"car park {seed}")
    temper: Temper = "unclear" if seed >= UNCLEAR_FROM else TEMPERS[seed % len(TEMPERS)]
    duration_s = hours * 3600
    site, points = draw_site(rng, draw_points(rng, temper))
    metering_s = _metering_s(random.Random(f"metering {seed}"), points)
    visits = sorted(_visits(rng, points, duration_s), key=lambda visit: visit.arrives_s)
    happenings = [*_ceilings(rng, site, duration_s), *_loads(rng, site.load, duration_s)]
    if temper != "calm":
        happenings += [*_outages(rng, points, duration_s), *_crashes(rng, duration_s)]
    if temper == "unruly":
        happenings += _misconduct(rng, points, duration_s)
    return Scenario(
        seed=seed,
        temper=temper,
        start_s=FIRST_DAY_S + rng.randrange(7 * 24 * 60) * 60.0 + rng.random() * 60,
        duration_s=duration_s,
        site=replace(site, metering_s=metering_s),
        points=points,
        visits=tuple(visits),
        happenings=tuple(sorted(happenings, key=lambda happening: happening.at_s)),
    )


def _metering_s(rng: random.Random, points: Sequence[PointPlan]) -> int:
    """Not so often that readings queue up: a charger sends the next when the last was answered (OCPP-J 4.1.1)."""
    slowest_s = max(1.5 * point.connectors * sum(point.latency_s) for point in points)
    return rng.choice([metering_s for metering_s in METERING_S if metering_s >= slowest_s] or [METERING_S[-1]])


def _visits(rng: random.Random, points: Sequence[PointPlan], duration_s: float) -> Iterator[Visit]:
    """Cars come one by one, and half of them in a rush, when several need room at once."""
    rushes_s = list(times(rng, 3.0, duration_s))
    for number, point in enumerate(points):
        for connector_id in range(1, point.connectors + 1):
            at_s = _joining(rng, rng.uniform(20, 1500), rushes_s)
            while at_s < duration_s:
                leaves_s = at_s + rng.choice((rng.uniform(120, 900), rng.uniform(900, 5400), rng.uniform(900, 5400)))
                yield Visit(number, connector_id, at_s, leaves_s, _car(rng), f"TAG{rng.randrange(10)}")
                at_s = _joining(rng, leaves_s + rng.uniform(10, 1200), rushes_s)


def _joining(rng: random.Random, at_s: float, rushes_s: Sequence[float]) -> float:
    """An arrival, perhaps put off until the next rush."""
    rush_s, joins, late_s = next((r for r in rushes_s if r > at_s), None), rng.random() < 0.5, rng.uniform(0, 20)
    return at_s if rush_s is None or not joins else rush_s + late_s


def _car(rng: random.Random) -> Car:
    return Car(
        battery_wh=rng.choice((rng.uniform(3_000, 12_000), rng.uniform(20_000, 80_000), rng.uniform(20_000, 80_000))),
        soc=rng.uniform(0.1, 0.75),
        max_current_a=rng.choice((10.0, 16.0, 16.0, 32.0, 32.0)),
        phases=rng.choice((1, 3, 3)),
        dc_max_w=rng.choice((40_000.0, 50_000.0, 100_000.0)),
        reaction_s=rng.uniform(0.2, 5.0),
    )


def _ceilings(rng: random.Random, site: SitePlan, duration_s: float) -> Iterator[Happening]:
    """Temporary limits, some at once, some with notice; they may overlap."""
    if rng.random() < 0.4:
        return
    for number, at_s in enumerate(times(rng, 1.5, duration_s)):
        notice_s = rng.choice((0.0, rng.uniform(60, 1800)))
        until_s = at_s + notice_s + rng.uniform(60, 2400)
        limit_kw = round(site.max_power_kw * rng.choice((0.0, rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9))), 2)
        yield LimitTold(at_s, f"operator-{number % 2 + 1}", limit_kw, at_s + notice_s, until_s)


def _loads(rng: random.Random, load: LoadPlan | None, duration_s: float) -> Iterator[Happening]:
    """Readings of a load that wanders, steps, and is not told for a while now and then."""
    if load is None:
        return
    at_s, share = 1.0, rng.random()
    while at_s < duration_s:
        share = rng.random() if rng.random() < 0.05 else min(1.0, max(0.0, share + rng.uniform(-0.08, 0.08)))
        phases = [load.max_current_a * share * rng.uniform(0.6, 1.0) for _ in range(3)]
        l1, l2, l3 = (round(amperes, 1) for amperes in phases)
        yield LoadTold(at_s, round(load.max_kw * share, 2), (l1, l2, l3))
        at_s += rng.uniform(0.3, 0.9) * load.max_age_s
        if rng.random() < 0.04:
            at_s += load.max_age_s * rng.uniform(1, 5)


def _outages(rng: random.Random, points: Sequence[PointPlan], duration_s: float) -> Iterator[Happening]:
    for number in range(len(points)):
        for at_s in times(rng, 0.5, duration_s):
            yield Dropped(at_s, number, rng.choice((rng.uniform(0.5, 30), rng.uniform(30, 900))))
        for at_s in times(rng, 0.15, duration_s):
            yield Rebooted(at_s, number)
        for at_s in times(rng, 0.15, duration_s):
            yield Noisy(at_s, number, rng.uniform(20, 600), rng.choice((0.0, 0.1, 0.5)), rng.choice((0.0, 0.2)))


def _crashes(rng: random.Random, duration_s: float) -> Iterator[Happening]:
    for at_s in times(rng, 0.6, duration_s):
        yield Crashed(at_s, rng.choice((rng.uniform(0.1, 5), rng.uniform(5, 300), rng.uniform(300, 2000))))


def _misconduct(rng: random.Random, points: Sequence[PointPlan], duration_s: float) -> Iterator[Happening]:
    kinds = [name for name in AT_RUN_TIME if possible(FAULTS[name])]
    for number, kind in itertools.product(range(len(points)), kinds):
        for at_s in times(rng, 0.05, duration_s):
            behaviour = with_knobs(points[number].behaviour, FAULTS[kind])
            yield Misbehaves(at_s, number, rng.uniform(60, 1800), behaviour, kind)
    for number in range(len(points)):
        for at_s in times(rng, 0.1, duration_s):
            yield Forgets(at_s, number)
