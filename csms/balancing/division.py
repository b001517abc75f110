"""The division itself: floors in turn, then everyone's share by tiers, then what nobody else wants."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from csms.balancing.leftover import steps_up
from csms.balancing.limits import Line, Member, fill
from csms.balancing.reasons import Reasons
from csms.balancing.shares import Share
from csms.balancing.strategies import STRATEGIES
from csms.balancing.tree import Tree
from csms.balancing.turns import FloorOrder
from csms.balancing.wishes import Wish
from csms.balancing.words import kw
from csms.domain.model import BalancerSettings, ConnectorKey, Moment, SmartCharging

_INSIDE = Line(((0, 1),))
"""Inside a charge point there is one limit: its share, in watts."""


class Division:
    """Divides by one configuration at one moment; everything else is an argument."""

    def __init__(self, config: SmartCharging, tree: Tree, now: Moment, settings: BalancerSettings) -> None:
        self._config = config
        self._strategy = STRATEGIES[config.strategy]
        self._weights = self._strategy.weights(config)
        self._tree = tree
        self._now = now
        self._settings = settings

    def divide(self, wishes: Sequence[Wish], room: Sequence[int]) -> dict[ConnectorKey, Share]:
        """`room` is what each row of the tree has left beside what everybody keeps anyway."""
        left = list(room)
        ranks = self._ranks(wishes)
        order = FloorOrder(wishes, ranks, self._now, self._settings, in_turn=self._strategy.in_turn)
        asking = [wish for wish in wishes if wish.never_pause or not wish.stopped_asking]
        unserved = _serve_floors(asking, order, left)
        served = [wish for wish in asking if wish.key not in unserved] if unserved else asking
        given = self._waiting(served, unserved.values())
        tiers = _by_rank(served, ranks)
        for rank, tier in enumerate(tiers, start=1):
            given |= self._share_out(tier, left, rank)
        alone = _alone_at_their_charge_points(given)
        for tier in tiers:
            self._step_up([wish for wish in tier if wish.key in alone], left, given)
        self._lend_back([wish for wish in served if wish.key in alone], order, left, given)
        return given | _leave_to_stopped([wish for wish in wishes if wish.key not in given], order, left, given)

    def _step_up(self, tier: Sequence[Wish], left: list[int], given: dict[ConnectorKey, Share]) -> None:
        for key, limit_w in steps_up(tier, given, left, self._settings.min_change_w).items():
            given[key].limit_w = limit_w

    def _ranks(self, wishes: Sequence[Wish]) -> dict[str, int]:
        """The tier of each charge point, in the order of the strategy."""
        wanting = list(dict.fromkeys(wish.key.charge_point_id for wish in wishes))
        tiers = self._strategy.tiers(self._config, wanting)
        return {charge_point_id: rank for rank, tier in enumerate(tiers) for charge_point_id in tier}

    def _waiting(self, served: Sequence[Wish], unserved: Collection[Wish]) -> dict[ConnectorKey, Share]:
        """Those whose floor does not fit, and when about it will: as the turns of the others end, one after the
        other."""
        if not unserved:
            return {}
        ends_s = sorted(
            max(self._now.steady_s, wish.turn_since_s + self._settings.turn_s)
            for wish in served
            if wish.turn_since_s is not None
        )
        given: dict[ConnectorKey, Share] = {}
        for n, wish in enumerate(unserved):
            capped = min(wish.charge_point_cap_w, wish.cap_w) < wish.floor_w
            starts_s = None
            if ends_s and self._strategy.in_turn and not capped:
                rounds, nth = divmod(n, len(ends_s))
                starts_s = ends_s[nth] + rounds * self._settings.turn_s
            why = wish.capped_by if wish.by_others else "its cap"
            why = why if capped else "no room"
            reason = f"waits: needs {kw(wish.floor_w)}, {why}"
            given[wish.key] = Share(0, reason, waiting=True, phases=wish.phases, expected_start_s=starts_s)
        return given

    def _share_out(self, members: Sequence[Wish], left: list[int], rank: int) -> dict[ConnectorKey, Share]:
        """Shares go to charge points, then to their active connectors."""
        groups: dict[str, list[Wish]] = {}
        for wish in members:
            groups.setdefault(wish.key.charge_point_id, []).append(wish)
        filled = fill(left, [self._member(charge_point_id, group) for charge_point_id, group in groups.items()])
        room_w = left[0] // 1000 + sum(wish.start_w for wish in members)
        reasons = Reasons(self._config, self._weights, self._tree, rank, len(members), room_w)
        given: dict[ConnectorKey, Share] = {}
        more_w: dict[Line, int] = defaultdict(int)
        for group, share_w, row in zip(groups.values(), filled.shares_w, filled.stopped_by, strict=True):
            together = row is None and len(group) > 1 and share_w >= group[0].charge_point_cap_w
            for wish, part_w in _inside(group, share_w):
                limit_w = wish.shape.form.floor_w(part_w)
                reason = wish.capped_by if together and wish.by_others else reasons.of(wish, part_w, row)
                given[wish.key] = Share(limit_w, reason, phases=wish.phases)
                if limit_w > wish.start_w:
                    more_w[wish.line] += limit_w - wish.start_w
        _take_all(left, more_w)
        return given

    def _member(self, charge_point_id: str, group: Sequence[Wish]) -> Member:
        weight = self._weights.get(charge_point_id, 1)
        if len(group) == 1:
            return Member(group[0].line, group[0].start_w, group[0].lent_w, weight)
        cap_w = min(group[0].charge_point_cap_w, sum(wish.lent_w for wish in group))
        return Member(group[0].line, sum(wish.start_w for wish in group), cap_w, weight)

    def _lend_back(
        self, wishes: Sequence[Wish], order: FloorOrder, left: list[int], given: dict[ConnectorKey, Share]
    ) -> None:
        """Whoever was cut to what his car draws gets what nobody else wants: nothing is gained by changing his
        limit."""
        lent = order.of([wish for wish in wishes if wish.lent_w < min(wish.cap_w, wish.in_force_w)])
        if not lent:
            return
        members = [
            Member(wish.line, max(wish.start_w, given[wish.key].limit_w), min(wish.cap_w, wish.in_force_w))
            for wish in lent
        ]
        for wish, share_w in zip(lent, fill(left, members).shares_w, strict=True):
            before = given[wish.key]
            limit_w = wish.shape.form.floor_w(share_w)
            _take(left, wish, limit_w, max(wish.start_w, before.limit_w))
            reason = wish.capped_by if limit_w >= wish.cap_w else before.reason
            given[wish.key] = Share(max(limit_w, before.limit_w), reason, phases=wish.phases)


def _by_rank(wishes: Sequence[Wish], ranks: Mapping[str, int]) -> list[list[Wish]]:
    """The wishes by tier; within a tier those who came first at the head."""
    tiers: list[list[Wish]] = [[] for _ in range(1 + max(ranks.values(), default=-1))]
    for wish in wishes:
        tiers[ranks[wish.key.charge_point_id]].append(wish)
    return tiers


def _alone_at_their_charge_points(keys: Collection[ConnectorKey]) -> set[ConnectorKey]:
    """Several active connectors share one cap; theirs is left as it was divided."""
    active = Counter([key.charge_point_id for key in keys])
    return {key for key in keys if active[key.charge_point_id] == 1}


def _take(left: list[int], wish: Wish, limit_w: int, before_w: int) -> None:
    """Take the load of a limit off the room, given that `before_w` of it was taken before."""
    more_w = limit_w - before_w
    if more_w > 0:
        for row, load in wish.line.rows:
            left[row] -= load * more_w


def _take_all(left: list[int], more_w: Mapping[Line, int]) -> None:
    """Take so much more off the room on each line."""
    for line, power_w in more_w.items():
        for row, load in line.rows:
            left[row] -= load * power_w


def _leave_to_stopped(
    stopped: Sequence[Wish], order: FloorOrder, left: list[int], given: Mapping[ConnectorKey, Share]
) -> dict[ConnectorKey, Share]:
    """Those who have stopped asking keep a floor of what nobody else wants: enough to begin again."""
    if not stopped:
        return {}
    inside_w: dict[str, int] = {}
    for key, divided in given.items():
        inside_w[key.charge_point_id] = inside_w.get(key.charge_point_id, 0) + divided.limit_w
    rest = [
        replace(wish, charge_point_cap_w=wish.charge_point_cap_w - inside_w.get(wish.key.charge_point_id, 0))
        for wish in order.of(stopped)
    ]
    unserved = _serve_floors(rest, order, left)
    return {
        wish.key: Share(0, "has stopped asking: others want the power", waiting=True, phases=wish.phases)
        if wish.key in unserved
        else Share(min(wish.start_w, wish.cap_w), "has stopped asking: floor", phases=wish.phases)
        for wish in rest
    }


def _serve_floors(wishes: Sequence[Wish], order: FloorOrder, left: list[int]) -> dict[ConnectorKey, Wish]:
    """Everybody gets at least its floor, as long as they fit; whoever does not fit waits, and is returned. The floors
    of the others are taken off the room."""
    if (rest := _room_beside_all(wishes, left)) is not None:
        left[:] = rest
        return {}
    ordered = order.of(wishes)
    inside_w = {wish.key.charge_point_id: wish.charge_point_cap_w for wish in ordered}
    unserved: dict[ConnectorKey, Wish] = {}
    for wish in ordered:
        more_w = wish.start_w - wish.paid_w
        fits = more_w == 0 or all(load * more_w <= left[row] for row, load in wish.line.rows)
        if fits and wish.floor_w <= min(inside_w[wish.key.charge_point_id], wish.cap_w):
            inside_w[wish.key.charge_point_id] -= wish.floor_w
            _take(left, wish, wish.start_w, wish.paid_w)
        else:
            unserved[wish.key] = wish
    return unserved


def _room_beside_all(wishes: Sequence[Wish], left: Sequence[int]) -> list[int] | None:
    """What is left if everybody gets its floor, as mostly; None if somebody must wait."""
    inside_w: dict[str, int] = defaultdict(int)
    more_w: dict[Line, int] = defaultdict(int)
    for wish in wishes:
        inside_w[wish.key.charge_point_id] += wish.floor_w
        more_w[wish.line] += wish.start_w - wish.paid_w
    rest = list(left)
    _take_all(rest, more_w)
    fits = min(rest) >= 0 and all(
        inside_w[wish.key.charge_point_id] <= wish.charge_point_cap_w and wish.floor_w <= wish.cap_w for wish in wishes
    )
    return rest if fits else None


def _inside(group: Sequence[Wish], share_w: int) -> Iterable[tuple[Wish, int]]:
    """A charge point's share, divided among its active connectors."""
    if len(group) == 1:
        return ((group[0], share_w),)
    starts_w = [wish.start_w for wish in group]
    if sum(starts_w) > share_w:  # a cap of the charge point below what they keep anyway
        starts_w = [wish.floor_w for wish in group]
    members = [Member(_INSIDE, start_w, wish.lent_w) for start_w, wish in zip(starts_w, group, strict=True)]
    return zip(group, fill([max(0, share_w - sum(starts_w))], members).shares_w, strict=True)
