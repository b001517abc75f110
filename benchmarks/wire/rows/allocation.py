"""GET allocation of a site of fifty chargers that charge, beside an empty handler of the same HTTP library."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks.wire.charger import Address
from benchmarks.wire.figures import Goal, Result, Rounds
from benchmarks.wire.load import connected
from benchmarks.wire.mix import identities
from benchmarks.wire.park import API_KEY, Layout, parks
from benchmarks.wire.processes import Server, free_port, running
from benchmarks.wire.programs import system
from benchmarks.wire.rows.charging import charge
from benchmarks.wire.rows.section import Given, Section, quiet

CHARGERS = 50
GOAL = Goal(2.5)
_REQUESTS = 2_000
_CONNECTIONS = 4
_PATH = "/api/v1/smart-charging/sites/park-000/allocation"


class NotServed(Exception):
    """A request was answered with something else than 200."""


async def measured(given: Given) -> Section:
    names, port, api_port, empty_port = identities(CHARGERS), free_port(), free_port(), free_port()
    command = system(given.folder, Layout(parks(names, CHARGERS)), port, api_port)
    empty = [sys.executable, "-m", "benchmarks.wire.servers.empty_http", "--port", str(empty_port)]
    costs: dict[str, list[float]] = {"allocation": [], "empty": []}
    with ExitStack() as stack:
        ours = stack.enter_context(running("system", command, port, given.folder))
        theirs = stack.enter_context(running("empty", empty, empty_port, given.folder))
        drivers = await connected(Address(port, given.protocol), names)
        await quiet(drivers)
        await charge(drivers)
        await quiet(drivers, for_s=8.0)
        asked = {"allocation": (ours, api_port), "empty": (theirs, empty_port)}
        for _ in range(given.rounds + 1):
            for name in given.rng.sample(list(asked), len(asked)):
                costs[name].append(await _asked(*asked[name]))
    cpu = {name: Rounds(tuple(found[1:])) for name, found in costs.items()}
    return Section(
        f"GET allocation of {CHARGERS} chargers",
        ("", "CPU us per request"),
        [(name, str(rounds)) for name, rounds in cpu.items()],
        [Result(f"GET allocation of {CHARGERS} chargers", "empty handler", cpu["allocation"].over(cpu["empty"]), GOAL)],
        {f"GET {name} cpu_us": rounds for name, rounds in cpu.items()},
    )


async def _asked(server: Server, port: int) -> float:
    """The server's CPU per request, in microseconds."""
    cpu_ns = server.cpu_ns()
    await asyncio.gather(*(_ask(port, _REQUESTS // _CONNECTIONS) for _ in range(_CONNECTIONS)))
    return (server.cpu_ns() - cpu_ns) / 1000 / _REQUESTS


async def _ask(port: int, times: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {_PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {API_KEY}\r\n\r\n".encode()
    for _ in range(times):
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        if b" 200 " not in head[0]:
            raise NotServed(head[0].decode())
        await reader.readexactly(_length(head))
    writer.close()


def _length(head: Sequence[bytes]) -> int:
    return next(int(line.partition(b":")[2]) for line in head if line.lower().startswith(b"content-length:"))
