from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from support.world import World

from csms.domain import events as ev
from csms.domain.model import ConnectorStatus, Current, Proof, ScheduleWindow


def car_park(capacity_kw: float, max_kw: float | None, names: str = "1234") -> World:
    world = World(capacity_kw)
    for name in names:
        world.charger(name, max_kw)
    world.settle()
    return world


@pytest.mark.parametrize(
    ("capacity_kw", "max_kw", "each_kw"),
    [(100, 50, 25.0), (100, None, 25.0), (100, 22, 22.0), (60, 22, 15.0), (7, 22, 1.75)],
)
def test_equal_divides_the_budget_among_active_chargers(
    capacity_kw: float, max_kw: float | None, each_kw: float
) -> None:
    world = car_park(capacity_kw, max_kw)
    for name in "1234":
        world.start(name)
    assert world.shares_kw() == dict.fromkeys("1234", each_kw)


def test_what_a_small_charger_cannot_use_goes_to_the_others() -> None:
    world = car_park(60, 22, "12")
    world.charger("small", 7.4)
    for name in ("1", "2", "small"):
        world.start(name)
    assert world.shares_kw() == {"small": 7.4, "1": 22.0, "2": 22.0}
    world.configure(40)
    assert world.shares_kw() == {"small": 7.4, "1": 16.3, "2": 16.3}


@pytest.mark.parametrize(
    ("max_kw", "floor_kw", "order", "shares_kw"),
    [
        (40, 5, ("3", "1"), {"3": 22, "1": 8, "2": 5, "4": 5}),  # floors first, then rank by rank
        (60, 5, ("3", "1"), {"3": 22, "1": 22, "2": 8, "4": 8}),  # the unlisted share what is left
        (20, 5, ("3", "1"), {"3": 5, "1": 5, "2": 5, "4": 5}),
        (16, 5, ("3", "1"), {"3": 6, "1": 5, "2": 5, "4": 0}),  # whoever came last waits, the rest is not lost
        (88, 5, ("3", "1"), {"3": 22, "1": 22, "2": 22, "4": 22}),
        (40, 0, ("4", "3", "2", "1"), {"4": 22, "3": 18, "2": 0, "1": 0}),
    ],
)
def test_priority_serves_floors_then_fills_rank_by_rank(
    max_kw: float, floor_kw: float, order: tuple[str, ...], shares_kw: dict[str, float]
) -> None:
    world = car_park(100, 22)
    world.configure(max_kw, "priority", floor_kw=floor_kw, priority_order=order)
    for name in "1234":
        world.start(name)
    assert world.shares_kw() == shares_kw


def test_when_floors_do_not_fit_those_who_came_first_are_served() -> None:
    world = car_park(12, 22)
    world.configure(12, floor_kw=5)
    for name in "4312":
        world.start(name)
    assert world.shares_kw() == {"4": 6.0, "3": 6.0, "1": 0.0, "2": 0.0}
    assert world.report().waiting == ("1", "2")


def test_a_time_window_sets_budget_and_caps() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/London")).timestamp()
    world = car_park(100, 22, "12")
    world.wait(noon - world.now.utc_s)
    peak = ScheduleWindow((0,), 11 * 60, 13 * 60, 30_000, {"1": 6_000})
    world.configure(40, "scheduled", schedule=(peak,))
    for name in "12":
        world.start(name)
    assert world.shares_kw() == {"1": 6.0, "2": 22.0}
    assert world.report().budget_w == 30_000
    world.wait(3600)
    assert world.shares_kw() == {"1": 20.0, "2": 20.0}


def test_schedules_are_the_scheduled_strategys_alone() -> None:
    world = car_park(100, 50, "12")
    always = ScheduleWindow(tuple(range(7)), 0, 1440, 10_000)
    world.configure(40, "equal", schedule=(always,))
    for name in "12":
        world.start(name)
    assert world.shares_kw() == {"1": 20.0, "2": 20.0}


def test_the_budget_never_exceeds_the_grid_connection() -> None:
    world = car_park(100, None, "12")
    world.configure(500)
    for name in "12":
        world.start(name)
    assert world.shares_kw() == {"1": 50.0, "2": 50.0}


@pytest.mark.parametrize(
    ("phases", "max_kw", "budget_kw", "share_kw"),
    [
        (3, 22.08, 15, 14.973),  # 21.7 A x 3 x 230 V: amperes are rounded down to a tenth
        (1, 7.36, 5, 4.991),  # 21.7 A x 230 V
        (3, 22.08, 4.14, 4.14),  # exactly 6 A on three phases
        (3, 22.08, 4.1, 0),  # less than 6 A on three phases does not exist
        (1, 7.36, 1.4, 1.38),  # 6 A on one phase, but the configured floor of 1.4 kW does not fit 1.4 kW in 0.1 A
    ],
)
def test_an_ac_charger_gets_whole_steps_of_current_and_nothing_below_six_amperes(
    phases: int, max_kw: float, budget_kw: float, share_kw: float
) -> None:
    world = World(100)
    world.charger("ac", max_kw, current=Current.AC, phases=phases)
    world.configure(budget_kw, floor_kw=1.38)
    world.start("ac")
    assert world.shares_kw() == {"ac": share_kw}


def test_the_highest_expected_voltage_decides_what_an_ampere_is_worth() -> None:
    world = World(100)
    settings = world.state.site
    world.state.site = type(settings)(
        settings.site_id, settings.name, settings.timezone, settings.grid_capacity_w, 230.0, 253.0
    )
    world.charger("ac", 22, current=Current.AC, phases=3)
    world.configure(15.18)
    world.start("ac")
    assert world.shares_kw() == {"ac": 15.18}  # 20.0 A x 3 x 253 V


def test_an_offline_charger_keeps_its_limit_and_the_others_share_the_rest() -> None:
    world = car_park(60, 22, "123")
    for name in "123":
        world.start(name)
    world.settle()
    world.disconnect("2")
    assert world.shares_kw() == {"1": 20.0, "3": 20.0, "2": 20.0}
    world.configure(40)
    assert world.shares_kw() == {"1": 10.0, "3": 10.0, "2": 20.0}
    report = world.report()
    assert [row.status for row in report.chargers] == ["Charging", "Offline", "Charging"]
    assert report.reserved_w == 20_000
    assert report.chargers[1].reason == "offline: 20 kW reserved"


def test_a_charger_that_refuses_a_cut_is_counted_as_it_is_and_asked_for_its_share() -> None:
    world = car_park(60, 22, "123")
    for name in "123":
        world.start(name)
    world.settle()
    world.configure(30)
    for intent in world.plan().intents:
        issued = world.issue(intent)
        if intent.key.charge_point_id == "2":
            world.reject(issued)
        else:
            world.confirm(issued)
    assert world.shares_kw() == {"1": 5.0, "3": 5.0, "2": 10.0}
    assert world.report().reserved_w == 20_000


def test_a_charger_that_refuses_its_raise_leaves_its_share_to_the_others_until_it_obeys() -> None:
    world = car_park(30, 22, "12")
    world.start("1")
    world.start("2")
    for _ in range(3):
        for intent in world.plan().intents:
            issued = world.issue(intent)
            if intent.key.charge_point_id == "1":
                world.reject(issued)
            else:
                world.confirm(issued)
        world.wait(10)
    assert world.shares_kw() == {"1": 0.0, "2": 22.0}
    assert world.report().chargers[0].reason == "does not take its limit (Rejected): 0 kW reserved"
    assert world.sent_kw() == {"1": 0.0, "2": 22.0}  # it is asked to confirm what it has: that needs no room
    world.settle()
    assert world.shares_kw() == {"1": 15.0, "2": 15.0}


def test_idle_connectors_hold_their_default_limit() -> None:
    world = World(50)
    world.charger("idle", 22, offline_kw=8)
    world.charger("busy", 50)
    world.settle()
    world.start("busy")
    assert world.shares_kw() == {"busy": 42.0}
    assert world.report().reserved_w == 8_000


def test_a_charger_out_of_service_counts_nothing() -> None:
    world = World(50)
    world.charger("busy", 50)
    world.declare("off", 22, in_service=False)
    world.connect("off")
    world.start("busy")
    assert world.shares_kw() == {"busy": 50.0}


def test_a_charger_never_seen_is_listed_and_counts_nothing() -> None:
    world = World(50)
    world.charger("busy", 50)
    world.declare("new", 22)
    world.start("busy")
    assert world.shares_kw() == {"busy": 50.0}
    assert world.report().not_commissioned == ("new",)


def test_a_charger_about_to_confirm_its_default_takes_nothing_from_the_others() -> None:
    world = World(60)
    for name in "1234":
        world.declare(name, 22)
        world.connect(name)
        world.start(name)
    assert world.shares_kw() == dict.fromkeys("1234", 15.0)
    assert world.report().permitted_w == 88_000


def test_a_charger_that_refuses_its_default_keeps_its_rated_power_from_the_others() -> None:
    world = World(60)
    world.charger("1", 50)
    world.declare("2", 22)
    world.connect("2")
    world.start("1")
    world.reject(world.issue(next(i for i in world.plan().intents if i.key.charge_point_id == "2")))
    assert world.shares_kw() == {"1": 38.0}
    assert world.report().reserved_w == 22_000


def test_a_charger_that_left_before_it_confirmed_its_default_keeps_its_rated_power_too() -> None:
    world = World(60)
    world.charger("1", 50)
    world.declare("2", 22)
    world.connect("2")
    world.disconnect("2")
    world.start("1")
    assert world.shares_kw() == {"1": 38.0}


def test_shares_go_to_charge_points_and_then_to_their_connectors() -> None:
    world = World(60)
    world.charger("double", 22, connectors=2)
    world.charger("single", 50)
    world.settle()
    world.start("double", 1)
    world.start("double", 2)
    world.start("single")
    assert world.shares_kw() == {"double": 22.0, "single": 38.0}
    assert [row.allocated_w for row in world.report().chargers[0].connectors] == [11_000, 11_000]


def test_a_charge_points_own_maximum_bounds_the_floors_of_its_connectors() -> None:
    world = World(60)
    world.charger("double", 7.4, connectors=2)
    world.configure(60, floor_kw=4)
    world.start("double", 1)
    world.start("double", 2)
    assert world.shares_kw() == {"double": 7.4}
    assert [row.allocated_w for row in world.report().chargers[0].connectors] == [7_400, 0]
    assert world.report().waiting == ("double",)


def test_a_windows_cap_is_for_all_connectors_of_a_charge_point_together() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/London")).timestamp()
    world = World(60)
    world.wait(noon - world.now.utc_s)
    world.charger("double", 22, connectors=2)
    world.configure(60, "scheduled", schedule=(ScheduleWindow((0,), 660, 780, 60_000, {"double": 6_000}),))
    world.start("double", 1)
    world.settle()
    world.start("double", 2)
    assert world.shares_kw() == {"double": 6.0}
    for _ in range(20):  # nor do both together pass it while one makes room for the other
        for intent in world.plan().intents:
            world.confirm(world.issue(intent))
        assert world.book().charge_point_w("double") <= 6_000
        world.wait(1)
    assert all(row.confirmed for row in world.report().chargers)


def test_a_windows_cap_leaves_a_free_connector_its_default() -> None:
    """6 kW in all, 2 kW of it for a car plugged into the other connector: what is decided can be reached."""
    noon = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/London")).timestamp()
    world = World(60)
    world.wait(noon - world.now.utc_s)
    world.charger("double", 22, connectors=2, offline_kw=2.0)
    world.configure(60, "scheduled", schedule=(ScheduleWindow((0,), 660, 780, 60_000, {"double": 6_000}),))
    world.start("double", 1)
    world.settle()
    assert world.shares_kw() == {"double": 4.0}
    assert world.report().chargers[0].confirmed
    assert world.book().charge_point_w("double") == 6_000


def test_a_default_beside_it_does_not_hold_a_session_below_its_charge_points_maximum() -> None:
    """The declared maximum is what it is made for: both connectors together draw no more, whatever they may."""
    world = World(60)
    world.charger("double", 20, connectors=2, offline_kw=3.0)
    world.configure(60)
    world.start("double", 1)
    world.settle()
    assert world.shares_kw() == {"double": 20.0}
    assert world.report().chargers[0].confirmed
    assert world.book().charge_point_w("double") == 20_000


def test_a_raise_too_small_to_matter_is_not_decided() -> None:
    world = car_park(100, 50, "12")
    world.configure(60)
    for name in "12":
        world.start(name)
    world.settle()
    world.configure(60.15)
    assert world.shares_kw() == {"1": 30.0, "2": 30.0}
    world.configure(60.2)
    assert world.shares_kw() == {"1": 30.1, "2": 30.1}
    world.configure(59.9)
    assert world.shares_kw() == {"1": 29.95, "2": 29.95}


def test_each_row_says_why() -> None:
    world = car_park(60, 22, "123")
    world.configure(60, "priority", floor_kw=5, priority_order=("3",))
    for name in "123":
        world.start(name)
    reasons = {row.charge_point_id: row.reason for row in world.report().chargers}
    assert reasons == {"1": "shares 38 kW equally with 1 other", "2": reasons["1"], "3": "rated power"}


def test_a_charger_whose_status_is_unknown_is_reported_as_charging() -> None:
    world = car_park(60, 22, "1")
    world.start("1")
    world.status("1", ConnectorStatus.SUSPENDED_EV)
    assert world.report().chargers[0].status == "SuspendedEV"


def test_a_session_beside_an_idle_connector_takes_its_chargers_rating_from_the_others_once() -> None:
    """Neither connector of it accepts a default: together they draw 22 kW, whichever it is."""
    world = World(60)
    world.charger("refuses", 22, connectors=2)
    world.charger("other", 50)
    for connector_id in (1, 2):
        world.apply(ev.DefaultProved(world.now, "refuses", connector_id, Proof.DISPROVED))
    world.start("refuses", 1)
    world.start("other")
    assert world.share("other").limit_w == 38_000


def test_a_raise_to_a_new_floor_is_made_however_small() -> None:
    world = World(60)
    world.charger("a", 22)
    world.configure(2.95, floor_kw=1.4)
    world.start("a")
    world.settle()
    world.configure(3, floor_kw=3)
    assert world.shares_kw() == {"a": 3.0}
