"""A limit is exceeded (the ceiling fell at once, a charger disobeys): how low must each charger go until it is not?

Nobody knows which charger and which car will be the first to follow. While only one of them has, the others still draw
what they drew; so each gives way for the whole excess, as if it were the only one. What that is too much by comes back
as soon as enough of them have been seen to follow.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

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

    def __init__(self, snapshot: Snapshot, allocation: Allocation, book: Ledger, loads: Sequence[int]) -> None:
        """`loads` are those of the book, for every row of the tree."""
        self._snapshot = snapshot
        self._book = book
        self._places = allocation.tree.places
        self._least_w = effective_config(snapshot).min_power_per_charger_w
        self._excesses = _excesses(allocation.tree.within(allocation.budget.now_w), loads)
        self._without = self._without_defaults(allocation.tree)

    def session_w(self, key: ConnectorKey, limit_w: int, phases: int | None) -> int:
        """A share, lowered as far as its session must give way; never into what no car takes, and a session that must
        not pause keeps its floor."""
        excesses = self._excesses.get(self._places[key.charge_point_id])
        if excesses is None:
            return limit_w
        worst, shape = self._book.exposures[key].worst, self._snapshot.shapes[key.charge_point_id].on(phases)
        most_w = limit_w
        for dimension, excess in excesses:
            if per_w := shape.per_w[dimension]:
                most_w = min(most_w, max(0, worst[dimension] - excess) // per_w)
        if most_w == limit_w:
            return limit_w
        floor_w = shape.floor_w(self._least_w)
        lowered_w = shape.form.floor_w(most_w)
        if lowered_w >= floor_w:
            return lowered_w
        return min(limit_w, floor_w) if self._snapshot.settings[key.charge_point_id].never_pause else 0

    def default_w(self, key: ConnectorKey) -> int:
        """The limit of a default profile: 0 where a ceiling is too low for what all do while nobody decides."""
        gives_way = self._places[key.charge_point_id] in self._without
        return 0 if gives_way else self._snapshot.shapes[key.charge_point_id].fallback_w

    def _without_defaults(self, tree: Tree) -> Collection[int]:
        """On which nodes of the tree no default profile but 0 may stand."""
        if not any(shape.fallback_w for shape in self._snapshot.shapes.values()):
            return ()
        return _excesses(tree, tree.loads(self._fallbacks()))

    def _fallbacks(self) -> dict[str, Load]:
        """What everybody would draw under the default profiles as declared; who cannot be told counts as he stands."""
        snapshot, loads = self._snapshot, {}
        for key, exposure in self._book.exposures.items():
            shape = snapshot.shapes[key.charge_point_id]
            reachable = snapshot.charge_points[key.charge_point_id].connected
            loads[key] = shape.load(shape.fallback_w) if reachable else exposure.lasting
        return summed(snapshot, loads)


def _excesses(tree: Tree, loads: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """By node: the dimensions of exceeded limits, its own or above it, and by how much. Nodes without any are left
    out."""
    room = tree.room(loads)
    if min(room) >= 0:
        return {}
    found = ((node, [(d, -room[row]) for row, d in path if room[row] < 0]) for node, path in enumerate(tree.paths))
    return {node: excesses for node, excesses in found if excesses}
