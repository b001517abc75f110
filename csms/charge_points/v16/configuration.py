"""Settings as 1.6 configuration keys (chapters 5.3, 5.8 and 9.1, 9.4)."""

from __future__ import annotations

from collections.abc import Sequence

from ocpp.v16 import call

from csms.charge_points.provisioning import Setting, Value, Values
from csms.charge_points.schemas import JsonObject

_KEYS = {
    Setting.STACK_LEVEL: "ChargeProfileMaxStackLevel",
    Setting.RATE_UNITS: "ChargingScheduleAllowedChargingRateUnit",
    Setting.PERIODS: "ChargingScheduleMaxPeriods",
    Setting.PROFILES: "MaxChargingProfilesInstalled",
    Setting.SWITCHES_PHASES: "ConnectorSwitch3to1PhaseSupported",
    Setting.METER_INTERVAL: "MeterValueSampleInterval",
    Setting.MEASURANDS: "MeterValuesSampledData",
}
_SETTINGS = {key.lower(): setting for setting, key in _KEYS.items()}  # keys are case-insensitive (CiString50Type)


class Configuration16:
    """Implements provisioning.Dialect."""

    questions = (tuple(_KEYS),)

    def read(self, settings: Sequence[Setting]) -> object:
        return call.GetConfiguration(key=[_KEYS[setting] for setting in settings])

    def values(self, answer: JsonObject) -> Values:
        return {
            _SETTINGS[item["key"].lower()]: Value(item["value"], item["readonly"])
            for item in answer.get("configurationKey", ())
            if item["key"].lower() in _SETTINGS and "value" in item
        }

    def change(self, setting: Setting, text: str) -> object:
        return call.ChangeConfiguration(key=_KEYS[setting], value=text)

    def verdict(self, answer: JsonObject) -> str:
        return str(answer["status"])
