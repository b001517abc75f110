"""A limit is exceeded (the ceiling fell at once, a charger disobeys): how low must each charger go until it is not?

Nobody knows which charger and which car will be the first to follow. While only one of them has, the others still draw
what they drew; so each gives way for the whole excess, as if it were the only one. What that is too much by comes back
as soon as enough of them have been seen to follow.
"""

from __future__ import annotations

from collections.abc import Mapping

from csms.balancing.allocation import Allocation
from csms.balancing.budget import effective_config
from csms.balancing.ledger import Ledger, summed
from csms.balancing.tree import Tree
from csms.domain.electrical import Load
from csms.domain.model import ConnectorKey
from csms.domain.snapshot import Snapshot


class Yielding:
    """Sessions give way where what is in force is exceeded: known drops are complete at their start without haste.
    Default profiles give way where not even they fit, now or by what is known to come."""

    def __init__(self, snapshot: Snapshot, allocation: Allocation, book: Ledger) -> None:
        self._snapshot = snapshot
        self._book = book
        self._tree = allocation.tree
        self._over = _exceeded(allocation.tree.within(allocation.budget.now_w), book.charge_points)
        self._full = _exceeded(allocation.tree, self._fallbacks()) if self._may_be_full() else {}

    def session_w(self, key: ConnectorKey, limit_w: int, phases: int | None) -> int:
        """A share, lowered as far as its session must give way; never into what no car takes, and a session that must
        not pause keeps its floor."""
        if not self._over:
            return limit_w
        worst, shape = self._book.exposures[key].worst, self._snapshot.shapes[key.charge_point_id].on(phases)
        most_w = limit_w
        for row, dimension in self._path(key):
            per_w = shape.per_w[dimension]
            if row in self._over and per_w:
                most_w = min(most_w, max(0, worst[dimension] - self._over[row]) // per_w)
        if most_w == limit_w:
            return limit_w
        floor_w = shape.floor_w(effective_config(self._snapshot).min_power_per_charger_w)
        lowered_w = shape.form.floor_w(most_w)
        if lowered_w >= floor_w:
            return lowered_w
        return min(limit_w, floor_w) if self._snapshot.settings[key.charge_point_id].never_pause else 0

    def default_w(self, key: ConnectorKey) -> int:
        """The limit of a default profile: 0 where a ceiling is too low for what all do while nobody decides."""
        fallback_w = self._snapshot.shapes[key.charge_point_id].fallback_w
        gives_way = fallback_w and self._full and any(row in self._full for row, _ in self._path(key))
        return 0 if gives_way else fallback_w

    def _path(self, key: ConnectorKey) -> tuple[tuple[int, int], ...]:
        return self._tree.paths[self._tree.places[key.charge_point_id]]

    def _may_be_full(self) -> bool:
        return any(shape.fallback_w for shape in self._snapshot.shapes.values())

    def _fallbacks(self) -> dict[str, Load]:
        """What everybody would draw under the default profiles as declared; who cannot be told counts as he stands."""
        snapshot, loads = self._snapshot, {}
        for key, exposure in self._book.exposures.items():
            shape = snapshot.shapes[key.charge_point_id]
            reachable = snapshot.charge_points[key.charge_point_id].connected
            loads[key] = shape.load(shape.fallback_w) if reachable else exposure.lasting
        return summed(snapshot, loads)


def _exceeded(tree: Tree, by_charge_point: Mapping[str, Load]) -> dict[int, int]:
    """By row of the tree, by how much it is exceeded."""
    room = tree.room(tree.loads(by_charge_point))
    return {row: -left for row, left in enumerate(room) if left < 0}
