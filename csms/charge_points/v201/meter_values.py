"""2.0.1 block J, meter values."""

from __future__ import annotations

from collections.abc import Iterable

from csms.charge_points.connection import Reply
from csms.charge_points.metering import ENERGY, Sample, SampleSet, number
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.times import charger_time

_LARGEST_MULTIPLIER = 12


def meter_values(session: Session, payload: JsonObject) -> Reply:
    """J01. EVSE 0 is the main meter."""
    session.record_meter_values(payload["evseId"], None, sample_sets(payload["meterValue"], session.now().utc_s))
    return Reply({})


def sample_sets(meter_value: Iterable[JsonObject], now_s: float) -> list[SampleSet]:
    """The readable samples of a meterValue list. A signed value carries its number beside the signature."""
    return [
        SampleSet(
            charger_time(element["timestamp"], now_s),
            [sample for sampled in element["sampledValue"] if (sample := _sample(sampled)) is not None],
        )
        for element in meter_value
    ]


def _sample(sampled: JsonObject) -> Sample | None:
    value = number(sampled["value"])
    unit: JsonObject = sampled.get("unitOfMeasure", {})
    multiplier = unit.get("multiplier", 0)
    if value is None or abs(multiplier) > _LARGEST_MULTIPLIER:
        return None
    return Sample(
        value=value,
        measurand=sampled.get("measurand", ENERGY),
        unit=unit.get("unit", ""),
        multiplier=multiplier,
        phase=sampled.get("phase"),
        location=sampled.get("location", "Outlet"),
        context=sampled.get("context", "Sample.Periodic"),
    )
