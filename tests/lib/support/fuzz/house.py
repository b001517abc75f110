"""The shipped application with two hostile chargers and an honest one, on virtual time: what must never happen is
noticed here.

Never: an exception that nobody meant, a call without an answer on a socket that stays open, an honest charger that is
not answered or whose state changes by another's doing.
"""

from __future__ import annotations

import asyncio
import random
import sys
import traceback
from collections import Counter
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog

from csms.app import Application
from csms.charge_points.lifecycle import LiveChargePoint
from csms.config import Config
from simulators.virtual_time import virtual_clock
from support.carpark.memory_store import Disk, MortalStore
from support.fuzz.frames import Frames
from support.simulation import CountingIds, VirtualClock

HOSTILE = {"HOSTILE-16": "ocpp1.6", "HOSTILE-201": "ocpp2.0.1"}
HONEST = {"HONEST-16": "ocpp1.6", "HONEST-201": "ocpp2.0.1"}
LONGEST_ID = 36

_FRAMES_A_TURN = 20
_TURN_S = 1.0
_LEAVES = 0.02
"""How often in a turn one goes, without a word."""

_MISHAPS = ("failed", "not_restored", "refused_row", "not_durable")
"""Parts of the names of log events that speak of a mistake of ours, or of what no database takes."""


class Broken(AssertionError):
    """Something happened that must never happen."""


@dataclass
class Tally:
    """How it went."""

    frames: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    closed: Counter[str] = field(default_factory=Counter)


class Socket:
    """Csms's end of a charger's connection, as seen by the charger."""

    def __init__(self) -> None:
        self.closed: str | None = None
        self.answered: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []

    def send(self, text: str) -> None:
        kind, message_id, *rest = orjson.loads(text)  # whatever we send is JSON, and a message
        if kind == 2:
            self.asked = [*self.asked[-7:], (message_id, rest[0])]
        else:
            self.answered[message_id] = "result" if kind == 3 else rest[0]

    def close(self, code: int, reason: str) -> None:
        self.closed = self.closed or f"{code} {reason}"


class Hostile:
    """One charger that sends whatever comes to its mind."""

    def __init__(self, house: House, identity: str, seed: str) -> None:
        self._house, self._identity = house, identity
        self.frames = Frames(f"{seed} {identity}", HOSTILE[identity])
        self._rng = random.Random(f"{seed} {identity} leaves")
        self._live: LiveChargePoint | None = None
        self._socket = Socket()
        self._due: dict[str, bytes] = {}

    def send(self, frame: str | bytes | None = None) -> None:
        """This frame, or the next that comes to its mind."""
        if self._live is None or self._socket.closed is not None:
            self._reconnect()
        assert self._live is not None
        self.frames.asked = self._socket.asked
        frame = self.frames.next() if frame is None else frame
        self._house.tally.frames += 1
        self._house.last[self._identity] = frame if isinstance(frame, bytes) else frame.encode("utf-8", "surrogatepass")
        self._live.receive(frame)
        message_id = _call_id(frame)
        if message_id is not None:
            self._due[message_id] = self._house.last[self._identity]

    def settle(self) -> None:
        """Every call so far has had time to be answered."""
        if self._socket.closed is None:
            for message_id, frame in self._due.items():
                if message_id not in self._socket.answered:
                    raise Broken(f"{self._identity}: no answer to {frame[:500]!r}")
        self._house.tally.answers.update(self._socket.answered.values())
        self._socket.answered.clear()
        self._due.clear()
        if self._rng.random() < _LEAVES:
            self._socket.closed = self._socket.closed or "left"

    def _reconnect(self) -> None:
        tally = self._house.tally
        if self._live is not None:
            tally.closed[self._socket.closed or ""] += 1
            self._live.closed(self._socket.closed or "")
        self._due.clear()
        self._socket = Socket()
        self._live = self._house.application.charge_points.accept(self._identity, HOSTILE[self._identity], self._socket)
        tally.connections += 1


class Honest:
    """One that says the same few true things, and must always be understood."""

    def __init__(self, house: House, identity: str) -> None:
        self._house, self._identity, self._number = house, identity, 0
        self._socket = Socket()
        self._live = house.application.charge_points.accept(identity, HONEST[identity], self._socket)
        self._say("BootNotification", _BOOT[HONEST[identity]])
        self._say("StatusNotification", _STATUS[HONEST[identity]])

    def check(self) -> None:
        self._say("Heartbeat", {})
        answered = self._socket.answered.get(str(self._number))
        if self._socket.closed is not None or answered != "result":
            raise Broken(f"{self._identity} was not answered: {answered} {self._socket.closed}")
        site = self._house.application.fleet.get("s")
        assert site is not None
        statuses = {c.status for key, c in site.view().connectors.items() if key.charge_point_id == self._identity}
        active = [key for key in site.view().active if key.charge_point_id == self._identity]
        if statuses != {"Available"} or active:
            raise Broken(f"{self._identity} is {statuses} with {active}")
        self._socket.answered.clear()

    def _say(self, action: str, payload: Mapping[str, object]) -> None:
        self._number += 1
        self._live.receive(orjson.dumps([2, str(self._number), action, payload]).decode())
        for message_id, asked in self._socket.asked:
            answer = _ANSWERS.get(asked)
            text = [3, message_id, answer] if answer else [4, message_id, "NotImplemented", "", {}]
            self._live.receive(orjson.dumps(text).decode())
        self._socket.asked.clear()


class House:
    """To be made and used on a virtual-time loop."""

    def __init__(self, seed: str) -> None:
        self.tally = Tally()
        self.last: dict[str, bytes] = {}
        self._seed = seed
        self._disk = Disk()
        self._store = MortalStore(self._disk)
        self._mishaps: list[str] = []
        self._honest: list[Honest] = []
        self._hostile: dict[str, Hostile] = {}
        loop = virtual_clock()
        loop.set_exception_handler(lambda _loop, context: self._mishaps.append(repr(context)))
        self.application = Application(_config(), store=self._store, clock=VirtualClock(loop), ids=CountingIds())

    async def open(self) -> None:
        """Everybody arrives."""
        structlog.configure(processors=[self._listen], wrapper_class=structlog.stdlib.BoundLogger)
        await self.application.load()
        self._honest = [Honest(self, identity) for identity in HONEST]
        self._hostile = {identity: Hostile(self, identity, self._seed) for identity in HOSTILE}
        await asyncio.sleep(_TURN_S)

    async def run(self, frames: int) -> Tally:
        """Send so many frames; raises Broken, with the last frames, at the first thing that must never happen."""
        try:
            await self.open()
            while self.tally.frames < frames:
                for _ in range(_FRAMES_A_TURN):
                    for one in self._hostile.values():
                        one.send()
                await self._settle()
        except Exception as wrong:
            raise Broken(f"after {self.tally.frames} frames: {wrong}; last: {self._tails()}") from wrong
        return self.tally

    async def one(self, identity: str, frame: str | bytes) -> None:
        """Send this frame. Raises Broken."""
        self._hostile[identity].send(frame)
        await self._settle()

    async def _settle(self) -> None:
        await asyncio.sleep(_TURN_S)
        for hostile in self._hostile.values():
            hostile.settle()
        for honest in self._honest:
            honest.check()
        self._look()

    async def close(self) -> None:
        structlog.reset_defaults()
        await self.application.stop()
        await self._store.flush()
        self._disk.close()

    def _look(self) -> None:
        if self._mishaps:
            raise Broken(self._mishaps[0])
        if not self.application.fleet.ready():
            raise Broken("the site is down, or its store")

    def _tails(self) -> dict[str, bytes]:
        return {identity: frame[:500] for identity, frame in self.last.items()}

    def _listen(self, _logger: Any, level: str, event: MutableMapping[str, Any]) -> str:
        name = str(event.get("event"))
        if level in {"error", "critical", "exception"} or any(part in name for part in _MISHAPS):
            why = traceback.format_exc(limit=-3) if sys.exc_info()[0] else ""
            self._mishaps.append(f"{name}: {dict(event)!r:.2000} {why}")
        raise structlog.DropEvent


def _call_id(frame: str | bytes) -> str | None:
    """The id of a frame that is a call, and as such is owed an answer."""
    try:
        message = orjson.loads(frame)
    except ValueError:
        return None
    if not isinstance(message, list) or len(message) < 2 or isinstance(message[0], bool) or message[0] != 2:
        return None
    return message[1] if isinstance(message[1], str) else None


def _config() -> Config:
    points = [{"charge_point_id": identity, "connectors": 2, "max_power_kw": 22} for identity in (*HOSTILE, *HONEST)]
    site = {
        "site_id": "s",
        "name": "S",
        "timezone": "Europe/London",
        "grid_capacity_kw": 40,
        "charge_points": points,
    }
    return Config.model_validate({"sites": [site]})


_BOOT: Mapping[str, Mapping[str, object]] = {
    "ocpp1.6": {"chargePointVendor": "Honest", "chargePointModel": "One"},
    "ocpp2.0.1": {"reason": "PowerUp", "chargingStation": {"vendorName": "Honest", "model": "Two"}},
}
_STATUS: Mapping[str, Mapping[str, object]] = {
    "ocpp1.6": {"connectorId": 1, "errorCode": "NoError", "status": "Available"},
    "ocpp2.0.1": {
        "timestamp": "2026-01-01T00:00:00Z",
        "connectorStatus": "Available",
        "evseId": 1,
        "connectorId": 1,
    },
}
_ANSWERS: Mapping[str, Mapping[str, object]] = {
    "SetChargingProfile": {"status": "Accepted"},
    "ClearChargingProfile": {"status": "Accepted"},
    "ChangeConfiguration": {"status": "Accepted"},
    "TriggerMessage": {"status": "Accepted"},
}
