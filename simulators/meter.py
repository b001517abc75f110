"""Meter readings as sampled values, neutral in version: which measurands a connector can report, and what they say."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from simulators.connector import Reading
from simulators.hardware import DC_VOLTAGE_V, Hardware

ENERGY = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
CURRENT = "Current.Import"
POWER_OFFERED = "Power.Offered"
CURRENT_OFFERED = "Current.Offered"
VOLTAGE = "Voltage"
SOC = "SoC"

MEASURANDS = (ENERGY, POWER, CURRENT, POWER_OFFERED, CURRENT_OFFERED, VOLTAGE, SOC)


@dataclass(frozen=True, slots=True)
class Sample:
    """One sampled value; `phase` is None for a total."""

    measurand: str
    value: float
    unit: str
    phase: str | None = None


def default_measurands(hardware: Hardware) -> str:
    """What a charger reports as it leaves the factory."""
    return ",".join([ENERGY, POWER, CURRENT] + ([] if hardware.phases else [SOC]))


def supported(measurands: str, hardware: Hardware) -> bool:
    """Whether every name of a comma separated list is one this charger can measure."""
    known = [name for name in MEASURANDS if name != SOC or not hardware.phases]
    return all(name in known for name in split(measurands))


def split(measurands: str) -> list[str]:
    return [name.strip() for name in measurands.split(",") if name.strip()]


def samples(reading: Reading, measurands: Iterable[str], hardware: Hardware) -> list[Sample]:
    """The sampled values of a reading, in the order the measurands were asked for."""
    return [sample for measurand in measurands for sample in _samples(reading, measurand, hardware)]


def _samples(reading: Reading, measurand: str, hardware: Hardware) -> Iterator[Sample]:
    match measurand:
        case "Energy.Active.Import.Register":
            yield Sample(measurand, round(reading.energy_wh, 1), "Wh")
        case "Power.Active.Import":
            yield Sample(measurand, round(reading.draw.power_w, 1), "W")
        case "Current.Import":
            yield from _currents(reading, measurand, hardware)
        case "Power.Offered":
            yield Sample(measurand, round(reading.offer.power_w, 1), "W")
        case "Current.Offered":
            amperes = reading.offer.current_a if hardware.phases else reading.offer.power_w / DC_VOLTAGE_V
            yield Sample(measurand, round(amperes, 2), "A")
        case "Voltage":
            for phase in range(1, hardware.phases + 1):
                yield Sample(measurand, hardware.voltage_v, "V", f"L{phase}-N")
            if not hardware.phases:
                yield Sample(measurand, DC_VOLTAGE_V, "V")
        case "SoC" if reading.soc is not None:
            yield Sample(measurand, round(reading.soc * 100, 1), "Percent")


def _currents(reading: Reading, measurand: str, hardware: Hardware) -> Iterator[Sample]:
    if not hardware.phases:
        yield Sample(measurand, round(reading.draw.power_w / DC_VOLTAGE_V, 2), "A")
    for number in range(hardware.phases):
        yield Sample(measurand, round(reading.draw.currents_a[number], 2), "A", f"L{number + 1}")
