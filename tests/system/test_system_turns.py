"""Who is served when not everybody can be: turns, ranks, weights, first come, and cars that must not pause."""

import time
from datetime import datetime
from pathlib import Path

import pytest
from support.system import HUNGRY, VERSIONS, dc, eventually, running, site

from simulators.protocol import Version
from simulators.station import SimulatedChargePoint

TWO: dict[str, Version] = {"CP-1": "1.6", "CP-2": "2.0.1"}
THREE: dict[str, Version] = {**TWO, "CP-3": "1.6"}
TURN_S = 1.0


async def begun(station: SimulatedChargePoint) -> None:
    """Wait until its session has begun, so that the next one begins later."""
    await eventually(lambda: station.connector(1).charging, f"{station.spec.identity} has begun")


async def served(station: SimulatedChargePoint) -> None:
    """Wait until this one draws."""
    await eventually(lambda: station.connector(1).drawn_w > 0, f"{station.spec.identity} is served")


async def test_each_has_its_turn_and_who_waits_is_told_when(tmp_path: Path) -> None:
    """10 kW for three that need 8 each: one at a time, in the order in which they came, and then from the start."""
    park = site([dc(name) for name in THREE])
    async with running(tmp_path, park, balancer={"turn_minutes": TURN_S / 60}) as system:
        await system.configure(10, min_power_per_charger_kw=8)
        stations = await system.chargers(THREE)
        watch = system.watch()
        for station in stations:
            station.plug_in(1, HUNGRY, "TAG")
            await begun(station)
        await served(stations[0])
        allocation = await system.allocation()
        assert allocation["waiting"] == ["CP-2", "CP-3"]
        rows = {row["charge_point_id"]: row for row in allocation["chargers"]}
        assert rows["CP-1"]["expected_start"] is None
        assert [rows[name]["waiting"] for name in THREE] == [False, True, True]
        assert rows["CP-2"]["reason"] == "waits: needs 8 kW, no room"
        expected_s = [datetime.fromisoformat(rows[name]["expected_start"]).timestamp() for name in ("CP-2", "CP-3")]
        assert 0 <= expected_s[0] - time.time() <= TURN_S
        assert expected_s[1] - expected_s[0] == pytest.approx(TURN_S, abs=0.01)
        await served(stations[1])
        assert expected_s[0] - 0.05 <= time.time() <= expected_s[0] + 1.5
        for station in (stations[2], stations[0]):
            await served(station)
    assert watch.permitted_w <= 10_000
    assert watch.drawn_w <= 10_000


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_car_that_would_not_wake_never_pauses(tmp_path: Path, protocol: Version) -> None:
    """It comes second and is served at once; the turns of the other have no end for it."""
    protocols: dict[str, Version] = {"CP-1": "1.6", "CP-2": protocol}
    park = site([dc("CP-1"), dc("CP-2", never_pause=True)], capacity_kw=30)
    async with running(tmp_path, park, balancer={"turn_minutes": 0.2 / 60}) as system:
        await system.configure(10, min_power_per_charger_kw=8)
        first, second = await system.chargers(protocols)
        first.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 10.0})
        second.plug_in(1, HUNGRY, "TAG")
        allocation = await system.gives({"CP-1": 0.0, "CP-2": 10.0})
        assert allocation["waiting"] == ["CP-1"]
        told = len(system.told("CP-2", "SetChargingProfile"))
        status, _ = await system.request("POST", "/api/v1/smart-charging/sites/park/rebalance")
        assert status == 200
        await system.gives({"CP-1": 0.0, "CP-2": 10.0})
        assert [limit_w(payload) for payload in system.told("CP-2", "SetChargingProfile")[told:]] == [10_000]


def limit_w(payload: dict[str, object]) -> object:
    """The first limit of a profile."""
    profile = payload.get("csChargingProfiles") or payload["chargingProfile"]
    assert isinstance(profile, dict)
    schedule = profile["chargingSchedule"]
    return (schedule[0] if isinstance(schedule, list) else schedule)["chargingSchedulePeriod"][0]["limit"]


async def test_weights_divide_in_proportion(tmp_path: Path) -> None:
    """20 kW at 3 to 1; with 40 kW the first is full at 22 and the other has the rest."""
    async with running(tmp_path, site([dc(name) for name in TWO])) as system:
        await system.configure(20, "priority", priority_weights={"CP-1": 3})
        stations = await system.chargers(TWO)
        watch = system.watch()
        for station in stations:
            station.plug_in(1, HUNGRY, "TAG")
        allocation = await system.gives({"CP-1": 15.0, "CP-2": 5.0})
        assert allocation["chargers"][0]["reason"].startswith("weight 3 of ")
        assert watch.permitted_w <= 20_000
        await system.configure(40, "priority", priority_weights={"CP-1": 3})
        await system.gives({"CP-1": 22.0, "CP-2": 18.0})


async def test_who_came_first_is_filled_up_first_and_keeps_what_it_has(tmp_path: Path) -> None:
    """30 kW, floor 12: that for the second, the rest for the first; the third waits until one of them leaves."""
    async with running(tmp_path, site([dc(name) for name in THREE]), balancer={"turn_minutes": 0.2 / 60}) as system:
        await system.configure(30, "first_come_first_served", min_power_per_charger_kw=12)
        stations = await system.chargers(THREE)
        order = {"CP-2": 18.0, "CP-3": 12.0, "CP-1": 0.0}
        watch = system.watch()
        for name in order:
            system.stations[name].plug_in(1, HUNGRY, "TAG")
            await begun(system.stations[name])
        allocation = await system.gives(order)
        assert allocation["waiting"] == ["CP-1"]
        [row] = [row for row in allocation["chargers"] if row["charge_point_id"] == "CP-1"]
        assert row["expected_start"] is None  # nobody's turn ends
        stations[1].unplug(1)
        await system.gives({"CP-3": 18.0, "CP-1": 12.0})
    assert watch.permitted_w <= 30_000
