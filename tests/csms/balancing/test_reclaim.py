"""What a car does not use is lent to the others: DC chargers here, so that a draw of 4 kW asks for 4 kW."""

import pytest
from support.world import World

from csms.domain.model import Current, PowerSource


def three() -> World:
    """Three cars at 10 kW each."""
    world = World(30)
    for name in "123":
        world.charger(name, 22, current=Current.DC)
        world.start(name)
    world.run(60)
    assert world.shares_kw() == {"1": 10.0, "2": 10.0, "3": 10.0}
    return world


def reclaimed() -> World:
    """Car 1 has drawn 4 kW for a minute: it keeps 1.1 x 4 + 0.2 = 4.6 kW, and the others have 12.7 kW each."""
    world = three()
    world.draw("1", 4_000)
    world.run(90)
    return world


def test_a_car_that_draws_little_is_cut_to_its_draw_and_a_margin() -> None:
    world = reclaimed()
    assert world.shares_kw() == {"1": 4.6, "2": 12.7, "3": 12.7}
    assert world.share("1").reason == "draws less than it may: 4.6 kW kept for it"
    assert world.worst_kw("1") == 4.6


def test_a_minute_must_pass_before() -> None:
    world = three()
    world.draw("1", 4_000)
    world.wait(59)
    assert world.shares_kw()["1"] == 10.0
    world.wait(2)
    assert world.shares_kw()["1"] == 4.6


def test_the_balancer_wakes_up_for_it_by_itself() -> None:
    world = three()
    world.draw("1", 4_000)
    assert world.plan().wake_at_s == pytest.approx(world.now.steady_s + 60)


def test_after_a_raise_a_car_has_a_minute_to_follow() -> None:
    """It drew all of 8 kW; of 10 kW it still draws 8 kW at first."""
    world = three()
    world.configure(24)
    world.run(30)
    world.draw("1", 8_000)
    world.wait(120)
    world.configure(30)
    world.run(10)
    world.draw("1", 8_000)
    world.run(59)
    assert world.shares_kw()["1"] == 10.0
    world.draw("1", 9_900)
    world.run(60)
    assert world.shares_kw()["1"] == 10.0


def test_the_highest_draw_since_then_counts() -> None:
    world = three()
    for drawn_w in (4_000, 6_000, 3_000):
        world.draw("1", drawn_w)
        world.wait(20)
    world.wait(1)
    assert world.shares_kw()["1"] == 6.8


def test_a_battery_that_tapers_gives_its_room_back() -> None:
    """From 9.3 kW down to 2 kW within a quarter of an hour, and then 2 kW for another."""
    world = three()
    for drawn_kw in (9.3, 9, 8, 7, 6, 5, 4, 3, *[2] * 15):
        world.draw("1", 1000 * drawn_kw)
        world.run(60)
    assert world.shares_kw()["1"] <= 3.3  # 2 kW x 1.1 + 0.2, and what a change must be worth


def test_when_it_reaches_its_limit_again_it_is_raised_again() -> None:
    """4.27 kW are as much as meters can tell 4.6 kW: it is an equal once more."""
    world = reclaimed()
    world.draw("1", 4_269)
    assert world.shares_kw()["1"] == 4.896
    world.draw("1", 4_270)
    assert world.shares_kw() == {"1": 10.0, "2": 10.0, "3": 10.0}


def test_a_little_more_than_the_margin_gives_a_little_more_and_not_the_full_share() -> None:
    """4.2 kW keep 4.82 kW: the others need not be cut for a minute."""
    world = reclaimed()
    world.draw("1", 4_200)
    for _ in range(12):
        world.run(10)
        assert world.shares_kw() == {"1": 4.82, "2": 12.59, "3": 12.59}


def test_its_raise_comes_from_free_room() -> None:
    """The others are cut first, and no limit leaves before its room is free."""
    world = reclaimed()
    world.draw("1", 4_600)
    assert world.sent_kw() == {"2": 10.0, "3": 10.0}
    for _ in range(30):
        world.run(1)
        assert world.book().total_w() <= 30_000
    assert world.worst_kw("1") == 10


def test_a_draw_that_stays_within_the_margin_changes_nothing() -> None:
    """4.1 kW would keep 4.71 kW: less than the dead band of 100 W is not worth a change, and 110 W are."""
    world = reclaimed()
    world.draw("1", 4_080)  # 4.688 kW
    world.run(120)
    assert world.shares_kw()["1"] == 4.6
    world.draw("1", 4_100)
    world.run(120)
    assert world.shares_kw()["1"] == 4.71


def test_a_little_less_than_a_tenth_below_is_not_worth_a_cut() -> None:
    """Of 10 kW, 8.3 kW would keep 9.33 kW; 7.9 kW keep 8.89 kW, which frees more than a tenth."""
    world = three()
    world.draw("1", 8_300)
    world.run(120)
    assert world.shares_kw()["1"] == 10.0
    world = three()
    world.draw("1", 7_900)
    world.run(120)
    assert world.shares_kw()["1"] == 8.89


def test_a_car_keeps_at_least_its_floor() -> None:
    world = three()
    world.configure(30, floor_kw=3)
    world.draw("1", 200)
    world.run(120)
    assert world.shares_kw()["1"] == 3.0


def test_what_nobody_else_wants_is_given_back() -> None:
    """Two cars rated 12 kW take 24 of 40 kW: car 1 would keep 4.6 kW, and is left at 16 kW."""
    world = World(40)
    for name, rated_kw in (("1", 22), ("2", 12), ("3", 12)):
        world.charger(name, rated_kw, current=Current.DC)
        world.start(name)
    world.run(60)
    assert world.shares_kw() == {"1": 16.0, "2": 12.0, "3": 12.0}
    world.draw("1", 4_000)
    world.run(120)
    assert world.shares_kw() == {"1": 16.0, "2": 12.0, "3": 12.0}


def test_a_car_that_draws_little_is_not_raised_for_what_nobody_wants() -> None:
    """Both others have left: 25.4 kW are free, and car 1 is left at its 4.6 kW until it reaches them."""
    world = reclaimed()
    for key, transaction in list(world.state.active.items()):
        if key.charge_point_id != "1":
            world.stop(key.charge_point_id, transaction.transaction_id)
    world.run(60)
    assert world.shares_kw() == {"1": 4.6}
    world.draw("1", 4_300)
    assert world.shares_kw() == {"1": 22.0}


def test_what_steps_leave_goes_to_those_who_use_it_before_it_is_left_with_a_car_that_does_not() -> None:
    """16.61 kW are 72.2 A, 24 A each in whole amperes. Car 1 draws 10 A and keeps 1.1 x 2.3 + 0.2 = 2.73 kW, so 11 A.
    Of the other 61.2 A both others have 30, and one of them 31."""
    world = World(16.61)
    for name in "123":
        world.charger(name, 7.36, current=Current.AC, phases=1, can={"units": ("A",), "current_step_a": 1.0})
        world.start(name)
    world.run(60)
    assert world.shares_kw() == {"1": 5.52, "2": 5.52, "3": 5.52}
    world.draw("1", 2_300, currents_a=(10.0, 0.0, 0.0))
    world.run(120)
    assert world.shares_kw() == {"1": 2.53, "2": 7.13, "3": 6.9}


def test_what_is_lent_goes_to_a_car_that_waits() -> None:
    """12 kW and floors of 5: one draws 5 kW of its 12; a second car needs no cut of anybody who uses his share."""
    world = World(12)
    for name in "12":
        world.charger(name, 22, current=Current.DC)
    world.configure(12, floor_kw=5)
    world.start("1")
    world.run(60)
    world.draw("1", 5_000)
    world.run(90)
    world.start("2")
    world.run(30)
    assert world.shares_kw() == {"1": 5.7, "2": 6.3}


@pytest.mark.parametrize("how", ["slope", "late", "paused"])
def test_what_says_nothing_of_the_present_reclaims_nothing(how: str) -> None:
    world = three()
    if how == "slope":
        world.draw("1", 4_000, source=PowerSource.ENERGY_SLOPE)
    elif how == "late":
        world.draw("1", 9_900)
        world.wait(1)
        world.draw("1", 4_000, age_s=61)
    else:
        world.configure(0)
        world.run(30)
        world.draw("1", 0)
        world.configure(30)
        world.run(30)
    world.run(120)
    assert world.shares_kw()["1"] == 10.0


def test_an_idle_car_costs_nothing_but_its_floor_and_finds_its_way_back() -> None:
    """Three turns of little and much: each time it ends at an equal share."""
    world = three()
    for _ in range(3):
        world.draw("1", 1_000)
        world.run(90)
        assert world.shares_kw() == {"1": 1.4, "2": 14.3, "3": 14.3}
        world.draw("1", 1_400)
        world.run(30)
        assert world.shares_kw() == {"1": 10.0, "2": 10.0, "3": 10.0}


def three_phase() -> World:
    """Two three-phase chargers at 16 A each."""
    world = World(22.08)
    for name in "12":
        world.charger(name, 22.08, current=Current.AC, phases=3)
        world.start(name)
    world.run(60)
    assert world.shares_kw() == {"1": 11.04, "2": 11.04}
    return world


def test_the_phase_that_draws_most_decides_what_an_ac_car_asks_for() -> None:
    """10 A on one phase ask for 10 A on all: 6.9 kW x 1.1 + 0.2 = 7.79 kW, which leaves the other 14.29 kW.

    In tenths of an ampere that is 20.7 A, and the 11.3 A beside it are nobody else's.
    """
    world = three_phase()
    world.draw("1", 2_300, currents_a=(10.0, 0.0, 0.0))
    world.run(120)
    assert world.shares_kw() == {"1": 7.797, "2": 14.283}


def test_a_power_of_unknown_phases_may_be_on_one() -> None:
    """3.312 kW at 207 V are 16 A of one phase: the car is at its limit, however little that is of 11.04 kW."""
    world = three_phase()
    world.draw("1", 3_312)
    world.run(120)
    assert world.shares_kw()["1"] == 11.04


def test_a_high_voltage_is_no_reason_to_raise() -> None:
    """Reaching the limit is told by amperes: 10 A at 253 V are no more than 10 A."""
    world = three_phase()
    world.draw("1", 7_590, currents_a=(10.0, 10.0, 10.0))
    world.run(120)
    assert world.shares_kw() == {"1": 7.797, "2": 14.283}


def test_a_new_car_inherits_nothing_of_the_last_ones_modesty() -> None:
    world = reclaimed()
    transaction = next(t for key, t in world.state.active.items() if key.charge_point_id == "1")
    world.stop("1", transaction.transaction_id)
    world.start("1")
    world.run(60)
    assert world.shares_kw() == {"1": 10.0, "2": 10.0, "3": 10.0}


def test_a_car_that_draws_next_to_nothing_keeps_one_step_of_its_charger() -> None:
    """0.2 kW are less than 1 A on three phases; cut to 0 for that, it would be raised again, and so on for ever."""
    world = World(40)
    world.charger("1", None, current=Current.AC, can={"units": ("A",), "current_step_a": 1.0})
    world.charger("2", 60)
    world.configure(40, floor_kw=0)
    for name in "12":
        world.start(name)
    world.run(60)
    world.draw("2", 20_000)
    world.draw("1", 0)
    world.run(120)
    assert world.shares_kw() == {"1": 0.69, "2": 39.31}
    assert world.report().chargers[0].confirmed
