"""Time windows in the site's time zone: which ceiling holds, until when, and what is foreseen.

Windows are local wall-clock times, so a day of 23 or 25 hours moves their instants, not their meaning. A local time
that a clock change skips means the same distance after the last time before it; of one that comes twice, the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from csms.domain.model import ScheduleWindow, SmartCharging

_DAY_MIN = 1440
_LOOK_AHEAD_DAYS = 8  # a week and a day: every weekly window starts at least once


@dataclass(frozen=True, slots=True)
class Ceiling:
    """`budget_w` for the site, and caps for single charge points. `window` is the one in force, if any."""

    budget_w: int
    charge_point_limits_w: Mapping[str, int] = field(default_factory=dict)
    window: ScheduleWindow | None = None


def ceiling_at(config: SmartCharging, timezone: str, utc_s: float) -> Ceiling:
    """What holds at this instant: the window around it, else the site's `max_power_w`."""
    for start_s, end_s, window in _occurrences(config, timezone, utc_s, days=1):
        if start_s <= utc_s < end_s:
            return Ceiling(window.max_power_w, window.charge_point_limits_w, window)
    return Ceiling(config.max_power_w)


def boundaries(config: SmartCharging, timezone: str, from_s: float) -> list[float]:
    """Every instant of the next week at which a window begins or ends."""
    occurrences = _occurrences(config, timezone, from_s, days=_LOOK_AHEAD_DAYS)
    return sorted({instant for start_s, end_s, _ in occurrences for instant in (start_s, end_s)})


def _occurrences(
    config: SmartCharging, timezone: str, from_s: float, *, days: int
) -> Iterator[tuple[float, float, ScheduleWindow]]:
    """The windows as spans of UTC, from those that began the day before `from_s` on."""
    if not config.schedule:
        return
    zone = ZoneInfo(timezone)
    today = datetime.fromtimestamp(from_s, zone).date()
    for offset in range(-1, days + 1):
        day = today + timedelta(days=offset)
        for window in config.schedule:
            if day.weekday() in window.days:
                end_min = window.end_min + (_DAY_MIN if window.end_min <= window.start_min else 0)
                yield _instant_s(day, window.start_min, timezone), _instant_s(day, end_min, timezone), window


@lru_cache(maxsize=4096)
def _instant_s(day: date, minute: int, timezone: str) -> float:
    whole_days, minute_of_day = divmod(minute, _DAY_MIN)
    local = datetime.combine(
        day + timedelta(days=whole_days), time(minute_of_day // 60, minute_of_day % 60), ZoneInfo(timezone)
    )
    return local.astimezone(UTC).timestamp()
