"""Operators' commands as 2.0.1 requests (part 2): one function each. The domain's connector is the EVSE."""

from __future__ import annotations

import re
from collections.abc import Sequence

from csms.charge_points.operator_requests import Known, Request, Requests
from csms.charge_points.schemas import JsonObject
from csms.charge_points.times import rfc3339
from csms.domain import operator_commands as oc

STATION = 0
"""evseId of the station itself."""


def start_session(command: oc.StartSession, _known: Known) -> Sequence[Request]:
    """F01. Without an EVSE the driver chooses one."""
    payload: JsonObject = {
        "remoteStartId": command.remote_start_id,
        "idToken": _token(command.id_token, command.kind),
    }
    if command.connector_id is not None:
        payload["evseId"] = command.connector_id
    return [Request("RequestStartTransaction", payload)]


def end_session(command: oc.EndSession, _known: Known) -> Sequence[Request]:
    return [Request("RequestStopTransaction", {"transactionId": command.transaction_id})]


def set_availability(command: oc.SetAvailability, _known: Known) -> Sequence[Request]:
    """G03 for an EVSE, G04 for the station."""
    payload: JsonObject = {"operationalStatus": "Operative" if command.operative else "Inoperative"}
    return [Request("ChangeAvailability", {**payload, **_evse(command.connector_id)})]


def reset(command: oc.Reset, _known: Known) -> Sequence[Request]:
    """B11, B12. There is one way to reset at once, and it ends transactions properly."""
    payload: JsonObject = {"type": "OnIdle" if command.kind == "on_idle" else "Immediate"}
    if command.connector_id is not None:
        payload["evseId"] = command.connector_id
    return [Request("Reset", payload)]


def unlock_connector(command: oc.UnlockConnector, _known: Known) -> Sequence[Request]:
    return [Request("UnlockConnector", {"evseId": command.connector_id, "connectorId": 1})]


MESSAGES = {
    "boot": "BootNotification",
    "heartbeat": "Heartbeat",
    "status": "StatusNotification",
    "meter_values": "MeterValues",
    "firmware_status": "FirmwareStatusNotification",
    "log_status": "LogStatusNotification",
    "sign_certificate": "SignChargingStationCertificate",
    "transaction": "TransactionEvent",
    "published_firmware_status": "PublishFirmwareStatusNotification",
}


def trigger_message(command: oc.TriggerMessage, _known: Known) -> Sequence[Request]:
    """F06. A status belongs to a connector, so its trigger names one (F06.FR.12); the first stands for its EVSE."""
    message = MESSAGES.get(command.message)
    if message is None:
        raise oc.NotInVersion(f"OCPP 2.0.1 has no message {command.message} to ask for")
    payload: JsonObject = {"requestedMessage": message, **_evse(command.connector_id)}
    if command.message == "status":
        if command.connector_id is None:
            raise oc.ValueImpossible("connector_id", "is required for the status in OCPP 2.0.1")
        payload["evse"]["connectorId"] = 1
    return [Request("TriggerMessage", payload)]


def get_configuration(command: oc.GetConfiguration, known: Known) -> Sequence[Request]:
    """B06; all of it is a report, whose parts come as messages of their own (B07)."""
    if not command.keys:
        payload = {"requestId": command.request_id, "reportBase": "ConfigurationInventory"}
        return [Request("GetBaseReport", payload)]
    wanted = [_variable(key) for key in command.keys]
    return [Request("GetVariables", {"getVariableData": part}) for part in known.chunks("GetVariables", wanted)]


def set_configuration(command: oc.SetConfiguration, known: Known) -> Sequence[Request]:
    """B05."""
    wanted = [{**_variable(key), "attributeValue": value} for key, value in command.values.items()]
    return [Request("SetVariables", {"setVariableData": part}) for part in known.chunks("SetVariables", wanted)]


_NAME = r"([^.\[\]]+)(?:\[([^\[\]]+)\])?"
_KEY = re.compile(rf"{_NAME}\.{_NAME}")


def _variable(key: str) -> JsonObject:
    """`Component.Variable`, either with its instance in brackets."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise oc.ValueImpossible("keys", "must be written Component.Variable in OCPP 2.0.1, instances in [brackets]")
    component, of, variable, which = match.groups()
    return {
        "component": {"name": component, **({"instance": of} if of else {})},
        "variable": {"name": variable, **({"instance": which} if which else {})},
    }


def get_composite_schedule(command: oc.GetCompositeSchedule, _known: Known) -> Sequence[Request]:
    payload: JsonObject = {"evseId": command.connector_id, "duration": command.duration_s}
    if command.unit is not None:
        payload["chargingRateUnit"] = command.unit
    return [Request("GetCompositeSchedule", payload)]


def reserve_now(command: oc.ReserveNow, _known: Known) -> Sequence[Request]:
    """H01."""
    payload: JsonObject = {
        "id": command.reservation_id,
        "expiryDateTime": rfc3339(command.until_s),
        "idToken": _token(command.id_token, command.kind),
    }
    if command.connector_id is not None:
        payload["evseId"] = command.connector_id
    if command.group_id is not None:
        payload["groupIdToken"] = _token(command.group_id, command.kind)
    return [Request("ReserveNow", payload)]


def cancel_reservation(command: oc.CancelReservation, _known: Known) -> Sequence[Request]:
    return [Request("CancelReservation", {"reservationId": command.reservation_id})]


def send_local_list(command: oc.SendLocalList, _known: Known) -> Sequence[Request]:
    """D01. An entry without idTokenInfo takes the token off the list (D01.FR.17)."""
    payload: JsonObject = {
        "versionNumber": command.version,
        "updateType": "Full" if command.full else "Differential",
        "localAuthorizationList": [_entry(entry) for entry in command.entries],
    }
    return [Request("SendLocalList", payload)]


def _entry(entry: oc.ListEntry) -> JsonObject:
    told: JsonObject = {"idToken": _token(entry.id_token, entry.kind)}
    if entry.status is None:
        return told
    info: JsonObject = {"status": entry.status}
    if entry.expires_at_s is not None:
        info["cacheExpiryDateTime"] = rfc3339(entry.expires_at_s)
    if entry.group_id is not None:
        info["groupIdToken"] = _token(entry.group_id, entry.kind)
    return {**told, "idTokenInfo": info}


def update_firmware(command: oc.UpdateFirmware, _known: Known) -> Sequence[Request]:
    """L01 with a signature, L02 without."""
    firmware: JsonObject = {"location": command.location, "retrieveDateTime": rfc3339(command.retrieve_at_s)}
    if command.install_at_s is not None:
        firmware["installDateTime"] = rfc3339(command.install_at_s)
    if command.signing_certificate is not None and command.signature is not None:
        firmware |= {"signingCertificate": command.signing_certificate, "signature": command.signature}
    again = _retries(command.retries, command.retry_interval_s)
    return [Request("UpdateFirmware", {"requestId": command.request_id, "firmware": firmware, **again})]


def get_log(command: oc.GetLog, _known: Known) -> Sequence[Request]:
    """N01."""
    times = (("oldestTimestamp", command.from_s), ("latestTimestamp", command.to_s))
    span = {name: rfc3339(at_s) for name, at_s in times if at_s is not None}
    payload: JsonObject = {
        "logType": "DiagnosticsLog" if command.kind == "diagnostics" else "SecurityLog",
        "requestId": command.request_id,
        "log": {"remoteLocation": command.location, **span},
    }
    return [Request("GetLog", {**payload, **_retries(command.retries, command.retry_interval_s)})]


def _retries(retries: int | None, interval_s: int | None) -> JsonObject:
    told = (("retries", retries), ("retryInterval", interval_s))
    return {name: value for name, value in told if value is not None}


def clear_cache(_command: oc.ClearCache, _known: Known) -> Sequence[Request]:
    return [Request("ClearCache", {})]


def data_transfer(command: oc.DataTransfer, _known: Known) -> Sequence[Request]:
    told = (("messageId", command.message_id), ("data", command.data))
    return [Request("DataTransfer", {"vendorId": command.vendor_id, **{n: v for n, v in told if v is not None}})]


CERTIFICATES = {
    "central_system_root": "CSMSRootCertificate",
    "manufacturer_root": "ManufacturerRootCertificate",
    "v2g_root": "V2GRootCertificate",
    "mo_root": "MORootCertificate",
}


def install_certificate(command: oc.InstallCertificate, _known: Known) -> Sequence[Request]:
    """M05."""
    payload = {"certificateType": CERTIFICATES[command.kind], "certificate": command.certificate}
    return [Request("InstallCertificate", payload)]


def delete_certificate(command: oc.DeleteCertificate, _known: Known) -> Sequence[Request]:
    """M04."""
    hashes = {
        "hashAlgorithm": command.hash_algorithm,
        "issuerNameHash": command.issuer_name_hash,
        "issuerKeyHash": command.issuer_key_hash,
        "serialNumber": command.serial_number,
    }
    return [Request("DeleteCertificate", {"certificateHashData": hashes})]


def get_installed_certificates(command: oc.GetInstalledCertificates, _known: Known) -> Sequence[Request]:
    """M03."""
    kinds = {} if command.kind is None else {"certificateType": [CERTIFICATES[command.kind]]}
    return [Request("GetInstalledCertificateIds", kinds)]


def set_display_message(command: oc.SetDisplayMessage, _known: Known) -> Sequence[Request]:
    """O01, O02."""
    told = (
        ("state", command.state),
        ("startDateTime", None if command.from_s is None else rfc3339(command.from_s)),
        ("endDateTime", None if command.to_s is None else rfc3339(command.to_s)),
        ("transactionId", command.transaction_id),
    )
    content: JsonObject = {"format": "UTF8", "content": command.text}
    if command.language is not None:
        content["language"] = command.language
    message: JsonObject = {"id": command.message_id, "priority": command.priority, "message": content}
    return [Request("SetDisplayMessage", {"message": {**message, **{n: v for n, v in told if v is not None}}})]


def _evse(connector_id: int | None) -> JsonObject:
    return {} if connector_id is None else {"evse": {"id": connector_id}}


def _token(id_token: str, kind: str) -> JsonObject:
    return {"idToken": id_token, "type": kind}


REQUESTS: Requests = {
    oc.StartSession: start_session,
    oc.EndSession: end_session,
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
    oc.SetDisplayMessage: set_display_message,
}
