"""OCPP 1.6-J: what a charge point reports, in which messages."""

import random
from collections.abc import Iterable

from simulators.access import Access
from simulators.behaviour import Behaviour
from simulators.charge_point import ChargePoint
from simulators.clock import parse_timestamp, timestamp
from simulators.connector import Reading
from simulators.frames import Answer, Call, JsonObject
from simulators.meter import samples, split
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
from simulators.v16_handlers import HANDLERS, begin_remote_start, known_token
from simulators.v16_settings import v16_settings

REFUSED_START_ID = "-1"  # what chargers put where the central system never gave them a transactionId


class V16:
    """The OCPP 1.6 `Adapter`."""

    def __init__(self, spec: ChargePointSpec, model: ChargePoint, rng: random.Random) -> None:
        self.spec = spec
        self.model = model
        self.rng = rng
        self.online = False
        self.messages_waiting = False
        self.settings = v16_settings(spec.hardware, spec.connectors, model.profiles.rules)
        self.remote_starts = RemoteStarts()
        self.access = Access()
        self.tokens = KnownTokens(most=LIST_LENGTH, per_message=LIST_ITEMS_PER_MESSAGE)

    @property
    def behaviour(self) -> Behaviour:
        return self.model.behaviour

    @property
    def heartbeat_interval_s(self) -> float:
        return float(self.settings["HeartbeatInterval"])

    def boot(self, reason: str) -> Call:
        payload = {
            "chargePointVendor": self.spec.vendor[:20],
            "chargePointModel": self.spec.hardware.model[:20],
            "chargePointSerialNumber": self.spec.identity[:25],
            "firmwareVersion": self.spec.firmware[:50],
        }
        return Call("BootNotification", payload)

    def registration(self, payload: JsonObject) -> Registration:
        if payload["status"] == "Accepted" and payload["interval"] > 0:
            self.settings.change("HeartbeatInterval", str(payload["interval"]))
        return Registration(payload["status"], payload["interval"], parse_timestamp(payload["currentTime"]))

    def heartbeat(self) -> Call:
        return Call("Heartbeat", {})

    def status(self, connector_id: int, at_s: float) -> list[Call]:
        if connector_id == 0:
            operative = any(connector.operative for connector in self.model.connectors.values())
            return [self._status(0, "Available" if operative else "Unavailable", at_s)]
        return [self._status(connector_id, self.model.connectors[connector_id].status, at_s)]

    def authorize(self, connector_id: int, id_token: str) -> Call:
        return Call("Authorize", {"idTag": id_token[:20]}, connector_id=connector_id)

    def lets_in(self, id_token: str, now_s: float) -> bool | None:
        """3.5: by its list and cache, offline also what nobody knows; online only where LocalPreAuthorize says so."""
        local = self.settings["LocalPreAuthorize" if self.online else "LocalAuthorizeOffline"] == "true"
        known = self.tokens.status(id_token[:20], self.model.clock_s(now_s)) if local else None
        if self.online:
            return True if known == "Accepted" else None
        return self.settings["AllowOfflineTxForUnknownId"] == "true" if known is None else known == "Accepted"

    def new_transaction_id(self, now_s: float) -> str | None:
        return None

    def car_arrived(self, connector_id: int, now_s: float) -> bool:
        begin_remote_start(self, connector_id, now_s)
        return self.model.connectors[connector_id].transaction is not None

    def calls_for(self, occurrence: Occurrence) -> list[Call]:
        match occurrence:
            case StatusChanged(at_s, connector_id, status):
                return [self._status(connector_id, status, at_s)]
            case TransactionStarted():
                return self._start(occurrence)
            case Sampled():
                return self._meter_values(occurrence)
            case SampledFreely():
                return self._free_meter_values(occurrence)
            case TransactionStopped():
                return [self._stop(occurrence)]
            case ChargingStateChanged() | LimitChanged() | DrawChanged():
                return []

    def payload_of(self, call: Call) -> JsonObject:
        """The transactionId is known only once StartTransaction was answered; what follows it waits for that."""
        if call.transaction is None or call.action == "StartTransaction":
            return call.payload
        return call.payload | {"transactionId": int(call.transaction.transaction_id or REFUSED_START_ID)}

    def on_result(self, call: Call, payload: JsonObject, now_s: float) -> None:
        if "idTagInfo" in payload and "idTag" in call.payload and self.settings["AuthorizationCacheEnabled"] == "true":
            self.tokens.learn(call.payload["idTag"], known_token(payload["idTagInfo"]))
        if call.action == "Authorize":
            if payload["idTagInfo"]["status"] == "Accepted":
                self.model.start(call.connector_id, call.payload["idTag"], now_s)
        elif call.action == "StartTransaction" and call.transaction is not None:
            transaction = call.transaction
            if transaction.transaction_id is None:
                transaction.transaction_id = str(payload["transactionId"])
            refused = payload["idTagInfo"]["status"] != "Accepted"
            if refused and not transaction.stopped and self.settings["StopTransactionOnInvalidId"] == "true":
                self.model.stop(transaction.connector_id, "DeAuthorized", now_s)

    def answer(self, action: str, payload: JsonObject, now_s: float) -> Answer:
        return HANDLERS[action](self, payload, now_s)

    def knows(self, action: str) -> bool:
        return action in HANDLERS

    def time(self, at_s: float) -> str:
        """An instant as the charger's own clock shows it."""
        return self.shown(self.model.clock_s(at_s))

    def shown(self, clock_s: float) -> str:
        """What its own clock shows, as text."""
        return timestamp(clock_s, zone=not self.behaviour.omits_clock_zone)

    def meter_values(self, connector_id: int, now_s: float) -> Call:
        """MeterValues outside the usual interval, because the central system asked."""
        connector = self.model.connectors[connector_id]
        value = self._meter_value(connector.reading(now_s), "Trigger", split(self.settings["MeterValuesSampledData"]))
        transaction = connector.transaction
        call = Call("MeterValues", {"connectorId": connector_id, "meterValue": [value]}, triggered=True)
        if transaction is not None and transaction.transaction_id is not None:
            call.payload["transactionId"] = int(transaction.transaction_id)
        return call

    def _status(self, connector_id: int, status: str, at_s: float) -> Call:
        payload = {
            "connectorId": connector_id,
            "errorCode": "NoError",
            "status": status,
            "timestamp": self.time(at_s),
        }
        return Call("StatusNotification", payload, connector_id=connector_id)

    def _start(self, started: TransactionStarted) -> list[Call]:
        transaction = started.transaction
        payload = {
            "connectorId": transaction.connector_id,
            "idTag": transaction.id_token[:20],
            "meterStart": round(transaction.meter_start_wh),
            "timestamp": self.time(started.at_s),
        }
        copies = 2 if self.behaviour.repeats_start_with_new_id else 1
        return [Call("StartTransaction", dict(payload), transaction) for _ in range(copies)]

    def _meter_values(self, sampled: Sampled) -> list[Call]:
        measurands = split(self.settings["MeterValuesSampledData"])
        if not measurands:
            return []
        value = self._meter_value(sampled.reading, "Sample.Periodic", measurands)
        payload = {"connectorId": sampled.transaction.connector_id, "meterValue": [value]}
        return [Call("MeterValues", payload, sampled.transaction)]

    def _free_meter_values(self, sampled: SampledFreely) -> list[Call]:
        measurands = split(self.settings["MeterValuesSampledData"])
        if not measurands:
            return []
        value = self._meter_value(sampled.reading, "Sample.Periodic", measurands)
        payload: JsonObject = {"connectorId": sampled.connector_id, "meterValue": [value]}
        numbered = {"transactionId": 0} if self.behaviour.free_metering == "zero" else {}
        return [Call("MeterValues", payload | numbered, connector_id=sampled.connector_id)]

    def _stop(self, stopped: TransactionStopped) -> Call:
        payload: JsonObject = {
            "meterStop": round(stopped.reading.energy_wh),
            "timestamp": self.time(stopped.at_s),
            "reason": stopped.reason,
        }
        if stopped.reason == "Local":
            payload["idTag"] = stopped.transaction.id_token[:20]
        measurands = split(self.settings["StopTxnSampledData"])
        if measurands:
            payload["transactionData"] = [self._meter_value(stopped.reading, "Transaction.End", measurands)]
        return Call("StopTransaction", payload, stopped.transaction)

    def _meter_value(self, reading: Reading, context: str, measurands: Iterable[str]) -> JsonObject:
        values = [
            {"value": str(sample.value)}
            | {"context": context, "measurand": sample.measurand, "unit": sample.unit}
            | ({"phase": sample.phase} if sample.phase else {})
            for sample in as_metered(samples(reading, measurands, self.spec.hardware), self.behaviour.metering)
        ]
        return {"timestamp": self.time(reading.at_s), "sampledValue": values}
