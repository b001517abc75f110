"""allocate(snapshot, now) -> Allocation: what every running session should have, and why.

Pure and deterministic: one frozen snapshot in, shares in whole watts out, each on the grid its charger can follow. What
cannot be commanded (idle connectors, offline and refusing chargers) is taken off every limit at its worst case first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from csms.balancing.budget import Budget, budget, effective_config
from csms.balancing.division import Divided, Division
from csms.balancing.ledger import Ledger, grid_w, ledger, summed
from csms.balancing.tree import Tree, tree
from csms.balancing.wishes import Wish, Wishes, about_to_keep_default, governs, looks_again_s
from csms.balancing.words import kw
from csms.domain.electrical import Load
from csms.domain.limit_facts import DISOBEDIENT
from csms.domain.limits import ConnectorLimits
from csms.domain.model import BalancerSettings, ConnectorKey, Moment
from csms.domain.snapshot import Snapshot

_REFUSALS_BELIEVED = 3
"""One refused raise may be an accident (a message that crossed another); a third one in a row is not."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one connector with a running transaction should have. `waiting`: its floor does not fit.

    `expected_start_s` (steady clock) is about when a waiting one gets its turn. `phases` 1: on one phase only.
    """

    limit_w: int
    reason: str
    waiting: bool = False
    commanded: bool = True
    """False for a charger that is offline or out of service: nothing can be told to it."""
    refusing: bool = False
    """It does not take its limit: it is asked again, and counted at its worst case meanwhile."""
    phases: int | None = None
    expected_start_s: float | None = None


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
    excesses: tuple[Excess, ...]
    looks_again_s: float | None

    @property
    def budget_w(self) -> int:
        return self.budget.now_w

    @property
    def next_change_s(self) -> float | None:
        return self.budget.next_change_s


def allocate(snapshot: Snapshot, now: Moment, settings: BalancerSettings, book: Ledger | None = None) -> Allocation:
    """Divide the site's power among its running transactions. `book` is the ledger of the same snapshot and moment."""
    book = book or ledger(snapshot, now, settings.settle_s)
    config = effective_config(snapshot)
    amount = budget(snapshot, config, now, settings)
    limits = tree(snapshot.site, snapshot.settings, amount.usable_w, amount.load_currents_a)
    wishes = Wishes(snapshot, config, amount, limits, book, now, settings).made()
    held = _held(snapshot, [wish.key for wish in wishes], book)
    division = Division(config, limits, now, settings)
    divided = division.divide(wishes, limits.room(limits.loads(held)))
    shares = {key: _share(given) for key, given in divided.items()}
    refusing = _refusing(snapshot, wishes, shares, book)
    if refusing:
        obeying = [wish for wish in wishes if wish.key not in refusing]
        held = _held(snapshot, [wish.key for wish in obeying], book)
        divided = division.divide(obeying, limits.room(limits.loads(held)))
        shares = {**{key: _share(given) for key, given in divided.items()}, **refusing}
    calm = {key: _calm(snapshot, key, share, settings.min_change_w) for key, share in shares.items()}
    looks = [looks_again_s(snapshot, now, settings), *(share.expected_start_s for share in calm.values())]
    return Allocation(
        strategy=config.strategy,
        budget=amount,
        tree=limits,
        shares={**calm, **_uncommanded(snapshot, book)},
        excesses=_excesses(snapshot, amount, [w for w in wishes if w.key not in refusing], book),
        looks_again_s=min((look_s for look_s in looks if look_s is not None and look_s > now.steady_s), default=None),
    )


def _share(given: Divided) -> Share:
    return Share(
        given.limit_w, given.reason, given.waiting, phases=given.phases, expected_start_s=given.expected_start_s
    )


def _held(
    snapshot: Snapshot, wished: Sequence[ConnectorKey], book: Ledger, *, lasting: bool = False
) -> dict[str, Load]:
    """What everything but these connectors holds, per charge point: idle ones their fallback, offline and refusing ones
    their worst case. What a wish keeps anyway is part of the division."""
    sharing = set(wished)
    loads = {
        key: _held_load(snapshot, key, exposure.lasting if lasting else exposure.worst)
        for key, exposure in book.exposures.items()
        if key not in sharing
    }
    return summed(snapshot, loads)


def _held_load(snapshot: Snapshot, key: ConnectorKey, load: Load) -> Load:
    if key in snapshot.active or not about_to_keep_default(snapshot, key):
        return load
    shape = snapshot.shapes[key.charge_point_id]
    return shape.load(shape.fallback_w)


def _excesses(snapshot: Snapshot, amount: Budget, wishes: Sequence[Wish], book: Ledger) -> tuple[Excess, ...]:
    """What is too much already, however little the others are given and however long one waits."""
    now_tree = tree(snapshot.site, snapshot.settings, amount.now_w, amount.load_currents_a)
    holding = _held(snapshot, [wish.key for wish in wishes], book, lasting=True)
    for wish in wishes:
        if wish.reserved_w:
            whole = snapshot.shapes[wish.key.charge_point_id]
            load, before = whole.load(wish.reserved_w), holding[wish.key.charge_point_id]
            holding[wish.key.charge_point_id] = (
                before[0] + load[0], before[1] + load[1], before[2] + load[2], before[3] + load[3],
            )  # fmt: skip
    loads = now_tree.loads(holding)
    found = []
    for row, (limit, load_of_row) in enumerate(zip(now_tree.limits, loads, strict=True)):
        if limit is not None and load_of_row > limit:
            node, dimension = divmod(row, 4)
            holders = tuple(
                charge_point_id
                for charge_point_id, load in holding.items()
                if load[dimension] and (row, dimension) in now_tree.paths[now_tree.places[charge_point_id]]
            )
            found.append(Excess(now_tree.names[node], dimension, load_of_row - limit, holders))
    return tuple(found)


def _refusing(
    snapshot: Snapshot, wishes: Sequence[Wish], shares: Mapping[ConnectorKey, Share], book: Ledger
) -> dict[ConnectorKey, Share]:
    found = ((wish.key, _refused(snapshot, wish, shares[wish.key], book)) for wish in wishes)
    return {key: share for key, share in found if share is not None}


def _refused(snapshot: Snapshot, wish: Wish, share: Share, book: Ledger) -> Share | None:
    """What becomes of a share that its charger does not take; None if it does.

    A refused cut, or a draw above what was permitted: it is asked for its share again, and the others make room for its
    worst case at once. A raise refused repeatedly: the others get its share, and it is asked to confirm what it has;
    once it does, it is obeying.
    """
    limits = snapshot.limits.get(wish.key)
    if limits is None:
        return None
    exposure = book.exposures[wish.key]
    held = kw(grid_w(exposure.worst))
    if limits.overdraw is not None and _above(exposure.worst, wish.shape.load(share.limit_w)):
        often = "keeps drawing" if limits.overdraw.count >= DISOBEDIENT else "draws"
        reason = f"{often} more than it is permitted ({kw(round(limits.overdraw.power_w))}): {held} reserved"
        return replace(share, refusing=True, reason=reason)
    failure = limits.failure(governs(snapshot, wish.key))
    if failure is None:
        return None
    reason = f"does not take its limit ({failure.cause}): {held} reserved"
    if exposure.worst_w > max(share.limit_w, exposure.fallback_w):
        return replace(share, refusing=True, reason=reason)
    if share.limit_w > exposure.lasting_w and failure.count >= _REFUSALS_BELIEVED:
        return replace(share, limit_w=exposure.lasting_w, refusing=True, reason=reason)
    return None


def _above(one: Load, other: Load) -> bool:
    return any(a > b for a, b in zip(one, other, strict=True))


def _uncommanded(snapshot: Snapshot, book: Ledger) -> dict[ConnectorKey, Share]:
    shares: dict[ConnectorKey, Share] = {}
    for key in snapshot.active:
        if not snapshot.settings[key.charge_point_id].in_service:
            shares[key] = Share(0, "out of service", commanded=False)
        elif not snapshot.charge_points[key.charge_point_id].connected:
            worst_w = book.worst_w(key)
            shares[key] = Share(worst_w, f"offline: {kw(worst_w)} reserved", commanded=False)
    return shares


def _calm(snapshot: Snapshot, key: ConnectorKey, share: Share, min_change_w: int) -> Share:
    """A raise too small to matter is not made; a cut always is, because somebody else was promised the room."""
    limits = snapshot.limits.get(key) or ConnectorLimits(*key)
    current = limits.confirmed(governs(snapshot, key))
    if current is None or current.limit_w == 0 or not 0 < share.limit_w - current.limit_w < min_change_w:
        return share
    return replace(share, limit_w=current.limit_w)
