"""Medians, ratios, goals and tables of the benchmarks of messages."""

import json
from pathlib import Path

import pytest

from benchmarks.wire.figures import Better, Goal, Result, Rounds, number, percentile
from benchmarks.wire.load import _session_id
from benchmarks.wire.park import Layout, parks, write_config
from benchmarks.wire.table import goal_lines, missed, write_json
from csms.config import load

SLOW, FAST = Rounds((30.0, 60.0, 32.0)), Rounds((10.0, 20.0, 8.0))


def test_a_ratio_is_taken_round_by_round() -> None:
    ratio = SLOW.over(FAST)
    assert ratio.values == (3.0, 3.0, 4.0)
    assert (ratio.median, ratio.least, ratio.most) == (3.0, 3.0, 4.0)
    assert str(ratio) == "3.00 (3.00 - 4.00)"


@pytest.mark.parametrize(
    ("goal", "met"),
    [(Goal(3.0), True), (Goal(2.9), False), (Goal(3.0, Better.MORE), True), (Goal(3.1, Better.MORE), False)],
)
def test_a_goal_is_about_the_median(goal: Goal, met: bool) -> None:
    assert goal.met(SLOW.over(FAST)) is met


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01234, "0.0123"), (1.5, "1.50"), (12.34, "12.3"), (1234.5, "1234"), (0.9999, "1.000")],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile([4, 1, 3, 2], percent) for percent in (0, 50, 99, 100)] == [1, 2, 4, 4]


def test_the_table_says_what_was_missed() -> None:
    results = [
        Result("ours", "echo", FAST.over(SLOW), Goal(0.5)),
        Result("theirs", "echo", SLOW.over(FAST), Goal(2.0)),
        Result("told", "nobody", FAST, None),
    ]
    assert goal_lines(results).splitlines() == [
        "work    against                  ratio    goal",
        "ours    echo     0.333 (0.250 - 0.333)  <= 0.5     met",
        "theirs  echo        3.00 (3.00 - 4.00)    <= 2  missed",
        "told    nobody      10.0 (8.00 - 20.0)",
    ]
    assert list(missed(results)) == ["missed: theirs against echo: 3.00 (3.00 - 4.00), not <= 2"]


def test_results_are_kept_as_json(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "out.json", [Result("ours", "echo", FAST, Goal(0.8))], {"cpu": SLOW})
    told = json.loads((tmp_path / "new" / "out.json").read_text())
    assert told["goals"][0] | {"rounds": None} == {
        "work": "ours",
        "against": "echo",
        "goal": "<= 0.8",
        "met": False,
        "median": 10.0,
        "min": 8.0,
        "max": 20.0,
        "rounds": None,
    }
    assert told["figures"]["cpu"]["median"] == 32.0


@pytest.mark.parametrize(
    ("answer", "session_id"),
    [
        (b'[3,"id",{"transactionId":17,"idTagInfo":{"status":"Accepted"}}]', 17),
        (b'[3, "id", {"idTagInfo":{"status":"Accepted"},"transactionId": 9}]', 9),
        (b'[2,"id","StartTransaction",{"connectorId":1}]', 1),
    ],
)
def test_the_session_id_is_read_from_the_answer(answer: bytes, session_id: int) -> None:
    assert _session_id(answer) == session_id


def test_the_system_under_test_has_a_valid_configuration(tmp_path: Path) -> None:
    made = parks(["CP-1", "CP-2", "CP-3"], 2)
    config = load(write_config(tmp_path, Layout(made, {"settle_s": 0.2}), 9000, 8080))
    assert [len(site.charge_points) for site in config.sites] == [2, 1]
    assert config.sites[0].grid_capacity_kw == 16
    assert config.balancer.settle_s == 0.2
