"""From sampled values to a reading: pure, and the same for both versions.

What chargers send is contradictory: a total and its parts, phases under two names, a unit that is implied. The rules
here take each quantity once. Whatever cannot be read as a finite number counts as not sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from csms.domain.electrical import ASSUMED_PHASES
from csms.domain.model import Current, PowerSource

ENERGY = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
CURRENT = "Current.Import"
VOLTAGE = "Voltage"
MEASURANDS = frozenset({ENERGY, POWER, CURRENT, VOLTAGE})
"""What is read of all that a charger may sample."""

PERIODIC = "Sample.Periodic"
"""The context of a sample that names none."""


_LARGEST = 1e15
"""No charger measures more, and what is computed from it stays finite."""

_WRONG_CLOCK_S = 30 * 86_400.0
_UNSYNCHRONISED_S = 60.0


class Sample(NamedTuple):
    """One sampled value, with the defaults of both versions filled in (1.6 chapter 7.43, 2.0.1 SampledValueType).

    `value` is in `unit` times ten to the power of `multiplier`.
    """

    value: float
    measurand: str = ENERGY
    unit: str = ""
    multiplier: int = 0
    phase: str | None = None
    location: str = "Outlet"
    context: str = PERIODIC


class SampleSet(NamedTuple):
    """The samples taken at one time, in the order they were sent."""

    at_s: float
    samples: Sequence[Sample]


class Wiring(NamedTuple):
    """What is known of the connector. `phases` None is unknown; `voltage_v` is the phase voltage of the site."""

    voltage_v: float
    phases: int | None = None
    current: Current | None = None


class Reading(NamedTuple):
    """What one message says: each quantity from the newest set that has it, None where none has.

    `currents_a` are those of the charger's conductors L1, L2, L3, from the same set as the power.
    """

    power_w: float | None = None
    source: PowerSource | None = None
    power_at_s: float | None = None
    energy_wh: float | None = None
    energy_at_s: float | None = None
    currents_a: tuple[float, float, float] | None = None


def reading(sets: Sequence[SampleSet], wiring: Wiring) -> Reading:
    """The newest power and the newest energy register of a message.

    Power is the metered total, else the sum over the phases, else current times voltage. Negative power (a car that
    feeds back, a meter wired the wrong way round) counts as 0.
    """
    power_w = source = power_at_s = energy_wh = energy_at_s = currents_a = None
    for at_s, samples in _newest_first(sets):
        quantities = _quantities(samples)
        if power_w is None:
            power_w, source = _power(quantities, wiring)
            if power_w is not None:
                power_at_s, currents_a = at_s, _conductor_currents_a(quantities[CURRENT], wiring)
        if energy_wh is None:
            energy_wh = _total(quantities[ENERGY])
            energy_at_s = at_s if energy_wh is not None else None
    return Reading(power_w, source, power_at_s, energy_wh, energy_at_s, currents_a)


def last_register_wh(sets: Sequence[SampleSet]) -> float | None:
    """The newest value of the energy register."""
    registers_wh = (_total(_quantities(samples)[ENERGY]) for _, samples in _newest_first(sets))
    return next((value for value in registers_wh if value is not None), None)


def number(text: object) -> float | None:
    """A sampled value as a number; None for text, NaN, infinity and what no charger measures."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return None
    try:
        value = float(text)
    except (ValueError, OverflowError):
        return None
    return value if -_LARGEST <= value <= _LARGEST else None


def reading_is_current(measured_at_s: float, now_utc_s: float, interval_s: float) -> bool:
    """Whether a value says what flows now, or is replayed from before a connection loss.

    A value is current for three intervals, at the least for a minute: few clocks agree to the second. One that is
    off by more than 30 days comes from a wrong clock, not from a queue, and was taken when it arrived.
    """
    age_s = now_utc_s - measured_at_s
    return age_s <= max(3 * interval_s, _UNSYNCHRONISED_S) or age_s > _WRONG_CLOCK_S


def _newest_first(sets: Sequence[SampleSet]) -> Iterable[tuple[float, Sequence[Sample]]]:
    """Some chargers send every measurand in a set of its own, all with the same time."""
    if len(sets) < 2:
        return sets
    together: dict[float, list[Sample]] = {}
    for at_s, samples in sets:
        together.setdefault(at_s, []).extend(samples)
    return sorted(together.items(), reverse=True, key=lambda entry: entry[0])


_Phases = Mapping[str, float]
"""A quantity in its base unit by phase; "" is the total."""


def _quantities(samples: Sequence[Sample]) -> Mapping[str, _Phases]:
    """Every quantity at its best location; of two values for one phase the later one wins, but never the one of a
    transaction's begin."""
    found: dict[str, dict[str, float]] = {ENERGY: {}, POWER: {}, CURRENT: {}, VOLTAGE: {}}
    distances: dict[str, int] = {}
    for value, measurand, unit, multiplier, phase, location, context in samples:
        values = found.get(measurand)
        distance = _DISTANCES.get(location)
        if values is None or distance is None:
            continue
        nearest = distances.setdefault(measurand, distance)
        if distance > nearest:
            continue
        if distance < nearest:
            distances[measurand] = distance
            values.clear()
        name = _PHASE_NAMES.get(phase, "?")
        if context == _BEGIN and name in values:
            continue
        values[name] = value if unit in _BASE_UNITS and not multiplier else _scaled(value, measurand, unit, multiplier)
    return found


def _scaled(value: float, measurand: str, unit: str, multiplier: int) -> float:
    """The value in its base unit: of power and energy the one with a k is a thousand times as large."""
    kilo = 1000.0 if measurand in (ENERGY, POWER) and unit[:1] in ("k", "K") else 1.0
    return value * kilo * 10.0**multiplier


_BEGIN = "Transaction.Begin"
_BASE_UNITS = frozenset({"", "W", "Wh", "A", "V"})

# Where a quantity is measured in several places, the one nearest to the connector counts (1.6 chapter 3.16.3).
_DISTANCES = {"Outlet": 0, "Cable": 1, "Inlet": 2, "Body": 3, "EV": 4}

_PHASES = ("L1", "L2", "L3")

# Between two phases, or N, says nothing about a phase's share.
_PHASE_NAMES: Mapping[str | None, str] = {
    None: "",
    **{name: name for name in _PHASES},
    **{f"{name}-N": name for name in _PHASES},
}


def _power(quantities: Mapping[str, _Phases], wiring: Wiring) -> tuple[float | None, PowerSource | None]:
    metered_w = _total(quantities[POWER])
    if metered_w is not None:
        return max(0.0, metered_w), PowerSource.POWER
    derived_w = _power_from_current(quantities[CURRENT], quantities[VOLTAGE], wiring)
    return (None, None) if derived_w is None else (max(0.0, derived_w), PowerSource.CURRENT)


def _conductor_currents_a(currents_a: _Phases, wiring: Wiring) -> tuple[float, float, float] | None:
    """The currents of an AC charger's conductors L1, L2, L3 in A; None unless all of them are known.

    A current without a phase is one of them only where there is only one: else it may be the sum. A charger with one
    conductor may name it after whatever phase feeds it. Negative currents count as 0, as negative power does.
    """
    if wiring.current is Current.DC:
        return None
    told_a = {phase: max(0.0, current_a) for phase, current_a in currents_a.items()}
    if wiring.phases == 1:
        return _only_conductor(told_a)
    if any(phase not in told_a for phase in _PHASES[: wiring.phases]):
        return None
    return (told_a["L1"], told_a["L2"], told_a.get("L3", 0.0))


def _only_conductor(told_a: dict[str, float]) -> tuple[float, float, float] | None:
    named_a = [told_a[phase] for phase in _PHASES if phase in told_a]
    if not named_a and "" in told_a:
        named_a = [told_a[""]]
    if not named_a or sum(current_a > 0 for current_a in named_a) > 1:
        return None
    return (max(named_a), 0.0, 0.0)


def _total(values: _Phases) -> float | None:
    """The total if there is one, else the sum over the phases: never both."""
    if "" in values:
        return values[""]
    return sum(values[phase] for phase in _PHASES if phase in values) if _has_phase(values) else None


def _has_phase(values: _Phases) -> bool:
    return any(phase in values for phase in _PHASES)


def _power_from_current(currents_a: _Phases, voltages_v: _Phases, wiring: Wiring) -> float | None:
    """Current per phase times the voltage of that phase.

    OCPP's amperes are per phase (1.6 chapter 7.12), so one current without a phase flows in each. Some chargers mean
    the sum of three by it; they are read too high, which never makes a limit too generous.
    """
    if wiring.current is Current.DC:
        direct = (currents_a.get(""), voltages_v.get(""))
        return None if direct[0] is None or direct[1] is None else direct[0] * direct[1]
    if _has_phase(currents_a):
        return sum(currents_a[p] * _phase_voltage_v(voltages_v, p, wiring) for p in _PHASES if p in currents_a)
    if "" not in currents_a:
        return None
    phases = min(wiring.phases or ASSUMED_PHASES, len(_PHASES))
    return sum(currents_a[""] * _phase_voltage_v(voltages_v, phase, wiring) for phase in _PHASES[:phases])


def _phase_voltage_v(voltages_v: _Phases, phase: str, wiring: Wiring) -> float:
    """The voltage told for the phase, or for all; the site's where none is, or it is no phase voltage of this site.

    A total of 400 V is a voltage between phases; 0 V comes from a meter behind an open contactor.
    """
    told_v = voltages_v.get(phase, voltages_v.get("", 0.0))
    return told_v if 0.5 <= told_v / wiring.voltage_v <= 1.3 else wiring.voltage_v
