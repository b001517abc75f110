"""Division under limits: everyone is raised together until somebody is full or a limit is, then the others go on.

This is max-min fairness by progressive filling (Bertsekas and Gallager, Data Networks, 1992, section 6.5.2) over all
limits at once, in whole watts: nobody can be given more without taking from somebody who has no more than him. With
weights it is each one's share per weight that is raised together.

The sums are exact integers; levels, which only order what happens, are floats. Members who are alike (same limits above
them, same start, cap and weight) rise as one. A group of them that enters, reaches its cap or is stopped by a limit
costs as many steps as limits lie above it, so the whole grows like n log n at worst.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """The limits above a charge point: (row, load per watt). One object for all that load the same rows alike."""

    rows: tuple[tuple[int, int], ...]


class Member(NamedTuple):
    """Someone to be given `start_w` to `cap_w`; what `start_w` loads was taken off the room before."""

    line: Line
    start_w: int
    cap_w: int
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Filled:
    """Shares in whole watts, and the row that stopped each one (None: it reached its cap), in the order of the
    members."""

    shares_w: list[int]
    stopped_by: list[int | None]


def fill(room: Sequence[int], members: Sequence[Member]) -> Filled:
    """Divide `room`, what is left in each row in units of its load.

    What does not divide evenly, less than a watt each, stays unused. A cap below the start is a share below it.
    """
    if len(members) == 1:
        return _alone(room, members[0])
    sizes = Counter(members)
    filled = _Filling(room, [_Group(*member, size) for member, size in sizes.items()]).filled()
    kind = {member: n for n, member in enumerate(sizes)}
    kinds = [kind[member] for member in members]
    return Filled([filled.shares_w[n] for n in kinds], [filled.stopped_by[n] for n in kinds])


def _alone(room: Sequence[int], member: Member) -> Filled:
    more_w, tightest = min(((room[row] // load, row) for row, load in member.line.rows), default=(member.cap_w, 0))
    share_w = min(member.cap_w, member.start_w + max(0, more_w))
    return Filled([share_w], [tightest if share_w < member.cap_w else None])


@dataclass(slots=True, eq=False)
class _Group:
    """So many members who are alike."""

    line: Line
    start_w: int
    cap_w: int
    weight: int
    size: int


class _Filling:
    def __init__(self, room: Sequence[int], groups: Sequence[_Group]) -> None:
        self._room = room
        self._groups = groups
        self._shares = [min(group.start_w, group.cap_w) for group in groups]
        self._stopped_by: list[int | None] = [None] * len(groups)
        self._rate = [0] * len(room)  # load of each row per unit of the level
        self._spent = [0] * len(room)  # load that does not move with the level
        self._full: list[tuple[float, int]] = []  # at which level a row is full, at the earliest
        self._rising: dict[Line, dict[int, None]] = {}  # the groups on each line who are
        self._on_row: list[list[Line]] = [[] for _ in room]

    def filled(self) -> Filled:
        """The share of each member of a group, and what stopped it."""
        groups = self._groups
        rising = [n for n, group in enumerate(groups) if group.cap_w > group.start_w]
        enters = sorted((groups[n].start_w / groups[n].weight, n) for n in rising)
        leaves = sorted((groups[n].cap_w / groups[n].weight, n) for n in rising)
        at = 0
        for level, n in leaves:
            while at < len(enters) and enters[at][0] <= level:
                start = enters[at][0]
                self._stop_full_rows(start)
                at = self._enter_all(enters, at, start)
            self._stop_full_rows(level)
            self._leave(n)
        return Filled(self._shares, self._stopped_by)

    def _enter_all(self, enters: Sequence[tuple[float, int]], at: int, level: float) -> int:
        """Everyone who begins to rise at this level; who is next."""
        entering: dict[Line, tuple[int, int]] = {}
        while at < len(enters) and enters[at][0] == level:
            n = enters[at][1]
            group = self._groups[n]
            self._risers(group.line)[n] = None
            weights, starts_w = entering.get(group.line, (0, 0))
            entering[group.line] = (weights + group.weight * group.size, starts_w + group.start_w * group.size)
            at += 1
        for line, (weights, starts_w) in entering.items():
            self._change(line, weights, -starts_w)
        for row in {row for line in entering for row, _ in line.rows}:
            self._expect(row)
        return at

    def _change(self, line: Line, weights: int, spent_w: int) -> None:
        """So much more weight is rising on a line, and so much more is spent there at whatever level."""
        rate, spent = self._rate, self._spent
        for row, load in line.rows:
            rate[row] += load * weights
            spent[row] += load * spent_w

    def _risers(self, line: Line) -> dict[int, None]:
        rising = self._rising.get(line)
        if rising is None:
            rising = self._rising[line] = {}
            for row, _ in line.rows:
                self._on_row[row].append(line)
        return rising

    def _level(self, row: int) -> float:
        return (self._room[row] - self._spent[row]) / self._rate[row]

    def _expect(self, row: int) -> None:
        if self._rate[row]:
            heappush(self._full, (self._level(row), row))

    def _stop_full_rows(self, level: float) -> None:
        """A row that fills up before `level` stops everyone on it. Who leaves makes it later, never earlier."""
        while self._full and self._full[0][0] <= level:
            expected, row = heappop(self._full)
            if self._rate[row]:
                if self._level(row) > expected:
                    self._expect(row)
                else:
                    self._stop(row)

    def _stop(self, row: int) -> None:
        left, rate = self._room[row] - self._spent[row], self._rate[row]
        for line in self._on_row[row]:
            rising = self._rising[line]
            if not rising:
                continue
            weights = total_w = 0
            for n in rising:
                group = self._groups[n]
                share_w = max(group.start_w, min(group.cap_w, group.weight * left // rate))
                self._shares[n] = share_w
                self._stopped_by[n] = row if share_w < group.cap_w else None
                weights += group.weight * group.size
                total_w += share_w * group.size
            rising.clear()
            self._change(line, -weights, total_w)

    def _leave(self, n: int) -> None:
        group = self._groups[n]
        rising = self._rising[group.line]
        if n in rising:
            del rising[n]
            self._shares[n] = group.cap_w
            self._change(group.line, -group.weight * group.size, group.cap_w * group.size)
