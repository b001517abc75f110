"""Adds up, at every change of state, what may flow through every node of the tree, and compares it with the limits.

It looks at chargers from outside (their own profile stores, their cars) and knows nothing of what csms believes. A
change of one charger changes only the sums above it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simulators.station import SimulatedChargePoint
from support.carpark.blame import OUR_FAULT, Blame
from support.carpark.ceilings import GRID, Ceilings, Vector
from support.carpark.contribution import contribution
from support.carpark.scenario import PointPlan
from support.carpark.standing import Standing

TOLERANCE_W, TOLERANCE_A = 0.5, 0.005
"""The observer multiplies amperes and volts as floats, and grid factors have three decimals."""

QUANTITIES = ("kW", "A L1", "A L2", "A L3")


@dataclass(frozen=True, slots=True)
class Incident:
    """The first moment at which an avoidable excess was seen: for people who look for its reason."""

    at_s: float
    node: str
    quantity: str
    total: float
    limit: float
    vectors: tuple[tuple[str, Vector, str], ...]


@dataclass(slots=True)
class Excesses:
    """Integrals above limits, in kW-seconds or ampere-seconds, by node kind, quantity and cause."""

    sums: dict[tuple[str, str, str], float] = field(default_factory=dict)
    incidents: list[Incident] = field(default_factory=list)

    def add(self, kind: str, quantity: int, cause: str, amount: float, for_s: float) -> None:
        key = (kind, "kW" if quantity == 0 else "A", cause)
        self.sums[key] = self.sums.get(key, 0.0) + amount * for_s / (1000.0 if quantity == 0 else 1.0)

    def avoidable(self) -> float:
        return sum(amount for (_, _, cause), amount in self.sums.items() if cause in OUR_FAULT)


class Observer:
    """Watches one site. `time` gives seconds of the virtual loop, `epoch_s` the same moment as epoch seconds."""

    def __init__(
        self,
        points: Sequence[PointPlan],
        ceilings: Ceilings,
        *,
        time: Callable[[], float],
        epoch_s: Callable[[], float],
    ) -> None:
        self.points = points
        self.ceilings = ceilings
        self.excesses = Excesses()
        self.standings = [Standing(plan, lambda cause: self.blame.open(cause, self._time())) for plan in points]
        self.blame = Blame(self.standings)
        self.changes = 0
        self._time = time
        self._epoch_s = epoch_s
        self._limits = ceilings.at(epoch_s())
        self._paths = [tuple(n for n in ceilings.path(p.identity) if n in self._limits) for p in points]
        self._members = {
            node: [number for number, path in enumerate(self._paths) if node in path] for node in self._limits
        }
        self._sums: dict[str, list[float]] = {node: [0.0] * 4 for node in self._limits}
        self._over: dict[tuple[str, int], None] = {}
        self._since_s = time()

    @property
    def grid(self) -> tuple[float, float]:
        """What may flow through the grid connection now, and its limit, in watts."""
        return self._sums[GRID][0], self._limits[GRID][0]

    def limits(self) -> dict[str, Vector]:
        """The limits in force."""
        return self._limits

    def look(self, number: int, station: SimulatedChargePoint) -> None:
        """A charger has changed, or what is known of it."""
        self.pass_time()
        standing = self.standings[number]
        standing.untold = station.untold
        standing.look(station.model, self._time(), station.connected and station.adapter.online)
        vector, parts = contribution(station.model, standing.plan, self._epoch_s())
        if vector != standing.vector:
            self.changes += 1
            self._change(number, standing.vector, vector)
            standing.changes(vector, parts, self._time())

    def ceilings_changed(self, cause: str | None) -> None:
        """A limit may have changed; `cause` names what nobody could foresee, None what everybody knew."""
        self.pass_time()
        if cause is not None:
            self.blame.open(cause, self._time())
        limits = self.ceilings.at(self._epoch_s())
        changed = [node for node, limit in limits.items() if limit != self._limits[node]]
        self._limits = limits
        for node in changed:
            for quantity in range(4):
                self._compare(node, quantity)

    def pass_time(self) -> None:
        """Count what flowed above a limit since the last look."""
        now_s = self._time()
        if self._over and now_s > self._since_s:
            edges = [self._since_s, *self.blame.edges(self._since_s, now_s), now_s]
            for from_s, to_s in itertools.pairwise(edges):
                for node, quantity in self._over:
                    self._count(node, quantity, from_s, to_s - from_s)
        self._since_s = now_s

    def _count(self, node: str, quantity: int, at_s: float, for_s: float) -> None:
        members, total, limit = self._members[node], self._sums[node][quantity], self._limits[node][quantity]
        kind = node if node == GRID else "charge point" if node.startswith("CP-") else "circuit"
        for cause, amount in self.blame.split(members, quantity, total, limit, at_s):
            if cause in OUR_FAULT and amount <= (TOLERANCE_W if quantity == 0 else TOLERANCE_A):
                continue
            self.excesses.add(kind, quantity, cause, amount, for_s)
            if cause in OUR_FAULT and len(self.excesses.incidents) < 5:
                self.excesses.incidents.append(self._incident(node, quantity, at_s))

    def _incident(self, node: str, quantity: int, at_s: float) -> Incident:
        standings = [self.standings[number] for number in self._members[node]]
        vectors = tuple((s.plan.identity, s.vector, s.cause) for s in standings)
        total, limit = self._sums[node][quantity], self._limits[node][quantity]
        return Incident(at_s, node, QUANTITIES[quantity], total, limit, vectors)

    def _change(self, number: int, old: Vector, new: Vector) -> None:
        for node in self._paths[number]:
            sums = self._sums[node]
            for quantity in range(4):
                if new[quantity] != old[quantity]:
                    sums[quantity] += new[quantity] - old[quantity]
                    self._compare(node, quantity)

    def _compare(self, node: str, quantity: int) -> None:
        tolerance = TOLERANCE_W if quantity == 0 else TOLERANCE_A
        if self._sums[node][quantity] > self._limits[node][quantity] + tolerance:
            self._over[node, quantity] = None
        else:
            self._over.pop((node, quantity), None)
