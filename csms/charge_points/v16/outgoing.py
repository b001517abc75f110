"""The 1.6 requests that a central system sends (chapter 5, and the security extension's)."""

from __future__ import annotations

from collections.abc import Mapping

OUTGOING: Mapping[str, str] = {
    "CancelReservation": "ends a reservation",
    "CertificateSigned": "hands over the certificate that was asked for",
    "ChangeAvailability": "takes a connector, or all of them, into or out of operation",
    "ChangeConfiguration": "sets a configuration key",
    "ClearCache": "empties the authorization cache",
    "ClearChargingProfile": "removes charging profiles that are not the balancer's",
    "DataTransfer": "a vendor's own message",
    "DeleteCertificate": "removes a certificate, named by its hashes",
    "ExtendedTriggerMessage": "asks for a message, of the security extension too",
    "GetCompositeSchedule": "asks what a connector obeys",
    "GetConfiguration": "asks for configuration keys",
    "GetDiagnostics": "asks for an upload of diagnostics",
    "GetInstalledCertificateIds": "asks which certificates are installed",
    "GetLocalListVersion": "asks for the version of the local list",
    "GetLog": "asks for an upload of a log",
    "InstallCertificate": "installs a root certificate",
    "RemoteStartTransaction": "asks for a transaction to be started",
    "RemoteStopTransaction": "asks for a transaction to be ended",
    "ReserveNow": "reserves a connector for an id token",
    "Reset": "restarts the charge point",
    "SendLocalList": "replaces or changes the local list",
    "SetChargingProfile": "sets a maximum of the charge point; other profiles are the balancer's",
    "SignedUpdateFirmware": "asks for an update with signed firmware",
    "TriggerMessage": "asks for a message",
    "UnlockConnector": "unlocks a cable",
    "UpdateFirmware": "asks for an update of the firmware",
}
"""By action, what it does. The balancer sends some of them by itself; operators may send all."""
