"""Which cars the simulation says are starved: those for whom there was room, as far as anybody could know."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog
from support.carpark.play import Run
from support.carpark.play import play as replayed
from support.carpark.program import be_quiet
from support.carpark.scenario import Dropped, PointPlan, Rebooted, Scenario, SitePlan, Visit
from support.carpark.tally import Tally

from simulators.behaviour import BY_THE_BOOK
from simulators.car import Car
from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES, DC_50
from simulators.protocol import Version
from simulators.readings import BY_THE_TEXT
from simulators.virtual_time import run

START_S = 1_767_571_200.0
OUT_OF_REACH_S = 120.0
CAR = Car(battery_wh=60_000, soc=0.2)
SITE = SitePlan("Europe/London", grid_capacity_kw=20.0, max_power_kw=20.0, turn_minutes=1.0)
POINTS = (PointPlan("CP-1", "1.6", DC_50), PointPlan("CP-2", "1.6", DC_50))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    be_quiet()
    yield
    structlog.reset_defaults()


def scenario(*visits: Visit) -> Scenario:
    """A quarter of an hour in which the first charger is out of reach from OUT_OF_REACH_S on."""
    return Scenario(
        seed=0,
        temper="calm",
        start_s=START_S,
        duration_s=900.0,
        site=SITE,
        points=POINTS,
        visits=visits,
        happenings=(Dropped(OUT_OF_REACH_S, 0, 3600.0),),
    )


def play(scenario: Scenario) -> Tally:
    async def perform() -> Tally:
        return await Run(scenario).play()

    return run(perform(), start_s=START_S)


def played(*visits: Visit, lease_minutes: float) -> Tally:
    return play(replace(scenario(*visits), site=replace(SITE, lease_minutes=lease_minutes)))


def test_who_waits_for_what_a_charger_out_of_reach_may_still_hold_is_not_starved() -> None:
    """Its car has left, which nobody can know; all that there is was leased to it."""
    gone = Visit(0, 1, 30.0, OUT_OF_REACH_S + 20.0, CAR, "TAG1")
    waiting = Visit(1, 1, OUT_OF_REACH_S + 40.0, 3600.0, CAR, "TAG2")
    tally = played(gone, waiting, lease_minutes=15.0)
    assert tally.starved == []
    assert tally.delivered_wh < 1_000  # and it did wait


def test_once_the_lease_of_a_charger_out_of_reach_is_over_others_have_its_room() -> None:
    gone = Visit(0, 1, 30.0, OUT_OF_REACH_S + 20.0, CAR, "TAG1")
    waiting = Visit(1, 1, OUT_OF_REACH_S + 40.0, 3600.0, CAR, "TAG2")
    tally = played(gone, waiting, lease_minutes=2.0)
    assert tally.starved == []
    assert tally.delivered_wh > 2_000


def test_only_a_charger_that_shows_when_it_steps_down_is_known_to() -> None:
    point = POINTS[0]
    assert point.shows_steps
    for behaviour in (
        replace(BY_THE_BOOK, lacks=("GetCompositeSchedule",)),
        replace(BY_THE_BOOK, composite_schedule="rejected"),
        replace(BY_THE_BOOK, most_periods=1),
    ):
        assert not replace(point, behaviour=behaviour).shows_steps
    assert not replace(point, readings=replace(BY_THE_TEXT, tx_periods="first")).shows_steps


def test_who_finds_a_phase_taken_by_one_of_higher_rank_is_not_starved() -> None:
    """A charger of three phases begins a session on all of them; the first one's is full."""
    one_phase, three_phases = replace(POINTS[0], hardware=AC_ONE_PHASE), replace(POINTS[1], hardware=AC_THREE_PHASES)
    site = replace(SITE, grid_max_current_a=11.0, strategy="priority", priority_order=("CP-1", "CP-2"))
    first = Visit(0, 1, 30.0, 3600.0, replace(CAR, max_current_a=32.0), "TAG1")
    waiting = Visit(1, 1, 60.0, 3600.0, CAR, "TAG2")
    tally = play(replace(scenario(first, waiting), site=site, points=(one_phase, three_phases), happenings=()))
    assert tally.starved == []
    assert tally.sessions == 2


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
def test_who_restarts_with_its_car_still_there_does_not_hold_on_to_what_it_was_permitted(protocol: Version) -> None:
    """It is limited by its default alone, and meters nothing without a session: it is asked for a reading."""
    honours_its_default = replace(BY_THE_BOOK, honours_only=("TxDefaultProfile",))
    points = (replace(POINTS[0], protocol=protocol, behaviour=honours_its_default), POINTS[1])
    stays, waiting = Visit(0, 1, 30.0, 3600.0, CAR, "TAG1"), Visit(1, 1, 180.0, 3600.0, CAR, "TAG2")
    tally = play(replace(scenario(stays, waiting), points=points, happenings=(Rebooted(OUT_OF_REACH_S, 0),)))
    assert tally.starved == []
    assert tally.delivered_wh > 3_000


def test_a_raise_leaves_that_fits_since_its_charge_point_draws_no_more_than_its_maximum() -> None:
    """The run in which a paused session waited for ever: the division counted what its charge point draws together with
    its other connector, which is kept to one phase; the plan did not."""
    assert replayed(710217, 3.0).starved == []
