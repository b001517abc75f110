"""1.6 core profile, meter values (chapters 3.16 and 4.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from csms.charge_points.connection import Reply
from csms.charge_points.metering import ENERGY, MEASURANDS, PERIODIC, Sample, SampleSet, number
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.times import charger_time


def meter_values(session: Session, payload: JsonObject) -> Reply:
    """Accepted whatever they belong to: connector 0, no transaction, an unknown or an ended one."""
    told_id = payload.get("transactionId", 0)
    transaction_id = str(told_id) if told_id > 0 else None
    session.record_meter_values(
        payload["connectorId"] or _connector_of(session, transaction_id),
        transaction_id,
        session.as_meant(sample_sets(payload["meterValue"], session.now().utc_s)),
    )
    return Reply({})


def _connector_of(session: Session, transaction_id: str | None) -> int:
    """Where a running transaction is metered that a charger reports on connector 0; 0 without one: the main meter."""
    running = (t for t in session.transactions() if t.active and t.transaction_id == transaction_id)
    return next((t.connector_id for t in running), 0)


def sample_sets(meter_value: Iterable[JsonObject], now_s: float) -> list[SampleSet]:
    """The readable samples of a meterValue or transactionData list."""
    return [
        SampleSet(charger_time(element["timestamp"], now_s), list(_samples(element["sampledValue"])))
        for element in meter_value
    ]


def _samples(sampled_values: Iterable[JsonObject]) -> Iterator[Sample]:
    for sampled in sampled_values:
        told = sampled.get
        measurand = told("measurand", ENERGY)
        if measurand not in MEASURANDS or told("format") == "SignedData":
            continue
        value = number(sampled["value"])
        if value is not None:
            unit, phase = told("unit", ""), told("phase")
            yield Sample(value, measurand, unit, 0, phase, told("location", "Outlet"), told("context", PERIODIC))
