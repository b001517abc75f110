"""Whose turn it is when not all floors fit, and when that is to be looked at again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from csms.balancing.wishes import Wish
from csms.domain.model import BalancerSettings, ConnectorKey, Moment

_LOOK_EVERY_S = 60.0

_CLOCK_TICK_S = 0.01
"""A turn that ends now has ended, whatever the last digit of a clock says."""


class FloorOrder:
    """Who is served a floor before whom when not all of them fit.

    A car that must not pause comes first, then rank, then those who ask before those who stopped. Within that: who is
    in the middle of a turn, who has not just been paused, who has waited longer than a whole round, and then the least
    served (by what they were permitted, which no charger's telemetry can change).
    """

    def __init__(
        self,
        wishes: Sequence[Wish],
        ranks: Mapping[str, int],
        now: Moment,
        settings: BalancerSettings,
        *,
        in_turn: bool,
    ) -> None:
        """Among all these wishes; `ranks` are of their charge points, 0 the highest."""
        served = sum(1 for wish in wishes if wish.turn_since_s is not None) or 1
        self._round_s = settings.turn_s * -(-len(wishes) // served)
        self._ranks = ranks
        self._now_s = now.steady_s
        self._turn_s = settings.turn_s
        self._place = self._in_turn if in_turn else self._by_arrival

    def of(self, wishes: Iterable[Wish]) -> list[Wish]:
        """Some of them, in their order."""
        return sorted(wishes, key=self._place)

    def _by_arrival(self, wish: Wish) -> tuple[bool, int, float, ConnectorKey]:
        return (not wish.never_pause, self._ranks[wish.key.charge_point_id], wish.started_at_s, wish.key)

    def _in_turn(self, wish: Wish) -> tuple[bool, int, bool, bool, bool, float, float, float, ConnectorKey]:
        turn = wish.turn_since_s is not None and self._now_s - wish.turn_since_s < self._turn_s - _CLOCK_TICK_S
        waited_s = 0.0
        if wish.turn_since_s is None and wish.paused_since_s is not None:
            waited_s = self._now_s - wish.paused_since_s
        just_paused = wish.turn_since_s is None and wish.served_wh > 0 and waited_s < self._turn_s / 2
        overdue_s = waited_s if waited_s > self._round_s else 0.0
        return (
            not wish.never_pause,
            self._ranks[wish.key.charge_point_id],
            wish.stopped_asking,
            not turn,
            just_paused,
            -overdue_s,
            wish.served_until_wh(self._now_s),
            wish.started_at_s,
            wish.key,
        )


def turns_again_s(wishes: Sequence[Wish], waiting: Collection[ConnectorKey], now: Moment, turn_s: float) -> float:
    """About when (steady clock) one that waits comes to be the least served: who is served longest in his turn loses
    it."""
    least_wh = min((wish.served_until_wh(now.steady_s) for wish in wishes if wish.key in waiting), default=0.0)
    looks = [now.steady_s + _LOOK_EVERY_S]
    for wish in wishes:
        if wish.turn_since_s is not None and wish.in_force_w > 0 and wish.key not in waiting:
            overtakes_s = max(0.0, least_wh - wish.served_until_wh(now.steady_s)) * 3600.0 / wish.in_force_w
            changes_s = max(now.steady_s + overtakes_s, wish.turn_since_s + turn_s)
            if changes_s > now.steady_s:
                looks.append(changes_s + _CLOCK_TICK_S)
    return min(looks)
