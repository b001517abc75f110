"""`kill -9` and SIGTERM of the real program, with chargers that go on meanwhile."""

import asyncio
import itertools
import sqlite3
from pathlib import Path

from support.program import Process, served, write_config
from support.system import HUNGRY, JsonObject, System, configuration, dc, eventually, neighbours, site
from support.wire import Wire, start_charging
from websockets.exceptions import ConnectionClosed

from simulators.protocol import Version

MIXED: dict[str, Version] = {"CP-1": "1.6", "CP-2": "2.0.1", "CP-3": "1.6"}
HISTORY = "/api/v1/smart-charging/sites/park/allocation/history?granularity=1min"
CONFIG = "/api/v1/smart-charging/sites/park/config"


async def kill(process: Process) -> None:
    process.kill()
    await process.wait()


def covered_s(folder: Path) -> float:
    """How many seconds of history are in the file."""
    connection = sqlite3.connect(folder / "csms.db")
    try:
        found: float | None = connection.execute("SELECT sum(covered_s) FROM history_minutes").fetchone()[0]
    finally:
        connection.close()
    return found or 0.0


def limits(charge_point: JsonObject) -> JsonObject:
    found: JsonObject = charge_point["connectors"][0]["limits"]
    return found


async def test_after_kill_9_everything_goes_on_where_it_was(tmp_path: Path) -> None:
    """30 of 50 kW were configured: 15 each for two; a third car comes while nobody listens: then 10 each."""
    sites = [site([dc(name) for name in MIXED], capacity_kw=50)]
    config, *ports = write_config(tmp_path, configuration(tmp_path, sites))
    async with neighbours(*ports) as system:
        async with served(config, ports[1]) as process:
            stations = dict(zip(MIXED, await system.chargers(MIXED), strict=True))
            stored = await system.configure(30, min_power_per_charger_kw=2)
            watch = system.watch()
            for name in ("CP-1", "CP-2"):
                stations[name].plug_in(1, HUNGRY, "TAG")
            await system.gives({"CP-1": 15.0, "CP-2": 15.0})
            sessions = {name: await system.sessions(name) for name in ("CP-1", "CP-2")}
            told = {name: limits(await system.charge_point(name)) for name in MIXED}
            [*_, bucket] = (await system.get(HISTORY))["buckets"]
            await asyncio.sleep(3)  # history is written behind, whether anybody asks or not
            system.out_of_reach.update(MIXED)
            await kill(process)
        assert covered_s(tmp_path) > 1
        stations["CP-3"].plug_in(1, HUNGRY, "TAG")
        async with served(config, ports[1]) as process:
            assert await system.get(CONFIG) == stored
            assert {name: limits(await system.charge_point(name)) for name in MIXED} == told
            assert {name: ids(await system.sessions(name)) for name in sessions} == {
                name: ids(rows) for name, rows in sessions.items()
            }
            buckets = {row["period_start"]: row for row in (await system.get(HISTORY))["buckets"]}
            assert buckets[bucket["period_start"]]["active_chargers"] == 2
            assert 0 < buckets[bucket["period_start"]]["total_allocated_kw"] <= 30
            await eventually(lambda: reserved(system), "what had not settled when the process ended settles anew")
            allocation = await system.allocation()
            assert allocation["total_permitted_kw"] == allocation["reserved_kw"] == 30.0
            assert [stations[name].connector(1).drawn_w for name in ("CP-1", "CP-2")] == [15_000, 15_000]
            for frames in system.frames.values():
                frames.clear()
            system.out_of_reach.clear()
            await system.gives(dict.fromkeys(MIXED, 10.0))
            assert [system.said(name, "BootNotification") for name in MIXED] == [[], [], []]
            [third] = await system.sessions("CP-3")
            known = {row["session_id"] for rows in sessions.values() for row in rows}
            assert third["session_id"] not in known
            assert stations["CP-3"].connector(1).transaction_id != stations["CP-1"].connector(1).transaction_id
            process.terminate()
            async with asyncio.timeout(10):
                assert await process.wait() == 0
    assert watch.permitted_w <= 30_000
    assert watch.drawn_w <= 30_000


async def reserved(system: System) -> bool:
    allocation = await system.allocation()
    return [(row["status"], row["permitted_kw"]) for row in allocation["chargers"]] == [("Offline", 15.0)] * 2


def ids(rows: list[JsonObject]) -> list[tuple[object, ...]]:
    return [(row["session_id"], row["transaction_id"], row["started_at"], row["status"]) for row in rows]


async def test_every_start_that_was_answered_survives_kill_9_and_no_id_is_given_twice(tmp_path: Path) -> None:
    sites = [site([dc(name) for name in MIXED])]
    config, *ports = write_config(tmp_path, configuration(tmp_path, sites))
    answered: dict[str, list[str]] = {name: [] for name in MIXED}
    async with neighbours(*ports) as system:
        async with served(config, ports[1]) as process:
            starting = [asyncio.create_task(keep_starting(system, name, answered[name])) for name in MIXED]
            await eventually(lambda: sum(map(len, answered.values())) > 60, "many have started")
            await kill(process)
            await asyncio.gather(*starting)
        async with served(config, ports[1]) as process:
            for name, transaction_ids in answered.items():
                rows = (await system.get(f"/api/v1/sessions?charge_point_id={name}&limit=1000"))["items"]
                kept = [row["transaction_id"] for row in rows]
                assert len(set(kept)) == len(kept)
                assert set(transaction_ids) <= set(kept)
            before = {row["session_id"] for row in (await system.get("/api/v1/sessions?limit=1000"))["items"]}
            async with Wire.connected(system, "CP-1", "1.6") as wire:
                assert int(await start_charging(wire, at="2026-02-01T00:00:00Z")) not in before


async def keep_starting(system: System, name: str, answered: list[str]) -> None:
    """One transaction after the other, until nobody answers."""
    try:
        async with Wire.connected(system, name, MIXED[name]) as wire:
            for number in itertools.count():
                at = f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z"
                starting = asyncio.create_task(start_charging(wire, at=at, name=f"{name}-{number}"))
                ended = asyncio.create_task(wire.closed())
                await asyncio.wait({starting, ended}, return_when=asyncio.FIRST_COMPLETED)
                if not starting.done():
                    starting.cancel()
                    return
                ended.cancel()
                answered.append(starting.result())
    except ConnectionClosed:
        return
