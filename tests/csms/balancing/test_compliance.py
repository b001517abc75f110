import pytest
from support.world import World

from csms.balancing.plan import Intent
from csms.domain import events as ev
from csms.domain.model import ConnectorKey, ConnectorStatus, Current, LimitPurpose, PowerSource


def charging(limit_kw: float = 10, **declared: object) -> World:
    """Car a may draw `limit_kw` of a 50 kW charger, settled long ago."""
    world = World(100)
    world.charger("a", 50, **declared)  # type: ignore[arg-type]  # passed on as they are
    world.configure(limit_kw)
    world.start("a")
    world.settle()
    world.wait(60)
    return world


def sixteen_amperes() -> World:
    """A three-phase charger of 22.08 kW at 11.04 kW: 16 A."""
    world = World(100)
    world.charger("a", 22.08, current=Current.AC, phases=3)
    world.configure(11.04)
    world.start("a")
    world.settle()
    world.wait(60)
    return world


def metered(world: World, power_kw: float, **how: object) -> ev.LimitExceeded | ev.LimitObeyed | None:
    world.draw("a", power_kw * 1000, **how)  # type: ignore[arg-type]  # passed on as they are
    return world.judge("a")


@pytest.mark.parametrize(
    ("limit_kw", "drawn_kw", "exceeds"),
    [
        (10, 10.345, False),  # 0.5 A x 3 x 230 V = 345 W, more than 3 %
        (10, 10.346, True),
        (20, 20.6, False),  # 3 % = 600 W
        (20, 20.601, True),
        (10, 3.0, False),
    ],
)
def test_beyond_three_percent_or_half_an_ampere_a_limit_in_watts_is_exceeded(
    limit_kw: float, drawn_kw: float, exceeds: bool
) -> None:
    assert isinstance(metered(charging(limit_kw), drawn_kw), ev.LimitExceeded) == exceeds


@pytest.mark.parametrize(
    ("currents_a", "exceeds"),
    [((16.5, 16.5, 16.5), False), ((16.51, 0.0, 0.0), True), ((0.0, 0.0, 16.51), True), ((16.0, 16.0, 16.0), False)],
)
def test_a_limit_in_amperes_is_exceeded_on_any_phase(currents_a: tuple[float, float, float], exceeds: bool) -> None:
    """16 A and half an ampere."""
    found = metered(sixteen_amperes(), 230 * sum(currents_a) / 1000, currents_a=currents_a)
    assert isinstance(found, ev.LimitExceeded) == exceeds


@pytest.mark.parametrize(("drawn_kw", "exceeds"), [(12.52, False), (12.53, True)])
def test_voltage_is_not_obedience(drawn_kw: float, exceeds: bool) -> None:
    """16.5 A at 253 V on three phases are 12.52 kW: who is limited in amperes may draw them."""
    assert isinstance(metered(sixteen_amperes(), drawn_kw), ev.LimitExceeded) == exceeds


def test_what_is_drawn_above_the_limit_counts_at_once() -> None:
    world = charging(10)
    metered(world, 14)
    assert world.worst_kw("a") == 14
    assert world.share("a").refusing
    assert world.share("a").reason == "draws more than it is permitted (14 kW): 14 kW reserved"


def test_after_a_second_reading_it_counts_at_its_rating() -> None:
    world = charging(10)
    metered(world, 14)
    world.wait(10)
    metered(world, 12)
    assert world.worst_kw("a") == 50
    assert world.share("a").reason == "keeps drawing more than it is permitted (14 kW): 50 kW reserved"


def test_two_readings_of_one_moment_are_one() -> None:
    """A car takes seconds to follow: within them a second reading is no second offence, but a higher one."""
    world = charging(10)
    metered(world, 14)
    world.wait(3)
    assert metered(world, 14) is None
    assert world.worst_kw("a") == 14


def test_the_others_make_room_for_it() -> None:
    world = World(30)
    for name in "ab":
        world.charger(name, 22)
        world.start(name)
    world.settle()
    world.wait(60)
    assert world.shares_kw() == {"a": 15.0, "b": 15.0}
    metered(world, 18)
    assert world.shares_kw() == {"a": 15.0, "b": 12.0}
    assert world.sent_kw()["b"] == 12.0
    world.wait(10)
    metered(world, 18)
    assert world.shares_kw() == {"a": 15.0, "b": 8.0}  # 30 - 22, its rating


@pytest.mark.parametrize(("readings", "patience_s"), [(1, 60), (2, 600)])
def test_it_is_believed_again_after_it_has_complied_for_a_while(readings: int, patience_s: float) -> None:
    world = charging(10)
    for _ in range(readings):
        world.wait(10)
        metered(world, 14)
    world.wait(31)
    world.answer_all()  # its limit was said again
    world.wait(patience_s - 32)
    assert metered(world, 10) is None
    assert world.worst_kw("a") >= 14
    world.wait(2)
    assert isinstance(metered(world, 10), ev.LimitObeyed)
    assert world.worst_kw("a") == 10
    assert not world.share("a").refusing


def test_each_further_offence_begins_the_while_anew() -> None:
    world = charging(10)
    for _ in range(3):
        metered(world, 14)
        world.wait(400)
    world.answer_all()
    world.wait(10)
    assert metered(world, 10) is None
    world.wait(191)
    assert isinstance(metered(world, 10), ev.LimitObeyed)


@pytest.mark.parametrize("draws_kw", [9.3, 5, 0])
def test_a_car_that_wants_less_than_its_limit_proves_nothing(draws_kw: float) -> None:
    """A battery that is nearly full draws less and less, whatever its charger would give it."""
    world = charging(10)
    for _ in range(2):
        world.wait(10)
        metered(world, 14)
    world.run(3600)
    assert metered(world, draws_kw) is None
    assert world.worst_kw("a") == 50


def test_a_car_that_wants_just_what_it_is_given_proves_nothing() -> None:
    """It broke a limit of 10 kW with 14 kW, and draws 14 kW under one of 14.5 kW."""
    world = World(100)
    world.charger("a", 14.5)
    world.configure(10)
    world.start("a")
    world.run(10)
    for _ in range(2):
        world.wait(10)
        metered(world, 14)
    world.configure(100)
    world.run(3600)
    assert metered(world, 14) is None
    assert world.state.limits[ConnectorKey("a", 1)].overdraw is not None


@pytest.mark.parametrize(
    ("status", "believed"),
    [(ConnectorStatus.SUSPENDED_EVSE, True), (ConnectorStatus.SUSPENDED_EV, False), (ConnectorStatus.CHARGING, False)],
)
def test_who_is_paused_shows_it_when_it_is_not_the_car_that_wants_nothing(
    status: ConnectorStatus, believed: bool
) -> None:
    world = charging(10)
    for _ in range(2):
        world.wait(10)
        metered(world, 14)
    world.configure(0)
    world.run(3600)
    world.status("a", status)
    assert isinstance(metered(world, 0), ev.LimitObeyed) is believed


def test_a_limit_that_was_not_said_again_proves_nothing() -> None:
    world = charging(10)
    for _ in range(2):
        world.wait(10)
        metered(world, 14)
    world.wait(3600)
    assert metered(world, 10) is None


def test_time_alone_forgives_nothing() -> None:
    world = charging(10)
    metered(world, 14)
    world.wait(86_400)
    assert world.worst_kw("a") == 14


def test_a_reading_from_before_the_limit_settled_is_no_offence() -> None:
    world = charging(10)
    world.configure(5)
    world.answer_all()
    world.wait(5.9)
    assert metered(world, 10) is None
    world.wait(0.2)
    assert isinstance(metered(world, 10), ev.LimitExceeded)


def test_an_old_reading_is_judged_by_when_it_was_taken() -> None:
    """It arrives 20 s after the cut, and was taken 5 s after it."""
    world = charging(10)
    metered(world, 9.9)
    world.wait(60)
    world.configure(5)
    world.answer_all()
    world.wait(20)
    assert metered(world, 10, age_s=15) is None
    assert isinstance(metered(world, 10, age_s=13), ev.LimitExceeded)


def test_a_mean_over_the_past_is_no_offence() -> None:
    assert metered(charging(10), 14, source=PowerSource.ENERGY_SLOPE) is None


def test_amperes_times_volts_are_a_reading() -> None:
    assert isinstance(metered(charging(10), 14, source=PowerSource.CURRENT), ev.LimitExceeded)


def test_a_raise_that_may_have_arrived_is_permitted() -> None:
    """Rejected it is not, confirmed neither: both limits are possible."""
    world = charging(10)
    world.configure(20)
    world.no_answer(world.issue(world.plan().intents[0]))
    assert metered(world, 20) is None
    world.reject(world.issue(world.plan(resend=True).intents[0]))
    assert metered(world, 20) is None


def test_a_rejected_raise_is_not_permitted() -> None:
    world = charging(10)
    world.configure(20)
    world.reject(world.issue(world.plan().intents[0]))
    assert isinstance(metered(world, 20), ev.LimitExceeded)


@pytest.mark.parametrize(("drawn_kw", "exceeds"), [(0.2, False), (0.21, True)])
def test_a_draw_without_a_transaction_counts_at_the_rating_at_once(drawn_kw: float, exceeds: bool) -> None:
    """Electronics and contactors may draw 200 W."""
    world = World(100)
    world.charger("a", 50)
    world.status("a", ConnectorStatus.PREPARING)
    world.wait(60)
    metered(world, drawn_kw)
    assert world.worst_kw("a") == (50 if exceeds else 0)


def test_even_under_a_default_above_zero_nobody_may_draw_without_a_transaction() -> None:
    world = World(100)
    world.charger("a", 50, offline_kw=8)
    world.status("a", ConnectorStatus.PREPARING)
    world.wait(60)
    metered(world, 5)
    assert world.worst_kw("a") == 50


def test_who_drew_without_a_transaction_is_believed_again_once_unplugged() -> None:
    world = World(100)
    world.charger("a", 50)
    world.status("a", ConnectorStatus.PREPARING)
    world.wait(60)
    metered(world, 5)
    world.status("a", ConnectorStatus.AVAILABLE)
    assert world.worst_kw("a") == 0


def test_unplugging_does_not_forgive_a_charger_that_exceeded_its_limit_in_a_session() -> None:
    world = charging(10)
    for _ in range(2):
        metered(world, 14)
        world.wait(10)
    transaction = world.state.active[ConnectorKey("a", 1)]
    world.stop("a", transaction.transaction_id)
    world.status("a", ConnectorStatus.AVAILABLE)
    assert world.worst_kw("a") == 50


def test_of_several_connectors_the_disobedient_one_may_take_all_its_charge_point_has() -> None:
    """Up to 22 kW of the one beside 11 kW of the other; but both together are made for 22 kW."""
    world = World(100)
    world.charger("a", 22, connectors=2)
    world.start("a", 1)
    world.start("a", 2)
    world.settle()
    world.wait(60)
    for _ in range(2):
        metered(world, 15)
        world.wait(10)
    assert world.worst_kw("a", 1) == 22
    assert world.book().charge_point_w("a") == 22_000


def test_disobedience_survives_a_restart() -> None:
    world = charging(10)
    metered(world, 14)
    world.restart()
    assert world.worst_kw("a") == 14


def test_a_dc_chargers_losses_count_with_its_draw() -> None:
    """14 kW at the plug are 15.4 kW from the grid."""
    world = charging(11, current=Current.DC, grid_factor=1.1)
    metered(world, 14)
    assert world.worst_kw("a") == 15.4


def test_a_draw_above_the_declared_rating_counts_as_it_was_metered() -> None:
    """The declaration was wrong: what the meter shows is on the cable."""
    world = charging(10)
    metered(world, 60)
    assert world.worst_kw("a") == 60


def test_a_limit_that_is_exceeded_is_said_again_for_the_charger_may_have_lost_it() -> None:
    """Its default too: most lose all of their profiles at once. Every half minute, until it draws what it should."""
    world = charging(10)
    assert world.plan().intents == ()
    metered(world, 14)
    assert {(intent.purpose.value, intent.limit_w) for intent in said(world)} == {
        ("transaction", 10_000),
        ("default", 0),
    }
    metered(world, 14)
    assert said(world) == []
    world.wait(30)
    metered(world, 14)
    assert [intent.limit_w for intent in said(world)] == [10_000, 0]
    world.wait(30)
    metered(world, 9)
    assert said(world) == []


def said(world: World) -> list[Intent]:
    """What is sent until nothing is left to be sent at once, all of it acknowledged."""
    sent: list[Intent] = []
    while intents := world.plan().intents:
        sent += intents
        for intent in intents:
            world.confirm(world.issue(intent))
    return sent


def test_a_reading_that_was_long_on_its_way_is_held_against_all_that_was_permitted_since() -> None:
    """Its limit changes every few seconds, and its readings are minutes old: 14 kW were more than any of them."""
    world = charging(10)
    for ceiling_kw in (8, 6, 9, 5, 7):
        world.configure(ceiling_kw)
        world.run(12)
    assert metered(world, 9.9, age_s=58) is None
    assert isinstance(metered(world, 14, age_s=58), ev.LimitExceeded)


def test_two_connectors_that_disobey_draw_no_more_together_than_their_charger_is_made_for() -> None:
    world = World(100)
    world.charger("a", 22, connectors=2)
    world.configure(10)
    for connector_id in (1, 2):
        world.start("a", connector_id)
    world.settle()
    world.wait(60)
    for _ in range(2):
        for connector_id in (1, 2):
            world.draw("a", 9_000, connector_id)
            assert isinstance(world.judge("a", connector_id), ev.LimitExceeded)
        world.wait(10)
    assert world.book().charge_point_w("a") == 22_000
    for connector_id in (1, 2):
        world.draw("a", 15_000, connector_id)
        world.judge("a", connector_id)
    assert world.book().charge_point_w("a") == 30_000  # it is made for more than was declared


def test_what_a_neighbouring_connector_falls_back_to_is_said_again_too() -> None:
    """A charger that has forgotten one profile has forgotten them all."""
    world = World(100)
    world.charger("a", 22, connectors=2)
    world.configure(10)
    world.start("a", 1)
    world.settle()
    world.wait(60)
    assert world.plan().intents == ()
    metered(world, 14)
    sent = {(intent.key.connector_id, intent.purpose) for intent in world.plan().intents}
    assert (2, LimitPurpose.DEFAULT) in sent
