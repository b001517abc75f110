"""Limits of circuits and of each phase, over real sockets: numbers worked out by hand."""

from pathlib import Path

from support.system import HUNGRY, JsonObject, System, dc, eventually, running, site

from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES
from simulators.protocol import Version

ROW = {"circuit_id": "row", "max_current_a": 32}


def one_phase(charge_point_id: str, phase: str) -> JsonObject:
    return {"charge_point_id": charge_point_id, "current": "AC", "phases": 1, "phase": phase, "max_power_kw": 7.36}


def row_of(allocation: JsonObject, circuit_id: str) -> JsonObject:
    found: JsonObject = next(row for row in allocation["circuits"] if row["circuit_id"] == circuit_id)
    return found


async def all_pause(system: System) -> None:
    await eventually(
        lambda: all(station.connector(1).permitted_w == 0 for station in system.stations.values()), "all at default 0"
    )
    await eventually(system.quiet, "no limit is under way")


async def test_single_phase_chargers_share_a_circuit_phase_by_phase(tmp_path: Path) -> None:
    """32 A per phase: one charger on each has them all; a second one on L1 shares only with the first: 16 A each."""
    phases = {"CP-1": "L1", "CP-2": "L2", "CP-3": "L3", "CP-4": "L1"}
    protocols: dict[str, Version] = {"CP-1": "1.6", "CP-2": "2.0.1", "CP-3": "1.6", "CP-4": "2.0.1"}
    points = [one_phase(name, phase) for name, phase in phases.items()]
    park = site(points, circuits=[{**ROW, "charge_points": list(phases)}])
    async with running(tmp_path, park) as system:
        *first, last = await system.chargers(protocols, AC_ONE_PHASE)
        watch = system.watch()
        for station in first:
            station.plug_in(1, HUNGRY, "TAG")
        alone = await system.gives(dict.fromkeys(("CP-1", "CP-2", "CP-3"), 7.36))
        last.plug_in(1, HUNGRY, "TAG")
        shared = await system.gives({"CP-1": 3.68, "CP-2": 7.36, "CP-3": 7.36, "CP-4": 3.68})
    assert row_of(alone, "row") == {
        "circuit_id": "row",
        "max_power_kw": None,
        "max_current_a": 32.0,
        "permitted_kw": 22.08,
        "permitted_a": [32.0, 32.0, 32.0],
    }
    assert row_of(shared, "row")["permitted_a"] == [32.0, 32.0, 32.0]
    assert row_of(shared, "grid")["max_power_kw"] == 100.0
    reasons = {row["charge_point_id"]: row["reason"] for row in shared["chargers"]}
    assert reasons["CP-1"] == reasons["CP-4"] == "limited by circuit row (L1)"
    assert watch.drawn_w <= 3 * 32 * 230


async def test_three_phases_and_one_meet_on_the_phase_they_share(tmp_path: Path) -> None:
    """5.52 kW each is 24 A on L2 for the one and 8 A on every phase for the other: L2 is full."""
    points = [one_phase("CP-1", "L2"), {"charge_point_id": "CP-2", "current": "AC", "phases": 3, "max_power_kw": 22.08}]
    park = site(points, circuits=[{**ROW, "charge_points": ["CP-1", "CP-2"]}])
    async with running(tmp_path, park) as system:
        one = await system.charger("CP-1", "1.6", AC_ONE_PHASE)
        three = await system.charger("CP-2", "2.0.1", AC_THREE_PHASES)
        await all_pause(system)
        one.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 7.36})
        three.plug_in(1, HUNGRY, "TAG")
        allocation = await system.gives({"CP-1": 5.52, "CP-2": 5.52})
        drawn_a = one.connector(1).drawn_a[0] + three.connector(1).drawn_a[1]
    assert row_of(allocation, "row")["permitted_a"] == [8.0, 32.0, 8.0]
    assert round(drawn_a, 6) == 32.0


async def test_a_circuit_below_a_circuit_keeps_to_both(tmp_path: Path) -> None:
    """The hall has 20 kW, of which the row takes 8 for its two: the third has the 12 that are left."""
    protocols: dict[str, Version] = {"CP-1": "1.6", "CP-2": "2.0.1", "CP-3": "1.6"}
    circuits = [
        {"circuit_id": "hall", "max_power_kw": 20, "charge_points": ["CP-3"]},
        {"circuit_id": "row", "parent": "hall", "max_power_kw": 8, "charge_points": ["CP-1", "CP-2"]},
    ]
    async with running(tmp_path, site([dc(name) for name in protocols], circuits=circuits)) as system:
        stations = await system.chargers(protocols)
        watch = system.watch()
        for station in stations:
            station.plug_in(1, HUNGRY, "TAG")
        allocation = await system.gives({"CP-1": 4.0, "CP-2": 4.0, "CP-3": 12.0})
    assert [(row["circuit_id"], row["permitted_kw"]) for row in allocation["circuits"]] == [
        ("grid", 20.0),
        ("hall", 20.0),
        ("row", 8.0),
    ]
    assert [row["reason"] for row in allocation["chargers"]] == [
        "limited by circuit row",
        "limited by circuit row",
        "limited by circuit hall",
    ]
    assert watch.permitted_w <= 20_000
