"""Commands as 2.0.1 requests, and what their answers mean."""

from __future__ import annotations

from ocpp.v201 import call, datatypes, enums

from csms.charge_points.composite import schedule_limits
from csms.charge_points.link import status_outcome
from csms.charge_points.profiles import STATION_MAX_201, charging_profile_201, purpose_name
from csms.charge_points.schemas import JsonObject
from csms.domain.commands import Answer, ClearLimits, Command, Outcome, ReadSchedule, SetLimit, StopSession, Trigger


class Commands201:
    """Implements link.Translation."""

    def request(self, command: Command) -> object:
        """Raises ValueError for what 2.0.1 cannot express."""
        match command:
            case SetLimit():
                return charging_profile_201(command)
            case ClearLimits():  # K10.FR.02: never without a criterion
                purpose = purpose_name(command.purpose, STATION_MAX_201)
                return call.ClearChargingProfile(
                    charging_profile_criteria=datatypes.ClearChargingProfileType(
                        evse_id=command.connector_id,
                        charging_profile_purpose=enums.ChargingProfilePurposeEnumType(purpose),
                    )
                )
            case ReadSchedule():
                unit = None if command.unit is None else enums.ChargingRateUnitEnumType(command.unit)
                return call.GetCompositeSchedule(
                    duration=command.duration_s, evse_id=command.connector_id, charging_rate_unit=unit
                )
            case StopSession():
                return call.RequestStopTransaction(transaction_id=command.transaction_id)
            case Trigger():
                return _trigger(command)

    def outcome(self, command: Command, payload: JsonObject) -> Outcome:
        outcome = status_outcome(payload)
        if not isinstance(command, ReadSchedule) or outcome.answer is not Answer.ACCEPTED:
            return outcome
        return Outcome(outcome.answer, outcome.detail, schedule_limits(payload.get("schedule")))


def _trigger(command: Trigger) -> call.TriggerMessage:
    """A status belongs to a connector, so its trigger names one (F06.FR.13); the first stands for its EVSE."""
    evse = None
    if command.connector_id is not None:
        of_connector = command.message == "StatusNotification"
        evse = datatypes.EVSEType(id=command.connector_id, connector_id=1 if of_connector else None)
    return call.TriggerMessage(requested_message=enums.MessageTriggerEnumType(command.message), evse=evse)
