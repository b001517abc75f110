"""Five thousand chargers reconnect at once after a restart: when all are back, booted and under their limit.

Half of them are charging. What each permits is read from what it was told itself, its default limit or its session's;
the sum of a site is looked at with every limit that arrives.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks.wire.charger import Address, Charger, Refused
from benchmarks.wire.figures import Goal, Result, Rounds, number
from benchmarks.wire.load import Driver, connected
from benchmarks.wire.mix import RATED_KW, identities
from benchmarks.wire.park import API_KEY, Layout, Park, parks
from benchmarks.wire.processes import Server, free_port, running
from benchmarks.wire.programs import system
from benchmarks.wire.rows.charging import charge
from benchmarks.wire.rows.section import Given, Section, quiet, until

CHARGERS = 5_000
PER_SITE = 100
CEILING_GOAL = Goal(1.0)
_VOLTAGE_V = 230.0
_LOOK_EVERY_S = 2.0
_AT_MOST_S = 240.0
"""So long it may take, once all are back, until all are confirmed."""

_START_AT_ONCE = 200


@dataclass(slots=True)
class Watched:
    """What one site's chargers permit, in watts, by their own profiles."""

    ceiling_w: float
    permitted_w: dict[str, float] = field(default_factory=dict)
    total_w: float = 0.0
    peak_w: float = 0.0

    def permit(self, identity: str, limit_w: float) -> None:
        self.total_w += limit_w - self.permitted_w.get(identity, 0.0)
        self.permitted_w[identity] = limit_w
        self.peak_w = max(self.peak_w, self.total_w)


class Limits:
    """The profiles of one charger: what it may draw is its session's limit where it has one, else its default."""

    def __init__(self, identity: str, site: Watched) -> None:
        self._identity = identity
        self._site = site
        self._limits_w = {"TxDefaultProfile": 1000 * RATED_KW}
        site.permit(identity, 1000 * RATED_KW)

    def note(self, action: str, payload: Mapping[str, Any]) -> None:
        if action == "SetChargingProfile":
            purpose, limit_w = told_limit(payload)
            self._limits_w[purpose] = limit_w
            self._site.permit(self._identity, self._limits_w.get("TxProfile", self._limits_w["TxDefaultProfile"]))


def told_limit(payload: Mapping[str, Any]) -> tuple[str, float]:
    """Purpose and watts, of the first period, of a SetChargingProfile of either version."""
    profile = payload.get("csChargingProfiles") or payload["chargingProfile"]
    schedule = profile["chargingSchedule"]
    schedule = schedule[0] if isinstance(schedule, list) else schedule
    period = schedule["chargingSchedulePeriod"][0]
    in_amperes = schedule["chargingRateUnit"] == "A"
    factor = _VOLTAGE_V * period.get("numberPhases", 3) if in_amperes else 1.0
    return profile["chargingProfilePurpose"], period["limit"] * factor


@dataclass(slots=True)
class Storm:
    """Seconds from when the server listened again."""

    back_s: float
    settled_s: float
    cpu_s: float
    attempts: int
    peak_mib: float
    confirmed: bool


async def measured(given: Given) -> Section:
    names, port, api_port = identities(given.sized(CHARGERS)), free_port(), free_port()
    sites = parks(names, PER_SITE)
    command = system(given.folder, Layout(sites), port, api_port)
    with running("system", command, port, given.folder):
        watched = {site.site_id: Watched(1000 * site.capacity_kw) for site in sites}
        at = {identity: watched[site.site_id] for site in sites for identity in site.identities}

        def watch(charger: Charger) -> None:
            charger.told.on_call = Limits(charger.identity, at[charger.identity]).note

        drivers = await connected(Address(port, given.protocol), names, prepare=watch)
        await quiet(drivers, at_most_s=120.0)
        for site in watched.values():  # from now on: until it has its first default a charger permits all it can
            site.peak_w = site.total_w
        for start in range(0, len(drivers), _START_AT_ONCE):
            await charge(drivers[start : start + _START_AT_ONCE : 2])
        await quiet(drivers, for_s=8.0, at_most_s=180.0)
    await until(lambda: not any(driver.charger.connected for driver in drivers))
    before_w = sum(site.total_w for site in watched.values())
    with running("system", command, port, given.folder) as server:
        storm = await _storm(server, drivers, sites, api_port, given.rng)
    return _section(len(names), storm, list(watched.values()), before_w)


async def _storm(
    server: Server, drivers: Sequence[Driver], sites: Sequence[Park], api_port: int, rng: random.Random
) -> Storm:
    started_s = time.perf_counter()
    attempts = await asyncio.gather(*(_back(driver.charger, rng) for driver in drivers))
    back_s = time.perf_counter() - started_s
    confirmed = False
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {API_KEY}"}) as http:
        while not confirmed and time.perf_counter() - started_s < back_s + _AT_MOST_S:
            calls = sum(driver.charger.told.calls for driver in drivers)
            await asyncio.sleep(_LOOK_EVERY_S)
            still = calls == sum(driver.charger.told.calls for driver in drivers)
            settled_s = time.perf_counter() - started_s - _LOOK_EVERY_S
            confirmed = still and await _all_confirmed(http, api_port, sites)
    return Storm(
        back_s, settled_s, server.cpu_ns() / 1e9, sum(attempts), server.peak_resident_bytes() / 2**20, confirmed
    )


async def _back(charger: Charger, rng: random.Random) -> int:
    """Connect and boot, as often as it takes; how often that was."""
    attempts = 0
    while True:
        attempts += 1
        try:
            await charger.connect()
            await charger.boot()
            return attempts
        except (OSError, Refused, TimeoutError):
            charger.abort()
            await asyncio.sleep(0.5 + rng.random())


async def _all_confirmed(http: aiohttp.ClientSession, api_port: int, sites: Sequence[Park]) -> bool:
    for site in sites:
        url = f"http://127.0.0.1:{api_port}/api/v1/smart-charging/sites/{site.site_id}/allocation"
        async with http.get(url) as answer:
            allocation = await answer.json()
        within = allocation["total_permitted_kw"] <= allocation["total_budget_kw"]
        if not within or not all(row["confirmed"] for row in allocation["chargers"]):
            return False
    return True


def _section(chargers: int, storm: Storm, watched: Sequence[Watched], before_w: float) -> Section:
    peak = max(watch.peak_w / watch.ceiling_w for watch in watched)
    total_kw = sum(watch.total_w for watch in watched) / 1000
    title = f"storm: {chargers:,} chargers reconnect at once"
    return Section(
        title,
        ("", ""),
        [
            ("connected and booted after, s", number(storm.back_s)),
            ("the last limit told after, s", number(storm.settled_s)),
            ("all confirmed and within their ceilings by the API", "yes" if storm.confirmed else "no"),
            ("CPU of the server until then, its start included, s", number(storm.cpu_s)),
            ("connection attempts per charger", number(storm.attempts / chargers)),
            ("peak resident memory, MiB", number(storm.peak_mib)),
            ("permitted before / after, kW", f"{before_w / 1000:,.0f} / {total_kw:,.0f}"),
            ("most that any site ever permitted, of its ceiling", number(peak)),
        ],
        [Result(title, "permitted over the ceiling", Rounds((peak,)), CEILING_GOAL)],
        {"storm back_s": Rounds((storm.back_s,)), "storm settled_s": Rounds((storm.settled_s,))}
        | {"storm cpu_s": Rounds((storm.cpu_s,)), "storm peak_mib": Rounds((storm.peak_mib,))},
    )
