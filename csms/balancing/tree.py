"""The limit tree: grid connection, circuits, charge points; power, and current per phase.

Every limit of every node is a row: `node * 4 + dimension`, dimension 0 being power (milliwatts) and 1 to 3 the currents
of L1 to L3 (quanta; see domain.electrical.Load). What hangs on a node counts in that node's rows and in those of all
its parents.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from csms.domain.electrical import NO_LOAD, Load, voltages
from csms.domain.grid import GRID
from csms.domain.model import ChargePointSettings, SiteSettings

DIMENSIONS = 4


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes with parents before children; node 0 is the grid connection.

    `limits` has a capacity per row, None where nothing is declared; `paths` has for each node the rows that bound what
    hangs on it, as (row, dimension); `places` says on which node a charge point hangs.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    limits: tuple[int | None, ...]
    paths: tuple[tuple[tuple[int, int], ...], ...]
    places: Mapping[str, int]

    def loads(self, by_charge_point: Mapping[str, Load]) -> list[int]:
        """The load of every row."""
        sums = [0] * (len(self.names) * DIMENSIONS)
        places = self.places
        for charge_point_id, load in by_charge_point.items():
            if load is NO_LOAD:
                continue
            power, one, two, three = load
            row = places[charge_point_id] * DIMENSIONS
            sums[row] += power
            sums[row + 1] += one
            sums[row + 2] += two
            sums[row + 3] += three
        for node in range(len(self.names) - 1, 0, -1):
            row, above = node * DIMENSIONS, self.parents[node] * DIMENSIONS
            for dimension in range(DIMENSIONS):
                sums[above + dimension] += sums[row + dimension]
        return sums

    def within(self, budget_w: int) -> Tree:
        """The same tree under another budget."""
        return replace(self, limits=(budget_w * 1000, *self.limits[1:]))

    def room(self, loads: Sequence[int]) -> list[int]:
        """What is left in every row; negative where there is too much already, and 0 where there is no limit."""
        return [0 if limit is None else limit - load for limit, load in zip(self.limits, loads, strict=True)]

    def exceeded(self, loads: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
        """By node: the dimensions in which limits are exceeded, its own or above it, and by how much the worst of them
        is. Nodes without any are left out."""
        room = self.room(loads)
        if min(room) >= 0:
            return {}
        found: dict[int, list[tuple[int, int]]] = {}
        for node, path in enumerate(self.paths):
            worst: dict[int, int] = {}
            for row, dimension in path:
                if room[row] < 0:
                    worst[dimension] = max(worst.get(dimension, 0), -room[row])
            if worst:
                found[node] = list(worst.items())
        return found


def tree(
    site: SiteSettings,
    charge_points: Mapping[str, ChargePointSettings],
    budget_w: int,
    load_currents_a: Sequence[float] = (0.0, 0.0, 0.0),
) -> Tree:
    """The tree of a site whose chargers may draw `budget_w` in all, beside `load_currents_a` of other loads."""
    names, parents = _nodes(site)
    index = {name: node for node, name in enumerate(names)}
    quanta_per_ma = voltages(site).quanta_per_ma
    limits: list[int | None] = [budget_w * 1000]
    for load_a in load_currents_a:
        limits.append(_quanta(site.grid_max_current_a, quanta_per_ma, load_a))
    circuits = {circuit.circuit_id: circuit for circuit in site.circuits}
    for name in names[1:]:
        circuit = circuits[name]
        limits.append(None if circuit.max_power_w is None else circuit.max_power_w * 1000)
        limits += [_quanta(circuit.max_current_a, quanta_per_ma)] * 3
    paths: list[tuple[tuple[int, int], ...]] = []
    for node, parent in enumerate(parents):
        own = tuple((node * DIMENSIONS + d, d) for d in range(DIMENSIONS) if limits[node * DIMENSIONS + d] is not None)
        paths.append(own if parent < 0 else (*own, *paths[parent]))
    places = {cp_id: index.get(settings.circuit_id or GRID, 0) for cp_id, settings in charge_points.items()}
    return Tree(names, parents, tuple(limits), tuple(paths), places)


def _nodes(site: SiteSettings) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Parents before children; circuits whose parent is not known hang on the grid connection."""
    names, parents = [GRID], [-1]
    node = {GRID: 0}
    waiting = {circuit.circuit_id: circuit for circuit in site.circuits}
    while waiting:
        placed = [c for c in waiting.values() if c.parent not in waiting]
        if not placed:  # a ring, which no configuration that was checked has
            placed = list(waiting.values())
        for circuit in placed:
            parents.append(node.get(circuit.parent or GRID, 0))
            node[circuit.circuit_id] = len(names)
            names.append(circuit.circuit_id)
            del waiting[circuit.circuit_id]
    return tuple(names), tuple(parents)


def _quanta(current_a: float | None, quanta_per_ma: int, load_a: float = 0.0) -> int | None:
    """Capacities are declared to the milliampere; other loads are rounded up to it."""
    return None if current_a is None else (round(current_a * 1000) - math.ceil(load_a * 1000)) * quanta_per_ma
