"""Times on the wire: how we write them, and which of a charger's we believe."""

from __future__ import annotations

from datetime import UTC, datetime

from csms.charge_points.normalise import parse_time
from csms.domain.model import Moment

_YEAR_2000_S = 946_684_800.0
_DAY_S = 86_400.0
_JITTER_S = 2.0


def rfc3339(at_s: float) -> str:
    """UTC with "Z", in milliseconds."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def charger_time(text: str | None, now_s: float) -> float:
    """A charger's timestamp in seconds since 1970, or `now_s` where it tells nothing.

    Chargers without a set clock send 1970, some are years ahead: before 2000 or more than a day in the future is
    not believed.
    """
    at_s = _believed(text, now_s)
    return now_s if at_s is None else at_s


def tells_time(text: str, now_s: float) -> bool:
    """Whether `charger_time` believes this timestamp."""
    return _believed(text, now_s) is not None


class Pace:
    """Tells a wrong clock from a late message by the values of one connector.

    Old values from a queue come faster than they were taken; those of a clock that is off, as by a time zone, come
    at the pace at which they are taken.
    """

    def __init__(self) -> None:
        self._measured_at_s = 0.0
        self._arrived_s: float | None = None

    def is_kept(self, measured_at_s: float, at: Moment) -> bool:
        """Whether this value, arriving `at`, was taken as long after an earlier one as it came after it."""
        if self._arrived_s is None:
            self._measured_at_s, self._arrived_s = measured_at_s, at.steady_s
            return False
        passed_s = at.steady_s - self._arrived_s
        if passed_s < _JITTER_S:
            return False  # too soon to tell
        kept = abs(measured_at_s - self._measured_at_s - passed_s) < _JITTER_S
        self._measured_at_s, self._arrived_s = measured_at_s, at.steady_s
        return kept


def _believed(text: str | None, now_s: float) -> float | None:
    at_s = parse_time(text) if text else None
    return at_s if at_s is not None and _YEAR_2000_S <= at_s <= now_s + _DAY_S else None
