"""What an outside observer sees, and that it is told at every change of it and at nothing else."""

import asyncio
import random
from dataclasses import replace

import pytest
from station_scene import BOTH, CAR, HUNGRY, Scene, play

from simulators.behaviour import Behaviour, Freely
from simulators.car import Car
from simulators.changes import Change
from simulators.foreign import daily_maximum
from simulators.hardware import AC_THREE_PHASES, Hardware
from simulators.occurrences import DrawChanged, LimitChanged
from simulators.protocol import Version
from simulators.station import SimulatedChargePoint

FREELY: tuple[Freely, ...] = ("no", "no", "under_default", "at_rating")
Look = tuple[float, float, tuple[float, float, float], tuple[float, float, float], bool]


def look(station: SimulatedChargePoint, connector_id: int) -> Look:
    view = station.connector(connector_id)
    return view.permitted_w, view.drawn_w, view.permitted_a, view.drawn_a, view.reachable


async def a_troubled_hour(scene: Scene, rng: random.Random) -> None:
    """Things happen at random, some seconds apart."""
    station = scene.station
    cars = [
        HUNGRY,
        replace(CAR, phases=1, soc=0.79, battery_wh=2_000.0),
        Car(4_000, 0.7, appetite=((20.0, 0.0), (60.0, 0.5))),
        replace(HUNGRY, sleeps_after_s=20.0),
    ]
    for _ in range(120):
        connector_id = rng.choice((1, 2))
        match rng.randrange(10):
            case 0 | 1 if station.model.connectors[connector_id].car is None:
                station.plug_in(connector_id, rng.choice(cars), rng.choice(("TAG", None)))
            case 2:
                station.unplug(connector_id)
            case 3 | 4 if station.connected:
                limits = [rng.choice((0, 6, 10, 16, 32)) for _ in range(rng.randrange(1, 4))]
                asyncio.get_running_loop().create_task(attempt(scene, limits, connector_id))
            case 5:
                station.drop_connection(for_s=rng.uniform(1, 20))
            case 6:
                station.behaviour = replace(station.behaviour, overdraw=rng.choice((0.0, 0.1)))
            case 7:
                station.behaviour = replace(station.behaviour, charges_freely=rng.choice(FREELY))
            case 8:
                rng.choice((station.lose_profiles, station.reboot))()
            case 9:
                station.stop_transaction(connector_id)
        await asyncio.sleep(rng.uniform(0.5, 30))


async def attempt(scene: Scene, limits: list[int], connector_id: int) -> None:
    try:
        await scene.set_profile(*limits, connector_id=connector_id, steps_s=7)
    except (TimeoutError, ConnectionError, KeyError):
        return


@BOTH
@pytest.mark.parametrize("seed", range(5))
def test_an_observer_is_told_of_every_change_of_what_it_sees(protocol: Version, seed: int) -> None:
    """Whatever a look between two changes shows, the last change has shown already."""
    misses: list[str] = []

    async def script(scene: Scene) -> None:
        last = {number: look(scene.station, number) for number in (1, 2)}

        def told(station: SimulatedChargePoint, change: Change) -> None:
            last.update({number: look(station, number) for number in (1, 2)})

        scene.station._on_change = told
        hour = asyncio.create_task(a_troubled_hour(scene, random.Random(seed)))
        while not hour.done():
            await asyncio.sleep(0.37)
            misses.extend(
                f"{asyncio.get_running_loop().time():.2f} connector {number}: {last[number]} {found}"
                for number in (1, 2)
                if (found := look(scene.station, number)) != last[number]
            )
        await hour

    behaviour = Behaviour(applies_after_s=(0, 5), clock_after_reboot_s=0.0, foreign_profiles=(daily_maximum(),))
    play(protocol, script, behaviour=behaviour, connectors=2)
    assert misses == []


@BOTH
def test_nothing_is_told_while_nothing_changes(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        scene.station.model.set_sample_interval(0, scene.central.now_s())
        await scene.set_profile(10)
        await scene.charging(replace(HUNGRY, battery_wh=90_000_000))
        before = len(scene.seen)
        await asyncio.sleep(3600)
        assert len(scene.seen) == before

    play(protocol, script)


def test_a_draw_is_told_when_it_changes_and_so_is_a_limit() -> None:
    async def script(scene: Scene) -> None:
        await scene.charging()
        await scene.set_profile(10)
        await asyncio.sleep(5)
        scene.station.unplug(1)

    scene = play("1.6", script)
    start_s = 1_767_225_601.0
    found = [
        (type(change), round(change.at_s - start_s, 2), round(permitted_w), round(drawn_w))
        for change, permitted_w, drawn_w in scene.seen
        if isinstance(change, LimitChanged | DrawChanged)
    ]
    assert found == [
        (DrawChanged, 1.5, 22_080, 11_040),
        (LimitChanged, 5, 6_900, 11_040),
        (DrawChanged, 6.5, 6_900, 6_900),
        (DrawChanged, 10, 6_900, 0),
    ]


def test_the_station_as_a_whole_is_seen_under_its_own_limit() -> None:
    async def script(scene: Scene) -> None:
        station = scene.station
        assert station.permitted().power_w == 2 * 22_080
        await scene.set_profile(16, purpose="ChargePointMaxProfile", connector_id=0)
        assert [station.connector(number).permitted_a for number in (1, 2)] == [(16, 16, 16)] * 2
        assert station.permitted().power_w == pytest.approx(16 * 690)
        assert station.permitted().currents_a == (16, 16, 16)
        await scene.set_profile(20, purpose="ChargePointMaxProfile", connector_id=0)
        changes = [c for c, _, _ in scene.seen if isinstance(c, LimitChanged) and c.connector_id == 0]
        assert [round(change.permitted_w) for change in changes] == [16 * 690, 20 * 690]

    play("1.6", script, connectors=2)


def test_a_connector_out_of_order_permits_nothing_once_its_transaction_is_over() -> None:
    async def script(scene: Scene) -> None:
        await scene.charging()
        scene.station.model.connectors[1].operative = False
        assert scene.station.connector(1).permitted_w == 22_080
        scene.station.stop_transaction(1)
        assert scene.station.connector(1).permitted_w == 0
        assert scene.station.permitted().power_w == 0

    play("1.6", script)


@pytest.mark.parametrize("voltage_v", [207.0, 253.0])
def test_watts_are_true_ones_at_the_voltage_of_the_place(voltage_v: float) -> None:
    hardware: Hardware = replace(AC_THREE_PHASES, voltage_v=voltage_v)

    async def script(scene: Scene) -> None:
        await scene.set_profile(10)
        await scene.charging()
        view = scene.station.connector(1)
        assert view.permitted_w == view.drawn_w == pytest.approx(10 * 3 * voltage_v)
        assert view.permitted_a == view.drawn_a == (10, 10, 10)

    play("1.6", script, hardware=hardware)
