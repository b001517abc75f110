"""OCPP 2.0.1: what a charging station reports, in which messages."""

import random
from collections.abc import Iterable

from simulators.access import Access
from simulators.behaviour import Behaviour
from simulators.charge_point import ChargePoint
from simulators.clock import parse_timestamp, timestamp
from simulators.connector import Reading, StopReason, Transaction
from simulators.frames import Answer, Call, JsonObject
from simulators.meter import Sample, samples, split
from simulators.metering_flaws import as_metered
from simulators.occurrences import (
    ChargingStateChanged,
    DrawChanged,
    LimitChanged,
    Occurrence,
    Sampled,
    SampledFreely,
    StatusChanged,
    TransactionStarted,
    TransactionStopped,
)
from simulators.protocol import ChargePointSpec, Registration
from simulators.remote_starts import RemoteStarts
from simulators.settings import LIST_ITEMS_PER_MESSAGE, LIST_LENGTH
from simulators.tokens import KnownTokens
from simulators.v201_handlers import HANDLERS, begin_remote_start, known_token
from simulators.v201_variables import (
    CACHE_ENABLED,
    ENDED_MEASURANDS,
    HEARTBEAT_INTERVAL,
    LOCAL_OFFLINE,
    LOCAL_PRE_AUTHORIZE,
    SAMPLED_MEASURANDS,
    SECURITY_PROFILE,
    STARTED_MEASURANDS,
    STOP_ON_INVALID_ID,
    UNKNOWN_OFFLINE,
    v201_variables,
)

CHARGING_STATES = {
    "Preparing": "EVConnected",
    "Finishing": "EVConnected",
    "Charging": "Charging",
    "SuspendedEV": "SuspendedEV",
    "SuspendedEVSE": "SuspendedEVSE",
}
CONNECTOR_STATUSES = {"Available": "Available", "Unavailable": "Unavailable", "Faulted": "Faulted"}

# How a transaction ends: triggerReason and stoppedReason.
ENDINGS: dict[StopReason, tuple[str, str]] = {
    "Local": ("StopAuthorized", "Local"),
    "EVDisconnected": ("EVCommunicationLost", "EVDisconnected"),
    "Remote": ("RemoteStop", "Remote"),
    "SoftReset": ("ResetCommand", "ImmediateReset"),
    "HardReset": ("ResetCommand", "ImmediateReset"),
    "DeAuthorized": ("Deauthorized", "DeAuthorized"),
    "UnlockCommand": ("UnlockCommand", "Other"),
    "PowerLoss": ("AbnormalCondition", "PowerLoss"),
    "Reboot": ("AbnormalCondition", "Reboot"),
}


class V201:
    """The OCPP 2.0.1 `Adapter`. An EVSE has one connector; the model's connector id is the EVSE's."""

    def __init__(self, spec: ChargePointSpec, model: ChargePoint, rng: random.Random) -> None:
        self.spec = spec
        self.model = model
        self.rng = rng
        self.online = False
        self.messages_waiting = False
        self.variables = v201_variables(
            spec.hardware, spec.connectors, model.profiles.rules, spec.identity, spec.vendor
        )
        self.remote_starts = RemoteStarts()
        self.display_messages: dict[int, JsonObject] = {}
        self.access = Access()
        self.tokens = KnownTokens(most=LIST_LENGTH, per_message=LIST_ITEMS_PER_MESSAGE)
        self._statuses: dict[int, str] = {}
        self._states: dict[int, str] = {}

    @property
    def behaviour(self) -> Behaviour:
        return self.model.behaviour

    @property
    def heartbeat_interval_s(self) -> float:
        return float(self.variables[HEARTBEAT_INTERVAL])

    def boot(self, reason: str) -> Call:
        self.variables.set(SECURITY_PROFILE, str(self.access.security_profile))
        station = {
            "vendorName": self.spec.vendor[:50],
            "model": self.spec.hardware.model[:20],
            "serialNumber": self.spec.identity[:25],
            "firmwareVersion": self.spec.firmware[:50],
        }
        return Call("BootNotification", {"chargingStation": station, "reason": reason})

    def registration(self, payload: JsonObject) -> Registration:
        if payload["status"] == "Accepted" and payload["interval"] > 0:
            self.variables.change(HEARTBEAT_INTERVAL, str(payload["interval"]))
        return Registration(payload["status"], payload["interval"], parse_timestamp(payload["currentTime"]))

    def heartbeat(self) -> Call:
        return Call("Heartbeat", {})

    def status(self, connector_id: int, at_s: float) -> list[Call]:
        if connector_id == 0:
            return []  # 2.0.1 knows no status of the station as a whole
        status = CONNECTOR_STATUSES.get(self.model.connectors[connector_id].status, "Occupied")
        self._statuses[connector_id] = status
        payload = {
            "timestamp": self.time(at_s),
            "connectorStatus": status,
            "evseId": connector_id,
            "connectorId": 1,
        }
        return [Call("StatusNotification", payload, connector_id=connector_id)]

    def authorize(self, connector_id: int, id_token: str) -> Call:
        return Call("Authorize", {"idToken": id_token_object(id_token)}, connector_id=connector_id)

    def lets_in(self, id_token: str, now_s: float) -> bool | None:
        """C12 to C15: by its list and cache, offline also what nobody knows; online only where LocalPreAuthorize says
        so."""
        local = self.variables[LOCAL_PRE_AUTHORIZE if self.online else LOCAL_OFFLINE] == "true"
        known = self.tokens.status(id_token[:36], self.model.clock_s(now_s)) if local else None
        if self.online:
            return True if known == "Accepted" else None
        return self.variables[UNKNOWN_OFFLINE] == "true" if known is None else known == "Accepted"

    def _learn(self, token: JsonObject, info: JsonObject | None) -> None:
        """Into the cache, but for tokens that only the central system has (C05.FR.02)."""
        if info is not None and token.get("type") != "Central" and self.variables[CACHE_ENABLED] == "true":
            self.tokens.learn(token["idToken"], known_token(info))

    def new_transaction_id(self, now_s: float) -> str | None:
        # The time keeps ids of a later run with the same seed apart (E01.FR.08: unique for the station, for ever).
        return f"{int(now_s):08x}-{self.rng.getrandbits(64):016x}"

    def car_arrived(self, connector_id: int, now_s: float) -> bool:
        begin_remote_start(self, connector_id, now_s)
        return self.model.connectors[connector_id].transaction is not None

    def calls_for(self, occurrence: Occurrence) -> list[Call]:
        match occurrence:
            case StatusChanged(at_s, connector_id, status):
                known = self._statuses.get(connector_id)
                changed = CONNECTOR_STATUSES.get(status, "Occupied") != known
                return self.status(connector_id, at_s) if changed else []
            case TransactionStarted():
                return self._started(occurrence)
            case ChargingStateChanged(_, transaction, reading):
                return self._state_changed(transaction, reading)
            case Sampled(_, transaction, reading):
                return [self.updated(transaction, reading, "MeterValuePeriodic", "Sample.Periodic")]
            case SampledFreely(_, connector_id, reading):
                return [self.meter_values(connector_id, reading, "Sample.Periodic")]
            case TransactionStopped():
                return [self._ended(occurrence)]
            case LimitChanged() | DrawChanged():
                return []

    def payload_of(self, call: Call) -> JsonObject:
        return call.payload

    def on_result(self, call: Call, payload: JsonObject, now_s: float) -> None:
        self._learn(call.payload.get("idToken", {}), payload.get("idTokenInfo"))
        refused = payload.get("idTokenInfo", {"status": "Accepted"})["status"] != "Accepted"
        if call.action == "Authorize" and not refused:
            id_token = call.payload["idToken"]["idToken"]
            self.model.start(call.connector_id, id_token, now_s, transaction_id=self.new_transaction_id(now_s))
            return
        stops = refused and self.variables[STOP_ON_INVALID_ID] == "true"
        if stops and call.transaction is not None and not call.transaction.stopped:
            self.model.stop(call.transaction.connector_id, "DeAuthorized", now_s)

    def knows(self, action: str) -> bool:
        return action in HANDLERS

    def answer(self, action: str, payload: JsonObject, now_s: float) -> Answer:
        return HANDLERS[action](self, payload, now_s)

    def time(self, at_s: float) -> str:
        """An instant as the station's own clock shows it."""
        return self.shown(self.model.clock_s(at_s))

    def shown(self, clock_s: float) -> str:
        """What its own clock shows, as text."""
        return timestamp(clock_s, zone=not self.behaviour.omits_clock_zone)

    def updated(self, transaction: Transaction, reading: Reading, trigger: str, context: str) -> Call:
        """TransactionEvent Updated with a meter value."""
        measurands = split(self.variables[SAMPLED_MEASURANDS])
        payload = self._event("Updated", transaction, reading, trigger)
        return Call("TransactionEvent", self._with_meter(payload, reading, context, measurands), transaction)

    def meter_values(self, evse_id: int, reading: Reading, context: str) -> Call:
        """MeterValues, for what no TransactionEvent can tell."""
        value = self.meter_value(reading, context, split(self.variables[SAMPLED_MEASURANDS]))
        return Call("MeterValues", {"evseId": evse_id, "meterValue": [value]}, connector_id=evse_id)

    def meter_value(self, reading: Reading, context: str, measurands: Iterable[str]) -> JsonObject:
        values = [
            {"value": sample.value, "context": context, "measurand": sample.measurand}
            | ({"phase": sample.phase} if sample.phase else {})
            | {"unitOfMeasure": {"unit": sample.unit}}
            for sample in self.samples(reading, measurands)
        ]
        return {"timestamp": self.time(reading.at_s), "sampledValue": values}

    def samples(self, reading: Reading, measurands: Iterable[str]) -> list[Sample]:
        return as_metered(samples(reading, measurands, self.spec.hardware), self.behaviour.metering)

    def _started(self, started: TransactionStarted) -> list[Call]:
        transaction, reading = started.transaction, started.reading
        trigger = "RemoteStart" if started.remote else "Authorized"
        payload = self._event("Started", transaction, reading, trigger)
        payload["idToken"] = id_token_object(transaction.id_token)
        if transaction.remote_start_id is not None:
            payload["transactionInfo"]["remoteStartId"] = transaction.remote_start_id
        measurands = split(self.variables[STARTED_MEASURANDS])
        payload = self._with_meter(payload, reading, "Transaction.Begin", measurands)
        copies = 2 if self.behaviour.repeats_start_with_new_id else 1
        return [Call("TransactionEvent", payload, transaction) for _ in range(copies)]

    def _state_changed(self, transaction: Transaction, reading: Reading) -> list[Call]:
        if self._states.get(transaction.connector_id) == CHARGING_STATES.get(reading.status):
            return []
        payload = self._event("Updated", transaction, reading, "ChargingStateChanged")
        return [Call("TransactionEvent", payload, transaction)]

    def _ended(self, stopped: TransactionStopped) -> Call:
        trigger, reason = ENDINGS[stopped.reason]
        payload = self._event("Ended", stopped.transaction, stopped.reading, trigger)
        payload["transactionInfo"]["stoppedReason"] = reason
        if stopped.reason == "Local":
            payload["idToken"] = id_token_object(stopped.transaction.id_token)
        measurands = split(self.variables[ENDED_MEASURANDS])
        payload = self._with_meter(payload, stopped.reading, "Transaction.End", measurands)
        return Call("TransactionEvent", payload, stopped.transaction)

    def _event(self, kind: str, transaction: Transaction, reading: Reading, trigger: str) -> JsonObject:
        state = CHARGING_STATES.get(reading.status, "Idle")
        self._states[transaction.connector_id] = state
        payload: JsonObject = {
            "eventType": kind,
            "timestamp": self.time(reading.at_s),
            "triggerReason": trigger,
            "seqNo": transaction.next_seq_no(),
            "transactionInfo": {"transactionId": transaction.transaction_id, "chargingState": state},
            "evse": {"id": transaction.connector_id, "connectorId": 1},
        }
        if self.behaviour.bare_events:
            payload["seqNo"] = 0
            if kind != "Started":
                del payload["evse"]
        return payload if self.online else payload | {"offline": True}

    def _with_meter(self, payload: JsonObject, reading: Reading, context: str, measurands: list[str]) -> JsonObject:
        if not measurands:
            return payload
        return payload | {"meterValue": [self.meter_value(reading, context, measurands)]}


def id_token_object(id_token: str) -> JsonObject:
    return {"idToken": id_token[:36], "type": "ISO14443"}
