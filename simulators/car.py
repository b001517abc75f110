"""An electric car: a battery, what it can take, and what it draws from what it is offered."""

import math
from dataclasses import dataclass

LEAST_AC_CURRENT_A = 6.0
"""A control pilot cannot say less (IEC 61851-1); below it the car sleeps."""

TAPER_SOC = 0.8
TAPER_END_FRACTION = 0.05
TAPER_STEP = 0.0125
STEP_TOLERANCE = 1e-9
NO_CURRENTS_A = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Car:
    """A car as it arrives.

    `soc` is its state of charge on arrival (0 to 1); `max_current_a` per phase and `phases` (1 or 3) are those of
    its on-board charger; `dc_max_w` is what its battery takes from a DC charger; it follows a changed offer after
    `reaction_s` (IEC 61851-1 gives it five seconds).

    `appetite` is what it wants of its own maximum as time goes by: pairs of seconds since it was plugged in and a
    share (0 to 1) that counts from then on; 0 is a pause of its own, after which it may ask again. Once it was
    offered less than 6 A for `sleeps_after_s`, it draws nothing until it is plugged in anew, as some Zoe do.
    """

    battery_wh: float
    soc: float
    max_current_a: float = 16.0
    phases: int = 3
    dc_max_w: float = 50_000.0
    reaction_s: float = 1.5
    appetite: tuple[tuple[float, float], ...] = ()
    sleeps_after_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Offer:
    """What a connector permits at an instant: amperes per phase (AC), or only watts (DC)."""

    power_w: float
    current_a: float = 0.0
    phases: int = 0
    voltage_v: float = 0.0

    @property
    def is_ac(self) -> bool:
        return self.phases > 0

    @property
    def too_little(self) -> bool:
        """Whether it is an AC offer that no control pilot can say (IEC 61851-1): no car charges."""
        return self.is_ac and self.current_a < LEAST_AC_CURRENT_A

    @property
    def currents_a(self) -> tuple[float, float, float]:
        """What may flow in L1, L2, L3, in amperes; none is said for DC."""
        l1, l2, l3 = (self.current_a if phase < self.phases else 0.0 for phase in range(3))
        return l1, l2, l3


@dataclass(frozen=True, slots=True)
class Draw:
    """What a car takes: power in watts and, on AC, the current of L1, L2, L3 in amperes."""

    power_w: float
    currents_a: tuple[float, float, float] = NO_CURRENTS_A


NO_DRAW = Draw(0.0)


def draw(car: Car, soc: float, offer: Offer, share: float = 1.0) -> Draw:
    """What the car takes from an offer at a state of charge, wanting a share of its maximum (both 0 to 1)."""
    if soc >= 1.0:
        return NO_DRAW
    battery_w = most_power_w(car, offer) * taper(soc)
    if not offer.is_ac:
        return Draw(min(offer.power_w, car.dc_max_w * share, battery_w))
    if offer.too_little:
        return NO_DRAW
    phases = min(car.phases, offer.phases)
    current_a = min(offer.current_a, car.max_current_a * share, battery_w / (offer.voltage_v * phases))
    l1, l2, l3 = (current_a if phase < phases else 0.0 for phase in range(3))
    return Draw(current_a * offer.voltage_v * phases, (l1, l2, l3))


def most_power_w(car: Car, offer: Offer) -> float:
    """The most this car ever takes from this kind of supply, in watts, whatever the offer's size."""
    return car.max_current_a * car.phases * offer.voltage_v if offer.is_ac else car.dc_max_w


def taper(soc: float) -> float:
    """The share of its maximum a battery takes: all of it up to 80 %, then down to 5 % just below full, in steps."""
    if soc <= TAPER_SOC:
        return 1.0
    share = 1.0 - (1.0 - TAPER_END_FRACTION) * (min(soc, 1.0) - TAPER_SOC) / (1.0 - TAPER_SOC)
    return math.floor(share / TAPER_STEP + STEP_TOLERANCE) * TAPER_STEP


def tapering_from_soc(car: Car, offer: Offer, power_w: float) -> float:
    """The state of charge from which on the battery takes less than this power; 1 when it never does."""
    share = math.ceil(power_w / most_power_w(car, offer) / TAPER_STEP - STEP_TOLERANCE) * TAPER_STEP
    return min(TAPER_SOC + (1.0 - share) * (1.0 - TAPER_SOC) / (1.0 - TAPER_END_FRACTION), 1.0)
