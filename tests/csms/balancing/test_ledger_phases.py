"""What is counted on each phase while a limit changes, and what a reading of each phase shows."""

import pytest
from support.world import World

from csms.domain.model import ConnectorKey, ConnectorStatus, Current

A = ConnectorKey("a", 1)


def one_phase(answer: str, *, offline_kw: float = 0.0) -> World:
    """A three-phase charger at 8 A is told 3.68 kW on one phase, 16 A, and answers so."""
    world = World(100)
    wired = {"current": Current.AC, "phases": 3, "phase_map": (0, 1, 2), "offline_kw": offline_kw}
    world.charger("a", 22.08, can={"switches_phases": True}, **wired)
    world.configure(5.52)
    world.start("a")
    world.settle()
    world.wait(60)
    assert world.worst_a("a") == (8.0, 8.0, 8.0)
    world.draw("a", 1_840, currents_a=(8.0, 0.0, 0.0))
    world.configure(3.68 + offline_kw)  # on one phase nothing of the default is its own
    (intent,) = world.plan().intents
    issued = world.issue(intent)
    assert (issued.phases, issued.limit_w) == (1, 3_680)
    getattr(world, answer)(issued)
    return world


@pytest.mark.parametrize(
    ("answer", "at_once_a", "settled_a"),
    [
        ("confirm", (16.0, 8.0, 8.0), (16.0, 0.0, 0.0)),
        ("reject", (8.0, 8.0, 8.0), (8.0, 8.0, 8.0)),
        ("no_answer", (16.0, 8.0, 8.0), (16.0, 8.0, 8.0)),
    ],
)
def test_each_phase_counts_at_the_highest_of_what_may_be_obeyed(
    answer: str, at_once_a: tuple[float, ...], settled_a: tuple[float, ...]
) -> None:
    world = one_phase(answer)
    assert world.worst_a("a") == at_once_a
    world.wait(6.1)
    assert world.worst_a("a") == settled_a


def test_a_limit_on_one_phase_is_followed_only_by_a_reading_below_it() -> None:
    """1840 W on one phase are below 3680 W: what was permitted on the others is over at once."""
    world = one_phase("confirm")
    world.wait(1)
    world.draw("a", 1_840, currents_a=(8.0, 0.0, 0.0))
    assert world.worst_a("a") == (16.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("power_w", "currents_a"),
    [
        (3_680, (16.0, 0.0, 0.0)),
        (3_680, None),  # at 230 V all of it may be on one phase
    ],
)
def test_a_phase_above_its_limit_has_not_followed_whatever_the_sum_is(
    power_w: float, currents_a: tuple[float, float, float] | None
) -> None:
    """A single-phase car at 16 A, its three-phase charger cut to 8 A: 3.68 kW are less than 5.52 kW, and 16 A more."""
    world = World(100)
    world.charger("a", 22.08, current=Current.AC, phases=3)
    world.configure(11.04)
    world.start("a")
    world.settle()
    world.wait(60)
    world.configure(5.52)
    world.answer_all()
    world.wait(1)
    world.draw("a", power_w, currents_a=currents_a)
    assert world.worst_a("a") == (16.0, 16.0, 16.0)


def test_a_phase_that_was_given_up_is_followed_only_by_drawing_nothing_there() -> None:
    """3450 W on three phases are below 3680 W on one, and 5 A flow on L2."""
    world = one_phase("confirm")
    world.wait(1)
    world.draw("a", 3_450, currents_a=(5.0, 5.0, 5.0))
    assert world.worst_a("a") == (16.0, 8.0, 8.0)


def test_the_next_car_has_all_phases_again() -> None:
    world = one_phase("confirm")
    world.wait(7)
    world.stop("a", world.state.active[A].transaction_id)
    world.status("a", ConnectorStatus.AVAILABLE)
    assert world.worst_a("a") == (0.0, 0.0, 0.0)
    world.configure(5.52)
    world.start("a")
    world.settle()
    assert world.worst_a("a") == (8.0, 8.0, 8.0)


def test_who_draws_on_one_phase_what_it_is_permitted_there_obeys() -> None:
    world = one_phase("confirm")
    world.wait(60)
    world.draw("a", 3_680, currents_a=(16.0, 0.0, 0.0))
    assert world.judge("a") is None


def test_who_draws_on_a_phase_that_was_given_up_does_not_obey() -> None:
    """3.45 kW are less than 3.68 kW, and 5 A too many flow on L2 and on L3."""
    world = one_phase("confirm")
    world.wait(60)
    world.draw("a", 3_450, currents_a=(5.0, 5.0, 5.0))
    assert world.judge("a") is not None
    assert world.worst_a("a")[1] >= 5.0


def test_under_a_default_above_zero_too_who_draws_on_one_phase_what_he_may_obeys() -> None:
    """4.14 kW on three phases are more watts than 3.68 kW on one, and fewer amperes."""
    world = one_phase("confirm", offline_kw=4.14)
    world.wait(60)
    world.draw("a", 3_680, currents_a=(16.0, 0.0, 0.0))
    assert world.judge("a") is None


def test_who_may_have_gone_to_one_phase_may_draw_there_what_that_permits() -> None:
    world = one_phase("no_answer")
    world.wait(60)
    world.draw("a", 3_680, currents_a=(16.0, 0.0, 0.0))
    assert world.judge("a") is None
