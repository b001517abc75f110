"""Links between the ends of a memory pipe: slow, losing frames, repeating frames, in the order they were sent."""

import asyncio
import random
from collections.abc import Callable

import pytest
from station_scene import BOTH, Scene, play, starts

from simulators.behaviour import Behaviour
from simulators.memory import Copies, Delay, Link, MemoryPipe
from simulators.protocol import Version
from simulators.transport import TransportClosed
from simulators.virtual_time import run


def carried(link: Link | Delay | None, frames: list[str]) -> list[tuple[float, str]]:
    """When which of the frames arrive, sent a second apart."""

    async def main() -> list[tuple[float, str]]:
        near, far = MemoryPipe.pair(to_second=link)
        loop, arrived = asyncio.get_running_loop(), []

        async def receive() -> None:
            while True:
                text = await far.receive()
                arrived.append((loop.time(), text))

        task = asyncio.create_task(receive())
        for frame in frames:
            await near.send(frame)
            await asyncio.sleep(1)
        await near.close()
        with pytest.raises(TransportClosed):
            await task
        return arrived

    return run(main())


def copies_of(counts: dict[str, int]) -> Copies:
    return lambda text: counts.get(text, 1)


@pytest.mark.parametrize(
    ("link", "arrived"),
    [
        (None, [(0, "a"), (1, "b"), (2, "c")]),
        (lambda _: 40.0, [(40, "a"), (41, "b"), (42, "c")]),
        (Link(delay=lambda text: 5.0 if text == "a" else 0.5), [(5, "a"), (5, "b"), (5, "c")]),  # none overtakes
        (Link(copies=copies_of({"b": 0})), [(0, "a"), (2, "c")]),
        (Link(copies=copies_of({"b": 2})), [(0, "a"), (1, "b"), (1, "b"), (2, "c")]),
        (Link(lambda _: 3.0, copies_of({"a": 0, "c": 3})), [(4, "b"), (5, "c"), (5, "c"), (5, "c")]),
    ],
)
def test_a_link_delays_loses_and_repeats_frames(link: Link | None, arrived: list[tuple[float, str]]) -> None:
    assert carried(link, ["a", "b", "c"]) == arrived


def test_the_directions_of_a_pipe_have_links_of_their_own() -> None:
    async def main() -> None:
        near, far = MemoryPipe.pair(to_first=Link(copies=lambda _: 2), to_second=lambda _: 7.0)
        await near.send("there")
        await far.send("back")
        assert [await near.receive(), await near.receive()] == ["back", "back"]
        assert asyncio.get_running_loop().time() == 0
        assert await far.receive() == "there"
        assert asyncio.get_running_loop().time() == 7

    run(main())


def lose_first(action: str) -> Copies:
    """Lose the first frame that holds a text."""
    lost: list[str] = []

    def copies(text: str) -> int:
        if action in text and not lost:
            lost.append(text)
            return 0
        return 1

    return copies


@BOTH
def test_a_start_lost_on_the_way_is_sent_again_over_the_same_connection(protocol: Version) -> None:
    action = "StartTransaction" if protocol == "1.6" else "TransactionEvent"

    async def script(scene: Scene) -> None:
        await scene.charging()
        assert starts(scene) == []
        await asyncio.sleep(60)

    scene = play(protocol, script, to_central_system=Link(copies=lose_first(action)))
    assert len(starts(scene)) == 1
    assert scene.central.connections == 1


@BOTH
def test_a_profile_that_comes_twice_is_answered_twice_and_obeyed_once(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        assert (await scene.set_profile(10))["status"] == "Accepted"
        await asyncio.sleep(1)
        assert scene.station.connector(1).permitted_w == pytest.approx(6_900)
        assert len(scene.station.model.profiles.installed) == 1

    twice: Callable[[str], int] = lambda text: 2 if "SetChargingProfile" in text else 1  # noqa: E731
    scene = play(protocol, script, to_charge_point=Link(copies=twice))
    assert list(scene.central.answers.values()) == [2]


@BOTH
@pytest.mark.parametrize("call_timeout_s", [20.0, 90.0])
def test_a_patient_charger_gets_through_forty_seconds_each_way(protocol: Version, call_timeout_s: float) -> None:
    rng = random.Random(11)

    async def script(scene: Scene) -> None:
        await scene.station.wait_accepted()
        await scene.charging()
        await asyncio.sleep(900)
        scene.station.unplug(1)
        await asyncio.sleep(900)

    slow: Delay = lambda _: rng.uniform(0, 40)  # noqa: E731
    behaviour = Behaviour(call_timeout_s=call_timeout_s)
    scene = play(protocol, script, behaviour=behaviour, to_charge_point=slow, to_central_system=slow)
    assert (scene.central.count("BootNotification") == 1) == (call_timeout_s == 90)
    assert len(starts(scene)) == (call_timeout_s == 90)  # to the impatient one, its Authorize went unanswered
