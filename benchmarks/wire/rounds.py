"""Rounds: every server gets its slice of work in each, in random order, and what it cost is read before and after."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.wire.figures import Rounds
from benchmarks.wire.load import Driver, Slice, flood, paced
from benchmarks.wire.mix import session
from benchmarks.wire.processes import Server
from benchmarks.wire.programs import Program


@dataclass(slots=True)
class Entrant:
    """A server that is running, and the chargers that are connected to it."""

    program: Program
    server: Server
    drivers: Sequence[Driver]


@dataclass(frozen=True, slots=True)
class Work:
    """What one server did in one round. `cpu_us` is the server's, per message; `limits` it sent meanwhile."""

    cpu_us: float
    slice: Slice
    limits: int


Task = Callable[[Entrant], Awaitable[Slice]]


async def rounds(
    entrants: Sequence[Entrant], task: Task, count: int, rng: random.Random
) -> Mapping[str, Sequence[Work]]:
    """By the server's name, in the order of the rounds."""
    done: dict[str, list[Work]] = {entrant.program.name: [] for entrant in entrants}
    for _ in range(count):
        for entrant in rng.sample(entrants, len(entrants)):
            done[entrant.program.name].append(await _work(entrant, task))
    return done


def flooded(entrant: Entrant) -> Awaitable[Slice]:
    """Whole sessions, as fast as they are answered."""
    protocol = entrant.drivers[0].charger.address.protocol
    return flood(entrant.drivers, entrant.program.sessions * len(session(protocol)))


def at_rate(rate_per_s: float, seconds: float, rng: random.Random) -> Task:
    return lambda entrant: paced(entrant.drivers, rate_per_s, seconds, rng)


def cpu_us(work: Sequence[Work]) -> Rounds:
    return Rounds(tuple(done.cpu_us for done in work))


def limits_per_100(work: Sequence[Work]) -> str:
    """SetChargingProfile that a hundred messages led to."""
    return f"{100 * sum(done.limits for done in work) / sum(done.slice.messages for done in work):.1f}"


async def _work(entrant: Entrant, task: Task) -> Work:
    limits, cpu_ns = _limits(entrant), entrant.server.cpu_ns()
    done = await task(entrant)
    await asyncio.sleep(entrant.program.tail_s)
    cpu_ns = entrant.server.cpu_ns() - cpu_ns
    return Work(cpu_ns / 1000 / done.messages, done, _limits(entrant) - limits)


def _limits(entrant: Entrant) -> int:
    return sum(driver.charger.told.limits for driver in entrant.drivers)
