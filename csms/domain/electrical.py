"""From watts to what a charger takes, and to what it loads: units, steps, floors, rated maxima, phases.

Limits are whole watts everywhere; a charger that takes amperes gets them per phase, rounded down to its step. All sums
are exact: voltages and steps are whole millivolts and milliamperes here, and loads are integers (see `Load`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from csms.domain.capabilities import Capabilities, LimitPurpose
from csms.domain.grid import PHASES
from csms.domain.model import ChargePointSettings, Current, SiteSettings

MIN_AC_CURRENT_A = 6
"""IEC 61851-1 annex A: the control pilot cannot signal less than 6 A; below it a car does not charge."""

ASSUMED_AC_CURRENT_A = 32
ASSUMED_PHASES = 3

Load = tuple[int, int, int, int]
"""What is drawn from the grid: power in milliwatts, and the currents of L1, L2, L3 in quanta.

A quantum is a fraction of a milliampere so small that a whole watt on any number of phases at the site's highest or
lowest voltage is a whole number of them: sums and comparisons need no rounding and no tolerance.
"""

NO_LOAD: Load = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Voltages:
    """The phase voltages of a site, in whole millivolts: highest (limits), lowest (constant power) and nominal."""

    limit_mv: int
    lowest_mv: int
    nominal_mv: int

    @property
    def quanta_per_ma(self) -> int:
        return 6 * self.limit_mv * self.lowest_mv


def voltages(site: SiteSettings) -> Voltages:
    return Voltages(
        round(site.limit_voltage_v * 1000), round(site.lowest_voltage_v * 1000), round(site.voltage_v * 1000)
    )


@dataclass(frozen=True)  # without slots: it keeps what it was asked
class LimitForm:
    """How limits are written for one charge point: `unit` "A" or "W", and the grid they lie on.

    `phases` is what numberPhases says and what an ampere stands for; `voltage_v` is the phase voltage. `currents_a` are
    the only currents there are, where the grid has no one step. `lowest_session_a` is the lowest current that a session
    can be limited to by a charger that is limited by its default. The rest is how it is written down: see
    domain.capabilities. `station_max`: what stands is the maximum of the charge point as a whole.
    """

    unit: str
    phases: int
    voltage_v: float
    step_a: float
    stack_level: int
    relative: bool = False
    currents_a: tuple[float, ...] = ()
    number_phases: bool = True
    start_schedule: bool = True
    names_transaction: bool = True
    default_on_station: bool = False
    station_max: bool = False
    takes_zero: bool = True
    lowest_default_a: float = MIN_AC_CURRENT_A
    lowest_session_a: float = MIN_AC_CURRENT_A

    def is_relative(self, purpose: LimitPurpose) -> bool:
        """A charge point's maximum has no transaction to be relative to (2.0.1 K01.FR.38)."""
        return self.relative and not (self.station_max and purpose is LimitPurpose.DEFAULT)

    def on_station(self, purpose: LimitPurpose) -> bool:
        """Whether it is written for the charge point as a whole: connector 0."""
        return purpose is LimitPurpose.DEFAULT and (self.station_max or self.default_on_station)

    def floor_w(self, power_w: int) -> int:
        """The highest limit on the grid that is not above `power_w`."""
        if self.unit == "W":
            return power_w
        if self.currents_a:
            return max(limit_w for limit_w in self._allowed if limit_w <= max(power_w, 0))
        over, under = self._step_w  # as _watts(_steps(power_w)), which is asked too often to call them
        return -(-(power_w * under // over) * over // under)

    def ceil_w(self, power_w: int) -> int:
        """The lowest limit on the grid that is not below `power_w`; its highest, if all are."""
        if self.unit == "A" and self.currents_a:
            return min((limit_w for limit_w in self._allowed if limit_w >= power_w), default=max(self._allowed))
        down_w = self.floor_w(power_w)
        return power_w if down_w == power_w else self._watts(self._steps(power_w) + 1)

    def current_a(self, power_w: int) -> Decimal:
        """`power_w` as amperes per phase, rounded down to the step: what a profile in amperes says."""
        return Decimal(self.current_ma(power_w)) / 1000

    def current_ma(self, power_w: int) -> int:
        """The same in milliamperes."""
        if self.currents_a:
            return self._allowed[max(limit_w for limit_w in self._allowed if limit_w <= max(power_w, 0))]
        return self._steps(power_w) * self._step_ma

    def grid_current_ma(self, limit_w: int) -> int | None:
        """The current per phase that a limit says exactly; None for watts, and for what was sent in another form."""
        if self.unit == "W":
            return None
        if self.currents_a:
            return self._allowed.get(limit_w)
        over, under = self._step_w
        steps = limit_w * under // over
        return steps * self._step_ma if -(-steps * over // under) == limit_w else None

    @cached_property
    def largest_step_w(self) -> int:
        """The most that lies between a limit in amperes and the next."""
        if self.currents_a:
            return max(after - before for before, after in pairwise(self._allowed))
        over, under = self._step_w
        return -(-over // under)

    @cached_property
    def _allowed(self) -> dict[int, int]:
        """The limits there are and their currents in milliamperes, from 0 up; rounded up, as in `_watts`."""
        mw_per_ma = round(self.voltage_v * 1000) * self.phases
        currents_ma = sorted({0, *(round(current_a * 1000) for current_a in self.currents_a)})
        return {-(-ma * mw_per_ma // 1_000_000): ma for ma in currents_ma}

    @cached_property
    def _step_ma(self) -> int:
        return round(self.step_a * 1000)

    @cached_property
    def _step_w(self) -> tuple[int, int]:
        """What a step is worth on all its phases together: an exact fraction of two small numbers."""
        return Fraction(round(self.voltage_v * 1000) * self.phases * self._step_ma, 1_000_000).as_integer_ratio()

    def _steps(self, power_w: int) -> int:
        over, under = self._step_w
        return power_w * under // over

    def _watts(self, steps: int) -> int:
        # Rounded up: a limit in amperes must never count for less than it permits.
        over, under = self._step_w
        return -(-steps * over // under)


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
        currents_a=known.currents_a or (),
        number_phases=known.number_phases,
        start_schedule=known.start_schedule,
        names_transaction=known.names_transaction,
        default_on_station=known.default_on_station,
        station_max=known.limit_by is LimitPurpose.STATION,
        takes_zero=known.takes_zero,
        lowest_default_a=known.lowest_default_a,
        lowest_session_a=_lowest_session_a(known),
    )


def _lowest_session_a(known: Capabilities) -> float:
    by_default = known.limit_by is not LimitPurpose.TRANSACTION
    return max(MIN_AC_CURRENT_A, known.lowest_default_a) if by_default else MIN_AC_CURRENT_A


@dataclass(frozen=True, slots=True)
class Shape:
    """How one charge point takes limits and loads the grid; made once per declaration, looked up in every decision.

    `per_w` is the load of each watt of a limit, `drawn_per_w` of each watt metered, `rated` the most it can draw. A
    limit in amperes gives the same current at every voltage; watts give the most at the lowest one. A charger whose
    phases are not known counts on all three. `least_w` is the limit for 6 A on each phase (0 where that means nothing),
    `fallback_w` its default profile, `lowest_w` what stands instead of 0 where it takes none, `direct` says that it
    delivers DC, `one_phase` its shape while it enforces a limit on one phase, if it can.
    """

    form: LimitForm
    rated_w: int
    rated: Load
    per_w: Load
    drawn_per_w: Load
    quanta_per_ma: int
    least_w: int
    fallback_w: int
    lowest_voltage_v: float
    highest_voltage_v: float
    direct: bool
    one_phase: Shape | None = None
    lowest_w: int = 0

    def on(self, phases: int | None) -> Shape:
        """The shape of a limit given for so many phases; None: for all it has."""
        return self if phases is None or self.one_phase is None else self.one_phase

    def floor_w(self, min_power_w: int) -> int:
        """The least a session is given if it is given anything, on the charger's grid."""
        return max(self.least_w, self.form.ceil_w(min_power_w))

    def load(self, limit_w: int) -> Load:
        """The load of a limit; never above `limit_w` times `per_w`."""
        if limit_w == 0:
            return NO_LOAD
        power, one, two, three = self.per_w
        current_ma = self.form.grid_current_ma(limit_w)
        if current_ma is None:
            return (limit_w * power, limit_w * one, limit_w * two, limit_w * three)
        quanta = current_ma * self.quanta_per_ma
        return (limit_w * power, quanta if one else 0, quanta if two else 0, quanta if three else 0)

    def drawn(self, power_w: float) -> Load:
        """The load of a metered draw. Which phases it is on is not known; one carries the rated current at most, unless
        there is more drawn than the charger is rated for."""
        drawn_w = math.ceil(power_w)
        beyond_w = max(drawn_w, self.rated_w)
        power, one, two, three = self.drawn_per_w
        most = [-(-quanta * beyond_w // self.rated_w) if self.rated_w else 0 for quanta in self.rated[1:]]
        return (drawn_w * power, *_lowest((drawn_w * one, drawn_w * two, drawn_w * three), most))


def _lowest(wanted: tuple[int, int, int], most: list[int]) -> tuple[int, int, int]:
    one, two, three = (min(pair) for pair in zip(wanted, most, strict=True))
    return (one, two, three)


def shape(site: SiteSettings, settings: ChargePointSettings, capabilities: Capabilities | None) -> Shape:
    """The shape of a charge point as declared and learned; as declared alone while nothing has been learned."""
    if capabilities is None and settings.quirks is not None:
        capabilities = settings.quirks.applied_to(Capabilities())
    form = limit_form(site, settings, capabilities)
    whole = _shape(site, settings, form)
    # Without numberPhases a limit cannot say that it is for one phase alone.
    switches = capabilities is not None and capabilities.switches_phases and capabilities.number_phases
    if not switches or settings.current is not Current.AC or form.phases == 1:
        return whole
    return replace(whole, one_phase=_shape(site, settings, replace(form, phases=1)))


def _shape(site: SiteSettings, settings: ChargePointSettings, form: LimitForm) -> Shape:
    volts, used = voltages(site), _loaded_phases(settings, form.phases)
    steady = form.unit == "A"
    factor_pm = -int(-settings.grid_factor * 1000 // 1)
    power_pm = 1000 if steady else _watt_pm(volts) if settings.current is Current.AC else factor_pm
    drawn_pm = factor_pm if settings.current is Current.DC else 1000
    rated = rated_w(site, settings)
    limit_quanta = 1000 * volts.lowest_mv if steady else factor_pm * volts.limit_mv
    return Shape(
        form=form,
        rated_w=rated,
        rated=_load(rated * drawn_pm, _rated_quanta(site, settings, volts, drawn_pm), used),
        per_w=_load(power_pm, 6000 * limit_quanta // form.phases, used),
        # One phase may carry it all: a car with one phase on a charger with three.
        drawn_per_w=_load(drawn_pm, 6000 * volts.limit_mv * drawn_pm, used),
        quanta_per_ma=volts.quanta_per_ma,
        least_w=floor_w(site, settings, form, 0),
        fallback_w=fallback_w(site, settings, form),
        lowest_voltage_v=site.lowest_voltage_v,
        highest_voltage_v=max(1.1 * site.voltage_v, site.limit_voltage_v),
        direct=settings.current is Current.DC,
        lowest_w=_lowest_w(site, form),
    )


def _watt_pm(volts: Voltages) -> int:
    """A watt to an AC charger is a current too: many make it one at nominal voltage, whatever the voltage is."""
    return max(1000, -(-1000 * volts.limit_mv // volts.nominal_mv))


def _load(power: int, per_phase: int, used: tuple[int, ...]) -> Load:
    one, two, three = (per_phase if phase in used else 0 for phase in PHASES)
    return (power, one, two, three)


def _loaded_phases(settings: ChargePointSettings, phases: int) -> tuple[int, ...]:
    """The site's phases that so many of the charger's conductors are on; all of them where that is not known."""
    if settings.phases is None or settings.phase_map is None:
        return PHASES
    return settings.phase_map[:phases]


def _rated_quanta(site: SiteSettings, settings: ChargePointSettings, volts: Voltages, drawn_pm: int) -> int:
    """An AC charger is made for amperes, told as power at nominal voltage; others keep their power when it sags."""
    phases = settings.phases or ASSUMED_PHASES
    if settings.current is Current.AC:
        ma = -(-_nameplate_w(site, settings) * 1_000_000 // (volts.nominal_mv * phases))
    else:
        ma = -(-_nameplate_w(site, settings) * drawn_pm * 1000 // (volts.lowest_mv * phases))
    return ma * volts.quanta_per_ma


def rated_w(site: SiteSettings, settings: ChargePointSettings) -> int:
    """The most a charge point can draw: declared, else 3 x 32 A for AC (and for an undeclared kind), else,
    for DC, everything the site has. An AC charger is made for amperes, so a high voltage gives it more."""
    nameplate = _nameplate_w(site, settings)
    if settings.current is not Current.AC:
        return nameplate
    volts = voltages(site)
    return -(-nameplate * volts.limit_mv // volts.nominal_mv)


def _nameplate_w(site: SiteSettings, settings: ChargePointSettings) -> int:
    if settings.max_power_w is not None:
        return settings.max_power_w
    if settings.current is Current.DC:
        return site.grid_capacity_w
    volts_v = site.voltage_v if settings.current is Current.AC else site.limit_voltage_v
    return round(ASSUMED_AC_CURRENT_A * (settings.phases or ASSUMED_PHASES) * volts_v)


def floor_w(site: SiteSettings, settings: ChargePointSettings, form: LimitForm, min_power_w: int) -> int:
    """The least a session is given if it is given anything: the configured minimum, for an AC connector with
    known phases at least 6 A on each, rounded up to the charger's step."""
    least_w = min_power_w
    if settings.current is Current.AC and settings.phases is not None:
        least_w = max(least_w, _power_w(site, form, form.lowest_session_a))
    return form.ceil_w(least_w)


def fallback_w(site: SiteSettings, settings: ChargePointSettings, form: LimitForm) -> int:
    """The default profile's limit: `offline_limit_w` on the charger's grid, never between 0 and 6 A.

    Chargers clamp what lies between up to 6 A, so such a limit would count for less than it permits. Nor is it what the
    charger does not take: then it is the lowest limit that it does.
    """
    wanted_w = form.floor_w(settings.offline_limit_w)
    if wanted_w < max(floor_w(site, settings, form, 0), 1):
        wanted_w = _lowest_w(site, form)
    lowest_w = _power_w(site, form, form.lowest_default_a)
    refused = form.lowest_default_a > MIN_AC_CURRENT_A and 0 < wanted_w < lowest_w
    return form.ceil_w(lowest_w) if refused else wanted_w


def _lowest_w(site: SiteSettings, form: LimitForm) -> int:
    return 0 if form.takes_zero else form.ceil_w(_power_w(site, form, MIN_AC_CURRENT_A))


def _power_w(site: SiteSettings, form: LimitForm, current_a: float) -> int:
    return round(current_a * form.phases * site.limit_voltage_v)
