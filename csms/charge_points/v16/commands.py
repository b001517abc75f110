"""Commands as 1.6 requests, and what their answers mean."""

from __future__ import annotations

from ocpp.v16 import call, enums

from csms.charge_points.composite import schedule_limits
from csms.charge_points.link import status_outcome
from csms.charge_points.profiles import STATION_MAX_16, charging_profile_16, purpose_name
from csms.charge_points.schemas import JsonObject
from csms.domain.commands import Answer, ClearLimits, Command, Outcome, ReadSchedule, SetLimit, StopSession, Trigger


class Commands16:
    """Implements link.Translation."""

    def request(self, command: Command) -> object:
        """Raises ValueError for what 1.6 cannot express."""
        match command:
            case SetLimit():
                return charging_profile_16(command)
            case ClearLimits():
                purpose = purpose_name(command.purpose, STATION_MAX_16)
                return call.ClearChargingProfile(
                    connector_id=command.connector_id,
                    charging_profile_purpose=enums.ChargingProfilePurposeType(purpose),
                )
            case ReadSchedule():
                unit = None if command.unit is None else enums.ChargingRateUnitType(command.unit)
                return call.GetCompositeSchedule(
                    connector_id=command.connector_id, duration=command.duration_s, charging_rate_unit=unit
                )
            case StopSession():
                return call.RemoteStopTransaction(transaction_id=int(command.transaction_id))
            case Trigger():
                return call.TriggerMessage(
                    requested_message=enums.MessageTrigger(command.message), connector_id=command.connector_id
                )

    def outcome(self, command: Command, payload: JsonObject) -> Outcome:
        outcome = status_outcome(payload)
        if not isinstance(command, ReadSchedule) or outcome.answer is not Answer.ACCEPTED:
            return outcome
        return Outcome(outcome.answer, outcome.detail, schedule_limits(payload.get("chargingSchedule")))
