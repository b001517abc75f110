"""Loading a server: as fast as it answers, or at a given rate. One message in flight per charger."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.wire.charger import Address, Charger
from benchmarks.wire.mix import templates
from benchmarks.wire.wall_clock import WallClock

_FIRST_REGISTER_WH = 100_000_000
_ENERGY_PER_MESSAGE_WH = 13
_CONNECTING_AT_ONCE = 50


class WrongAnswer(Exception):
    """A server answered with a CALLERROR, or stopped answering."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What was done to one server in one go. `own_cpu_us` is the load generator's, per message."""

    messages: int
    wall_s: float
    own_cpu_us: float
    latencies_us: tuple[float, ...] = ()


class Driver:
    """Lets one charger say its sessions, message by message; where it stands is kept from slice to slice."""

    def __init__(self, charger: Charger) -> None:
        self.charger = charger
        self._messages = templates(charger.address.protocol)
        self._step = 0
        self._sessions = 0
        self._register_wh = _FIRST_REGISTER_WH
        self._head = uuid.uuid4().hex[:8]
        self._values = {"session_id": b"%10d" % 1}
        self._begin()

    def say(self, then: Callable[[], None]) -> None:
        """Send the next message; `then` is called when it has been answered."""
        template, starts = self._messages[self._step]
        self._step += 1
        values = self._values
        message_id = values["message_id"] = self.charger.next_id()
        if "time" in template.slots:
            values["time"] = self.charger.clock.text()
        if "register_wh" in template.slots:
            self._register_wh += _ENERGY_PER_MESSAGE_WH
            values["register_wh"] = b"%09d" % self._register_wh
        self.charger.send(self.charger.framed(template, values), message_id, partial(self._answered, starts, then))

    @property
    def between_sessions(self) -> bool:
        return self._step == 0

    @property
    def session_id(self) -> int:
        """1.6's transactionId of the session under way, or of the last."""
        return int(self._values["session_id"])

    def _answered(self, starts: bool, then: Callable[[], None], text: bytes) -> None:
        if text[1:2] == b"4":
            raise WrongAnswer(f"{self.charger.identity}: {text.decode()}")
        if starts:
            self._values["session_id"] = b"%10d" % _session_id(text)
        if self._step == len(self._messages):
            self._begin()
        then()

    def _begin(self) -> None:
        self._step = 0
        self._sessions += 1
        self._values["transaction_id"] = b"%s-0000-4000-8000-%012x" % (self._head.encode(), self._sessions)


async def connected(
    address: Address,
    identities: Sequence[str],
    *,
    boot: bool = True,
    prepare: Callable[[Charger], None] = lambda _charger: None,
) -> list[Driver]:
    """Chargers that have connected and, if wanted, booted; `prepare` is called with each before."""
    clock = WallClock()
    chargers = [Charger(identity, address, clock) for identity in identities]
    for charger in chargers:
        prepare(charger)
    gate = asyncio.Semaphore(_CONNECTING_AT_ONCE)

    async def start(charger: Charger) -> None:
        async with gate:
            await charger.connect()
            if boot:
                await charger.boot()

    await asyncio.gather(*(start(charger) for charger in chargers))
    return [Driver(charger) for charger in chargers]


async def flood(drivers: Sequence[Driver], messages_each: int) -> Slice:
    """As fast as the server answers, so many messages from each."""
    run = _Run(drivers)

    def proceed(driver: Driver, left: int) -> None:
        if left == 0:
            run.finished()
        else:
            driver.say(partial(proceed, driver, left - 1))

    for driver in drivers:
        proceed(driver, messages_each)
    return await run.end(lambda: len(drivers) * messages_each)


async def paced(drivers: Sequence[Driver], rate_per_s: float, seconds: float, rng: random.Random) -> Slice:
    """At a given rate of all together. Latency counts from when a message was due, where the last answer was late."""
    run = _Run(drivers)
    interval_s = len(drivers) / rate_per_s
    latencies_us: list[float] = []
    loop = asyncio.get_running_loop()
    started_s = time.perf_counter()
    ends_s = started_s + seconds

    def wait(driver: Driver, due_s: float) -> None:
        if due_s >= ends_s:
            run.finished()
            return
        now_s = time.perf_counter()
        if due_s <= now_s:
            say(driver, due_s, due_s)
        else:
            loop.call_later(due_s - now_s, lambda: say(driver, due_s, time.perf_counter()))

    def say(driver: Driver, due_s: float, counts_from_s: float) -> None:
        driver.say(partial(answered, driver, due_s, counts_from_s))

    def answered(driver: Driver, due_s: float, counts_from_s: float) -> None:
        latencies_us.append(1e6 * (time.perf_counter() - counts_from_s))
        wait(driver, due_s + interval_s)

    for driver in drivers:
        wait(driver, started_s + rng.random() * interval_s)
    return await run.end(lambda: len(latencies_us), latencies_us)


class _Run:
    """Ends when every driver has finished, or with what went wrong."""

    def __init__(self, drivers: Sequence[Driver]) -> None:
        self._loop = asyncio.get_running_loop()
        self._left = len(drivers)
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._loop.set_exception_handler(lambda _loop, context: self._fail(context.get("exception")))
        for driver in drivers:
            driver.charger.on_lost = self._fail
        self._started_s = time.perf_counter()
        self._started_cpu_ns = time.process_time_ns()

    def finished(self) -> None:
        self._left -= 1
        if self._left == 0 and not self._ended.done():
            self._ended.set_result(None)

    async def end(self, messages: Callable[[], int], latencies_us: Sequence[float] = ()) -> Slice:
        try:
            await self._ended
        finally:
            self._loop.set_exception_handler(None)
        wall_s = time.perf_counter() - self._started_s
        cpu_us = (time.process_time_ns() - self._started_cpu_ns) / 1000
        return Slice(messages(), wall_s, cpu_us / max(1, messages()), tuple(latencies_us))

    def _fail(self, error: BaseException | None) -> None:
        if not self._ended.done():
            self._ended.set_exception(error or WrongAnswer("something went wrong"))


def _session_id(text: bytes) -> int:
    """The transactionId of an answer to a StartTransaction; 1 where there is none (an echo)."""
    _, found, rest = text.partition(b'"transactionId":')
    return int(rest.replace(b"}", b",").partition(b",")[0]) if found else 1
