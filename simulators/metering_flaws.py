"""What a charger's meter says instead of what it measured: sampled values in, sampled values out."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from simulators.behaviour import Metering
from simulators.meter import CURRENT, ENERGY, POWER, Sample

_RESETS_AT_WH = 50.0


def as_metered(samples: list[Sample], metering: Metering) -> list[Sample]:
    """The samples of one moment as a charger with this flaw sends them."""
    return samples if metering == "by the book" else list(_flawed(samples, metering))


def _flawed(samples: list[Sample], metering: Metering) -> Iterator[Sample]:
    match metering:
        case "energy alone":
            yield from (sample for sample in samples if sample.measurand == ENERGY)
        case "kWh as Wh":
            yield from _each(samples, ENERGY, lambda sample: [replace(sample, value=sample.value / 1000)])
        case "Wh as kWh":
            yield from _each(samples, ENERGY, lambda sample: [replace(sample, unit="kWh")])
        case "0 W":
            yield from _each(samples, POWER, lambda sample: [replace(sample, value=0.0)])
        case "L1-N":
            yield from _each(samples, CURRENT, lambda sample: [replace(sample, phase=_to_neutral(sample.phase))])
        case "power per phase":
            yield from _each(samples, POWER, _thirds)
        case "power twice":
            yield from _each(samples, POWER, lambda sample: [sample, *_thirds(sample)])
        case "energy per phase":
            yield from _each(samples, ENERGY, _thirds)
        case "register resets":
            yield from _each(samples, ENERGY, lambda sample: [replace(sample, value=sample.value % _RESETS_AT_WH)])
        case "current of all phases":
            yield from (sample for sample in samples if sample.measurand not in (POWER, CURRENT))
            currents_a = [sample.value for sample in samples if sample.measurand == CURRENT]
            if currents_a:
                yield Sample(CURRENT, round(sum(currents_a), 2), "A")
        case "by the book":
            yield from samples


def _each(samples: list[Sample], measurand: str, said: Callable[[Sample], list[Sample]]) -> Iterator[Sample]:
    """The samples, those of one measurand as they are said."""
    for sample in samples:
        yield from said(sample) if sample.measurand == measurand else [sample]


def _thirds(sample: Sample) -> list[Sample]:
    return [replace(sample, value=round(sample.value / 3, 3), phase=phase) for phase in ("L1", "L2", "L3")]


def _to_neutral(phase: str | None) -> str | None:
    return None if phase is None else f"{phase.removesuffix('-N')}-N"
