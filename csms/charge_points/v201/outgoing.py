"""The 2.0.1 requests that a central system sends (part 2, by functional block)."""

from __future__ import annotations

from collections.abc import Mapping

OUTGOING: Mapping[str, str] = {
    "CancelReservation": "ends a reservation",
    "CertificateSigned": "hands over the certificate that was asked for",
    "ChangeAvailability": "takes a connector, an EVSE or the station into or out of operation",
    "ClearCache": "empties the authorization cache",
    "ClearChargingProfile": "removes charging profiles that are not the balancer's",
    "ClearDisplayMessage": "removes a message from the display",
    "ClearVariableMonitoring": "removes monitors of variables",
    "CostUpdated": "tells what a running transaction costs so far",
    "CustomerInformation": "asks for what is stored of a customer, or for its removal",
    "DataTransfer": "a vendor's own message",
    "DeleteCertificate": "removes a certificate, named by its hashes",
    "GetBaseReport": "asks for the device model",
    "GetChargingProfiles": "asks which charging profiles are installed",
    "GetCompositeSchedule": "asks what an EVSE obeys",
    "GetDisplayMessages": "asks which messages are on the display",
    "GetInstalledCertificateIds": "asks which certificates are installed",
    "GetLocalListVersion": "asks for the version of the local list",
    "GetLog": "asks for an upload of a log",
    "GetMonitoringReport": "asks which monitors are set",
    "GetReport": "asks for a part of the device model",
    "GetTransactionStatus": "asks whether a transaction runs, and whether messages of it are queued",
    "GetVariables": "asks for variables",
    "InstallCertificate": "installs a root certificate",
    "PublishFirmware": "asks a local controller to offer firmware to its stations",
    "RequestStartTransaction": "asks for a transaction to be started",
    "RequestStopTransaction": "asks for a transaction to be ended",
    "ReserveNow": "reserves an EVSE for an id token",
    "Reset": "restarts the station or an EVSE",
    "SendLocalList": "replaces or changes the local list",
    "SetChargingProfile": "sets a maximum of the station; other profiles are the balancer's",
    "SetDisplayMessage": "puts a message on the display",
    "SetMonitoringBase": "chooses which monitors are active",
    "SetMonitoringLevel": "chooses from which severity on events are reported",
    "SetNetworkProfile": "stores how to reach a central system",
    "SetVariableMonitoring": "sets monitors of variables",
    "SetVariables": "sets variables",
    "TriggerMessage": "asks for a message",
    "UnlockConnector": "unlocks a cable",
    "UnpublishFirmware": "asks a local controller to withdraw firmware",
    "UpdateFirmware": "asks for an update of the firmware",
}
"""By action, what it does. The balancer sends some of them by itself; operators may send all."""
