"""OCPP 1.6-J: how a charge point answers what a central system may ask of it, one function per action."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from simulators.clock import parse_timestamp
from simulators.composite import composite_outcome, composite_schedule
from simulators.connector import StopReason
from simulators.frames import Answer, Call, JsonObject, error_answer
from simulators.misconduct import duration_s, restarts, told, verdict
from simulators.remote_starts import Accepted, chosen_connector
from simulators.tokens import KnownToken
from simulators.upkeep import UPKEEP_16
from simulators.v16_profiles import PURPOSES, rate_unit, read_profile, write_composite

if TYPE_CHECKING:
    from simulators.v16 import V16

Handler = Callable[["V16", JsonObject, float], Answer]


def _change_availability(cp: V16, request: JsonObject, now_s: float) -> Answer:
    wanted, operative = request["connectorId"], request["type"] == "Operative"
    connectors = cp.model.connectors
    if wanted != 0 and wanted not in connectors:
        return Answer({"status": "Rejected"})
    chosen = list(connectors) if wanted == 0 else [wanted]
    busy = not operative and any(connectors[number].transaction is not None for number in chosen)

    def carry_out(at_s: float) -> Iterable[Call]:
        for number in chosen:
            cp.model.set_operative(number, operative, at_s)
        return cp.status(0, at_s) if wanted == 0 else ()

    return Answer({"status": "Scheduled" if busy else "Accepted"}, then=carry_out)


def _change_configuration(cp: V16, request: JsonObject, now_s: float) -> Answer:
    key = request["key"]
    outcome = cp.settings.change(key, request["value"])
    if outcome == "Accepted" and key == "MeterValueSampleInterval":
        cp.model.set_sample_interval(float(request["value"]), now_s)
    reboot, reconnect = restarts(cp.behaviour, [key]), outcome == "Accepted" and key == "AuthorizationKey"
    if reconnect:
        cp.access.password = request["value"]
    return Answer({"status": "NotSupported" if outcome == "Unknown" else outcome}, reboot=reboot, reconnect=reconnect)


def _get_configuration(cp: V16, request: JsonObject, now_s: float) -> Answer:
    known: list[JsonObject] = []
    unknown: list[str] = []
    asked = request.get("key") or list(cp.settings)
    for key in asked:
        row = cp.settings.row(key)
        if row is None:
            unknown.append(key)
            continue
        entry: JsonObject = {"key": key, "readonly": row.access == "ReadOnly"}
        known.append(entry if row.access == "WriteOnly" else entry | {"value": row.value})
    payload: JsonObject = {"configurationKey": known}
    return Answer(payload | ({"unknownKey": unknown} if unknown else {}), reboot=restarts(cp.behaviour, asked))


def _clear_cache(cp: V16, request: JsonObject, now_s: float) -> Answer:
    cp.tokens.clear_cache()
    return Answer({"status": "Accepted"})


def _get_local_list_version(cp: V16, request: JsonObject, now_s: float) -> Answer:
    return Answer({"listVersion": cp.tokens.version})


def _send_local_list(cp: V16, request: JsonObject, now_s: float) -> Answer:
    entries = [
        (item["idTag"], known_token(item["idTagInfo"]) if "idTagInfo" in item else None)
        for item in request.get("localAuthorizationList", ())
    ]
    return Answer({"status": cp.tokens.update(request["listVersion"], request["updateType"], entries)})


def known_token(info: JsonObject) -> KnownToken:
    """What an idTagInfo says."""
    expires = info.get("expiryDate")
    return KnownToken(info["status"], info.get("parentIdTag"), None if expires is None else parse_timestamp(expires))


def _data_transfer(cp: V16, request: JsonObject, now_s: float) -> Answer:
    return Answer({"status": "UnknownVendorId"})


def _set_charging_profile(cp: V16, request: JsonObject, now_s: float) -> Answer:
    connector_id, wire = request["connectorId"], request["csChargingProfiles"]
    try:
        profile = read_profile(wire)
    except ValueError as error:
        return error_answer("PropertyConstraintViolation", str(error))
    match verdict(cp.behaviour, connector_id, wire):
        case "reject":
            return Answer({"status": "Rejected"})
        case "not supported":
            return Answer({"status": "NotSupported"})
        case "ignore":
            return Answer({"status": "Accepted"})
        case "take":
            refusal = cp.model.install(connector_id, profile, now_s, after_s=_effect_after_s(cp))
            return Answer({"status": "Rejected" if refusal else "Accepted"})


def _clear_charging_profile(cp: V16, request: JsonObject, now_s: float) -> Answer:
    purpose = request.get("chargingProfilePurpose")
    cleared = cp.model.change_profiles(
        lambda store: store.clear(
            profile_id=request.get("id"),
            connector_id=request.get("connectorId"),
            purpose=PURPOSES[purpose] if purpose else None,
            stack_level=request.get("stackLevel"),
        ),
        now_s,
        after_s=_effect_after_s(cp),
    )
    return Answer({"status": "Accepted" if cleared else "Unknown"})


def _effect_after_s(cp: V16) -> float:
    return duration_s(cp.behaviour.applies_after_s, cp.rng)


def _get_composite_schedule(cp: V16, request: JsonObject, now_s: float) -> Answer:
    connector_id, model = request["connectorId"], cp.model
    unit = rate_unit(request.get("chargingRateUnit"), model.hardware.unit)
    if (connector_id and connector_id not in model.connectors) or unit not in model.profiles.rules.units:
        return Answer({"status": "Rejected"})
    match composite_outcome(cp.behaviour.composite_schedule, connector_id):
        case "not supported":
            return error_answer("NotSupported", "simulated")
        case "rejected":
            return Answer({"status": "Rejected"})
        case "no schedule":
            return Answer({"status": "Accepted"})
    composite = told(
        cp.behaviour,
        composite_schedule(
            model.hardware,
            model.profiles,
            model.running(),
            connector_id,
            model.clock_s(now_s),
            request["duration"],
            unit,
        ),
    )
    return Answer({"status": "Accepted"} | write_composite(composite, connector_id, cp.shown(composite.start_s)))


def _remote_start(cp: V16, request: JsonObject, now_s: float) -> Answer:
    profile = request.get("chargingProfile")
    chosen = chosen_connector(cp.model, request.get("connectorId"))
    if chosen is None:
        return Answer({"status": "Rejected"})
    if profile is not None and profile["chargingProfilePurpose"] != "TxProfile":
        return Answer({"status": "Rejected"})  # 1.6 5.11: nothing else belongs in a remote start
    after_s = duration_s(cp.behaviour.remote_start_after_s, cp.rng)
    cp.remote_starts.accept(chosen, Accepted(request, now_s, after_s))
    return Answer({"status": "Accepted"}, then=lambda at_s: begin_remote_start(cp, chosen, at_s))


def begin_remote_start(cp: V16, connector_id: int, now_s: float) -> Iterable[Call]:
    """Start what was asked for, if it is due and a car is there; otherwise it waits."""
    request = cp.remote_starts.due(cp.model.connectors[connector_id], now_s)
    if request is None or cp.model.start(connector_id, request["idTag"], now_s, remote=True) is None:
        return ()
    cp.remote_starts.forget(connector_id)
    wire = request.get("chargingProfile")
    if wire is not None and verdict(cp.behaviour, connector_id, wire) == "take":
        cp.model.install(connector_id, read_profile(wire), now_s, after_s=_effect_after_s(cp))
    return ()


def _remote_stop(cp: V16, request: JsonObject, now_s: float) -> Answer:
    transaction = cp.model.transaction(str(request["transactionId"]))
    if transaction is None:
        return Answer({"status": "Rejected"})
    return Answer({"status": "Accepted"}, then=_stopping(cp, transaction.connector_id, "Remote"))


def _unlock(cp: V16, request: JsonObject, now_s: float) -> Answer:
    connector_id = request["connectorId"]
    if connector_id not in cp.model.connectors:
        return Answer({"status": "NotSupported"})
    # 1.6 5.18: a running transaction is finished first.
    return Answer({"status": "Unlocked"}, then=_stopping(cp, connector_id, "UnlockCommand"))


def _stopping(cp: V16, connector_id: int, reason: StopReason) -> Callable[[float], Iterable[Call]]:
    def stop(at_s: float) -> Iterable[Call]:
        cp.model.stop(connector_id, reason, at_s)
        return ()

    return stop


def _reset(cp: V16, request: JsonObject, now_s: float) -> Answer:
    return Answer({"status": "Accepted"}, reboot=f"{request['type']}Reset")


def _trigger(cp: V16, request: JsonObject, now_s: float) -> Answer:
    connector_id, requested = request.get("connectorId"), request["requestedMessage"]
    if connector_id is not None and connector_id not in cp.model.connectors:
        return Answer({"status": "Rejected"})
    chosen = [connector_id] if connector_id else list(cp.model.connectors)

    def send(at_s: float) -> Iterable[Call]:
        match requested:
            case "BootNotification":
                calls = [cp.boot("Triggered")]
            case "Heartbeat":
                calls = [cp.heartbeat()]
            case "MeterValues":
                calls = [cp.meter_values(number, at_s) for number in chosen]
            case _:
                calls = [call for number in chosen for call in cp.status(number, at_s)]
        for call in calls:
            call.triggered = True
        return calls

    if requested in ("BootNotification", "Heartbeat", "MeterValues", "StatusNotification"):
        return Answer({"status": "Accepted"}, then=send)
    return Answer({"status": "NotImplemented"})


HANDLERS: dict[str, Handler] = {
    "ChangeAvailability": _change_availability,
    "ChangeConfiguration": _change_configuration,
    "ClearCache": _clear_cache,
    "ClearChargingProfile": _clear_charging_profile,
    "DataTransfer": _data_transfer,
    "GetCompositeSchedule": _get_composite_schedule,
    "GetConfiguration": _get_configuration,
    "GetLocalListVersion": _get_local_list_version,
    "RemoteStartTransaction": _remote_start,
    "RemoteStopTransaction": _remote_stop,
    "Reset": _reset,
    "SendLocalList": _send_local_list,
    "SetChargingProfile": _set_charging_profile,
    "TriggerMessage": _trigger,
    "UnlockConnector": _unlock,
    **UPKEEP_16,
}
