"""What the steps of chargers leave unused: shares are cut down to whole steps, and what that frees is given out again.

A charger in whole amperes loses up to 200 W of its share, one in steps of 8 A up to 1.6 kW; together that is a car's
worth of power on every circuit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush

from csms.balancing.wishes import Wish
from csms.domain.model import ConnectorKey


def steps_up(
    wishes: Sequence[Wish], given_w: Mapping[ConnectorKey, int], left: list[int], least_w: int
) -> dict[ConnectorKey, int]:
    """Who is given a step or more beyond `given_w`, and takes it off `left`; steps below `least_w` are not worth it.

    The lowest is raised first; before him, though, whoever has that much already: nothing changes for him. A step that
    does not fit never will, since the room only shrinks.
    """
    raised: dict[ConnectorKey, int] = {}
    queue = [
        (limit_w >= wish.in_force_w, limit_w, n)
        for n, wish in enumerate(wishes)
        if (form := wish.shape.form).unit == "A"
        and form.largest_step_w >= least_w
        and (limit_w := given_w[wish.key]) > 0
    ]
    heapify(queue)
    while queue:
        _, limit_w, n = heappop(queue)
        wish = wishes[n]
        next_w = wish.shape.form.ceil_w(limit_w + 1)
        more_w = next_w - limit_w
        if more_w < least_w or next_w > wish.lent_w or any(load * more_w > left[row] for row, load in wish.line.rows):
            continue
        for row, load in wish.line.rows:
            left[row] -= load * more_w
        raised[wish.key] = next_w
        heappush(queue, (next_w >= wish.in_force_w, next_w, n))
    return raised
