"""Division under limits: exact, fair, deterministic, on random trees; and against raising everyone watt by watt."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from csms.balancing.limits import Filled, Line, Member, fill


@dataclass(frozen=True, slots=True)
class Problem:
    """What is left in each row, and who wants how much of it."""

    room: list[int]
    members: list[Member]

    def left(self, filled: Filled) -> list[int]:
        """What nobody was given; a cap below the start gives nothing back, since the start was taken off before."""
        left = list(self.room)
        for member, share_w in zip(self.members, filled.shares_w, strict=True):
            for row, load in member.line.rows:
                left[row] -= load * max(0, share_w - member.start_w)
        return left


@st.composite
def problems(draw: st.DrawFn, *, most_w: int = 30_000, weights: bool = True, members: int = 6) -> Problem:
    """Trees of up to three levels; a node has a power row and up to three phase rows, as its members load them.

    One-phase members load one phase row alone, three-phase ones all of them in a rotation, DC more than its power.
    """
    parents = [-1, *(n % (node + 1) for node, n in enumerate(draw(st.lists(st.integers(0, 11), max_size=3))))]
    rows = 4 * len(parents)
    unit = draw(st.sampled_from([1, 7, 1000]))
    room = [n * unit for n in draw(st.lists(st.integers(-50, most_w), min_size=rows, max_size=rows))]
    limited = draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
    loads = draw(
        st.lists(st.tuples(st.integers(1, 1100), *[st.sampled_from([0, 3, 11, 13])] * 3), min_size=1, max_size=3)
    )
    lines: dict[tuple[int, int], Line] = {}
    found = []
    wants = st.tuples(st.integers(0, 11), st.integers(0, most_w // 3), st.integers(0, most_w), st.integers(1, 4))
    for kind, start_w, cap_w, weight in draw(st.lists(wants, min_size=1, max_size=members)):
        place, nth = kind % len(parents), kind % len(loads)
        line = lines.setdefault((place, nth), _line(place, loads[nth], parents, limited))
        found.append(Member(line, start_w, cap_w, weight if weights else 1))
    return Problem(room, found)


def _line(place: int, load: tuple[int, ...], parents: list[int], limited: list[bool]) -> Line:
    rows: list[tuple[int, int]] = []
    while place >= 0:
        rows += [(4 * place + d, load[d]) for d in range(4) if load[d] and limited[4 * place + d]]
        place = parents[place]
    return Line(tuple(rows))


def wanting(problem: Problem, filled: Filled) -> list[int]:
    """Who could take more."""
    return [n for n, m in enumerate(problem.members) if filled.shares_w[n] < m.cap_w and m.start_w < m.cap_w]


@settings(max_examples=120, deadline=None)
@given(problems())
def test_no_row_is_given_more_than_it_has(problem: Problem) -> None:
    filled = fill(problem.room, problem.members)
    for left, had in zip(problem.left(filled), problem.room, strict=True):
        assert left >= min(0, had)  # where there was too little already, nobody gets more than his start


@settings(max_examples=120, deadline=None)
@given(problems())
def test_a_share_lies_between_start_and_cap(problem: Problem) -> None:
    filled = fill(problem.room, problem.members)
    for member, share_w in zip(problem.members, filled.shares_w, strict=True):
        assert min(member.start_w, member.cap_w) <= share_w <= member.cap_w


@settings(max_examples=200, deadline=None)
@given(problems())
def test_nobody_can_be_raised_without_lowering_somebody_who_has_no_more(problem: Problem) -> None:
    """Max-min fairness: everyone below his cap has a full row on which nobody above him could be lowered.

    A row is full when one more level step of those on it who want more, and are as low, does not fit.
    """
    filled = fill(problem.room, problem.members)
    left = problem.left(filled)
    level = [Fraction(share_w, m.weight) for share_w, m in zip(filled.shares_w, problem.members, strict=True)]
    hungry = wanting(problem, filled)
    for n in hungry:
        assert any(_is_bottleneck(problem, filled, left, level, row, n) for row, _ in problem.members[n].line.rows)


def _is_bottleneck(problem: Problem, filled: Filled, left: list[int], level: list[Fraction], row: int, n: int) -> bool:
    """Whether one level step of everyone as low as n does not fit, were all that are higher lowered to that level.

    Rounding a share down to a whole watt lowers its level by less than one.
    """
    step, freed, to_level = 0, 0, level[n] + 1
    for m, member in enumerate(problem.members):
        load = _load(member, row)
        if m == n or level[m] <= to_level:
            step += load * member.weight
        else:
            kept_w = max(member.start_w, ceil(to_level * member.weight))
            freed += load * max(0, filled.shares_w[m] - kept_w)
    return left[row] + freed < step


def test_the_row_that_is_named_is_full() -> None:
    """Who was stopped is told by what, so that a reason can say it."""
    narrow, wide = Line(((0, 1), (1, 1))), Line(((0, 1),))
    filled = fill([100, 30], [Member(narrow, 0, 80), Member(narrow, 0, 80), Member(wide, 0, 80)])
    assert (filled.shares_w, filled.stopped_by) == ([15, 15, 70], [1, 1, 0])


@settings(max_examples=120, deadline=None)
@given(problems())
def test_who_is_below_his_cap_was_stopped_by_a_row_of_his_own(problem: Problem) -> None:
    filled = fill(problem.room, problem.members)
    for n, member in enumerate(problem.members):
        below = member.start_w < member.cap_w and filled.shares_w[n] < member.cap_w
        assert (filled.stopped_by[n] is not None) == below
        if below:
            assert filled.stopped_by[n] in {row for row, _ in member.line.rows}


@settings(max_examples=100, deadline=None)
@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_the_members_changes_nothing(problem: Problem, random: Random) -> None:
    filled = fill(problem.room, problem.members)
    order = list(range(len(problem.members)))
    random.shuffle(order)
    again = fill(problem.room, [problem.members[n] for n in order])
    assert again.shares_w == [filled.shares_w[n] for n in order]


@settings(max_examples=100, deadline=None)
@given(problems())
def test_equal_input_gives_equal_output(problem: Problem) -> None:
    """Even where each line is an object of its own: objects are no part of the question."""
    copies = [Member(Line(m.line.rows), m.start_w, m.cap_w, m.weight) for m in problem.members]
    assert fill(problem.room, problem.members) == fill(list(problem.room), problem.members)
    assert fill(problem.room, copies).shares_w == fill(problem.room, problem.members).shares_w


@settings(max_examples=120, deadline=None)
@given(problems(most_w=60, weights=False))
def test_it_equals_raising_everyone_watt_by_watt(problem: Problem) -> None:
    assert fill(problem.room, problem.members).shares_w == watt_by_watt(problem)


def watt_by_watt(problem: Problem) -> list[int]:
    """Progressive filling as a child would do it: everyone at the lowest level gets one watt more, again and again.

    When they do not all fit, the row that would be full first stops everyone on it who was about to rise.
    """
    members = problem.members
    shares = [min(m.start_w, m.cap_w) for m in members]
    stopped = [m.cap_w <= m.start_w for m in members]
    for level in range(max((m.cap_w for m in members), default=0)):
        rising = [n for n, m in enumerate(members) if not stopped[n] and shares[n] == level and level < m.cap_w]
        while (row := _full_first(problem, shares, rising)) is not None:
            for n in [n for n in rising if _load(members[n], row)]:
                stopped[n] = True
                rising.remove(n)
        for n in rising:
            shares[n] += 1
    return shares


def _full_first(problem: Problem, shares: list[int], rising: list[int]) -> int | None:
    """Of the rows that cannot bear one more watt of each, the one with the least room for each."""
    left = problem.left(Filled(shares, []))
    steps = {row: sum(_load(problem.members[n], row) for n in rising) for row in range(len(left))}
    short = [(Fraction(left[row], step), row) for row, step in steps.items() if step > left[row] and step]
    return min(short)[1] if short else None


def _load(member: Member, row: int) -> int:
    return dict(member.line.rows).get(row, 0)
