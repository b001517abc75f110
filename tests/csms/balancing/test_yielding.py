"""Where a limit is exceeded everybody gives way for all of it, until enough of them have followed."""

import pytest
from support.world import World

from csms.domain.grid import Circuit
from csms.domain.model import ConnectorKey, ConnectorStatus, Current, LimitPurpose


def charging(*names: str, ceiling_kw: float, **declared: object) -> World:
    """Chargers of 22 kW limited in watts, each with a car that obeys, under a ceiling that is used up."""
    world = World(capacity_kw=100)
    world.configure(ceiling_kw)
    for name in names:
        world.charger(name, **declared)  # type: ignore[arg-type]  # passed on as they are
    for name in names:
        world.start(name)
    world.settle()
    return world


def test_each_gives_way_as_if_nobody_else_did() -> None:
    """40 kW become 30: whichever of the two is followed first, the other still draws its 20."""
    world = charging("a", "b", ceiling_kw=40)
    world.configure(30)
    assert world.sent_kw() == {"a": 10, "b": 10}
    assert world.shares_kw() == {"a": 15, "b": 15}


def test_what_was_too_much_comes_back_once_enough_have_followed() -> None:
    world = charging("a", "b", ceiling_kw=40)
    world.configure(30)
    first, second = (world.issue(intent) for intent in world.plan().intents)
    world.confirm(first)
    world.wait(5.9)
    assert world.sent_kw() == {}
    world.wait(0.2)  # the first has followed: 10 + 20 kW fit
    assert world.sent_kw() == {}
    world.confirm(second)
    world.wait(6)
    assert world.sent_kw() == {"a": 15, "b": 15}


def test_the_excess_of_a_ceiling_that_falls_twice_is_given_way_for_anew() -> None:
    world = charging("a", "b", ceiling_kw=40)
    world.configure(36)
    world.answer_all()
    world.configure(32)
    assert world.sent_kw() == {"a": 12, "b": 12}


def test_below_its_floor_a_session_pauses() -> None:
    world = charging("a", "b", ceiling_kw=22, current=Current.AC, phases=3)
    world.configure(15)
    assert world.shares_kw() == pytest.approx({"a": 7.5, "b": 7.5}, abs=0.1)
    assert world.sent_kw() == {"a": 0, "b": 0}


def test_a_session_that_must_not_pause_keeps_its_floor() -> None:
    world = charging("a", "b", ceiling_kw=22, current=Current.AC, phases=3, never_pause=True)
    world.configure(15)
    assert world.sent_kw() == {"a": 4.14, "b": 4.14}


def test_a_drop_that_is_known_is_made_without_haste() -> None:
    world = charging("a", "b", ceiling_kw=40)
    world.limit("grid operator", 30, begins_in_s=30)
    assert world.sent_kw() == {"a": 15, "b": 15}


def test_who_hangs_elsewhere_need_not_give_way() -> None:
    world = World(capacity_kw=100)
    world.site(circuits=(Circuit("garage", None, 40_000, None),))
    for name, circuit_id in (("a", "garage"), ("b", "garage"), ("c", None)):
        world.charger(name, circuit_id=circuit_id)
        world.start(name)
    world.settle()
    world.site(circuits=(Circuit("garage", None, 30_000, None),))
    assert world.sent_kw() == {"a": 10, "b": 10}


def defaults_kw(world: World) -> dict[str, float]:
    return {
        intent.key.charge_point_id: intent.limit_w / 1000
        for intent in world.plan().intents
        if intent.purpose is LimitPurpose.DEFAULT
    }


def test_a_ceiling_too_low_for_idle_chargers_takes_their_default_profiles_too() -> None:
    world = World(capacity_kw=100)
    world.charger("a", offline_kw=3)
    world.charger("b", offline_kw=3)
    world.limit("grid operator", 5, ends_in_s=600)
    assert defaults_kw(world) == {"a": 0, "b": 0}
    world.answer_all()
    world.wait(30)
    assert defaults_kw(world) == {}
    assert world.book().total_w() == 0


def test_default_profiles_come_back_with_the_ceiling() -> None:
    world = World(capacity_kw=100)
    world.charger("a", offline_kw=3)
    world.limit("grid operator", 0, ends_in_s=600)
    world.answer_all()
    world.wait(601)
    assert defaults_kw(world) == {"a": 3}


def test_default_profiles_stay_where_it_is_the_sessions_that_are_too_much() -> None:
    world = World(capacity_kw=100)
    world.charger("a", offline_kw=3)
    world.charger("b")
    world.start("b")
    world.settle()
    world.status("a", ConnectorStatus.AVAILABLE)
    world.limit("grid operator", 10)
    assert defaults_kw(world) == {}
    assert world.sent_kw() == {"b": 7}
    assert world.book().exposures[ConnectorKey("a", 1)].worst_w == 3000


def test_where_default_profiles_have_given_way_no_share_counts_on_them() -> None:
    """Under a ceiling of 0 a session with an offline limit of 3 kW has 0: that is also what is decided for it."""
    world = charging("a", ceiling_kw=20, offline_kw=3)
    world.configure(0)
    world.settle()
    assert world.worst_kw("a") == 0
    assert world.shares_kw() == {"a": 0}
    assert world.report().chargers[0].confirmed


def test_default_profiles_give_way_to_a_charger_that_disobeys() -> None:
    """20 kW less a's rating leave 8 kW, less than b falls back to: that is 0 now, and the 8 kW are shared out."""
    world = World(capacity_kw=20)
    world.charger("a", 12)
    world.charger("b", 22, offline_kw=9)
    world.start("a")
    world.start("b")
    world.settle()
    world.wait(60)
    for _ in range(2):
        world.draw("a", 12_000)
        world.judge("a")
        world.wait(10)
    world.settle()
    assert world.worst_kw("a") == 12
    assert world.shares_kw()["b"] == 8
    assert world.worst_kw("b") == 8
