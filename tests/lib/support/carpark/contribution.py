"""What one charger may draw or draws, as the grid sees it: the higher of the two, per phase and in all."""

from __future__ import annotations

from collections.abc import Iterable

from simulators.charge_point import ChargePoint
from simulators.connector import Connector
from simulators.hardware import Currents
from simulators.offers import permitted_together
from support.carpark.ceilings import Vector
from support.carpark.scenario import PointPlan

NOTHING: Vector = (0.0, 0.0, 0.0, 0.0)


Parts = tuple[Vector, ...]
"""Of each connector by itself."""


def contribution(model: ChargePoint, plan: PointPlan, at_s: float) -> tuple[Vector, Parts]:
    """The highest of what its own profile store permits (no profile: its rating; idle: what a car plugged in now could
    draw) and what its cars take, summed over its connectors; a limit of the whole station bounds what is permitted."""
    drawn = [_drawn(connector, plan) for connector in model.connectors.values()]
    permitted = [_permitted(connector, plan) for connector in model.connectors.values()]
    parts = tuple(highest(may, does) for may, does in zip(permitted, drawn, strict=True))
    total = summed(parts)
    if len(model.connectors) > 1 and _station_counts(model, at_s):
        together = permitted_together(model.hardware, model.profiles, model.running(), model.clock_s(at_s))
        total = highest(summed(drawn), lowest(total, _on_grid(plan, together.power_w, together.currents_a)))
    return total, parts


def rating(plan: PointPlan) -> Vector:
    """What all its connectors take without any limit."""
    offer = plan.hardware.rated()
    one = _on_grid(plan, offer.power_w, plan.hardware.offered_currents_a(offer))
    return (one[0] * plan.connectors, one[1] * plan.connectors, one[2] * plan.connectors, one[3] * plan.connectors)


def _station_counts(model: ChargePoint, at_s: float) -> bool:
    obeys = not model.behaviour.charges_at_rating and model.behaviour.charges_freely != "at_rating"
    return obeys and model.profiles.station_limit(model.clock_s(at_s)) is not None


def _permitted(connector: Connector, plan: PointPlan) -> Vector:
    if not connector.operative and not connector.live:
        return NOTHING
    offer = connector.offer
    return _on_grid(plan, offer.power_w, plan.hardware.offered_currents_a(offer))


def _drawn(connector: Connector, plan: PointPlan) -> Vector:
    draw = connector.draw
    if draw.power_w <= 0:
        return NOTHING
    return _on_grid(plan, draw.power_w, plan.hardware.drawn_currents_a(draw))


def _on_grid(plan: PointPlan, power_w: float, conductors_a: Currents) -> Vector:
    """On the site's phases, with the losses of a DC charger."""
    phases = [0.0, 0.0, 0.0]
    for phase, current_a in zip(plan.phase_map, conductors_a, strict=False):
        phases[phase] = current_a * plan.grid_factor
    return (power_w * plan.grid_factor, phases[0], phases[1], phases[2])


def summed(parts: Iterable[Vector]) -> Vector:
    total = NOTHING
    for part in parts:
        total = (total[0] + part[0], total[1] + part[1], total[2] + part[2], total[3] + part[3])
    return total


def highest(one: Vector, other: Vector) -> Vector:
    return (max(one[0], other[0]), max(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]))


def lowest(one: Vector, other: Vector) -> Vector:
    return (min(one[0], other[0]), min(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))
