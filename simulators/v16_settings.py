"""The configuration keys of a simulated OCPP 1.6 charge point (1.6 chapter 9)."""

from simulators.hardware import Hardware
from simulators.meter import default_measurands, supported
from simulators.profiles import StoreRules
from simulators.settings import LIST_ITEMS_PER_MESSAGE, LIST_LENGTH, Setting, Settings, count, fixed, flag


def v16_settings(hardware: Hardware, connectors: int, rules: StoreRules) -> Settings[str]:
    """A fresh set of keys, as delivered."""
    unit = {"A": "Current", "W": "Power"}

    def measurable(names: str) -> bool:
        return supported(names, hardware)  # 1.6 3.16.4: reject the whole list for one unknown name

    return Settings(
        {
            "AllowOfflineTxForUnknownId": flag(True),
            "AuthorizationCacheEnabled": flag(True),
            "AuthorizationKey": Setting("", "WriteOnly", lambda key: 16 <= len(key) <= 40),
            "AuthorizeRemoteTxRequests": flag(False),
            "ChargeProfileMaxStackLevel": count(rules.max_stack_level, "ReadOnly"),
            "ChargingScheduleAllowedChargingRateUnit": fixed(",".join(unit[u] for u in rules.units)),
            "ChargingScheduleMaxPeriods": count(rules.max_periods, "ReadOnly"),
            "ClockAlignedDataInterval": count(0),
            "ConnectionTimeOut": count(60),
            "ConnectorPhaseRotation": Setting("NotApplicable"),
            "ConnectorSwitch3to1PhaseSupported": flag(hardware.switches_phases, "ReadOnly"),
            "GetConfigurationMaxKeys": count(50, "ReadOnly"),
            "HeartbeatInterval": count(60),
            "LocalAuthListEnabled": flag(True),
            "LocalAuthListMaxLength": count(LIST_LENGTH, "ReadOnly"),
            "LocalAuthorizeOffline": flag(True),
            "LocalPreAuthorize": flag(False),
            "MaxChargingProfilesInstalled": count(rules.max_profiles, "ReadOnly"),
            "MeterValueSampleInterval": count(60),
            "MeterValuesAlignedData": Setting("", check=measurable),
            "MeterValuesSampledData": Setting(default_measurands(hardware), check=measurable),
            "MeterValuesSampledDataMaxLength": count(8, "ReadOnly"),
            "NumberOfConnectors": count(connectors, "ReadOnly"),
            "ResetRetries": count(1),
            "SendLocalListMaxLength": count(LIST_ITEMS_PER_MESSAGE, "ReadOnly"),
            "StopTransactionOnEVSideDisconnect": flag(True),
            "StopTransactionOnInvalidId": flag(True),
            "StopTxnAlignedData": Setting("", check=measurable),
            "StopTxnSampledData": Setting("", check=measurable),
            "SupportedFeatureProfiles": fixed("Core,LocalAuthListManagement,SmartCharging,RemoteTrigger"),
            "TransactionMessageAttempts": count(3),
            "TransactionMessageRetryInterval": count(10),
            "UnlockConnectorOnEVSideDisconnect": flag(True),
            "WebSocketPingInterval": count(30),
        }
    )
