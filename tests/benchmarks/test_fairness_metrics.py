"""What the fairness benchmark measures, on figures worked out by hand."""

import pytest

from benchmarks import fairness
from benchmarks.carpark.metrics import Outcome, Served, changes, jain, pauses


def served(fraction: float, limits: tuple[float, ...] = (), wanting_h: float = 1.0) -> Served:
    return Served(10.0, 10.0 * fraction, limits, wanting_h)


def outcome(*sessions: Served) -> Outcome:
    return Outcome("equal", 20.0, sessions, (), 1.25)


@pytest.mark.parametrize(
    ("fractions", "index"),
    [
        ([0.5, 0.5, 0.5], 1.0),  # everybody the same
        ([1.0, 0.0, 0.0, 0.0], 0.25),  # one of four got it all
        ([1.0, 0.5], 0.9),  # 1.5^2 / (2 * 1.25)
        ([0.0, 0.0], 1.0),
        ([], 1.0),
    ],
)
def test_jains_index(fractions: list[float], index: float) -> None:
    assert jain(fractions) == pytest.approx(index)


def test_a_session_is_starved_below_one_percent() -> None:
    assert outcome(served(0.0), served(0.0099), served(0.01), served(1.0)).starved == 2


@pytest.mark.parametrize(
    ("limits", "changed", "paused"),
    [
        ((6.0, 6.0, 6.0), 0, 0),
        ((0.0, 6.0), 1, 0),  # the end of waiting is a change
        ((6.0, 0.0, 0.0, 6.0), 2, 1),
        ((6.0, 8.0, 7.0), 2, 0),
        ((6.0,), 0, 0),
        ((), 0, 0),
    ],
)
def test_changes_and_pauses(limits: tuple[float, ...], changed: int, paused: int) -> None:
    assert (changes(limits), pauses(limits)) == (changed, paused)


def test_rates_are_per_hour_in_which_a_car_wants_energy() -> None:
    measured = outcome(served(1.0, (6.0, 0.0, 6.0), 1.5), served(1.0, (6.0, 7.0), 0.5))
    assert measured.changes_per_hour == pytest.approx(3 / 2)
    assert measured.pauses_per_hour == pytest.approx(1 / 2)


def test_a_line_of_the_table_says_all_of_it() -> None:
    said = fairness.line(outcome(served(1.0, (6.0, 7.0)), served(0.5, (6.0, 0.0))), 20.0).split()
    assert said == ["equal", "20", "75.0", "75.0", "0.90", "0", "1.00", "0.50", "1.2"]
    assert len(fairness.HEADING.split()) == len(said) + 1  # "% asked" and "% bound" are two words, the name has none


def test_the_bound_is_its_own_hundred_percent() -> None:
    assert fairness.bound_line(20.0, 50.0, 200.0).split()[-2:] == ["25.0", "100.0"]
