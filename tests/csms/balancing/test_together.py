"""Connectors of one charge point draw no more together than its maximum, whatever each of them is permitted."""

from support.world import World

from csms.balancing.together import Together
from csms.domain.model import ConnectorKey

A1, A2, B = ConnectorKey("a", 1), ConnectorKey("a", 2), ConnectorKey("b", 1)


def charging(max_kw: float | None = 22.0) -> World:
    """20 kW at the first connector of a charge point, and 10 kW at another."""
    world = World(100)
    world.configure(30)
    world.charger("a", max_kw, connectors=2)
    world.charger("b", 10)
    world.start("a", 1)
    world.start("b")
    world.settle()
    assert (world.worst_kw("a", 1), world.worst_kw("b")) == (20, 10)
    return world


def more_kw(together: Together, world: World, key: ConnectorKey, power_kw: float) -> float:
    shape = world.state.shape(key.charge_point_id)
    return together.more(key, shape.load(round(power_kw * 1000)))[0] / 1_000_000


def test_a_second_connector_adds_no_more_than_is_left_of_the_maximum() -> None:
    world = charging()
    together = Together(world.state.view(), world.book())
    assert more_kw(together, world, A2, 1) == 1
    assert more_kw(together, world, A2, 10) == 2
    assert more_kw(together, world, A1, 22) == 2


def test_what_was_taken_counts_from_then_on() -> None:
    world = charging()
    together = Together(world.state.view(), world.book())
    together.take(A2, world.state.shape("a").load(1_500))
    assert more_kw(together, world, A1, 22) == 0.5
    together.take(A2, world.state.shape("a").load(10_000))
    assert more_kw(together, world, A2, 10) == 0


def test_where_it_is_alone_or_nobody_knows_a_maximum_all_of_it_is_added() -> None:
    world = charging()
    together = Together(world.state.view(), world.book())
    assert more_kw(together, world, B, 22) == 12
