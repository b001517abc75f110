"""Why a share is what it is, in words."""

from __future__ import annotations

from collections.abc import Mapping

from csms.balancing.tree import DIMENSIONS, Tree
from csms.balancing.wishes import Wish
from csms.balancing.words import kw, place
from csms.domain.model import SmartCharging


class Reasons:
    """Of the shares of one tier: the `rank`-th, of so many members, that divides `room_w`."""

    def __init__(
        self, config: SmartCharging, weights: Mapping[str, int], tree: Tree, rank: int, members: int, room_w: int
    ) -> None:
        self._ranked = config.priority_order if config.strategy == "priority" else ()
        self._weights = weights
        self._tree = tree
        self._rank = rank
        self._room = kw(room_w)
        self._limits: dict[int, str] = {}  # by row; many are stopped by the same
        self._evenly = f"all that is left of the budget: {self._room}"
        if members > 1:
            self._evenly = f"shares {self._room} equally with {members - 1} other{'s' if members > 2 else ''}"

    def of(self, wish: Wish, share_w: int, row: int | None) -> str:
        """Of a share that was stopped by this row of the tree; None: by none."""
        if share_w >= wish.cap_w:
            return wish.capped_by
        if share_w >= wish.lent_w:
            return f"draws less than it may: {kw(share_w)} kept for it"
        if row is not None and row > 0:
            return self._limits.get(row) or self._limited_by(row)
        charge_point_id = wish.key.charge_point_id
        if charge_point_id in self._weights:
            return f"weight {self._weights[charge_point_id]} of {self._room}"
        if charge_point_id in self._ranked:
            return f"rank {self._rank}" if share_w > wish.floor_w else f"rank {self._rank}, floor"
        return self._evenly

    def _limited_by(self, row: int) -> str:
        node, dimension = divmod(row, DIMENSIONS)
        self._limits[row] = reason = f"limited by {place(self._tree.names[node], dimension)}"
        return reason
