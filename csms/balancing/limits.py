"""Division under limits: everyone is raised together until somebody is full or a limit is, then the others go on.

This is max-min fairness by progressive filling (Bertsekas and Gallager, Data Networks, 1992, section 6.5.2) over all
limits at once, in whole watts: nobody can be given more without taking from somebody who has no more than him. With
weights it is each one's share per weight that is raised together.

The sums are exact integers; levels, which only order what happens, are floats. Who enters, reaches its cap or is
stopped by a limit costs as many steps as limits lie above it, so the whole grows like n log n.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """The limits above a charge point: (row, load per watt). One object for all that load the same rows alike."""

    rows: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Member:
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
    return _Filling(room, members).filled()


def _alone(room: Sequence[int], member: Member) -> Filled:
    more_w, tightest = min(((room[row] // load, row) for row, load in member.line.rows), default=(member.cap_w, 0))
    share_w = min(member.cap_w, member.start_w + max(0, more_w))
    return Filled([share_w], [tightest if share_w < member.cap_w else None])


@dataclass(slots=True, eq=False)
class _Crowd:
    """Everyone on the same line who is rising."""

    line: Line
    rising: dict[int, None] = field(default_factory=dict)


class _Filling:
    def __init__(self, room: Sequence[int], members: Sequence[Member]) -> None:
        self._room = room
        self._members = members
        self._shares = [min(member.start_w, member.cap_w) for member in members]
        self._stopped_by: list[int | None] = [None] * len(members)
        self._rate = [0] * len(room)  # load of each row per unit of the level
        self._spent = [0] * len(room)  # load that does not move with the level
        self._full: list[tuple[float, int]] = []  # at which level a row is full, at the earliest
        self._crowds: dict[Line, _Crowd] = {}
        self._on_row: dict[int, list[_Crowd]] = {}

    def filled(self) -> Filled:
        members = self._members
        rising = [n for n, member in enumerate(members) if member.cap_w > member.start_w]
        enters = sorted((members[n].start_w / members[n].weight, n) for n in rising)
        leaves = sorted((members[n].cap_w / members[n].weight, n) for n in rising)
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
        touched: dict[int, None] = {}
        while at < len(enters) and enters[at][0] == level:
            n = enters[at][1]
            member = self._members[n]
            crowd = self._crowd(member.line)
            crowd.rising[n] = None
            for row, load in member.line.rows:
                self._rate[row] += load * member.weight
                self._spent[row] -= load * member.start_w
                touched[row] = None
            at += 1
        for row in touched:
            self._expect(row)
        return at

    def _crowd(self, line: Line) -> _Crowd:
        crowd = self._crowds.get(line)
        if crowd is None:
            crowd = self._crowds[line] = _Crowd(line)
            for row, _ in line.rows:
                self._on_row.setdefault(row, []).append(crowd)
        return crowd

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
        for crowd in self._on_row[row]:
            weights = total_w = 0
            for n in crowd.rising:
                member = self._members[n]
                share_w = max(member.start_w, min(member.cap_w, member.weight * left // rate))
                self._shares[n] = share_w
                self._stopped_by[n] = row if share_w < member.cap_w else None
                weights += member.weight
                total_w += share_w
            crowd.rising.clear()
            if weights:
                for other, load in crowd.line.rows:
                    self._rate[other] -= load * weights
                    self._spent[other] += load * total_w

    def _leave(self, n: int) -> None:
        member = self._members[n]
        rising = self._crowds[member.line].rising
        if n not in rising:
            return
        del rising[n]
        self._shares[n] = member.cap_w
        for row, load in member.line.rows:
            self._rate[row] -= load * member.weight
            self._spent[row] += load * member.cap_w
