"""What a charger costs that connects, boots, and then stays: processor time and resident memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from benchmarks.wire.charger import Address
from benchmarks.wire.figures import Goal, Result, Rounds
from benchmarks.wire.load import connected
from benchmarks.wire.mix import identities
from benchmarks.wire.programs import PROGRAMS, started
from benchmarks.wire.rows.section import Given, Section, quiet

CHARGERS = 2_000
MEMORY_GOAL = Goal(0.25)
MEMORY_GOAL_KIB = Goal(16.0)
CPU_GOAL = Goal(0.6)

_NAMES = {"plain": "plain", "codec": "codec", "codec, deflate": "codec", "system": "system"}
_DEFLATED = ("plain", "codec, deflate")
"""Many chargers offer permessage-deflate: the plain package takes it as it comes. Ours is measured either way."""

_FIRST = 50
"""So many come before, that nobody pays for what is loaded once."""

_SETTLED_S = 8.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Per charger. `boot_us`: until the answer to the last message of the boot; `all_us`: until nothing is asked any
    more, which for our own server includes capabilities, default profiles and their proofs."""

    boot_us: float
    all_us: float
    resident_kib: float


async def measured(given: Given) -> Section:
    costs: dict[str, list[Cost]] = {name: [] for name in _NAMES}
    numbers = count()
    for _ in range(given.rounds):
        for name in given.rng.sample(list(_NAMES), len(_NAMES)):
            costs[name].append(await _arrived(name, given, next(numbers)))
    return _section(given, costs)


async def _arrived(name: str, given: Given, number: int) -> Cost:
    """In a server of its own: memory that was freed is not given back."""
    more = given.sized(CHARGERS)
    program = PROGRAMS[_NAMES[name]]
    with started(program, given.folder / str(number), given.protocol, _FIRST + more) as server:
        address = Address(server.port, given.protocol, deflate=name in _DEFLATED)
        first = await connected(address, identities(_FIRST))
        await quiet(first)
        await asyncio.sleep(2.0)
        cpu_ns, resident_bytes = server.cpu_ns(), server.resident_bytes()
        drivers = await connected(address, identities(more, _FIRST))
        boot_ns = server.cpu_ns() - cpu_ns
        await quiet(drivers)
        await asyncio.sleep(_SETTLED_S if name == "system" else 0.0)
        all_ns = server.cpu_ns() - cpu_ns
        resident_bytes = server.resident_bytes() - resident_bytes
        for driver in (*first, *drivers):
            driver.charger.abort()
    return Cost(boot_ns / 1000 / more, all_ns / 1000 / more, resident_bytes / 1024 / more)


def _section(given: Given, costs: dict[str, list[Cost]]) -> Section:
    boot = {name: Rounds(tuple(cost.boot_us for cost in found)) for name, found in costs.items()}
    everything = {name: Rounds(tuple(cost.all_us for cost in found)) for name, found in costs.items()}
    resident = {name: Rounds(tuple(cost.resident_kib for cost in found)) for name, found in costs.items()}
    return Section(
        f"connect, boot and stay: {given.sized(CHARGERS):,} chargers ({given.protocol}), each",
        ("", "CPU us, connect + boot", "CPU us, until settled", "resident KiB"),
        [(name, str(boot[name]), str(everything[name]), str(resident[name])) for name in _NAMES],
        _results(given.protocol, boot, resident),
        {f"arrival {name} boot_us": boot[name] for name in _NAMES}
        | {f"arrival {name} all_us": everything[name] for name in _NAMES}
        | {f"arrival {name} resident_kib": resident[name] for name in _NAMES},
    )


def _results(protocol: str, boot: dict[str, Rounds], resident: dict[str, Rounds]) -> Sequence[Result]:
    found = []
    for name in ("codec", "system"):
        memory = f"memory per charger, {name}, {protocol}"
        found += [
            Result(memory, "plain", resident[name].over(resident["plain"]), MEMORY_GOAL),
            Result(f"{memory}, KiB", "-", resident[name], MEMORY_GOAL_KIB),
            Result(f"connect + boot, {name}, {protocol}", "plain", boot[name].over(boot["plain"]), CPU_GOAL),
        ]
    return found
