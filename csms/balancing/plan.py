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
from csms.balancing.defaults import answers_due_s
from csms.balancing.facts import Facts
from csms.balancing.ledger import Exposure, Ledger
from csms.balancing.loads import beyond, within
from csms.balancing.together import Together
from csms.balancing.yielding import Yielding
from csms.domain.commands import Answer
from csms.domain.electrical import Load, Shape
from csms.domain.limits import LOST_FOR_GOOD, ConnectorLimits, Failure, Limit
from csms.domain.model import BalancerSettings, ConnectorKey, LimitPurpose, Moment
from csms.domain.snapshot import Snapshot

_LONGEST_PATIENCE_S = 60.0
_LOST_PATIENCE_S = 900.0
_AFTER_SILENCE_S = 0.5

_FORGOTTEN_S = 30.0
"""A limit that is exceeded is said again this often: the charger may have lost it."""

_ASKED_AGAIN_S = 5.0
"""Who asks to be told its limit is told it no more often than this."""

_DEFAULT = "default while nobody decides"
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
    if not settings.idle_defaults:
        wants = _in_peace(wants, allocation, exceeded_s)
    leaving = [case for facts, want in wants if (case := desk.consider(facts, want)) is not None]
    intents = [case.want for case in sorted(leaving, key=_urgency)]
    due_s = answers_due_s(snapshot, [now] if intents else [])
    wakes = [book.next_change_s(), allocation.looks_again_s, *due_s, *desk.wakes_s]
    return Plan(tuple(intents), min((wake for wake in wakes if wake is not None), default=None))


def _wants(allocation: Allocation, book: Ledger, exceeded_s: Mapping[str, float]) -> Iterator[tuple[Facts, Intent]]:
    """What every connector should be told, in the order of service: shares first, then the default profiles.

    A connector without any acknowledged default gets that first: it is what all else falls back to.
    """
    defaults = allocation.defaults
    unknown: list[tuple[Facts, Intent]] = []
    restless: list[tuple[Facts, Intent]] = []
    for key, facts in book.facts.items():
        if facts.default_rests and not defaults.gives_way(facts) and key.charge_point_id not in exceeded_s:
            continue  # as mostly
        if facts.charge_point.limit_by is LimitPurpose.DEFAULT and key in allocation.shares:
            continue  # its share is its default
        want = Intent(key, LimitPurpose.DEFAULT, defaults.limit_w(facts), None, _DEFAULT)
        known = facts.limits is not None and facts.limits.default is not None
        (restless if known else unknown).append((facts, want))
    yield from unknown
    for key, share in allocation.shares.items():
        if share.commanded:
            facts = book.facts[key]
            purpose = facts.charge_point.limit_by
            yield facts, Intent(key, purpose, share.limit_w, facts.transaction_id, share.reason, share.phases)
    # What is told first may be lost by what is told last, which only an idle connector can show.
    yield from sorted(restless, key=lambda told: told[0].active)


def _in_peace(
    wants: Iterator[tuple[Facts, Intent]], allocation: Allocation, exceeded_s: Mapping[str, float]
) -> Iterator[tuple[Facts, Intent]]:
    """Without the default profiles of charge points on which no session runs. What they have is counted at its worst,
    so that can wait; unless it is too much, or more is drawn than that."""
    busy = {key.charge_point_id for key in allocation.shares} | exceeded_s.keys()
    for facts, want in wants:
        default = facts.limits.default if facts.limits is not None else None
        if want.key.charge_point_id in busy or (default is not None and default.limit_w > want.limit_w):
            yield facts, want


@dataclass(slots=True)
class _Case:
    """A want, and what there is to know of its connector. `confirmed` was the last limit of its purpose, `failure` what
    became of it since; `in_force` is what holds until it is told another."""

    want: Intent
    facts: Facts
    limits: ConnectorLimits
    exposure: Exposure
    confirmed: Limit | None
    failure: Failure | None
    in_force: Limit | None


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
        self._together = Together(snapshot, book)
        self._given_w: dict[str, int] = {}
        self._busy: set[ConnectorKey] = set()
        self.wakes_s: list[float] = []

    def consider(self, facts: Facts, want: Intent) -> _Case | None:
        """What leaves now: the want itself, or what was confirmed before, if that must be said again; or nothing."""
        if not facts.reachable or want.key in self._busy:
            return None
        limits = facts.limits or ConnectorLimits(*want.key)
        if want.transaction_id is not None:
            self._give_way(want)
        confirmed, failure = limits.confirmed(want.purpose), limits.failure(want.purpose)
        in_force = confirmed or limits.default  # a session without a profile runs under the default
        case = _Case(want, facts, limits, self._book.exposures[want.key], confirmed, failure, in_force)
        again = self._must_say_again(case)
        renewed = self._lease_must_be_renewed(confirmed)
        if _is_in_force(case) and not again and not renewed:
            return None
        if failure is not None and not self._patient(failure, limits, want.purpose):
            return None
        load = _load(case)
        if not (self._calm_enough(case) and self._fits(case, load)):
            if confirmed is None:
                return None
            if want.phases != confirmed.phases and want.phases is not None:
                case.want = _fewer_phases(facts.shape, want, want.phases, confirmed)
            elif again or renewed:
                self._say_again(confirmed, case)
            else:
                return None
            load = _load(case)
        case.want.renewal = renewed and not again and _is_in_force(case)
        case.want.lease_s, case.want.then_w = self._lease(case)
        self._take_room(case, load)
        return case

    def _give_way(self, want: Intent) -> None:
        """While a limit is exceeded, a session has less than its share."""
        lowered_w = self._yielding.session_w(want.key, want.limit_w, want.phases)
        if lowered_w != want.limit_w:
            want.limit_w, want.cause = lowered_w, _GIVES_WAY

    def _say_again(self, confirmed: Limit, case: _Case) -> None:
        """What was confirmed, said again; but once its lease has ended its room may be somebody else's."""
        case.want = replace(case.want, limit_w=confirmed.limit_w, phases=confirmed.phases)
        if not self._fits(case, _load(case)):
            case.want = replace(case.want, limit_w=confirmed.then_w)

    def _lease(self, case: _Case) -> tuple[float | None, int]:
        """Its lease and what follows, if it has one: not where it would step up, nor on a charger that has no second
        period."""
        want, capabilities = case.want, case.facts.charge_point.capabilities
        then_w = self._defaults.limit_w(case.facts)
        leases = self._settings.lease_s > 0 and capabilities is not None and capabilities.has_leases
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

    def _must_say_again(self, case: _Case) -> bool:
        """After a reconnect, since some chargers lose their profiles with the connection; after a call without a
        clear answer, since what it said stays possible; after a refusal, to learn whether it obeys now; when the
        charger asked for it; and when more is drawn than was permitted, on whichever of its connectors, since it may
        have been forgotten."""
        purpose, confirmed = case.want.purpose, case.confirmed
        if case.limits.requested_at is not None and self._is_requested(case, case.limits.requested_at):
            return True
        if self._resends and purpose is LimitPurpose.TRANSACTION and _said_s(case) < self._resend_before_s:
            return True
        if case.failure is not None:
            return True
        if confirmed is not None and confirmed.connection_id != case.facts.charge_point.connection_id:
            return True
        exceeded_s = self._exceeded_s.get(case.want.key.charge_point_id)
        if confirmed is not None and exceeded_s is not None and exceeded_s > confirmed.issued_at.steady_s:
            return self._is_due(confirmed.issued_at.steady_s + _FORGOTTEN_S)
        if not case.limits.outstanding:
            return False
        doubtful = [limit for limit in case.limits.outstanding if limit.purpose is purpose]
        if not doubtful or confirmed is None:
            return bool(doubtful)
        # Said again on this connection already: what is left may be applied late, and is asked about again.
        if any(limit.limit_id > confirmed.limit_id for limit in doubtful):
            return True
        matters = any(limit.limit_w > confirmed.limit_w or limit.phases != confirmed.phases for limit in doubtful)
        return matters and self._is_due(confirmed.issued_at.steady_s + _LONGEST_PATIENCE_S)

    def _is_requested(self, case: _Case, at: Moment) -> bool:
        """It asked since it was told last; one that asks all the time is not told all the time."""
        said_s = _said_s(case)
        return case.want.transaction_id is not None and said_s < at.steady_s and self._is_due(said_s + _ASKED_AGAIN_S)

    def _patient(self, failure: Failure, limits: ConnectorLimits, purpose: LimitPurpose) -> bool:
        """Whether enough time has passed since the last failure: 1, 2, 4 ... seconds; what nobody answered has waited
        long enough, and leaves a moment for others. A default that was lost for good is counted on by nobody."""
        if failure.at.steady_s < self._resend_before_s:
            return True
        if failure.cause == Answer.TIMEOUT.value:
            return self._is_due(failure.at.steady_s + _AFTER_SILENCE_S)
        lost = purpose is LimitPurpose.DEFAULT and limits.default_lost >= LOST_FOR_GOOD
        longest_s = _LOST_PATIENCE_S if lost else _LONGEST_PATIENCE_S
        return self._is_due(failure.at.steady_s + min(2.0 ** (failure.count - 1), longest_s))

    def _calm_enough(self, case: _Case) -> bool:
        raised_at, in_force = case.limits.raised_at, case.in_force
        if raised_at is None or in_force is None or case.want.limit_w <= in_force.limit_w:
            return True
        if raised_at.steady_s < self._resend_before_s:
            return True
        return self._is_due(raised_at.steady_s + self._settings.raise_interval_s)

    def _fits(self, case: _Case, load: Load) -> bool:
        """A limit within what the connector may be obeying for good takes nothing from anybody. Any other must fit
        beside all other worst cases; that its connector still settles from a higher one gives it no claim."""
        granted = case.exposure.granted
        if within(load, granted):
            return True
        more, extra = beyond(load, granted), self._together.more(case.want.key, load)
        fits = all(extra[dimension] <= self._room[row] for row, dimension in self._path(case) if more[dimension])
        return fits and self._fits_inside(case)

    def _path(self, case: _Case) -> Sequence[tuple[int, int]]:
        return self._tree.paths[self._tree.places[case.want.key.charge_point_id]]

    def _fits_inside(self, case: _Case) -> bool:
        """Whether the connectors of its charge point, together, stay below the cap of a time window."""
        charge_point_id = case.want.key.charge_point_id
        window_w = self._window_caps_w.get(charge_point_id)
        if window_w is None:
            return True
        worst_w, most_w = self._worst_w[charge_point_id], case.facts.settings.max_power_w
        inside_w = worst_w if most_w is None else min(worst_w, most_w)
        more_w = max(0, case.want.limit_w - case.exposure.worst_w)
        return inside_w + self._given_w.get(charge_point_id, 0) + more_w <= window_w

    def _take_room(self, case: _Case, load: Load) -> None:
        key, exposure = case.want.key, case.exposure
        self._busy.add(key)
        if not within(load, exposure.worst):
            extra = self._together.more(key, load)
            for row, dimension in self._path(case):
                self._room[row] -= extra[dimension]
            self._together.take(key, load)
        more_w = case.want.limit_w - exposure.worst_w
        if more_w > 0:
            self._given_w[key.charge_point_id] = self._given_w.get(key.charge_point_id, 0) + more_w

    def _is_due(self, due_s: float) -> bool:
        if due_s <= self._now_s:
            return True
        self.wakes_s.append(due_s)
        return False


def _load(case: _Case) -> Load:
    return case.facts.shape.on(case.want.phases).load(case.want.limit_w)


def _urgency(case: _Case) -> tuple[float, int]:
    """Who was refused or not answered waits for those who were not, or longer ago; deep cuts go before raises."""
    more_w = case.want.limit_w - case.exposure.worst_w
    if case.limits.transaction is not None and case.want.purpose is not case.facts.charge_point.limit_by:
        more_w = 0  # it changes what the session falls back to, and nothing now
    return case.failure.at.steady_s if case.failure else -inf, more_w


def _fewer_phases(shape: Shape, want: Intent, phases: int, confirmed: Limit) -> Intent:
    """The same current on fewer phases: it takes nothing from anybody, and makes the room that others wait for."""
    narrow_w = confirmed.limit_w * phases // shape.form.phases
    return replace(want, limit_w=shape.on(phases).form.floor_w(min(narrow_w, want.limit_w)))


def _lease_s(settings: BalancerSettings, drop_at_s: float | None, now: Moment) -> float:
    """How long a limit is leased: it ends, and has settled, before a known drop of the ceiling."""
    if drop_at_s is None:
        return settings.lease_s
    return min(settings.lease_s, max(_SHORTEST_LEASE_S, drop_at_s - settings.settle_s - now.utc_s))


def _worst_w(book: Ledger) -> Mapping[str, int]:
    """Per charge point, what its connectors may be obeying together."""
    sums: dict[str, int] = defaultdict(int)
    for key, exposure in book.exposures.items():
        sums[key.charge_point_id] += exposure.worst_w
    return sums


def _said_s(case: _Case) -> float:
    """When (steady clock) a limit of this purpose was last said, whatever became of it."""
    confirmed, failure = case.confirmed, case.failure
    return max(confirmed.issued_at.steady_s if confirmed else -inf, failure.at.steady_s if failure else -inf)


def _exceeded_s(snapshot: Snapshot) -> dict[str, float]:
    """When (steady clock) each charge point was last metered above a limit, if it stands."""
    exceeded_s: dict[str, float] = {}
    for key, limits in snapshot.limits.items():
        if limits.overdraw is not None:
            at_s = limits.overdraw.at.steady_s
            exceeded_s[key.charge_point_id] = max(at_s, exceeded_s.get(key.charge_point_id, at_s))
    return exceeded_s


def _is_in_force(case: _Case) -> bool:
    want, limit = case.want, case.in_force
    if limit is None:
        return False
    return limit.limit_w == want.limit_w and (limit.phases == want.phases or want.limit_w == 0)
