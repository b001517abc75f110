"""2.0.1 block J, meter values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from csms.charge_points.connection import Reply
from csms.charge_points.metering import ENERGY, MEASURANDS, PERIODIC, Sample, SampleSet, number
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.times import charger_time

_LARGEST_MULTIPLIER = 12
_NO_UNIT: JsonObject = {}


def meter_values(session: Session, payload: JsonObject) -> Reply:
    """J01. EVSE 0 is the main meter."""
    sets = session.as_meant(sample_sets(payload["meterValue"], session.now().utc_s))
    session.record_meter_values(payload["evseId"], None, sets)
    return Reply({})


def sample_sets(meter_value: Iterable[JsonObject], now_s: float) -> list[SampleSet]:
    """The readable samples of a meterValue list. A signed value carries its number beside the signature."""
    return [
        SampleSet(charger_time(element["timestamp"], now_s), list(_samples(element["sampledValue"])))
        for element in meter_value
    ]


def _samples(sampled_values: Iterable[JsonObject]) -> Iterator[Sample]:
    for sampled in sampled_values:
        told = sampled.get
        measurand = told("measurand", ENERGY)
        if measurand not in MEASURANDS:
            continue
        value = number(sampled["value"])
        unit: JsonObject = told("unitOfMeasure", _NO_UNIT)
        multiplier = unit.get("multiplier", 0)
        if value is not None and abs(multiplier) <= _LARGEST_MULTIPLIER:
            symbol, phase = unit.get("unit", ""), told("phase")
            location, context = told("location", "Outlet"), told("context", PERIODIC)
            yield Sample(value, measurand, symbol, multiplier, phase, location, context)
