"""Ledger and allocation -> the limits to send now: cuts at once, raises that fit beside every other worst case.

A limit that is not above what its connector may be drawing anyway changes nothing for anybody else, so it leaves at
once. A raise leaves when the room it needs is free, and waits for nobody else's answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from csms.balancing.allocation import Allocation
from csms.balancing.facts import Facts
from csms.balancing.ledger import Ledger
from csms.balancing.yielding import Yielding
from csms.domain.commands import Answer
from csms.domain.electrical import Load
from csms.domain.limits import ConnectorLimits, Limit
from csms.domain.model import BalancerSettings, ConnectorKey, LimitPurpose, Moment
from csms.domain.snapshot import Snapshot

_LONGEST_PATIENCE_S = 60.0
_AFTER_SILENCE_S = 0.5

_FORGOTTEN_S = 30.0
"""A limit that is exceeded is said again this often: the charger may have lost it."""

_GIVES_WAY = "a limit is exceeded: gives way until it is not"

_SHORTEST_LEASE_S = 30.0
_SAME_LEASE_S = 1.0


@dataclass(slots=True)  # not frozen: of so many made in a decision it would be felt
class Intent:
    """A limit to be sent now, and what decided it.

    `lease_s` after it is sent the charger steps down to `then_w` by itself; None: it does not. `phases` 1: on one
    phase. `renewal`: it changes nothing but the lease.
    """

    key: ConnectorKey
    purpose: LimitPurpose
    limit_w: int
    transaction_id: str | None
    cause: str
    phases: int | None = None
    lease_s: float | None = None
    then_w: int = 0
    renewal: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """`wake_at_s` (steady clock) is when waiting alone makes a difference: a retry, a settled cut, a due raise."""

    intents: tuple[Intent, ...]
    wake_at_s: float | None


def plan(
    snapshot: Snapshot,
    allocation: Allocation,
    book: Ledger,
    now: Moment,
    settings: BalancerSettings,
    *,
    resend_before_s: float = -inf,
) -> Plan:
    """The limits to send at this moment, the most urgent first; a charger that is told one will not take the next
    before it has answered. Running sessions are said their limit again, confirmed or not, if that was said before
    `resend_before_s` (steady clock)."""
    exceeded_s = _exceeded_s(snapshot)
    desk = _Desk(snapshot, allocation, book, now, settings, resend_before_s, exceeded_s)
    wants = _wants(allocation, book, exceeded_s)
    intents = sorted((intent for want in wants if (intent := desk.consider(want)) is not None), key=desk.urgency)
    wakes = [book.next_change_s(), allocation.looks_again_s, *desk.wakes_s]
    return Plan(tuple(intents), min((wake for wake in wakes if wake is not None), default=None))


def _wants(allocation: Allocation, book: Ledger, exceeded_s: Mapping[str, float]) -> Iterator[Intent]:
    """What every connector should be told, in the order of service: shares first, then the default profiles.

    A connector without any acknowledged default gets that first: it is what all else falls back to.
    """
    shares = {
        key: Intent(
            key,
            book.facts[key].charge_point.limit_by,
            share.limit_w,
            book.facts[key].transaction_id,
            share.reason,
            share.phases,
        )
        for key, share in allocation.shares.items()
        if share.commanded
    }
    unknown, restless = [], []
    for key, facts in book.facts.items():
        if facts.charge_point.limit_by is LimitPurpose.DEFAULT and key in shares:
            continue  # its share is its default
        limits, limit_w = facts.limits, allocation.defaults.limit_w(facts)
        if limits is None or limits.default is None:
            unknown.append(_default_want(key, limit_w))
        elif key.charge_point_id in exceeded_s or not _default_rests(facts, limits, limits.default, limit_w):
            restless.append(_default_want(key, limit_w))
    yield from unknown
    yield from shares.values()
    yield from restless


def _default_want(key: ConnectorKey, limit_w: int) -> Intent:
    return Intent(key, LimitPurpose.DEFAULT, limit_w, None, "default while nobody decides")


def _default_rests(facts: Facts, limits: ConnectorLimits, default: Limit, limit_w: int) -> bool:
    """Whether there is nothing to say, as mostly: it is in force, on this connection, and nothing sent is open."""
    return (
        not limits.outstanding
        and limits.default_failure is None
        and default.lease_s is default.phases is None
        and default.limit_w == limit_w
        and default.connection_id == facts.charge_point.connection_id
    )


class _Desk:
    """Takes the wants one by one and lets those leave that may; keeps what room is left."""

    def __init__(
        self,
        snapshot: Snapshot,
        allocation: Allocation,
        book: Ledger,
        now: Moment,
        settings: BalancerSettings,
        resend_before_s: float,
        exceeded_s: Mapping[str, float],
    ) -> None:
        self._book = book
        self._now_s = now.steady_s
        self._settings = settings
        self._resend_before_s = resend_before_s
        self._resends = resend_before_s > -inf
        self._exceeded_s = exceeded_s
        self._tree = allocation.tree
        loads = allocation.tree.loads(book.charge_points)
        self._room = allocation.tree.room(loads)
        self._window_caps_w = allocation.budget.charge_point_limits_w
        self._lease_s = _lease_s(settings, allocation.budget.drop_at_s, now)
        self._worst_w = _worst_w(book) if self._window_caps_w else {}
        self._defaults = allocation.defaults
        self._yielding = Yielding(snapshot, allocation, book, loads)
        self._given_w: dict[str, int] = {}
        self._busy: set[ConnectorKey] = set()
        self.wakes_s: list[float] = []

    def consider(self, want: Intent) -> Intent | None:
        """The want itself if it may leave now; what was confirmed before, if that must be said again; or nothing."""
        facts = self._book.facts[want.key]
        limits = facts.limits or ConnectorLimits(*want.key)
        if want.key in self._busy or limits.in_flight or not _reachable(facts):
            return None
        if want.transaction_id is not None:
            self._give_way(want)
        confirmed = limits.confirmed(want.purpose)
        again = self._must_say_again(facts, limits, want, confirmed)
        renewed = self._lease_must_be_renewed(confirmed)
        in_force = confirmed or limits.default  # a session without a profile runs under the default
        if _says(in_force, want) and not again and not renewed:
            return None
        if not self._patient(limits, want):
            return None
        load = _load(facts, want)
        if not (self._calm_enough(limits, want, in_force) and self._fits(facts, want, load)):
            if confirmed is None:
                return None
            if want.phases != confirmed.phases and want.phases is not None:
                want = _fewer_phases(facts, want, confirmed)
            elif again or renewed:
                want = self._what_it_has(facts, want, confirmed)
            else:
                return None
            load = _load(facts, want)
        want.renewal = renewed and not again and _says(in_force, want)
        want.lease_s, want.then_w = self._lease(facts, want)
        self._take_room(facts, want, load)
        return want

    def urgency(self, intent: Intent) -> tuple[float, int]:
        """Who was refused or not answered waits for those who were not, or longer ago; deep cuts go before raises."""
        facts = self._book.facts[intent.key]
        limits, governing = facts.limits, facts.charge_point.limit_by
        failure = limits.failure(intent.purpose) if limits is not None else None
        more_w = intent.limit_w - self._book.exposures[intent.key].worst_w
        if limits is not None and limits.transaction is not None and intent.purpose is not governing:
            more_w = 0  # it changes what the session falls back to, and nothing now
        return failure.at.steady_s if failure else -inf, more_w

    def _give_way(self, want: Intent) -> None:
        """While a limit is exceeded, a session has less than its share."""
        lowered_w = self._yielding.session_w(want.key, want.limit_w, want.phases)
        if lowered_w != want.limit_w:
            want.limit_w, want.cause = lowered_w, _GIVES_WAY

    def _what_it_has(self, facts: Facts, want: Intent, confirmed: Limit) -> Intent:
        """What was confirmed, said again; but once its lease has ended its room may be somebody else's."""
        same = replace(want, limit_w=confirmed.limit_w, phases=confirmed.phases)
        return same if self._fits(facts, same, _load(facts, same)) else replace(same, limit_w=confirmed.then_w)

    def _lease(self, facts: Facts, want: Intent) -> tuple[float | None, int]:
        """Its lease and what follows, if it has one: not where it would step up, nor on a charger that has no second
        period."""
        then_w, capabilities = self._defaults.limit_w(facts), facts.charge_point.capabilities
        periods = capabilities.max_periods if capabilities is not None else None
        leases = self._settings.lease_s > 0 and (periods or 1) > 1
        if want.purpose is LimitPurpose.DEFAULT or not leases or want.limit_w <= then_w:
            return None, 0
        return self._lease_s, then_w

    def _lease_must_be_renewed(self, confirmed: Limit | None) -> bool:
        """At half its time if that makes it longer, or when a drop became known that it would outlast."""
        if confirmed is None or confirmed.lease_s is None:
            return False
        longer_s = self._lease_s - (confirmed.issued_at.steady_s + confirmed.lease_s - self._now_s)
        if abs(longer_s) <= _SAME_LEASE_S:
            return False  # it ends with a known drop already
        return longer_s < 0 or self._is_due(confirmed.issued_at.steady_s + confirmed.lease_s / 2)

    def _must_say_again(self, facts: Facts, limits: ConnectorLimits, want: Intent, confirmed: Limit | None) -> bool:
        """After a reconnect, since some chargers lose their profiles with the connection; after a call without a
        clear answer, since what it said stays possible; after a refusal, to learn whether it obeys now; and when
        more is drawn than was permitted, on whichever of its connectors, since it may have been forgotten."""
        if self._resends and want.purpose is LimitPurpose.TRANSACTION and _said_s(limits) < self._resend_before_s:
            return True
        if limits.failure(want.purpose) is not None:
            return True
        if confirmed is not None and confirmed.connection_id != facts.charge_point.connection_id:
            return True
        exceeded_s = self._exceeded_s.get(want.key.charge_point_id)
        if confirmed is not None and exceeded_s is not None and exceeded_s > confirmed.issued_at.steady_s:
            return self._is_due(confirmed.issued_at.steady_s + _FORGOTTEN_S)
        if not limits.outstanding:
            return False
        doubtful = [limit for limit in limits.outstanding if limit.purpose is want.purpose]
        if not doubtful or confirmed is None:
            return bool(doubtful)
        # Said again on this connection already: what is left may be applied late, and is asked about again.
        if any(limit.limit_id > confirmed.limit_id for limit in doubtful):
            return True
        matters = any(limit.limit_w > confirmed.limit_w or limit.phases != confirmed.phases for limit in doubtful)
        return matters and self._is_due(confirmed.issued_at.steady_s + _LONGEST_PATIENCE_S)

    def _patient(self, limits: ConnectorLimits, want: Intent) -> bool:
        """Whether enough time has passed since the last failure: 1, 2, 4 ... seconds; what nobody answered has waited
        long enough, and leaves a moment for others to ask something."""
        failure = limits.failure(want.purpose)
        if failure is None or failure.at.steady_s < self._resend_before_s:
            return True
        if failure.cause == Answer.TIMEOUT.value:
            return self._is_due(failure.at.steady_s + _AFTER_SILENCE_S)
        return self._is_due(failure.at.steady_s + min(2.0 ** (failure.count - 1), _LONGEST_PATIENCE_S))

    def _calm_enough(self, limits: ConnectorLimits, want: Intent, in_force: Limit | None) -> bool:
        if limits.raised_at is None or in_force is None or want.limit_w <= in_force.limit_w:
            return True
        if limits.raised_at.steady_s < self._resend_before_s:
            return True
        return self._is_due(limits.raised_at.steady_s + self._settings.raise_interval_s)

    def _fits(self, facts: Facts, want: Intent, load: Load) -> bool:
        """A limit within what the connector may be obeying for good takes nothing from anybody. Any other must fit
        beside all other worst cases; that its connector still settles from a higher one gives it no claim."""
        exposure = self._book.exposures[want.key]
        if _within(load, exposure.granted):
            return True
        more, extra = _beyond(load, exposure.granted), _beyond(load, exposure.worst)
        fits = all(extra[dimension] <= self._room[row] for row, dimension in self._path(facts) if more[dimension])
        return fits and self._fits_inside(facts, want)

    def _path(self, facts: Facts) -> Sequence[tuple[int, int]]:
        return self._tree.paths[self._tree.places[facts.key.charge_point_id]]

    def _fits_inside(self, facts: Facts, want: Intent) -> bool:
        """Whether the connectors of its charge point, together, stay below the cap of a time window."""
        charge_point_id = want.key.charge_point_id
        window_w = self._window_caps_w.get(charge_point_id)
        if window_w is None:
            return True
        worst_w, most_w = self._worst_w[charge_point_id], facts.settings.max_power_w
        inside_w = worst_w if most_w is None else min(worst_w, most_w)
        more_w = max(0, want.limit_w - self._book.exposures[want.key].worst_w)
        return inside_w + self._given_w.get(charge_point_id, 0) + more_w <= window_w

    def _take_room(self, facts: Facts, want: Intent, load: Load) -> None:
        self._busy.add(want.key)
        exposure = self._book.exposures[want.key]
        if not _within(load, exposure.worst):
            extra = _beyond(load, exposure.worst)
            for row, dimension in self._path(facts):
                self._room[row] -= extra[dimension]
        if want.limit_w > exposure.worst_w:
            charge_point_id, more_w = want.key.charge_point_id, want.limit_w - exposure.worst_w
            self._given_w[charge_point_id] = self._given_w.get(charge_point_id, 0) + more_w

    def _is_due(self, due_s: float) -> bool:
        if due_s <= self._now_s:
            return True
        self.wakes_s.append(due_s)
        return False


def _reachable(facts: Facts) -> bool:
    # Without its capabilities the unit of a limit would be a guess; they are learned right after the boot.
    charge_point = facts.charge_point
    return charge_point.ready and facts.settings.in_service and charge_point.capabilities is not None


def _load(facts: Facts, want: Intent) -> Load:
    return facts.shape.on(want.phases).load(want.limit_w)


def _fewer_phases(facts: Facts, want: Intent, confirmed: Limit) -> Intent:
    """The same current on fewer phases: it takes nothing from anybody, and makes the room that others wait for."""
    shape = facts.shape
    narrow_w = confirmed.limit_w * want.phases // shape.form.phases if want.phases is not None else confirmed.limit_w
    return replace(want, limit_w=shape.on(want.phases).form.floor_w(min(narrow_w, want.limit_w)))


def _lease_s(settings: BalancerSettings, drop_at_s: float | None, now: Moment) -> float:
    """How long a limit is leased: it ends, and has settled, before a known drop of the ceiling."""
    if drop_at_s is None:
        return settings.lease_s
    return min(settings.lease_s, max(_SHORTEST_LEASE_S, drop_at_s - settings.settle_s - now.utc_s))


def _within(load: Load, other: Load) -> bool:
    return load[0] <= other[0] and load[1] <= other[1] and load[2] <= other[2] and load[3] <= other[3]


def _beyond(load: Load, before: Load) -> Load:
    """What a limit's load adds to what its connector is counted at."""
    power, one, two, three = load
    power_before, one_before, two_before, three_before = before
    return (
        power - power_before if power > power_before else 0,
        one - one_before if one > one_before else 0,
        two - two_before if two > two_before else 0,
        three - three_before if three > three_before else 0,
    )


def _worst_w(book: Ledger) -> Mapping[str, int]:
    """Per charge point, what its connectors may be obeying together."""
    sums: dict[str, int] = defaultdict(int)
    for key, exposure in book.exposures.items():
        sums[key.charge_point_id] += exposure.worst_w
    return sums


def _said_s(limits: ConnectorLimits) -> float:
    """When (steady clock) the running session was last said its limit, whatever became of it."""
    confirmed, failure = limits.transaction, limits.transaction_failure
    return max(confirmed.issued_at.steady_s if confirmed else -inf, failure.at.steady_s if failure else -inf)


def _exceeded_s(snapshot: Snapshot) -> dict[str, float]:
    """When (steady clock) each charge point was last metered above a limit, if it stands."""
    exceeded_s: dict[str, float] = {}
    for key, limits in snapshot.limits.items():
        if limits.overdraw is not None:
            at_s = limits.overdraw.at.steady_s
            exceeded_s[key.charge_point_id] = max(at_s, exceeded_s.get(key.charge_point_id, at_s))
    return exceeded_s


def _says(limit: Limit | None, want: Intent) -> bool:
    if limit is None:
        return False
    return limit.limit_w == want.limit_w and (limit.phases == want.phases or want.limit_w == 0)
