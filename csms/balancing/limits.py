"""Division under limits: everyone is raised together until somebody is full, then the others go on.

This is max-min fairness by progressive filling (Bertsekas and Gallager, Data Networks, 1992, section 6.5.2), in whole
watts: nobody can be given more without taking from somebody who has no more than him.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """One participant: at least `floor_w`, at most `cap_w`; `reserved_w` is held for it whatever it is given.

    What it is given therefore costs max(given, reserved_w).
    """

    floor_w: int
    cap_w: int
    reserved_w: int = 0


def divide(capacity_w: int, participants: Sequence[Bounds]) -> list[int]:
    """Shares in whole watts; what does not divide evenly, less than a watt each, stays unused.

    The floors must fit the capacity; where they do not, everybody is left at his floor.
    """
    if not participants:
        return []
    low_w, high_w = 0, max(bounds.cap_w for bounds in participants)
    while low_w < high_w:  # the highest level at which everyone's cost still fits
        level_w = (low_w + high_w + 1) // 2
        if sum(_cost_w(bounds, level_w) for bounds in participants) <= capacity_w:
            low_w = level_w
        else:
            high_w = level_w - 1
    return [_share_w(bounds, low_w) for bounds in participants]


def _share_w(bounds: Bounds, level_w: int) -> int:
    return max(bounds.floor_w, min(bounds.cap_w, level_w))


def _cost_w(bounds: Bounds, level_w: int) -> int:
    return max(bounds.reserved_w, _share_w(bounds, level_w))
