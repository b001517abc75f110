import pytest
from support.world import World

from csms.balancing.tree import Tree, tree
from csms.domain.electrical import voltages
from csms.domain.grid import Circuit
from csms.domain.model import ChargePointSettings, Current, SiteSettings

SITE = SiteSettings("site", "Site", "Europe/London", 100_000)
GARAGE = Circuit("garage", max_power_w=40_000, max_current_a=63.0)
DECK = Circuit("deck", parent="garage", max_power_w=20_000)
RST, STR, TRS = (0, 1, 2), (1, 2, 0), (2, 0, 1)


def made(*circuits: Circuit, places: dict[str, str | None], grid_a: float | None = None) -> Tree:
    site = SiteSettings("site", "Site", "Europe/London", 100_000, circuits=circuits, grid_max_current_a=grid_a)
    charge_points = {name: ChargePointSettings(name, "site", circuit_id=where) for name, where in places.items()}
    return tree(site, charge_points, 100_000)


@pytest.mark.parametrize("circuits", [(GARAGE, DECK), (DECK, GARAGE)])
def test_parents_come_before_their_children_in_whatever_order_they_are_declared(circuits: tuple[Circuit, ...]) -> None:
    made_of = made(*circuits, places={})
    assert (made_of.names, made_of.parents) == (("grid", "garage", "deck"), (-1, 0, 1))


def test_a_load_counts_in_its_node_and_in_all_above_it() -> None:
    nested = made(GARAGE, DECK, places={"g": None, "a": "garage", "b": "deck"})
    loads = nested.loads({"g": (1, 2, 3, 4), "a": (10, 20, 30, 40), "b": (100, 200, 300, 400)})
    assert loads[0:4] == [111, 222, 333, 444]
    assert loads[4:8] == [110, 220, 330, 440]
    assert loads[8:12] == [100, 200, 300, 400]


def test_only_declared_limits_bound_anything() -> None:
    """The grid its budget, the garage its power and three currents, the deck its power."""
    nested = made(GARAGE, DECK, places={})
    assert nested.paths[2] == ((8, 0), (4, 0), (5, 1), (6, 2), (7, 3), (0, 0))
    assert nested.limits[1:4] == (None, None, None)
    assert nested.limits[9:12] == (None, None, None)


def test_a_circuit_nobody_knows_means_the_grid_connection() -> None:
    odd = made(Circuit("x", parent="gone"), places={"a": "nowhere", "b": "x"})
    assert odd.parents == (-1, 0)
    assert odd.places == {"a": 0, "b": 1}


def test_too_much_already_leaves_less_than_nothing() -> None:
    full = made(GARAGE, places={"a": "garage"})
    room = full.room(full.loads({"a": (45_000_000, 0, 0, 0)}))
    assert (room[0], room[4]) == (55_000_000, -5_000_000)


def test_other_loads_take_their_amperes_from_the_grids_phases_and_from_no_circuit() -> None:
    site = SiteSettings("s", "S", "Europe/London", 100_000, grid_max_current_a=100.0, circuits=(GARAGE,))
    limits = tree(site, {}, 100_000, (10.0, 20.0004, 0.0)).limits
    per_ma = voltages(site).quanta_per_ma
    # 20.0004 A count as 20.001 A: capacities are declared to the milliampere.
    assert limits[1:4] == (90_000 * per_ma, 79_999 * per_ma, 100_000 * per_ma)
    assert limits[5:8] == (63_000 * per_ma,) * 3


def test_a_circuit_bounds_those_on_it_and_leaves_the_rest_to_the_others() -> None:
    world = World(60)
    world.site(circuits=(Circuit("garage", max_power_w=20_000),))
    world.charger("a", 22, circuit_id="garage")
    world.charger("b", 22, circuit_id="garage")
    world.charger("c", 50)
    for name in "abc":
        world.start(name)
    assert world.shares_kw() == {"a": 10.0, "b": 10.0, "c": 40.0}
    assert world.share("a").reason == "limited by circuit garage"


def test_a_circuit_in_a_circuit_is_bounded_by_both() -> None:
    world = World(60)
    world.site(circuits=(Circuit("garage", max_power_w=30_000), Circuit("deck", parent="garage", max_power_w=8_000)))
    world.charger("a", 22, circuit_id="deck")
    world.charger("b", 22, circuit_id="deck")
    world.charger("c", 50, circuit_id="garage")
    for name in "abc":
        world.start(name)
    assert world.shares_kw() == {"a": 4.0, "b": 4.0, "c": 22.0}


def test_a_circuit_without_limits_bounds_nothing() -> None:
    world = World(60)
    world.site(circuits=(Circuit("garage"),))
    world.charger("a", 50, circuit_id="garage")
    world.start("a")
    assert world.shares_kw() == {"a": 50.0}


def one_phase_site(*phases: tuple[int, ...]) -> World:
    """32 A per phase; single-phase 7.36 kW chargers on the given phases, each with a car."""
    world = World(100)
    world.site(grid_max_current_a=32.0)
    for n, phase in enumerate(phases):
        world.charger(str(n), 7.36, current=Current.AC, phases=1, phase_map=phase)
        world.start(str(n))
    return world


def test_cars_on_one_phase_share_it() -> None:
    """32 A / 3 = 10.67 A, in tenths 10.6 A; x 230 V = 2438 W."""
    world = one_phase_site((0,), (0,), (0,))
    assert world.shares_kw() == {"0": 2.438, "1": 2.438, "2": 2.438}
    assert world.share("0").reason == "limited by the grid connection (L1)"


def test_cars_on_different_phases_take_nothing_from_each_other() -> None:
    world = one_phase_site((0,), (1,), (2,))
    assert world.shares_kw() == {"0": 7.36, "1": 7.36, "2": 7.36}


def test_a_charger_of_unknown_phase_counts_on_all_three() -> None:
    world = one_phase_site((0,), (1,))
    world.charger("x", 7.36, current=Current.AC, phases=1)
    world.start("x")
    assert world.shares_kw() == {"0": 3.68, "1": 3.68, "x": 3.68}  # 16 A of L1, and of L2, is what x may use


@pytest.mark.parametrize(("rotation", "worst_a"), [(RST, (16.0, 0, 0)), (STR, (0, 16.0, 0)), (TRS, (0, 0, 16.0))])
def test_the_rotation_says_which_phase_a_charger_uses_that_keeps_to_one(
    rotation: tuple[int, ...], worst_a: tuple[float, ...]
) -> None:
    """Conductor L1 lies on the site's L1, L2 or L3; 3680 W on one phase are 16 A."""
    world = World(100)
    world.charger("a", 22.08, current=Current.AC, phases=3, phase_map=rotation, can={"switches_phases": True})
    world.configure(3.68)
    world.start("a")
    world.settle()
    world.draw("a", 3500, currents_a=(15.2, 0, 0))
    world.settle()
    assert world.share("a").phases == 1
    assert world.worst_a("a") == worst_a


def lending(*, switches: bool | None) -> World:
    """32 A per phase; a three-phase charger with a single-phase car, and one more charger on L2."""
    world = World(100)
    world.site(grid_max_current_a=32.0)
    can = {"switches_phases": switches}
    world.charger("a", 22.08, current=Current.AC, phases=3, phase_map=RST, can=can)
    world.charger("b", 7.36, current=Current.AC, phases=1, phase_map=(1,))
    world.start("a")
    world.start("b")
    world.settle()
    assert world.shares_kw() == {"a": 5.52, "b": 5.52}  # of L2 8 A and 24 A
    world.wait(10)
    world.draw("a", 1840, currents_a=(8.0, 0.2, 0.0))
    return world


def test_idle_phases_are_lent_where_the_charger_keeps_to_one() -> None:
    world = lending(switches=True)
    world.settle()
    assert world.shares_kw() == {"a": 7.36, "b": 7.36}
    assert (world.worst_a("a"), world.worst_a("b")) == ((32.0, 0, 0), (0, 32.0, 0))


@pytest.mark.parametrize("currents_a", [(0.9, 0.0, 0.0), (8.0, 0.5, 0.0), (8.0, 0.0, 8.0), (0.0, 8.0, 0.0), None])
def test_only_a_car_that_draws_on_the_first_conductor_alone_is_single_phase(
    currents_a: tuple[float, float, float] | None,
) -> None:
    """One that does not charge yet may be of either kind; and one phase is always conductor L1."""
    world = lending(switches=True)
    world.draw("a", 1_840, currents_a=currents_a)
    assert world.share("a").phases is None


def test_idle_phases_are_lent_only_once_the_charger_has_acknowledged_one() -> None:
    world = lending(switches=True)
    (narrower,) = world.plan().intents
    assert (narrower.key.charge_point_id, narrower.phases, narrower.limit_w) == ("a", 1, 7360)
    issued = world.issue(narrower)
    assert world.plan().intents == ()
    assert world.worst_a("a")[1] == 8.0
    world.confirm(issued)
    assert world.worst_a("a") == (32.0, 8.0, 8.0)
    world.wait(6.1)
    assert world.worst_a("a") == (32.0, 0, 0)
    assert world.sent_kw() == {"b": 7.36}


def test_a_phase_is_given_up_before_there_is_room_for_more_on_the_other() -> None:
    """Of L1 the car could have 16 A once the other one there is cut; 8 A, on L1 alone, it has already."""
    world = World(100)
    world.site(grid_max_current_a=32.0)
    world.charger("a", 22.08, current=Current.AC, phases=3, phase_map=RST, can={"switches_phases": True})
    for name, phase in (("b", (1,)), ("c", (0,))):
        world.charger(name, 7.36, current=Current.AC, phases=1, phase_map=phase)
    for name in "abc":
        world.start(name)
    world.settle()
    world.wait(10)
    world.draw("a", 1_840, currents_a=(8.0, 0.0, 0.0))
    assert world.shares_kw() == {"a": 3.68, "b": 7.36, "c": 3.68}
    assert world.sent_kw() == {"a": 1.84, "c": 3.68}


@pytest.mark.parametrize("switches", [None, False])
def test_a_single_phase_car_counts_on_all_phases_where_the_charger_does_not_keep_to_one(switches: bool | None) -> None:
    """It is permitted to use them: the next car does."""
    world = lending(switches=switches)
    world.settle()
    assert world.share("a").phases is None
    assert world.worst_a("a") == (8.0, 8.0, 8.0)
    assert world.shares_kw()["b"] == 5.52


def test_on_one_phase_a_charger_is_given_no_more_than_that_phase_carries() -> None:
    """22.08 kW on three phases are 32 A on each: 7.36 kW on one. The rest of 30 kW is the other's."""
    world = World(30)
    world.charger("a", 22.08, current=Current.AC, phases=3, phase_map=RST, can={"switches_phases": True})
    world.charger("b", 50, current=Current.DC)
    world.start("a")
    world.start("b")
    world.settle()
    world.draw("a", 3500, currents_a=(15.2, 0.0, 0.0))
    world.settle()
    assert max(world.worst_a("a")) <= 32.0
    assert world.shares_kw()["b"] == 22.64


def test_a_dc_charger_takes_its_losses_from_the_grid_too() -> None:
    """33 kW / 1.1 = 30 kW at the plug."""
    world = World(33)
    world.charger("a", 50, current=Current.DC, grid_factor=1.1)
    world.start("a")
    world.settle()
    assert world.shares_kw() == {"a": 30.0}
    assert world.worst_kw("a") == 33.0


def test_amperes_of_a_dc_charger_are_those_at_the_lowest_voltage() -> None:
    """20.7 kW x 1.1 / (3 x 207 V) = 36.667 A on each phase."""
    world = World(100)
    world.charger("a", 20.7, current=Current.DC, grid_factor=1.1)
    world.start("a")
    world.settle()
    assert world.worst_a("a") == (36.667, 36.667, 36.667)


def test_a_ceiling_metered_in_kilowatts_holds_at_the_highest_voltage() -> None:
    """20 A x 3 x 253 V = 15.18 kW are what 15.18 kW are worth; at 230 V it would have been 22 A."""
    world = World(100)
    world.site(voltage_max_v=253.0)
    world.charger("a", 22.08, current=Current.AC, phases=3)
    world.configure(15.18)
    world.start("a")
    world.settle()
    assert world.shares_kw() == {"a": 15.18}
    assert world.worst_a("a") == (20.0, 20.0, 20.0)


def test_an_ac_charger_told_watts_may_take_them_at_the_nominal_voltage() -> None:
    """It turns 10 kW into amperes at 230 V; at 253 V these are 11 kW."""
    world = World(100)
    world.site(voltage_max_v=253.0)
    world.charger("a", 22.08, current=Current.AC, phases=3, can={"units": ("W",)})
    world.configure(11)
    world.start("a")
    world.settle()
    assert world.shares_kw() == {"a": 10.0}
    assert world.worst_kw("a") == 11.0


def test_the_report_has_a_row_for_every_node() -> None:
    world = World(60)
    world.site(grid_max_current_a=100.0, circuits=(Circuit("garage", max_power_w=20_000, max_current_a=40.0),))
    world.charger("a", 22.08, current=Current.AC, phases=3, circuit_id="garage")
    world.load(10, currents_a=(10.0, 20.0, 30.0))
    world.start("a")
    world.settle()
    grid, garage = world.report().circuits
    # 20 kW / 690 V = 28.98 A, in tenths 28.9 A; x 690 V = 19.941 kW.
    assert (garage.max_power_w, garage.max_current_a, garage.permitted_w) == (20_000, 40.0, 19_941)
    assert garage.permitted_a == pytest.approx((28.9, 28.9, 28.9))
    assert (grid.max_power_w, grid.max_current_a) == (50_000, 70.0)  # the least of what is left on its phases
