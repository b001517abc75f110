"""Hostile chargers, and honest ones beside them."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Mapping, MutableMapping

import orjson

from csms.app import Application
from csms.charge_points.lifecycle import LiveChargePoint
from csms.domain.model import ConnectorKey
from support.fuzz.frames import Frames, Made
from support.fuzz.tally import Broken, Tally

HOSTILE = {
    "HOSTILE-16": "ocpp1.6",
    "HOSTILE-16B": "ocpp1.6",
    "HOSTILE-201": "ocpp2.0.1",
    "HOSTILE-201B": "ocpp2.0.1",
}
HONEST = {"HONEST-16": "ocpp1.6", "HONEST-201": "ocpp2.0.1"}

_LEAVES = 0.02
"""How often in a turn one goes, without a word; half of these times it is back before its old socket is closed."""


class Socket:
    """Csms's end of a charger's connection, as seen by the charger."""

    def __init__(self) -> None:
        self.closed: str | None = None
        self.answered: defaultdict[str, list[str]] = defaultdict(list)
        self.asked: deque[tuple[str, str]] = deque(maxlen=8)

    def send(self, text: str) -> None:
        kind, message_id, *rest = orjson.loads(text)  # whatever we send is JSON, and a message
        if self.closed is not None:
            return  # as the true ones do
        if kind == 2:
            self.asked.append((message_id, rest[0]))
        else:
            self.answered[message_id].append("result" if kind == 3 else rest[0])

    def close(self, code: int, reason: str) -> None:
        self.closed = self.closed or f"{code} {reason}"


class Hostile:
    """One charger that sends whatever comes to its mind."""

    def __init__(self, application: Application, tally: Tally, identity: str, seed: str) -> None:
        self._application, self._tally, self._identity = application, tally, identity
        self.frames = Frames(f"{seed} {identity}", HOSTILE[identity])
        self.last = b""
        self._rng = random.Random(f"{seed} {identity} leaves")
        self._live: LiveChargePoint | None = None
        self._socket = Socket()
        self._due: list[tuple[str, str, bytes]] = []

    def send(self, made: Made | None = None) -> None:
        """This frame, or the next that comes to its mind."""
        if self._live is None or self._socket.closed is not None:
            self._reconnect()
        assert self._live is not None
        self.frames.asked = list(self._socket.asked)
        kind, frame = made or self.frames.next()
        self._tally.frames += 1
        self._tally.kinds[kind] += 1
        self.last = frame if isinstance(frame, bytes) else frame.encode("utf-8", "surrogatepass")
        self._live.receive(frame)
        message_id = _call_id(frame)
        if message_id is not None:
            self._due.append((message_id, kind, self.last))

    def settle(self) -> None:
        """Every call so far has had time to be answered. Raises Broken."""
        answered = self._socket.answered
        for message_id, kind, frame in self._due:
            if answered.get(message_id):
                self._tally.answers[kind, answered[message_id].pop()] += 1
            elif self._socket.closed is None:
                raise Broken(f"{self._identity}: no answer to {frame[:500]!r}")
        self._tally.answers.update(("no call", answer) for answers in answered.values() for answer in answers)
        answered.clear()
        self._due.clear()
        if self._rng.random() < _LEAVES:
            self._leave()

    def _leave(self) -> None:
        if self._rng.random() < 0.5 or self._live is None:
            self._socket.closed = self._socket.closed or "left"
            return
        old, old_socket = self._live, self._socket
        self._accept()
        if old_socket.closed is None:
            raise Broken(f"{self._identity} has two open sockets")
        old.receive(self.frames.valid_call())
        self._tally.closed[old_socket.closed] += 1
        old.closed("its socket ended late")

    def _reconnect(self) -> None:
        if self._live is not None:
            self._tally.closed[self._socket.closed or ""] += 1
            self._live.closed(self._socket.closed or "")
        self._accept()

    def _accept(self) -> None:
        self._due.clear()
        self._socket = Socket()
        self._live = self._application.charge_points.accept(self._identity, HOSTILE[self._identity], self._socket)
        self._tally.connections += 1


class Honest:
    """One that says the same few true things, charges one car for ever, and must always be understood."""

    def __init__(self, application: Application, identity: str) -> None:
        self._application, self._identity, self._number = application, identity, 0
        self._protocol = HONEST[identity]
        self._socket = Socket()
        self._live = application.charge_points.accept(identity, self._protocol, self._socket)
        self._say("BootNotification", _BOOT[self._protocol])
        self._say(*_STATUS[self._protocol])
        self._say(*_START[self._protocol])
        self._transaction_id = self._running()

    def check(self) -> None:
        """Raises Broken."""
        self._say(*_GOES_ON[self._protocol])
        self._say("Heartbeat", {})
        if self._socket.closed is not None:
            raise Broken(f"{self._identity} was closed: {self._socket.closed}")
        if self._socket.answered.get(str(self._number)) != ["result"]:
            raise Broken(f"{self._identity} was not answered: {dict(self._socket.answered)}")
        if self._running() != self._transaction_id:
            raise Broken(f"{self._identity} charges {self._running()}, and not {self._transaction_id}")
        self._socket.answered.clear()

    def _running(self) -> dict[int, str]:
        """The transactions of its connectors, as csms knows them. Raises Broken if it knows something else of it."""
        site = self._application.fleet.get("s")
        assert site is not None
        view = site.view()
        status = view.connectors[ConnectorKey(self._identity, 1)].status
        if status != "Available":
            raise Broken(f"{self._identity} is {status}")
        mine = {key: transaction for key, transaction in view.active.items() if key.charge_point_id == self._identity}
        return {key.connector_id: transaction.transaction_id for key, transaction in mine.items()}

    def _say(self, action: str, payload: Mapping[str, object]) -> None:
        self._number += 1
        self._live.receive(orjson.dumps([2, str(self._number), action, payload]).decode())
        for message_id, asked in self._socket.asked:
            answer = _ANSWERS.get(asked)
            text = [3, message_id, answer] if answer else [4, message_id, "NotImplemented", "", {}]
            self._live.receive(orjson.dumps(text).decode())
        self._socket.asked.clear()


def _call_id(frame: str | bytes) -> str | None:
    """The id of a frame that is a call, and as such is owed an answer."""
    try:
        message = orjson.loads(frame)
    except ValueError:
        return None
    if not isinstance(message, list) or len(message) < 2 or isinstance(message[0], bool) or message[0] != 2:
        return None
    return message[1] if isinstance(message[1], str) else None


Said = tuple[str, Mapping[str, object]]

_AT = "2026-01-01T00:00:00Z"


def _event(kind: str, number: int, **more: object) -> MutableMapping[str, object]:
    return {
        "eventType": kind,
        "timestamp": _AT,
        "triggerReason": "Authorized" if kind == "Started" else "MeterValuePeriodic",
        "seqNo": number,
        "transactionInfo": {"transactionId": "tx-1", "chargingState": "Charging"},
        "evse": {"id": 2, "connectorId": 1},
        **more,
    }


_BOOT: Mapping[str, Mapping[str, object]] = {
    "ocpp1.6": {"chargePointVendor": "Honest", "chargePointModel": "One"},
    "ocpp2.0.1": {"reason": "PowerUp", "chargingStation": {"vendorName": "Honest", "model": "Two"}},
}
_STATUS: Mapping[str, Said] = {
    "ocpp1.6": ("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"}),
    "ocpp2.0.1": (
        "StatusNotification",
        {"timestamp": _AT, "connectorStatus": "Available", "evseId": 1, "connectorId": 1},
    ),
}
# The ids of these transactions are ones that hostile chargers talk of, too.
_START: Mapping[str, Said] = {
    "ocpp1.6": ("StartTransaction", {"connectorId": 2, "idTag": "TAG1", "meterStart": 1000, "timestamp": _AT}),
    "ocpp2.0.1": ("TransactionEvent", _event("Started", 0, idToken={"idToken": "TAG1", "type": "ISO14443"})),
}
_GOES_ON: Mapping[str, Said] = {
    "ocpp1.6": (
        "MeterValues",
        {
            "connectorId": 2,
            "transactionId": 1,
            "meterValue": [{"timestamp": _AT, "sampledValue": [{"value": "1500"}]}],
        },
    ),
    "ocpp2.0.1": ("TransactionEvent", _event("Updated", 1)),
}
_ANSWERS: Mapping[str, Mapping[str, object]] = {
    "SetChargingProfile": {"status": "Accepted"},
    "ClearChargingProfile": {"status": "Accepted"},
    "ChangeConfiguration": {"status": "Accepted"},
    "TriggerMessage": {"status": "Accepted"},
}
