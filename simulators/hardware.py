"""What a charger is made of: its rating, and how a limit in amperes or watts becomes an offer to a car."""

from dataclasses import dataclass
from typing import Literal

from simulators.car import LEAST_AC_CURRENT_A, Draw, Offer
from simulators.charging_profile import Limit, Unit
from simulators.readings import BY_THE_TEXT, Readings

DC_VOLTAGE_V = 400.0

Currents = tuple[float, float, float]
"""Amperes on conductors 1, 2 and 3 of a charger's supply, whichever phases of the site those are."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """The rating of every connector of a charger.

    `phases` is 1 or 3 for AC and 0 for DC, which takes its power from all three. `voltage_v` is what the meter would
    show between a phase and neutral, 207 to 253 in a 230 V grid; `set_voltage_v` is the one of the area, which OCPP
    calculates with. An AC rating is a current: `max_power_w` is that at the set voltage. `switches_phases` is whether
    it can go from three phases to one.
    """

    current: Literal["AC", "DC"]
    phases: int
    max_power_w: float
    max_current_a: float
    model: str
    voltage_v: float = 230.0
    set_voltage_v: float = 230.0
    switches_phases: bool = False

    @property
    def unit(self) -> Unit:
        """The unit its charging profiles come in: amperes per phase for AC, watts for DC."""
        return "A" if self.current == "AC" else "W"

    def rated(self) -> Offer:
        """What a connector offers without any limit."""
        return self.offer(Limit(self.unit, self.max_current_a if self.phases else self.max_power_w))

    def offer(self, limit: Limit, readings: Readings = BY_THE_TEXT) -> Offer:
        """What a connector offers under a limit: never more than its rating, nothing where AC would be below 6 A.

        Its power is the true one, at the measured voltage; a limit in watts may be exceeded where `readings` have it
        become amperes at the set voltage.
        """
        if not self.phases:
            return Offer(max(0.0, min(self.amount(limit), self.max_power_w)))
        phases, current_a = self.phases_used(limit.phases), min(self.amount(limit, readings), self.max_current_a)
        if current_a < LEAST_AC_CURRENT_A:
            raised = readings.below_6_a == "six" and current_a > 0
            current_a = LEAST_AC_CURRENT_A if raised else 0.0
        return Offer(current_a * self.voltage_v * phases, current_a, phases, self.voltage_v)

    def amount(self, limit: Limit, readings: Readings = BY_THE_TEXT) -> float:
        """A limit in the charger's own unit: amperes per phase (AC) or watts (DC); `readings` say how."""
        if limit.unit == self.unit:
            return limit.value
        if not self.phases:
            return limit.value * DC_VOLTAGE_V
        used = self.phases_used(limit.phases)
        over = used if readings.watts_over == "phases in use" else max(limit.phases, used)
        return limit.value / (self._calculation_v(readings) * over)

    def told(self, power_w: float, current_a: float, unit: Unit, readings: Readings = BY_THE_TEXT) -> float:
        """True watts, or amperes per phase, as the charger tells them in `unit`: converted as it converts limits."""
        if not self.phases:
            return power_w if unit == "W" else power_w / DC_VOLTAGE_V
        return current_a if unit == "A" else power_w / self.voltage_v * self._calculation_v(readings)

    def phases_used(self, wanted: int) -> int:
        """How many phases a connector uses when a limit is for so many; 1 on DC, which has no such choice."""
        return (min(wanted, self.phases) if self.switches_phases else self.phases) or 1

    def offered_currents_a(self, offer: Offer) -> Currents:
        """What an offer permits on the supply's conductors; down to one phase means the first."""
        if offer.is_ac:
            return _on_conductors(offer.current_a, offer.phases)
        return _on_conductors(offer.power_w / (3 * self.voltage_v), 3)

    def drawn_currents_a(self, draw: Draw) -> Currents:
        """What a car's draw puts on the supply's conductors."""
        return draw.currents_a if self.phases else _on_conductors(draw.power_w / (3 * self.voltage_v), 3)

    def _calculation_v(self, readings: Readings) -> float:
        return self.voltage_v if readings.watts_at == "measured voltage" else self.set_voltage_v


def _on_conductors(current_a: float, phases: int) -> Currents:
    return (current_a, current_a if phases > 1 else 0.0, current_a if phases > 2 else 0.0)


AC_ONE_PHASE = Hardware("AC", 1, 7_360.0, 32.0, "Sim AC 7")
AC_THREE_PHASES = Hardware("AC", 3, 22_080.0, 32.0, "Sim AC 22")
DC_50 = Hardware("DC", 0, 50_000.0, 125.0, "Sim DC 50")
