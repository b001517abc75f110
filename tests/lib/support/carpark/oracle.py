"""What an all-knowing balancer could have delivered: the same cars, faults and limits, and no time lost.

At every tick it fills up, in the order of the site's strategy, the cars that can be reached beside what those hold that
cannot. Like everybody it must count what a charger permits: a one-phase car at a three-phase charger takes room on all
three phases, unless the charger can be told to use one; and since nobody can tell what the voltage will be, amperes
count as power at the highest voltage of the site, and power as amperes at the lowest.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from simulators.car import Car, taper
from simulators.hardware import Hardware
from support.carpark.ceilings import Vector
from support.carpark.draw_site import HIGHEST_V, LOWEST_V, floor_kw
from support.carpark.scenario import PointPlan

CarPlace = tuple[int, int]
"""The number of a charger, and a connector of it."""

SMALLEST_W = 0.01


@dataclass(frozen=True, slots=True)
class Wish:
    """A car that could charge: its room per watt on its way to the grid, between a floor and a cap in watts."""

    place: CarPlace
    path: tuple[str, ...]
    per_watt: Vector
    floor_w: float
    cap_w: float
    useful: float
    """The share of the watts permitted that the car takes."""


def wish(
    place: CarPlace, path: tuple[str, ...], hardware: Hardware, phase_map: Sequence[int], grid_factor: float, car: Car,
    soc: float,
) -> Wish:  # fmt: skip
    """What a car at a state of charge (0 to 1) could make of this charger."""
    if not hardware.phases:
        amperes = grid_factor / (3 * LOWEST_V)
        cap_w = min(hardware.max_power_w, car.dc_max_w * taper(soc))
        return Wish(place, path, (grid_factor, amperes, amperes, amperes), 0.0, cap_w, 1.0)
    used = min(car.phases, hardware.phases)
    offered = used if hardware.switches_phases else hardware.phases
    full_w = hardware.voltage_v * offered
    rates = [0.0, 0.0, 0.0]
    for phase in phase_map[:offered]:
        rates[phase] = 1.0 / full_w
    current_a = min(hardware.max_current_a, car.max_current_a, car.max_current_a * car.phases * taper(soc) / used)
    per_watt = (HIGHEST_V / hardware.voltage_v, rates[0], rates[1], rates[2])
    useful = used / offered * min(current_a / 6.0, 1.0)
    return Wish(place, path, per_watt, 6.0 * full_w, max(current_a, 6.0) * full_w, useful)


def counted(vector: Vector, hardware: Hardware) -> Vector:
    """What a draw that nobody can command must be taken for, whatever the voltage becomes."""
    power_w, one, two, three = vector
    if hardware.phases:
        return (power_w * HIGHEST_V / hardware.voltage_v, one, two, three)
    sag = hardware.voltage_v / LOWEST_V
    return (power_w, one * sag, two * sag, three * sag)


def least(plan: PointPlan) -> Vector:
    """What a session must be given to begin with: on all phases, since nobody knows how many its car uses."""
    if not plan.hardware.phases:
        return (floor_kw(plan) * 1000 * plan.grid_factor, 0.0, 0.0, 0.0)
    one, two, three = (6.0 if phase in plan.phase_map[: plan.hardware.phases] else 0.0 for phase in range(3))
    return (floor_kw(plan) * 1000, one, two, three)


class Room:
    """What is left at every node, in watts and amperes."""

    def __init__(self, limits: Mapping[str, Vector]) -> None:
        self._left = {node: list(limit) for node, limit in limits.items()}

    def beside(self, held: Iterable[tuple[Sequence[str], Vector]]) -> Room:
        """What is left where these, each on its way to the grid, have taken theirs."""
        left = Room({node: (limit[0], limit[1], limit[2], limit[3]) for node, limit in self._left.items()})
        for path, vector in held:
            left.take(path, vector)
        return left

    def take(self, path: Sequence[str], vector: Vector) -> None:
        for node in path:
            left = self._left[node]
            for quantity in range(4):
                left[quantity] -= vector[quantity]

    def most(self, path: Sequence[str], per_watt: Vector) -> float:
        """How many watts still fit on this way to the grid."""
        return min(
            (self._left[node][q] / per_watt[q] for node in path for q in range(4) if per_watt[q] > 0),
            default=float("inf"),
        )

    def holds(self, path: Sequence[str], vector: Vector) -> bool:
        return all(self._left[node][q] >= vector[q] for node in path for q in range(4) if vector[q] > 0)

    def step(self, wishes: Sequence[Wish]) -> float:
        """By how many watts all of these can be raised together."""
        rates: dict[str, list[float]] = {}
        for item in wishes:
            for node in item.path:
                rate = rates.setdefault(node, [0.0] * 4)
                for quantity in range(4):
                    rate[quantity] += item.per_watt[quantity]
        return min(
            (self._left[node][q] / rate[q] for node, rate in rates.items() for q in range(4) if rate[q] > 0),
            default=float("inf"),
        )


def fill(tiers: Sequence[Sequence[Wish]], room: Room) -> dict[CarPlace, float]:
    """Watts for each, tier by tier: floors as far as they fit, in the order given, then each tier raised together."""
    shares: dict[CarPlace, float] = {}
    for item in itertools.chain.from_iterable(tiers):
        if room.most(item.path, item.per_watt) >= item.floor_w:
            shares[item.place] = item.floor_w
            room.take(item.path, scaled(item.per_watt, item.floor_w))
    for tier in tiers:
        _raise([item for item in tier if item.place in shares and item.cap_w > item.floor_w], shares, room)
    return shares


def _raise(rising: list[Wish], shares: dict[CarPlace, float], room: Room) -> None:
    """Together, until each has what it can take or no room is left on its way."""
    while rising:
        step_w = max(min(room.step(rising), *(item.cap_w - shares[item.place] for item in rising)), 0.0)
        for item in rising:
            shares[item.place] += step_w
            room.take(item.path, scaled(item.per_watt, step_w))
        rising = [
            item
            for item in rising
            if item.cap_w - shares[item.place] > SMALLEST_W and room.most(item.path, item.per_watt) > SMALLEST_W
        ]


def scaled(vector: Vector, factor: float) -> Vector:
    return (vector[0] * factor, vector[1] * factor, vector[2] * factor, vector[3] * factor)
