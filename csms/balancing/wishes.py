"""Who can be given power, between which limits, and in what order: the questions before the division."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

from csms.balancing.budget import Budget
from csms.balancing.defaults import Defaults, answers_due_s, first_contact_ends_s
from csms.balancing.facts import Facts
from csms.balancing.ledger import Ledger
from csms.balancing.limits import Line
from csms.balancing.memory import Cap, Caps, KnownWish, Memory
from csms.balancing.tree import Tree
from csms.balancing.words import kw
from csms.domain.demand import lent_cap_w
from csms.domain.electrical import Load, Shape
from csms.domain.limits import ConnectorLimits
from csms.domain.model import (
    BalancerSettings,
    ConnectorKey,
    MeterReading,
    Moment,
    SmartCharging,
)
from csms.domain.snapshot import Snapshot


@dataclass(slots=True)  # not frozen: of so many fields, made so often, that would be half of the decision's time
class Wish:
    """A connector that can be given power: between its floor and its cap; `reserved_w` is held for it anyway.

    `lent_w` is the cap while its car draws less than it may (equal to `cap_w` otherwise); `charge_point_cap_w` is for
    all connectors of its charge point together. `phases` None: all it has. `turn_since_s` (steady clock) is when it was
    last given power after a pause, `paused_since_s` since when it has had none. `in_force_w` is its limit now,
    `confirmed_w` what it was told as its share last (0: nothing), `served_wh` what it was permitted until
    `served_at_s`. `paid_w` of its power costs nothing more, since it is held for it anyway (on one phase alone, none),
    and from `start_w` on more power costs more.
    """

    key: ConnectorKey
    facts: Facts
    shape: Shape
    line: Line
    phases: int | None
    floor_w: int
    cap_w: int
    charge_point_cap_w: int
    started_at_s: float
    capped_by: str
    never_pause: bool
    turn_since_s: float | None
    paused_since_s: float | None
    served_wh: float
    served_at_s: float | None
    in_force_w: int
    confirmed_w: int

    # What depends on the moment, or on the last reading: set anew for each decision.
    lent_w: int = 0
    reserved_w: int = 0
    paid_w: int = 0
    start_w: int = 0
    stopped_asking: bool = False

    @property
    def by_others(self) -> bool:
        """Whether it is an operator who caps it, or somebody else whose limit its charger reports."""
        return self.capped_by.startswith(_CAPPED_BY)

    def served_until_wh(self, now_s: float) -> float:
        """What it was permitted until now (steady clock)."""
        if self.served_at_s is None:
            return self.served_wh
        return self.served_wh + self.in_force_w * (now_s - self.served_at_s) / 3600.0


class Wishes:
    """Makes the wishes of one decision: every connected charger's running transactions, first come first."""

    def __init__(
        self,
        snapshot: Snapshot,
        config: SmartCharging,
        budget: Budget,
        tree: Tree,
        standing: Defaults,
        now: Moment,
        settings: BalancerSettings,
        memory: Memory | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._config = config
        self._budget = budget
        self._tree = tree
        self._defaults = standing
        self._now = now
        self._settings = settings
        self._memory = memory if memory is not None else Memory()
        self._memory.keep_wishes_of((tree.paths, tree.places, config.min_power_per_charger_w))
        self._kept_by_free_w = self._kept_by_free() if budget.charge_point_limits_w else {}

    def made(self) -> list[Wish]:
        return sorted(self._made(), key=attrgetter("started_at_s", "key"))

    def _made(self) -> Iterator[Wish]:
        for key in self._snapshot.active:
            facts = self._defaults.book.facts[key]
            if facts.charge_point.connected and facts.settings.in_service:
                yield self._wish(facts)

    def _wish(self, facts: Facts) -> Wish:
        """The wish that is known of a connector, if its facts still stand, else a new one; up to date in any case."""
        limits, reading = facts.limits or ConnectorLimits(*facts.key), self._snapshot.readings.get(facts.key)
        whole, most_w = facts.shape, facts.settings.max_power_w
        most_w = most_w if most_w is not None else self._budget.usable_w
        phases = None if whole.one_phase is None else _phases(reading, limits)
        if phases is not None:
            most_w = most_w * phases // whole.form.phases
        window_w = self._window_w(facts.key.charge_point_id, most_w) if self._budget.charge_point_limits_w else most_w
        caps = (phases, most_w, window_w, *self._by_others(facts.key))
        known = self._memory.wishes.get(facts.key)
        if known is None or known.facts is not facts or known.caps != caps:
            known = KnownWish(facts, caps, self._new(facts, limits, caps))
            self._memory.wishes[facts.key] = known
        self._bring_up_to_date(known.wish, limits, reading)
        return known.wish

    def _new(self, facts: Facts, limits: ConnectorLimits, caps: Caps) -> Wish:
        phases, most_w, window_w, _, own = caps
        shape = facts.shape.on(phases)
        charge_point_cap_w = min(most_w, window_w)
        in_force, confirmed = limits.transaction or limits.default, limits.confirmed(facts.charge_point.limit_by)
        line = self._line(facts.key.charge_point_id, shape.per_w)
        return Wish(
            key=facts.key,
            facts=facts,
            shape=shape,
            line=line,
            phases=phases,
            floor_w=shape.floor_w(self._config.min_power_per_charger_w),
            cap_w=shape.form.floor_w(charge_point_cap_w if own is None else min(charge_point_cap_w, own.limit_w)),
            charge_point_cap_w=charge_point_cap_w,
            started_at_s=facts.started_at_s or 0.0,
            capped_by=_capped_by(facts.settings.max_power_w, caps),
            never_pause=facts.never_pause,
            turn_since_s=limits.turn_since.steady_s if limits.turn_since else None,
            paused_since_s=limits.paused_since.steady_s if limits.paused_since else None,
            served_wh=limits.served_wh,
            served_at_s=limits.served_at.steady_s if limits.served_at else None,
            in_force_w=in_force.limit_w if in_force is not None else 0,
            confirmed_w=confirmed.limit_w if confirmed is not None else 0,
        )

    def _bring_up_to_date(self, wish: Wish, limits: ConnectorLimits, reading: MeterReading | None) -> None:
        suspended_since = wish.facts.suspended_since
        silent_s = None if suspended_since is None else self._silent_since_s(suspended_since)
        wish.lent_w = wish.cap_w
        if silent_s is not None:
            wish.lent_w = min(wish.cap_w, wish.floor_w)
        elif reading is not None and reading.low_since is not None:
            lent_w = self._lent_w(wish, reading, reading.low_since, limits)
            wish.lent_w = min(wish.cap_w, max(wish.floor_w, lent_w))
        wish.reserved_w = self._defaults.kept_w(wish.facts)
        wish.paid_w = wish.reserved_w if wish.phases is None else 0
        wish.start_w = max(wish.floor_w, wish.paid_w)
        wish.stopped_asking = silent_s is not None and not self._is_tried(limits, silent_s)

    def _by_others(self, key: ConnectorKey) -> tuple[Cap | None, Cap | None]:
        """What others allow the charge point, where no time window allows it less, and the connector."""
        caps = self._budget.caps
        if not caps:
            return None, None
        whole = caps.get(ConnectorKey(key.charge_point_id, 0))
        if whole is not None and whole.limit_w != self._budget.charge_point_limits_w.get(key.charge_point_id):
            whole = None
        return whole, caps.get(key)

    def _window_w(self, charge_point_id: str, most_w: int) -> int:
        """What a cap from outside, if there is one, leaves to the sessions beside the free connectors."""
        window_w = self._budget.charge_point_limits_w.get(charge_point_id)
        return most_w if window_w is None else max(0, window_w - self._kept_by_free_w.get(charge_point_id, 0))

    def _kept_by_free(self) -> dict[str, int]:
        """By charge point with a cap, what its connectors without a session keep."""
        kept_by_free_w: dict[str, int] = {}
        for facts in self._defaults.book.facts.values():
            charge_point_id = facts.key.charge_point_id
            if charge_point_id in self._budget.charge_point_limits_w and not facts.active:
                more_w = self._defaults.kept_w(facts)
                kept_by_free_w[charge_point_id] = kept_by_free_w.get(charge_point_id, 0) + more_w
        return kept_by_free_w

    def _line(self, charge_point_id: str, per_w: Load) -> Line:
        place = self._tree.places[charge_point_id]
        line = self._memory.lines.get((place, per_w))
        if line is None:
            rows = tuple((row, per_w[dimension]) for row, dimension in self._tree.paths[place] if per_w[dimension])
            line = self._memory.lines[place, per_w] = Line(rows)
        return line

    def _lent_w(self, wish: Wish, reading: MeterReading, low_since: Moment, limits: ConnectorLimits) -> int:
        """The cap of a car that has drawn less than it may for a while, if it is worth a change: never less than one of
        its charger's steps, since from 0 it would only be raised again."""
        if self._now.steady_s - low_since.steady_s < self._settings.reclaim_after_s:
            return wish.cap_w
        lent_w = max(wish.shape.form.ceil_w(1), lent_cap_w(reading.peak_demand_w))
        in_force = limits.transaction or limits.default
        has_w = in_force.limit_w if in_force else 0
        return has_w if lent_w < has_w < lent_w + max(self._settings.min_change_w, has_w // 10) else lent_w

    def _silent_since_s(self, since: Moment) -> float | None:
        """Since when (steady clock) a car has asked for nothing, if that is long enough to believe it."""
        if self._now.steady_s - since.steady_s < self._settings.suspended_after_s:
            return None
        return since.steady_s

    def _is_tried(self, limits: ConnectorLimits, silent_s: float) -> bool:
        """A car that is paused cannot ask: once in a while it is given a floor, and has a moment to show it."""
        if limits.paused_since is not None:
            return self._now.steady_s >= tried_again_s(limits.paused_since.steady_s, silent_s, self._settings)
        if limits.turn_since is None or limits.turn_since.steady_s <= silent_s:
            return False
        return self._now.steady_s - limits.turn_since.steady_s < self._settings.suspended_after_s


_ASKED_AGAIN_TURNS = 4


def tried_again_s(paused_s: float, silent_s: float, settings: BalancerSettings) -> float:
    """When a car that was paused is tried: after four turns, or after as long as it had been silent before."""
    return paused_s + max(_ASKED_AGAIN_TURNS * settings.turn_s, paused_s - silent_s)


def looks_again_s(snapshot: Snapshot, book: Ledger, now: Moment, settings: BalancerSettings) -> float | None:
    """When (steady clock) waiting alone makes a wish smaller: a car has drawn little, or asked for nothing, long
    enough."""
    contacts = (charge_point.contact_at for charge_point in snapshot.charge_points.values() if charge_point.connected)
    looks = [first_contact_ends_s(contact) for contact in contacts if contact is not None]
    of_all = (facts.limits.outstanding for facts in book.facts.values() if facts.limits is not None)
    awaited = (limit.issued_at for outstanding in of_all for limit in outstanding if limit.awaited)
    looks += answers_due_s(snapshot, awaited)
    for key, facts in book.facts.items():
        if not facts.active:
            continue
        reading = snapshot.readings.get(key)
        if reading is not None and reading.low_since is not None:
            looks.append(reading.low_since.steady_s + settings.reclaim_after_s)
        if facts.suspended_since is not None:
            looks += _asking_changes_s(facts.suspended_since, facts.limits, settings)
    return min((look_s for look_s in looks if look_s > now.steady_s), default=None)


def _asking_changes_s(suspended: Moment, limits: ConnectorLimits | None, settings: BalancerSettings) -> list[float]:
    looks = [suspended.steady_s + settings.suspended_after_s]
    if limits is not None and limits.paused_since is not None:
        looks.append(tried_again_s(limits.paused_since.steady_s, suspended.steady_s, settings))
    elif limits is not None and limits.turn_since is not None:
        looks.append(limits.turn_since.steady_s + settings.suspended_after_s)
    return looks


def _phases(reading: MeterReading | None, limits: ConnectorLimits) -> int | None:
    """1 for a car that draws on one phase only, of a charger that can be told to keep to it: its others are lent."""
    if limits.transaction is not None and limits.transaction.phases == 1:
        return 1
    if reading is None or reading.currents_a is None:
        return None
    first, *others = reading.currents_a
    return 1 if first >= 1.0 and all(current_a < 0.5 for current_a in others) else None


_CAPPED_BY = "capped by "


def _capped_by(declared_w: int | None, caps: Caps) -> str:
    _, most_w, window_w, whole, own = caps
    lowest_w = min(most_w, window_w)
    if own is not None and own.limit_w < lowest_w:
        return f"{_CAPPED_BY}{own.whose} at {kw(own.limit_w)}"
    if window_w < most_w:
        return "limit of the time window" if whole is None else f"{_CAPPED_BY}{whole.whose} at {kw(whole.limit_w)}"
    return "the whole budget" if declared_w is None else "rated power"
