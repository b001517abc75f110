"""Commands as 1.6 requests, and what their answers mean."""

from __future__ import annotations

from ocpp.v16 import call, enums

from csms.charge_points.link import status_outcome
from csms.charge_points.profiles import PURPOSES, charging_profile_16
from csms.charge_points.schemas import JsonObject
from csms.domain.commands import Answer, ClearLimits, Command, Outcome, ReadSchedule, ScheduleLimit, SetLimit, Trigger


class Commands16:
    """Implements link.Translation."""

    def request(self, command: Command) -> object:
        """Raises ValueError for what 1.6 cannot express."""
        match command:
            case SetLimit():
                return charging_profile_16(command)
            case ClearLimits():
                return call.ClearChargingProfile(
                    connector_id=command.connector_id,
                    charging_profile_purpose=enums.ChargingProfilePurposeType(PURPOSES[command.purpose]),
                )
            case ReadSchedule():
                unit = None if command.unit is None else enums.ChargingRateUnitType(command.unit)
                return call.GetCompositeSchedule(
                    connector_id=command.connector_id, duration=command.duration_s, charging_rate_unit=unit
                )
            case Trigger():
                return call.TriggerMessage(
                    requested_message=enums.MessageTrigger(command.message), connector_id=command.connector_id
                )

    def outcome(self, command: Command, payload: JsonObject) -> Outcome:
        outcome = status_outcome(payload)
        if not isinstance(command, ReadSchedule) or outcome.answer is not Answer.ACCEPTED:
            return outcome
        return Outcome(outcome.answer, outcome.detail, _first_limit(payload.get("chargingSchedule")))


def _first_limit(schedule: JsonObject | None) -> ScheduleLimit | None:
    """Chapter 6.22: the schedule may be left out, and some chargers send one without a period."""
    if not schedule or not schedule["chargingSchedulePeriod"]:
        return None
    first = schedule["chargingSchedulePeriod"][0]
    return ScheduleLimit(schedule["chargingRateUnit"], float(first["limit"]), first.get("numberPhases"))
