"""Cars that come and go, and configurations that change, while others charge."""

from pathlib import Path

import pytest
from support.system import HUNGRY, VERSIONS, System, dc, eventually, running, site
from support.wire import Wire, start_charging, stop_charging

from simulators.protocol import Version


def both(protocol: Version) -> dict[str, Version]:
    """Two chargers, the second of the other version."""
    return {"CP-1": protocol, "CP-2": "2.0.1" if protocol == "1.6" else "1.6"}


def limits_w(system: System, charge_point_id: str) -> list[float]:
    """Every limit a charger was sent for a transaction, oldest first."""
    found = []
    for payload in system.told(charge_point_id, "SetChargingProfile"):
        profile = payload.get("csChargingProfiles") or payload["chargingProfile"]
        schedule = profile["chargingSchedule"]
        schedule = schedule[0] if isinstance(schedule, list) else schedule
        if profile["chargingProfilePurpose"] == "TxProfile":
            found.append(schedule["chargingSchedulePeriod"][0]["limit"])
    return found


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_others_are_cut_before_a_newcomer_is_raised_and_raised_again_when_it_leaves(
    tmp_path: Path, protocol: Version
) -> None:
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")], capacity_kw=30)) as system:
        first, second = await system.chargers(both(protocol))
        watch = system.watch()
        first.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 22.0})
        second.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 15.0, "CP-2": 15.0})
        second.unplug(1)
        await system.gives({"CP-1": 22.0})
    assert (limits_w(system, "CP-1"), limits_w(system, "CP-2")[-1]) == ([22_000, 15_000, 22_000], 15_000)
    assert watch.permitted_w <= 30_000  # both at 22 and 15 even for an instant would be 37
    assert watch.drawn_w <= 30_000


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_new_configuration_takes_effect_at_once(tmp_path: Path, protocol: Version) -> None:
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")], capacity_kw=40)) as system:
        first, second = await system.chargers(both(protocol))
        for station in (first, second):
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 20.0, "CP-2": 20.0})
        await system.configure(25, "priority", min_power_per_charger_kw=4, priority_order=["CP-2"])
        decided = await system.allocation()
        assert {row["charge_point_id"]: row["allocated_kw"] for row in decided["chargers"]} == {
            "CP-1": 4.0,
            "CP-2": 21.0,
        }
        assert decided["total_budget_kw"] == 25.0
        await system.gives({"CP-1": 4.0, "CP-2": 21.0})
        watch = system.watch()
        await system.configure(36)
        await system.gives({"CP-1": 18.0, "CP-2": 18.0})
    assert watch.permitted_w <= 36_000


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_who_has_no_room_for_its_floor_waits_and_is_served_when_somebody_leaves(
    tmp_path: Path, protocol: Version
) -> None:
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")], capacity_kw=30)) as system:
        await system.configure(10, min_power_per_charger_kw=8)
        first, second = await system.chargers(both(protocol))
        first.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 10.0})
        second.plug_in(1, HUNGRY, "TAG")
        allocation = await system.gives({"CP-1": 10.0, "CP-2": 0.0})
        assert allocation["waiting"] == ["CP-2"]
        await eventually(lambda: second.connector(1).status == "SuspendedEVSE")
        first.unplug(1)
        await system.gives({"CP-2": 10.0})


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_what_a_start_brings_is_decided_before_anybody_can_ask(tmp_path: Path, protocol: Version) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system, Wire.connected(system, "CP-1", protocol) as wire:
        await start_charging(wire)
        row = await system.row("CP-1")
        assert row is not None
        assert row["allocated_kw"] == 22.0


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_no_command_about_a_transaction_leaves_before_the_answer_that_created_it(
    tmp_path: Path, protocol: Version
) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system, Wire.connected(system, "CP-1", protocol) as wire:
        transaction_id = await start_charging(wire)
        await eventually(lambda: "TxProfile" in wire.purposes())
        answered = max(n for n, frame in enumerate(wire.received) if frame[0] == 3)
        commanded = next(n for n, frame in enumerate(wire.received) if frame[0] == 2 and "TxProfile" in str(frame))
        assert answered < commanded
        await stop_charging(wire, transaction_id)
        await eventually(lambda: _is_empty(system))


async def _is_empty(system: System) -> bool:
    return not (await system.allocation())["chargers"]
