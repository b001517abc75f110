"""When somebody may be pretending to be a charge point: what is told, how often, and from when on it is an alarm. Pure.

Every charge point can be knocked for by anybody: a thousand attempts must not become a thousand events.
"""

from __future__ import annotations

from dataclasses import dataclass

WRONG_LOGIN = "wrong_login"
"""No or wrong credentials (a password, a certificate) for an identity that exists."""

LOW_PROFILE = "security_profile_too_low"
"""The right credentials, over a lower security profile than it may use."""

ANOTHER_ADDRESS = "another_address"
"""The right credentials, from another address than it is connected from."""

TOLD_EVERY_S = 600.0

_ALARM_FROM = {WRONG_LOGIN: 10, LOW_PROFILE: 3, ANOTHER_ADDRESS: 3}
"""Within TOLD_EVERY_S: a charger that changes its network comes from elsewhere once, and a mistyped password is
corrected."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Tell it: it happened `count` times since it was told last. `alarm`: it is one from now on."""

    count: int
    alarm: bool


@dataclass(slots=True)
class _Attempts:
    since_s: float
    count: int = 0
    untold: int = 0
    told_at_s: float | None = None


class Suspicions:
    """Of known charge points only: there are at most as many as those, for each kind."""

    def __init__(self) -> None:
        self._attempts: dict[tuple[str, str], _Attempts] = {}

    def noticed(self, charge_point_id: str, kind: str, now_s: float) -> Notice | None:
        """One more, at this steady time; None if it is not to be told now."""
        seen = self._attempts.setdefault((charge_point_id, kind), _Attempts(now_s))
        if now_s - seen.since_s >= TOLD_EVERY_S:
            seen.since_s, seen.count = now_s, 0
        seen.count += 1
        seen.untold += 1
        alarm = seen.count == _ALARM_FROM[kind]
        if not alarm and seen.told_at_s is not None and now_s - seen.told_at_s < TOLD_EVERY_S:
            return None
        notice = Notice(seen.untold, alarm)
        seen.untold, seen.told_at_s = 0, now_s
        return notice
