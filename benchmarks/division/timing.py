"""Times of things that stand beside each other: in turn, round by round, so that a disturbance falls on all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

_LONG_ENOUGH_S = 0.005


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of processor time per call, one figure per round, the lowest first.

    Processor time, since it is the same whatever else the machine does; everything measured here uses one thread.
    """

    rounds_ms: tuple[float, ...]

    @property
    def median_ms(self) -> float:
        return median(self.rounds_ms)

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, as a part of the median."""
        quarter = len(self.rounds_ms) // 4
        return (self.rounds_ms[-1 - quarter] - self.rounds_ms[quarter]) / 2 / self.median_ms

    def __str__(self) -> str:
        return f"{self.median_ms:.3g} ±{100 * self.spread:.0f}%"


def times(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """By name. What takes less than a few milliseconds is called as often in each round as fills them."""
    often = {name: 1 + int(_LONG_ENOUGH_S / _once_s(call, 1)) for name, call in calls.items()}
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            found[name].append(1000 * _once_s(call, often[name]))
    return {name: Times(tuple(sorted(rounds_ms))) for name, rounds_ms in found.items()}


def _once_s(call: Callable[[], object], often: int) -> float:
    started_s = time.process_time()
    for _ in range(often):
        call()
    return max(1e-9, (time.process_time() - started_s) / often)
