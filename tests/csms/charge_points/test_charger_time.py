"""Times on the wire."""

import pytest

from csms.charge_points.times import charger_time, rfc3339

NOW_S = 1_780_000_000.0  # 2026-05-28T20:26:40Z


def test_we_write_utc_with_a_z() -> None:
    assert rfc3339(NOW_S + 0.5) == "2026-05-28T20:26:40.500Z"


@pytest.mark.parametrize(
    ("text", "believed_s"),
    [
        ("2026-05-28T20:26:10Z", NOW_S - 30),
        ("2026-05-28T22:26:10+02:00", NOW_S - 30),
        ("2026-05-28T20:26:10", NOW_S - 30),
        ("2026-05-29T20:26:40Z", NOW_S + 86_400),
        ("2026-05-29T20:26:41Z", NOW_S),  # more than a day ahead
        ("2039-01-01T00:00:00Z", NOW_S),
        ("1999-12-31T23:59:59Z", NOW_S),
        ("1970-01-01T00:00:00Z", NOW_S),
        ("2000-01-01T00:00:00Z", 946_684_800.0),
        ("yesterday", NOW_S),
        ("", NOW_S),
        (None, NOW_S),
    ],
)
def test_a_charger_is_believed_unless_its_clock_is_not_set(text: str | None, believed_s: float) -> None:
    assert charger_time(text, NOW_S) == believed_s
