"""The shipped application with hostile chargers and honest ones, on virtual time: what must never happen is noticed
here.

Never: an exception that nobody meant, a call without an answer on a socket that stays open, an honest charger that is
not answered or whose state changes by another's doing, memory that grows with what is sent.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

from csms.app import Application
from csms.config import Config
from csms.domain.requests import RequestRefused
from simulators.virtual_time import virtual_clock
from support.fuzz.chargers import HONEST, HOSTILE, Honest, Hostile
from support.fuzz.frames import Made
from support.fuzz.group_store import GroupStore
from support.fuzz.tally import Broken, Tally
from support.simulation import CountingIds, VirtualClock

__all__ = ["HOSTILE", "Broken", "House", "Tally"]

_AT_ONCE = (1, 8, 40, 80, 160, 320)
"""How many frames each may send before anybody else's turn comes: a trickle, or a burst."""

_TURN_S = 1.0
_REQUESTS = 8
"""So many of our own requests may be on the way to hostile chargers."""

_MEASURED_FROM = 40_000
"""Frames of a run from which on memory is looked at: after half of it all that is bounded is full, or nearly."""

_KEPT_OF_A_FRAME = 0.5
"""How many objects more may be in memory for each frame of the second half. Without a leak it is a tenth or two, and
every second frame tells nothing new: one thing kept of each message is noticed."""

_MISHAPS = ("failed", "not_restored", "refused_row", "not_durable")
"""Parts of the names of log events that speak of a mistake of ours, or of what no database takes."""


class House:
    """To be made and used on a virtual-time loop."""

    def __init__(self, seed: str) -> None:
        self.tally = Tally()
        self._seed = seed
        self._rng = random.Random(f"{seed} house")
        self._store = GroupStore()
        self._mishaps: list[str] = []
        self._honest: list[Honest] = []
        self._hostile: dict[str, Hostile] = {}
        self._requests: set[asyncio.Task[None]] = set()
        loop = virtual_clock()
        loop.set_exception_handler(lambda _loop, context: self._mishaps.append(repr(context)))
        self.application = Application(_config(), store=self._store, clock=VirtualClock(loop), ids=CountingIds())

    async def open(self) -> None:
        """Everybody arrives."""
        structlog.configure(processors=[self._listen], wrapper_class=structlog.stdlib.BoundLogger)
        await self.application.load()
        self._honest = [Honest(self.application, identity) for identity in HONEST]
        self._hostile = {one: Hostile(self.application, self.tally, one, self._seed) for one in HOSTILE}
        await asyncio.sleep(_TURN_S)

    async def run(self, frames: int) -> Tally:
        """Send so many frames; raises Broken, with the last frames, at the first thing that must never happen."""
        try:
            await self.open()
            await self._send(frames // 2)
            blocks = _blocks()
            await self._send(frames)
            if frames >= _MEASURED_FROM:
                _check_growth(blocks, _blocks(), frames)
        except Exception as wrong:
            last = {identity: hostile.last[:500] for identity, hostile in self._hostile.items()}
            raise Broken(f"after {self.tally.frames} frames: {wrong}; last: {last}") from wrong
        return self.tally

    async def one(self, identity: str, frame: str | bytes) -> None:
        """Send this frame. Raises Broken."""
        self._hostile[identity].send(Made("given", frame))
        await self._settle()

    async def close(self) -> None:
        structlog.reset_defaults()
        for task in self._requests:
            task.cancel()
        await self.application.stop()
        await self._store.close()

    async def _send(self, frames: int) -> None:
        while self.tally.frames < frames:
            for _ in range(min(self._rng.choice(_AT_ONCE), frames - self.tally.frames)):
                for hostile in self._hostile.values():
                    hostile.send()
            self._ask()
            await self._settle()

    async def _settle(self) -> None:
        await asyncio.sleep(_TURN_S)
        for hostile in self._hostile.values():
            hostile.settle()
        for honest in self._honest:
            honest.check()
        if self._mishaps:
            raise Broken(self._mishaps[0])
        if not self.application.fleet.ready():
            raise Broken("the site is down, or its store")

    def _ask(self) -> None:
        """Something of a hostile charger, so that it has something to answer."""
        identity = self._rng.choice(sorted(HOSTILE))
        site = self.application.fleet.get("s")
        link = site.link(identity) if site is not None else None
        if link is None or len(self._requests) >= _REQUESTS:
            return

        async def asked() -> None:
            try:
                outcome = await link.request(*self._hostile[identity].frames.request_of_ours())
                self.tally.asked[outcome.answer.value] += 1
            except RequestRefused:
                self.tally.asked["refused by us"] += 1
            except Exception:  # noqa: BLE001  whatever it is, it must not be
                self._mishaps.append(traceback.format_exc(limit=-3))

        task = asyncio.create_task(asked())
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)

    def _listen(self, _logger: Any, level: str, event: MutableMapping[str, Any]) -> str:
        name = str(event.get("event"))
        if level in {"error", "critical", "exception"} or any(part in name for part in _MISHAPS):
            why = traceback.format_exc(limit=-3) if sys.exc_info()[0] else ""
            self._mishaps.append(f"{name}: {dict(event)!r:.2000} {why}")
        raise structlog.DropEvent


def _check_growth(before: int, after: int, frames: int) -> None:
    if after - before > _KEPT_OF_A_FRAME * frames / 2:
        raise Broken(f"{before} objects in memory after half of it, {after} at the end")


def _blocks() -> int:
    """How many objects are in memory, texts and numbers included."""
    gc.collect()
    return sys.getallocatedblocks()


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
