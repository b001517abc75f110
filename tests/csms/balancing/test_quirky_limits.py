"""Chargers that cannot be told everything: what they may draw under the limit as it was sent is what is counted."""

from dataclasses import replace
from typing import Any

import pytest
from support.world import World

from csms.domain import events as ev
from csms.domain.capabilities import Knobs, LimitPurpose
from csms.domain.model import ConnectorKey, ConnectorStatus, Current, Proof

A1, B1 = ConnectorKey("a", 1), ConnectorKey("b", 1)
AC: dict[str, Any] = {"current": Current.AC, "phases": 3}


def test_a_charger_that_takes_no_0_stands_at_6_a_and_is_counted_so() -> None:
    world = World(22)
    world.charger("a", 22.08, can={"takes_zero": False}, **AC)
    assert world.state.limits[A1].default is not None
    assert world.worst_kw("a") == 4.14
    assert world.allocation().budget.now_w == 22_000


def test_its_session_keeps_its_floor_while_others_wait() -> None:
    world = World(5)
    world.charger("a", 22.08, can={"takes_zero": False}, **AC)
    world.charger("b", 22.08, **AC)
    world.start("b")
    world.start("a")
    world.settle()
    assert world.shares_kw() == {"a": 4.968, "b": 0.0}
    assert world.share("b").waiting


def test_where_not_even_its_lowest_fits_it_is_told_that_and_there_is_an_alarm() -> None:
    world = World(3)
    world.charger("a", 22.08, can={"takes_zero": False}, **AC)
    world.start("a")
    world.settle()
    assert world.shares_kw() == {"a": 4.14}
    assert [intent.limit_w for intent in world.plan().intents if intent.limit_w < 4_140] == []
    assert [trouble.kind for trouble in world.troubles()] == ["ceiling_exceeded"]


def test_a_ceiling_too_low_for_its_default_leaves_the_lowest() -> None:
    world = World(30)
    world.charger("a", 22.08, offline_kw=11.04, can={"takes_zero": False}, **AC)
    assert world.worst_kw("a") == 11.04
    world.configure(6)
    world.settle()
    assert world.worst_kw("a") == 4.14


def test_a_charger_that_forgets_counts_at_its_rating_from_the_moment_it_is_gone() -> None:
    world = World(30)
    world.charger("a", 22, can={"keeps_profiles": False})
    world.charger("b", 22)
    world.start("b")
    world.settle()
    assert world.shares_kw() == {"b": 22}
    world.disconnect("a")
    assert world.worst_kw("a") == 22
    world.settle()
    assert world.shares_kw() == {"b": 8}


def test_what_a_forgetful_charger_is_told_on_a_new_connection_settles_from_its_rating() -> None:
    world = World(30)
    world.charger("a", 22, can={"keeps_profiles": False})
    world.start("a")
    world.settle()
    world.disconnect("a")
    world.connect("a", connection="c2", keeps_profiles=False)
    assert world.worst_kw("a") == 22
    first = world.plan().intents[0]
    world.confirm(world.issue(first))
    assert world.worst_kw("a") == 22
    world.settle()
    world.wait(10)
    assert world.worst_kw("a") == 22  # as much as it is given
    world.configure(10)
    world.settle()
    assert world.worst_kw("a") == 10


def test_a_charger_that_keeps_its_profiles_counts_as_told_while_it_is_gone() -> None:
    world = World(30)
    world.charger("a", 22)
    world.disconnect("a")
    assert world.worst_kw("a") == 0


def leased(world: World) -> None:
    world.start("a")
    world.settle()
    world.apply(ev.LeaseProved(world.now, "a", Proof.SHOWN))
    world.disconnect("a")


UNDATED = [Knobs(relative_profiles=True), Knobs(start_schedule=False)]


@pytest.mark.parametrize(
    ("knobs", "worst_kw"), [(Knobs(leases=True), 0), (Knobs(leases=False), 22), *((knobs, 22) for knobs in UNDATED)]
)
def test_no_lease_is_believed_of_a_charger_that_reads_them_wrongly_or_from_a_start_of_its_own(
    knobs: Knobs, worst_kw: float
) -> None:
    world = World(22)
    world.charger("a", 22, can={"max_periods": 5})
    leased(world)
    world.apply(ev.QuirksPinned(world.now, "a", knobs))
    world.wait(2000)
    assert world.worst_kw("a") == worst_kw


@pytest.mark.parametrize("knobs", [Knobs(leases=False), *UNDATED])
def test_no_lease_is_given_to_a_charger_that_reads_them_wrongly_or_from_a_start_of_its_own(knobs: Knobs) -> None:
    world = World(22)
    world.charger("a", 22, can={"max_periods": 5, **dict(knobs.said())})
    world.start("a")
    intents = [intent for intent in world.plan().intents if intent.purpose is LimitPurpose.TRANSACTION]
    assert [intent.lease_s for intent in intents] == [None]


def test_a_charger_limited_as_a_whole_is_limited_by_what_stands() -> None:
    world = World(22)
    world.charger("a", 22, can={"limit_by": LimitPurpose.STATION})
    world.status("a", ConnectorStatus.PREPARING)
    world.start("a")
    world.settle()
    limits = world.state.limits[A1]
    assert limits.transaction is None
    assert limits.default is not None
    assert limits.default.limit_w == 22_000
    world.configure(10)
    world.settle()
    assert world.worst_kw("a") == 22  # until it is metered
    world.wait(15)
    assert world.worst_kw("a") == 22
    world.draw("a", 9_900)
    assert world.worst_kw("a") == 10


def test_shares_lie_on_the_currents_a_charger_has() -> None:
    world = World(30)
    for name in "ab":
        world.charger(name, 22.08, can={"currents_a": (6.0, 8.0, 10.0, 13.0, 16.0)}, **AC)
        world.start(name)
    world.settle()
    assert world.shares_kw() == {"a": 11.04, "b": 11.04}
    world.configure(15)
    world.settle()
    assert world.shares_kw() == {"a": 6.9, "b": 6.9}  # 15 kW are 7.5 each: 10 A, and no step fits in what is left


@pytest.mark.parametrize(("pinned", "said_again"), [(Knobs(rate_units=("A",)), True), (Knobs(leases=False), False)])
def test_what_was_said_in_watts_is_said_again_once_it_counts_as_amperes(pinned: Knobs, said_again: bool) -> None:
    world = World(6.9)
    world.charger("a", 22.08, can={"units": ("W",)}, **AC)
    world.start("a")
    world.settle()
    world.wait(10)
    assert world.plan().intents == ()
    world.apply(ev.QuirksPinned(world.now, "a", pinned))
    assert world.worst_kw("a") >= 6.9
    assert [intent.limit_w for intent in world.plan().intents] == ([6_900] if said_again else [])
    world.settle()
    assert world.plan().intents == ()


def test_a_forgetful_charger_that_is_told_again_may_still_draw_its_rating_for_a_while() -> None:
    world = World(10)
    world.charger("a", 22, can={"keeps_profiles": False})
    world.start("a")
    world.settle()
    world.disconnect("a")
    world.connect("a", connection="c2", keeps_profiles=False)
    for _ in range(2):
        world.confirm(world.issue(world.plan().intents[0]))
    assert world.plan().intents == ()
    assert world.worst_kw("a") == 22
    world.wait(6)
    assert world.worst_kw("a") == 10


def test_while_a_limit_is_exceeded_a_charger_that_takes_no_0_gives_way_to_its_floor_alone() -> None:
    world = World(22)
    for name in "ab":
        world.charger(name, 22.08, can={"takes_zero": name == "b"}, **AC)
        world.start(name)
    world.settle()
    world.configure(7)
    told = {intent.key.charge_point_id: intent.limit_w for intent in world.plan().intents}
    assert told == {"a": 4_140, "b": 0}


def test_a_charger_at_its_highest_current_is_not_raised_for_ever() -> None:
    world = World(30)
    world.settings = replace(world.settings, min_change_w=0)
    world.charger("a", 22.08, can={"currents_a": (6.0, 16.0)}, **AC)
    world.start("a")
    assert world.shares_kw() == {"a": 11.04}
