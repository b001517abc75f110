"""STRATEGIES: a strategy is an ordering and a weighting, nothing else.

It sorts the charge points that want power into tiers. Floors are served tier by tier, then the first tier is filled up,
then the next; within a tier everyone is raised together, in proportion to the weights. Limits are no strategy's
business, so none can break a fuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from csms.domain.model import SmartCharging

Tiers = list[list[str]]


def _evenly(_config: SmartCharging) -> Mapping[str, int]:
    return {}


@dataclass(frozen=True, slots=True)
class Strategy:
    """`tiers` orders the ids of charge points that want power, given in the order in which they began to.

    `weights` are whole numbers from 1 on; who is not in it has 1. `uses_schedule` lets time windows set the ceiling;
    `needs_order` makes `priority_order` or `priority_weights` required in the configuration. `in_turn`: when floors do
    not fit, they go round; else who came first keeps his.
    """

    tiers: Callable[[SmartCharging, Sequence[str]], Tiers]
    weights: Callable[[SmartCharging], Mapping[str, int]] = _evenly
    uses_schedule: bool = False
    needs_order: bool = False
    in_turn: bool = True


def _together(_config: SmartCharging, wanting: Sequence[str]) -> Tiers:
    return [list(wanting)]


def _by_rank(config: SmartCharging, wanting: Sequence[str]) -> Tiers:
    present = set(wanting)
    ranked = [[charge_point_id] for charge_point_id in config.priority_order if charge_point_id in present]
    present.difference_update(config.priority_order)
    unranked = [charge_point_id for charge_point_id in wanting if charge_point_id in present]
    return [*ranked, unranked] if unranked else ranked


def _by_arrival(_config: SmartCharging, wanting: Sequence[str]) -> Tiers:
    return [[charge_point_id] for charge_point_id in wanting]


def _configured_weights(config: SmartCharging) -> Mapping[str, int]:
    return config.priority_weights


STRATEGIES: dict[str, Strategy] = {
    "equal": Strategy(_together),
    "priority": Strategy(_by_rank, _configured_weights, needs_order=True),
    "scheduled": Strategy(_together, uses_schedule=True),
    "first_come_first_served": Strategy(_by_arrival, in_turn=False),
}
