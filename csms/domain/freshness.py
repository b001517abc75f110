"""How old is what a charger measured, by our clock and not by its own?

Readings queue up while a connection is down and arrive long after. The lag of a reading is its arrival by our clock
less its time by the charger's: the charger's clock error plus its time on the way. A lag of a minute at most is all
taken for the way; a larger one (or one from the future) is believed to be the clock's only when it has not shrunk for a
while.
"""

from __future__ import annotations

from typing import NamedTuple

from csms.domain.model import MeterReading, Moment

_ON_THE_WAY_S = 60.0
_AHEAD_S = 2.0
_STEADY_S = 60.0
_LESS_S = 5.0
_FORGOTTEN_PER_S = 0.1
"""The smallest lag is forgotten this slowly, so that a clock which has changed for good is noticed some day."""

_SILENCE_S = 60.0
"""But not while nothing comes: what queued meanwhile would seem to be fresh."""


class Age(NamedTuple):
    """How old a reading was at its arrival (None: nobody can say), and the lags that the next one is judged by."""

    age_s: float | None
    least_lag_s: float
    least_lag_since: Moment


def age(at: Moment, measured_at_s: float, before: MeterReading | None) -> Age:
    """Of a reading that arrives now, judged by the lags seen before."""
    lag_s = at.utc_s - measured_at_s
    least_s, since = lag_s, at
    if before is not None and before.least_lag_since is not None:
        passed_s = min(max(0.0, at.steady_s - before.at.steady_s), _SILENCE_S)
        known_s = before.least_lag_s + _FORGOTTEN_PER_S * passed_s
        least_s = min(lag_s, known_s)
        since = before.least_lag_since if lag_s > before.least_lag_s - _LESS_S else at
    if -_AHEAD_S <= least_s <= _ON_THE_WAY_S:
        return Age(max(0.0, lag_s), least_s, since)
    steady = at.steady_s - since.steady_s >= _STEADY_S
    return Age(max(0.0, lag_s - least_s) if steady else None, least_s, since)
