"""Sites and charge points that come, change and go while the system runs, over real sockets and over restarts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from support.system import (
    DC_22,
    HUNGRY,
    KEYS,
    JsonObject,
    System,
    configuration,
    dc,
    eventually,
    impatience,
    neighbours,
    running,
    serving,
    site,
)

ADMIN = KEYS["admin"]
NEW = site([dc("N-1"), dc("N-2")], 30, "new")


async def _ask(system: System, method: str, path: str, body: object = None) -> JsonObject:
    status, answer = await system.request(method, path, body, key=ADMIN)
    assert status == 200, answer
    return answer


async def test_a_site_created_over_rest_balances_at_once_and_is_there_after_a_restart(tmp_path: Path) -> None:
    document = configuration(tmp_path, [site([dc("CP-1")])])
    with impatience():
        async with serving(document) as ports, neighbours(*ports) as system:
            await _ask(system, "POST", "/api/v1/sites", NEW)
            stations = await system.chargers({"N-1": "1.6", "N-2": "2.0.1"})
            for station in stations:
                station.plug_in(1, HUNGRY, id_token="TAG")
            await system.gives({"N-1": 15.0, "N-2": 15.0}, "new")
            changed = await _ask(system, "PUT", "/api/v1/sites/new", {"grid_capacity_kw": 20})
            assert changed["grid_capacity_kw"] == 20
            await system.gives({"N-1": 10.0, "N-2": 10.0}, "new")
        async with serving(document) as ports, neighbours(*ports) as system:
            sites = (await system.get("/api/v1/sites"))["items"]
            assert [(row["site_id"], row["grid_capacity_kw"]) for row in sites] == [("park", 100.0), ("new", 20.0)]
            assert (await system.get("/api/v1/sites/new"))["charge_point_ids"] == ["N-1", "N-2"]


async def test_a_removed_charge_point_is_disconnected_counts_no_more_and_does_not_come_back(tmp_path: Path) -> None:
    document = configuration(tmp_path, [site([dc("CP-1"), dc("CP-2")], 20)])
    with impatience():
        async with serving(document) as ports, neighbours(*ports) as system:
            first, second = await system.chargers({"CP-1": "1.6", "CP-2": "2.0.1"})
            for station in (first, second):
                station.plug_in(1, HUNGRY, id_token="TAG")
            await system.gives({"CP-1": 10.0, "CP-2": 10.0})
            status, refused = await system.request("DELETE", "/api/v1/charge-points/CP-1", key=ADMIN)
            assert (status, refused["status"]) == (409, 409)
            await _ask(system, "DELETE", "/api/v1/charge-points/CP-1?force=true")
            await eventually(lambda: not first.connected, "it is sent away")
            await system.gives({"CP-2": 20.0})
            assert (await system.request("GET", "/api/v1/charge-points/CP-1", key=ADMIN))[0] == 404
            (session,) = await system.sessions("CP-1")
            assert session["stop_reason"] == "ChargePointRemoved"
            await asyncio.sleep(0.5)
            assert not first.connected
            assert (await system.request("GET", "/readyz"))[0] == 200
        async with serving(document) as ports, neighbours(*ports) as system:
            assert (await system.get("/api/v1/sites/park"))["charge_point_ids"] == ["CP-2"]
            await _ask(system, "POST", "/api/v1/sites/park/charge-points", dc("CP-1"))
            await system.charger("CP-1", "1.6")
        async with serving(document) as ports, neighbours(*ports) as system:
            assert sorted((await system.get("/api/v1/sites/park"))["charge_point_ids"]) == ["CP-1", "CP-2"]


CONFIG = "/api/v1/smart-charging/sites/park/config"


async def test_a_removed_charge_point_is_named_no_more_by_the_smart_charging_of_its_site(tmp_path: Path) -> None:
    ranked = {"max_power_kw": 20, "strategy": "priority", "priority_order": ["CP-1", "CP-2"]}
    document = configuration(tmp_path, [site([dc("CP-1"), dc("CP-2")], 20, smart_charging=ranked)])
    async with serving(document) as ports, neighbours(*ports) as system:
        await _ask(system, "DELETE", "/api/v1/charge-points/CP-1")
        assert (await system.get(CONFIG))["priority_order"] == ["CP-2"]
    document["sites"][0]["smart_charging"]["max_power_kw"] = 15
    async with serving(document) as ports, neighbours(*ports) as system:
        left = await system.get(CONFIG)
        assert (left["priority_order"], left["max_power_kw"]) == (["CP-2"], 15), "what is the file's stays the file's"
        body = {name: left[name] for name in ("max_power_kw", "strategy", "priority_order")}
        await _ask(system, "PUT", CONFIG, body)
        await _ask(system, "DELETE", "/api/v1/charge-points/CP-2")
        assert ((await system.get(CONFIG))["strategy"], (await system.get(CONFIG))["priority_order"]) == ("equal", [])


async def test_ranks_of_a_charge_point_that_the_file_no_longer_declares_go_at_the_start(tmp_path: Path) -> None:
    document = configuration(tmp_path, [site([dc("CP-1"), dc("CP-2")], 20)])
    async with serving(document) as ports, neighbours(*ports) as system:
        await system.configure(20, "priority", priority_weights={"CP-1": 3, "CP-2": 2})
    del document["sites"][0]["charge_points"][0]
    for _ in range(2):
        async with serving(document) as ports, neighbours(*ports) as system:
            assert (await system.get(CONFIG))["priority_weights"] == {"CP-2": 2}


async def test_a_removed_site_is_gone_for_good_and_its_sessions_stay(tmp_path: Path) -> None:
    document = configuration(tmp_path, [site([dc("CP-1")]), site([dc("X-1")], 30, "other")])
    with impatience():
        async with serving(document) as ports, neighbours(*ports) as system:
            station = await system.charger("X-1", "2.0.1")
            station.plug_in(1, HUNGRY, id_token="TAG")
            await eventually(lambda: _is_running(system, "X-1"), "a session runs")
            assert (await system.request("DELETE", "/api/v1/sites/other", key=ADMIN))[0] == 409
            await _ask(system, "DELETE", "/api/v1/sites/other?force=true")
            await eventually(lambda: not station.connected, "it is sent away")
            assert [row["site_id"] for row in (await system.get("/api/v1/sites"))["items"]] == ["park"]
            assert len(await system.sessions("X-1")) == 1
        async with serving(document) as ports, neighbours(*ports) as system:
            assert [row["site_id"] for row in (await system.get("/api/v1/sites"))["items"]] == ["park"]
            created = await _ask(system, "POST", "/api/v1/sites", site([dc("X-9")], 40, "other"))
            assert (created["charge_point_ids"], created["grid_capacity_kw"]) == (["X-9"], 40.0)
        async with serving(document) as ports, neighbours(*ports) as system:
            assert (await system.get("/api/v1/sites/other"))["grid_capacity_kw"] == 40.0


async def _is_running(system: System, charge_point_id: str) -> bool:
    return any(row["status"] == "active" for row in await system.sessions(charge_point_id))


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
async def test_a_charge_point_declared_over_rest_connects_and_with_a_new_password_signs_in_again(
    tmp_path: Path, protocol: str
) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        await _ask(system, "POST", "/api/v1/sites/park/charge-points", dc("CP-9"))
        station = await system.charger("CP-9", "1.6" if protocol == "1.6" else "2.0.1", DC_22)
        assert (await system.charge_point("CP-9"))["connection"]["connected"]
        await _ask(system, "PUT", "/api/v1/charge-points/CP-9", {"current": "DC", "password_sha256": "a" * 64})
        await eventually(lambda: not station.connected, "it has to sign in again, and cannot")
        assert (await system.charge_point("CP-9"))["settings"]["password_required"]


async def test_chargers_may_be_removed_while_they_are_being_told_limits(tmp_path: Path) -> None:
    names = [f"CP-{number}" for number in range(1, 7)]
    async with running(tmp_path, site([dc(name) for name in names], 60)) as system:
        stations = await system.chargers(dict.fromkeys(names, "1.6"))
        for station in stations:
            station.plug_in(1, HUNGRY, id_token="TAG")
        for name in names[:5]:
            await _ask(system, "DELETE", f"/api/v1/charge-points/{name}?force=true")
        await system.gives({"CP-6": 22.0})
        events = await system.get("/api/v1/events?format=json&type=site_restarted,configuration_changed")
        assert [row["data"] for row in events["items"] if row["type"] == "site_restarted"] == []
        removed = [row["charge_point_id"] for row in events["items"] if row["data"].get("removed")]
        assert sorted(removed) == names[:5]
