"""The ceiling of a site falls, and each of its thousand charging chargers must be told less.

The whole of it: the request over REST, the decision, a record of every limit on disk before it leaves, and of every
answer. `limits` has the part of it that is sending.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import aiohttp

from benchmarks.wire.charger import Address
from benchmarks.wire.figures import Rounds
from benchmarks.wire.load import Driver, connected
from benchmarks.wire.mix import identities
from benchmarks.wire.park import API_KEY, SHARE_KW, Layout, Park
from benchmarks.wire.processes import Server, free_port, running
from benchmarks.wire.programs import system
from benchmarks.wire.rows.charging import charge
from benchmarks.wire.rows.section import Given, Section, quiet, until

CHARGERS = 1_000
LESS_KW = 6.0
"""Per charger; SHARE_KW before."""

_BALANCER = {"settle_s": 0.5, "raise_interval_s": 0}
_PATH = "/api/v1/smart-charging/sites/park/config"
_AT_MOST_S = 120.0


async def measured(given: Given) -> Section:
    names, port, api_port = identities(given.sized(CHARGERS)), free_port(), free_port()
    command = system(given.folder, Layout([Park("park", names, current="DC")], _BALANCER), port, api_port)
    cpu_ms, told_ms = [], []
    with running("system", command, port, given.folder) as server:
        drivers = await connected(Address(port, given.protocol), names)
        await quiet(drivers, at_most_s=_AT_MOST_S)
        await charge(drivers)
        await quiet(drivers, for_s=3.0, at_most_s=_AT_MOST_S)
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {API_KEY}"}) as http:
            url = f"http://127.0.0.1:{api_port}{_PATH}"
            for _ in range(given.rounds):
                cost = await _changed(http, url, len(names) * LESS_KW, server, drivers)
                cpu_ms.append(cost[0])
                told_ms.append(cost[1])
                await _changed(http, url, len(names) * SHARE_KW, server, drivers)
    cpu, told = Rounds(tuple(cpu_ms)), Rounds(tuple(told_ms))
    return Section(
        f"the ceiling of a site of {len(names):,} charging chargers falls ({given.protocol})",
        ("", "CPU ms, all of it", "until the last is told, ms"),
        [("system", str(cpu), str(told))],
        figures={"ceiling cpu_ms": cpu, "ceiling told_ms": told},
    )


async def _changed(
    http: aiohttp.ClientSession, url: str, ceiling_kw: float, server: Server, drivers: Sequence[Driver]
) -> tuple[float, float]:
    """Milliseconds of the server's CPU until all is quiet, and until the last charger has been told."""
    before = {driver.charger.identity: driver.charger.told.limits for driver in drivers}
    cpu_ns, started_s = server.cpu_ns(), time.perf_counter()
    body = {"max_power_kw": ceiling_kw, "strategy": "equal"}
    async with http.put(url, json=body) as answer:
        answer.raise_for_status()
    chargers = [driver.charger for driver in drivers]
    told = await until(lambda: all(c.told.limits > before[c.identity] for c in chargers), _AT_MOST_S)
    told_ms = 1000 * (time.perf_counter() - started_s)
    if not told:
        raise TimeoutError("not every charger was told its new limit")
    await quiet(drivers)
    await asyncio.sleep(1.0)
    return (server.cpu_ns() - cpu_ns) / 1e6, told_ms
