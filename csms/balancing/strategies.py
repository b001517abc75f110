"""STRATEGIES: a strategy is an ordering, nothing else.

It sorts the charge points that want power into tiers. Floors are served tier by tier, then the first tier is filled up,
then the next; within a tier everyone is raised together. Limits are no strategy's business, so none can break a fuse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from csms.domain.model import SmartCharging

Tiers = list[list[str]]


@dataclass(frozen=True, slots=True)
class Strategy:
    """`tiers` orders the ids of charge points that want power; `uses_schedule` lets time windows set the ceiling;
    `needs_order` makes `priority_order` a required field of the configuration."""

    tiers: Callable[[SmartCharging, Sequence[str]], Tiers]
    uses_schedule: bool = False
    needs_order: bool = False


def _together(_config: SmartCharging, wanting: Sequence[str]) -> Tiers:
    return [list(wanting)]


def _by_rank(config: SmartCharging, wanting: Sequence[str]) -> Tiers:
    ranked = [[charge_point_id] for charge_point_id in config.priority_order if charge_point_id in wanting]
    unranked = [charge_point_id for charge_point_id in wanting if charge_point_id not in config.priority_order]
    return [*ranked, unranked] if unranked else ranked


STRATEGIES: dict[str, Strategy] = {
    "equal": Strategy(_together),
    "priority": Strategy(_by_rank, needs_order=True),
    "scheduled": Strategy(_together, uses_schedule=True),
}
