"""A limit that went unanswered when its connection was lost is in somebody's queue, and comes on the next one."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import orjson
import pytest
from support.carpark.link import LONGEST_STORED_S, Line, LineTransport

from simulators.memory import MemoryPipe
from simulators.transport import TransportClosed
from simulators.virtual_time import run


def limit(message_id: str, amperes: float, purpose: str = "TxProfile") -> str:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": amperes}]}
    profile = {"chargingProfilePurpose": purpose, "chargingSchedule": schedule}
    payload = {"connectorId": 1, "csChargingProfiles": profile}
    return orjson.dumps([2, message_id, "SetChargingProfile", payload]).decode()


ACCEPTED = '[3,"{}",{{"status":"Accepted"}}]'
QUESTION = '[2,"q","GetCompositeSchedule",{"connectorId":1,"duration":60}]'


class Charger:
    """Hears what comes over a line, on one connection after the other."""

    def __init__(self, *, stores: bool = True) -> None:
        self.line = Line((0.0, 0.0), Random(1), stores=stores)
        self.heard: list[str] = []
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[None]] = []
        self._pipe: MemoryPipe | None = None

    def connects(self) -> LineTransport:
        if self._pipe is not None:
            self._pipe.cut()
            self.line.cut(self._loop.time())
        ours, theirs = MemoryPipe.pair()
        self._pipe = ours
        transport = LineTransport(ours, self.line, self._loop)
        self._tasks += [asyncio.create_task(work) for work in (transport.write(), self._hear(theirs))]
        return transport

    def answers(self, message_id: str) -> None:
        self.line.received(ACCEPTED.format(message_id), self._loop.time())

    async def _hear(self, pipe: MemoryPipe) -> None:
        try:
            while True:
                self.heard.append(orjson.loads(await pipe.receive())[1])
        except TransportClosed:
            return

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def play(story: Callable[[Charger], Awaitable[None]], *, stores: bool = True) -> None:
    async def main() -> None:
        charger = Charger(stores=stores)
        charger.connects().send(limit("raise", 20))
        await asyncio.sleep(1)
        await story(charger)
        await charger.end()

    run(main())


@pytest.mark.parametrize(("stores", "heard"), [(True, ["raise", "cut", "raise"]), (False, ["raise", "cut"])])
def test_it_comes_after_a_newer_one_was_answered(stores: bool, heard: list[str]) -> None:
    async def story(charger: Charger) -> None:
        charger.connects().send(limit("cut", 10))
        await asyncio.sleep(2 * LONGEST_STORED_S)
        assert charger.heard == ["raise", "cut"]
        charger.answers("cut")
        await asyncio.sleep(2 * LONGEST_STORED_S)
        assert charger.heard == heard

    play(story, stores=stores)


def test_it_comes_once_and_before_the_charger_is_asked_what_it_obeys() -> None:
    async def story(charger: Charger) -> None:
        transport = charger.connects()
        transport.send(limit("cut", 10))
        charger.answers("cut")
        transport.send(QUESTION)
        await asyncio.sleep(2 * LONGEST_STORED_S)
        assert charger.heard == ["raise", "cut", "raise", "q"]

    play(story)


def test_one_of_another_kind_does_not_bring_it() -> None:
    async def story(charger: Charger) -> None:
        charger.connects().send(limit("default", 0, "TxDefaultProfile"))
        charger.answers("default")
        await asyncio.sleep(2 * LONGEST_STORED_S)
        assert charger.heard == ["raise", "default"]

    play(story)


def test_what_was_answered_in_time_is_in_nobodys_queue() -> None:
    async def story(charger: Charger) -> None:
        charger.answers("raise")
        transport = charger.connects()
        transport.send(limit("cut", 10))
        charger.answers("cut")
        transport.send(QUESTION)
        await asyncio.sleep(2 * LONGEST_STORED_S)
        assert charger.heard == ["raise", "cut", "q"]

    play(story)
