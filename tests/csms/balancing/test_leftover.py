"""What whole steps of current leave unused is given out so that few are told another limit, and fairly."""

from __future__ import annotations

from support.world import World

from csms.domain.model import Current

VOLTAGE_V = 230


def car_park(names: str) -> World:
    """Single-phase chargers of 32 A that take whole amperes."""
    world = World(100)
    for name in names:
        world.charger(name, 7.36, current=Current.AC, phases=1, can={"units": ("A",), "current_step_a": 1.0})
    return world


def configure(world: World, budget_a: int) -> None:
    world.configure(budget_a * VOLTAGE_V / 1000)


def amperes(world: World) -> dict[str, int]:
    return {name: round(kw * 1000 / VOLTAGE_V) for name, kw in world.shares_kw().items()}


def test_steps_that_are_left_go_to_the_lowest() -> None:
    """Of 83 A four get 20 each, and three of them one more."""
    world = car_park("1234")
    configure(world, 83)
    for name in "1234":
        world.start(name)
    world.run(60)
    assert amperes(world) == {"1": 21, "2": 21, "3": 21, "4": 20}


def test_who_has_the_step_keeps_it() -> None:
    """62 A are 20 each for three: the two that stay have what they had, and somebody new gets the rest."""
    world = car_park("1234")
    configure(world, 62)
    first = world.start("1")
    world.start("2")
    world.start("3")
    world.run(60)
    assert amperes(world) == {"1": 21, "2": 21, "3": 20}
    world.stop("1", first)
    world.start("4")
    assert amperes(world) == {"2": 21, "3": 20, "4": 21}


def test_who_is_told_another_limit_anyway_gets_the_step_before_those_who_need_not_be() -> None:
    world = car_park("123")
    configure(world, 40)
    world.start("1")
    world.start("2")
    world.run(60)
    assert amperes(world) == {"1": 20, "2": 20}
    world.start("3")
    configure(world, 61)
    assert amperes(world) == {"1": 20, "2": 20, "3": 21}
    world.run(60)
    assert amperes(world) == {"1": 20, "2": 20, "3": 21}


def test_one_step_more_than_the_others_is_enough() -> None:
    """83 A are 20 each for four: one more for the newcomer, and the other two go to those who have no more than he."""
    world = car_park("1234")
    configure(world, 60)
    for name in "123":
        world.start(name)
    world.run(60)
    world.start("4")
    configure(world, 83)
    assert amperes(world) == {"1": 21, "2": 21, "3": 20, "4": 21}


def test_who_had_much_more_is_not_given_all_that_is_left() -> None:
    """He must come down anyway: 62 A are 20 each for three, and one step for two of them."""
    world = car_park("123")
    configure(world, 62)
    world.start("1")
    world.run(60)
    assert amperes(world) == {"1": 32}
    world.start("2")
    world.start("3")
    world.run(60)
    assert amperes(world) == {"1": 21, "2": 21, "3": 20}
