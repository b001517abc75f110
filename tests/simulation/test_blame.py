"""Who is to blame for an excess: only what nobody could have helped is excused."""

from dataclasses import replace

import pytest
from support.carpark.blame import ANSWERED_S, AVOIDABLE, FIRST_CONTACT_S, LONGEST_CASE_S, THINKING_S, WRITING_S, Blame
from support.carpark.ceilings import Vector
from support.carpark.play import compared
from support.carpark.scenario import PointPlan
from support.carpark.standing import (
    CALL_TIMEOUT_S,
    FOLLOWING_S,
    HEALING_S,
    SAID_AGAIN_S,
    SAMPLES,
    TRUSTED_S,
    UNCLEAR_ANSWERS,
    Doubt,
    Outstanding,
    Standing,
)

from simulators.behaviour import BY_THE_BOOK
from simulators.car import Draw
from simulators.charge_point import ChargePoint
from simulators.charging_profile import ChargingProfile, Limit, Period, Schedule
from simulators.hardware import AC_THREE_PHASES, DC_50
from simulators.protocol import ChargePointSpec, simulated_model

TO_US_S, TO_POINT_S = 0.5, 2.0
DEFAULT_6_A = ChargingProfile(1, 0, "TxDefault", "Absolute", Schedule("A", (Period(0, 6.0, 3),), start_at_s=0.0))
LIMIT_W = 30_000.0


def standing(power_w: float) -> Standing:
    """A charger that has been in reach for long, keeps what it acknowledges, and draws so much."""
    plan = PointPlan("CP-1", "1.6", AC_THREE_PHASES, latency_s=(TO_US_S, TO_POINT_S))
    made = Standing(plan, lambda _cause: None)
    made.doubt, made.held, made.reachable_since_s = None, None, -1000.0
    draws(made, power_w)
    return made


def draws(one: Standing, power_w: float, now_s: float = -1000.0) -> None:
    vector: Vector = (power_w, 0.0, 0.0, 0.0)
    one.changes(vector, (vector,), now_s)


def parts(blame: Blame, standings: list[Standing], now_s: float, limit_w: float = LIMIT_W) -> dict[str, float]:
    total_w = sum(one.vector[0] for one in standings)
    return dict(blame.split(range(len(standings)), 0, total_w, limit_w, now_s))


def test_without_an_outside_event_all_of_it_is_avoidable() -> None:
    standings = [standing(20_000), standing(15_000)]
    assert parts(Blame(standings), standings, 0.0) == {AVOIDABLE: 5_000}


def test_a_ceiling_lowered_at_once_is_excused_until_a_cut_could_have_come() -> None:
    standings = [standing(20_000), standing(15_000)]
    blame = Blame(standings)
    blame.open("ceiling lowered", 100.0)
    assert parts(blame, standings, 100.0 + TO_POINT_S) == {"ceiling lowered": 5_000}
    assert parts(blame, standings, 100.0 + TO_POINT_S + THINKING_S) == {AVOIDABLE: 5_000}


def test_for_a_charger_that_is_new_nobody_need_be_cut_before_it_can_have_had_its_default() -> None:
    standings = [standing(20_000), standing(15_000)]
    blame = Blame(standings)
    blame.open("first contact", 100.0)
    over_s = 100.0 + FIRST_CONTACT_S + TO_POINT_S + THINKING_S
    assert parts(blame, standings, over_s - 0.01) == {"first contact": 5_000}
    assert parts(blame, standings, over_s + 0.01) == {AVOIDABLE: 5_000}
    assert over_s in blame.edges(100.0, 200.0)


def test_where_no_car_is_plugged_in_a_cut_may_wait_for_those_who_draw_to_answer() -> None:
    standings = [standing(20_000), standing(15_000)]
    standings[1].rests = True
    blame = Blame(standings)
    blame.open("ceiling lowered", 100.0)
    drawing_s, resting_s = 100.0 + TO_POINT_S + THINKING_S, 100.0 + ANSWERED_S + TO_POINT_S + THINKING_S
    assert parts(blame, standings, drawing_s - 0.01, limit_w=14_000) == {"ceiling lowered": 21_000}
    assert parts(blame, standings, resting_s - 0.01, limit_w=14_000) == {"ceiling lowered": 1_000, AVOIDABLE: 20_000}
    assert parts(blame, standings, resting_s, limit_w=14_000) == {AVOIDABLE: 21_000}
    assert {drawing_s, resting_s} <= set(blame.edges(100.0, 200.0))


def test_where_a_transaction_has_begun_or_ended_unheard_of_it_takes_one_more_call() -> None:
    """What is sent first is for the one that we think of, and is refused."""
    standings = [standing(20_000), standing(15_000)]
    for one in standings:
        one.untold = 1
    blame = Blame(standings)
    blame.open("ceiling lowered", 100.0)
    over_s = 100.0 + 2 * TO_POINT_S + TO_US_S + THINKING_S
    assert parts(blame, standings, over_s - 0.01) == {"ceiling lowered": 5_000}
    assert parts(blame, standings, over_s) == {AVOIDABLE: 5_000}


def test_a_call_under_way_postpones_what_could_be_sent_but_not_beyond_its_timeout() -> None:
    standings = [standing(20_000), standing(15_000)]
    for one in standings:
        one.outstanding = Outstanding(sent_s=95.0)
    blame = Blame(standings)
    blame.open("ceiling lowered", 100.0)
    over_s = 95.0 + CALL_TIMEOUT_S + TO_POINT_S + THINKING_S
    assert parts(blame, standings, over_s - 0.1) == {"ceiling lowered": 5_000}
    assert parts(blame, standings, over_s) == {AVOIDABLE: 5_000}
    assert over_s < 100.0 + LONGEST_CASE_S


def test_a_raise_after_the_event_is_nobody_elses_fault() -> None:
    standings = [standing(20_000), standing(9_000)]
    blame = Blame(standings)
    blame.open("ceiling lowered", 100.0)
    draws(standings[1], 15_000, 100.0)
    assert parts(blame, standings, 100.5, limit_w=25_000) == {"ceiling lowered": 4_000, AVOIDABLE: 6_000}


def test_a_car_that_has_yet_to_follow_a_cut_may_draw_up_to_what_it_was_permitted_before() -> None:
    """Its draw was lower when the ceiling fell only because it fluctuates."""
    standings = [standing(20_000), standing(15_000)]
    draws(standings[0], 18_000, 99.5)
    blame = Blame(standings)
    blame.open("ceiling lowered", 100.0)
    draws(standings[0], 20_000, 101.0)
    assert parts(blame, standings, 101.0) == {"ceiling lowered": 5_000}
    draws(standings[0], 21_000, 101.5)
    assert parts(blame, standings, 101.5) == {"ceiling lowered": 5_000, AVOIDABLE: 1_000}


def test_the_first_default_profile_takes_its_time_to_be_followed() -> None:
    """It came late, since a first contact takes several calls; but it came, and the charger is not held any more."""
    one = standing(40_000)
    one.held = "first contact"
    model = simulated_model(ChargePointSpec("CP-1"), BY_THE_BOOK, 0.0)
    one.look(model, 90.0, online=True)
    assert parts(Blame([one]), [one], 100.0) == {"first contact": 10_000}
    assert model.install(1, DEFAULT_6_A, 100.0) is None
    one.look(model, 100.0, online=True)
    assert parts(Blame([one]), [one], 100.5) == {"latency": 10_000}
    assert parts(Blame([one]), [one], 100.0 + FOLLOWING_S + THINKING_S) == {AVOIDABLE: 10_000}


def test_of_what_an_offline_charger_holds_only_the_part_above_the_limit_is_excused() -> None:
    standings = [standing(35_000), standing(3_000)]
    standings[0].reachable_since_s = None
    assert parts(Blame(standings), standings, 0.0) == {"offline": 5_000, AVOIDABLE: 3_000}


def test_that_a_session_has_ended_out_of_reach_nobody_learns_before_its_lease_is_over() -> None:
    one = standing(20_000)
    model = simulated_model(ChargePointSpec("CP-1"), BY_THE_BOOK, 0.0)
    assert one.may_hold(99.0, leased_until_s=500.0)[0] == 20_000
    one.look(model, 100.0, online=False)
    for now_s in (200.0, 300.0):
        draws(one, 5_000, now_s)
        one.look(model, now_s, online=False)
    assert one.may_hold(499.0, leased_until_s=500.0)[0] == 20_000
    assert one.may_hold(500.0, leased_until_s=500.0)[0] == 5_000
    one.look(model, 400.0, online=True)
    assert one.may_hold(401.0, leased_until_s=500.0)[0] == 5_000


def test_a_charger_that_is_back_can_be_cut_again_after_its_latency() -> None:
    standings = [standing(35_000)]
    standings[0].reachable_since_s = 50.0
    blame = Blame(standings)
    assert parts(blame, standings, 50.0 + TO_POINT_S) == {"latency": 5_000}
    assert parts(blame, standings, 50.0 + TO_POINT_S + THINKING_S) == {AVOIDABLE: 5_000}


def unclear(power_w: float) -> Standing:
    """One that obeys, but may be told in vain."""
    one = standing(0.0)
    one.held = UNCLEAR_ANSWERS
    draws(one, power_w)
    return one


def test_who_may_be_told_in_vain_may_stay_where_it_was_when_something_happened() -> None:
    standings = [unclear(35_000), standing(0)]
    blame = Blame(standings)
    blame.open("ceiling lowered", 0.0)
    for now_s in (10.0, 10 * LONGEST_CASE_S):
        assert parts(blame, standings, now_s) == {UNCLEAR_ANSWERS: 5_000}


def test_that_one_rises_who_may_be_told_in_vain_is_our_doing() -> None:
    standings = [unclear(10_000), standing(0)]
    blame = Blame(standings)
    blame.open("ceiling lowered", 0.0)
    draws(standings[0], 35_000, 10.0)
    assert parts(blame, standings, 10.5) == {AVOIDABLE: 5_000}
    draws(standings[1], 20_000, 20.0)
    assert parts(blame, standings, 10 * LONGEST_CASE_S) == {AVOIDABLE: 25_000}


def test_what_one_who_may_be_told_in_vain_came_back_with_is_not_our_doing() -> None:
    one = unclear(0.0)
    blame = Blame([one])
    blame.open("ceiling lowered", 0.0)
    model = simulated_model(ChargePointSpec("CP-1"), BY_THE_BOOK, 0.0)
    assert model.install(1, DEFAULT_6_A, 0.0) is None
    one.look(model, 10.0, online=False)
    draws(one, 35_000, 20.0)
    one.look(model, 100.0, online=True)
    one.held = UNCLEAR_ANSWERS
    assert parts(blame, [one], 10 * LONGEST_CASE_S) == {UNCLEAR_ANSWERS: 5_000}
    draws(one, 36_000, 11 * LONGEST_CASE_S)
    assert parts(blame, [one], 11 * LONGEST_CASE_S) == {UNCLEAR_ANSWERS: 5_000, AVOIDABLE: 1_000}


def test_one_that_takes_no_default_is_free_when_its_session_ends_and_nobody_can_help_it() -> None:
    one = unclear(0.0)
    blame = Blame([one])
    blame.open("ceiling lowered", 0.0)
    one.look(simulated_model(ChargePointSpec("CP-1"), BY_THE_BOOK, 0.0), 1.0, online=True)
    one.held = UNCLEAR_ANSWERS
    draws(one, 35_000, 10.0)
    assert parts(blame, [one], 10 * LONGEST_CASE_S) == {UNCLEAR_ANSWERS: 5_000}


def test_a_raise_that_was_under_way_when_something_happened_may_have_come_and_stay() -> None:
    standings = [unclear(10_000)]
    standings[0].outstanding = Outstanding(sent_s=-1.0)
    blame = Blame(standings)
    blame.open("ceiling lowered", 0.0)
    draws(standings[0], 35_000, 1.0)
    for now_s in (2.0, 10 * LONGEST_CASE_S):
        assert parts(blame, standings, now_s) == {UNCLEAR_ANSWERS: 5_000}


def test_a_raise_that_was_being_written_down_when_something_happened_leaves_a_moment_after_it() -> None:
    for sent_s, remains in ((WRITING_S, "ceiling lowered"), (2 * WRITING_S, AVOIDABLE)):
        standings = [standing(10_000)]
        blame = Blame(standings)
        blame.open("ceiling lowered", 0.0)
        standings[0].waits_for(Outstanding(sent_s))
        draws(standings[0], 35_000, 1.0)
        assert parts(blame, standings, 1.0) == {remains: 5_000}


def test_what_a_charger_draws_beyond_what_it_must_be_believed_is_excused_while_nobody_can_know() -> None:
    believed = ((10_000.0, 0.0, 0.0, 0.0),)
    standings = [standing(22_000), standing(20_000)]
    standings[0].doubt = Doubt("ignores", believed, since_s=0.0, until_s=500.0)
    blame = Blame(standings)
    assert parts(blame, standings, 10.0) == {"ignores": 12_000}
    assert parts(blame, standings, 10.0, limit_w=25_000) == {"ignores": 12_000, AVOIDABLE: 5_000}
    assert parts(blame, standings, 500.0) == {AVOIDABLE: 12_000}


def test_a_charger_that_forgets_once_more_is_in_doubt_once_more() -> None:
    one = standing(0.0)
    model = simulated_model(ChargePointSpec("CP-1"), BY_THE_BOOK, 0.0)
    assert model.install(1, DEFAULT_6_A, 0.0) is None
    one.look(model, 0.0, online=True)
    one.doubt = Doubt("forgets", (), since_s=100.0, until_s=200.0)
    one.forgot("forgets", one.parts, 900.0)
    draws(one, 40_000, 900.0)
    assert parts(Blame([one]), [one], 901.0) == {"forgets": 10_000}


def test_a_charger_that_forgets_while_it_is_in_doubt_is_believed_to_be_where_it_had_come_down_to() -> None:
    """Of 14 kW it was told 0 after it had lost its default; that it loses this too nobody can know."""
    one = standing(14_000)
    one.doubt = Doubt("forgets", one.parts, since_s=0.0)
    draws(one, 0, 100.0)
    one.forgot("forgets", one.parts, 200.0)
    draws(one, 22_000, 200.0)
    assert parts(Blame([one]), [one], 201.0, limit_w=10_000) == {"forgets": 12_000}
    assert one.believed(201.0)[0] == 0


def test_who_forgets_out_of_reach_is_believed_to_have_stepped_down_when_its_lease_is_over() -> None:
    """Others have what it was leased, as they would if it had kept it."""
    model = simulated_model(ChargePointSpec("CP-1"), BY_THE_BOOK, 0.0)
    assert model.install(1, DEFAULT_6_A, 0.0) is None
    one = standing(20_000)
    one.look(model, 0.0, online=True)
    one.look(model, 150.0, online=False)
    one.forgot("forgets", one.parts, 200.0)
    one.forgot("forgets", one.parts, 200.0, leased_until_s=300.0)
    draws(one, 22_000, 200.0)
    other = standing(10_000)
    blame = Blame([one, other])
    assert one.believed(299.0)[0] == 20_000
    assert one.believed(300.0)[0] == 0
    assert parts(blame, [one, other], 301.0) == {"forgets": 2_000}
    assert 300.0 in blame.edges(200.0, 400.0)
    one.look(model, 400.0, online=True)
    assert one.believed(400.0)[0] == 20_000


def test_a_charger_that_forgets_while_it_is_in_doubt_is_believed_no_more_than_before() -> None:
    one = standing(14_000)
    one.doubt = Doubt("forgets", one.parts, since_s=0.0)
    draws(one, 22_000, 100.0)
    one.forgot("forgets", one.parts, 200.0)
    assert one.believed(201.0)[0] == 14_000


def test_once_it_is_revealed_the_others_could_have_been_cut() -> None:
    standings = [standing(22_000), standing(20_000)]
    blame = Blame(standings)
    standings[0].doubt = Doubt("ignores", (), since_s=0.0)
    for _ in range(SAMPLES):
        standings[0].sampled(1, drawn_w=22_000, told_w=5_000, now_s=50.0)
    assert standings[0].known_fault == "ignores"
    assert parts(blame, standings, 60.0) == {AVOIDABLE: 12_000}
    assert parts(blame, standings, 60.0, limit_w=20_000) == {"ignores": 2_000, AVOIDABLE: 20_000}


@pytest.mark.parametrize("drawn_w", [5_000.0, 5_100.0])
def test_readings_within_tolerance_reveal_nothing(drawn_w: float) -> None:
    one = standing(22_000)
    one.doubt = Doubt("ignores", (), since_s=0.0)
    for _ in range(5):
        one.sampled(1, drawn_w, told_w=5_000, now_s=50.0)
    assert one.known_fault is None
    assert one.infamous == (drawn_w > 5_000)


def test_what_one_connector_draws_hides_nothing_of_what_another_does() -> None:
    one = standing(22_000)
    one.doubt = Doubt("at_rating", (), since_s=0.0)
    for _ in range(SAMPLES - 1):
        one.sampled(1, drawn_w=9_000, told_w=5_000, now_s=50.0)
        one.sampled(2, drawn_w=1_000, told_w=5_000, now_s=51.0)
    assert (one.known_fault, one.infamous) == (None, False)
    one.sampled(1, drawn_w=9_000, told_w=5_000, now_s=60.0)
    assert (one.known_fault, one.infamous) == ("at_rating", True)


def test_who_is_limited_in_amperes_is_judged_by_the_busiest_phase() -> None:
    """A car that uses one phase draws less power than a limit for three gives it, and more than it may."""
    told = AC_THREE_PHASES.offer(Limit("A", 10.0))
    drawn_w, told_w = compared(Draw(16.0 * 230, (16.0, 0.0, 0.0)), told)
    assert drawn_w / told_w == pytest.approx(1.6)
    assert compared(Draw(20_000.0), DC_50.offer(Limit("W", 10_000.0))) == (20_000.0, 10_000.0)


def test_one_that_has_kept_to_its_limits_for_long_is_trusted_again() -> None:
    one = standing(22_000)
    one.known_fault = "late_application"
    one.sampled(1, drawn_w=6_000, told_w=5_000, now_s=0.0)
    for now_s in (10.0, TRUSTED_S - 1):
        one.sampled(1, drawn_w=5_000, told_w=5_000, now_s=now_s)
        assert one.known_fault == "late_application"
    one.sampled(1, drawn_w=5_000, told_w=5_000, now_s=TRUSTED_S)
    assert parts(Blame([one]), [one], TRUSTED_S, limit_w=10_000) == {"late_application": 12_000}


def test_a_fault_that_was_hidden_by_what_it_had_forgotten_shows_when_that_is_over_and_nothing_else_happens() -> None:
    one = standing(0.0)
    model = simulated_model(ChargePointSpec("CP-1"), replace(BY_THE_BOOK, overdraw=0.1), 0.0)
    assert model.install(1, DEFAULT_6_A, 0.0) is None
    one.look(model, 0.0, online=True)
    model.lose_profiles(90.0)
    one.doubt = Doubt("forgets", (), since_s=90.0)
    assert model.install(1, DEFAULT_6_A, 100.0) is None
    one.look(model, 100.0, online=True)
    draws(one, 40_000, 100.0)
    assert parts(Blame([one]), [one], 100.0 + FOLLOWING_S - 0.1) == {"forgets": 10_000}
    assert parts(Blame([one]), [one], 100.0 + FOLLOWING_S) == {"overdraws": 10_000}


def test_what_one_connector_was_told_again_need_not_be_believed_of_it_any_more() -> None:
    """Of 14 and 0 kW that were in force the first has fallen to 8; the second permits 22, and nobody knows."""
    one = standing(0)
    before: tuple[Vector, ...] = ((14_000, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0))
    one.doubt = Doubt("forgets", before, since_s=0.0)
    one.changes((30_000, 0.0, 0.0, 0.0), ((8_000, 0.0, 0.0, 0.0), (22_000, 0.0, 0.0, 0.0)), 10.0)
    assert one.believed(20.0)[0] == 8_000


def test_a_call_lost_in_the_noise_must_time_out_before_anything_else_is_said() -> None:
    standings = [standing(40_000)]
    standings[0].noisy = True
    standings[0].waits_for(Outstanding(sent_s=95.0))
    standings[0].noise_ends(100.0)
    over_s = 95.0 + CALL_TIMEOUT_S + TO_POINT_S + THINKING_S
    assert parts(Blame(standings), standings, over_s - 0.1) == {"latency": 10_000}
    assert parts(Blame(standings), standings, over_s) == {AVOIDABLE: 10_000}


def test_a_charger_that_comes_to_reason_must_first_be_told_again() -> None:
    """What it was told while it obeyed nobody it never took to heart; it still draws what it drew."""
    one = standing(40_000)
    one.known_fault = "ignores"
    model = simulated_model(ChargePointSpec("CP-1"), BY_THE_BOOK, 0.0)
    healed_s = 1000.0
    for now_s in (healed_s, healed_s + SAID_AGAIN_S):
        one.look(model, now_s, online=True)
        assert parts(Blame([one]), [one], now_s) == {"ignores": 10_000}
    one.look(model, healed_s + SAID_AGAIN_S + 10 * (TO_US_S + TO_POINT_S), online=True)
    assert one.known_fault is None


def ignoring(one: Standing, *, keeps_its_default: bool) -> ChargePoint:
    """A charger that was told its default, ignores limits from 100 s to 200 s and permits 40 kW ever since."""
    model = simulated_model(ChargePointSpec("CP-1"), BY_THE_BOOK, 0.0)
    assert model.install(1, DEFAULT_6_A, 0.0) is None
    one.look(model, 0.0, online=True)
    model.behave(replace(BY_THE_BOOK, ignores_profiles=True), 100.0)
    one.look(model, 100.0, online=True)
    draws(one, 40_000, 100.0)
    assert parts(Blame([one]), [one], 101.0) == {"ignores": 10_000}
    if not keeps_its_default:
        model.lose_profiles(150.0)
        one.look(model, 150.0, online=True)
    model.behave(BY_THE_BOOK, 200.0)
    one.look(model, 200.0, online=True)
    return model


def test_one_that_ignored_limits_must_be_told_again_what_it_ignored() -> None:
    one = standing(0.0)
    ignoring(one, keeps_its_default=True)
    assert parts(Blame([one]), [one], 200.0 + HEALING_S - 1) == {"heals": 10_000}
    assert parts(Blame([one]), [one], 200.0 + HEALING_S) == {AVOIDABLE: 10_000}


def test_what_is_lost_after_limits_were_ignored_nobody_knows_when_the_limits_have_been_said_again() -> None:
    one = standing(0.0)
    model = ignoring(one, keeps_its_default=True)
    model.lose_profiles(250.0)
    one.forgot("forgets", one.parts, 250.0)
    one.look(model, 250.0, online=True)
    assert parts(Blame([one]), [one], 200.0 + 10 * HEALING_S) == {"forgets": 10_000}


def test_what_is_lost_again_while_its_car_follows_what_it_was_told_again_nobody_knows() -> None:
    one = standing(0.0)
    model = simulated_model(ChargePointSpec("CP-1"), BY_THE_BOOK, 0.0)
    assert model.install(1, DEFAULT_6_A, 0.0) is None
    one.look(model, 0.0, online=True)
    one.forgot("forgets", one.parts, 100.0)
    one.look(model, 200.0, online=True)  # its default is there
    model.lose_profiles(200.5)
    one.forgot("forgets", one.parts, 200.5)
    one.look(model, 200.5, online=True)
    draws(one, 40_000, 200.5)
    assert parts(Blame([one]), [one], 1000.0) == {"forgets": 10_000}


def test_what_was_lost_while_limits_were_ignored_nobody_knows() -> None:
    one = standing(0.0)
    ignoring(one, keeps_its_default=False)
    assert parts(Blame([one]), [one], 200.0 + 10 * HEALING_S) == {"forgets": 10_000}


def test_what_was_lost_while_it_was_known_to_ignore_limits_nobody_knows_once_it_is_trusted() -> None:
    one = standing(0.0)
    model = ignoring(one, keeps_its_default=False)
    one.doubt, one.known_fault = None, "ignores"
    for now_s in (300.0, 300.0 + SAID_AGAIN_S + 10 * (TO_US_S + TO_POINT_S)):
        one.look(model, now_s, online=True)
    assert parts(Blame([one]), [one], 2000.0) == {"forgets": 10_000}


@pytest.mark.parametrize(
    ("told_s", "back_s", "cause"),
    [(None, 0.0, AVOIDABLE), (400.0, 0.0, "forgets"), (250.0, 0.0, AVOIDABLE), (None, 350.0, "forgets")],
)
def test_one_known_to_have_forgotten_must_be_told_again(told_s: float | None, back_s: float, cause: str) -> None:
    one = standing(40_000)
    model = simulated_model(ChargePointSpec("CP-1"), BY_THE_BOOK, 0.0)
    one.known_fault = "forgets"
    one.look(model, 300.0, online=True)
    one.held, one.reachable_since_s = None, back_s
    if told_s is not None:
        one.waits_for(Outstanding(told_s))
    one.look(model, 300.0 + SAID_AGAIN_S + 10 * (TO_US_S + TO_POINT_S), online=True)
    assert parts(Blame([one]), [one], 2000.0) == {cause: 10_000}
