"""What a message costs with 500 chargers connected, and with 5,000, in sites of fifty.

There is power for everybody, or else how many limits a message leads to would depend on how many others charge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

from benchmarks.wire.charger import Address
from benchmarks.wire.figures import Goal, Result
from benchmarks.wire.load import Slice, connected, flood, paced
from benchmarks.wire.mix import identities, session
from benchmarks.wire.programs import PER_SITE, PROGRAMS, serve_plenty, started
from benchmarks.wire.rounds import Entrant, Task, Work, at_rate, cpu_us, limits_per_100, rounds
from benchmarks.wire.rows.section import Given, Section, quiet

SIZES = {"few": 500, "many": 5_000}
GOAL = Goal(1.15)
RATE_PER_S = 1_000.0
INTERVAL_S = 5.0
"""Between two messages of one charger, where each keeps its own pace."""

_PACED_S = 3.0
_SESSIONS = 4
_SETTLED_S = 8.0

_ONE_SITE = "one site at a time, as fast as it is answered"
_OWN_PACE = f"a message from every charger in {INTERVAL_S:g} s"
_TOGETHER = f"{RATE_PER_S:g} messages/s, of all together"
_GOALS = {_ONE_SITE: GOAL, _OWN_PACE: None, _TOGETHER: None}
"""Only where the same is done is the cost per message one of messages: at a pace, what each site and each charger costs
by being there is shared by more or fewer of them."""


async def measured(given: Given) -> Section:
    with ExitStack() as stack:
        entrants = []
        for name, size in SIZES.items():
            chargers = PER_SITE * max(1, given.sized(size) // PER_SITE)
            program = replace(PROGRAMS["system"], name=name, command=serve_plenty)
            server = stack.enter_context(started(program, given.folder, given.protocol, chargers))
            drivers = await connected(Address(server.port, given.protocol), identities(chargers))
            entrants.append(Entrant(program, server, drivers))
            await quiet(drivers)
        await asyncio.sleep(_SETTLED_S)
        for entrant in entrants:  # every charger once: what is found out about each is found out now
            for start in range(0, len(entrant.drivers), PER_SITE):
                await flood(entrant.drivers[start : start + PER_SITE], len(session(given.protocol)))

        async def one_site(entrant: Entrant) -> Slice:
            start = PER_SITE * given.rng.randrange(len(entrant.drivers) // PER_SITE)
            site = entrant.drivers[start : start + PER_SITE]
            return await flood(site, _SESSIONS * len(session(given.protocol)))

        def own_pace(entrant: Entrant) -> Awaitable[Slice]:
            return paced(entrant.drivers, len(entrant.drivers) / INTERVAL_S, _PACED_S, given.rng)

        tasks: dict[str, Task] = {
            _ONE_SITE: one_site,
            _OWN_PACE: own_pace,
            _TOGETHER: at_rate(RATE_PER_S, _PACED_S, given.rng),
        }
        work = {how: await rounds(entrants, task, given.rounds, given.rng) for how, task in tasks.items()}
        sizes = [len(entrant.drivers) for entrant in entrants]
    return _section(sizes, work)


def _section(sizes: Sequence[int], work: Mapping[str, Mapping[str, Sequence[Work]]]) -> Section:
    few, many = SIZES
    cpu = {how: {name: cpu_us(done) for name, done in found.items()} for how, found in work.items()}
    return Section(
        "growth: CPU us per message",
        ("", *(f"{size:,} chargers" for size in sizes), "limits/100", "limits/100"),
        [
            (how, *(str(found[name]) for name in SIZES), *(limits_per_100(work[how][name]) for name in SIZES))
            for how, found in cpu.items()
        ],
        [
            Result(f"{sizes[1]:,} chargers, {how}", f"{sizes[0]:,}", found[many].over(found[few]), _GOALS[how])
            for how, found in cpu.items()
        ],
        {f"growth {how}, {name} cpu_us": found[name] for how, found in cpu.items() for name in SIZES},
    )
