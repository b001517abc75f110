"""Ceilings that others set for a time, and what the site itself draws: in force over REST, obeyed on the wire."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from support.system import HUNGRY, JsonObject, System, Watch, dc, eventually, running, site

from simulators.hardware import AC_ONE_PHASE
from simulators.protocol import Version

SITE = "/api/v1/smart-charging/sites/park"
LIMIT, SITE_LOAD = f"{SITE}/limit", f"{SITE}/site-load"
TWO: dict[str, Version] = {"CP-1": "1.6", "CP-2": "2.0.1"}


def at(utc_s: float) -> str:
    """In whole milliseconds, UTC with Z."""
    return datetime.fromtimestamp(utc_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def each(power_kw: float) -> dict[str, float]:
    return dict.fromkeys(TWO, power_kw)


async def limit(system: System, max_power_kw: float, **more: object) -> JsonObject:
    status, answer = await system.request("PUT", LIMIT, {"max_power_kw": max_power_kw, **more})
    assert status == 200, answer
    return answer


async def withdraw(system: System, query: str = "") -> JsonObject:
    status, answer = await system.request("DELETE", LIMIT + query)
    assert status == 200, answer
    return answer


async def two_that_charge(system: System) -> None:
    for station in await system.chargers(TWO):
        station.plug_in(1, HUNGRY, "TAG")
    await system.gives(each(20.0))


def park() -> JsonObject:
    return site([dc(name) for name in TWO], capacity_kw=40)


async def test_the_lowest_of_several_temporary_limits_holds_until_it_is_withdrawn(tmp_path: Path) -> None:
    async with running(tmp_path, park()) as system:
        await two_that_charge(system)
        told = await limit(system, 16, source="grid operator")
        assert told == {
            "source": "grid operator",
            "max_power_kw": 16.0,
            "valid_from": None,
            "valid_until": None,
            "in_force": True,
        }
        decided = await system.allocation()  # in force when it is answered, wherever the chargers are
        assert (decided["total_budget_kw"], decided["limit_source"]) == (16.0, "temporary limit of grid operator")
        await system.gives(each(8.0))
        await limit(system, 6, source="energy manager")
        await limit(system, 30, source="somebody else")
        await system.gives(each(3.0))
        standing = await system.get(LIMIT)
        assert standing["max_power_kw"] == 6.0
        assert [row["source"] for row in standing["limits"]] == ["energy manager", "grid operator", "somebody else"]
        assert await withdraw(system, "?source=energy%20manager") == {"withdrawn": 1}
        await system.gives(each(8.0))
        assert await withdraw(system) == {"withdrawn": 2}
        assert (await system.gives(each(20.0)))["limit_source"] == "grid capacity"
        assert await system.get(LIMIT) == {"limits": [], "max_power_kw": None}


async def test_a_limit_of_nothing_pauses_everybody(tmp_path: Path) -> None:
    async with running(tmp_path, park()) as system:
        await two_that_charge(system)
        await limit(system, 0)
        assert sorted((await system.gives(each(0.0)))["waiting"]) == ["CP-1", "CP-2"]
        await withdraw(system)
        await system.gives(each(20.0))


async def test_a_limit_that_is_known_before_is_obeyed_when_it_begins_and_ends_by_itself(tmp_path: Path) -> None:
    """A cut may take two call timeouts and a settling time, so it leaves that much before its boundary, no earlier."""
    async with running(tmp_path, park(), call_timeout_s=0.75) as system:
        await two_that_charge(system)
        from_s = time.time() + 3.0
        told = await limit(system, 10, valid_from=at(from_s), valid_until=at(from_s + 1.5))
        assert not told["in_force"]
        await asyncio.sleep(0.3)
        assert permitted_w(system) == 40_000
        await eventually(lambda: permitted_w(system) <= 10_000 >= drawn_w(system), "the cut is finished")
        before = await system.allocation()
        assert time.time() < from_s
        assert before["total_budget_kw"] == 40.0  # what is in force, while what is to come is obeyed already
        watch = await watched_until(system, from_s + 0.9)
        assert await system.get(LIMIT) | {"limits": None} == {"limits": None, "max_power_kw": 10.0}
        await system.gives(each(20.0))
    assert watch.permitted_w <= 10_000
    assert watch.drawn_w <= 10_000


def permitted_w(system: System) -> float:
    return sum(station.connector(1).permitted_w for station in system.stations.values())


def drawn_w(system: System) -> float:
    return sum(station.connector(1).drawn_w for station in system.stations.values())


async def watched_until(system: System, utc_s: float) -> Watch:
    """What was permitted and drawn at most until then; what happens later is not in it."""
    watch = system.watch()
    await asyncio.sleep(utc_s - time.time())
    return Watch(watch.permitted_w, watch.drawn_w, watch.changes)


@contextlib.asynccontextmanager
async def metering(system: System, reading: Mapping[str, object]) -> AsyncIterator[None]:
    """The site's own meter, read twice a second."""

    async def read() -> None:
        while True:
            status, answer = await system.request("POST", SITE_LOAD, dict(reading))
            assert status == 200, answer
            assert answer["accepted"]
            await asyncio.sleep(0.5)

    task = asyncio.create_task(read())
    try:
        yield
    finally:
        assert not task.done(), "the meter failed"
        task.cancel()


async def test_a_meter_that_falls_silent_counts_as_the_worst_case_and_raises_an_alarm(tmp_path: Path) -> None:
    """40 kW less 5 in reserve: 25 are left beside 10 kW of other loads, 5 beside the worst case of 30."""
    house = {"reserve_kw": 5, "site_load_max_kw": 30, "site_load_max_age_s": 2}
    async with running(tmp_path, park() | house) as system:
        for station in await system.chargers(TWO):
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives(each(2.5))
        await eventually(lambda: _are(system, ["site_load_unknown"]), "nobody has told yet")
        async with metering(system, {"power_kw": 10}):
            allocation = await system.gives(each(12.5))
            assert (allocation["site_load_kw"], allocation["total_budget_kw"]) == (10.0, 25.0)
            assert allocation["limit_source"] == "grid capacity less 10 kW of other loads and 5 kW in reserve"
            await eventually(lambda: _are(system, []), "it is known")
            watch = system.watch()
        assert (await system.gives(each(2.5)))["site_load_kw"] == 30.0
        await eventually(lambda: _are(system, ["site_load_unknown"]), "it is not known any more")
        standing, cleared = await system.alarms()
        assert standing["cleared_at"] is None
        assert cleared["raised_at"] < cleared["cleared_at"] <= standing["raised_at"]
    assert watch.permitted_w <= 25_000


async def test_the_amperes_of_the_site_are_taken_off_their_own_phase(tmp_path: Path) -> None:
    """50 A per phase, 30 of them drawn on L1: 20 are left there, and L2 has enough for 32."""
    points: list[JsonObject] = [
        {"charge_point_id": name, "current": "AC", "phases": 1, "phase": phase, "max_power_kw": 7.36}
        for name, phase in (("CP-1", "L1"), ("CP-2", "L2"))
    ]
    async with running(tmp_path, site(points, capacity_kw=40, grid_max_current_a=50)) as system:
        for station in await system.chargers(TWO, AC_ONE_PHASE):
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives(each(7.36))
        now_s = time.time()
        reading = {"power_kw": 6.9, "currents_a": [30.0, 0.0, 0.0], "timestamp": at(now_s)}
        status, taken = await system.request("POST", SITE_LOAD, reading)
        assert (status, taken["accepted"]) == (200, True)
        allocation = await system.gives({"CP-1": 4.6, "CP-2": 7.36})
        grid = allocation["circuits"][0]
        assert (grid["max_power_kw"], grid["max_current_a"], grid["permitted_a"]) == (33.1, 20.0, [20.0, 32.0, 0.0])
        assert allocation["chargers"][0]["reason"] == "limited by the grid connection (L1)"
        late = {"power_kw": 0, "currents_a": [0.0, 0.0, 0.0], "timestamp": at(now_s - 10)}
        status, ignored = await system.request("POST", SITE_LOAD, late)
        assert (status, ignored) == (200, taken | {"accepted": False})
        assert await system.gives({"CP-1": 4.6, "CP-2": 7.36})


async def _are(system: System, kinds: list[str]) -> bool:
    return [alarm["kind"] for alarm in await system.alarms(standing=True)] == kinds
