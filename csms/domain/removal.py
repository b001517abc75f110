"""What is left of a smart-charging configuration when charge points that it names are gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from csms.domain.model import ScheduleWindow, SmartCharging

PRIORITY = "priority"
EQUAL = "equal"


def naming_only(config: SmartCharging, is_there: Callable[[str], bool]) -> SmartCharging:
    """The same without the ranks, weights and limits of charge points that are not there.

    Where neither ranks nor weights are left, nobody has precedence, so `priority` becomes what it then amounts to:
    `equal`. The same value where nothing has to go.
    """
    order = tuple(name for name in config.priority_order if is_there(name))
    weights = {name: weight for name, weight in config.priority_weights.items() if is_there(name)}
    schedule = tuple(_window(window, is_there) for window in config.schedule)
    left = replace(config, priority_order=order, priority_weights=weights, schedule=schedule)
    if left == config:
        return config
    return left if order or weights or config.strategy != PRIORITY else replace(left, strategy=EQUAL)


def _window(window: ScheduleWindow, is_there: Callable[[str], bool]) -> ScheduleWindow:
    limits_w = {name: limit_w for name, limit_w in window.charge_point_limits_w.items() if is_there(name)}
    return replace(window, charge_point_limits_w=limits_w)
