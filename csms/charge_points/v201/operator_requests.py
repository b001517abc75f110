"""Operators' commands as 2.0.1 requests (part 2): one function each. The domain's connector is the EVSE."""

from __future__ import annotations

import re
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

STATION = 0
"""evseId of the station itself."""


def start_session(command: oc.StartSession, _known: Known) -> Sequence[Request]:
    """F01. Without an EVSE the driver chooses one."""
    payload = {
        "remoteStartId": command.remote_start_id,
        "idToken": _token(command.id_token, command.kind),
        **given(evseId=command.connector_id),
    }
    return [Request("RequestStartTransaction", payload)]


def stop_session(command: oc.StopSession, _known: Known) -> Sequence[Request]:
    return [Request("RequestStopTransaction", {"transactionId": command.transaction_id})]


def set_availability(command: oc.SetAvailability, _known: Known) -> Sequence[Request]:
    """G03 for an EVSE, G04 for the station."""
    payload: JsonObject = {"operationalStatus": "Operative" if command.operative else "Inoperative"}
    return [Request("ChangeAvailability", {**payload, **_evse(command.connector_id)})]


def reset(command: oc.Reset, _known: Known) -> Sequence[Request]:
    """B11, B12. There is one way to reset at once, and it ends transactions properly."""
    kind = "OnIdle" if command.kind == "on_idle" else "Immediate"
    return [Request("Reset", {"type": kind, **given(evseId=command.connector_id)})]


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
    """F06. A status belongs to a connector, so its trigger names one (F06.FR.13); the first stands for its EVSE."""
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
        "component": {"name": component, **given(instance=of)},
        "variable": {"name": variable, **given(instance=which)},
    }


def get_composite_schedule(command: oc.GetCompositeSchedule, _known: Known) -> Sequence[Request]:
    payload = {"evseId": command.connector_id, "duration": command.duration_s}
    return [Request("GetCompositeSchedule", {**payload, **given(chargingRateUnit=command.unit)})]


def reserve_now(command: oc.ReserveNow, _known: Known) -> Sequence[Request]:
    """H01."""
    payload = {
        "id": command.reservation_id,
        "expiryDateTime": rfc3339(command.until_s),
        "idToken": _token(command.id_token, command.kind),
        **given(evseId=command.connector_id, groupIdToken=_group(command.group_id, command.kind)),
    }
    return [Request("ReserveNow", payload)]


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
    group = _group(entry.group_id, entry.kind)
    info = given(status=entry.status, cacheExpiryDateTime=time_or_none(entry.expires_at_s), groupIdToken=group)
    return {**told, "idTokenInfo": info}


def update_firmware(command: oc.UpdateFirmware, _known: Known) -> Sequence[Request]:
    """L01 with a signature, L02 without."""
    firmware = {
        "location": command.location,
        "retrieveDateTime": rfc3339(command.retrieve_at_s),
        **given(installDateTime=time_or_none(command.install_at_s)),
    }
    if command.signing_certificate is not None and command.signature is not None:
        firmware |= {"signingCertificate": command.signing_certificate, "signature": command.signature}
    again = given(retries=command.retries, retryInterval=command.retry_interval_s)
    return [Request("UpdateFirmware", {"requestId": command.request_id, "firmware": firmware, **again})]


def get_log(command: oc.GetLog, _known: Known) -> Sequence[Request]:
    """N01."""
    span = given(oldestTimestamp=time_or_none(command.from_s), latestTimestamp=time_or_none(command.to_s))
    payload: JsonObject = {
        "logType": "DiagnosticsLog" if command.kind == "diagnostics" else "SecurityLog",
        "requestId": command.request_id,
        "log": {"remoteLocation": command.location, **span},
    }
    return [Request("GetLog", {**payload, **given(retries=command.retries, retryInterval=command.retry_interval_s)})]


def data_transfer(command: oc.DataTransfer, _known: Known) -> Sequence[Request]:
    told = given(messageId=command.message_id, data=command.data)
    return [Request("DataTransfer", {"vendorId": command.vendor_id, **told})]


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


def get_installed_certificates(command: oc.GetInstalledCertificates, _known: Known) -> Sequence[Request]:
    """M03."""
    kinds = {} if command.kind is None else {"certificateType": [CERTIFICATES[command.kind]]}
    return [Request("GetInstalledCertificateIds", kinds)]


def set_display_message(command: oc.SetDisplayMessage, _known: Known) -> Sequence[Request]:
    """O01, O02."""
    message = {
        "id": command.message_id,
        "priority": command.priority,
        "message": {"format": "UTF8", "content": command.text, **given(language=command.language)},
        **given(
            state=command.state,
            startDateTime=time_or_none(command.from_s),
            endDateTime=time_or_none(command.to_s),
            transactionId=command.transaction_id,
        ),
    }
    return [Request("SetDisplayMessage", {"message": message})]


def _evse(connector_id: int | None) -> JsonObject:
    return {} if connector_id is None else {"evse": {"id": connector_id}}


def _token(id_token: str, kind: str) -> JsonObject:
    return {"idToken": id_token, "type": kind}


def _group(group_id: str | None, kind: str) -> JsonObject | None:
    return None if group_id is None else _token(group_id, kind)


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
    oc.SetDisplayMessage: set_display_message,
}
