"""Settings as 2.0.1 variables of the device model (B05, B06; part 2 appendix 3)."""

from __future__ import annotations

from collections.abc import Sequence

from ocpp.v201 import call, datatypes

from csms.charge_points.provisioning import ACCEPTED, Setting, Value, Values
from csms.charge_points.schemas import JsonObject

# Entries of SmartChargingCtrlr is not among them: its value is how many profiles are installed, not how many may be.
_VARIABLES = {
    Setting.STACK_LEVEL: ("SmartChargingCtrlr", "ProfileStackLevel"),
    Setting.RATE_UNITS: ("SmartChargingCtrlr", "RateUnit"),
    Setting.PERIODS: ("SmartChargingCtrlr", "PeriodsPerSchedule"),
    Setting.SWITCHES_PHASES: ("SmartChargingCtrlr", "Phases3to1"),
    Setting.METER_INTERVAL: ("SampledDataCtrlr", "TxUpdatedInterval"),
    Setting.MEASURANDS: ("SampledDataCtrlr", "TxUpdatedMeasurands"),
}
_SETTINGS = {(c.lower(), v.lower()): setting for setting, (c, v) in _VARIABLES.items()}
_ITEMS_PER_MESSAGE = 4
"""Few stations take less, and asking for ItemsPerMessageGetVariables would cost a message itself (B06.FR.05)."""


class Variables201:
    """Implements provisioning.Dialect."""

    questions = tuple(
        tuple(_VARIABLES)[start : start + _ITEMS_PER_MESSAGE] for start in range(0, len(_VARIABLES), _ITEMS_PER_MESSAGE)
    )

    def read(self, settings: Sequence[Setting]) -> object:
        return call.GetVariables(
            get_variable_data=[datatypes.GetVariableDataType(*_component_and_variable(s)) for s in settings]
        )

    def values(self, answer: JsonObject) -> Values:
        return {
            _SETTINGS[_name(item)]: Value(item["attributeValue"])
            for item in answer["getVariableResult"]
            if item["attributeStatus"] == "Accepted" and "attributeValue" in item and _name(item) in _SETTINGS
        }

    def change(self, setting: Setting, text: str) -> object:
        return call.SetVariables(
            set_variable_data=[datatypes.SetVariableDataType(text, *_component_and_variable(setting))]
        )

    def verdict(self, answer: JsonObject) -> str:
        words = [str(item["attributeStatus"]) for item in answer["setVariableResult"]]
        return next((word for word in words if word != ACCEPTED), ACCEPTED)


def _component_and_variable(setting: Setting) -> tuple[datatypes.ComponentType, datatypes.VariableType]:
    component, variable = _VARIABLES[setting]
    return datatypes.ComponentType(name=component), datatypes.VariableType(name=variable)


def _name(item: JsonObject) -> tuple[str, str]:
    return item["component"]["name"].lower(), item["variable"]["name"].lower()
