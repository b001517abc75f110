"""The facts of a connector are the same object as long as nothing has changed that a decision looks at."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.world import World

from csms.balancing.facts import Facts, facts
from csms.domain import events as ev
from csms.domain.model import ConnectorKey, ConnectorStatus, Proof

A, B = ConnectorKey("a", 1), ConnectorKey("b", 1)


@pytest.fixture
def world() -> World:
    """A car charges at `a`; `b` is free."""
    world = World(100)
    world.charger("a")
    world.charger("b")
    world.configure(20)
    world.start("a")
    world.answer_all()
    return world


def meter(world: World) -> None:
    """A reading, with the energy register, which is a fact of the transaction."""
    world.draw("a", 5_000)
    before = world.state.active[A]
    for energy_wh in (1_000.0, 1_100.0):
        world.apply(
            ev.MeterValuesReceived(
                world.now, "a", 1, world.now.utc_s, before.transaction_id, power_w=5_000.0, energy_wh=energy_wh
            )
        )
    assert world.state.active[A] is not before


def same_status(world: World) -> None:
    world.status("a", ConnectorStatus.CHARGING)


def wait(world: World) -> None:
    world.wait(1_000)


@pytest.mark.parametrize("nothing", [meter, same_status, wait])
def test_what_decides_nothing_leaves_the_facts_as_they_are(world: World, nothing: Callable[[World], None]) -> None:
    known: dict[ConnectorKey, Facts] = {}
    before = facts(world.state.snapshot(), known)
    nothing(world)
    after = facts(world.state.snapshot(), known)
    assert all(after[key] is before[key] for key in (A, B))


def cut(world: World) -> None:
    world.configure(10)
    world.answer_all()


CHANGES: dict[str, Callable[[World], None]] = {
    "a limit": cut,
    "a session": lambda world: world.stop("a", world.state.active[A].transaction_id),
    "a car that stops asking": lambda world: world.status("a", ConnectorStatus.SUSPENDED_EV),
    "a connection": lambda world: world.disconnect("a"),
    "a declaration": lambda world: world.declare("a", 11),
    "a proof": lambda world: world.promise_lease("a", Proof.SHOWN),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_is_seen_where_it_does_and_nowhere_else(world: World, change: Callable[[World], None]) -> None:
    known: dict[ConnectorKey, Facts] = {}
    before = facts(world.state.snapshot(), known)
    change(world)
    after = facts(world.state.snapshot(), known)
    assert after[A] is not before[A]
    assert after[B] is before[B]


def test_another_voltage_is_seen_at_every_charger(world: World) -> None:
    known: dict[ConnectorKey, Facts] = {}
    before = facts(world.state.snapshot(), known)
    world.apply(ev.SiteDeclared(world.now, replace(world.state.site, voltage_v=240.0)))
    after = facts(world.state.snapshot(), known)
    assert after[A] is not before[A]
    assert after[B] is not before[B]
