"""From a StartTransaction to the last SetChargingProfile that follows from it, at a site of a hundred chargers.

All the others charge, limited in watts, and each must give a little for the one that comes. Beside it another site of
the same process sends its messages at a steady rate. The newcomer's own limit is not waited for: the others' must
settle first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from benchmarks.wire.charger import Address
from benchmarks.wire.figures import Goal, Result, Rounds, number, percentile
from benchmarks.wire.load import Driver, connected, paced
from benchmarks.wire.mix import identities, session
from benchmarks.wire.park import Layout, Park
from benchmarks.wire.processes import free_port, running
from benchmarks.wire.programs import system
from benchmarks.wire.rows.charging import charge, say
from benchmarks.wire.rows.section import Given, Section, quiet, until

CHARGERS = 100
BESIDE = 50
RATE_PER_S = 1_000.0
GOAL_MS = Goal(50.0)
_SAMPLES_PER_ROUND = 10
_BALANCER = {"settle_s": 0.5, "raise_interval_s": 0, "min_change_w": 0}
"""So that a sample takes seconds, not half a minute; what is measured waits for neither."""

_NOT_TOLD_S = 5.0


class Limits:
    """Which chargers were told a limit since `begin`, and when the last was."""

    def __init__(self, drivers: Sequence[Driver]) -> None:
        self.told: set[str] = set()
        self.last_s = 0.0
        for driver in drivers:
            driver.charger.told.on_call = self._noting(driver.charger.identity)

    def begin(self) -> None:
        self.told.clear()
        self.last_s = time.perf_counter()

    def _noting(self, identity: str) -> Callable[[str, object], None]:
        def note(action: str, _payload: object) -> None:
            if action == "SetChargingProfile":
                self.told.add(identity)
                self.last_s = time.perf_counter()

        return note


async def measured(given: Given) -> Section:
    names, beside = identities(CHARGERS), identities(BESIDE, CHARGERS)
    parks = [Park("site", names, default_kw=0.0, current="DC"), Park("beside", beside)]
    port = free_port()
    command = system(given.folder, Layout(parks, _BALANCER), port, free_port())
    samples_ms: list[float] = []
    missed = 0
    with ExitStack() as stack:
        stack.enter_context(running("system", command, port, given.folder))
        address = Address(port, given.protocol)
        others = await connected(address, beside)
        drivers = await connected(address, names)
        await quiet([*drivers, *others])
        await charge(drivers[1:])
        await quiet(drivers, for_s=3.0)
        limits = Limits(drivers)
        async with asyncio.TaskGroup() as tasks:
            load = tasks.create_task(_load(others, given))
            for _ in range(given.sized(_SAMPLES_PER_ROUND * given.rounds)):
                taken_ms = await _sample(drivers[0], len(drivers) - 1, limits)
                if taken_ms is None:
                    missed += 1
                else:
                    samples_ms.append(taken_ms)
            load.cancel()
    return _section(samples_ms, missed)


async def _sample(newcomer: Driver, others: int, limits: Limits) -> float | None:
    """Milliseconds; None if not all the others were told a limit."""
    await say(newcomer, 1)
    limits.begin()
    started_s = limits.last_s
    newcomer_id = newcomer.charger.identity
    await say(newcomer, 1)
    all_told = await until(lambda: len(limits.told - {newcomer_id}) == others, _NOT_TOLD_S)
    taken_ms = 1000 * (limits.last_s - started_s)
    await until(lambda: newcomer_id in limits.told, _NOT_TOLD_S)
    limits.begin()
    await say(newcomer, len(session(newcomer.charger.address.protocol)) - 2)
    await until(lambda: len(limits.told - {newcomer_id}) == others, _NOT_TOLD_S)
    await asyncio.sleep(0.2)
    return taken_ms if all_told else None


async def _load(drivers: Sequence[Driver], given: Given) -> None:
    while True:
        await paced(drivers, RATE_PER_S, 60.0, given.rng)


def _section(samples_ms: Sequence[float], missed: int) -> Section:
    figures = {percent: percentile(samples_ms, percent) for percent in (50, 99, 100)}
    title = f"StartTransaction in, the other {CHARGERS - 1} limits out, {RATE_PER_S:g} messages/s beside it"
    p99 = Rounds((figures[99],))
    return Section(
        title,
        ("", "samples", "p50 ms", "p99 ms", "most ms", "incomplete"),
        [("system", str(len(samples_ms)), *(number(value) for value in figures.values()), str(missed))],
        [Result(title, "p99, ms", p99, GOAL_MS)],
        {"reaction ms": Rounds(tuple(samples_ms))},
    )
