"""What chargers do with profiles that the book does not foresee: refuse, ignore, delay, mix up, forget, inherit."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from station_scene import BOTH, HUNGRY, JsonObject, Scene, play

from simulators.behaviour import Behaviour
from simulators.foreign import LEFT_BEHIND
from simulators.hardware import DC_50
from simulators.occurrences import LimitChanged
from simulators.protocol import Version

RATED_W = 22_080.0
TEN_A_W = 6_900.0


def permitted(scene: Scene, connector_id: int = 1) -> float:
    return scene.station.connector(connector_id).permitted_w


@BOTH
@pytest.mark.parametrize("chance", [0.0, 0.4, 1.0])
def test_a_profile_may_be_rejected_by_chance(protocol: Version, chance: float) -> None:
    async def script(scene: Scene) -> None:
        rejected = 0
        for limit in range(6, 26):
            before_w = permitted(scene)
            answer = await scene.set_profile(limit)
            rejected += answer["status"] == "Rejected"
            assert permitted(scene) == pytest.approx(before_w if answer["status"] == "Rejected" else limit * 690)
        assert rejected == {0.0: 0, 1.0: 20}.get(chance, rejected)
        assert (0 < rejected < 20) == (chance == 0.4)

    play(protocol, script, behaviour=Behaviour(rejects_profile_chance=chance))


@BOTH
@pytest.mark.parametrize("accepts", [False, True])
def test_only_default_profiles_may_count(protocol: Version, accepts: bool) -> None:
    async def script(scene: Scene) -> None:
        assert (await scene.set_profile(10))["status"] == "Accepted"
        await scene.charging()
        answer = await scene.set_profile(16, purpose="TxProfile", level=1)
        assert answer["status"] == ("Accepted" if accepts else "Rejected")
        assert permitted(scene) == pytest.approx(TEN_A_W)

    play(protocol, script, behaviour=Behaviour(honours_only=("TxDefaultProfile",), accepts_the_rest=accepts))


@BOTH
@pytest.mark.parametrize(
    ("behaviour", "request_", "status"),
    [
        (Behaviour(takes_kinds=("Relative",)), {}, "Rejected"),
        (Behaviour(takes_kinds=("Relative",)), {"kind": "Relative"}, "Accepted"),
        (Behaviour(default_places="station"), {}, "Rejected"),
        (Behaviour(default_places="station"), {"connector_id": 0}, "Accepted"),
        (Behaviour(default_places="connectors"), {"connector_id": 0}, "Rejected"),
        (Behaviour(default_places="connectors"), {}, "Accepted"),
        (Behaviour(highest_stack_level=0), {"level": 1}, "Rejected"),
        (Behaviour(highest_stack_level=0), {"level": 0}, "Accepted"),
        (Behaviour(takes_units=("W",)), {}, "Rejected"),
        (Behaviour(takes_units=("W", "A")), {}, "Accepted"),
    ],
)
def test_a_charger_may_take_only_some_profiles(
    protocol: Version, behaviour: Behaviour, request_: dict[str, Any], status: str
) -> None:
    async def script(scene: Scene) -> None:
        assert (await scene.set_profile(10, **request_))["status"] == status
        assert permitted(scene) == pytest.approx(TEN_A_W if status == "Accepted" else RATED_W)

    play(protocol, script, behaviour=behaviour)


@pytest.mark.parametrize(("most", "status"), [(1, "Rejected"), (2, "Accepted")])
def test_a_charger_says_what_it_takes_and_keeps_to_it(most: int, status: str) -> None:
    keys = {
        "ChargeProfileMaxStackLevel": "3",
        "ChargingScheduleMaxPeriods": str(most),
        "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    }

    async def script(scene: Scene) -> None:
        answer = await scene.central.call("GetConfiguration", {"key": list(keys)})
        assert {row["key"]: row["value"] for row in answer["configurationKey"]} == keys
        assert (await scene.set_profile(10, 6))["status"] == status

    play("1.6", script, behaviour=Behaviour(highest_stack_level=3, most_periods=most, takes_units=("A", "W")))


@BOTH
def test_a_charger_may_begin_to_ignore_profiles_and_stop_again(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        station = scene.station
        await scene.set_profile(10)
        by_the_book, station.behaviour = station.behaviour, replace(station.behaviour, ignores_profiles=True)
        assert (await scene.set_profile(20))["status"] == "Accepted"
        assert permitted(scene) == pytest.approx(TEN_A_W)
        station.behaviour = by_the_book
        await scene.set_profile(20)
        assert permitted(scene) == pytest.approx(20 * 690)

    play(protocol, script)


@BOTH
def test_a_charger_may_go_to_its_rating_whatever_its_profiles_say(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10)
        await scene.charging(HUNGRY)
        scene.station.behaviour = Behaviour(charges_at_rating=True)
        assert permitted(scene) == RATED_W
        change, told_w, _ = scene.seen[-1]
        assert isinstance(change, LimitChanged)
        assert told_w == change.permitted_w == RATED_W
        await asyncio.sleep(2)
        assert scene.station.connector(1).drawn_w == pytest.approx(RATED_W)
        scene.station.behaviour = Behaviour()
        assert permitted(scene) == pytest.approx(TEN_A_W)

    play(protocol, script)


@BOTH
def test_an_accepted_profile_may_take_effect_late_even_after_a_reconnect(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.charging()
        before_s = asyncio.get_running_loop().time()
        assert (await scene.set_profile(10))["status"] == "Accepted"
        assert asyncio.get_running_loop().time() - before_s < 1
        scene.station.drop_connection(for_s=5)
        await asyncio.sleep(39)
        assert permitted(scene) == RATED_W
        await asyncio.sleep(2)
        assert scene.station.connected
        assert permitted(scene) == pytest.approx(TEN_A_W)
        (change,) = [c for c, _, _ in scene.seen if isinstance(c, LimitChanged)]
        assert change.at_s == pytest.approx(before_s + 40 + 1_767_225_600, abs=0.1)

    play(protocol, script, behaviour=Behaviour(applies_after_s=(40, 40)))


@BOTH
def test_late_profiles_take_effect_in_the_order_they_came(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        for limit in (10, 20, 15, 0, 12):
            assert (await scene.set_profile(limit))["status"] == "Accepted"
        clear = {"id": 10} if protocol == "1.6" else {"chargingProfileId": 10}
        assert (await scene.central.call("ClearChargingProfile", clear))["status"] == "Accepted"
        assert (await scene.central.call("ClearChargingProfile", clear))["status"] == "Unknown"
        await asyncio.sleep(31)

    scene = play(protocol, script, behaviour=Behaviour(applies_after_s=(1, 30)))
    limits_w = [round(change.permitted_w) for change, _, _ in scene.seen if isinstance(change, LimitChanged)]
    # Of those that fall due at the same instant only the last is seen.
    order = [6_900, 13_800, 10_350, 0, 8_280, 22_080]
    assert limits_w[-1] == RATED_W
    assert limits_w == [limit_w for limit_w in order if limit_w in limits_w]
    assert len(limits_w) > 1


@BOTH
def test_a_late_profile_for_a_transaction_comes_to_nothing_when_that_is_over(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.charging()
        assert (await scene.set_profile(10, purpose="TxProfile", level=1))["status"] == "Accepted"
        scene.station.stop_transaction(1)
        await asyncio.sleep(30)
        assert permitted(scene) == RATED_W
        assert scene.station.model.profiles.installed == []

    play(protocol, script, behaviour=Behaviour(applies_after_s=(20, 20)))


@BOTH
@pytest.mark.parametrize(("slots", "first_w"), [("each", TEN_A_W), ("one", RATED_W), ("shared", 4_140.0)])
def test_the_second_connectors_default_may_replace_the_firsts(protocol: Version, slots: Any, first_w: float) -> None:
    async def script(scene: Scene) -> None:
        assert (await scene.set_profile(10, connector_id=1))["status"] == "Accepted"
        assert (await scene.set_profile(6, connector_id=2))["status"] == "Accepted"
        assert permitted(scene, 1) == pytest.approx(first_w)
        assert permitted(scene, 2) == pytest.approx(4_140)

    play(protocol, script, behaviour=Behaviour(default_slots=slots), connectors=2)


async def reboots(scene: Scene) -> None:
    scene.station.reboot()


async def loses_them(scene: Scene) -> None:
    scene.station.lose_profiles()


async def reconnects(scene: Scene) -> None:
    scene.station.drop_connection(for_s=1)


@BOTH
@pytest.mark.parametrize(
    ("behaviour", "event", "after_w"),
    [
        (Behaviour(), reboots, TEN_A_W),
        (Behaviour(), reconnects, TEN_A_W),
        (Behaviour(), loses_them, RATED_W),
        (Behaviour(loses_profiles_on_reboot=True), reboots, RATED_W),
        (Behaviour(loses_profiles_on_reboot=True), reconnects, TEN_A_W),
        (Behaviour(loses_profiles_on_reconnect=True), reconnects, RATED_W),
    ],
)
def test_profiles_are_forgotten_only_when_the_behaviour_says_so(
    protocol: Version, behaviour: Behaviour, event: Callable[[Scene], Awaitable[None]], after_w: float
) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10)
        await event(scene)
        await asyncio.sleep(10)
        assert permitted(scene) == pytest.approx(after_w)
        told_w = [told_w for _, told_w, _ in scene.seen]
        assert told_w[-1] == pytest.approx(after_w)

    play(protocol, script, behaviour=behaviour)


@BOTH
def test_a_charger_that_loses_its_profiles_loses_those_still_to_come(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10)
        await asyncio.sleep(31)
        await scene.set_profile(20)
        scene.station.lose_profiles()
        assert permitted(scene) == RATED_W
        await asyncio.sleep(60)

    scene = play(protocol, script, behaviour=Behaviour(applies_after_s=(30, 30)))
    limits_w = [round(change.permitted_w) for change, _, _ in scene.seen if isinstance(change, LimitChanged)]
    assert limits_w == [6_900, 22_080]


@BOTH
def test_foreign_profiles_are_in_force_at_first_contact(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        assert permitted(scene) == pytest.approx(10_000, rel=0.001)  # the day's 10 kW, below 32 A
        assert scene.station.permitted().power_w == pytest.approx(10_000, rel=0.001)
        await scene.set_profile(6)  # at level 0: the foreign default stands above it
        await scene.charging(HUNGRY)
        assert scene.station.connector(1).drawn_w == pytest.approx(10_000, rel=0.001)
        await asyncio.sleep(86_400)  # as on the next day
        assert permitted(scene) == pytest.approx(10_000, rel=0.001)
        assert (await scene.central.call("ClearChargingProfile", clear_one(protocol, 90_001)))["status"] == "Accepted"
        assert permitted(scene) == RATED_W
        for profile_id in (90_002, 90_003):
            await scene.central.call("ClearChargingProfile", clear_one(protocol, profile_id))
        assert permitted(scene) == pytest.approx(6 * 690)

    play(protocol, script, behaviour=Behaviour(foreign_profiles=LEFT_BEHIND))


def clear_one(protocol: Version, profile_id: int) -> JsonObject:
    return {"id": profile_id} if protocol == "1.6" else {"chargingProfileId": profile_id}


def test_foreign_profiles_are_reported() -> None:
    async def script(scene: Scene) -> None:
        await scene.central.call("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}})
        await asyncio.sleep(1)

    scene = play("2.0.1", script, behaviour=Behaviour(foreign_profiles=LEFT_BEHIND), hardware=DC_50)
    reports = scene.central.payloads("ReportChargingProfiles")
    assert {(r["evseId"], p["id"]) for r in reports for p in r["chargingProfile"]} == {
        (0, 90_001),
        (0, 90_002),
        (1, 90_003),
    }
