import pytest

from csms.domain.freshness import age
from csms.domain.model import MeterReading, Moment

WALL_S = 1_790_000_000.0


def dated(at: Moment, measured_at_s: float, before: MeterReading | None) -> MeterReading:
    return MeterReading("a", 1, at, measured_at_s, **age(at, measured_at_s, before)._asdict())


def reading(arrived_s: float, lag_s: float, before: MeterReading | None = None) -> MeterReading:
    """One that arrives `arrived_s` after the first, and by the charger's clock was taken `lag_s` before that."""
    at = Moment(WALL_S + arrived_s, 5_000.0 + arrived_s)
    return dated(at, at.utc_s - lag_s, before)


def ages(*told: tuple[float, float]) -> list[float | None]:
    """The ages of readings told as (arrival, lag), one after the other."""
    found: list[float | None] = []
    before = None
    for arrived_s, lag_s in told:
        before = reading(arrived_s, lag_s, before)
        found.append(before.age_s)
    return found


@pytest.mark.parametrize("lag_s", [0.0, 0.4, 2.0, 30.0, 60.0])
def test_a_lag_of_a_minute_at_most_is_time_on_the_way(lag_s: float) -> None:
    assert reading(0, lag_s).age_s == pytest.approx(lag_s)


def test_a_clock_that_is_a_moment_ahead_makes_no_reading_younger_than_its_arrival() -> None:
    assert reading(0, -1.9).age_s == 0.0


@pytest.mark.parametrize("lag_s", [61.0, 7_200.0, -2.1, -3_600.0, 1_790_000_000.0])
def test_of_a_single_odd_time_nobody_can_say_whether_it_is_the_clock_or_the_way(lag_s: float) -> None:
    """Local time without a zone, years ahead, 1970: or a reading that waited out an outage."""
    assert reading(0, lag_s).age_s is None


@pytest.mark.parametrize("lag_s", [7_200.0, -3_600.0, 1_700_000_000.0])
def test_a_lag_that_stays_the_same_for_a_minute_is_the_clocks(lag_s: float) -> None:
    told = ages((0, lag_s), (30, lag_s), (59, lag_s), (61, lag_s), (90, lag_s))
    assert told[:3] == [None, None, None]
    assert told[3:] == pytest.approx([0.0, 0.0], abs=0.01)


@pytest.mark.parametrize("interval_s", [51.0, 60.0, 300.0, 900.0])
def test_a_wrong_clock_is_known_by_its_steadiness_at_any_metering_interval(interval_s: float) -> None:
    """Two hours behind, on and on: from the second minute on its readings are fresh."""
    told = ages(*[(n * interval_s, 7_200.0) for n in range(10)])
    assert told[3:] == pytest.approx([0.0] * 7, abs=0.01)


def test_a_backlog_shrinks_and_is_not_believed() -> None:
    """Ten minutes of readings come within ten seconds: each is a minute younger than the last."""
    backlog = [(n, 600.0 - 59 * n) for n in range(9)]
    assert ages(*backlog) == [None] * 9


def test_a_slow_backlog_is_not_believed_either() -> None:
    """It shrinks by 10 s every 10 s, for longer than a minute."""
    assert ages(*[(10.0 * n, 600.0 - 20.0 * n) for n in range(20)]) == [None] * 20


def test_after_a_backlog_what_is_fresh_is_fresh() -> None:
    assert ages((0, 600.0), (1, 300.0), (2, 1.0), (62, 1.5))[2:] == pytest.approx([1.0, 1.5])


def test_a_backlog_of_a_charger_whose_lag_was_known_is_as_old_as_it_is() -> None:
    """Its clock is right: what was taken 300 s ago is 300 s old."""
    assert ages((0, 0.5), (300, 300.0), (301, 241.0), (302, 0.5)) == pytest.approx([0.5, 300.0, 241.0, 0.5])


def test_what_is_late_on_a_clock_known_to_be_behind_is_late_by_the_difference() -> None:
    """Two hours behind; then one that took 100 s longer than the others."""
    told = ages((0, 7_200.0), (35, 7_200.0), (70, 7_200.0), (75, 7_300.0))
    assert told[2:] == pytest.approx([0.0, 100.0], abs=1)


def test_a_clock_set_right_is_noticed_at_once() -> None:
    assert ages((0, 7_200.0), (61, 7_200.0), (70, 0.5))[2] == pytest.approx(0.5)


def test_silence_makes_nothing_fresh_that_has_queued_meanwhile() -> None:
    """Two hours behind, ten minutes of noise on the line, and then what was taken when it began."""
    told = ages((0, 7_200.0), (35, 7_200.0), (70, 7_200.0), (670, 7_800.0), (700, 7_770.0))
    assert told[2:] == pytest.approx([0.0, 600.0, 570.0], abs=10)


def test_a_clock_that_goes_wrong_is_noticed_some_day() -> None:
    """The smallest lag is forgotten by a tenth of a second per second: 100 s take a quarter of an hour, and more."""
    told = ages((0, 0.5), *[(60.0 * n, 100.5) for n in range(1, 30)])
    assert told[1] == pytest.approx(100.5)
    assert told[-1] is None or told[-1] < 10.0


def test_a_jump_of_our_own_wall_clock_is_a_lag_like_any_other() -> None:
    """An hour forward: readings seem an hour late, and nothing may be concluded from them until that has lasted."""
    first = reading(0, 0.5)
    jumped = dated(Moment(WALL_S + 3_610.0, 5_010.0), WALL_S + 9.5, first)
    assert jumped.age_s == pytest.approx(3_600.5)


def test_the_time_of_measuring_is_told_by_our_steady_clock() -> None:
    assert reading(100, 20.0).measured_steady_s == 5_080.0
    assert reading(100, 7_200.0).measured_steady_s is None
