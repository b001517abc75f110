"""How seldom Python looks for garbage."""

import gc
from collections.abc import Iterator

import pytest

from csms.garbage import look_seldom


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


class Node:
    """Part of a ring, which only a search for garbage finds."""

    def __init__(self) -> None:
        self.other: Node | None = None


def ring() -> None:
    one, other = Node(), Node()
    one.other, other.other = other, one


def test_what_was_loaded_is_not_looked_through_again_and_of_garbage_nothing_is_kept() -> None:
    loaded = [Node() for _ in range(1000)]
    ring()
    look_seldom()
    assert gc.get_freeze_count() > len(loaded)
    assert not any(isinstance(thing, Node) for thing in gc.get_objects())  # what is frozen is not among them
    gc.unfreeze()
    assert sum(isinstance(thing, Node) for thing in gc.get_objects()) == len(loaded)  # the ring was thrown away


def test_what_was_made_since_is_still_looked_through_but_all_of_it_ten_times_less_often() -> None:
    young, middle, old = gc.get_threshold()
    look_seldom()
    assert gc.get_threshold() == (young, middle, 10 * old)
    assert gc.isenabled()
    ring()
    gc.collect()
    assert not any(isinstance(thing, Node) for thing in gc.get_objects())
