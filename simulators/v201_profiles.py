"""OCPP 2.0.1 charging profiles on the wire, to and from values."""

import math

from simulators.charging_profile import ChargingProfile, Purpose
from simulators.clock import timestamp
from simulators.composite import Composite
from simulators.frames import JsonObject
from simulators.v16_profiles import read_schedule, time_or, write_periods

PURPOSES: dict[str, Purpose] = {
    "ChargingStationMaxProfile": "ChargePointMax",
    "TxDefaultProfile": "TxDefault",
    "TxProfile": "Tx",
}
NAMES = {purpose: name for name, purpose in PURPOSES.items()}


def read_profile(wire: JsonObject) -> ChargingProfile:
    """A chargingProfile object that satisfies its schema. Raises ValueError for unreadable times.

    Of several schedules, which only ISO 15118 sessions have a use for (K01.FR.34), the first counts.
    """
    return ChargingProfile(
        profile_id=wire["id"],
        stack_level=wire["stackLevel"],
        purpose=PURPOSES[wire["chargingProfilePurpose"]],
        kind=wire["chargingProfileKind"],
        recurrence=wire.get("recurrencyKind"),
        valid_from_s=time_or(wire.get("validFrom"), -math.inf),
        valid_to_s=time_or(wire.get("validTo"), math.inf),
        transaction_id=wire.get("transactionId"),
        schedule=read_schedule(wire["chargingSchedule"][0]),
    )


def write_profile(profile: ChargingProfile) -> JsonObject:
    """The profile as ReportChargingProfiles shows it; absent fields are left out."""
    schedule = profile.schedule
    wire_schedule: JsonObject = {
        "id": profile.profile_id,
        "chargingRateUnit": schedule.unit,
        "chargingSchedulePeriod": write_periods(schedule.periods),
    }
    if schedule.start_at_s is not None:
        wire_schedule["startSchedule"] = timestamp(schedule.start_at_s)
    if schedule.duration_s is not None:
        wire_schedule["duration"] = int(schedule.duration_s)
    wire: JsonObject = {
        "id": profile.profile_id,
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": NAMES[profile.purpose],
        "chargingProfileKind": profile.kind,
        "chargingSchedule": [wire_schedule],
    }
    optional = {
        "recurrencyKind": profile.recurrence,
        "transactionId": profile.transaction_id,
        "validFrom": timestamp(profile.valid_from_s) if math.isfinite(profile.valid_from_s) else None,
        "validTo": timestamp(profile.valid_to_s) if math.isfinite(profile.valid_to_s) else None,
    }
    return wire | {key: value for key, value in optional.items() if value is not None}


def write_composite(composite: Composite, evse_id: int, start: str) -> JsonObject:
    """The schedule of a GetCompositeScheduleResponse; `start` is its beginning as the station writes times."""
    return {
        "evseId": evse_id,
        "duration": composite.duration_s,
        "scheduleStart": start,
        "chargingRateUnit": composite.unit,
        "chargingSchedulePeriod": write_periods(composite.periods),
    }
