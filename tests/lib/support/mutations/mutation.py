"""What is broken, and where that is noticed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """`old` must stand in the file exactly once.

    `seeds` are runs of an hour in which the simulation notices it: found by search, or staged for it (from STAGED_FROM
    on, see `carpark.draw_staged`, the thousands say on which stage). `unseen` says why no simulation can: from outside,
    by construction, there is no difference.
    """

    name: str
    path: str
    old: str
    new: str
    seeds: tuple[int, ...] = ()
    unseen: str = ""
