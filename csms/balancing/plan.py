"""Ledger and allocation -> the limits to send now: cuts at once, raises that fit beside every other worst case.

A limit that is not above what its connector may be drawing anyway changes nothing for anybody else, so it leaves at
once. A raise leaves when the room it needs is free, and waits for nobody else's answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from csms.balancing.allocation import Allocation
from csms.balancing.ledger import Ledger
from csms.domain.electrical import fallback_w, limit_form
from csms.domain.model import BalancerSettings, ConnectorKey, ConnectorLimits, LimitPurpose, Moment
from csms.domain.snapshot import Snapshot

_LONGEST_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Intent:
    """A limit to be sent now, and what decided it."""

    key: ConnectorKey
    purpose: LimitPurpose
    limit_w: int
    transaction_id: str | None
    cause: str


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
    resend: bool = False,
) -> Plan:
    """The limits to send at this moment. `resend` says every running session its limit again, confirmed or not."""
    desk = _Desk(snapshot, allocation, book, now, settings, resend)
    intents = [intent for want in _wants(snapshot, allocation) if (intent := desk.consider(want)) is not None]
    wakes = [book.next_settling_s(), *desk.wakes_s]
    return Plan(tuple(intents), min((wake for wake in wakes if wake is not None), default=None))


def _wants(snapshot: Snapshot, allocation: Allocation) -> Iterator[Intent]:
    """What every connector should be told, in the order of service: shares first, then the default profiles.

    A connector without any acknowledged default gets that first: it is what all else falls back to.
    """
    defaults = {key: _default_want(snapshot, key) for key in snapshot.connector_keys()}
    shares = {
        key: Intent(key, LimitPurpose.TRANSACTION, share.limit_w, snapshot.active[key].transaction_id, share.reason)
        for key, share in allocation.shares.items()
        if share.commanded
    }
    first = [key for key in defaults if key not in snapshot.limits or snapshot.limits[key].default is None]
    yield from (defaults[key] for key in first)
    yield from shares.values()
    yield from (want for key, want in defaults.items() if key not in first)


def _default_want(snapshot: Snapshot, key: ConnectorKey) -> Intent:
    settings = snapshot.settings[key.charge_point_id]
    form = limit_form(snapshot.site, settings, snapshot.charge_points[key.charge_point_id].capabilities)
    limit_w = fallback_w(snapshot.site, settings, form)
    return Intent(key, LimitPurpose.DEFAULT, limit_w, None, "default while nobody decides")


class _Desk:
    """Takes the wants one by one and lets those leave that may; keeps what room is left."""

    def __init__(
        self,
        snapshot: Snapshot,
        allocation: Allocation,
        book: Ledger,
        now: Moment,
        settings: BalancerSettings,
        resend: bool,
    ) -> None:
        self._snapshot = snapshot
        self._book = book
        self._now_s = now.steady_s
        self._settings = settings
        self._resend = resend
        self._room_w = allocation.usable_w - book.total_w()
        self._window_caps_w = allocation.charge_point_limits_w
        self._inside_w = dict(book.charge_points_w)
        self._busy: set[ConnectorKey] = set()
        self.wakes_s: list[float] = []

    def consider(self, want: Intent) -> Intent | None:
        """The want itself if it may leave now; what was confirmed before, if that must be said again; or nothing."""
        limits = self._snapshot.limits.get(want.key) or ConnectorLimits(*want.key)
        if want.key in self._busy or limits.in_flight or not self._reachable(want.key):
            return None
        again = self._must_say_again(limits, want)
        if _in_force_w(limits, want.purpose) == want.limit_w and not again:
            return None
        if not self._patient(limits, want):
            return None
        if not self._may_raise(limits, want):
            confirmed = limits.confirmed(want.purpose)
            if not again or confirmed is None:
                return None
            want = replace(want, limit_w=confirmed.limit_w)
        self._take_room(want)
        return want

    def _reachable(self, key: ConnectorKey) -> bool:
        charge_point = self._snapshot.charge_points[key.charge_point_id]
        in_service = self._snapshot.settings[key.charge_point_id].in_service
        # Without its capabilities the unit of a limit would be a guess; they are learned right after the boot.
        return charge_point.ready and in_service and charge_point.capabilities is not None

    def _must_say_again(self, limits: ConnectorLimits, want: Intent) -> bool:
        """After a reconnect, since some chargers lose their profiles with the connection; after a call without a
        clear answer, since what it said stays possible; after a refusal, to learn whether it obeys now."""
        if self._resend and want.purpose is LimitPurpose.TRANSACTION:
            return True
        if limits.failure(want.purpose) or any(limit.purpose is want.purpose for limit in limits.outstanding):
            return True
        confirmed = limits.confirmed(want.purpose)
        connection_id = self._snapshot.charge_points[want.key.charge_point_id].connection_id
        return confirmed is not None and confirmed.connection_id != connection_id

    def _patient(self, limits: ConnectorLimits, want: Intent) -> bool:
        """Whether enough time has passed since the last failure: 1, 2, 4 ... seconds."""
        failure = limits.failure(want.purpose)
        if failure is None or self._resend:
            return True
        due_s = failure.at.steady_s + min(2.0 ** (failure.count - 1), _LONGEST_PATIENCE_S)
        return self._is_due(due_s)

    def _may_raise(self, limits: ConnectorLimits, want: Intent) -> bool:
        return self._calm_enough(limits, want) and self._fits(want)

    def _calm_enough(self, limits: ConnectorLimits, want: Intent) -> bool:
        before_w = _in_force_w(limits, want.purpose)
        if self._resend or limits.raised_at is None or before_w is None or want.limit_w <= before_w:
            return True
        return self._is_due(limits.raised_at.steady_s + self._settings.raise_interval_s)

    def _fits(self, want: Intent) -> bool:
        """A limit within what the connector may be obeying for good takes nothing from anybody. Any other must fit
        beside all other worst cases; that its connector still settles from a higher one gives it no claim."""
        if want.limit_w <= self._book.exposures[want.key].lasting_w:
            return True
        charge_point_id, extra_w = want.key.charge_point_id, self._extra_w(want)
        caps_w = (self._snapshot.settings[charge_point_id].max_power_w, self._window_caps_w.get(charge_point_id))
        inside_w = self._inside_w[charge_point_id] + extra_w
        return extra_w <= self._room_w and all(cap_w is None or inside_w <= cap_w for cap_w in caps_w)

    def _take_room(self, want: Intent) -> None:
        extra_w = self._extra_w(want)
        self._room_w -= extra_w
        self._inside_w[want.key.charge_point_id] += extra_w
        self._busy.add(want.key)

    def _extra_w(self, want: Intent) -> int:
        return max(0, want.limit_w - self._book.worst_w(want.key))

    def _is_due(self, due_s: float) -> bool:
        if due_s <= self._now_s:
            return True
        self.wakes_s.append(due_s)
        return False


def _in_force_w(limits: ConnectorLimits, purpose: LimitPurpose) -> int | None:
    """What the connector last acknowledged for this purpose; a session without a profile runs under the default."""
    confirmed = limits.confirmed(purpose) or limits.default
    return None if confirmed is None else confirmed.limit_w
