"""Every limit of a site at an instant, as the observer knows it: from the scenario and from what was told since.

A vector is power in W and the current of L1, L2, L3 in A. Nodes are named: `GRID`, circuits and charge points by their
id.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from support.carpark.scenario import LimitTold, LoadTold, PointPlan, SitePlan, WindowPlan

Vector = tuple[float, float, float, float]

GRID = "grid"
NO_LIMIT: Vector = (math.inf,) * 4
LOOK_AHEAD_DAYS = 2


class Ceilings:
    """The limits of one site. Times are epoch seconds; `told` and `read` change what holds from then on."""

    def __init__(self, site: SitePlan, points: tuple[PointPlan, ...], *, start_s: float) -> None:
        self._site = site
        self._zone = ZoneInfo(site.timezone)
        self._start_s = start_s
        self._told: dict[str, list[tuple[float, float, float]]] = {}
        self._load: LoadTold | None = None
        self._load_at_s = -math.inf
        self._windows = site.windows if site.strategy == "scheduled" else ()
        # A charger's own limits are of what it delivers; vectors are what it takes from the grid for that.
        self._factors = {point.identity: point.grid_factor for point in points}
        self._parents = self._tree(points)
        self._capped = sorted({identity for w in self._windows for identity, _ in w.charge_point_limits_kw})

    def path(self, identity: str) -> tuple[str, ...]:
        """The nodes above a charge point, from itself to the grid connection."""
        nodes = [identity]
        while nodes[-1] != GRID:
            nodes.append(self._parents[nodes[-1]])
        return tuple(nodes)

    def tell(self, limit: LimitTold) -> None:
        """A temporary ceiling; one of the same source replaces none, the lowest valid one wins."""
        span = (self._start_s + limit.from_s, self._start_s + limit.until_s, limit.max_power_kw * 1000)
        self._told.setdefault(limit.source, []).append(span)

    def read(self, load: LoadTold, at_s: float) -> None:
        self._load, self._load_at_s = load, at_s

    def at(self, at_s: float) -> dict[str, Vector]:
        """The limit of every node that has one."""
        found = {GRID: self._grid(at_s)}
        for circuit in self._site.circuits:
            power_w = math.inf if circuit.max_power_kw is None else circuit.max_power_kw * 1000
            current_a = math.inf if circuit.max_current_a is None else circuit.max_current_a
            found[circuit.circuit_id] = (power_w, current_a, current_a, current_a)
        window = self._window(at_s)
        caps = dict(window.charge_point_limits_kw) if window else {}
        for identity in self._capped:
            cap_w = caps[identity] * 1000 * self._factors[identity] if identity in caps else math.inf
            found[identity] = (cap_w, math.inf, math.inf, math.inf)
        return found

    def next_change_s(self, at_s: float) -> float | None:
        """The next instant after `at_s` at which time alone changes a limit."""
        return min((instant for instant in self._instants(at_s) if instant > at_s), default=None)

    def stale_at(self, at_s: float) -> bool:
        """Whether the last reading of the site's load is too old to be believed, or there was none yet."""
        load = self._site.load
        return load is not None and at_s - self._load_at_s > load.max_age_s

    def _tree(self, points: tuple[PointPlan, ...]) -> dict[str, str]:
        circuits = {circuit.circuit_id: circuit.parent or GRID for circuit in self._site.circuits}
        return circuits | {point.identity: point.circuit_id or GRID for point in points}

    def _grid(self, at_s: float) -> Vector:
        window = self._window(at_s)
        ceilings_w = [window.max_power_kw * 1000 if window else self._site.max_power_kw * 1000]
        ceilings_w += [limit_w for spans in self._told.values() for f, u, limit_w in spans if f <= at_s < u]
        load_w, load_a = self._site_load(at_s)
        ceilings_w.append(max(self._site.grid_capacity_kw * 1000 - load_w, 0.0))
        grid_a = math.inf if self._site.grid_max_current_a is None else self._site.grid_max_current_a
        l1, l2, l3 = (max(grid_a - amperes, 0.0) for amperes in load_a)
        return (min(ceilings_w), l1, l2, l3)

    def _site_load(self, at_s: float) -> tuple[float, tuple[float, float, float]]:
        """What the site counts for, its reserve included."""
        plan = self._site.load
        if plan is None:
            return 0.0, (0.0, 0.0, 0.0)
        if self._load is None or self.stale_at(at_s):
            return (plan.max_kw + plan.reserve_kw) * 1000, (plan.max_current_a,) * 3
        return (self._load.power_kw + plan.reserve_kw) * 1000, self._load.currents_a

    def _instants(self, at_s: float) -> Iterator[float]:
        for spans in self._told.values():
            for from_s, until_s, _ in spans:
                yield from (from_s, until_s)
        if self._site.load is not None:
            # Just after: at its exact age a reading still counts.
            yield self._load_at_s + self._site.load.max_age_s + 1e-3
        for window_from_s, window_until_s, _ in self._occurrences(at_s):
            yield from (window_from_s, window_until_s)

    def _window(self, at_s: float) -> WindowPlan | None:
        return next((window for f, u, window in self._occurrences(at_s) if f <= at_s < u), None)

    def _occurrences(self, at_s: float) -> Iterator[tuple[float, float, WindowPlan]]:
        """The windows around an instant as spans of epoch seconds; each belongs to the local day it starts on."""
        if not self._windows:
            return
        today = datetime.fromtimestamp(at_s, self._zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        for day in (today + timedelta(days=days) for days in range(-1, LOOK_AHEAD_DAYS)):
            for window in self._windows:
                if day.weekday() in window.days:
                    end_min = window.end_min + (1440 if window.end_min <= window.start_min else 0)
                    yield self._epoch_s(day, window.start_min), self._epoch_s(day, end_min), window

    def _epoch_s(self, day: datetime, minute: int) -> float:
        return (day + timedelta(minutes=minute)).replace(tzinfo=self._zone).astimezone(UTC).timestamp()
