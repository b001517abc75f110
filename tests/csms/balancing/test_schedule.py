from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from csms.balancing.schedule import boundaries, ceiling_at
from csms.domain.model import ScheduleWindow, SmartCharging

LONDON = "Europe/London"
WEEKDAYS = (0, 1, 2, 3, 4)


def local(text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(LONDON), fold=fold).timestamp()


def window(days: tuple[int, ...], start: str, end: str, max_kw: float, **caps_kw: float) -> ScheduleWindow:
    def minutes(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    caps = {name: round(kw * 1000) for name, kw in caps_kw.items()}
    return ScheduleWindow(days, minutes(start), minutes(end), round(max_kw * 1000), caps)


DAY_AND_NIGHT = SmartCharging(
    100_000,
    "scheduled",
    schedule=(window(WEEKDAYS, "17:00", "20:00", 30, a=5), window((4,), "23:00", "06:00", 80)),
)


@pytest.mark.parametrize(
    ("when", "budget_kw"),
    [
        ("2026-11-23 16:59:59", 100),  # a Monday, before the window
        ("2026-11-23 17:00", 30),  # a window begins with its start
        ("2026-11-23 19:59:59", 30),
        ("2026-11-23 20:00", 100),  # and is over at its end
        ("2026-11-22 18:00", 100),  # not on a Sunday
        ("2026-11-27 23:30", 80),  # Friday night
        ("2026-11-28 05:59", 80),  # goes on into Saturday
        ("2026-11-28 06:00", 100),
        ("2026-11-28 23:30", 100),  # but does not begin on a Saturday
    ],
)
def test_a_window_sets_the_budget(when: str, budget_kw: int) -> None:
    assert ceiling_at(DAY_AND_NIGHT, LONDON, local(when)).budget_w == budget_kw * 1000


def test_without_windows_the_configured_maximum_holds_forever() -> None:
    config = SmartCharging(50_000, "scheduled")
    assert ceiling_at(config, LONDON, local("2026-11-23 12:00")).budget_w == 50_000
    assert boundaries(config, LONDON, local("2026-11-23 12:00")) == []


def test_a_window_until_24_00_meets_the_next_days_window_without_a_gap() -> None:
    config = SmartCharging(
        100_000, "scheduled", schedule=(window((0,), "22:00", "24:00", 20), window((1,), "00:00", "06:00", 20))
    )
    times = ["2026-11-23 23:59:59", "2026-11-24 00:00", "2026-11-24 00:00:01"]
    assert [ceiling_at(config, LONDON, local(time)).budget_w for time in times] == [20_000] * 3


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-28", 5), ("2026-03-29", 4), ("2026-10-25", 6)],  # clocks change on Sundays at 01:00 UTC
)
def test_a_night_is_shorter_or_longer_when_the_clocks_change(day: str, hours: int) -> None:
    config = SmartCharging(100_000, "scheduled", schedule=(window((5, 6), "00:00", "05:00", 10),))
    start_s = local(f"{day} 00:00")
    inside = [ceiling_at(config, LONDON, start_s + h * 3600).budget_w == 10_000 for h in range(8)]
    assert inside == [True] * hours + [False] * (8 - hours)


def test_a_start_that_the_clock_change_skips_happens_when_the_clock_would_have_shown_it() -> None:
    config = SmartCharging(100_000, "scheduled", schedule=(window((6,), "01:30", "03:00", 10),))
    # 29 March 2026: 01:00 becomes 02:00; half an hour after 00:59:59 is 02:30 by the new time.
    assert ceiling_at(config, LONDON, local("2026-03-29 02:29:59")).budget_w == 100_000
    assert ceiling_at(config, LONDON, local("2026-03-29 02:30")).budget_w == 10_000
