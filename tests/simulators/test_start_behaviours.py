"""How sessions begin with chargers that do it their own way: late, at 0, within a fixed part of the maximum."""

import asyncio
from dataclasses import replace

import pytest
from station_scene import BOTH, CAR, HUNGRY, JsonObject, Scene, ends, play, starts

from simulators.behaviour import Behaviour
from simulators.behaviours import BEHAVIOURS
from simulators.charging_profile import Limit
from simulators.hardware import AC_THREE_PHASES, DC_50
from simulators.offers import offers_at
from simulators.profiles import ProfileStore, StoreRules
from simulators.protocol import Version

LATE = BEHAVIOURS["remote-start-late"].behaviour
AT_ZERO = BEHAVIOURS["begins-at-0"].behaviour
DIVIDED = BEHAVIOURS["divides-maximum"].behaviour


async def remote_start(scene: Scene, driver: str = "TAG", connector_id: int | None = 1) -> str:
    if scene.central.version == "v16":
        place = {} if connector_id is None else {"connectorId": connector_id}
        answer = await scene.central.call("RemoteStartTransaction", {"idTag": driver, **place})
    else:
        place = {} if connector_id is None else {"evseId": connector_id}
        id_token = {"idToken": driver, "type": "ISO14443"}
        answer = await scene.central.call("RequestStartTransaction", {"idToken": id_token, "remoteStartId": 5, **place})
    return str(answer["status"])


def tokens(scene: Scene) -> list[str]:
    """Of the transactions that began, in their order."""
    return [p["idTag"] if scene.central.version == "v16" else p["idToken"]["idToken"] for p in starts(scene)]


@BOTH
def test_a_remote_start_may_be_acted_on_long_after_it_was_accepted(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        scene.station.plug_in(1, CAR)
        assert await remote_start(scene) == "Accepted"
        await asyncio.sleep(42)
        assert not scene.station.connector(1).charging
        await asyncio.sleep(2)
        assert scene.station.connector(1).charging
        await asyncio.sleep(60)

    scene = play(protocol, script, behaviour=LATE)
    assert tokens(scene) == ["TAG"]
    if protocol == "2.0.1":
        assert starts(scene)[0]["transactionInfo"]["remoteStartId"] == 5


@BOTH
def test_a_late_remote_start_waits_for_a_car_too_and_outlives_a_lost_connection(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        assert await remote_start(scene) == "Accepted"
        scene.station.drop_connection(for_s=50)
        await asyncio.sleep(20)
        scene.station.plug_in(1, CAR)
        assert not scene.station.connector(1).charging
        await asyncio.sleep(25)
        assert scene.station.connector(1).charging
        await asyncio.sleep(60)

    assert tokens(play(protocol, script, behaviour=LATE)) == ["TAG"]


@BOTH
@pytest.mark.parametrize("connector_id", [1, None])
def test_a_remote_start_during_a_session_may_wait_for_its_end(protocol: Version, connector_id: int | None) -> None:
    async def script(scene: Scene) -> None:
        await scene.charging(HUNGRY)
        assert await remote_start(scene, "OTHER", connector_id) == "Accepted"
        await asyncio.sleep(100)
        assert len(starts(scene)) == 1
        scene.station.stop_transaction(1)
        await asyncio.sleep(42)
        assert not scene.station.connector(1).charging
        await asyncio.sleep(2)
        assert scene.station.connector(1).charging
        scene.station.stop_transaction(1)
        await asyncio.sleep(100)

    scene = play(protocol, script, behaviour=LATE)
    assert tokens(scene) == ["TAG", "OTHER"]
    assert len(ends(scene)) == 2


@BOTH
def test_without_that_a_second_remote_start_is_refused_and_the_first_is_acted_on_at_once(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        scene.station.plug_in(1, CAR)
        assert await remote_start(scene) == "Accepted"
        await asyncio.sleep(0.5)
        assert scene.station.connector(1).charging
        assert await remote_start(scene, "OTHER") == "Rejected"
        scene.station.stop_transaction(1)
        await asyncio.sleep(100)

    assert tokens(play(protocol, script)) == ["TAG"]


def test_without_a_connector_the_one_with_a_car_is_preferred() -> None:
    async def script(scene: Scene) -> None:
        await scene.charging()
        scene.station.plug_in(2, CAR)
        assert await remote_start(scene, "OTHER", None) == "Accepted"
        await asyncio.sleep(50)
        assert scene.station.connector(2).charging

    play("1.6", script, connectors=3, behaviour=LATE)


@BOTH
def test_every_session_may_begin_at_0_until_it_is_told_a_limit(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10)
        view = scene.station.connector
        assert view(1).permitted_w == 0
        for purpose, limit_w in (("TxDefaultProfile", 6_900), ("TxProfile", 11_040)):
            await scene.charging(HUNGRY)
            await asyncio.sleep(20)
            assert (view(1).status, view(1).permitted_w, view(1).drawn_w) == ("SuspendedEVSE", 0, 0)
            assert told(await scene.composite_schedule()) == [0]
            await scene.set_profile(limit_w / 690, purpose=purpose, level=1 if purpose == "TxProfile" else 0)
            await asyncio.sleep(5)
            assert (view(1).permitted_w, view(1).drawn_w) == pytest.approx((limit_w, limit_w))
            assert told(await scene.composite_schedule()) == [limit_w / 690]
            scene.station.unplug(1)
            assert view(1).permitted_w == 0

    play(protocol, script, behaviour=AT_ZERO)


def told(answer: JsonObject) -> list[float]:
    """The limits of a composite schedule."""
    schedule = answer.get("chargingSchedule") or answer["schedule"]
    return [period["limit"] for period in schedule["chargingSchedulePeriod"]]


@BOTH
def test_what_is_told_while_no_session_runs_or_to_the_neighbour_does_not_count(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.charging(HUNGRY)
        await scene.set_profile(10, connector_id=2)
        assert [scene.station.connector(n).permitted_w for n in (1, 2)] == [0, 0]
        await scene.set_profile(10, connector_id=0, level=1)
        assert scene.station.connector(1).permitted_w == pytest.approx(6_900)
        assert scene.station.connector(2).permitted_w == 0
        scene.station.plug_in(2, HUNGRY, "TAG")
        await asyncio.sleep(5)
        assert scene.station.connector(2).drawn_w == 0

    play(protocol, script, behaviour=AT_ZERO, connectors=2)


@BOTH
def test_it_may_begin_to_do_so_and_stop_while_a_session_runs(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10)
        await scene.charging(HUNGRY)
        scene.station.behaviour = AT_ZERO
        assert scene.station.connector(1).permitted_w == pytest.approx(6_900)
        scene.station.stop_transaction(1)
        assert scene.station.connector(1).permitted_w == 0
        scene.station.behaviour = Behaviour()
        assert scene.station.connector(1).permitted_w == pytest.approx(6_900)

    play(protocol, script)


def test_a_limit_that_takes_effect_late_ends_the_0_late() -> None:
    async def script(scene: Scene) -> None:
        await scene.charging(HUNGRY)
        await scene.set_profile(10)
        await asyncio.sleep(25)
        assert scene.station.connector(1).permitted_w == 0
        await asyncio.sleep(10)
        assert scene.station.connector(1).permitted_w == pytest.approx(6_900)

    play("1.6", script, behaviour=replace(AT_ZERO, applies_after_s=(30, 30)))


@BOTH
def test_a_maximum_may_be_divided_among_connectors_whoever_charges(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        views = scene.station.connector
        await scene.charging(HUNGRY)
        assert views(1).drawn_w == pytest.approx(11_040)
        assert scene.station.permitted().power_w == pytest.approx(22_080)
        await scene.set_profile(20, purpose=maximum(protocol), connector_id=0)
        await asyncio.sleep(5)
        assert views(1).drawn_w == pytest.approx(6_900)
        scene.station.plug_in(2, HUNGRY, "TAG")
        await asyncio.sleep(5)
        assert [views(n).drawn_w for n in (1, 2)] == pytest.approx([6_900, 6_900])
        assert scene.station.permitted().power_w == pytest.approx(13_800)
        await scene.set_profile(8, connector_id=2)
        assert [views(n).permitted_w for n in (1, 2)] == pytest.approx([6_900, 5_520])
        await scene.set_profile(64, purpose=maximum(protocol), connector_id=0)
        assert views(1).permitted_w == pytest.approx(11_040)

    play(protocol, script, behaviour=DIVIDED, connectors=2)


def maximum(protocol: Version) -> str:
    return "ChargePointMaxProfile" if protocol == "1.6" else "ChargingStationMaxProfile"


@pytest.mark.parametrize(("connectors", "part_w"), [(1, 50_000), (2, 25_000), (4, 12_500)])
def test_a_dc_chargers_rating_is_divided_evenly(connectors: int, part_w: float) -> None:
    store = ProfileStore(StoreRules("replace", ("W",)), tuple(range(1, connectors + 1)), divided=True)
    offers = offers_at(DC_50, store, {}, 0.0)
    assert [offer.power_w for offer in offers.values()] == pytest.approx([part_w] * connectors)


def test_a_part_below_6_a_is_none() -> None:
    store = ProfileStore(StoreRules("replace", ("A",)), tuple(range(1, 7)), divided=True)
    assert {offer.power_w for offer in offers_at(AC_THREE_PHASES, store, {}, 0.0).values()} == {0}
    assert AC_THREE_PHASES.offer(Limit("A", 32 / 5)).power_w > 0


@pytest.mark.parametrize("name", ["remote-start-late", "begins-at-0", "divides-maximum"])
def test_the_book_knows_none_of_it(name: str) -> None:
    assert BEHAVIOURS[name].behaviour != Behaviour()
    assert BEHAVIOURS[name].connectors == (2 if name == "divides-maximum" else 1)


def test_a_remote_start_is_not_acted_on_before_it_came() -> None:
    with pytest.raises(ValueError, match="no span ends before it begins"):
        Behaviour(remote_start_after_s=(2.0, 1.0))


def test_events_may_all_be_numbered_0_and_name_the_evse_once() -> None:
    async def script(scene: Scene) -> None:
        await scene.charging()
        await asyncio.sleep(130)
        scene.station.unplug(1)
        await asyncio.sleep(1)

    for behaviour, numbers, named in ((Behaviour(bare_events=True), {0}, 1), (Behaviour(), None, None)):
        events = play("2.0.1", script, behaviour=behaviour).central.payloads("TransactionEvent")
        assert len(events) > 3
        assert {event["seqNo"] for event in events} == (numbers or set(range(len(events))))
        assert sum("evse" in event for event in events) == (named or len(events))
