"""Power divided among real sockets: numbers worked out by hand, for chargers of both versions side by side."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.system import DC_22, HUNGRY, VERSIONS, System, dc, running, site

from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES, DC_50, Hardware
from simulators.protocol import Version

MIXED: dict[str, Version] = {"CP-1": "1.6", "CP-2": "2.0.1", "CP-3": "1.6", "CP-4": "2.0.1"}
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def four(max_power_kw: float = 22) -> list[dict[str, object]]:
    return [dc(name, max_power_kw) for name in MIXED]


@pytest.mark.parametrize(
    ("hardware", "max_power_kw", "budget_kw", "each_kw", "reason"),
    [
        (DC_50, 50, 100, 25.0, "shares 100 kW equally with 3 others"),
        (DC_22, 22, 100, 22.0, "rated power"),
        (DC_22, 22, 60, 15.0, "shares 60 kW equally with 3 others"),
    ],
)
async def test_equal_gives_four_chargers_the_same(
    tmp_path: Path, hardware: Hardware, max_power_kw: float, budget_kw: float, each_kw: float, reason: str
) -> None:
    async with running(tmp_path, site(four(max_power_kw))) as system:
        await system.configure(budget_kw)
        stations = await system.chargers(MIXED, hardware)
        watch = system.watch()
        for station in stations:
            station.plug_in(1, HUNGRY, "TAG")
        allocation = await system.gives(dict.fromkeys(MIXED, each_kw))
    assert allocation["total_allocated_kw"] == 4 * each_kw
    assert allocation["total_permitted_kw"] == 4 * each_kw
    assert allocation["total_budget_kw"] == budget_kw
    assert allocation["reserved_kw"] == 0.0
    assert [row["reason"] for row in allocation["chargers"]] == [reason] * 4
    assert watch.permitted_w == watch.drawn_w == 4 * each_kw * 1000


@pytest.mark.parametrize("order", [("CP-3", "CP-1"), ("CP-2", "CP-4")])
async def test_priority_serves_floors_and_then_fills_up_the_first(tmp_path: Path, order: tuple[str, str]) -> None:
    """40 kW, floor 5: the first has 22, the second 40 - 22 - 2 x 5 = 8, the two that are not listed their floors."""
    first, second = order
    async with running(tmp_path, site(four())) as system:
        await system.configure(40, "priority", min_power_per_charger_kw=5, priority_order=[first, second])
        stations = await system.chargers(MIXED)
        watch = system.watch()
        for station in stations:
            station.plug_in(1, HUNGRY, "TAG")
        allocation = await system.gives({name: {first: 22.0, second: 8.0}.get(name, 5.0) for name in MIXED})
    assert allocation["strategy"] == "priority"
    assert allocation["total_allocated_kw"] == 40.0
    reasons = {row["charge_point_id"]: row["reason"] for row in allocation["chargers"]}
    assert (reasons[first], reasons[second]) == ("rated power", "rank 2")
    assert watch.permitted_w == watch.drawn_w == 40_000


async def test_scheduled_divides_what_the_open_window_allows(tmp_path: Path) -> None:
    """30 kW in the window, CP-2 capped at 6: the three others have (30 - 6) / 3 = 8 each."""
    window = {"days": EVERY_DAY, "start": "00:00", "end": "24:00", "max_power_kw": 30}
    async with running(tmp_path, site(four())) as system:
        await system.configure(90, "scheduled", schedule=[{**window, "charge_point_limits_kw": {"CP-2": 6}}])
        stations = await system.chargers(MIXED)
        watch = system.watch()
        for station in stations:
            station.plug_in(1, HUNGRY, "TAG")
        allocation = await system.gives({name: 6.0 if name == "CP-2" else 8.0 for name in MIXED})
    assert (allocation["strategy"], allocation["total_budget_kw"]) == ("scheduled", 30.0)
    assert allocation["total_allocated_kw"] == 30.0
    assert allocation["chargers"][1]["reason"] == "limit of the time window"
    assert watch.permitted_w == watch.drawn_w == 30_000


async def test_outside_all_windows_the_whole_budget_is_divided(tmp_path: Path) -> None:
    days = [EVERY_DAY[(datetime.now(UTC).weekday() + 3) % 7]]
    window = {"days": days, "start": "06:00", "end": "07:00", "max_power_kw": 10}
    async with running(tmp_path, site(four())) as system:
        await system.configure(60, "scheduled", schedule=[window])
        for station in await system.chargers(MIXED):
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives(dict.fromkeys(MIXED, 15.0))


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_alternating_current_is_limited_in_tenths_of_amperes(tmp_path: Path, protocol: Version) -> None:
    """15 kW over two: 7.36 kW is all that one phase can do; 7.64 kW on three phases is 11.07 A, so 11 A: 7.59 kW."""
    points = [
        {"charge_point_id": "CP-1", "current": "AC", "phases": 1, "max_power_kw": 7.36},
        {"charge_point_id": "CP-2", "current": "AC", "phases": 3, "max_power_kw": 22.08},
    ]
    async with running(tmp_path, site(points)) as system:
        await system.configure(15)
        one = await system.charger("CP-1", protocol, AC_ONE_PHASE)
        three = await system.charger("CP-2", protocol, AC_THREE_PHASES)
        one.plug_in(1, HUNGRY, "TAG")
        three.plug_in(1, HUNGRY, "TAG")
        allocation = await system.gives({"CP-1": 7.36, "CP-2": 7.59})
        currents_a = [last_limit(system, name, protocol) for name in ("CP-1", "CP-2")]
    assert allocation["total_allocated_kw"] == 14.95
    assert currents_a == [("A", 32.0, 1), ("A", 11.0, 3)]


def last_limit(system: System, charge_point_id: str, protocol: Version) -> tuple[str, float, int]:
    """Unit, limit and phases of the last profile it was sent."""
    profile = system.told(charge_point_id, "SetChargingProfile")[-1]
    schedule = profile["csChargingProfiles" if protocol == "1.6" else "chargingProfile"]["chargingSchedule"]
    schedule = schedule if protocol == "1.6" else schedule[0]
    period = schedule["chargingSchedulePeriod"][0]
    return schedule["chargingRateUnit"], period["limit"], period["numberPhases"]
