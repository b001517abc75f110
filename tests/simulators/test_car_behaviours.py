"""Cars that sleep, pause, want less or use one phase, and chargers that give too much or need no transaction."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from station_scene import BOTH, CAR, HUNGRY, JsonObject, Scene, play, starts

from simulators.behaviour import Behaviour
from simulators.car import Car
from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES, DC_50, Hardware
from simulators.occurrences import StatusChanged
from simulators.protocol import Version

RATED_W = 22_080.0
ZOE = replace(CAR, sleeps_after_s=60.0)
SWITCHING = Hardware("AC", 3, 22_080.0, 32.0, "switching", switches_phases=True)


def drawn(scene: Scene) -> float:
    return scene.station.connector(1).drawn_w


def statuses(scene: Scene) -> list[str]:
    return [change.status for change, _, _ in scene.seen if isinstance(change, StatusChanged)]


@BOTH
@pytest.mark.parametrize(
    ("car", "pause_s", "drawn_w", "status"),
    [
        (CAR, 300, 11_040, "Charging"),
        (ZOE, 30, 11_040, "Charging"),
        (ZOE, 90, 0, "SuspendedEV"),  # it fell asleep
        (replace(CAR, sleeps_after_s=0.0), 10, 0, "SuspendedEV"),
    ],
)
def test_a_car_may_not_wake_from_a_pause(
    protocol: Version, car: Car, pause_s: float, drawn_w: float, status: str
) -> None:
    async def script(scene: Scene) -> None:
        await scene.charging(car)
        assert drawn(scene) == pytest.approx(11_040)
        await scene.set_profile(5)  # below 6 A
        await asyncio.sleep(pause_s)
        assert drawn(scene) == 0
        await scene.set_profile(16)
        await asyncio.sleep(5)
        assert drawn(scene) == pytest.approx(drawn_w)
        assert scene.station.connector(1).status == status

    play(protocol, script)


@BOTH
@pytest.mark.parametrize(("opens_after_s", "unplugged", "drawn_w"), [(0, False, 0), (4, False, 11_040), (4, True, 0)])
def test_a_contactor_may_open_seconds_after_the_end(
    protocol: Version, opens_after_s: float, unplugged: bool, drawn_w: float
) -> None:
    async def script(scene: Scene) -> None:
        await scene.charging(CAR)
        scene.station.stop_transaction(1)
        if unplugged:
            scene.station.unplug(1)
        await asyncio.sleep(3.9)
        assert drawn(scene) == pytest.approx(drawn_w)
        await asyncio.sleep(0.2)
        assert drawn(scene) == 0

    play(protocol, script, behaviour=Behaviour(opens_after_s=opens_after_s))


@BOTH
def test_a_sleeping_car_wakes_when_it_is_plugged_in_anew(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(0)
        await scene.charging(ZOE)
        await asyncio.sleep(100)
        await scene.set_profile(16)
        await asyncio.sleep(10)
        assert drawn(scene) == 0
        scene.station.unplug(1)
        await scene.charging(ZOE)
        assert drawn(scene) == pytest.approx(11_040)

    play(protocol, script)


@BOTH
def test_a_car_may_pause_and_ask_again(protocol: Version) -> None:
    car = replace(CAR, appetite=((60.0, 0.0), (360.0, 0.5), (600.0, 1.0)))

    async def script(scene: Scene) -> None:
        await scene.charging(car)
        drawn_w = []
        for _ in range(4):
            drawn_w.append(round(drawn(scene)))
            await asyncio.sleep(240)
        assert drawn_w == [11_040, 0, 5_520, 11_040]  # at 5, 245, 485 and 725 seconds

    scene = play(protocol, script)
    assert statuses(scene) == ["Preparing", "Charging", "SuspendedEV", "Charging"]
    if protocol == "2.0.1":
        events = scene.central.payloads("TransactionEvent")
        states = [e["transactionInfo"]["chargingState"] for e in events if e["triggerReason"] == "ChargingStateChanged"]
        assert states == ["SuspendedEV", "Charging"]


def test_a_car_of_little_appetite_draws_no_more_than_its_limit() -> None:
    car = replace(HUNGRY, appetite=((10.0, 0.75), (20.0, 0.4), (30.0, 0.1)))

    async def script(scene: Scene) -> None:
        await scene.set_profile(20)
        await scene.charging(car)
        found = []
        for _ in range(4):
            found.append(scene.station.connector(1).drawn_a[0])
            await asyncio.sleep(10)
        assert found == pytest.approx([20, 20, 12.8, 3.2])

    play("1.6", script)


def test_a_dc_car_has_an_appetite_too() -> None:
    async def script(scene: Scene) -> None:
        await scene.charging(Car(90_000, 0.2, dc_max_w=40_000, appetite=((60.0, 0.25),)))
        assert drawn(scene) == pytest.approx(40_000)
        await asyncio.sleep(60)
        view = scene.station.connector(1)
        assert view.drawn_w == pytest.approx(10_000)
        assert view.drawn_a == pytest.approx((14.4928,) * 3, abs=1e-3)  # of the supply: 10 kW over three phases
        assert view.permitted_a == pytest.approx((72.4638,) * 3, abs=1e-3)

    play("1.6", script, hardware=DC_50)


def metered_currents(scene: Scene) -> JsonObject:
    """The currents of the last meter value, by phase."""
    if scene.central.version == "v16":
        value = scene.central.payloads("MeterValues")[-1]["meterValue"][0]
    else:
        value = [e for e in scene.central.payloads("TransactionEvent") if "meterValue" in e][-1]["meterValue"][0]
    currents = [sample for sample in value["sampledValue"] if sample["measurand"] == "Current.Import"]
    return {sample["phase"]: float(sample["value"]) for sample in currents}


@BOTH
@pytest.mark.parametrize(
    ("hardware", "car_phases", "phases", "permitted_a", "metered_a"),
    [
        (AC_THREE_PHASES, 3, 3, (10, 10, 10), {"L1": 10, "L2": 10, "L3": 10}),
        (AC_THREE_PHASES, 1, 3, (10, 10, 10), {"L1": 10, "L2": 0, "L3": 0}),
        (SWITCHING, 3, 1, (10, 0, 0), {"L1": 10, "L2": 0, "L3": 0}),
        (SWITCHING, 3, 3, (10, 10, 10), {"L1": 10, "L2": 10, "L3": 10}),
        (AC_ONE_PHASE, 3, 1, (10, 0, 0), {"L1": 10}),
    ],
)
def test_meter_values_tell_which_phases_are_used(
    protocol: Version,
    hardware: Hardware,
    car_phases: int,
    phases: int,
    permitted_a: tuple[float, float, float],
    metered_a: dict[str, float],
) -> None:
    async def script(scene: Scene) -> None:
        assert (await scene.set_profile(10, phases=phases))["status"] == "Accepted"
        await scene.charging(replace(CAR, phases=car_phases))
        await asyncio.sleep(60)
        view = scene.station.connector(1)
        assert view.permitted_a == permitted_a
        assert view.drawn_a == tuple(metered_a.get(phase, 0) for phase in ("L1", "L2", "L3"))
        assert metered_currents(scene) == metered_a

    play(protocol, script, hardware=hardware)


@pytest.mark.parametrize(("hardware", "switches"), [(SWITCHING, "true"), (AC_THREE_PHASES, "false")])
def test_a_charger_says_whether_it_switches_phases_and_without_that_uses_all(hardware: Hardware, switches: str) -> None:
    async def script(scene: Scene) -> None:
        answer = await scene.central.call("GetConfiguration", {"key": ["ConnectorSwitch3to1PhaseSupported"]})
        assert answer["configurationKey"][0]["value"] == switches
        await scene.set_profile(10, phases=1)
        assert scene.station.connector(1).permitted_a[2] == (0 if switches == "true" else 10)

    play("1.6", script, hardware=hardware)


@BOTH
@pytest.mark.parametrize(
    ("limit", "drawn_a"),
    [(10, 11.5), (0, 0), (5, 0), (30, 32)],  # never more than the rating
)
def test_a_charger_may_give_more_than_its_limit(protocol: Version, limit: float, drawn_a: float) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(limit)
        await scene.charging(HUNGRY)
        view = scene.station.connector(1)
        assert view.permitted_a[0] == (limit if limit >= 6 else 0)
        assert view.drawn_a == pytest.approx((drawn_a,) * 3)

    play(protocol, script, behaviour=Behaviour(overdraw=0.15))


def test_overdraw_begins_and_ends_while_it_runs() -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10)
        await scene.charging(HUNGRY)
        scene.station.behaviour = Behaviour(overdraw=0.2)
        assert scene.seen[-1][2] == pytest.approx(12 * 690)
        scene.station.behaviour = Behaviour()
        assert scene.seen[-1][2] == pytest.approx(10 * 690)

    play("1.6", script)


@BOTH
@pytest.mark.parametrize(("freely", "drawn_w"), [("no", 0), ("under_default", 6_900), ("at_rating", RATED_W)])
def test_a_car_may_charge_without_a_transaction(protocol: Version, freely: Any, drawn_w: float) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10)
        idle_w = scene.station.connector(1).permitted_w
        assert idle_w == (RATED_W if freely == "at_rating" else pytest.approx(6_900))
        assert scene.station.permitted().power_w == pytest.approx(idle_w)
        scene.station.plug_in(1, HUNGRY)
        await asyncio.sleep(120)
        view = scene.station.connector(1)
        assert (view.transaction_id, view.charging) == (None, False)
        assert view.drawn_w == pytest.approx(drawn_w)
        assert view.status == ("Preparing" if freely == "no" else "Charging")
        scene.station.unplug(1)
        assert drawn(scene) == 0
        assert scene.station.connector(1).status == "Available"

    scene = play(protocol, script, behaviour=Behaviour(charges_freely=freely))
    assert starts(scene) == []
    assert scene.central.count("MeterValues") == 0


@BOTH
def test_a_transaction_takes_over_from_charging_freely_and_gives_back(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10)
        scene.station.plug_in(1, HUNGRY)
        await asyncio.sleep(5)
        if protocol == "1.6":
            await scene.central.call("RemoteStartTransaction", {"idTag": "APP", "connectorId": 1})
        else:
            token = {"idToken": "APP", "type": "Central"}
            request = {"idToken": token, "remoteStartId": 7, "evseId": 1}
            await scene.central.call("RequestStartTransaction", request)
        await asyncio.sleep(5)
        assert drawn(scene) == pytest.approx(6_900)
        scene.station.stop_transaction(1)
        await asyncio.sleep(5)
        assert drawn(scene) == pytest.approx(RATED_W)

    play(protocol, script, behaviour=Behaviour(charges_freely="at_rating"))


@BOTH
@pytest.mark.parametrize("metering", ["none", "bare", "zero"])
def test_charging_freely_may_be_metered(protocol: Version, metering: Any) -> None:
    async def script(scene: Scene) -> None:
        scene.station.plug_in(1, CAR)
        await asyncio.sleep(125)

    behaviour = Behaviour(charges_freely="at_rating", free_metering=metering)
    values = play(protocol, script, behaviour=behaviour).central.payloads("MeterValues")
    assert len(values) == (0 if metering == "none" else 2)
    ids = [value.get("transactionId") for value in values]
    assert ids == [0 if metering == "zero" and protocol == "1.6" else None] * len(values)
