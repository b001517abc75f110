"""Room is spent once, and only what was measured after an answer shows that a car follows it."""

from __future__ import annotations

from support.world import World

from csms.domain import events as ev
from csms.domain.model import PowerSource


def test_room_for_one_raise_is_not_given_to_two() -> None:
    world = World(40)
    for name in "abc":
        world.charger(name, 22)
    world.configure(30)
    first = world.start("a")
    world.start("b")
    world.start("c")
    world.settle()
    world.wait(10)
    world.stop(
        "a", first
    )  # what it drew settles for a while: 10 kW of the new 40 are free, each of the others wants them
    world.configure(40)
    assert world.sent_kw() == {"b": 20.0}


def test_a_reading_that_was_measured_before_an_answer_came_settles_nothing() -> None:
    world = World(20)
    world.charger("a", 50)
    world.start("a")
    world.settle()
    world.wait(100)
    world.configure(10)
    world.confirm(world.issue(world.plan().intents[0]))
    world.wait(2)
    measured_at_s = world.now.utc_s - 3
    world.apply(ev.MeterValuesReceived(world.now, "a", 1, measured_at_s, power_w=5_000.0, source=PowerSource.POWER))
    assert world.worst_kw("a") == 20
