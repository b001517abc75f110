"""What is measured of an allocation: plain functions of what every session asked for, got and was told.

Let f be a session's delivered / requested energy. Jain's index is (sum f)^2 / (n sum f^2): 1 where everybody got the
same fraction, 1/n where one got it all (Jain, Chiu and Hawe, DEC-TR-301, 1984). A session is starved if f < 1 %.

Changes and pauses count while the car still wants energy, and so do the hours they are divided by: a change is a limit
that differs from the one before it, a pause one that goes from above 0 to 0. The first limit of a session is neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

STARVED_BELOW = 0.01


@dataclass(frozen=True, slots=True)
class Served:
    """One session: what it asked for and got, the limits it was told in order (any unit), and how long it was plugged
    in and not yet full."""

    requested_kwh: float
    delivered_kwh: float
    limits: tuple[float, ...]
    wanting_h: float

    @property
    def fraction(self) -> float:
        return self.delivered_kwh / self.requested_kwh


@dataclass(frozen=True, slots=True)
class Outcome:
    """One allocation under one ceiling. `power_kw` is the site's draw, a value per step; `decision_ms` the mean time of
    a decision with somebody plugged in."""

    name: str
    ceiling_kw: float
    sessions: tuple[Served, ...]
    power_kw: tuple[float, ...]
    decision_ms: float

    @property
    def delivered_kwh(self) -> float:
        return sum(session.delivered_kwh for session in self.sessions)

    @property
    def requested_kwh(self) -> float:
        return sum(session.requested_kwh for session in self.sessions)

    @property
    def jain(self) -> float:
        return jain([session.fraction for session in self.sessions])

    @property
    def starved(self) -> int:
        return sum(session.fraction < STARVED_BELOW for session in self.sessions)

    @property
    def changes_per_hour(self) -> float:
        return sum(changes(s.limits) for s in self.sessions) / self._hours

    @property
    def pauses_per_hour(self) -> float:
        return sum(pauses(s.limits) for s in self.sessions) / self._hours

    @property
    def _hours(self) -> float:
        return sum(session.wanting_h for session in self.sessions)


def jain(fractions: Sequence[float]) -> float:
    """Jain's index; 1 where there is nobody, or nobody got anything: no one is worse off than another."""
    squares = sum(fraction**2 for fraction in fractions)
    return sum(fractions) ** 2 / (len(fractions) * squares) if squares else 1.0


def changes(limits: Sequence[float]) -> int:
    return sum(before != after for before, after in pairwise(limits))


def pauses(limits: Sequence[float]) -> int:
    return sum(before > 0 and after == 0 for before, after in pairwise(limits))
