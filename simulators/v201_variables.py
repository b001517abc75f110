"""The device model of a simulated OCPP 2.0.1 charging station: components, variables and their values."""

from dataclasses import dataclass

from simulators.access import ATTEMPTS
from simulators.frames import JsonObject
from simulators.hardware import Hardware
from simulators.meter import default_measurands, supported
from simulators.profiles import StoreRules
from simulators.settings import LIST_ITEMS_PER_MESSAGE, LIST_LENGTH, Setting, Settings, count, fixed, flag


@dataclass(frozen=True, slots=True)
class Name:
    """A variable of a component; `instance` is the variable's."""

    component: str
    variable: str
    instance: str | None = None
    evse_id: int | None = None

    def wire(self) -> JsonObject:
        component: JsonObject = {"name": self.component}
        if self.evse_id is not None:
            component["evse"] = {"id": self.evse_id}
        variable: JsonObject = {"name": self.variable}
        if self.instance is not None:
            variable["instance"] = self.instance
        return {"component": component, "variable": variable}


def read_name(wire: JsonObject) -> Name:
    """The name in an element of GetVariables or SetVariables."""
    component, variable = wire["component"], wire["variable"]
    return Name(component["name"], variable["name"], variable.get("instance"), component.get("evse", {}).get("id"))


CACHE_ENABLED = Name("AuthCacheCtrlr", "Enabled")
LIST_ENTRIES = Name("LocalAuthListCtrlr", "Entries")
LOCAL_OFFLINE = Name("AuthCtrlr", "LocalAuthorizeOffline")
LOCAL_PRE_AUTHORIZE = Name("AuthCtrlr", "LocalPreAuthorize")
UNKNOWN_OFFLINE = Name("AuthCtrlr", "OfflineTxForUnknownIdEnabled")
STOP_ON_INVALID_ID = Name("TxCtrlr", "StopTxOnInvalidId")
HEARTBEAT_INTERVAL = Name("OCPPCommCtrlr", "HeartbeatInterval")
NETWORK_PRIORITY = Name("OCPPCommCtrlr", "NetworkConfigurationPriority")
PASSWORD = Name("SecurityCtrlr", "BasicAuthPassword")
SECURITY_PROFILE = Name("SecurityCtrlr", "SecurityProfile")
SAMPLE_INTERVAL = Name("SampledDataCtrlr", "TxUpdatedInterval")
SAMPLED_MEASURANDS = Name("SampledDataCtrlr", "TxUpdatedMeasurands")
STARTED_MEASURANDS = Name("SampledDataCtrlr", "TxStartedMeasurands")
ENDED_MEASURANDS = Name("SampledDataCtrlr", "TxEndedMeasurands")


def v201_variables(
    hardware: Hardware, connectors: int, rules: StoreRules, identity: str, vendor: str
) -> Settings[Name]:
    """A fresh device model, as delivered."""

    def measurands() -> Setting:
        return Setting(
            default_measurands(hardware),
            check=lambda names: supported(names, hardware),
            data_type="MemberList",
        )

    password = Setting("", "WriteOnly", lambda text: 16 <= len(text) <= 40)
    rows = {
        Name("ChargingStation", "Available"): flag(True, "ReadOnly"),
        Name("ChargingStation", "Model"): fixed(hardware.model),
        Name("ChargingStation", "SerialNumber"): fixed(identity[:25]),
        Name("ChargingStation", "VendorName"): fixed(vendor),
        Name("ChargingStation", "SupplyPhases"): count(max(hardware.phases, 3), "ReadOnly"),
        **_authorization(),
        Name("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"): count(30, "ReadOnly"),
        Name("DeviceDataCtrlr", "ItemsPerMessage", "SetVariables"): count(30, "ReadOnly"),
        Name("DeviceDataCtrlr", "ItemsPerMessage", "GetReport"): count(30, "ReadOnly"),
        Name("DeviceDataCtrlr", "BytesPerMessage", "GetVariables"): count(16_384, "ReadOnly"),
        Name("DeviceDataCtrlr", "BytesPerMessage", "SetVariables"): count(16_384, "ReadOnly"),
        HEARTBEAT_INTERVAL: count(60),
        Name("OCPPCommCtrlr", "MessageTimeout", "Default"): count(30, "ReadOnly"),
        Name("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent"): count(3),
        Name("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent"): count(10),
        NETWORK_PRIORITY: Setting("1", data_type="SequenceList"),
        Name("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"): count(ATTEMPTS, "ReadOnly"),
        Name("OCPPCommCtrlr", "OfflineThreshold"): count(0),
        Name("OCPPCommCtrlr", "WebSocketPingInterval"): count(30),
        SAMPLE_INTERVAL: count(60),
        SAMPLED_MEASURANDS: measurands(),
        STARTED_MEASURANDS: measurands(),
        ENDED_MEASURANDS: measurands(),
        Name("SampledDataCtrlr", "TxEndedInterval"): count(0),
        Name("AlignedDataCtrlr", "Interval"): count(0),
        PASSWORD: password,
        SECURITY_PROFILE: count(0, "ReadOnly"),
        **_smart_charging(hardware, rules),
        Name("TxCtrlr", "EVConnectionTimeOut"): count(60),
        Name("TxCtrlr", "StopTxOnEVSideDisconnect"): flag(True),
        STOP_ON_INVALID_ID: flag(True),
        Name("TxCtrlr", "TxStartPoint"): fixed("PowerPathClosed"),
        Name("TxCtrlr", "TxStopPoint"): fixed("PowerPathClosed"),
    }
    return Settings(rows | _evses(hardware, connectors))


def _authorization() -> dict[Name, Setting]:
    return {
        Name("AuthCtrlr", "AuthorizeRemoteStart"): flag(False),
        LOCAL_OFFLINE: flag(True),
        LOCAL_PRE_AUTHORIZE: flag(False),
        UNKNOWN_OFFLINE: flag(True),
        CACHE_ENABLED: flag(True),
        Name("LocalAuthListCtrlr", "Enabled"): flag(True),
        LIST_ENTRIES: Setting("0", "ReadOnly", data_type="integer", most=LIST_LENGTH),
        Name("LocalAuthListCtrlr", "ItemsPerMessage"): count(LIST_ITEMS_PER_MESSAGE, "ReadOnly"),
        Name("LocalAuthListCtrlr", "BytesPerMessage"): count(16_384, "ReadOnly"),
    }


def _smart_charging(hardware: Hardware, rules: StoreRules) -> dict[Name, Setting]:
    return {
        Name("SmartChargingCtrlr", "Available"): flag(True, "ReadOnly"),
        Name("SmartChargingCtrlr", "Enabled"): flag(True, "ReadOnly"),
        Name("SmartChargingCtrlr", "Entries", "ChargingProfiles"): count(rules.max_profiles, "ReadOnly"),
        Name("SmartChargingCtrlr", "PeriodsPerSchedule"): count(rules.max_periods, "ReadOnly"),
        Name("SmartChargingCtrlr", "Phases3to1"): flag(hardware.switches_phases, "ReadOnly"),
        Name("SmartChargingCtrlr", "ProfileStackLevel"): count(rules.max_stack_level, "ReadOnly"),
        Name("SmartChargingCtrlr", "RateUnit"): fixed(",".join(rules.units)),
    }


def _evses(hardware: Hardware, connectors: int) -> dict[Name, Setting]:
    rows: dict[Name, Setting] = {}
    for evse_id in range(1, connectors + 1):
        rows[Name("EVSE", "Available", evse_id=evse_id)] = flag(True, "ReadOnly")
        rows[Name("EVSE", "Power", evse_id=evse_id)] = count(int(hardware.max_power_w), "ReadOnly")
        rows[Name("EVSE", "SupplyPhases", evse_id=evse_id)] = count(max(hardware.phases, 0), "ReadOnly")
    return rows


def report_row(name: Name, setting: Setting) -> JsonObject:
    """One element of NotifyReport; a write-only value stays untold (B07.FR.03)."""
    attribute: JsonObject = {"type": "Actual", "mutability": setting.access, "persistent": True}
    if setting.access != "WriteOnly":
        attribute["value"] = setting.value
    characteristics: JsonObject = {"dataType": setting.data_type, "supportsMonitoring": False}
    if setting.most is not None:
        characteristics["maxLimit"] = setting.most
    return name.wire() | {"variableAttribute": [attribute], "variableCharacteristics": characteristics}
