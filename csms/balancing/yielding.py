"""A limit is exceeded (the ceiling fell at once, a charger disobeys): how low must each charger go until it is not?

Nobody knows which charger and which car will be the first to follow. While only one of them has, the others still draw
what they drew; so each gives way for the whole excess, as if it were the only one. What that is too much by comes back
as soon as enough of them have been seen to follow.
"""

from __future__ import annotations

from collections.abc import Sequence

from csms.balancing.allocation import Allocation
from csms.balancing.budget import effective_config
from csms.balancing.ledger import Ledger
from csms.domain.model import ConnectorKey
from csms.domain.snapshot import Snapshot


class Yielding:
    """Sessions give way where what is in force is exceeded: known drops are complete at their start without haste."""

    def __init__(self, snapshot: Snapshot, allocation: Allocation, book: Ledger, loads: Sequence[int]) -> None:
        """`loads` are those of the book, for every row of the tree."""
        self._book = book
        self._places = allocation.tree.places
        self._least_w = effective_config(snapshot).min_power_per_charger_w
        self._excesses = allocation.tree.within(allocation.budget.now_w).exceeded(loads)

    def session_w(self, key: ConnectorKey, limit_w: int, phases: int | None) -> int:
        """A share, lowered as far as its session must give way; never into what no car takes, and a session that must
        not pause keeps its floor."""
        excesses = self._excesses.get(self._places[key.charge_point_id])
        if excesses is None:
            return limit_w
        facts, worst = self._book.facts[key], self._book.exposures[key].worst
        shape, most_w = facts.shape.on(phases), limit_w
        for dimension, excess in excesses:
            if per_w := shape.per_w[dimension]:
                most_w = min(most_w, max(0, worst[dimension] - excess) // per_w)
        if most_w == limit_w:
            return limit_w
        lowered_w = shape.form.floor_w(most_w)
        if lowered_w >= max(shape.least_w, self._least_w):
            return lowered_w  # on the charger's grid, so not below the floor, which is the lowest limit there
        return min(limit_w, shape.floor_w(self._least_w)) if facts.never_pause else 0
