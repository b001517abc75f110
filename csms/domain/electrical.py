"""From watts to what a charger takes, and back: units, steps, floors and rated maxima.

Limits are whole watts everywhere; a charger that takes amperes gets them per phase, rounded down to its step.
Decimal arithmetic, because a third of all one-decimal floats do not survive a binary multiplication.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from csms.domain.model import Capabilities, ChargePointSettings, Current, SiteSettings

MIN_AC_CURRENT_A = 6
"""IEC 61851-1 annex A: the control pilot cannot signal less than 6 A; below it a car does not charge."""

ASSUMED_AC_CURRENT_A = 32
ASSUMED_PHASES = 3


@dataclass(frozen=True, slots=True)
class LimitForm:
    """How limits are written for one charge point: `unit` "A" or "W", and the grid they lie on.

    `phases` is what numberPhases says and what an ampere stands for; `voltage_v` is the phase voltage.
    """

    unit: str
    phases: int
    voltage_v: float
    step_a: float
    stack_level: int
    relative: bool = False

    def floor_w(self, power_w: int) -> int:
        """The highest limit on the grid that is not above `power_w`."""
        return power_w if self.unit == "W" else self._watts(self.current_a(power_w))

    def ceil_w(self, power_w: int) -> int:
        """The lowest limit on the grid that is not below `power_w`."""
        down_w = self.floor_w(power_w)
        if down_w == power_w:
            return power_w
        return self._watts(self.current_a(power_w) + Decimal(str(self.step_a)))

    def current_a(self, power_w: int) -> Decimal:
        """`power_w` as amperes per phase, rounded down to the step: what a profile in amperes says."""
        step_a = Decimal(str(self.step_a))
        exact_a = Decimal(power_w) / self._watts_per_ampere()
        return (exact_a / step_a).to_integral_value(ROUND_FLOOR) * step_a

    def _watts(self, current_a: Decimal) -> int:
        # Rounded up: a limit in amperes must never count for less than it permits.
        return int((current_a * self._watts_per_ampere()).to_integral_value(ROUND_CEILING))

    def _watts_per_ampere(self) -> Decimal:
        return Decimal(str(self.voltage_v)) * self.phases


def limit_form(site: SiteSettings, settings: ChargePointSettings, capabilities: Capabilities | None) -> LimitForm:
    """The form in which this charge point takes limits.

    AC chargers get amperes where they take them, DC and undeclared ones watts where they take them; a charger
    limited in amperes whose phases are unknown is assumed to use three.
    """
    known = capabilities or Capabilities()
    preferred = "A" if settings.current is Current.AC else "W"
    unit = preferred
    if known.rate_units and preferred not in known.rate_units:
        unit = known.rate_units[0]
    return LimitForm(
        unit=unit,
        phases=settings.phases or ASSUMED_PHASES,
        voltage_v=site.limit_voltage_v,
        step_a=known.current_step_a,
        stack_level=min(known.max_stack_level or 0, 100),
        relative=known.relative_profiles,
    )


def rated_w(site: SiteSettings, settings: ChargePointSettings) -> int:
    """The most a charge point can draw: declared, else 3 x 32 A for AC (and for an undeclared kind), else,
    for DC, everything the site has."""
    if settings.max_power_w is not None:
        return settings.max_power_w
    if settings.current is Current.DC:
        return site.grid_capacity_w
    phases = settings.phases or ASSUMED_PHASES
    return round(ASSUMED_AC_CURRENT_A * phases * site.limit_voltage_v)


def floor_w(site: SiteSettings, settings: ChargePointSettings, form: LimitForm, min_power_w: int) -> int:
    """The least a session is given if it is given anything: the configured minimum, for an AC connector with
    known phases at least 6 A on each, rounded up to the charger's step."""
    least_w = min_power_w
    if settings.current is Current.AC and settings.phases is not None:
        least_w = max(least_w, round(MIN_AC_CURRENT_A * settings.phases * site.limit_voltage_v))
    return form.ceil_w(least_w)


def fallback_w(site: SiteSettings, settings: ChargePointSettings, form: LimitForm) -> int:
    """The default profile's limit: `offline_limit_w` on the charger's grid, never between 0 and 6 A.

    Chargers clamp what lies between up to 6 A, so such a limit would count for less than it permits.
    """
    wanted_w = form.floor_w(settings.offline_limit_w)
    return wanted_w if wanted_w >= floor_w(site, settings, form, 0) else 0
