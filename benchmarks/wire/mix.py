"""What a charger says: the messages of one charging session, ten of them with eight samples each.

Both versions have twenty messages a session, in an order a charger could send them. All numbers are such that a charger
of 22 kW with a default limit of 5 kW obeys whatever it is told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from benchmarks.wire.frames import Template

JsonObject = dict[str, Any]

OCPP16, OCPP201 = "ocpp1.6", "ocpp2.0.1"
PROTOCOLS = (OCPP16, OCPP201)

DRAW_W = 4_500
"""What the cars draw: above the least a three-phase car can, below the default limit of DEFAULT_KW."""

RATED_KW = 22.0
DEFAULT_KW = 5.0

MARKS: Mapping[str, str] = {
    "message_id": "#" * 36,
    "time": "@" * 24,
    "register_wh": "%" * 9,
    "transaction_id": "$" * 36,
    "session_id": "~" * 10,
}
"""The slots of the templates. `transaction_id` is 2.0.1's, made up by the charger; `session_id` 1.6's, as answered."""

_NUMBERS = ("register_wh", "session_id")


@dataclass(frozen=True, slots=True)
class Message:
    """One of the session's messages. `starts` says that its answer may hold the id that later ones carry."""

    action: str
    payload: JsonObject
    starts: bool = False

    def text(self) -> str:
        return json_of([2, MARKS["message_id"], self.action, self.payload])


def session(protocol: str) -> Sequence[Message]:
    """The messages of a charging session, in order."""
    return _session_16() if protocol == OCPP16 else _session_201()


@cache
def templates(protocol: str) -> list[tuple[Template, bool]]:
    """The same, ready to be sent; whether each starts the transaction."""
    return [(Template(message.text(), MARKS), message.starts) for message in session(protocol)]


def identities(count: int, first: int = 0) -> list[str]:
    """The names of the chargers."""
    return [f"CP-{number:05d}" for number in range(first, first + count)]


def boot(protocol: str) -> Sequence[Message]:
    """What a charger says after it was switched on."""
    if protocol == OCPP16:
        about = {"chargePointVendor": "Loopback", "chargePointModel": "Bench 22", "firmwareVersion": "1.0"}
        return Message("BootNotification", about), _status_16("Available")
    about_201 = {"vendorName": "Loopback", "model": "Bench 22", "firmwareVersion": "1.0"}
    return (
        Message("BootNotification", {"reason": "PowerUp", "chargingStation": about_201}),
        _status_201("Available"),
    )


def json_of(message: object) -> str:
    """As compact as chargers write it. Numbers are marks too: their quotes go, where they are members of their own."""
    text = json.dumps(message, separators=(",", ":"))
    for name in _NUMBERS:
        text = text.replace(f'Id":"{MARKS[name]}"', f'Id":{MARKS[name]}')
        for member in ("meterStart", "meterStop", "value"):
            text = text.replace(f'"{member}":"<{MARKS[name]}>"', f'"{member}":{MARKS[name]}')
    return text


def _session_16() -> Sequence[Message]:
    heartbeat = Message("Heartbeat", {})
    metered = Message(
        "MeterValues",
        {
            "connectorId": 1,
            "transactionId": MARKS["session_id"],
            "meterValue": [{"timestamp": MARKS["time"], "sampledValue": [_sample_16(*sample) for sample in _SAMPLES]}],
        },
    )
    register = f"<{MARKS['register_wh']}>"
    start = {"connectorId": 1, "idTag": "04E91C5A2B6F80", "meterStart": register, "timestamp": MARKS["time"]}
    stop = {
        "transactionId": MARKS["session_id"],
        "idTag": "04E91C5A2B6F80",
        "meterStop": register,
        "timestamp": MARKS["time"],
        "reason": "EVDisconnected",
    }
    return (
        _status_16("Preparing"),
        Message("StartTransaction", start, starts=True),
        _status_16("Charging"),
        *(metered, metered, heartbeat, metered, metered, heartbeat, metered, metered, heartbeat),
        *(metered, metered, heartbeat, metered, metered),
        Message("StopTransaction", stop),
        _status_16("Finishing"),
        _status_16("Available"),
    )


def _session_201() -> Sequence[Message]:
    heartbeat = Message("Heartbeat", {})
    numbers = iter(range(100))
    aligned = Message("MeterValues", {"evseId": 1, "meterValue": [_metered_201("Sample.Clock")]})

    def update(trigger: str, *, metered: bool = True) -> Message:
        return _event_201("Updated", trigger, next(numbers), "Charging", metered=metered)

    def updates(count: int) -> tuple[Message, ...]:
        return tuple(update("MeterValuePeriodic") for _ in range(count))

    started = _event_201("Started", "Authorized", next(numbers), "EVConnected", metered=False)
    started.payload["idToken"] = {"idToken": "04E91C5A2B6F80", "type": "ISO14443"}
    began = update("ChargingStateChanged", metered=False)
    first, second, third = (*updates(2), heartbeat), (*updates(2), aligned, heartbeat), (*updates(2), aligned)
    fourth = (heartbeat, *updates(2), heartbeat)
    suspended = _event_201("Updated", "ChargingStateChanged", next(numbers), "SuspendedEV", metered=False)
    ended = _event_201("Ended", "EVDeparted", next(numbers), "Idle", metered=False)
    ended.payload["transactionInfo"]["stoppedReason"] = "EVDisconnected"
    return (
        _status_201("Occupied"),
        *(started, began, *first, *second, *third, *fourth, suspended, ended),
        _status_201("Available"),
    )


def _status_16(status: str) -> Message:
    payload = {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": MARKS["time"]}
    return Message("StatusNotification", payload)


def _status_201(status: str) -> Message:
    payload = {"timestamp": MARKS["time"], "connectorStatus": status, "evseId": 1, "connectorId": 1}
    return Message("StatusNotification", payload)


def _event_201(kind: str, trigger: str, number: int, state: str, *, metered: bool) -> Message:
    payload: JsonObject = {
        "eventType": kind,
        "timestamp": MARKS["time"],
        "triggerReason": trigger,
        "seqNo": number,
        "transactionInfo": {"transactionId": MARKS["transaction_id"], "chargingState": state},
        "evse": {"id": 1, "connectorId": 1},
    }
    if metered:
        payload["meterValue"] = [_metered_201("Sample.Periodic")]
    return Message("TransactionEvent", payload)


def _metered_201(context: str) -> JsonObject:
    samples = [_sample_201(*sample, context) for sample in _SAMPLES]
    return {"timestamp": MARKS["time"], "sampledValue": samples}


_VOLTAGE_V = 230.0
_CURRENT_A = round(DRAW_W / 3 / _VOLTAGE_V, 2)
_SAMPLES: tuple[tuple[str, str, float | None, str | None], ...] = (
    ("Power.Active.Import", "W", DRAW_W, None),
    ("Energy.Active.Import.Register", "Wh", None, None),
    ("Current.Import", "A", _CURRENT_A, "L1"),
    ("Current.Import", "A", _CURRENT_A, "L2"),
    ("Current.Import", "A", _CURRENT_A, "L3"),
    ("Voltage", "V", _VOLTAGE_V, "L1-N"),
    ("Voltage", "V", _VOLTAGE_V, "L2-N"),
    ("Voltage", "V", _VOLTAGE_V, "L3-N"),
)
"""Measurand, unit, value (None: the register) and phase."""


def _sample_16(measurand: str, unit: str, value: float | None, phase: str | None) -> JsonObject:
    told = MARKS["register_wh"] if value is None else str(value)
    sample = {"value": told, "context": "Sample.Periodic", "format": "Raw", "measurand": measurand}
    return sample | ({"phase": phase} if phase else {}) | {"location": "Outlet", "unit": unit}


def _sample_201(measurand: str, unit: str, value: float | None, phase: str | None, context: str) -> JsonObject:
    told: object = f"<{MARKS['register_wh']}>" if value is None else value
    sample: JsonObject = {"value": told, "context": context, "measurand": measurand, "location": "Outlet"}
    return sample | ({"phase": phase} if phase else {}) | {"unitOfMeasure": {"unit": unit}}
