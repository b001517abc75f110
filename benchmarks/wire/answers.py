"""What a charger answers to its central system: it takes every limit, and has been set up already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.wire.mix import OCPP16

JsonObject = dict[str, Any]

METER_INTERVAL_S = 10
"""What the chargers are set to, and what the system under test asks for: nothing is left to be changed."""

_CONFIGURATION = {
    "ChargeProfileMaxStackLevel": "8",
    "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    "ChargingScheduleMaxPeriods": "24",
    "MaxChargingProfilesInstalled": "10",
    "MeterValueSampleInterval": str(METER_INTERVAL_S),
    "MeterValuesSampledData": "Power.Active.Import,Energy.Active.Import.Register,Current.Import",
}

_VARIABLES = {
    "ProfileStackLevel": "8",
    "RateUnit": "A,W",
    "PeriodsPerSchedule": "24",
    "TxUpdatedInterval": str(METER_INTERVAL_S),
    "TxUpdatedMeasurands": "Power.Active.Import,Energy.Active.Import.Register,Current.Import",
}


def answer_to(protocol: str, action: str, payload: JsonObject) -> JsonObject | None:
    """The payload of the answer; None for what this charger does not implement."""
    known = _ANSWERS_16 if protocol == OCPP16 else _ANSWERS_201
    answer = known.get(action)
    return answer(payload) if callable(answer) else answer


def _configuration(payload: JsonObject) -> JsonObject:
    asked = payload.get("key") or list(_CONFIGURATION)
    told = [{"key": k, "readonly": False, "value": _CONFIGURATION[k]} for k in asked if k in _CONFIGURATION]
    return {"configurationKey": told, "unknownKey": [key for key in asked if key not in _CONFIGURATION]}


def _variables(payload: JsonObject) -> JsonObject:
    return {"getVariableResult": [_variable(item) for item in payload["getVariableData"]]}


def _variable(item: JsonObject) -> JsonObject:
    about = {"component": item["component"], "variable": item["variable"]}
    value = _VARIABLES.get(item["variable"]["name"])
    if value is None:
        return {"attributeStatus": "UnknownVariable", **about}
    return {"attributeStatus": "Accepted", "attributeValue": value, **about}


def _variables_set(payload: JsonObject) -> JsonObject:
    items = payload["setVariableData"]
    return {
        "setVariableResult": [
            {"attributeStatus": "Accepted", "component": item["component"], "variable": item["variable"]}
            for item in items
        ]
    }


_ACCEPTED: JsonObject = {"status": "Accepted"}
_ANSWERS_16: dict[str, JsonObject | Callable[[JsonObject], JsonObject]] = {
    "GetConfiguration": _configuration,
    "ChangeConfiguration": _ACCEPTED,
    "ClearChargingProfile": {"status": "Unknown"},
    "SetChargingProfile": _ACCEPTED,
    "RemoteStopTransaction": {"status": "Rejected"},
}
_ANSWERS_201: dict[str, JsonObject | Callable[[JsonObject], JsonObject]] = {
    "GetVariables": _variables,
    "SetVariables": _variables_set,
    "ClearChargingProfile": {"status": "Unknown"},
    "GetChargingProfiles": {"status": "NoProfiles"},
    "SetChargingProfile": _ACCEPTED,
    "RequestStopTransaction": {"status": "Rejected"},
}
