"""A charger's connection in memory: frames take their time, and while the line is noisy some are lost or come twice."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from simulators.car import Offer
from simulators.charge_point import ChargePoint
from simulators.charging_profile import Limit
from simulators.memory import MemoryPipe
from support.carpark.standing import CALL_TIMEOUT_S, Outstanding

Told = tuple[int, str, float, str, int]
"""A limit as a charger is told it: connector, purpose, the first period's limit, its unit, and its phases."""


LONGEST_STORED_S = 20.0


@dataclass(slots=True)
class Line:
    """One charger's way to us, over all its connections. Chances are 0 to 1 per frame.

    `on_busy` hears of the CALL of ours that is under way, or None, and `on_call` every CALL of the charger's that
    reaches us. `acknowledged` are the connectors whose default
    profile was accepted in time.

    Where it `stores`, the last limit that went unanswered because the connection was lost is in somebody's queue. It
    is brought on the next one: after a newer one of its kind was answered, or before the charger is asked what it
    obeys.
    """

    latency_s: tuple[float, float]
    rng: random.Random
    lost: float = 0.0
    twice: float = 0.0
    outstanding: Outstanding | None = None
    frames: int = 0
    commands: int = 0
    changes: int = 0
    renewals: int = 0
    told_s: float = -math.inf
    told: dict[tuple[int, str], Told] = field(default_factory=dict)
    acknowledged: set[int] = field(default_factory=set)
    on_busy: Callable[[Outstanding | None], None] = lambda _: None
    on_call: Callable[[str], None] = lambda _: None
    stores: bool = False
    on_overruled: Callable[[float], None] = lambda _: None
    _stored: str | None = None
    _awaited_limit: str | None = None
    _awaited_id: str = ""
    _awaited_default: int | None = None
    _told_before: Told | None = None

    def copies(self) -> int:
        """How often a frame arrives."""
        if self.lost == 0.0 and self.twice == 0.0:
            return 1
        lot = self.rng.random()
        return 0 if lot < self.lost else 2 if lot < self.lost + self.twice else 1

    def sent(self, text: str, now_s: float) -> None:
        """A frame of ours leaves: a CALL keeps the line busy until its answer or its timeout."""
        self.frames += 1
        if text.startswith("[2,"):
            self.commands += 1
            self.outstanding, self._awaited_id = Outstanding(now_s), _message_id(text)
            self.on_busy(self.outstanding)
            self._awaited_default = self._awaited_limit = None
            if '"SetChargingProfile"' in text:
                self._awaited_limit = text
                self.told_s = now_s
                self._note_limit(told(text))

    def received(self, text: str, now_s: float) -> None:
        """A frame of the charger's has reached us."""
        self.frames += 1
        if text.startswith("[2,"):
            self.on_call(text)
            return
        if self.outstanding is None:
            return
        if _message_id(text) == self._awaited_id:
            if self._awaited_limit is not None and ('"Rejected"' in text or '"NotSupported"' in text):
                self._take_back(told(self._awaited_limit))
            in_time = now_s < self.outstanding.sent_s + CALL_TIMEOUT_S
            if in_time and self._awaited_default is not None and '"Accepted"' in text:
                self.acknowledged.add(self._awaited_default)
            self._free(now_s)
            if self._stored is not None and self._awaited_limit is not None:
                self._overrule(told(self._stored), told(self._awaited_limit))

    def offered(self, connector_id: int, model: ChargePoint) -> Offer:
        """What a running session was told it may draw; its rating where nothing was said."""
        limit = self.told.get((connector_id, "TxProfile")) or self.told.get((connector_id, "TxDefaultProfile"))
        if limit is None:
            return model.hardware.rated()
        _, _, value, unit, phases = limit
        return model.hardware.offer(Limit("A" if unit == "A" else "W", value, phases))

    def cut(self, now_s: float) -> None:
        """The connection is gone, and with it the answer."""
        if self.stores and self.outstanding is not None and self._awaited_limit is not None:
            self._stored = self._awaited_limit
        self._free(now_s)

    def stored(self) -> str | None:
        """What is still to be brought, once."""
        text, self._stored = self._stored, None
        return text

    def _free(self, now_s: float) -> None:
        if self.outstanding is not None:
            self.outstanding.answered_s = now_s
            self.outstanding = None
            self.on_busy(None)

    def _overrule(self, stored: Told, answered: Told) -> None:
        if stored[:2] == answered[:2]:
            self.on_overruled(self.rng.uniform(0.0, LONGEST_STORED_S))

    def _take_back(self, refused: Told) -> None:
        """A limit that was refused was never in force; what was told before it is."""
        connector_id, purpose, *_ = refused
        if self._told_before is None:
            self.told.pop((connector_id, purpose), None)
        else:
            self.told[connector_id, purpose] = self._told_before

    def _note_limit(self, limit: Told) -> None:
        """Limits of a session that say something new are changes; that one said again is a renewal."""
        connector_id, purpose, *_ = limit
        before = self._told_before = self.told.get((connector_id, purpose))
        self.told[connector_id, purpose] = limit
        if purpose == "TxDefaultProfile":
            self._awaited_default = connector_id
        if purpose == "TxProfile":
            self.renewals += before == limit
            self.changes += before != limit


def _message_id(text: str) -> str:
    """The second element of a frame; ids hold no quotation marks."""
    return text.split('"', 2)[1]


def told(text: str) -> Told:
    """What a SetChargingProfile of either version says of the time that begins now."""
    payload = orjson.loads(text)[3]
    profile = payload.get("csChargingProfiles") or payload["chargingProfile"]
    schedule = profile["chargingSchedule"]
    if isinstance(schedule, list):
        schedule = schedule[0]
    period = schedule["chargingSchedulePeriod"][0]
    connector_id = payload.get("connectorId", payload.get("evseId"))
    unit, phases = schedule["chargingRateUnit"], period.get("numberPhases", 3)
    return connector_id, profile["chargingProfilePurpose"], float(period["limit"]), unit, phases


class LineTransport:
    """csms's end: `send` and `close` do not wait, so a task empties the queue in order."""

    def __init__(self, pipe: MemoryPipe, line: Line, loop: asyncio.AbstractEventLoop) -> None:
        self._pipe = pipe
        self._line = line
        self._loop = loop
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        line.on_overruled = self._bring_later

    def send(self, text: str) -> None:
        self._line.sent(text, self._loop.time())
        if '"GetCompositeSchedule"' in text:
            self._bring()
        self._queue.put_nowait(text)

    def close(self, _code: int, _reason: str) -> None:
        self._queue.put_nowait(None)

    def _bring_later(self, after_s: float) -> None:
        self._loop.call_later(after_s, self._bring)

    def _bring(self) -> None:
        if not self._pipe.closed and (text := self._line.stored()) is not None:
            self._queue.put_nowait(text)

    async def write(self) -> None:
        """Send what is queued until the end; raises TransportClosed."""
        while (text := await self._queue.get()) is not None:
            for _ in range(self._line.copies()):
                await self._pipe.send(text)
        await self._pipe.close()
