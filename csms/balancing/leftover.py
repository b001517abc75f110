"""What the steps of chargers leave unused: shares are cut down to whole steps, and what that frees is given out again.

A charger in whole amperes loses up to 200 W of its share, one in steps of 8 A up to 1.6 kW; together that is a car's
worth of power on every circuit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush

from csms.balancing.shares import Share
from csms.balancing.wishes import Wish
from csms.domain.model import ConnectorKey


def steps_up(
    wishes: Sequence[Wish], given: Mapping[ConnectorKey, Share], left: list[int], least_w: int
) -> dict[ConnectorKey, int]:
    """Who is raised by a step or more, and takes it off `left`; steps below `least_w` are not worth it.

    First whoever has just that much already, since nothing changes for him; then a step to each whose limit changes
    anyway; then the others. The lowest comes first. A step that does not fit never will, since the room only shrinks.
    """
    raised: dict[ConnectorKey, int] = {}
    queue = [
        (_place(wish, limit_w), limit_w, n)
        for n, wish in enumerate(wishes)
        if (form := wish.shape.form).unit == "A"
        and form.largest_step_w >= least_w
        and (limit_w := given[wish.key].limit_w) > 0
    ]
    heapify(queue)
    while queue:
        _, limit_w, n = heappop(queue)
        wish = wishes[n]
        next_w = wish.shape.form.ceil_w(limit_w + 1)
        more_w = next_w - limit_w
        if (
            more_w < max(least_w, 1)
            or next_w > wish.lent_w
            or any(load * more_w > left[row] for row, load in wish.line.rows)
        ):
            continue
        for row, load in wish.line.rows:
            left[row] -= load * more_w
        raised[wish.key] = next_w
        heappush(queue, (_place(wish, next_w, raised=True), next_w, n))
    return raised


def _place(wish: Wish, limit_w: int, *, raised: bool = False) -> int:
    """Who is raised before whom, so that few are told another limit."""
    if 0 < wish.in_force_w - limit_w <= wish.shape.form.largest_step_w:
        return 0
    return 2 if raised or limit_w == wish.in_force_w else 1
