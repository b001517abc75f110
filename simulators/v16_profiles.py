"""OCPP 1.6 charging profiles on the wire, to and from values."""

import math

from simulators.charging_profile import ChargingProfile, Period, Purpose, Schedule, Unit
from simulators.clock import parse_timestamp
from simulators.composite import Composite
from simulators.frames import JsonObject

PURPOSES: dict[str, Purpose] = {
    "ChargePointMaxProfile": "ChargePointMax",
    "TxDefaultProfile": "TxDefault",
    "TxProfile": "Tx",
}


def read_profile(wire: JsonObject) -> ChargingProfile:
    """A csChargingProfiles object that satisfies its schema. Raises ValueError for unreadable times."""
    schedule = wire["chargingSchedule"]
    transaction_id = wire.get("transactionId")
    return ChargingProfile(
        profile_id=wire["chargingProfileId"],
        stack_level=wire["stackLevel"],
        purpose=PURPOSES[wire["chargingProfilePurpose"]],
        kind=wire["chargingProfileKind"],
        recurrence=wire.get("recurrencyKind"),
        valid_from_s=time_or(wire.get("validFrom"), -math.inf),
        valid_to_s=time_or(wire.get("validTo"), math.inf),
        transaction_id=None if transaction_id is None else str(transaction_id),
        schedule=read_schedule(schedule),
    )


def read_schedule(wire: JsonObject) -> Schedule:
    """A chargingSchedule object, which has the same fields in both versions."""
    start = wire.get("startSchedule")
    return Schedule(
        unit=wire["chargingRateUnit"],
        periods=tuple(
            Period(period["startPeriod"], period["limit"], period.get("numberPhases"))
            for period in wire["chargingSchedulePeriod"]
        ),
        start_at_s=None if start is None else parse_timestamp(start),
        duration_s=wire.get("duration"),
    )


def time_or(text: str | None, otherwise: float) -> float:
    return otherwise if text is None else parse_timestamp(text)


def write_periods(periods: tuple[Period, ...]) -> list[JsonObject]:
    return [
        {"startPeriod": int(period.start_s), "limit": period.limit}
        | ({} if period.phases is None else {"numberPhases": period.phases})
        for period in periods
    ]


def write_composite(composite: Composite, connector_id: int, start: str) -> JsonObject:
    """The schedule of a GetCompositeSchedule.conf (6.22); `start` is its beginning as the charger writes times."""
    schedule = {
        "duration": composite.duration_s,
        "startSchedule": start,
        "chargingRateUnit": composite.unit,
        "chargingSchedulePeriod": write_periods(composite.periods),
    }
    return {"connectorId": connector_id, "scheduleStart": start, "chargingSchedule": schedule}


def rate_unit(wire: str | None, otherwise: Unit) -> Unit:
    """The unit asked for, or the charger's own."""
    return "A" if wire == "A" else "W" if wire == "W" else otherwise
