"""The question that our filling and the linear program both answer, and what a right answer is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.division.sites import SETTINGS, Site
from csms.balancing.allocation import Allocation
from csms.balancing.budget import budget, effective_config
from csms.balancing.defaults import defaults
from csms.balancing.ledger import ledger
from csms.balancing.limits import Filled, Member
from csms.balancing.tree import tree
from csms.balancing.wishes import Wish, Wishes


@dataclass(frozen=True, slots=True)
class Problem:
    """`room` is what every row of the limit tree has left beside the starts (floors) of the `members`."""

    wishes: list[Wish]
    members: list[Member]
    room: list[int]


def problem_of(site: Site) -> Problem:
    """What `allocate` asks `fill` at this site: nobody holds anything, since all are connected and obey."""
    snapshot, now = site.after["car left"], site.now
    config = effective_config(snapshot)
    amount = budget(snapshot, config, now, SETTINGS)
    limits = tree(snapshot.site, snapshot.settings, amount.usable_w, amount.load_currents_a)
    book = ledger(snapshot, now, SETTINGS.settle_s)
    standing = defaults(snapshot, limits, book, now)
    wishes = Wishes(snapshot, config, amount, limits, standing, now, SETTINGS).made()
    members = [Member(wish.line, wish.start_w, wish.lent_w) for wish in wishes]
    room = limits.room(limits.loads({}))
    _take(room, members, [member.start_w for member in members])
    return Problem(wishes, members, room)


def lowest_level_w(problem: Problem, filled: Filled) -> int:
    """The least that anybody has who could take more."""
    return min(share_w for share_w, row in zip(filled.shares_w, filled.stopped_by, strict=True) if row is not None)


def faults(problem: Problem, filled: Filled, allocation: Allocation, level_w: float) -> Iterator[str]:
    """What is wrong with our answer, given the level that the linear program found; nothing, it is to be hoped."""
    members, shares_w = problem.members, filled.shares_w
    if any(not m.start_w <= share_w <= m.cap_w for m, share_w in zip(members, shares_w, strict=True)):
        yield "a share is below its floor or above its cap"
    if min(_left(problem, shares_w)) < 0:
        yield "the shares exceed a limit"
    if not -1e-3 <= level_w - lowest_level_w(problem, filled) < 1.001:
        yield f"the lowest level is {lowest_level_w(problem, filled)} W, the linear program's {level_w:.3f} W"
    if _envied(problem, filled):
        yield "somebody could be given more by taking from one who has more"
    yield from _allocated_faults(problem, filled, allocation)


def _allocated_faults(problem: Problem, filled: Filled, allocation: Allocation) -> Iterator[str]:
    """The whole allocation: what `fill` said, on the charger's grid, and what nobody wanted lent back."""
    given_w = [allocation.shares[wish.key].limit_w for wish in problem.wishes]
    if min(_left(problem, given_w)) < 0:
        yield "the allocation exceeds a limit"
    for wish, share_w, limit_w in zip(problem.wishes, filled.shares_w, given_w, strict=True):
        kept_w = wish.shape.form.floor_w(share_w)
        if not kept_w - SETTINGS.min_change_w < limit_w <= wish.cap_w:
            yield f"{wish.key} is allocated {limit_w} W, its share is {kept_w} W"


def _envied(problem: Problem, filled: Filled) -> bool:
    """Max-min fair means: whoever was stopped has nobody above him on the row that stopped him, but by a floor, and
    that row is full to the last watt each (Bertsekas and Gallager, 1992, section 6.5.2)."""
    left = _left(problem, filled.shares_w)
    most_w: dict[int, int] = {}
    load: dict[int, int] = {}
    for member, share_w in zip(problem.members, filled.shares_w, strict=True):
        for row, per_w in member.line.rows:
            load[row] = load.get(row, 0) + per_w
            if share_w > member.start_w:
                most_w[row] = max(share_w, most_w.get(row, 0))
    return any(
        row is not None and (left[row] >= load[row] or share_w + 1 < most_w.get(row, 0))
        for share_w, row in zip(filled.shares_w, filled.stopped_by, strict=True)
    )


def _left(problem: Problem, shares_w: Sequence[int]) -> list[int]:
    left = list(problem.room)
    more_w = [share_w - member.start_w for member, share_w in zip(problem.members, shares_w, strict=True)]
    _take(left, problem.members, more_w)
    return left


def _take(room: list[int], members: Sequence[Member], powers_w: Sequence[int]) -> None:
    for member, power_w in zip(members, powers_w, strict=True):
        for row, per_w in member.line.rows:
            room[row] -= per_w * power_w
