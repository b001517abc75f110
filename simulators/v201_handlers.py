"""OCPP 2.0.1: how a charging station answers what a CSMS may ask of it, one function per action."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from simulators.access import Network
from simulators.clock import parse_timestamp
from simulators.connector import StopReason
from simulators.frames import Answer, Call, JsonObject
from simulators.misconduct import duration_s, restarts
from simulators.remote_starts import Accepted, chosen_connector
from simulators.tokens import KnownToken
from simulators.upkeep import UPKEEP_201
from simulators.v201_charging import (
    clear_charging_profile,
    get_charging_profiles,
    get_composite_schedule,
    install,
    set_charging_profile,
)
from simulators.v201_variables import (
    LIST_ENTRIES,
    NETWORK_PRIORITY,
    PASSWORD,
    SAMPLE_INTERVAL,
    Name,
    read_name,
    report_row,
)

if TYPE_CHECKING:
    from simulators.v201 import V201

Handler = Callable[["V201", JsonObject, float], Answer]

ROWS_PER_REPORT = 20


def _get_variables(cs: V201, request: JsonObject, now_s: float) -> Answer:
    results = [_variable(cs, wanted) for wanted in request["getVariableData"]]
    return Answer({"getVariableResult": results}, reboot=_restarts(cs, request["getVariableData"]))


def _variable(cs: V201, wanted: JsonObject) -> JsonObject:
    name = read_name(wanted)
    result = {"attributeStatus": _unknown(cs, name), **name.wire()}
    row = cs.variables.row(name)
    if row is None:
        return result
    if wanted.get("attributeType", "Actual") != "Actual":
        return result | {"attributeStatus": "NotSupportedAttributeType"}
    if row.access == "WriteOnly":
        return result | {"attributeStatus": "Rejected"}  # B06.FR.09
    return result | {"attributeStatus": "Accepted", "attributeValue": row.value}


def _set_variables(cs: V201, request: JsonObject, now_s: float) -> Answer:
    password = cs.access.password
    results = [_change(cs, wanted, now_s) for wanted in request["setVariableData"]]
    reboot = _restarts(cs, request["setVariableData"])
    return Answer({"setVariableResult": results}, reboot=reboot, reconnect=cs.access.password != password)


def _restarts(cs: V201, named: list[JsonObject]) -> str | None:
    return restarts(cs.behaviour, [item["variable"]["name"] for item in named])


def _change(cs: V201, wanted: JsonObject, now_s: float) -> JsonObject:
    name = read_name(wanted)
    result = name.wire()
    if cs.variables.row(name) is not None and wanted.get("attributeType", "Actual") != "Actual":
        return result | {"attributeStatus": "NotSupportedAttributeType"}
    value = wanted["attributeValue"]
    if name == NETWORK_PRIORITY and not cs.access.prefer(_slots(value)):
        return result | {"attributeStatus": "Rejected"}
    outcome = cs.variables.change(name, value)
    if outcome == "Accepted" and name == PASSWORD:
        cs.access.password = value
    if outcome == "Accepted" and name == SAMPLE_INTERVAL:
        cs.model.set_sample_interval(float(value), now_s)
    return result | {"attributeStatus": _unknown(cs, name) if outcome == "Unknown" else outcome}


def _slots(text: str) -> list[int]:
    """Empty for what is no list of slots."""
    parts = text.split(",")
    return [int(part) for part in parts] if all(part.strip().isdecimal() for part in parts) else []


def _set_network_profile(cs: V201, request: JsonObject, now_s: float) -> Answer:
    """B09. It is used when its slot is first in the order, and the station boots."""
    data = request["connectionData"]
    refused = cs.access.store(request["configurationSlot"], Network(data["ocppCsmsUrl"], data["securityProfile"]))
    if refused is None:
        return Answer({"status": "Accepted"})
    return Answer({"status": "Rejected", "statusInfo": {"reasonCode": refused}})


def _unknown(cs: V201, name: Name) -> str:
    known = any(row.component == name.component for row in cs.variables)
    return "UnknownVariable" if known else "UnknownComponent"


def _get_base_report(cs: V201, request: JsonObject, now_s: float) -> Answer:
    if request["reportBase"] == "SummaryInventory":
        return Answer({"status": "NotSupported"})  # optional (B07.FR.02, B07.FR.12)
    return Answer({"status": "Accepted"}, then=lambda at_s: _reports(cs, request["requestId"], at_s))


def _reports(cs: V201, request_id: int, at_s: float) -> Iterable[Call]:
    rows = [report_row(name, row) for name in cs.variables if (row := cs.variables.row(name)) is not None]
    parts = [rows[start : start + ROWS_PER_REPORT] for start in range(0, len(rows), ROWS_PER_REPORT)]
    for number, part in enumerate(parts):
        payload = {
            "requestId": request_id,
            "generatedAt": cs.time(at_s),
            "seqNo": number,
            "tbc": number < len(parts) - 1,
            "reportData": part,
        }
        yield Call("NotifyReport", payload, triggered=True)


def _request_start(cs: V201, request: JsonObject, now_s: float) -> Answer:
    profile = request.get("chargingProfile")
    chosen = chosen_connector(cs.model, request.get("evseId"))
    if chosen is None:
        return Answer({"status": "Rejected"})
    if profile is not None and profile["chargingProfilePurpose"] != "TxProfile":
        return Answer({"status": "Rejected"})  # F01.FR.09, F01.FR.26
    after_s = duration_s(cs.behaviour.remote_start_after_s, cs.rng)
    cs.remote_starts.accept(chosen, Accepted(request, now_s, after_s))
    return Answer({"status": "Accepted"}, then=lambda at_s: begin_remote_start(cs, chosen, at_s))


def begin_remote_start(cs: V201, evse_id: int, now_s: float) -> Iterable[Call]:
    """Start what was asked for, if it is due and a car is there; otherwise it waits."""
    request = cs.remote_starts.due(cs.model.connectors[evse_id], now_s)
    if request is None:
        return ()
    transaction = cs.model.start(
        evse_id,
        request["idToken"]["idToken"],
        now_s,
        transaction_id=cs.new_transaction_id(now_s),
        remote_start_id=request["remoteStartId"],
        remote=True,
    )
    if transaction is None:
        return ()
    cs.remote_starts.forget(evse_id)
    profile = request.get("chargingProfile")
    if profile is not None:
        # F01.FR.11: the CSMS could not know the transaction's id; the station fills it in.
        install(cs, evse_id, profile | {"transactionId": transaction.transaction_id}, now_s)
    return ()


def _request_stop(cs: V201, request: JsonObject, now_s: float) -> Answer:
    transaction = cs.model.transaction(request["transactionId"])
    if transaction is None:
        return Answer({"status": "Rejected"})
    return Answer({"status": "Accepted"}, then=_stopping(cs, transaction.connector_id, "Remote"))


def _unlock(cs: V201, request: JsonObject, now_s: float) -> Answer:
    connector = cs.model.connectors.get(request["evseId"])
    if connector is None or request["connectorId"] != 1:
        return Answer({"status": "UnknownConnector"})
    if connector.transaction is not None:
        return Answer({"status": "OngoingAuthorizedTransaction"})  # F05.FR.02
    return Answer({"status": "Unlocked"})


def _stopping(cs: V201, evse_id: int, reason: StopReason) -> Callable[[float], Iterable[Call]]:
    def stop(at_s: float) -> Iterable[Call]:
        cs.model.stop(evse_id, reason, at_s)
        return ()

    return stop


def _reset(cs: V201, request: JsonObject, now_s: float) -> Answer:
    busy = any(connector.transaction is not None for connector in cs.model.connectors.values())
    if "evseId" in request:
        return Answer({"status": "Rejected"})  # B12: no reset of a single EVSE here
    if request["type"] == "OnIdle" and busy:
        return Answer({"status": "Scheduled"}, reboot="OnIdle")
    return Answer({"status": "Accepted"}, reboot="HardReset")


def _change_availability(cs: V201, request: JsonObject, now_s: float) -> Answer:
    operative = request["operationalStatus"] == "Operative"
    evse = request.get("evse")
    if evse is not None and evse["id"] not in cs.model.connectors:
        return Answer({"status": "Rejected"})
    chosen = list(cs.model.connectors) if evse is None else [evse["id"]]
    busy = not operative and any(cs.model.connectors[number].transaction is not None for number in chosen)

    def carry_out(at_s: float) -> Iterable[Call]:
        for number in chosen:
            cs.model.set_operative(number, operative, at_s)
        return ()

    return Answer({"status": "Scheduled" if busy else "Accepted"}, then=carry_out)


def _trigger(cs: V201, request: JsonObject, now_s: float) -> Answer:
    evse = request.get("evse")
    if evse is not None and evse["id"] not in cs.model.connectors:
        return Answer({"status": "Rejected"})
    chosen = list(cs.model.connectors) if evse is None else [evse["id"]]
    makers: dict[str, Callable[[float], list[Call]]] = {
        "BootNotification": lambda at_s: [cs.boot("Triggered")],
        "Heartbeat": lambda at_s: [cs.heartbeat()],
        "MeterValues": lambda at_s: [_meter_values(cs, number, at_s) for number in chosen],
        "StatusNotification": lambda at_s: [call for number in chosen for call in cs.status(number, at_s)],
        "TransactionEvent": lambda at_s: _transaction_events(cs, chosen, at_s),
    }
    make = makers.get(request["requestedMessage"])
    if make is None:
        return Answer({"status": "NotImplemented"})
    return Answer({"status": "Accepted"}, then=lambda at_s: _triggered(make(at_s)))


def _triggered(calls: list[Call]) -> Iterable[Call]:
    for call in calls:
        call.triggered = True
    return calls


def _meter_values(cs: V201, evse_id: int, at_s: float) -> Call:
    return cs.meter_values(evse_id, cs.model.connectors[evse_id].reading(at_s), "Trigger")


def _transaction_events(cs: V201, evse_ids: list[int], at_s: float) -> list[Call]:
    connectors = [cs.model.connectors[number] for number in evse_ids]
    return [
        cs.updated(connector.transaction, connector.reading(at_s), "Trigger", "Trigger")
        for connector in connectors
        if connector.transaction is not None
    ]


def _clear_cache(cs: V201, request: JsonObject, now_s: float) -> Answer:
    cs.tokens.clear_cache()
    return Answer({"status": "Accepted"})


def _get_local_list_version(cs: V201, request: JsonObject, now_s: float) -> Answer:
    return Answer({"versionNumber": cs.tokens.version})


def _send_local_list(cs: V201, request: JsonObject, now_s: float) -> Answer:
    entries = [
        (item["idToken"]["idToken"], known_token(item["idTokenInfo"]) if "idTokenInfo" in item else None)
        for item in request.get("localAuthorizationList", ())
    ]
    status = cs.tokens.update(request["versionNumber"], request["updateType"], entries)
    cs.variables.set(LIST_ENTRIES, str(len(cs.tokens.listed)))
    return Answer({"status": status})


def known_token(info: JsonObject) -> KnownToken:
    """What an IdTokenInfo says."""
    expires, group = info.get("cacheExpiryDateTime"), info.get("groupIdToken", {}).get("idToken")
    return KnownToken(info["status"], group, None if expires is None else parse_timestamp(expires))


def _get_transaction_status(cs: V201, request: JsonObject, now_s: float) -> Answer:
    waiting: JsonObject = {"messagesInQueue": cs.messages_waiting}
    if "transactionId" not in request:
        return Answer(waiting)  # E14.FR.06: no ongoingIndicator without a transaction
    return Answer(waiting | {"ongoingIndicator": cs.model.transaction(request["transactionId"]) is not None})


HANDLERS: dict[str, Handler] = {
    "ChangeAvailability": _change_availability,
    "ClearCache": _clear_cache,
    "ClearChargingProfile": clear_charging_profile,
    "DataTransfer": lambda cs, request, now_s: Answer({"status": "UnknownVendorId"}),
    "GetBaseReport": _get_base_report,
    "GetChargingProfiles": get_charging_profiles,
    "GetCompositeSchedule": get_composite_schedule,
    "GetLocalListVersion": _get_local_list_version,
    "GetTransactionStatus": _get_transaction_status,
    "GetVariables": _get_variables,
    "RequestStartTransaction": _request_start,
    "RequestStopTransaction": _request_stop,
    "Reset": _reset,
    "SendLocalList": _send_local_list,
    "SetChargingProfile": set_charging_profile,
    "SetNetworkProfile": _set_network_profile,
    "SetVariables": _set_variables,
    "TriggerMessage": _trigger,
    "UnlockConnector": _unlock,
    **UPKEEP_201,
}
