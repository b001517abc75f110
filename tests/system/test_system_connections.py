"""Connections that drop, come back, or come twice."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import pytest
from support.system import HUNGRY, VERSIONS, System, dc, eventually, running, site
from support.wire import Wire, start_charging

from simulators.protocol import Version


def both(protocol: Version) -> dict[str, Version]:
    return {"CP-1": protocol, "CP-2": "2.0.1" if protocol == "1.6" else "1.6"}


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_charger_that_drops_keeps_its_limit_and_its_room_and_goes_on_when_it_is_back(
    tmp_path: Path, protocol: Version
) -> None:
    """30 kW: CP-1 has 22 when it drops, so 8 are left for CP-2; back again, without booting, both have 15."""
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")], capacity_kw=30)) as system:
        first, second = await system.chargers(both(protocol))
        watch = system.watch()
        first.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 22.0})
        await system.lose("CP-1")
        row = await system.row("CP-1")
        assert row is not None
        assert (row["status"], row["permitted_kw"], row["reason"]) == ("Offline", 22.0, "offline: 22 kW reserved")
        assert (await system.allocation())["reserved_kw"] == 22.0
        second.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 22.0, "CP-2": 8.0})
        assert (first.connected, first.connector(1).drawn_w) == (False, 22_000)
        system.find("CP-1")
        await system.gives({"CP-1": 15.0, "CP-2": 15.0})
        assert system.said("CP-1", "BootNotification") == []
        [session] = await system.sessions("CP-1")
        assert session["status"] == "active"
    assert watch.permitted_w <= 30_000
    assert watch.drawn_w <= 30_000


async def test_a_charger_that_comes_back_is_told_its_limit_again_even_if_nothing_changed(tmp_path: Path) -> None:
    names: dict[str, Version] = {"CP-1": "1.6", "CP-2": "2.0.1"}
    async with running(tmp_path, site([dc(name) for name in names])) as system:
        for station in await system.chargers(names):
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives(dict.fromkeys(names, 22.0))
        for name in names:
            await system.lose(name)
        for name in names:
            system.find(name)
        await eventually(
            lambda: all("TxProfile" in str(system.told(name, "SetChargingProfile")) for name in names), "told again"
        )
        await system.gives(dict.fromkeys(names, 22.0))
        assert [system.said(name, "BootNotification") for name in names] == [[], []]


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_sessions_of_a_charger_out_of_reach_arrive_later_with_their_own_times(
    tmp_path: Path, protocol: Version
) -> None:
    """Out of reach it charges at its offline limit, one session from start to end and the beginning of another."""
    points = [dc("CP-1", offline_limit_kw=4), dc("CP-2")]
    async with running(tmp_path, site(points, capacity_kw=20)) as system:
        first = await system.charger("CP-1", protocol)
        second = await system.charger("CP-2")
        await eventually(lambda: (first.connector(1).permitted_w, second.connector(1).permitted_w) == (4_000, 0))
        watch = system.watch()
        second.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-2": 16.0})
        await system.lose("CP-1")
        times_s = [time.time()]
        first.plug_in(1, HUNGRY, "TAG-OFFLINE")
        await eventually(lambda: first.connector(1).energy_wh >= 1, "it charges at its offline limit")
        assert first.connector(1).drawn_w == 4_000
        times_s.append(time.time())
        first.unplug(1)
        energy_kwh = first.connector(1).energy_wh / 1000
        times_s.append(time.time())
        first.plug_in(1, HUNGRY, "TAG-OFFLINE")
        times_s.append(time.time())
        system.find("CP-1")
        await system.gives({"CP-1": 10.0, "CP-2": 10.0})
        running_one, ended = await system.sessions("CP-1")
    assert (ended["status"], running_one["status"]) == ("completed", "active")
    assert {ended["id_token"], running_one["id_token"]} == {"TAG-OFFLINE"}
    assert ended["energy_kwh"] == pytest.approx(energy_kwh, abs=0.0006)  # meters count whole watt-hours
    assert_between(times_s[0], ended["started_at"], times_s[1])
    assert_between(times_s[1], ended["ended_at"], times_s[2])
    assert_between(times_s[2], running_one["started_at"], times_s[3])
    assert ended["session_id"] != running_one["session_id"]
    assert watch.permitted_w <= 20_000


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_car_that_left_while_its_charger_was_out_of_reach_gives_its_room_back(
    tmp_path: Path, protocol: Version
) -> None:
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")], capacity_kw=30)) as system:
        first, second = await system.chargers(both(protocol))
        for station in (first, second):
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 15.0, "CP-2": 15.0})
        await system.lose("CP-1")
        first.unplug(1)
        system.find("CP-1")
        await system.gives({"CP-2": 22.0})
        [session] = await system.sessions("CP-1")
        assert (session["status"], session["stop_reason"]) == ("completed", "EVDisconnected")


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_second_socket_of_the_same_charger_wins_and_the_late_end_of_the_first_changes_nothing(
    tmp_path: Path, protocol: Version
) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system, Wire.connected(system, "CP-1", protocol) as old:
        await start_charging(old)
        await eventually(confirmed(system), "the old one is told its limit")
        old.socket.transport.pause_reading()  # it does not notice that it was closed, so it does not close either
        async with Wire.connected(system, "CP-1", protocol, boots=False) as new:
            await new.call("Heartbeat", {})
            await eventually(lambda: len(new.purposes()) == 2, "the new one is told its limit and its default")
            old.socket.transport.resume_reading()
            assert await old.closed() == 1008
            await eventually(system.quiet, "it has answered")
            told = len(old.received)
            assert sorted(new.purposes()) == ["TxDefaultProfile", "TxProfile"]
            status, answer = await system.request("POST", "/api/v1/smart-charging/sites/park/rebalance")
            assert (status, answer["chargers_updated"]) == (200, 1)
            assert (len(old.received), new.purposes().count("TxProfile")) == (told, 2)
            connection = (await system.charge_point("CP-1"))["connection"]
            assert (connection["connected"], connection["ready"]) == (True, True)
            row = await system.row("CP-1")
            assert row is not None
            assert (row["status"], row["confirmed"]) == ("Charging", True)
            [session] = await system.sessions("CP-1")
            assert session["status"] == "active"


def confirmed(system: System) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        row = await system.row("CP-1")
        return row is not None and bool(row["confirmed"])

    return look


def assert_between(earliest_s: float, timestamp: str, latest_s: float) -> None:
    """Timestamps are whole milliseconds."""
    assert earliest_s - 0.001 <= datetime.fromisoformat(timestamp).timestamp() <= latest_s + 0.001
