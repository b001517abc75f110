"""What a charger is made of: its rating, and how a limit in amperes or watts becomes an offer to a car."""

from dataclasses import dataclass
from typing import Literal

from simulators.car import LEAST_AC_CURRENT_A, Offer
from simulators.charging_profile import Limit, Unit

DC_VOLTAGE_V = 400.0


@dataclass(frozen=True, slots=True)
class Hardware:
    """The rating of every connector of a charger.

    `phases` is 1 or 3 for AC and 0 for DC. `between_0_and_6_a` says what an AC charger does with a limit that no
    control pilot can express: pause the car, or offer it 6 A all the same, as many do. `switches_phases` is whether
    it can go from three phases to one.
    """

    current: Literal["AC", "DC"]
    phases: int
    max_power_w: float
    max_current_a: float
    model: str
    voltage_v: float = 230.0
    between_0_and_6_a: Literal["pause", "six"] = "pause"
    switches_phases: bool = False

    @property
    def unit(self) -> Unit:
        """The unit its charging profiles come in: amperes per phase for AC, watts for DC."""
        return "A" if self.current == "AC" else "W"

    def rated(self) -> Offer:
        """What a connector offers without any limit."""
        return self.offer(Limit(self.unit, self.max_current_a if self.phases else self.max_power_w))

    def offer(self, limit: Limit) -> Offer:
        """What a connector offers under a limit: never more than its rating, nothing where AC would be below 6 A."""
        if not self.phases:
            return Offer(max(0.0, min(self.watts(limit), self.max_power_w)))
        phases, current_a = self._phases(limit), min(self.amperes(limit), self.max_current_a)
        if current_a < LEAST_AC_CURRENT_A:
            raised = self.between_0_and_6_a == "six" and current_a > 0
            current_a = LEAST_AC_CURRENT_A if raised else 0.0
        return Offer(current_a * self.voltage_v * phases, current_a, phases, self.voltage_v)

    def amperes(self, limit: Limit) -> float:
        """A limit as amperes per phase; watts are spread over the phases in use (OCPP 2.0.1 K01.FR.50)."""
        if limit.unit == "A":
            return limit.value
        return limit.value / (self._volts() * max(self._phases(limit), 1))

    def watts(self, limit: Limit) -> float:
        """A limit as watts in all; amperes count on every phase in use (OCPP 2.0.1 K01.FR.51)."""
        if limit.unit == "W":
            return limit.value
        return limit.value * self._volts() * max(self._phases(limit), 1)

    def _volts(self) -> float:
        return self.voltage_v if self.phases else DC_VOLTAGE_V

    def _phases(self, limit: Limit) -> int:
        return min(limit.phases, self.phases) if self.switches_phases else self.phases


AC_ONE_PHASE = Hardware("AC", 1, 7_360.0, 32.0, "Sim AC 7")
AC_THREE_PHASES = Hardware("AC", 3, 22_080.0, 32.0, "Sim AC 22")
DC_50 = Hardware("DC", 0, 50_000.0, 125.0, "Sim DC 50")
