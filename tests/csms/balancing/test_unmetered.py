"""Whose reading is missed, and from when on it tells."""

import pytest
from support.world import World

from csms.balancing.unmetered import missed_readings
from csms.domain.model import ConnectorKey, ConnectorStatus, LimitPurpose

A = ConnectorKey("a", 1)


def cut(limit_by: LimitPurpose) -> World:
    """A session that was cut to half."""
    world = World(100)
    world.charger("a", 50, can={"limit_by": limit_by, "max_periods": 6})
    world.configure(20)
    world.start("a")
    world.settle()
    world.configure(10)
    world.answer_all()
    return world


def test_a_cut_that_only_a_reading_can_show_needs_one_ten_seconds_later() -> None:
    world = cut(LimitPurpose.DEFAULT)
    assert missed_readings(world.state.view()) == {A: world.now.steady_s + 10}
    world.wait(60)
    assert missed_readings(world.state.view()) == {A: world.now.steady_s - 50}
    world.draw("a", 9_000)
    assert missed_readings(world.state.view()) == {}


def test_where_time_shows_it_none_is_missed() -> None:
    assert missed_readings(cut(LimitPurpose.TRANSACTION).state.view()) == {}


def test_who_is_not_connected_is_not_asked() -> None:
    world = cut(LimitPurpose.DEFAULT)
    world.disconnect("a")
    assert missed_readings(world.state.view()) == {}


@pytest.mark.parametrize("power_w", [0.0, 40.0])
def test_without_a_session_a_reading_frees_what_the_last_one_was_permitted(power_w: float) -> None:
    """The session is over, the car still plugged in, and the default is 0 again: no time, and no session, will show
    it. Its electronics may draw a little."""
    world = cut(LimitPurpose.DEFAULT)
    world.stop("a", world.state.active[A].transaction_id)
    world.status("a", ConnectorStatus.FINISHING)
    world.answer_all()
    world.wait(3600)
    assert world.worst_kw("a") == 20
    assert missed_readings(world.state.view()).keys() == {A}
    world.draw("a", power_w)
    assert world.worst_kw("a") == 0
