"""SetChargingProfile to a thousand connected chargers, until the last answer is in."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.wire.charger import Address
from benchmarks.wire.figures import Better, Goal, Result, Rounds
from benchmarks.wire.load import connected
from benchmarks.wire.mix import identities
from benchmarks.wire.processes import Server
from benchmarks.wire.programs import PROGRAMS, started
from benchmarks.wire.rows.section import Given, Section, quiet

CHARGERS = 1_000
GOAL = Goal(25.0, Better.MORE)
_NAMES = ("plain", "codec")
_LIMITS_W = (8_000, 6_000)


class NotAllTold(Exception):
    """Some chargers have not accepted their limit."""


@dataclass(slots=True)
class Cost:
    """Milliseconds, for all chargers together."""

    cpu_ms: float
    wall_ms: float


async def measured(given: Given) -> Section:
    chargers = given.sized(CHARGERS)
    costs: dict[str, list[Cost]] = {name: [] for name in _NAMES}
    with ExitStack() as stack:
        servers = {}
        for name in _NAMES:
            server = stack.enter_context(started(PROGRAMS[name], given.folder, given.protocol, chargers))
            drivers = await connected(Address(server.port, given.protocol), identities(chargers))
            await quiet(drivers)
            servers[name] = server
        for number in range(given.rounds + 1):
            for name in given.rng.sample(_NAMES, len(_NAMES)):
                costs[name].append(await _told(servers[name], chargers, _LIMITS_W[number % 2]))
    return _section(chargers, given.protocol, {name: found[1:] for name, found in costs.items()})


async def _told(server: Server, chargers: int, limit_w: int) -> Cost:
    cpu_ns, started_s = server.cpu_ns(), time.perf_counter()
    accepted = await asyncio.to_thread(server.ask, str(limit_w))
    wall_s = time.perf_counter() - started_s
    if accepted != str(chargers):
        raise NotAllTold(f"{server.name}: {accepted or 'nobody'} of {chargers} have accepted their limit")
    return Cost((server.cpu_ns() - cpu_ns) / 1e6, 1000 * wall_s)


def _section(chargers: int, protocol: str, costs: dict[str, list[Cost]]) -> Section:
    cpu = {name: Rounds(tuple(cost.cpu_ms for cost in found)) for name, found in costs.items()}
    wall = {name: Rounds(tuple(cost.wall_ms for cost in found)) for name, found in costs.items()}
    title = f"SetChargingProfile to {chargers:,} chargers ({protocol})"
    return Section(
        title,
        ("", "CPU ms", "until the last answer, ms"),
        [(name, str(cpu[name]), str(wall[name])) for name in _NAMES],
        [
            Result(f"{title}, plain", "codec, CPU", cpu["plain"].over(cpu["codec"]), GOAL),
            Result(f"{title}, plain", "codec, time", wall["plain"].over(wall["codec"]), None),
        ],
        {f"limits {name} cpu_ms": cpu[name] for name in _NAMES}
        | {f"limits {name} wall_ms": wall[name] for name in _NAMES},
    )
