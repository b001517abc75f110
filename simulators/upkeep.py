"""What a charger reports when it is looked after: firmware, logs, monitors, messages, customers. Nothing is fetched and
nothing uploaded; every step is reported at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from simulators.frames import Answer, Call, JsonObject


class Reporting(Protocol):
    """What is needed of a protocol's adapter."""

    display_messages: dict[int, JsonObject]

    def time(self, at_s: float) -> str: ...


Handler = Callable[[Any, JsonObject, float], Answer]

INSTALLED = ("Downloading", "Downloaded", "Installing", "Installed")
INSTALLED_SIGNED = ("Downloading", "Downloaded", "SignatureVerified", "Installing", "Installed")
UPLOADED = ("Uploading", "Uploaded")


def security_event(kind: str, time: str) -> Call:
    """SecurityEventNotification, the same in both versions."""
    return Call("SecurityEventNotification", {"type": kind, "timestamp": time})


def _steps(action: str, statuses: Iterable[str], request_id: int | None = None) -> Callable[[float], Iterable[Call]]:
    number = {} if request_id is None else {"requestId": request_id}
    calls = [Call(action, {"status": status, **number}, triggered=True) for status in statuses]
    return lambda _at_s: calls


def _update_firmware_16(_adapter: Reporting, _request: JsonObject, _now_s: float) -> Answer:
    return Answer({}, then=_steps("FirmwareStatusNotification", INSTALLED))


def _get_diagnostics(_adapter: Reporting, _request: JsonObject, _now_s: float) -> Answer:
    return Answer({"fileName": "diagnostics.txt"}, then=_steps("DiagnosticsStatusNotification", UPLOADED))


def _signed_update_firmware(_adapter: Reporting, request: JsonObject, _now_s: float) -> Answer:
    steps = _steps("SignedFirmwareStatusNotification", INSTALLED_SIGNED, request["requestId"])
    return Answer({"status": "Accepted"}, then=steps)


def _get_log(_adapter: Reporting, request: JsonObject, _now_s: float) -> Answer:
    steps = _steps("LogStatusNotification", UPLOADED, request["requestId"])
    return Answer({"status": "Accepted", "filename": "log.txt"}, then=steps)


def _update_firmware_201(_adapter: Reporting, request: JsonObject, _now_s: float) -> Answer:
    signed = "signature" in request["firmware"]
    statuses = INSTALLED_SIGNED if signed else INSTALLED
    return Answer({"status": "Accepted"}, then=_steps("FirmwareStatusNotification", statuses, request["requestId"]))


def _get_monitoring_report(adapter: Reporting, request: JsonObject, _now_s: float) -> Answer:
    """One hard-wired monitor: the temperature of the station."""
    monitor = {"id": 1, "transaction": False, "value": 70.0, "type": "UpperThreshold", "severity": 3}
    row = {
        "component": {"name": "ChargingStation"},
        "variable": {"name": "Temperature"},
        "variableMonitoring": [monitor],
    }

    def report(at_s: float) -> Iterable[Call]:
        head = {"requestId": request["requestId"], "seqNo": 0, "generatedAt": adapter.time(at_s)}
        yield Call("NotifyMonitoringReport", {**head, "monitor": [row]}, triggered=True)

    return Answer({"status": "Accepted"}, then=report)


def _customer_information(adapter: Reporting, request: JsonObject, _now_s: float) -> Answer:
    """It keeps nothing about anybody, and says so (N09.FR.06)."""

    def report(at_s: float) -> Iterable[Call]:
        head = {"requestId": request["requestId"], "seqNo": 0, "generatedAt": adapter.time(at_s)}
        yield Call("NotifyCustomerInformation", {**head, "data": ""}, triggered=True)

    return Answer({"status": "Accepted"}, then=report if request["report"] else None)


def _set_display_message(adapter: Reporting, request: JsonObject, _now_s: float) -> Answer:
    adapter.display_messages[request["message"]["id"]] = request["message"]
    return Answer({"status": "Accepted"})


def _get_display_messages(adapter: Reporting, request: JsonObject, _now_s: float) -> Answer:
    wanted = request.get("id")
    found = [message for number, message in adapter.display_messages.items() if wanted is None or number in wanted]
    if not found:
        return Answer({"status": "Unknown"})
    payload = {"requestId": request["requestId"], "messageInfo": found}
    return Answer({"status": "Accepted"}, then=lambda _at_s: [Call("NotifyDisplayMessages", payload, triggered=True)])


def _clear_display_message(adapter: Reporting, request: JsonObject, _now_s: float) -> Answer:
    known = adapter.display_messages.pop(request["id"], None)
    return Answer({"status": "Unknown" if known is None else "Accepted"})


UPKEEP_16: Mapping[str, Handler] = {
    "GetDiagnostics": _get_diagnostics,
    "GetLog": _get_log,
    "SignedUpdateFirmware": _signed_update_firmware,
    "UpdateFirmware": _update_firmware_16,
}

UPKEEP_201: Mapping[str, Handler] = {
    "ClearDisplayMessage": _clear_display_message,
    "CustomerInformation": _customer_information,
    "GetDisplayMessages": _get_display_messages,
    "GetLog": _get_log,
    "GetMonitoringReport": _get_monitoring_report,
    "SetDisplayMessage": _set_display_message,
    "UpdateFirmware": _update_firmware_201,
}
