"""Car parks that are staged: in each, one rule of the balancer or two is all that holds the ceiling, again and again.

What the other draws leave to chance is arranged here: cars and contactors that take their time, meters that tell every
other second, chargers that are told late, or never take what they are told. All of it is what chargers, cars and
drivers do.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from simulators.behaviour import Behaviour
from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES, DC_50
from simulators.readings import BY_THE_TEXT
from support.carpark.draw_crowded import FIRST_DAY_S, times
from support.carpark.scenario import (
    Asked,
    CircuitPlan,
    Crashed,
    Dropped,
    Forgets,
    Happening,
    LimitTold,
    Misbehaves,
    Noisy,
    Rebooted,
    Scenario,
    Stopped,
    Visit,
)
from support.carpark.staging import (
    SLOW_CAR_S,
    Stage,
    a_car,
    a_point,
    a_site,
    coming_and_going,
    foreseen_limits,
    of_no_consequence,
)

STAGED_FROM = 3_000_000
"""Seeds from here on: so many of each stage."""

OF_EACH = 1_000


def draw_staged(seed: int, duration_s: float) -> Scenario:
    """Everything about one run."""
    rng = random.Random(f"staged {seed}")
    stage = STAGES[(seed - STAGED_FROM) // OF_EACH](rng, duration_s)
    return Scenario(
        seed=seed,
        temper="staged",
        start_s=FIRST_DAY_S + rng.randrange(7 * 24 * 60) * 60.0,
        duration_s=duration_s,
        site=stage.site,
        points=stage.points,
        visits=tuple(sorted(stage.visits, key=lambda visit: visit.arrives_s)),
        happenings=tuple(sorted(stage.happenings, key=lambda happening: happening.at_s)),
    )


def _small_cuts(rng: random.Random, duration_s: float) -> Stage:
    """Big sessions are cut by a little, and raised again, for small ones that come and go; all are metered every
    other second, and the cars of the big ones take their time."""
    big = [a_point(number, DC_50) for number in range(2)]
    small = [a_point(number, AC_ONE_PHASE, phase=number % 3) for number in range(2, 5)]
    site = a_site(capacity_kw=80.0, strategy="priority", priority_order=("CP-1", "CP-2"), metering_s=2)
    visits = [Visit(number, 1, 30.0, duration_s, a_car(reaction_s=SLOW_CAR_S), "TAG") for number in range(2)]
    for number in range(2, 5):
        visits += coming_and_going(rng, number, duration_s, stays_s=(15.0, 60.0), gaps_s=(1.0, 15.0))
    return Stage(site, (*big, *small), visits)


def _breaks(rng: random.Random, duration_s: float) -> Stage:
    """A car that takes little now and then, on a line on which readings are under way for seconds."""
    resting = a_point(0, DC_50, latency_s=(3.2, 0.05))
    small = a_point(1, AC_ONE_PHASE)
    appetite, at_s = [], 30.0
    while at_s < duration_s:
        at_s += rng.uniform(2.0, 5.0)
        appetite.append((at_s, 0.3))
        at_s += rng.uniform(1.5, 4.0)
        appetite.append((at_s, 1.0))
    car = replace(a_car(reaction_s=SLOW_CAR_S), appetite=tuple(appetite))
    visits = [Visit(0, 1, 30.0, duration_s, car, "TAG")]
    visits += coming_and_going(rng, 1, duration_s, stays_s=(20.0, 35.0), gaps_s=(15.0, 30.0))
    return Stage(a_site(capacity_kw=45.0, metering_s=4), (resting, small), visits)


def _contactors(rng: random.Random, duration_s: float) -> Stage:
    """Drivers end their transactions and leave their cars; the contactors open seconds later."""
    slow = Behaviour(opens_after_s=4.5)
    points = [a_point(number, AC_THREE_PHASES, behaviour=slow) for number in range(4)]
    visits: list[Visit] = []
    for number in range(4):
        visits += coming_and_going(rng, number, duration_s, stays_s=(60.0, 240.0), gaps_s=(5.0, 60.0))
    stops = [
        Stopped(visit.arrives_s + (visit.leaves_s - visit.arrives_s) * rng.uniform(0.5, 0.9), visit.point, 1)
        for visit in visits
    ]
    return Stage(a_site(grid_max_current_a=40.0), tuple(points), visits, stops)


def _newcomers(rng: random.Random, duration_s: float) -> Stage:
    """Chargers that are switched on while a car stands there already, which draws as long as nothing limits it."""
    freely = Behaviour(charges_freely="under_default")
    old = [a_point(number, AC_ONE_PHASE, phase=0) for number in range(2)]
    new = [
        replace(a_point(number, AC_ONE_PHASE, phase=0, latency_s=(0.05, 1.0), behaviour=freely), on_at_s=on_at_s)
        for number, on_at_s in enumerate((at_s for at_s in range(200, int(duration_s) - 60, 300)), start=2)
    ]
    visits = [Visit(number, 1, 30.0, duration_s, a_car(), "TAG") for number in range(2)]
    for number, point in enumerate(new, start=2):
        arrives_s = point.on_at_s + rng.uniform(0.05, 0.5)
        visits.append(Visit(number, 1, arrives_s, arrives_s + 200, a_car(reaction_s=rng.uniform(3.0, 5.0)), None))
    return Stage(a_site(grid_max_current_a=40.0), (*old, *new), visits)


def _deaf(rng: random.Random, duration_s: float) -> Stage:
    """Chargers that never answer a limit, so that there is always one being asked; there is room beside them."""
    deaf = Behaviour(never_answers=("SetChargingProfile",))
    points = [
        replace(a_point(number, AC_ONE_PHASE, phase=0, behaviour=deaf), on_at_s=10.0 * number) for number in range(3)
    ]
    heard = a_point(3, AC_ONE_PHASE, phase=0)
    visits = [Visit(3, 1, rng.uniform(90.0, 200.0), duration_s, a_car(), "TAG")]
    return Stage(a_site(grid_max_current_a=3 * 32.0 + 20.0, turn_minutes=1.0), (*points, heard), visits)


def _idle_defaults(rng: random.Random, duration_s: float) -> Stage:
    """Idle chargers may draw while nobody decides, and the ceiling falls below what they may."""
    points = [replace(a_point(number, AC_ONE_PHASE, phase=number % 3), offline_kw=1.6) for number in range(4)]
    busy = a_point(4, AC_THREE_PHASES)
    visits = list(coming_and_going(rng, 4, duration_s, stays_s=(60.0, 600.0), gaps_s=(10.0, 120.0)))
    limits = [
        LimitTold(at_s, f"operator-{number % 2 + 1}", round(rng.uniform(0.0, 4.0), 1), at_s, at_s + 90.0)
        for number, at_s in enumerate(times(rng, 15.0, duration_s))
        if at_s > 60
    ]
    return Stage(a_site(capacity_kw=20.0), (*points, busy), visits, limits)


def _forgetful(rng: random.Random, duration_s: float) -> Stage:
    """A charger forgets what it was told, and alone it draws more than the connection carries."""
    points = [a_point(number, AC_THREE_PHASES, behaviour=Behaviour(most_periods=1)) for number in range(2)]
    visits = [Visit(number, 1, 30.0, duration_s, a_car(), "TAG") for number in range(2)]
    forgets = [Forgets(rng.uniform(300.0, 600.0), 0)]
    return Stage(a_site(grid_max_current_a=20.0), tuple(points), visits, forgets)


def _said_to_forget(rng: random.Random, duration_s: float) -> Stage:
    """A charger that is declared to forget its profiles with its connection, and takes no default any more after the
    first; ceilings are known to fall below its rating."""
    refusing = Behaviour(rejects_profiles=("TxDefaultProfile", "ChargePointMaxProfile"))
    points = [replace(a_point(0, AC_ONE_PHASE), said_to_forget=True), a_point(1, AC_ONE_PHASE)]
    visits: list[Visit] = []
    for number in range(2):
        visits += coming_and_going(rng, number, duration_s, stays_s=(300.0, 900.0), gaps_s=(20.0, 60.0), from_s=200.0)
    happenings: list[Happening] = [
        Misbehaves(60.0, 0, duration_s, refusing, "refuses defaults"),
        Dropped(70.0, 0, 3.0),
        of_no_consequence(at_s=180.0),
        *foreseen_limits(rng, duration_s, limit_kw=5.0),
    ]
    return Stage(a_site(capacity_kw=20.0), tuple(points), visits, happenings)


def _without_default(rng: random.Random, duration_s: float) -> Stage:
    """A charger that takes no default profile, on a circuit that carries less than its rating: were its session to end,
    it would be free. Others come while it is charging."""
    rejects = Behaviour(rejects_profiles=("TxDefaultProfile", "ChargePointMaxProfile"))
    points = [
        a_point(0, AC_ONE_PHASE, behaviour=rejects, circuit_id="C", protocol="1.6"),
        a_point(1, AC_ONE_PHASE),
        a_point(2, AC_ONE_PHASE),
    ]
    visits = [Visit(number, 1, rng.uniform(200.0, 300.0), duration_s, a_car(), "TAG") for number in (1, 2)]
    visits.append(Visit(0, 1, rng.uniform(60.0, 120.0), duration_s, a_car(), "TAG"))
    circuits = (CircuitPlan("C", None, None, 20.0),)
    site = a_site(grid_max_current_a=50.0, circuits=circuits, turn_minutes=1.0)
    return Stage(site, tuple(points), visits)


def _long_stays(rng: random.Random, duration_s: float) -> Stage:
    """Three cars that stay, and room for the floors of two."""
    points = [a_point(number, AC_ONE_PHASE) for number in range(3)]
    visits = [Visit(number, 1, rng.uniform(30.0, 60.0), duration_s, a_car(), "TAG") for number in range(3)]
    return Stage(a_site(grid_max_current_a=13.0, turn_minutes=1.0), tuple(points), visits)


def _slow_disk(rng: random.Random, duration_s: float) -> Stage:
    """Our disk takes a second to write, our process is killed now and then, and a charger stays away for minutes."""
    points = [a_point(number, AC_ONE_PHASE, latency_s=(0.01, 0.01)) for number in range(3)]
    visits: list[Visit] = []
    for number in range(3):
        visits += coming_and_going(rng, number, duration_s, stays_s=(40.0, 150.0), gaps_s=(5.0, 40.0))
    happenings: list[Happening] = []
    for at_s in times(rng, 50.0, duration_s):
        happenings += [Crashed(at_s, rng.uniform(0.2, 1.0)), Dropped(at_s, rng.randrange(3), rng.uniform(40.0, 120.0))]
    return Stage(a_site(grid_max_current_a=33.0, commit_s=1.0), tuple(points), visits, happenings)


def _known_drops(rng: random.Random, duration_s: float) -> Stage:
    """Ceilings that are known to fall, and chargers that are far away, answer late, and take no step by themselves."""
    slow, first = Behaviour(answer_delay_s=(8.0, 8.0)), replace(BY_THE_TEXT, tx_periods="first")
    far = [(0.5, round(rng.uniform(18.0, 20.0), 1)) for _ in range(4)]
    points = [
        replace(a_point(number, AC_ONE_PHASE, latency_s=latency_s, behaviour=slow), readings=first)
        for number, latency_s in enumerate(far)
    ]
    visits = [
        Visit(number, 1, rng.uniform(250.0, 300.0), duration_s, a_car(reaction_s=SLOW_CAR_S), "TAG")
        for number in range(4)
    ]
    site = a_site(capacity_kw=24.0, lease_minutes=2.0, metering_s=60)
    return Stage(site, tuple(points), visits, foreseen_limits(rng, duration_s, limit_kw=6.5))


def _questions(rng: random.Random, duration_s: float) -> Stage:
    """Operators ask chargers that are far away for this and that, while cars come and go and ceilings fall."""
    slow = Behaviour(answer_delay_s=(8.0, 8.0))
    points = [a_point(number, AC_ONE_PHASE, latency_s=(0.5, 10.0), behaviour=slow) for number in range(4)]
    visits: list[Visit] = []
    for number in range(4):
        visits += coming_and_going(rng, number, duration_s, stays_s=(200.0, 600.0), gaps_s=(20.0, 60.0), from_s=200.0)
    asked = [Asked(at_s, number) for number in range(4) for at_s in times(rng, 60.0, duration_s) if at_s > 200]
    limits = [
        LimitTold(at_s, "operator-1", 6.5, at_s, at_s + 60.0)
        for at_s in (240.0 + 160.0 * number + rng.uniform(0.0, 60.0) for number in range(int(duration_s / 160) - 2))
    ]
    return Stage(a_site(capacity_kw=24.0, metering_s=60), tuple(points), visits, [*asked, *limits])


def _silent_leases(rng: random.Random, duration_s: float) -> Stage:
    """Chargers that take the first period of a session's limit for all of it, and cannot be asked; they are out of
    reach for longer than their leases."""
    mute = Behaviour(lacks=("GetCompositeSchedule",))
    first = replace(BY_THE_TEXT, tx_periods="first")
    points = [replace(a_point(number, AC_ONE_PHASE, behaviour=mute), readings=first) for number in range(3)]
    visits: list[Visit] = []
    for number in range(3):
        visits += coming_and_going(rng, number, duration_s, stays_s=(600.0, 1500.0), gaps_s=(20.0, 60.0))
    drops = [
        Dropped(at_s, number, rng.uniform(250.0, 500.0)) for number in range(3) for at_s in times(rng, 4.0, duration_s)
    ]
    crashes = [Crashed(at_s, 1.0) for at_s in times(rng, 12.0, duration_s)]
    return Stage(a_site(grid_max_current_a=33.0, lease_minutes=2.0), tuple(points), visits, [*drops, *crashes])


def _rare_cuts(rng: random.Random, duration_s: float) -> Stage:
    """Cuts so small that who has yet to follow is within what meters are forgiven; what is cut had been in force for a
    while."""
    points = [a_point(0, DC_50), a_point(1, DC_50), a_point(2, AC_ONE_PHASE)]
    weights = (("CP-1", 30), ("CP-2", 30))
    site = replace(a_site(capacity_kw=80.0, strategy="priority", metering_s=2), priority_weights=weights)
    visits = [Visit(number, 1, 30.0, duration_s, a_car(reaction_s=SLOW_CAR_S), "TAG") for number in range(2)]
    visits += coming_and_going(rng, 2, duration_s, stays_s=(20.0, 60.0), gaps_s=(15.0, 30.0))
    return Stage(site, tuple(points), visits)


def _left_behind(rng: random.Random, duration_s: float) -> Stage:
    """A connection is lost while a raise is under way, which somebody keeps and delivers on the next one, after what
    was told there; and somebody else has come meanwhile."""
    points = [replace(a_point(0, AC_ONE_PHASE, latency_s=(1.0, 3.0)), stores_limits=True), a_point(1, AC_ONE_PHASE)]
    visits = [Visit(0, 1, 30.0, duration_s, a_car(), "TAG")]
    others = list(coming_and_going(rng, 1, duration_s, stays_s=(40.0, 90.0), gaps_s=(6.0, 14.0)))
    drops = [Dropped(visit.leaves_s + rng.uniform(0.5, 2.5), 0, rng.uniform(0.5, 2.0)) for visit in others]
    return Stage(a_site(grid_max_current_a=33.0), tuple(points), [*visits, *others], drops)


def _one_place(rng: random.Random, duration_s: float) -> Stage:
    """A charger with one place for the default profiles of its two connectors, told anew after every outage; what it
    loses while a session runs shows when that ends."""
    forgets = replace(a_point(0, AC_ONE_PHASE, behaviour=Behaviour(default_slots="one")), connectors=2)
    points = [forgets, *(a_point(number, AC_ONE_PHASE) for number in range(1, 4))]
    visits = [Visit(number, 1, 30.0, duration_s, a_car(), "TAG") for number in range(1, 4)]
    for connector_id in (1, 2):
        comings = coming_and_going(rng, 0, duration_s, stays_s=(60.0, 200.0), gaps_s=(20.0, 90.0))
        visits += [replace(visit, connector_id=connector_id) for visit in comings]
    drops = [Dropped(at_s, 0, rng.uniform(1.0, 5.0)) for at_s in times(rng, 30.0, duration_s) if at_s > 60]
    return Stage(a_site(grid_max_current_a=104.0), tuple(points), visits, drops)


def _restarts(rng: random.Random, duration_s: float) -> Stage:
    """A charger that honours its default profile alone restarts, and its car stays without a session; all that there is
    was permitted to it, and somebody else has come."""
    honours = Behaviour(honours_only=("TxDefaultProfile",))
    visits = [Visit(0, 1, 30.0, duration_s, a_car(), "TAG"), Visit(1, 1, 400.0, duration_s, a_car(), "TAG")]
    restarts = [Rebooted(rng.uniform(200.0, 390.0), 0)]
    points = (a_point(0, DC_50, behaviour=honours), a_point(1, DC_50))
    return Stage(a_site(capacity_kw=50.0, turn_minutes=1.0), points, visits, restarts)


def _unheard_cuts(rng: random.Random, duration_s: float) -> Stage:
    """The ceiling falls while the line to the only car is dead, below what it draws and what an idle charger may."""
    points = (a_point(0, AC_ONE_PHASE), replace(a_point(1, AC_THREE_PHASES), offline_kw=4.6))
    visits = [Visit(0, 1, 30.0, duration_s, a_car(), "TAG")]
    happenings: list[Happening] = []
    for at_s in range(120, int(duration_s) - 120, 180):
        dead_s = at_s + rng.uniform(0.0, 60.0)
        happenings += [
            Noisy(dead_s, 0, 60.0, lost=1.0, twice=0.0),
            LimitTold(dead_s + 1.0, "operator-1", 10.0, dead_s + 1.0, dead_s + 50.0),
        ]
    return Stage(a_site(capacity_kw=13.0), points, visits, happenings)


def _hidden_loss(rng: random.Random, duration_s: float) -> Stage:
    """As before, on a slow line: a session begins while it is being told its defaults for the first time, and hides
    which of them is left until it ends."""
    one = Behaviour(default_slots="one")
    forgets = replace(a_point(0, AC_ONE_PHASE, latency_s=(2.6, 2.6), behaviour=one, protocol="1.6"), connectors=2)
    points = [forgets, *(a_point(number, AC_ONE_PHASE) for number in range(1, 8))]
    visits = [Visit(number, 1, 30.0, duration_s, a_car(), "TAG") for number in range(1, 8)]
    visits.append(Visit(0, 1, rng.uniform(75.0, 110.0), rng.uniform(400.0, 500.0), a_car(), "TAG"))
    return Stage(a_site(grid_max_current_a=230.0), tuple(points), visits)


STAGES: tuple[Callable[[random.Random, float], Stage], ...] = (
    _small_cuts,
    _breaks,
    _contactors,
    _newcomers,
    _deaf,
    _idle_defaults,
    _forgetful,
    _said_to_forget,
    _without_default,
    _long_stays,
    _slow_disk,
    _known_drops,
    _silent_leases,
    _rare_cuts,
    _questions,
    _left_behind,
    _one_place,
    _restarts,
    _unheard_cuts,
    _hidden_loss,
)
