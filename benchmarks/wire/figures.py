"""What rounds amount to: medians, ratios of things measured in the same round, and goals for them. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median


@dataclass(frozen=True, slots=True)
class Rounds:
    """One figure per round, in the order of the rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def least(self) -> float:
        return min(self.values)

    @property
    def most(self) -> float:
        return max(self.values)

    def over(self, reference: Rounds) -> Rounds:
        """The ratio to a reference, round by round: what disturbs a round disturbs both."""
        return Rounds(tuple(a / b for a, b in zip(self.values, reference.values, strict=True)))

    def __str__(self) -> str:
        return f"{number(self.median)} ({number(self.least)} - {number(self.most)})"


class Better(Enum):
    """Which way a goal goes."""

    LESS = "<="
    MORE = ">="


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound for the median of a ratio. `better` MORE: the reference costs at least so many times as much."""

    bound: float
    better: Better = Better.LESS

    def met(self, ratio: Rounds) -> bool:
        return ratio.median <= self.bound if self.better is Better.LESS else ratio.median >= self.bound

    def __str__(self) -> str:
        return f"{self.better.value} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Result:
    """A line of the table of goals: `work` against `reference`, as a ratio."""

    work: str
    reference: str
    ratio: Rounds
    goal: Goal | None

    @property
    def missed(self) -> bool:
        return self.goal is not None and not self.goal.met(self.ratio)


def percentile(values: Sequence[float], percent: float) -> float:
    """The least value that so many percent do not exceed; not a number without values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else math.nan


def number(value: float) -> str:
    """Three significant digits, and no exponent."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}"
