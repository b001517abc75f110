"""Operators' commands as 1.6 requests (chapter 5 and the security extension): one function each."""

from __future__ import annotations

from collections.abc import Sequence

from csms.charge_points.operator_requests import (
    Known,
    Request,
    Requests,
    cancel_reservation,
    clear_cache,
    delete_certificate,
    given,
    time_or_none,
)
from csms.charge_points.schemas import JsonObject
from csms.charge_points.times import rfc3339
from csms.domain import operator_commands as oc

WHOLE = 0
"""connectorId of the charge point itself."""


def start_session(command: oc.StartSession, _known: Known) -> Sequence[Request]:
    return [Request("RemoteStartTransaction", {"idTag": command.id_token, **given(connectorId=command.connector_id)})]


def stop_session(command: oc.StopSession, _known: Known) -> Sequence[Request]:
    if not command.transaction_id.removeprefix("-").isdecimal():
        raise oc.ValueImpossible("transaction_id", "must be a whole number in OCPP 1.6")
    return [Request("RemoteStopTransaction", {"transactionId": int(command.transaction_id)})]


def set_availability(command: oc.SetAvailability, _known: Known) -> Sequence[Request]:
    kind = "Operative" if command.operative else "Inoperative"
    return [Request("ChangeAvailability", {"connectorId": command.connector_id or WHOLE, "type": kind})]


def reset(command: oc.Reset, _known: Known) -> Sequence[Request]:
    kind = {"soft": "Soft", "hard": "Hard"}.get(command.kind)
    if kind is None or command.connector_id is not None:
        raise oc.NotInVersion("OCPP 1.6 resets the charge point as a whole, and does not wait until it is idle")
    return [Request("Reset", {"type": kind})]


def unlock_connector(command: oc.UnlockConnector, _known: Known) -> Sequence[Request]:
    return [Request("UnlockConnector", {"connectorId": command.connector_id})]


MESSAGES = {
    "boot": "BootNotification",
    "heartbeat": "Heartbeat",
    "status": "StatusNotification",
    "meter_values": "MeterValues",
    "firmware_status": "FirmwareStatusNotification",
    "diagnostics_status": "DiagnosticsStatusNotification",
}
EXTENDED_MESSAGES = {"log_status": "LogStatusNotification", "sign_certificate": "SignChargePointCertificate"}


def trigger_message(command: oc.TriggerMessage, _known: Known) -> Sequence[Request]:
    plain, extended = MESSAGES.get(command.message), EXTENDED_MESSAGES.get(command.message)
    if plain is None and extended is None:
        raise oc.NotInVersion(f"OCPP 1.6 has no message {command.message} to ask for")
    payload = {"requestedMessage": plain or extended, **given(connectorId=command.connector_id)}
    return [Request("TriggerMessage" if plain else "ExtendedTriggerMessage", payload)]


def get_configuration(command: oc.GetConfiguration, _known: Known) -> Sequence[Request]:
    return [Request("GetConfiguration", {"key": list(command.keys)} if command.keys else {})]


def set_configuration(command: oc.SetConfiguration, _known: Known) -> Sequence[Request]:
    return [
        Request("ChangeConfiguration", {"key": key, "value": value}, {"key": key})
        for key, value in command.values.items()
    ]


def get_composite_schedule(command: oc.GetCompositeSchedule, _known: Known) -> Sequence[Request]:
    payload = {"connectorId": command.connector_id, "duration": command.duration_s}
    return [Request("GetCompositeSchedule", {**payload, **given(chargingRateUnit=command.unit)})]


def reserve_now(command: oc.ReserveNow, _known: Known) -> Sequence[Request]:
    payload = {
        "connectorId": command.connector_id or WHOLE,
        "expiryDate": rfc3339(command.until_s),
        "idTag": command.id_token,
        "reservationId": command.reservation_id,
        **given(parentIdTag=command.group_id),
    }
    return [Request("ReserveNow", payload)]


def send_local_list(command: oc.SendLocalList, _known: Known) -> Sequence[Request]:
    """Chapter 5.15. An entry without idTagInfo takes the tag off the list."""
    payload: JsonObject = {
        "listVersion": command.version,
        "updateType": "Full" if command.full else "Differential",
        "localAuthorizationList": [_entry(entry) for entry in command.entries],
    }
    return [Request("SendLocalList", payload)]


def _entry(entry: oc.ListEntry) -> JsonObject:
    told: JsonObject = {"idTag": entry.id_token}
    if entry.status is None:
        return told
    info = given(status=entry.status, expiryDate=time_or_none(entry.expires_at_s), parentIdTag=entry.group_id)
    return {**told, "idTagInfo": info}


def update_firmware(command: oc.UpdateFirmware, _known: Known) -> Sequence[Request]:
    """Chapter 5.19; where there is a signature, L01 of the security extension."""
    again = given(retries=command.retries, retryInterval=command.retry_interval_s)
    if command.signing_certificate is None or command.signature is None:
        if command.install_at_s is not None:
            raise oc.NotInVersion("OCPP 1.6 lets unsigned firmware be installed as soon as it is there")
        payload = {"location": command.location, "retrieveDate": rfc3339(command.retrieve_at_s), **again}
        return [Request("UpdateFirmware", payload)]
    firmware = {
        "location": command.location,
        "retrieveDateTime": rfc3339(command.retrieve_at_s),
        "signingCertificate": command.signing_certificate,
        "signature": command.signature,
        **given(installDateTime=time_or_none(command.install_at_s)),
    }
    return [Request("SignedUpdateFirmware", {"requestId": command.request_id, "firmware": firmware, **again})]


def get_log(command: oc.GetLog, _known: Known) -> Sequence[Request]:
    """Diagnostics are as old as 1.6; logs came with the security extension."""
    again = given(retries=command.retries, retryInterval=command.retry_interval_s)
    if command.kind == "diagnostics":
        payload = {
            "location": command.location,
            **given(startTime=time_or_none(command.from_s), stopTime=time_or_none(command.to_s)),
            **again,
        }
        return [Request("GetDiagnostics", payload)]
    span = given(oldestTimestamp=time_or_none(command.from_s), latestTimestamp=time_or_none(command.to_s))
    log = {"remoteLocation": command.location, **span}
    return [Request("GetLog", {"logType": "SecurityLog", "requestId": command.request_id, "log": log, **again})]


def data_transfer(command: oc.DataTransfer, _known: Known) -> Sequence[Request]:
    if command.data is not None and not isinstance(command.data, str):
        raise oc.ValueImpossible("data", "must be a text in OCPP 1.6")
    told = given(messageId=command.message_id, data=command.data)
    return [Request("DataTransfer", {"vendorId": command.vendor_id, **told})]


CERTIFICATES = {
    "central_system_root": "CentralSystemRootCertificate",
    "manufacturer_root": "ManufacturerRootCertificate",
}


def install_certificate(command: oc.InstallCertificate, _known: Known) -> Sequence[Request]:
    payload = {"certificateType": _certificate(command.kind), "certificate": command.certificate}
    return [Request("InstallCertificate", payload)]


def get_installed_certificates(command: oc.GetInstalledCertificates, _known: Known) -> Sequence[Request]:
    """1.6 is asked for one kind at a time."""
    kinds = list(CERTIFICATES) if command.kind is None else [command.kind]
    return [
        Request("GetInstalledCertificateIds", {"certificateType": _certificate(kind)}, {"kind": kind}) for kind in kinds
    ]


def _certificate(kind: str) -> str:
    if kind not in CERTIFICATES:
        raise oc.NotInVersion(f"OCPP 1.6 has no certificates of the kind {kind}")
    return CERTIFICATES[kind]


REQUESTS: Requests = {
    oc.StartSession: start_session,
    oc.StopSession: stop_session,
    oc.SetAvailability: set_availability,
    oc.Reset: reset,
    oc.UnlockConnector: unlock_connector,
    oc.TriggerMessage: trigger_message,
    oc.GetConfiguration: get_configuration,
    oc.SetConfiguration: set_configuration,
    oc.GetCompositeSchedule: get_composite_schedule,
    oc.ReserveNow: reserve_now,
    oc.CancelReservation: cancel_reservation,
    oc.SendLocalList: send_local_list,
    oc.UpdateFirmware: update_firmware,
    oc.GetLog: get_log,
    oc.ClearCache: clear_cache,
    oc.DataTransfer: data_transfer,
    oc.InstallCertificate: install_certificate,
    oc.DeleteCertificate: delete_certificate,
    oc.GetInstalledCertificates: get_installed_certificates,
}
