import pytest
from support.world import World

from csms.balancing.wishes import tried_again_s
from csms.domain.model import BalancerSettings, ConnectorStatus, Current

TURN_S = 900.0


def narrow(
    capacity_kw: float, names: str, *, started: str | None = None, strategy: str = "equal", **more: object
) -> World:
    """Every car needs at least 5 kW; the budget is too small for all of them."""
    world = World(capacity_kw)
    for name in names:
        world.charger(name, 22)
    world.configure(capacity_kw, strategy, floor_kw=5, **more)
    for name in names if started is None else started:
        world.start(name)
    world.settle()
    return world


def served(world: World) -> str:
    return "".join(sorted(name for name, kw in world.shares_kw().items() if kw > 0))


def turns(world: World, seconds: float, step_s: float = 30.0) -> list[tuple[str, float]]:
    """Who was served, and for how long, one after the other."""
    runs: list[tuple[str, float]] = []
    for _ in range(round(seconds / step_s)):
        now = served(world)
        lasted_s = runs.pop()[1] if runs and runs[-1][0] == now else 0.0
        runs.append((now, lasted_s + step_s))
        world.run(step_s)
    return runs


def test_a_turn_lasts_its_dwell_time_and_then_the_least_served_is_next() -> None:
    """6 kW serve one of three: 1, then 2, then 3; of nine turns each has three, but for who is in the middle of one."""
    world = narrow(6, "123")
    runs = turns(world, 9 * (TURN_S + 30))
    who = [name for name, _ in runs]
    assert who[:3] == ["1", "2", "3"]
    assert all(abs(who[:9].count(name) - 3) <= 1 for name in "123")
    assert all(TURN_S <= lasted_s <= TURN_S + 90 for _, lasted_s in runs[:-1])


def test_within_its_dwell_time_nobody_is_sent_away() -> None:
    world = narrow(6, "12", started="1")
    world.wait(600)
    world.start("2")
    world.run(TURN_S - 600 - 60)
    assert served(world) == "1"
    world.run(120)
    assert served(world) == "2"


def test_everyone_of_a_rank_gets_a_turn_within_two_rounds() -> None:
    """Five cars, two places: a round is 3 x 900 s."""
    world = narrow(12, "12345")
    since = dict.fromkeys("12345", 0.0)
    for n in range(4 * 90):
        for name in served(world):
            since[name] = n * 30.0
        assert n * 30.0 - min(since.values()) <= 2 * 3 * TURN_S
        world.run(30)


def test_who_was_served_much_before_does_not_wait_for_longer_than_two_rounds() -> None:
    """Car 1 had 22 kW for three hours; 2 and 3 would need days of turns to have had as much."""
    world = World(22)
    for name in "123":
        world.charger(name, 22)
    world.start("1")
    world.run(3 * 3600)
    world.configure(6, floor_kw=5)
    world.start("2")
    world.start("3")
    runs = turns(world, 6 * TURN_S)
    assert [who for who, _ in runs][:3] == ["2", "3", "2"]
    assert sum(lasted_s for _, lasted_s in runs[: [who for who, _ in runs].index("1")]) <= 4 * TURN_S


def test_a_paused_car_is_told_about_when_its_turn_comes() -> None:
    """Car 1's turn began when its first limit was confirmed; car 3's begins when that of car 2 is over."""
    world = narrow(6, "123")
    began_s = world.now.utc_s
    rows = {row.charge_point_id: row for row in world.report().chargers}
    assert world.report().waiting == ("2", "3")
    first_s, second_s = rows["2"].expected_start_s, rows["3"].expected_start_s
    assert first_s is not None
    assert second_s is not None
    assert first_s == pytest.approx(began_s + TURN_S, abs=15)
    assert second_s - first_s == pytest.approx(TURN_S)
    assert rows["1"].expected_start_s is None
    assert rows["2"].reason == "waits: needs 5 kW, no room"


def test_while_a_car_waits_the_balancer_looks_every_minute_whose_turn_it_is() -> None:
    world = narrow(6, "12")
    wake_at_s = world.plan().wake_at_s
    assert wake_at_s is not None
    assert wake_at_s <= world.now.steady_s + 60


def test_two_places_free_up_one_after_the_other() -> None:
    """Cars 1 and 2 began 300 s apart: so do 3 and 4; 5 has to wait for a second round."""
    world = narrow(12, "12345", started="1")
    first_s = world.now.steady_s
    world.run(300)
    for name in "2345":
        world.start(name)
    world.run(20)
    starts_s = [world.share(name).expected_start_s for name in "345"]
    assert starts_s == pytest.approx([first_s + 900, first_s + 1200, first_s + 1800], abs=20)


def test_rank_comes_before_turns() -> None:
    world = narrow(6, "12", started="1", strategy="priority", priority_order=("2",))
    world.start("2")
    assert served(world) == "2"
    world.run(3 * TURN_S)
    assert served(world) == "2"


def test_within_a_rank_turns_go_round() -> None:
    """10 kW: car 9 has rank and its floor; the others, unranked, take turns at the second."""
    world = narrow(10, "912", strategy="priority", priority_order=("9",))
    assert [who for who, _ in turns(world, 2 * TURN_S + 300)][:3] == ["19", "29", "19"]


def test_first_come_first_served_has_no_turns() -> None:
    world = narrow(6, "21", strategy="first_come_first_served")
    assert served(world) == "2"
    world.run(3 * TURN_S)
    assert served(world) == "2"
    assert world.share("1").expected_start_s is None


def test_first_come_first_served_pauses_no_car_that_must_not() -> None:
    world = narrow(6, "1", strategy="first_come_first_served")
    world.charger("n", 22, never_pause=True)
    world.start("n")
    world.run(30)
    assert served(world) == "n"


def test_first_come_first_served_fills_up_one_after_the_other() -> None:
    """40 kW and floors of 5: 22 for the first, 40 - 22 - 5 for the second, the floor for the last."""
    world = narrow(40, "312", strategy="first_come_first_served")
    assert world.shares_kw() == {"3": 22.0, "1": 13.0, "2": 5.0}


@pytest.mark.parametrize(
    ("weights", "shares_kw"),
    [
        ({"1": 2}, {"1": 20.0, "2": 10.0, "3": 10.0}),
        ({"1": 3, "2": 4}, {"1": 15.0, "2": 20.0, "3": 5.0}),
        ({"1": 6}, {"1": 22.0, "2": 9.0, "3": 9.0}),  # 30 were its due, 22 is its rating
    ],
)
def test_priority_weights_are_shares_in_proportion(weights: dict[str, int], shares_kw: dict[str, float]) -> None:
    world = narrow(40, "123", strategy="priority", priority_weights=weights)
    assert world.shares_kw() == shares_kw


def test_a_car_that_stopped_asking_gives_its_place_to_one_that_asks() -> None:
    """Three minutes of SuspendedEV, even within its turn; it is paused, and asks again by charging."""
    world = narrow(6, "12")
    world.status("1", ConnectorStatus.SUSPENDED_EV)
    world.run(179)
    assert served(world) == "1"
    world.run(2)
    assert served(world) == "2"


def test_a_pause_of_ours_is_no_sign_that_a_car_asks_again() -> None:
    world = narrow(6, "12")
    world.status("1", ConnectorStatus.SUSPENDED_EV)
    world.run(181)
    world.status("1", ConnectorStatus.SUSPENDED_EVSE)
    assert {who for who, _ in turns(world, 1.5 * TURN_S)} == {"2"}
    world.status("1", ConnectorStatus.CHARGING)
    world.run(60)
    assert served(world) == "1"  # the least served by far


def test_a_paused_car_that_had_stopped_asking_is_given_a_chance_now_and_then() -> None:
    """At 0 A it cannot ask. Four turns after it was paused it is tried, and let go again when it stays silent."""
    world = narrow(6, "12")
    world.status("1", ConnectorStatus.SUSPENDED_EV)
    world.run(190)
    world.status("1", ConnectorStatus.SUSPENDED_EVSE)
    runs = turns(world, 6 * TURN_S)
    assert [who for who, _ in runs] == ["2", "1", "2"]
    assert 4 * TURN_S - 60 <= runs[0][1] <= 5 * TURN_S + 60
    assert 180 <= runs[1][1] <= 300


def test_a_try_costs_the_others_a_floor_and_not_a_share() -> None:
    """12 kW hold two floors of 5. Car 1 is tried with 5 kW, and car 2 keeps 7; once car 1 charges, both have 6."""
    world = narrow(12, "12")
    world.status("1", ConnectorStatus.SUSPENDED_EV)
    world.run(190)
    assert world.shares_kw() == {"1": 0.0, "2": 12.0}
    world.run(4 * TURN_S)
    assert world.shares_kw() == {"1": 5.0, "2": 7.0}
    assert world.share("1").reason == "draws less than it may: 5 kW kept for it"
    world.status("1", ConnectorStatus.CHARGING)
    assert world.shares_kw() == {"1": 6.0, "2": 6.0}


@pytest.mark.parametrize(
    ("silent_s", "paused_s", "tried_s"),
    [
        (1_000, 1_180, 1_180 + 3_600),  # silent for three minutes: four turns
        (1_000, 4_600, 4_600 + 3_600),  # for an hour: the same
        (1_000, 8_200, 8_200 + 7_200),  # for two hours: two hours
        (1_000, 900, 900 + 3_600),  # said that it asks for nothing because we paused it
    ],
)
def test_the_longer_a_car_was_silent_the_longer_it_waits_for_the_next_try(
    silent_s: float, paused_s: float, tried_s: float
) -> None:
    assert tried_again_s(paused_s, silent_s, BalancerSettings()) == tried_s


def test_tries_become_rarer() -> None:
    """Paused after 3 min of silence, it is tried after four turns, 60 min, for 3 min. By then it was silent for 66 min,
    so 66 min pass; then 66 + 66 + 3."""
    world = narrow(6, "12")
    world.status("1", ConnectorStatus.SUSPENDED_EV)
    world.run(190)
    world.status("1", ConnectorStatus.SUSPENDED_EVSE)
    waits_min = [round(lasted_s / 60) for who, lasted_s in turns(world, 5 * 3600) if who == "2"]
    assert waits_min[:3] == pytest.approx([60, 66, 135], abs=1)


def test_a_car_that_stopped_asking_keeps_a_floor_of_what_nobody_else_can_use() -> None:
    """The other car's 22 kW leave 8 of 30."""
    world = narrow(30, "12")
    world.status("1", ConnectorStatus.SUSPENDED_EV)
    world.run(300)
    assert world.shares_kw() == {"1": 5.0, "2": 22.0}


def test_a_car_that_stopped_asking_is_paused_while_others_want_the_power() -> None:
    """12 kW hold two floors of 5, but the other car can use all of them."""
    world = narrow(12, "12")
    world.status("1", ConnectorStatus.SUSPENDED_EV)
    world.run(300)
    assert served(world) == "2"


def test_who_was_just_paused_is_not_brought_back_for_a_few_watt_hours() -> None:
    """While one car's cut settles, its neighbours are served a little more: no reason to swap it for one of them."""
    world = World(10)
    for name in "123":
        world.charger(name, 11)
    world.configure(10, floor_kw=4)
    for name in "123":
        world.start(name)
    runs = turns(world, 2 * 3600, step_s=1.0)
    assert all(lasted_s > 300 for _, lasted_s in runs[:-1]), runs


def test_a_car_that_must_not_pause_comes_first_and_stays() -> None:
    world = narrow(6, "1")
    world.charger("n", 22, never_pause=True)
    world.start("n")
    world.run(20)
    assert served(world) == "n"
    world.run(3 * TURN_S)
    assert served(world) == "n"


def test_a_car_that_must_not_pause_keeps_its_floor_after_it_stopped_asking() -> None:
    world = narrow(6, "1")
    world.charger("n", 22, never_pause=True)
    world.start("n")
    world.status("n", ConnectorStatus.SUSPENDED_EV)
    world.run(600)
    assert served(world) == "n"


def test_a_car_that_does_not_fit_lets_a_smaller_one_pass() -> None:
    """Three phases need 4.14 kW, one phase 1.38 kW: what is left beside the first is used."""
    world = World(6)
    world.charger("1", 22.08, current=Current.AC, phases=3)
    world.charger("2", 22.08, current=Current.AC, phases=3)
    world.charger("3", 7.36, current=Current.AC, phases=1)
    world.configure(6, floor_kw=0)
    for name in "123":
        world.start(name)
    assert served(world) == "13"
    assert world.report().waiting == ("2",)


def test_a_cap_below_the_floor_is_no_queue() -> None:
    world = World(40)
    world.charger("1", 4)
    world.configure(40, floor_kw=5)
    world.start("1")
    assert world.share("1").reason == "waits: needs 5 kW, its cap"
    assert world.share("1").expected_start_s is None


def test_the_raise_of_the_next_waits_until_the_last_has_made_room() -> None:
    """At no moment of an hour of turns does the site permit more than its budget."""
    world = narrow(6, "123")
    for _ in range(360):
        world.run(10)
        assert world.book().total_w() <= 6_000


def test_what_was_served_is_what_was_permitted_not_what_was_metered() -> None:
    """A car that draws little does not come before one that draws all it may."""
    world = narrow(6, "12")
    world.draw("1", 5_900)
    world.run(TURN_S + 60)
    assert served(world) == "2"
    world.draw("2", 10)
    world.run(TURN_S + 60)
    assert served(world) == "1"
