"""A charger's own clock: lost at a reboot, wrong from the beginning, and what its schedules make of that."""

import asyncio

import pytest
from station_scene import BOTH, HUNGRY, Scene, play, starts

from simulators.behaviour import Behaviour
from simulators.charge_point import ChargePoint
from simulators.charging_profile import ChargingProfile, Period, Schedule
from simulators.clock import parse_timestamp
from simulators.hardware import AC_THREE_PHASES
from simulators.profiles import ProfileStore, StoreRules
from simulators.protocol import Version
from simulators.readings import Readings

RATED_W = 22_080.0
TEN_A_W = 6_900.0
YEAR_S = 31_536_000.0
START_S = 1_767_225_600.0


def permitted(scene: Scene) -> float:
    return scene.station.connector(1).permitted_w


async def reboot_out_of_reach(scene: Scene) -> None:
    scene.central.reachable = False
    scene.station.reboot()
    await asyncio.sleep(10)


@BOTH
@pytest.mark.parametrize(
    ("clock_s", "kind", "permitted_w"),
    [
        (None, "Absolute", TEN_A_W),
        (0.0, "Absolute", RATED_W),  # in 1970 the schedule has not begun
        (4e9, "Absolute", 6 * 690.0),  # in 2096 its last period has
        (0.0, "Relative", TEN_A_W),
        (4e9, "Relative", TEN_A_W),
    ],
)
def test_a_charger_that_lost_the_time_reads_dated_schedules_by_its_clock(
    protocol: Version, clock_s: float | None, kind: str, permitted_w: float
) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10, 6, kind=kind, steps_s=3600, since_s=60)
        await reboot_out_of_reach(scene)
        assert permitted(scene) == pytest.approx(permitted_w)
        scene.central.reachable = True
        await asyncio.sleep(40)
        assert permitted(scene) == pytest.approx(TEN_A_W)  # BootNotification told it the time

    play(protocol, script, behaviour=Behaviour(clock_after_reboot_s=clock_s))


@BOTH
def test_a_profile_steps_at_its_instant_on_a_wrong_clock(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10, 6, steps_s=100)
        await asyncio.sleep(39)
        assert permitted(scene) == pytest.approx(TEN_A_W)
        await asyncio.sleep(2)
        assert permitted(scene) == pytest.approx(6 * 690)

    play(protocol, script, behaviour=Behaviour(clock_ahead_s=60.0))


@BOTH
def test_what_happens_before_it_knows_the_time_is_dated_1970(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await reboot_out_of_reach(scene)
        await scene.charging(HUNGRY)
        scene.central.reachable = True
        await asyncio.sleep(60)
        scene.station.unplug(1)
        await asyncio.sleep(5)
        await scene.charging(HUNGRY)

    before, after = starts(play(protocol, script, behaviour=Behaviour(clock_after_reboot_s=0.0)))
    assert before["timestamp"].startswith("1970-01-01T00:00:1")
    assert after["timestamp"].startswith("2026-01-01T00:0")


@BOTH
def test_heartbeats_go_on_setting_a_clock_that_was_lost(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        scene.station.reboot()
        await asyncio.sleep(20)
        scene.station.model.set_clock(0.0, scene.central.now_s())
        await asyncio.sleep(5)
        assert scene.station.model.clock_s(scene.central.now_s()) == pytest.approx(5)
        await asyncio.sleep(5)
        assert scene.station.model.clock_ahead_s == pytest.approx(0, abs=0.01)

    play(protocol, script, behaviour=Behaviour(clock_after_reboot_s=0.0), interval_s=12)


@BOTH
@pytest.mark.parametrize("ahead_s", [3 * YEAR_S, -7200.0])
def test_a_clock_may_be_wrong_and_stay_so(protocol: Version, ahead_s: float) -> None:
    async def script(scene: Scene) -> None:
        await asyncio.sleep(30)
        await scene.charging()

    scene = play(protocol, script, behaviour=Behaviour(clock_ahead_s=ahead_s), interval_s=10)
    assert parse_timestamp(starts(scene)[0]["timestamp"]) == pytest.approx(1_767_225_600 + 31 + ahead_s, abs=1)


def test_how_long_ago_a_profile_came_is_known_across_a_change_of_clock() -> None:
    store = ProfileStore(StoreRules("replace", ("A",)), (1,), Readings(relative="receipt"))
    subject = ChargePoint(AC_THREE_PHASES, 1, store, now_s=START_S)
    schedule = Schedule("A", (Period(0, 10), Period(100, 6)))
    assert subject.install(1, ChargingProfile(1, 0, "TxDefault", "Relative", schedule), START_S) is None
    subject.set_clock(0.0, START_S + 50)
    subject.advance(START_S + 99)
    assert subject.permitted()[1].currents_a[0] == 10
    subject.advance(START_S + 101)
    assert subject.permitted()[1].currents_a[0] == 6


@BOTH
def test_a_wrong_clock_shows_in_its_composite_schedule(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        answer = await scene.composite_schedule()
        start = answer["scheduleStart"] if protocol == "1.6" else answer["schedule"]["scheduleStart"]
        assert parse_timestamp(start) == pytest.approx(1_767_225_601 + YEAR_S, abs=1)

    play(protocol, script, behaviour=Behaviour(clock_ahead_s=YEAR_S))
