"""Any history of a site against an opponent that knows what every charger may truly be doing: I1 to I9."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.physics import Draw, nodes
from support.random_sites import Premises, configurations, premises
from support.site_life import SiteLife

from csms.balancing.allocation import allocate
from csms.balancing.ledger import ledger
from csms.balancing.memory import Memory
from csms.balancing.plan import plan

PICK = st.integers(0, 11)
"""Which of those to whom something can happen."""

ROUNDS = 2
"""After so many undisturbed decisions nothing that could be raised is left: one makes room, the next gives it."""

Excesses = Mapping[tuple[str, int], Fraction]


class LedgerMachine(RuleBasedStateMachine):
    """Everything that can happen to a site; after each of it the ledger must know what its chargers may draw."""

    @initialize(place=premises(most=4), leases=st.lists(st.booleans(), min_size=4, max_size=4), by_default=PICK)
    def opens(self, place: Premises, leases: list[bool], by_default: int) -> None:
        self.life = SiteLife(place, leases, by_default)
        self.memory = Memory()
        self.outside = True
        self.before = self.excesses()

    def excesses(self) -> Excesses:
        """By how much what chargers may truly draw is above each limit of the tree."""
        life = self.life
        ceiling_w, loads_a = life.ceiling_w(), life.load_currents_a()
        declared = {s.charge_point_id: s for s in life.place.charge_points}
        draws: dict[str, Draw] = life.draws()
        return {
            (node.name, dimension): excess
            for node in nodes(life.place.site, declared, ceiling_w, loads_a)
            for dimension, excess in enumerate(node.excess(draws))
        }

    @rule(n=PICK)
    def connects(self, n: int) -> None:
        self.outside = self.life.connects(n)

    @rule(n=PICK, booted=st.booleans())
    def loses_connection(self, n: int, booted: bool) -> None:
        self.life.disconnects(n, rebooting=booted)

    @rule(n=PICK)
    def starts(self, n: int) -> None:
        self.life.starts(n)

    @rule(n=PICK, unplugged=st.booleans())
    def stops(self, n: int, unplugged: bool) -> None:
        self.life.stops(n)
        if unplugged:
            self.life.unplugs(n)

    @rule(n=PICK, asking=st.booleans())
    def car_stops_asking_or_begins_again(self, n: int, asking: bool) -> None:
        self.life.asks(n, asking=asking)

    @rule(n=PICK)
    def reports_what_happened_offline(self, n: int) -> None:
        self.life.reports(n)

    @rule()
    def decides(self) -> None:
        """I1 by our own commands: no excess grows by them; I6: asked again, the answer is the same."""
        before = self.excesses()
        assert self.life.world.plan() == self.life.world.plan()
        self.life.decides()
        after = self.excesses()
        for name, excess in after.items():
            assert excess <= before[name], name

    @rule(n=PICK, answer=st.sampled_from(["yes", "yes", "yes", "no", "error", "nothing"]))
    def answers(self, n: int, answer: str) -> None:
        self.life.answers(n, answer)

    @rule()
    def everybody_answers(self) -> None:
        while self.life.awaited:
            self.life.answers(0, "yes")

    @rule(n=PICK, yes=st.booleans())
    def answers_late(self, n: int, yes: bool) -> None:
        self.life.answers_late(n, yes=yes)

    @rule(n=PICK, percent=st.sampled_from([0, 50, 90, 100, 101, 150]), age_s=st.sampled_from([0.0, 0.0, 5.0, 40.0]))
    def is_metered(self, n: int, percent: int, age_s: float) -> None:
        """I7: whatever is metered, the charger is given no more than if nothing had been."""
        self.outside = self.life.is_metered(n, percent, age_s)

    @rule(seconds=st.sampled_from([0.5, 2.0, 5.9, 6.0, 6.1, 31.0, 61.0]))
    def time_passes(self, seconds: float) -> None:
        self.outside = self.life.waits(seconds)

    @precondition(lambda self: self.life.world.state.active)
    @rule(seconds=st.sampled_from([450.0, 901.0, 965.9, 966.0, 1500.0]))
    def much_time_passes(self, seconds: float) -> None:
        self.outside = self.life.waits(seconds)

    @rule(data=st.data())
    def is_configured(self, data: st.DataObject) -> None:
        names = tuple(s.charge_point_id for s in self.life.place.charge_points)
        self.life.configured(data.draw(configurations(names)))
        self.outside = True

    @rule(power_kw=st.sampled_from([0, 2, 5, 20]), in_s=st.sampled_from([None, 0.0, 20.0, 100.0]))
    def is_limited_for_a_time(self, power_kw: int, in_s: float | None) -> None:
        self.life.limited(power_kw, in_s)
        self.outside = True

    @rule(
        n=PICK,
        power_kw=st.sampled_from([None, 0, 2, 5, 12]),
        for_s=st.sampled_from([None, 30.0, 1000.0]),
        whole=st.booleans(),
    )
    def is_capped_by_an_operator(self, n: int, power_kw: int | None, for_s: float | None, whole: bool) -> None:
        self.life.capped_by_operator(n, power_kw, for_s, whole=whole)

    @rule(n=PICK, power_kw=st.sampled_from([None, 0, 3, 9]), whole=st.booleans())
    def reports_a_limit_of_others(self, n: int, power_kw: int | None, whole: bool) -> None:
        self.life.reports_external_limit(n, power_kw, whole=whole)

    @rule(n=PICK)
    def asks_for_its_limit(self, n: int) -> None:
        self.life.asks_for_its_limit(n)

    @rule(power_w=st.integers(0, 10_000))
    def reports_its_other_loads(self, power_w: int) -> None:
        self.life.reports_load(power_w)
        self.outside = True

    @rule(n=PICK, shown=st.booleans())
    def shows_its_default(self, n: int, shown: bool) -> None:
        self.outside = self.life.shows_default(n, shown=shown)

    @rule(n=PICK)
    def shows_its_lease(self, n: int) -> None:
        self.life.shows_lease(n)

    @rule(n=PICK)
    def shows_what_it_obeys(self, n: int) -> None:
        self.life.shows_limit(n)

    @rule()
    def our_process_restarts(self) -> None:
        """I5: what was possible before is possible after."""
        before = self.life.world.book().exposures
        self.life.restarts()
        after = self.life.world.book().exposures
        for key, exposure in before.items():
            assert all(a >= b for a, b in zip(after[key].worst, exposure.worst, strict=True)), key

    @invariant()
    def the_ledger_knows_the_worst(self) -> None:
        """I2 and I4: no connector may truly draw more than it is counted at, in power and on each phase."""
        for key, draw in self.life.each().items():
            for counted, true in zip(self.life.counted(key).dimensions(), draw.dimensions(), strict=True):
                assert true <= counted, (key, float(true), float(counted))

    @invariant()
    def nothing_but_the_outside_makes_an_excess_larger(self) -> None:
        """I1 in between: no answer, no silence, no reading and no restart lets the sum grow past a limit."""
        after = self.excesses()
        for name, excess in after.items():
            assert self.outside or excess <= self.before[name], name
        self.before, self.outside = after, False

    @invariant()
    def nobody_is_given_more_than_an_operator_allows(self) -> None:
        assert self.life.beyond_its_operators_limit() is None

    @invariant()
    def no_raise_waits_for_anything_but_room(self) -> None:
        """I3: what fits beside all other worst cases, to a charger that is not busy, is sent."""
        assert self.life.raise_that_waits_for_nothing() is None

    @invariant()
    def what_is_remembered_is_what_would_be_worked_out(self) -> None:
        """I6: with what is left of earlier decisions, and without, the answer is the same."""
        world = self.life.world
        snapshot = world.state.snapshot()
        book = ledger(snapshot, world.now, world.settings.settle_s, self.memory)
        assert book == world.book()
        allocation = allocate(snapshot, world.now, world.settings, book, self.memory)
        assert allocation == world.allocation()
        assert plan(snapshot, allocation, book, world.now, world.settings) == world.plan()

    def teardown(self) -> None:
        """I9: once faults stop, everybody comes to have what was decided, and what can be used is in use."""
        if not hasattr(self, "life"):
            return
        self.life.everybody_is_well()
        assert self.life.what_is_not_acknowledged() == []
        self.the_ledger_knows_the_worst()
        for _ in range(ROUNDS):
            self.life.everybody_wants_more()
        assert self.life.unused_room() is None


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
