"""What is remembered of a connector holds until its facts change or its time comes; see also test_ledger_machine."""

from collections.abc import Callable

import pytest
from support.world import World

from csms.balancing.allocation import Allocation, allocate
from csms.balancing.ledger import ledger
from csms.balancing.memory import Memory
from csms.domain.grid import Circuit
from csms.domain.model import ConnectorKey, ConnectorStatus, Current, Proof, ScheduleWindow

A = ConnectorKey("a", 1)
BELIEVED_S = 900.0 + 60 + 6
"""A lease, a minute for the charger's clock, and the time a car takes to follow."""


@pytest.fixture
def world() -> World:
    """A car at 20 kW on a charger that has shown that it steps down when its lease ends."""
    world = World(100)
    world.charger("a", 50, can={"max_periods": 2})
    world.configure(20)
    world.start("a")
    world.answer_all()
    world.promise_lease("a", Proof.SHOWN)
    return world


def remembered_kw(world: World, memory: Memory) -> float:
    return ledger(world.state.snapshot(), world.now, world.settings.settle_s, memory).worst_w(A) / 1000


@pytest.mark.parametrize("online", [True, False])
def test_an_exposure_is_forgotten_when_a_lease_ends(world: World, *, online: bool) -> None:
    world.wait(1)
    if not online:
        world.disconnect("a")
    memory, ends_s = Memory(), BELIEVED_S - 1
    assert remembered_kw(world, memory) == 20
    world.wait(ends_s - 0.5)
    assert remembered_kw(world, memory) == 20
    world.wait(0.5)
    assert remembered_kw(world, memory) == world.worst_kw("a") == 0


def test_an_exposure_is_forgotten_when_a_cut_has_settled(world: World) -> None:
    memory = Memory()
    world.configure(10)
    world.answer_all()
    assert remembered_kw(world, memory) == 20
    world.wait(5.5)
    assert remembered_kw(world, memory) == 20
    world.wait(0.5)
    assert remembered_kw(world, memory) == world.worst_kw("a") == 10


def test_an_exposure_is_forgotten_with_the_facts_it_was_made_from(world: World) -> None:
    memory = Memory()
    assert remembered_kw(world, memory) == 20
    world.declare("a", 50, in_service=False)
    assert remembered_kw(world, memory) == world.worst_kw("a") == 0


def test_an_earlier_moment_is_looked_at_anew(world: World) -> None:
    memory, before = Memory(), world.now
    world.wait(BELIEVED_S)
    assert remembered_kw(world, memory) == 0
    world.now = before
    assert remembered_kw(world, memory) == 20


def test_what_has_not_changed_is_not_worked_out_again(world: World) -> None:
    memory = Memory()
    remembered_kw(world, memory)
    known = memory.exposures[A]
    world.wait(100)
    remembered_kw(world, memory)
    assert memory.exposures[A] is known


def silence(world: World) -> None:
    world.status("a", ConnectorStatus.SUSPENDED_EV)
    world.wait(world.settings.suspended_after_s + 1)


def second_car(world: World) -> None:
    world.charger("b")
    world.start("b")


def circuit(world: World) -> None:
    world.site(circuits=(Circuit("c", max_power_w=9_000),))
    world.declare("a", 50, circuit_id="c")


def small_demand(world: World) -> None:
    world.draw("a", 3_000)
    world.wait(61)


CHANGES: dict[str, Callable[[World], None]] = {
    "a higher least power": lambda world: world.configure(20, floor_kw=25),
    "a lower ceiling": lambda world: world.configure(7),
    "a cap of a time window": lambda world: world.configure(
        20,
        "scheduled",
        schedule=(ScheduleWindow(tuple(range(7)), 0, 1440, 20_000, {"a": 8_000}),),
    ),
    "another kind of charger": lambda world: world.declare("a", 50, current=Current.AC, phases=3),
    "a smaller charger": lambda world: world.declare("a", 11),
    "a circuit": circuit,
    "a small demand": small_demand,
    "a car that asks for nothing": silence,
    "a second car": second_car,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_wish_is_forgotten_with_what_it_was_made_from(world: World, change: Callable[[World], None]) -> None:
    memory = Memory()

    def remembered() -> Allocation:
        return allocate(world.state.snapshot(), world.now, world.settings, world.book(), memory)

    before = remembered()
    change(world)
    assert remembered() == world.allocation()
    assert remembered() != before


def test_a_wish_is_forgotten_when_a_limit_is_confirmed(world: World) -> None:
    """Whose turn it is follows from the limits in force."""
    memory = Memory()
    world.configure(20, floor_kw=15)
    second_car(world)
    for _ in range(4):
        allocation = allocate(world.state.snapshot(), world.now, world.settings, world.book(), memory)
        assert allocation == world.allocation()
        assert sum(share.waiting for share in allocation.shares.values()) == 1
        world.run(500)


def test_a_wish_is_forgotten_when_a_silent_car_is_paused_and_when_it_is_tried() -> None:
    world, memory = World(100), Memory()
    world.configure(20, floor_kw=5)
    for name in ("a", "b"):
        world.charger(name)
        world.start(name)
    world.status("a", ConnectorStatus.SUSPENDED_EV)
    seen_kw = set()
    for _ in range(40):
        allocation = allocate(world.state.snapshot(), world.now, world.settings, world.book(), memory)
        assert allocation == world.allocation()
        seen_kw.add(allocation.shares[A].limit_w / 1000)
        world.run(61)
    assert len(seen_kw) > 1


def test_who_gives_way_gets_back_what_was_decided() -> None:
    """A limit below a share is in force for a moment: the wish is made anew with each of them."""
    world, memory = World(100), Memory()
    world.configure(40)
    for name in ("a", "b"):
        world.charger(name)
        world.start(name)
    world.settle()
    world.configure(30)
    in_force_kw = set()
    for _ in range(20):
        book = ledger(world.state.snapshot(), world.now, world.settings.settle_s, memory)
        allocation = allocate(world.state.snapshot(), world.now, world.settings, book, memory)
        assert (book, allocation) == (world.book(), world.allocation())
        limit = world.state.limits[A].transaction
        assert limit is not None
        in_force_kw.add(limit.limit_w / 1000)
        world.run(1)
    assert in_force_kw == {20, 10, 15}
