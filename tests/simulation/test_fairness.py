"""What the oracle counts on, and who is starved: it asks of us nothing that nobody could do, and misses nobody."""

from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest
from support.carpark.ceilings import Ceilings
from support.carpark.fairness import ROUNDS, SLACK_S, TICK_S, Fairness
from support.carpark.link import Line
from support.carpark.observer import Observer
from support.carpark.scenario import PointPlan, SitePlan

from simulators.behaviour import BY_THE_BOOK
from simulators.car import Car
from simulators.charging_profile import ChargingProfile, Period, Purpose, Schedule
from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES, DC_50
from simulators.protocol import ChargePointSpec, simulated_model
from simulators.station import SimulatedChargePoint

HUNGRY = Car(battery_wh=5_000_000.0, soc=0.1, max_current_a=32.0, dc_max_w=50_000.0, reaction_s=0.01)
MODEST = replace(HUNGRY, dc_max_w=5_000.0)
SITE = SitePlan(timezone="Europe/London", grid_capacity_kw=60.0, max_power_kw=60.0, turn_minutes=1.0)
DC = PointPlan("CP-1", "1.6", DC_50)
PATIENCE_S = ROUNDS * (60.0 + SLACK_S)
"""For each car of a rank."""


class Park:
    """Chargers that are in reach, have acknowledged their default profiles of 0, and do what they are told here."""

    def __init__(
        self, site: SitePlan = SITE, points: tuple[PointPlan, ...] = (DC, replace(DC, identity="CP-2"))
    ) -> None:
        self.now_s = 0.0
        ceilings = Ceilings(site, points, start_s=0.0)
        self.observer = Observer(points, ceilings, time=lambda: self.now_s, epoch_s=lambda: self.now_s)
        self.models = [
            simulated_model(ChargePointSpec(p.identity, "1.6", p.hardware), BY_THE_BOOK, 0.0) for p in points
        ]
        self.lines = [Line(plan.latency_s, Random(1), acknowledged={1}) for plan in points]
        online = SimpleNamespace(online=True)
        self._reach = [SimpleNamespace(untold=0, model=model, connected=True, adapter=online) for model in self.models]
        self._stations = cast("list[SimulatedChargePoint]", self._reach)
        self.fairness = Fairness(site, self.observer, self._stations, self.lines, ceilings)
        for number in range(len(points)):
            self.tell(number, 0.0)

    def tell(self, number: int, limit: float, purpose: Purpose = "TxDefault") -> None:
        """A limit in the charger's own unit; it follows at once."""
        model = self.models[number]
        schedule = Schedule(model.hardware.unit, (Period(0, limit, 3),), start_at_s=0.0)
        transaction = model.connectors[1].transaction
        wire_id = transaction.transaction_id if transaction is not None and purpose == "Tx" else None
        profile = ChargingProfile(1, 0, purpose, "Absolute", schedule, transaction_id=wire_id)
        assert model.install(1, profile, self.now_s) is None
        self.look(number)

    def arrive(self, number: int, car: Car = HUNGRY) -> None:
        self.models[number].plug_in(1, car, self.now_s)
        assert self.models[number].start(1, "TAG", self.now_s, transaction_id=f"t{number}") is not None
        self.look(number)

    def leave(self, number: int) -> None:
        self.models[number].unplug(1, self.now_s)
        self.look(number)

    def lose(self, number: int) -> None:
        """It goes out of reach."""
        self._reach[number].connected = False
        self.look(number)

    def look(self, number: int) -> None:
        self.models[number].advance(self.now_s)
        self.observer.look(number, self._stations[number])

    def wait(self, for_s: float) -> None:
        for _ in range(round(for_s / TICK_S)):
            self.now_s += TICK_S
            for number in range(len(self.models)):
                self.look(number)
            self.fairness.tick(self.now_s)

    def oracle_kw(self) -> float:
        """What the oracle delivers from now on."""
        before_wh = self.fairness.oracle_wh
        self.wait(TICK_S)
        return (self.fairness.oracle_wh - before_wh) * 3600 / TICK_S / 1000


def beside_a_modest_car() -> Park:
    """60 kW, two chargers of 50; the first has a car that takes 5 kW, the second one that takes all."""
    park = Park()
    for number, car in enumerate((MODEST, HUNGRY)):
        park.arrive(number, car)
        park.tell(number, 20_000)
    return park


def test_what_a_car_does_not_take_the_oracle_gives_to_others() -> None:
    assert beside_a_modest_car().oracle_kw() == pytest.approx(5 + 50)


def test_who_was_seen_to_break_what_it_acknowledged_is_taken_for_its_rating() -> None:
    park = beside_a_modest_car()
    park.observer.standings[0].infamous = True
    assert park.oracle_kw() == pytest.approx(5 + 10)


def test_who_has_no_default_profile_is_taken_for_its_rating_whatever_it_obeys() -> None:
    """Its session is limited to 20 kW, but when that ends nothing limits it."""
    park = beside_a_modest_car()
    park.models[0].lose_profiles(park.now_s)
    park.tell(0, 20_000, "Tx")
    assert park.observer.standings[0].vector[0] == 20_000
    assert not park.observer.standings[0].falls_back
    assert park.oracle_kw() == pytest.approx(5 + 10)


def test_whose_acknowledgement_never_came_is_taken_for_its_rating() -> None:
    park = beside_a_modest_car()
    park.lines[0].acknowledged.clear()
    assert park.oracle_kw() == pytest.approx(5 + 10)


def test_who_is_out_of_reach_holds_what_it_was_told_last() -> None:
    park = beside_a_modest_car()
    park.lose(0)
    assert park.oracle_kw() == pytest.approx(5 + 40)


@pytest.mark.parametrize("cars", [1, 2, 3])
def test_who_gets_nothing_for_two_full_rounds_is_starved_and_named_once(cars: int) -> None:
    park = Park(points=tuple(replace(DC, identity=f"CP-{number}") for number in (1, 2, 3)))
    for number in range(cars):
        park.arrive(number)
    for number in range(1, cars):
        park.tell(number, 10_000)
    park.wait(cars * PATIENCE_S)
    assert park.fairness.starved == []
    park.wait(TICK_S)
    named = [f"CP-1 connector 1: nothing for {park.now_s:.0f} s at {park.now_s:.0f} s"]
    assert park.fairness.starved == named
    park.wait(2 * PATIENCE_S)
    assert park.fairness.starved == named


def test_who_has_drawn_something_in_between_waits_anew() -> None:
    park = Park()
    park.arrive(0)
    park.wait(PATIENCE_S)
    park.tell(0, 2_000)
    park.wait(TICK_S)
    park.tell(0, 0)
    park.wait(PATIENCE_S)
    assert park.fairness.starved == []
    park.wait(TICK_S)
    assert len(park.fairness.starved) == 1


def test_a_round_has_as_many_turns_as_there_were_cars_in_it() -> None:
    park = Park()
    for number in range(2):
        park.arrive(number)
    park.tell(1, 10_000)
    park.wait(PATIENCE_S / 2)
    park.leave(1)
    park.wait(PATIENCE_S)
    assert park.fairness.starved == []
    park.wait(PATIENCE_S / 2 + TICK_S)
    assert len(park.fairness.starved) == 1


@pytest.mark.parametrize(("held_kw", "starved"), [(50.0, False), (20.0, True)])
def test_who_ranks_lower_has_a_claim_only_to_what_those_above_leave(held_kw: float, starved: bool) -> None:
    park = Park(replace(SITE, max_power_kw=51.0, strategy="priority", priority_order=("CP-1",)))
    for number in range(2):
        park.arrive(number)
    park.tell(0, held_kw * 1000)
    park.wait(PATIENCE_S + TICK_S)  # there is one car of its rank
    assert bool(park.fairness.starved) == starved


@pytest.mark.parametrize(("infamous", "starved"), [(True, False), (False, True)])
def test_who_has_no_room_beside_one_that_must_be_taken_for_its_rating_is_not_starved(
    infamous: bool, starved: bool
) -> None:
    park = Park(replace(SITE, max_power_kw=51.0))
    for number in range(2):
        park.arrive(number)
    park.tell(0, 10_000)
    park.observer.standings[0].infamous = infamous
    park.wait(2 * PATIENCE_S + TICK_S)
    assert bool(park.fairness.starved) == starved


def test_nobody_is_promised_a_turn_where_who_came_first_is_served_first() -> None:
    park = Park(replace(SITE, strategy="first_come_first_served"))
    park.arrive(0)
    park.wait(2 * PATIENCE_S)
    assert park.fairness.starved == []


@pytest.mark.parametrize("car", [replace(HUNGRY, soc=1.0), replace(HUNGRY, appetite=((0.0, 0.0),))])
def test_a_car_that_wants_nothing_is_not_starved(car: Car) -> None:
    park = Park()
    park.arrive(0, car)
    park.tell(0, 20_000)
    park.wait(2 * PATIENCE_S)
    assert park.fairness.starved == []


@pytest.mark.parametrize(("taken_a", "starved"), [(10.0, False), (6.0, True)])
def test_a_session_begins_on_all_phases_even_where_its_charger_could_do_with_one(taken_a: float, starved: bool) -> None:
    """12 A a phase, some of L2 held by one out of reach. A car of one phase would do with L1, but nobody knows that."""
    one = PointPlan("CP-1", "1.6", AC_ONE_PHASE, phase_map=(1,))
    three = PointPlan("CP-2", "1.6", replace(AC_THREE_PHASES, switches_phases=True))
    park = Park(replace(SITE, grid_max_current_a=12.0), (one, three))
    park.tell(0, taken_a)
    park.lose(0)
    park.arrive(1, replace(HUNGRY, phases=1))
    park.wait(PATIENCE_S + TICK_S)
    assert bool(park.fairness.starved) == starved
