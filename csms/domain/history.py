"""Time-weighted history: a site's figures are step functions, integrated per minute.

A minute record holds integrals, so that any bucket of whole minutes is an exact sum of records. The budget is among
them, though decisions are on record with theirs: one is recorded where it sends limits, and at a site where nobody
charges, or whose chargers have what they had, the budget changes without.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

MINUTE_S = 60
_LONGEST_STEP_S = 30.0
"""A step longer than this means that nobody looked (a suspended machine, a jump of the wall clock): not recorded."""


@dataclass(frozen=True, slots=True)
class MinuteRecord:
    """`covered_s` of the minute are known; over them the figures integrate to watt-seconds.

    The budget is None where the minute, or its first part, was recorded by a version that did not record it.
    """

    minute_start_s: int
    covered_s: float = 0.0
    allocated_ws: float = 0.0
    actual_ws: float = 0.0
    max_active: int = 0
    budget_ws: float | None = None
    lowest_budget_w: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryBucket:
    """Means over the covered part of a bucket, in whole watts.

    `budget_w` is the mean that the other means compare with: who never drew more than was there has not drawn more in
    the mean. A bucket that drew no more than `lowest_budget_w`, the lowest that held within it, fitted the budget
    whichever way both moved. Both are over those minutes whose budget is known; None: of none.
    """

    period_start_s: int
    allocated_w: int
    actual_w: int
    active_chargers: int
    budget_w: int | None = None
    lowest_budget_w: int | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What holds from one moment until the next."""

    allocated_w: int = 0
    actual_w: int = 0
    active: int = 0
    budget_w: int = 0


class Recorder:
    """Integrates figures over time; `advance` returns the minute records that changed."""

    def __init__(self, resumed: MinuteRecord | None = None) -> None:
        self._minute = resumed
        self._figures: Figures | None = None
        self._at_s = 0.0

    def advance(self, now_s: float, figures: Figures) -> list[MinuteRecord]:
        """Account for the time since the last call at the old figures; from now on the new ones hold.

        `now_s` is the wall clock, UTC. Time that runs backwards, or jumps ahead by half a minute, leaves a gap.
        """
        changed: dict[int, MinuteRecord] = {}
        if self._figures is not None and 0 < now_s - self._at_s <= _LONGEST_STEP_S:
            self._integrate(self._figures, now_s, changed)
        self._at_s, self._figures = now_s, figures
        record = self._record(int(now_s // MINUTE_S) * MINUTE_S)
        if figures.active > record.max_active:
            record = replace(record, max_active=figures.active)
            changed[record.minute_start_s] = record
        self._minute = record
        return list(changed.values())

    def _integrate(self, figures: Figures, now_s: float, changed: dict[int, MinuteRecord]) -> None:
        at_s = self._at_s
        while at_s < now_s:
            minute_start_s = int(at_s // MINUTE_S) * MINUTE_S
            until_s = min(now_s, minute_start_s + MINUTE_S)
            record = _plus(self._record(minute_start_s), figures, until_s - at_s)
            changed[minute_start_s] = self._minute = record
            at_s = until_s

    def _record(self, minute_start_s: int) -> MinuteRecord:
        if self._minute is not None and self._minute.minute_start_s == minute_start_s:
            return self._minute
        return MinuteRecord(minute_start_s)


def _plus(record: MinuteRecord, figures: Figures, elapsed_s: float) -> MinuteRecord:
    budget_ws, lowest_w = record.budget_ws, record.lowest_budget_w
    if not record.covered_s:
        budget_ws, lowest_w = 0.0, figures.budget_w
    return MinuteRecord(
        record.minute_start_s,
        covered_s=record.covered_s + elapsed_s,
        allocated_ws=record.allocated_ws + figures.allocated_w * elapsed_s,
        actual_ws=record.actual_ws + figures.actual_w * elapsed_s,
        max_active=max(record.max_active, figures.active),
        budget_ws=None if budget_ws is None else budget_ws + figures.budget_w * elapsed_s,
        lowest_budget_w=None if lowest_w is None else min(lowest_w, figures.budget_w),
    )
