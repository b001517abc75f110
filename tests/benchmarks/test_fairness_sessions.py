"""Reading the sessions of the fairness benchmark."""

from pathlib import Path

import pytest

from benchmarks import fairness
from benchmarks.carpark.sessions import STEPS_PER_DAY, SessionsUnreadable, read_sessions, week

HEADER = "arrival_5min,departure_5min,estimated_departure_5min,requested_kwh,station_id,session_id,max_kw,capacity_kwh"


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "sessions.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def test_a_session_is_read_as_it_stands(tmp_path: Path) -> None:
    (session,) = read_sessions(written(tmp_path, "76,92,93,4.216,CA-315,one,6.6,5"))
    assert (session.arrival, session.departure, session.estimated_departure) == (76, 92, 93)
    assert (session.station_id, session.session_id) == ("CA-315", "one")
    assert (session.requested_kwh, session.max_kw, session.capacity_kwh) == (4.216, 6.6, 5.0)


def test_a_week_holds_what_begins_in_it_and_counts_from_its_first_step(tmp_path: Path) -> None:
    day = STEPS_PER_DAY
    begins = [day - 1, day, 8 * day - 1, 8 * day]
    path = written(tmp_path, *(f"{at},{at + 9},{at + 9},1,CA-315,{at},6.6,5" for at in begins))
    chosen = week(read_sessions(path), first_day=2)
    assert [(s.arrival, s.departure) for s in chosen] == [(0, 9), (7 * day - 1, 7 * day + 8)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("76,92,92,four,CA-315,one,6.6,5", "line 2.*four"),
        ("76,76,92,4,CA-315,one,6.6,5", "line 2.*lasts"),
        ("76,92,92,0,CA-315,one,6.6,5", "line 2.*asks for energy"),
        ("76,92", "line 2"),
    ],
)
def test_a_line_that_is_no_session_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(SessionsUnreadable, match=said):
        read_sessions(written(tmp_path, line))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SessionsUnreadable, match="no column 'session_id'"):
        read_sessions(path)


def test_without_sessions_the_benchmark_names_its_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fairness.main(["--sessions", str(tmp_path / "none.csv")]) == 2
    assert "--sessions CSV" in capsys.readouterr().err


def test_a_file_without_that_week_is_said_to_have_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fairness.main(["--sessions", str(written(tmp_path, "76,92,92,4,CA-315,one,6.6,5"))]) == 2
    assert "none begins on day 18" in capsys.readouterr().err
