"""What permessage-deflate costs a server per message, where chargers use it: memory is what `arrival` tells."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from benchmarks.wire.charger import Address
from benchmarks.wire.figures import Result
from benchmarks.wire.load import Slice, connected, flood
from benchmarks.wire.mix import identities, session
from benchmarks.wire.programs import PROGRAMS, started
from benchmarks.wire.rounds import Entrant, cpu_us, rounds
from benchmarks.wire.rows.section import Given, Section, quiet

_CHARGERS = 50
_SESSIONS = 5
_WITHOUT, _WITH = "codec", "codec, deflate"


async def measured(given: Given) -> Section:
    with ExitStack() as stack:
        entrants = []
        for name in (_WITHOUT, _WITH):
            program = replace(PROGRAMS["codec"], name=name)
            server = stack.enter_context(started(program, given.folder, given.protocol, _CHARGERS))
            address = Address(server.port, given.protocol, deflate=name == _WITH)
            entrants.append(Entrant(program, server, await connected(address, identities(_CHARGERS))))
            await quiet(entrants[-1].drivers)

        async def task(entrant: Entrant) -> Slice:
            return await flood(entrant.drivers, _SESSIONS * len(session(given.protocol)))

        work = await rounds(entrants, task, given.rounds, given.rng)
    cpu = {name: cpu_us(done) for name, done in work.items()}
    return Section(
        f"permessage-deflate ({given.protocol})",
        ("", "CPU us per message"),
        [(name, str(cost)) for name, cost in cpu.items()],
        [Result("message with permessage-deflate", "without", cpu[_WITH].over(cpu[_WITHOUT]), None)],
        {f"compression {name} cpu_us": cost for name, cost in cpu.items()},
    )
