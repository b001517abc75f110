"""Smart charging names only what is there."""

from __future__ import annotations

import pytest

from csms.balancing.strategies import STRATEGIES
from csms.domain.model import ScheduleWindow, SmartCharging
from csms.domain.removal import EQUAL, PRIORITY, naming_only

EVENING = ScheduleWindow(days=(0, 4), start_min=1020, end_min=1230, max_power_w=20_000)


def window(**limits_w: int) -> ScheduleWindow:
    return ScheduleWindow(EVENING.days, EVENING.start_min, EVENING.end_min, EVENING.max_power_w, limits_w)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            SmartCharging(50_000, "priority", priority_order=("b", "gone", "a")),
            SmartCharging(50_000, "priority", priority_order=("b", "a")),
        ),
        (
            SmartCharging(50_000, "priority", priority_weights={"gone": 3, "a": 2}),
            SmartCharging(50_000, "priority", priority_weights={"a": 2}),
        ),
        (SmartCharging(50_000, "priority", priority_order=("gone",)), SmartCharging(50_000, "equal")),
        (SmartCharging(50_000, "priority", priority_weights={"gone": 1}), SmartCharging(50_000, "equal")),
        (
            SmartCharging(50_000, "scheduled", schedule=(window(a=7_000, gone=1_000), window(gone=1_000))),
            SmartCharging(50_000, "scheduled", schedule=(window(a=7_000), window())),
        ),
        (SmartCharging(50_000, "scheduled", priority_order=("gone",)), SmartCharging(50_000, "scheduled")),
    ],
)
def test_what_is_gone_is_named_no_more(before: SmartCharging, after: SmartCharging) -> None:
    assert naming_only(before, {"a", "b"}.__contains__) == after


def test_where_nothing_has_to_go_nothing_changes() -> None:
    config = SmartCharging(50_000, "priority", priority_order=("a",), schedule=(window(a=1_400),))
    assert naming_only(config, {"a"}.__contains__) is config


def test_the_strategy_that_needs_ranks_is_the_one_that_falls_back() -> None:
    assert [name for name, strategy in STRATEGIES.items() if strategy.needs_order] == [PRIORITY]
    assert EQUAL in STRATEGIES
