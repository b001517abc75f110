"""The fairness benchmark itself, on a morning of a few cars; needs the extra `bench`."""

from pathlib import Path

import pytest

from benchmarks import fairness
from benchmarks.carpark.sessions import Session

for module in fairness.EXTRA:
    pytest.importorskip(module, reason=f"{module} comes with the extra 'bench'")

from benchmarks.carpark import bound, chart, comparison  # noqa: E402  # none of them can be imported without it

CEILING_KW = 5.0
STATIONS = ["CA-324", "CA-325", "CA-322", "CA-304", "CA-307", "CA-148"]


def morning() -> list[Session]:
    """Six cars, one every ten minutes, on all pairs of lines; each asks for 3 kWh and stays two hours."""
    return [
        Session(f"car {n}", station, 2 * n, 2 * n + 24, 2 * n + 24, 3.0, 6.6, 3.0) for n, station in enumerate(STATIONS)
    ]


def test_no_algorithm_passes_the_bound_or_what_was_asked_for() -> None:
    sessions = morning()
    most_kwh = bound.most_kwh(CEILING_KW, sessions)
    assert most_kwh < 18.0  # else the ceiling would be no matter
    for outcome in comparison.outcomes(CEILING_KW, sessions):
        assert 0 < outcome.delivered_kwh <= most_kwh + 1e-6, outcome.name
        assert all(served.fraction <= 1 + 1e-6 for served in outcome.sessions), outcome.name


def test_the_bound_is_everything_where_nothing_is_short() -> None:
    assert bound.most_kwh(150.0, morning()) == pytest.approx(18.0)


def test_equal_leaves_nobody_without(tmp_path: Path) -> None:
    (outcome,) = comparison.outcomes(CEILING_KW, morning(), ["equal"])
    assert outcome.starved == 0
    chart.draw(tmp_path / "fairness.png", [outcome], {CEILING_KW: 18.0})
    assert (tmp_path / "fairness.png").read_bytes().startswith(b"\x89PNG")


def test_equal_sessions_give_equal_outcomes() -> None:
    first, second = (next(comparison.outcomes(CEILING_KW, morning(), ["equal"])) for _ in range(2))
    assert (first.sessions, first.power_kw) == (second.sessions, second.power_kw)


def test_first_come_first_served_serves_the_first_in_full() -> None:
    (outcome,) = comparison.outcomes(CEILING_KW, morning(), ["first_come_first_served"])
    assert outcome.sessions[0].fraction == pytest.approx(1.0)
    assert outcome.sessions[0].delivered_kwh >= max(served.delivered_kwh for served in outcome.sessions)
