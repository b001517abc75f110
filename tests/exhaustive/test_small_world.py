"""Every state of the small world that fits a test run; `python tests/exhaustive/every_state.py` visits all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.smallworld.happenings import Node, first, successors
from support.smallworld.search import key, search
from support.smallworld.site import Premises, decided
from support.smallworld.worlds import WORLDS


@pytest.mark.parametrize("name", WORLDS)
def test_no_state_near_the_start_breaks_a_promise(name: str) -> None:
    found = search(WORLDS[name], most=800)
    print(f"{name}: {found.states} states, {found.transitions} transitions")
    assert not found.violations
    assert found.states >= 800


def test_every_state_of_two_chargers_and_their_answers_keeps_every_promise() -> None:
    """Sessions, answers of every kind, crashes and a falling ceiling: to the last state."""
    found = search(replace(WORLDS["three chargers"], chargers=2))
    print(f"{found.states} states, {found.transitions} transitions")
    assert found.complete
    assert not found.violations


def turned(node: Node) -> Node:
    """The same world with the chargers' names passed on in a circle."""
    names = list(node.chargers)
    after = dict(zip(names, [*names[1:], names[0]], strict=True))
    state = node.copy().state
    state.charge_points = {n: replace(node.state.charge_points[o], charge_point_id=n) for o, n in after.items()}
    for table in ("connectors", "active", "limits"):
        rows = getattr(node.state, table)
        moved = {
            k._replace(charge_point_id=after[k.charge_point_id]): replace(row, charge_point_id=after[k.charge_point_id])
            for k, row in rows.items()
        }
        setattr(state, table, {k: moved[k] for k in sorted(moved)})
    return Node(state, {n: node.chargers[o] for n, o in sorted((n, o) for o, n in after.items())}, node.dropped)


def futures(node: Node, premises: Premises) -> set[bytes]:
    return {key(after) for _, after in successors(node, premises, decided(node.state, premises)[0])}


def test_the_names_of_chargers_change_nothing() -> None:
    """That worlds which differ in names alone are visited once loses nothing: what comes next differs in names too."""
    premises = WORLDS["three chargers"]
    examples = [first(premises), *search(premises, most=600).examples]
    assert len(examples) > 40
    for node in examples:
        assert key(turned(node)) == key(node)
        assert futures(turned(node), premises) == futures(node, premises)
