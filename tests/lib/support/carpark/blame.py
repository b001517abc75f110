"""How much of an excess nobody could have helped: what would remain had every reachable charger been sent 0.

An outside event (a ceiling lowered at once, a load that rose, a charger that turns out to disobey) opens a case: from
that moment on every charger that can be reached could have been sent 0, and only what would flow all the same is
excused. One that answers unclearly may stay where it was at the last such event, since it may be told in vain; that it
rises is our own doing. Of a charger that breaks what it acknowledged, while nobody can know, what goes beyond what it
must be believed to draw is excused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from support.carpark.ceilings import Vector
from support.carpark.standing import Outstanding, Standing

LONGEST_CASE_S = 240.0
THINKING_S = 1.0
"""What a decision may take: to learn of an event, decide, write it down, and send."""
WRITING_S = 0.05
"""What was decided a moment before an event and had yet to be written down leaves so long after it at most."""

FIRST_CONTACT_S = 5.0
"""So long nobody else need be cut for a charger that was never heard of before: it is about to have its default."""

ANSWERED_S = 5.0
"""So long nobody's default profile need give way: the cut of those who draw is about to be acknowledged."""

AVOIDABLE = "avoidable"
MEANWHILE = "avoidable, others not at 0 meanwhile"
"""Our fault as well: somebody's cut was under way, and who could have made room sooner was not cut to 0 until then."""
OUR_FAULT = (AVOIDABLE, MEANWHILE)


@dataclass(frozen=True, slots=True)
class Case:
    """Something from outside happened at `at_s`: what everybody drew then, or may still have drawn a moment later, and
    which CALLs were under way."""

    at_s: float
    cause: str
    vectors: tuple[Vector, ...]
    outstanding: tuple[Outstanding | None, ...]

    def acted_on_s(self, standing: Standing) -> float:
        """From when on this one had to be cut for it."""
        patience_s = ANSWERED_S if standing.rests else 0.0
        return self.at_s + max(patience_s, FIRST_CONTACT_S if self.cause == "first contact" else 0.0)


class Blame:
    """The chargers' standings and the open cases of one site; times are seconds of the virtual loop."""

    def __init__(self, standings: Sequence[Standing]) -> None:
        self._standings = standings
        self._cases: list[Case] = []
        self._last: Case | None = None

    def open(self, cause: str, now_s: float) -> None:
        """An outside event, now."""
        self._cases = [case for case in self._cases if now_s - case.at_s < LONGEST_CASE_S]
        vectors = tuple(standing.following(now_s) for standing in self._standings)
        self._last = Case(now_s, cause, vectors, tuple(standing.outstanding for standing in self._standings))
        self._cases.append(self._last)

    def edges(self, from_s: float, to_s: float) -> list[float]:
        """The instants between two at which time alone changes who is to blame."""
        instants = {edge for edge in self._instants(from_s) if from_s < edge < to_s}
        return sorted(instants)

    def split(
        self, members: Sequence[int], quantity: int, total: float, limit: float, now_s: float
    ) -> list[tuple[str, float]]:
        """Divide the excess of `total` over `limit` by cause. `members` are the chargers below the node."""
        for number in members:
            self._standings[number].end_doubt(now_s)
        excess = total - limit
        hidden = [(self._hidden(number, quantity, now_s), number) for number in members]
        silent = min(excess, sum(amount for amount, _ in hidden))
        parts = [(self._standings[max(hidden)[1]].cause, silent)] if silent > 0 else []
        rest = excess - silent
        if rest <= 0:
            return parts
        held, cause = self._least_possible(members, quantity, limit, now_s)
        excused = min(rest, held)
        if excused > 0:
            parts.append((cause, excused))
        meanwhile = min(rest - excused, max(self._before(members, quantity, now_s) - limit - excused, 0.0))
        parts += [(MEANWHILE, meanwhile)] if meanwhile > 0 else []
        if rest > excused + meanwhile:
            parts.append((AVOIDABLE, rest - excused - meanwhile))
        return parts

    def _before(self, members: Sequence[int], quantity: int, now_s: float) -> float:
        """What would flow now had nobody been raised since a case began in which somebody's cut is still under way."""
        return max((self._unraised(case, members, quantity, now_s) for case in self._cases), default=0.0)

    def _unraised(self, case: Case, members: Sequence[int], quantity: int, now_s: float) -> float:
        ends_s = max(self._standings[number].free_at_s(case.at_s, case.outstanding[number]) for number in members)
        if not case.at_s <= now_s < ends_s + THINKING_S:
            return 0.0
        return sum(
            min(self._standings[number].believed(now_s)[quantity], case.vectors[number][quantity]) for number in members
        )

    def _hidden(self, number: int, quantity: int, now_s: float) -> float:
        standing = self._standings[number]
        return standing.vector[quantity] - standing.believed(now_s)[quantity]

    def _least_possible(self, members: Sequence[int], quantity: int, limit: float, now_s: float) -> tuple[float, str]:
        """The largest part above the limit that no case could have prevented, and its cause."""
        best, cause = self._held(members, quantity, now_s)
        best -= limit
        for case in self._cases:
            if now_s - case.at_s > LONGEST_CASE_S:
                continue
            remains = sum(self._remains(case, number, quantity, now_s) for number in members) - limit
            if remains > best:
                best, cause = remains, case.cause
        return max(best, 0.0), cause

    def _held(self, members: Sequence[int], quantity: int, now_s: float) -> tuple[float, str]:
        """What flows through chargers that could not have been told 0 in time since they were last in reach."""
        holders = [
            (self._stays(self._last, number, quantity, now_s), number)
            for number in members
            if now_s < self._standings[number].free_at_s(-math.inf, None) + THINKING_S
        ]
        if not holders:
            return 0.0, ""
        return sum(amount for amount, _ in holders), self._standings[max(holders)[1]].cause

    def _remains(self, case: Case, number: int, quantity: int, now_s: float) -> float:
        standing = self._standings[number]
        drawn = standing.believed(now_s)[quantity]
        free_s = standing.free_at_s(case.acted_on_s(standing), case.outstanding[number])
        if free_s == math.inf:
            return self._stays(case, number, quantity, now_s)
        if now_s >= free_s + THINKING_S:
            return 0.0
        # A CALL that was under way then has its effect before the 0 that would have followed it.
        return drawn if self._under_way(case, number) else min(drawn, case.vectors[number][quantity])

    def _under_way(self, case: Case, number: int) -> bool:
        """Whether a CALL of ours had left when something happened, or was about to."""
        standing = self._standings[number]
        return case.outstanding[number] is not None or standing.was_told_within(case.at_s, case.at_s + WRITING_S)

    def _stays(self, case: Case | None, number: int, quantity: int, now_s: float) -> float:
        """What flows through one that cannot be told anything, or in vain; then at most what did at the last event."""
        standing = self._standings[number]
        drawn = standing.believed(now_s)[quantity]
        if not standing.told_in_vain or standing.plan.offline_kw > 0 or standing.took_no_default:
            return drawn  # who took no default profile rises when its session ends
        if case is not None and self._under_way(case, number):
            return drawn  # a CALL that was under way then may have had its effect
        held = 0.0 if case is None else case.vectors[number][quantity]
        if case is None or (standing.reachable_since_s or 0.0) > case.at_s:
            held = max(held, standing.returned_with[quantity])  # while it was away nobody could have told it anything
        return min(drawn, held)

    def _instants(self, from_s: float) -> Iterator[float]:
        for number, standing in enumerate(self._standings):
            yield standing.free_at_s(-math.inf, None) + THINKING_S
            if standing.doubt is not None:
                yield from (standing.doubt.until_s, standing.doubt.leased_until_s)
            for case in self._cases:
                if from_s - case.at_s < LONGEST_CASE_S:
                    yield standing.free_at_s(case.acted_on_s(standing), case.outstanding[number]) + THINKING_S
