"""Who is compared: our strategies, each configured for the car park, and acnportal's algorithms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from benchmarks.carpark.metrics import Outcome
from benchmarks.carpark.own import OwnBalancer, car_park_of
from benchmarks.carpark.sessions import Session
from benchmarks.carpark.simulation import REFERENCE, simulate
from csms.domain.model import BalancerSettings, ScheduleWindow, SmartCharging

FLOOR_W = 6 * 208
"""The least an EVSE of the site can be told but nothing: 6 A between two lines."""

SETTINGS = BalancerSettings(turn_s=1800.0)
"""Turns of half an hour (`turn_minutes`): with the default of 15 minutes, cars pause about twice as often."""

RANKED_POD = "AV Pod"

OURS: dict[str, Callable[[int, Sequence[str]], SmartCharging]] = {
    "equal": lambda site_w, _: SmartCharging(site_w, "equal", FLOOR_W),
    "first_come_first_served": lambda site_w, _: SmartCharging(site_w, "first_come_first_served", FLOOR_W),
    "priority": lambda site_w, pod: SmartCharging(site_w, "priority", FLOOR_W, priority_order=tuple(pod)),
    "scheduled": lambda site_w, _: SmartCharging(site_w, "scheduled", FLOOR_W, schedule=_evening(site_w)),
}
"""By strategy, from the site's watts and the stations of one pod. `priority` ranks that pod before all others;
`scheduled` has half the power from 17:00 to 20:00, so it is no rival of the others but shows what that costs."""


def outcomes(ceiling_kw: float, sessions: Sequence[Session], only: Sequence[str] = ()) -> Iterator[Outcome]:
    """One after the other; `only` names those that are wanted, none means all."""
    by_id = {session.session_id: session for session in sessions}
    site = car_park_of(ceiling_kw)
    for name, configured in OURS.items():
        if not only or name in only:
            own = OwnBalancer(site, configured(site.settings().grid_capacity_w, site.pod(RANKED_POD)), by_id, SETTINGS)
            yield simulate(name, ceiling_kw, own, sessions, own.told)
    for name, algorithm in REFERENCE.items():
        if not only or name in only:
            yield simulate(name, ceiling_kw, algorithm(), sessions)


def _evening(site_w: int) -> tuple[ScheduleWindow, ...]:
    return (ScheduleWindow(tuple(range(7)), 17 * 60, 20 * 60, site_w // 2),)
