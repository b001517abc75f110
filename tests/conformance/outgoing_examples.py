"""A request of every action that a central system sends, and what a charge point that agrees answers."""

from __future__ import annotations

from typing import Any

JsonObject = dict[str, Any]
Example = tuple[JsonObject, JsonObject]

ALLOWED = "https://files.example/"
ALLOWED_CSMS = "wss://csms.example/"
LATER = "2030-01-01T00:00:00Z"

_YES = {"status": "Accepted"}
_HASHES = {"hashAlgorithm": "SHA256", "issuerNameHash": "a1", "issuerKeyHash": "b2", "serialNumber": "03"}
_LOG: JsonObject = {"requestId": 7, "logType": "SecurityLog", "log": {"remoteLocation": f"{ALLOWED}logs/7"}}
_MAX_16 = {
    "chargingProfileId": 9001,
    "stackLevel": 0,
    "chargingProfilePurpose": "ChargePointMaxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7000.0}]},
}
_MAX_201 = {
    "id": 9001,
    "stackLevel": 0,
    "chargingProfilePurpose": "ChargingStationMaxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": [
        {
            "id": 1,
            "startSchedule": "2020-01-01T00:00:00Z",
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7000.0}],
        }
    ],
}
_TOKEN = {"idToken": "TAG-SECRET", "type": "ISO14443"}
_CONNECTED = {
    "ocppVersion": "OCPP20",
    "ocppTransport": "JSON",
    "ocppCsmsUrl": "wss://csms.example/",
    "messageTimeout": 30,
    "securityProfile": 1,
    "ocppInterface": "Wired0",
}
_NAMED = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}

EXAMPLES_16: dict[str, Example] = {
    "CancelReservation": ({"reservationId": 1}, _YES),
    "CertificateSigned": ({"certificateChain": "PEM"}, _YES),
    "ChangeAvailability": ({"connectorId": 0, "type": "Inoperative"}, {"status": "Scheduled"}),
    "ChangeConfiguration": ({"key": "HeartbeatInterval", "value": "60"}, {"status": "RebootRequired"}),
    "ClearCache": ({}, _YES),
    "ClearChargingProfile": ({"chargingProfilePurpose": "ChargePointMaxProfile"}, _YES),
    "DataTransfer": ({"vendorId": "Vendor", "data": "text"}, {"status": "Accepted", "data": "back"}),
    "DeleteCertificate": ({"certificateHashData": _HASHES}, _YES),
    "ExtendedTriggerMessage": ({"requestedMessage": "LogStatusNotification"}, _YES),
    "GetCompositeSchedule": ({"connectorId": 1, "duration": 60}, _YES),
    "GetConfiguration": (
        {"key": ["HeartbeatInterval"]},
        {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "60"}]},
    ),
    "GetDiagnostics": ({"location": f"{ALLOWED}up"}, {"fileName": "diagnostics.zip"}),
    "GetInstalledCertificateIds": (
        {"certificateType": "CentralSystemRootCertificate"},
        {"status": "Accepted", "certificateHashData": [_HASHES]},
    ),
    "GetLocalListVersion": ({}, {"listVersion": 3}),
    "GetLog": (_LOG, {"status": "Accepted", "filename": "log.txt"}),
    "InstallCertificate": ({"certificateType": "CentralSystemRootCertificate", "certificate": "PEM"}, _YES),
    "RemoteStartTransaction": ({"connectorId": 1, "idTag": "TAG-SECRET"}, _YES),
    "RemoteStopTransaction": ({"transactionId": 5}, _YES),
    "ReserveNow": ({"connectorId": 1, "expiryDate": LATER, "idTag": "TAG-SECRET", "reservationId": 1}, _YES),
    "Reset": ({"type": "Soft"}, _YES),
    "SendLocalList": ({"listVersion": 4, "updateType": "Full"}, _YES),
    "SetChargingProfile": ({"connectorId": 0, "csChargingProfiles": _MAX_16}, _YES),
    "SignedUpdateFirmware": (
        {
            "requestId": 8,
            "firmware": {
                "location": f"{ALLOWED}fw.bin",
                "retrieveDateTime": LATER,
                "signingCertificate": "PEM",
                "signature": "c2ln",
            },
        },
        _YES,
    ),
    "TriggerMessage": ({"requestedMessage": "Heartbeat"}, _YES),
    "UnlockConnector": ({"connectorId": 1}, {"status": "Unlocked"}),
    "UpdateFirmware": ({"location": f"{ALLOWED}fw.bin", "retrieveDate": LATER}, {}),
}

EXAMPLES_201: dict[str, Example] = {
    "CancelReservation": ({"reservationId": 1}, _YES),
    "CertificateSigned": ({"certificateChain": "PEM"}, _YES),
    "ChangeAvailability": ({"operationalStatus": "Inoperative"}, {"status": "Scheduled"}),
    "ClearCache": ({}, _YES),
    "ClearChargingProfile": (
        {"chargingProfileCriteria": {"chargingProfilePurpose": "ChargingStationMaxProfile"}},
        _YES,
    ),
    "ClearDisplayMessage": ({"id": 1}, _YES),
    "ClearVariableMonitoring": ({"id": [1]}, {"clearMonitoringResult": [{"id": 1, "status": "Accepted"}]}),
    "CostUpdated": ({"totalCost": 1.5, "transactionId": "T-1"}, {}),
    "CustomerInformation": ({"requestId": 2, "report": True, "clear": False, "idToken": _TOKEN}, _YES),
    "DataTransfer": ({"vendorId": "Vendor", "data": {"any": [1, "thing"]}}, _YES),
    "DeleteCertificate": ({"certificateHashData": _HASHES}, _YES),
    "GetBaseReport": ({"requestId": 3, "reportBase": "SummaryInventory"}, _YES),
    "GetChargingProfiles": ({"requestId": 4, "chargingProfile": {"stackLevel": 0}}, _YES),
    "GetCompositeSchedule": ({"duration": 60, "evseId": 1}, _YES),
    "GetDisplayMessages": ({"requestId": 5}, _YES),
    "GetInstalledCertificateIds": ({}, _YES),
    "GetLocalListVersion": ({}, {"versionNumber": 3}),
    "GetLog": ({**_LOG, "logType": "DiagnosticsLog"}, {"status": "AcceptedCanceled", "filename": "log.txt"}),
    "GetMonitoringReport": ({"requestId": 6}, _YES),
    "GetReport": ({"requestId": 7}, _YES),
    "GetTransactionStatus": ({}, {"messagesInQueue": False}),
    "GetVariables": (
        {"getVariableData": [_NAMED]},
        {"getVariableResult": [{**_NAMED, "attributeStatus": "Accepted", "attributeValue": "60"}]},
    ),
    "InstallCertificate": ({"certificateType": "CSMSRootCertificate", "certificate": "PEM"}, _YES),
    "PublishFirmware": ({"location": f"{ALLOWED}fw.bin", "checksum": "0" * 32, "requestId": 8}, _YES),
    "RequestStartTransaction": ({"remoteStartId": 9, "idToken": _TOKEN, "evseId": 1}, _YES),
    "RequestStopTransaction": ({"transactionId": "T-1"}, _YES),
    "ReserveNow": ({"id": 1, "expiryDateTime": LATER, "idToken": _TOKEN}, _YES),
    "Reset": ({"type": "OnIdle", "evseId": 1}, {"status": "Scheduled"}),
    "SendLocalList": ({"versionNumber": 4, "updateType": "Full"}, _YES),
    "SetChargingProfile": ({"evseId": 0, "chargingProfile": _MAX_201}, _YES),
    "SetDisplayMessage": (
        {"message": {"id": 1, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "Hello"}}},
        _YES,
    ),
    "SetMonitoringBase": ({"monitoringBase": "All"}, _YES),
    "SetMonitoringLevel": ({"severity": 4}, _YES),
    "SetNetworkProfile": ({"configurationSlot": 1, "connectionData": _CONNECTED}, _YES),
    "SetVariableMonitoring": (
        {"setMonitoringData": [{**_NAMED, "value": 10.0, "type": "Delta", "severity": 5}]},
        {"setMonitoringResult": [{**_NAMED, "id": 1, "status": "Accepted", "type": "Delta", "severity": 5}]},
    ),
    "SetVariables": (
        {"setVariableData": [{**_NAMED, "attributeValue": "60"}]},
        {"setVariableResult": [{**_NAMED, "attributeStatus": "RebootRequired"}]},
    ),
    "TriggerMessage": ({"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}, _YES),
    "UnlockConnector": ({"evseId": 1, "connectorId": 1}, {"status": "Unlocked"}),
    "UnpublishFirmware": ({"checksum": "0" * 32}, {"status": "Unpublished"}),
    "UpdateFirmware": ({"requestId": 9, "firmware": {"location": f"{ALLOWED}fw", "retrieveDateTime": LATER}}, _YES),
}
EXAMPLES = {"ocpp1.6": EXAMPLES_16, "ocpp2.0.1": EXAMPLES_201}
