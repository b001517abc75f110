"""The division itself: floors in turn, then everyone's share by tiers, then what nobody else wants."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from csms.balancing.leftover import steps_up
from csms.balancing.limits import Line, Member, fill
from csms.balancing.shares import Share
from csms.balancing.strategies import STRATEGIES
from csms.balancing.tree import DIMENSIONS, Tree
from csms.balancing.wishes import Wish, in_order_of_floors
from csms.balancing.words import kw, place
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
        tiers = self._tiers(wishes)
        order = in_order_of_floors(tiers, self._now, self._settings, in_turn=self._strategy.in_turn)
        asking = [wish for wish in order if wish.never_pause or not wish.stopped_asking]
        served = _serve_floors(asking, left)
        given = self._waiting(asking, served)
        ranked = [[wish for wish in tier if wish.key in served] for tier in tiers]
        for rank, tier in enumerate(ranked, start=1):
            given |= self._share_out(tier, left, rank)
        alone = _alone_at_their_charge_points(given)
        for tier in ranked:
            self._step_up([wish for wish in tier if wish.key in alone], left, given)
        self._lend_back([wish for wish in asking if wish.key in served and wish.key in alone], left, given)
        return given | _leave_to_stopped([wish for wish in order if wish.key not in given], left, given)

    def _step_up(self, tier: Sequence[Wish], left: list[int], given: dict[ConnectorKey, Share]) -> None:
        for key, limit_w in steps_up(tier, given, left, self._settings.min_change_w).items():
            given[key].limit_w = limit_w

    def _tiers(self, wishes: Sequence[Wish]) -> list[list[Wish]]:
        """The wishes in the order of the strategy; within a tier those who came first at the head."""
        wanting = list(dict.fromkeys(wish.key.charge_point_id for wish in wishes))
        tiers = self._strategy.tiers(self._config, wanting)
        rank = {charge_point_id: n for n, tier in enumerate(tiers) for charge_point_id in tier}
        ordered: list[list[Wish]] = [[] for _ in tiers]
        for wish in wishes:
            ordered[rank[wish.key.charge_point_id]].append(wish)
        return ordered

    def _waiting(self, order: Sequence[Wish], served: Mapping[ConnectorKey, None]) -> dict[ConnectorKey, Share]:
        """Those whose floor does not fit, and when about it will: as the turns of the others end, one after the
        other."""
        if len(served) == len(order):
            return {}
        ends_s = sorted(
            max(self._now.steady_s, wish.turn_since_s + self._settings.turn_s)
            for wish in order
            if wish.key in served and wish.turn_since_s is not None
        )
        given: dict[ConnectorKey, Share] = {}
        for n, wish in enumerate(wish for wish in order if wish.key not in served):
            capped = wish.charge_point_cap_w < wish.floor_w
            starts_s = None
            if ends_s and self._strategy.in_turn and not capped:
                rounds, nth = divmod(n, len(ends_s))
                starts_s = ends_s[nth] + rounds * self._settings.turn_s
            why = "its cap" if capped else "no room"
            reason = f"waits: needs {kw(wish.floor_w)}, {why}"
            given[wish.key] = Share(0, reason, waiting=True, phases=wish.phases, expected_start_s=starts_s)
        return given

    def _share_out(self, members: Sequence[Wish], left: list[int], rank: int) -> dict[ConnectorKey, Share]:
        """Shares go to charge points, then to their active connectors."""
        groups: dict[str, list[Wish]] = {}
        for wish in members:
            groups.setdefault(wish.key.charge_point_id, []).append(wish)
        filled = fill(left, [self._member(charge_point_id, group) for charge_point_id, group in groups.items()])
        room = kw(left[0] // 1000 + sum(wish.start_w for wish in members))
        given: dict[ConnectorKey, Share] = {}
        more_w: dict[Line, int] = defaultdict(int)
        for group, share_w, row in zip(groups.values(), filled.shares_w, filled.stopped_by, strict=True):
            for wish, part_w in zip(group, _inside(group, share_w), strict=True):
                limit_w = wish.shape.form.floor_w(part_w)
                reason = self._reason(wish, part_w, row, rank, len(members), room)
                given[wish.key] = Share(limit_w, reason, phases=wish.phases)
                more_w[wish.line] += max(0, limit_w - wish.start_w)
        _take_all(left, more_w)
        return given

    def _member(self, charge_point_id: str, group: Sequence[Wish]) -> Member:
        weight = self._weights.get(charge_point_id, 1)
        if len(group) == 1:
            return Member(group[0].line, group[0].start_w, group[0].lent_w, weight)
        cap_w = min(group[0].charge_point_cap_w, sum(wish.lent_w for wish in group))
        return Member(group[0].line, sum(wish.start_w for wish in group), cap_w, weight)

    def _lend_back(self, order: Sequence[Wish], left: list[int], given: dict[ConnectorKey, Share]) -> None:
        """Whoever was cut to what his car draws gets what nobody else wants: nothing is gained by changing his
        limit."""
        lent = [wish for wish in order if wish.lent_w < min(wish.cap_w, wish.in_force_w)]
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

    def _reason(self, wish: Wish, share_w: int, row: int | None, rank: int, members: int, room: str) -> str:
        if share_w >= wish.cap_w:
            return wish.capped_by
        if share_w >= wish.lent_w:
            return f"draws less than it may: {kw(share_w)} kept for it"
        if row is not None and row > 0:
            node, dimension = divmod(row, DIMENSIONS)
            return f"limited by {place(self._tree.names[node], dimension)}"
        if wish.key.charge_point_id in self._weights:
            return f"weight {self._weights[wish.key.charge_point_id]} of {room}"
        if wish.key.charge_point_id in self._config.priority_order and self._config.strategy == "priority":
            return f"rank {rank}" if share_w > wish.floor_w else f"rank {rank}, floor"
        if members > 1:
            return f"shares {room} equally with {members - 1} other{'s' if members > 2 else ''}"
        return f"all that is left of the budget: {room}"


def _alone_at_their_charge_points(keys: Collection[ConnectorKey]) -> set[ConnectorKey]:
    """Several active connectors share one cap; theirs is left as it was divided."""
    active = Counter(key.charge_point_id for key in keys)
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
    stopped: Sequence[Wish], left: list[int], given: Mapping[ConnectorKey, Share]
) -> dict[ConnectorKey, Share]:
    """Those who have stopped asking keep a floor of what nobody else wants: enough to begin again."""
    if not stopped:
        return {}
    inside_w: dict[str, int] = {}
    for key, divided in given.items():
        inside_w[key.charge_point_id] = inside_w.get(key.charge_point_id, 0) + divided.limit_w
    rest = [
        replace(wish, charge_point_cap_w=wish.charge_point_cap_w - inside_w.get(wish.key.charge_point_id, 0))
        for wish in stopped
    ]
    served = _serve_floors(rest, left)
    return {
        wish.key: Share(wish.start_w, "has stopped asking: floor", phases=wish.phases)
        if wish.key in served
        else Share(0, "has stopped asking: others want the power", waiting=True, phases=wish.phases)
        for wish in rest
    }


def _serve_floors(order: Sequence[Wish], left: list[int]) -> dict[ConnectorKey, None]:
    """Who gets at least its floor, in this order; whoever does not fit waits. Their floors are taken off the room."""
    inside_w = {wish.key.charge_point_id: wish.charge_point_cap_w for wish in order}
    if (rest := _room_beside_all(order, left, inside_w)) is not None:
        left[:] = rest
        return dict.fromkeys(wish.key for wish in order)
    served: dict[ConnectorKey, None] = {}
    for wish in order:
        more_w = wish.start_w - wish.paid_w
        fits = more_w == 0 or all(load * more_w <= left[row] for row, load in wish.line.rows)
        if fits and wish.floor_w <= inside_w[wish.key.charge_point_id]:
            served[wish.key] = None
            inside_w[wish.key.charge_point_id] -= wish.floor_w
            _take(left, wish, wish.start_w, wish.paid_w)
    return served


def _room_beside_all(order: Sequence[Wish], left: Sequence[int], caps_w: Mapping[str, int]) -> list[int] | None:
    """What is left if everybody gets its floor, as mostly; None if somebody must wait."""
    inside_w: dict[str, int] = defaultdict(int)
    more_w: dict[Line, int] = defaultdict(int)
    for wish in order:
        inside_w[wish.key.charge_point_id] += wish.floor_w
        more_w[wish.line] += wish.start_w - wish.paid_w
    rest = list(left)
    _take_all(rest, more_w)
    fits = min(rest) >= 0 and all(floors_w <= caps_w[name] for name, floors_w in inside_w.items())
    return rest if fits else None


def _inside(group: Sequence[Wish], share_w: int) -> list[int]:
    """A charge point's share, divided among its active connectors."""
    if len(group) == 1:
        return [share_w]
    starts_w = [wish.start_w for wish in group]
    if sum(starts_w) > share_w:  # a cap of the charge point below what they keep anyway
        starts_w = [wish.floor_w for wish in group]
    members = [Member(_INSIDE, start_w, wish.lent_w) for start_w, wish in zip(starts_w, group, strict=True)]
    return fill([max(0, share_w - sum(starts_w))], members).shares_w
