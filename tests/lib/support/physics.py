"""What a limit permits, in watts and amperes, by the plainest reading of electrical engineering.

Exact, slow, and sharing no arithmetic with the balancer: it knows a limit, a charger's declaration and the voltages
between which the site may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from csms.domain.model import Capabilities, ChargePointSettings, Current, SiteSettings


@dataclass(frozen=True, slots=True)
class Draw:
    """Power from the grid in watts and the currents of L1, L2 and L3 in amperes."""

    power_w: Fraction = Fraction(0)
    currents_a: tuple[Fraction, Fraction, Fraction] = (Fraction(0), Fraction(0), Fraction(0))

    def __add__(self, other: Draw) -> Draw:
        one, two, three = (a + b for a, b in zip(self.currents_a, other.currents_a, strict=True))
        return Draw(self.power_w + other.power_w, (one, two, three))

    def times(self, factor: Fraction) -> Draw:
        one, two, three = self.currents_a
        return Draw(self.power_w * factor, (one * factor, two * factor, three * factor))

    def dimensions(self) -> tuple[Fraction, Fraction, Fraction, Fraction]:
        return (self.power_w, *self.currents_a)

    def highest(self, other: Draw) -> Draw:
        one, two, three = (max(a, b) for a, b in zip(self.currents_a, other.currents_a, strict=True))
        return Draw(max(self.power_w, other.power_w), (one, two, three))


NOTHING = Draw()


def permitted(
    site: SiteSettings,
    settings: ChargePointSettings,
    known: Capabilities | None,
    limit_w: int,
    phases: int | None = None,
) -> Draw:
    """The most that a charger which obeys `limit_w` may draw, at the worst voltage for each quantity.

    In amperes the current is what the limit says at the highest voltage; in watts it grows as the voltage sags.
    """
    exact = Fraction(limit_w)
    conductors = settings.phases or 3
    spread = phases or conductors
    highest_v, lowest_v = _exact(site.limit_voltage_v), _exact(site.lowest_voltage_v)
    if takes_amperes(settings, known):
        current_a = _told_a(known or Capabilities(), exact / (highest_v * spread))
        power_w = current_a * highest_v * spread
    else:
        factor = _exact(settings.grid_factor) if settings.current is Current.DC else Fraction(1)
        power_w = exact * factor
        current_a = power_w / (lowest_v * spread)
    return Draw(power_w, _on_phases(settings, current_a, spread))


def rated(site: SiteSettings, settings: ChargePointSettings) -> Draw:
    """The most a charger can draw that no limit holds."""
    conductors = settings.phases or 3
    highest_v, lowest_v, nominal_v = (_exact(v) for v in (site.limit_voltage_v, site.lowest_voltage_v, site.voltage_v))
    if settings.max_power_w is not None:
        nameplate_w = Fraction(settings.max_power_w)
    elif settings.current is Current.DC:
        nameplate_w = Fraction(site.grid_capacity_w)
    else:
        # One of unknown kind may be an AC charger at the highest voltage.
        nameplate_w = 32 * conductors * (nominal_v if settings.current is Current.AC else highest_v)
    if settings.current is Current.AC:
        current_a = nameplate_w / (nominal_v * conductors)
        power_w = current_a * highest_v * conductors
    else:
        factor = _exact(settings.grid_factor) if settings.current is Current.DC else Fraction(1)
        power_w = nameplate_w * factor
        current_a = power_w / (lowest_v * conductors)
    return Draw(power_w, _on_phases(settings, current_a, conductors))


def _told_a(known: Capabilities, most_a: Fraction) -> Fraction:
    """The highest current that it can be told, not above `most_a`."""
    if known.currents_a:
        return max((a for told in known.currents_a if (a := _exact(told)) <= most_a), default=Fraction(0))
    step_a = _exact(known.current_step_a)
    return most_a // step_a * step_a


def takes_amperes(settings: ChargePointSettings, known: Capabilities | None) -> bool:
    units = known.rate_units if known is not None else None
    wanted = "A" if settings.current is Current.AC else "W"
    return (wanted if not units or wanted in units else units[0]) == "A"


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a site's tree: its capacities (None: none declared) and the charge points below it."""

    name: str
    capacities: tuple[Fraction | None, Fraction | None, Fraction | None, Fraction | None]
    below: frozenset[str]

    def excess(self, draws: Mapping[str, Draw]) -> tuple[Fraction, ...]:
        """By how much these draws, by charge point, are above each capacity; 0 where they are not."""
        total = NOTHING
        for charge_point_id, draw in draws.items():
            if charge_point_id in self.below:
                total += draw
        pairs = zip(self.capacities, total.dimensions(), strict=True)
        return tuple(Fraction(0) if cap is None else max(Fraction(0), is_ - cap) for cap, is_ in pairs)


def nodes(
    site: SiteSettings,
    charge_points: Mapping[str, ChargePointSettings],
    budget_w: int,
    load_currents_a: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> list[Node]:
    """The grid connection, whose chargers may draw `budget_w` beside the other loads' currents, and every circuit."""
    one, two, three = (
        None if site.grid_max_current_a is None else _exact(site.grid_max_current_a) - _exact(load_a)
        for load_a in load_currents_a
    )
    found = [Node("grid", (Fraction(budget_w), one, two, three), frozenset(charge_points))]
    parents = {circuit.circuit_id: circuit.parent for circuit in site.circuits}
    for circuit in site.circuits:
        below = {
            charge_point_id
            for charge_point_id, settings in charge_points.items()
            if circuit.circuit_id in _circuits_above(settings.circuit_id, parents)
        }
        power = None if circuit.max_power_w is None else Fraction(circuit.max_power_w)
        amps = None if circuit.max_current_a is None else _exact(circuit.max_current_a)
        found.append(Node(circuit.circuit_id, (power, amps, amps, amps), frozenset(below)))
    return found


def _circuits_above(circuit_id: str | None, parents: Mapping[str, str | None]) -> list[str]:
    above: list[str] = []
    while circuit_id is not None:
        above.append(circuit_id)
        circuit_id = parents[circuit_id]
    return above


def _on_phases(
    settings: ChargePointSettings, current_a: Fraction, conductors: int
) -> tuple[Fraction, Fraction, Fraction]:
    """Nobody knows where an undeclared charger is connected: it may be any phase, so it is all of them."""
    if settings.phases is None or settings.phase_map is None:
        return (current_a, current_a, current_a)
    used = settings.phase_map[:conductors]
    one, two, three = (current_a if phase in used else Fraction(0) for phase in range(3))
    return (one, two, three)


def _exact(number: float) -> Fraction:
    """The decimal number that was written: 0.1 is a tenth."""
    return Fraction(str(number))
