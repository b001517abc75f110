"""allocate(snapshot, now) -> Allocation: what every running session should have, and why.

Pure and deterministic: one frozen snapshot in, shares in whole watts out, each on the grid its charger can follow. What
cannot be commanded (idle connectors, offline and refusing chargers) is taken off every limit at its worst case first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from csms.balancing.budget import Budget, budget, effective_config
from csms.balancing.defaults import Defaults, defaults
from csms.balancing.division import Division
from csms.balancing.ledger import Ledger, ledger, summed
from csms.balancing.memory import Memory
from csms.balancing.shares import Share
from csms.balancing.tree import DIMENSIONS, Tree, tree
from csms.balancing.turns import turns_again_s
from csms.balancing.unyielding import Unyielding
from csms.balancing.wishes import Wish, Wishes, looks_again_s
from csms.balancing.words import kw
from csms.domain.electrical import Load
from csms.domain.model import BalancerSettings, ConnectorKey, Moment
from csms.domain.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Excess:
    """By how much a limit of the tree would be exceeded if everyone who can be told were given nothing, and who holds
    it.

    `dimension` 0 is power, 1 to 3 are the phases; `amount` is in milliwatts or quanta (see domain.electrical.Load).
    """

    node: str
    dimension: int
    amount: int
    holders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Allocation:
    """`tree` has the limits that a command sent now must fit; `budget` says what is in force and what is to come.

    `shares` stand in the order in which they were served. `next_change_s` (UTC) and `looks_again_s` (steady clock) are
    when time alone changes it.
    """

    strategy: str
    budget: Budget
    tree: Tree
    shares: Mapping[ConnectorKey, Share]
    defaults: Defaults = field(compare=False)
    excesses: tuple[Excess, ...]
    looks_again_s: float | None

    @property
    def budget_w(self) -> int:
        return self.budget.now_w

    @property
    def next_change_s(self) -> float | None:
        return self.budget.next_change_s


def allocate(
    snapshot: Snapshot,
    now: Moment,
    settings: BalancerSettings,
    book: Ledger | None = None,
    memory: Memory | None = None,
) -> Allocation:
    """Divide the site's power among its running transactions. `book` is the ledger of the same snapshot and moment."""
    book = book or ledger(snapshot, now, settings.settle_s)
    config = effective_config(snapshot)
    amount = budget(snapshot, config, now, settings)
    limits = tree(snapshot.site, snapshot.settings, amount.usable_w, amount.load_currents_a)
    standing = defaults(snapshot, limits, book, now)
    wishes = Wishes(snapshot, config, amount, limits, standing, now, settings, memory).made()
    division = Division(config, limits, now, settings)
    room = limits.room(limits.loads(_kept(standing, wishes)))
    holding = _told_less(standing, limits, division, wishes, room) if min(room) < 0 else {}
    shares = _beside(standing, limits, division, wishes, holding) if holding else division.divide(wishes, room)
    in_force = limits.within(amount.now_w)
    refused = Unyielding(book).found(wishes, shares)
    if refused:
        shares = _beside(standing, limits, division, wishes, holding | refused)
    _calm(shares, wishes, settings.min_change_w)
    looks = [
        looks_again_s(snapshot, book, now, settings),
        *(share.expected_start_s for share in shares.values() if share.waiting),
    ]
    waiting = {key for key, share in shares.items() if share.waiting}
    if waiting:
        looks.append(turns_again_s(wishes, waiting, now, settings.turn_s))
    return Allocation(
        strategy=config.strategy,
        budget=amount,
        tree=limits,
        shares=shares if len(wishes) == len(snapshot.active) else shares | _uncommanded(book),
        defaults=standing,
        excesses=_excesses(standing, in_force, [w for w in wishes if not shares[w.key].refusing]),
        looks_again_s=min((look_s for look_s in looks if look_s is not None and look_s > now.steady_s), default=None),
    )


def _beside(
    standing: Defaults,
    limits: Tree,
    division: Division,
    wishes: Sequence[Wish],
    holding: Mapping[ConnectorKey, Share],
) -> dict[ConnectorKey, Share]:
    """The shares, where those of `holding` stand and the others make room for its worst case."""
    others = [wish for wish in wishes if wish.key not in holding]
    return {**division.divide(others, limits.room(limits.loads(_kept(standing, others)))), **holding}


def _told_less(
    standing: Defaults, limits: Tree, division: Division, wishes: Sequence[Wish], room: Sequence[int]
) -> dict[ConnectorKey, Share]:
    """The shares of sessions that may fall back to more than a limit leaves them: there, `room` is negative.

    That they may cannot be helped, so nobody else is given it; but it is no reason to let them have it.
    """
    beyond = [wish for wish in wishes if wish.reserved_w and any(room[row] < 0 for row, _ in wish.line.rows)]
    told = [replace(wish, reserved_w=0, paid_w=0, start_w=wish.floor_w) for wish in beyond]
    names = {wish.key for wish in beyond}
    kept = _kept(standing, [*told, *(wish for wish in wishes if wish.key not in names)])
    return division.divide(told, limits.room(limits.loads(kept)))


def _kept(standing: Defaults, wishes: Sequence[Wish], *, lasting: bool = False) -> dict[str, Load]:
    """What everybody keeps whatever is divided, per charge point: idle connectors and sessions with a wish what they
    fall back to, offline and refusing ones their worst case."""
    wanted = {wish.key: wish for wish in wishes}
    loads: dict[ConnectorKey, Load] = {}
    for key, exposure in standing.book.exposures.items():
        wish = wanted.get(key)
        if wish is None:
            loads[key] = standing.held(standing.book.facts[key], exposure.lasting if lasting else exposure.worst)
        elif wish.reserved_w:
            loads[key] = _reserved(wish)
    return summed(standing.snapshot, loads)


def _reserved(wish: Wish) -> Load:
    """By its watts, as the division counts what comes on top."""
    power, one, two, three = wish.facts.shape.per_w
    return (power * wish.reserved_w, one * wish.reserved_w, two * wish.reserved_w, three * wish.reserved_w)


def _excesses(standing: Defaults, in_force: Tree, wishes: Sequence[Wish]) -> tuple[Excess, ...]:
    """What is too much already, however little the others are given and however long one waits."""
    holding = _kept(standing, wishes, lasting=True)
    loads = in_force.loads(holding)
    found = []
    for row, (limit, load_of_row) in enumerate(zip(in_force.limits, loads, strict=True)):
        if limit is not None and load_of_row > limit:
            node, dimension = divmod(row, DIMENSIONS)
            holders = tuple(
                charge_point_id
                for charge_point_id, load in holding.items()
                if load[dimension] and (row, dimension) in in_force.paths[in_force.places[charge_point_id]]
            )
            found.append(Excess(in_force.names[node], dimension, load_of_row - limit, holders))
    return tuple(found)


def _uncommanded(book: Ledger) -> dict[ConnectorKey, Share]:
    shares: dict[ConnectorKey, Share] = {}
    for key, facts in book.facts.items():
        if not facts.active:
            continue
        if not facts.settings.in_service:
            shares[key] = Share(0, "out of service", commanded=False)
        elif not facts.charge_point.connected:
            worst_w = book.worst_w(key)
            shares[key] = Share(worst_w, f"offline: {kw(worst_w)} reserved", commanded=False)
    return shares


def _calm(shares: Mapping[ConnectorKey, Share], wishes: Sequence[Wish], min_change_w: int) -> None:
    """A raise too small to matter is not made, unless to a floor that is higher now; a cut always is, because somebody
    else was promised the room. Nobody is told less than he can be told: that much is held for him."""
    for wish in wishes:
        share = shares[wish.key]
        share.limit_w = max(share.limit_w, wish.shape.lowest_w)
        if 0 < share.limit_w - wish.confirmed_w < min_change_w and wish.confirmed_w >= max(1, wish.floor_w):
            share.limit_w = wish.confirmed_w
