"""Every state of the small world that fits a test run; `python tests/exhaustive/every_state.py` visits all of them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from support.smallworld.alone import live
from support.smallworld.happenings import Node, first, successors
from support.smallworld.search import key, search
from support.smallworld.site import Premises, decided
from support.smallworld.together import Decisions, search_together
from support.smallworld.worlds import ALONE, SHARING

from csms.balancing import ledger, plan
from csms.domain import limit_facts

LITTLE = ("plugged in", "unplugged", "rejects")
NAMELESS = ("connection lost", "reconnects", "reboots", "stops", "ceiling is back")
"""These look at the name of a transaction, or at both ceilings."""

SHARED = replace(SHARING["three chargers"], news=0, never=("late answer", "late refusal"))


@pytest.mark.parametrize("name", ALONE)
def test_no_state_near_the_start_breaks_a_promise(name: str) -> None:
    found = search(ALONE[name], most=800)
    print(f"{name}: {found.states} states, {found.transitions} transitions")
    assert not found.violations
    assert found.states >= 800


def test_every_state_of_two_chargers_keeps_every_promise() -> None:
    """Sessions, answers, silence, lost cables, reboots, crashes and a falling ceiling: to the last state."""
    premises = replace(SHARED, chargers=2, dropped_w=0, capacity_w=10_000, never=(*SHARED.never, *LITTLE))
    found = search_together(premises)
    print(f"{found.states} states, {found.transitions} transitions")
    assert not found.violations
    assert not Decisions(premises, found.life).disagreements(500, Random(1))


def test_no_state_of_three_chargers_within_some_decisions_breaks_a_promise() -> None:
    """Sessions, answers, silence, crashes and a falling ceiling."""
    found = search_together(replace(SHARED, never=(*SHARED.never, *LITTLE, "connection lost", "reboots")), most=12_000)
    print(f"{found.states} states, {found.transitions} transitions")
    assert not found.violations
    assert found.states > 20_000


def test_what_decisions_cannot_tell_apart_they_decide_alike() -> None:
    """That states of a charger are one where decisions see the same of them loses nothing of what is decided."""
    premises = SHARING["three chargers"]
    life = live(replace(premises, chargers=1), (0, premises.rated_w), most=4_000)
    assert sum(len(others) for others in life.others) > 200
    assert not Decisions(premises, life).disagreements(1_500, Random(2))


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


def futures(node: Node, premises: Premises) -> set[int]:
    return {key(after) for _, after in successors(node, premises, decided(node.state, premises)[0])}


def test_the_names_of_chargers_change_nothing() -> None:
    """That worlds which differ in names alone are visited once loses nothing: what comes next differs in names too."""
    premises = replace(SHARED, rated_w=20_000, never=(*SHARED.never, *LITTLE, *NAMELESS))
    examples = [first(premises), *search(premises, most=600).examples]
    assert len(examples) > 40
    for node in examples:
        assert key(turned(node)) == key(node)
        assert futures(turned(node), premises) == futures(node, premises)


def test_room_that_is_free_before_a_car_has_followed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_unsettled", lambda *_: [])
    assert search(ALONE["one charger"], most=3_000).violations


def test_a_reading_that_shows_too_much_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A car that was given something a moment ago, and draws nothing yet, has followed no cut from it."""
    monkeypatch.setattr(limit_facts, "TAKEN_UP_S", -1e9)
    assert search(ALONE["one with readings"], most=3_000).violations


def test_a_raise_into_room_that_is_not_free_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan._Desk, "_fits", lambda *_: True)
    premises = replace(SHARED, chargers=2, dropped_w=0, capacity_w=10_000, never=(*SHARED.never, *LITTLE, "reboots"))
    assert search_together(premises, most=1_000).violations


def test_a_call_without_an_answer_that_is_forgotten_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limit_facts, "_survives", lambda *_: False)
    assert search(ALONE["one charger"], most=20_000).violations
