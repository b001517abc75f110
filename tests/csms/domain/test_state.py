from dataclasses import replace

import pytest
from support.world import World

from csms.domain import events as ev
from csms.domain.illegal import IllegalEvent
from csms.domain.model import (
    MAX_CONNECTORS,
    ChargePointSettings,
    ConnectorKey,
    ConnectorStatus,
    LimitPurpose,
    Moment,
    PowerSource,
    SiteSettings,
    SmartCharging,
)
from csms.domain.state import REMEMBERED_TRANSACTIONS, State
from csms.domain.transaction_rules import SUPERSEDED

A1 = ConnectorKey("a", 1)


@pytest.fixture
def world() -> World:
    world = World()
    world.declare("a", 22)
    world.connect("a")
    return world


def meter(world: World, **values: object) -> ev.MeterValuesReceived:
    return ev.MeterValuesReceived(world.now, "a", 1, world.now.utc_s, **values)  # type: ignore[arg-type]  # as given


def started(world: World, transaction_id: str, connector_id: int = 1) -> ev.TransactionStarted:
    return ev.TransactionStarted(world.now, "a", connector_id, transaction_id, world.next_id(), world.now.utc_s)


@pytest.mark.parametrize(
    "event",
    [
        lambda w: ev.ChargePointBooted(w.now, "nobody"),
        lambda w: ev.ChargePointReady(w.now, "a", "another connection"),
        lambda w: ev.ConnectorStatusChanged(w.now, "a", MAX_CONNECTORS + 1, ConnectorStatus.AVAILABLE),
        lambda w: ev.ConnectorStatusChanged(w.now, "a", -1, ConnectorStatus.AVAILABLE),
        lambda w: started(w, "1", connector_id=0),
        lambda w: started(w, "running"),
        lambda w: started(w, "over"),
        lambda w: ev.TransactionEnded(w.now, "a", 1, "unheard of", w.now.utc_s, "Local"),
        lambda w: ev.TransactionEnded(w.now, "a", 1, "over", w.now.utc_s, "Local"),
        lambda w: ev.TransactionAuthorized(w.now, "a", 1, "over", "tag"),
        lambda w: ev.LimitConfirmed(w.now, "a", 1, 99),
        lambda w: ev.LimitRejected(w.now, "a", 1, 99, "Rejected"),
        lambda w: ev.ChargePointDeclared(w.now, replace(w.state.settings["a"], site_id="elsewhere")),
    ],
)
def test_an_illegal_event_raises_and_changes_nothing(world: World, event: object) -> None:
    world.apply(started(world, "over"))
    world.apply(ev.TransactionEnded(world.now, "a", 1, "over", world.now.utc_s, "Local"))
    world.apply(started(world, "running"))
    before = world.state.snapshot()
    with pytest.raises(IllegalEvent):
        world.apply(event(world))  # type: ignore[operator]  # a table of functions
    assert world.state.snapshot() == before


def test_an_event_returns_exactly_the_rows_it_changed(world: World) -> None:
    before = world.state.snapshot()
    rows = world.apply(ev.ConnectorStatusChanged(world.now, "a", 1, ConnectorStatus.FAULTED, "GroundFailure"))
    assert rows == (world.state.connectors[A1],)
    assert replace(world.state.snapshot(), connectors=before.connectors) == before


def test_the_late_end_of_a_replaced_connection_changes_nothing(world: World) -> None:
    world.connect("a", connection="c2")
    assert world.apply(ev.ChargePointDisconnected(world.now, "a", "c1")) == ()
    assert world.state.charge_points["a"].connection_id == "c2"


def test_a_boot_does_not_make_a_charger_ready_and_a_new_connection_is_not_ready(world: World) -> None:
    assert world.state.charge_points["a"].ready
    world.apply(ev.ChargePointConnected(world.now, "a", "c2", "ocpp2.0.1"))
    world.apply(ev.ChargePointBooted(world.now, "a", vendor="V", model="M"))
    charge_point = world.state.charge_points["a"]
    assert (charge_point.ready, charge_point.vendor, charge_point.protocol) == (False, "V", "ocpp2.0.1")


def test_the_first_contact_is_kept(world: World) -> None:
    first_s = world.state.charge_points["a"].commissioned_at_s
    world.wait(100)
    world.connect("a", connection="c2")
    assert world.state.charge_points["a"].commissioned_at_s == first_s


def test_a_start_on_a_busy_connector_ends_the_forgotten_transaction(world: World) -> None:
    world.apply(started(world, "first"))
    world.wait(60)
    world.apply(started(world, "second"))
    assert world.state.active[A1].transaction_id == "second"
    forgotten = world.state.transaction("a", "first")
    assert forgotten is not None
    assert (forgotten.stop_reason, forgotten.ended_at_s) == (SUPERSEDED, world.now.utc_s)


def test_the_late_end_of_a_superseded_transaction_corrects_it(world: World) -> None:
    world.apply(replace(started(world, "first"), register_wh=1000.0))
    world.apply(started(world, "second"))
    world.apply(ev.TransactionEnded(world.now, "a", 1, "first", 5.0, "EVDisconnected", register_wh=3000.0))
    first = world.state.transaction("a", "first")
    assert first is not None
    assert (first.stop_reason, first.ended_at_s, first.energy_wh) == ("EVDisconnected", 5.0, 2000.0)
    assert world.state.active[A1].transaction_id == "second"


def test_a_transaction_that_began_without_a_token_gets_one_once(world: World) -> None:
    world.apply(started(world, "t"))
    world.apply(ev.TransactionAuthorized(world.now, "a", 1, "t", "tag"))
    assert world.state.active[A1].id_token == "tag"
    with pytest.raises(IllegalEvent):
        world.apply(ev.TransactionAuthorized(world.now, "a", 1, "t", "another"))


def test_only_the_last_ended_transactions_are_remembered(world: World) -> None:
    for n in range(REMEMBERED_TRANSACTIONS + 3):
        world.apply(started(world, str(n)))
        world.apply(ev.TransactionEnded(world.now, "a", 1, str(n), world.now.utc_s, "Local"))
    remembered = [t.transaction_id for t in world.state.transactions("a")]
    assert remembered == [str(n) for n in range(REMEMBERED_TRANSACTIONS + 2, 2, -1)]


@pytest.mark.parametrize(
    ("registers_wh", "energy_wh"),
    [
        ([1000, 1500, 4000], 3000),
        ([1000, 1500, 200, 700], 1000),  # the register was reset in between: 500 + 500
        ([0, 0, 0], 0),
    ],
)
def test_energy_follows_the_register_even_over_a_reset(
    world: World, registers_wh: list[float], energy_wh: float
) -> None:
    world.apply(replace(started(world, "t"), register_wh=registers_wh[0]))
    for register_wh in registers_wh[1:]:
        world.wait(60)
        world.apply(meter(world, energy_wh=float(register_wh)))
    assert world.state.active[A1].energy_wh == energy_wh


def test_without_power_and_current_the_slope_of_the_register_tells_the_draw(world: World) -> None:
    world.apply(meter(world, energy_wh=1000.0))
    assert world.state.readings[A1].power_w is None
    world.wait(60)
    world.apply(meter(world, energy_wh=1100.0))
    assert world.state.readings[A1].power_w == pytest.approx(6000)
    assert world.state.readings[A1].source is PowerSource.ENERGY_SLOPE
    world.wait(60)
    world.apply(meter(world, energy_wh=900.0))  # it went back: no slope to be told
    assert world.state.readings[A1].power_w is None


@pytest.mark.parametrize(("age_s", "known"), [(179, True), (181, False)])
def test_a_reading_older_than_three_intervals_is_unknown(world: World, age_s: float, known: bool) -> None:
    world.draw("a", 5000)
    world.wait(age_s)
    assert (world.state.snapshot().reading_power_w(A1, world.now.steady_s) is not None) is known


def test_the_next_transaction_does_not_inherit_a_reading(world: World) -> None:
    world.apply(started(world, "t"))
    world.draw("a", 5000)
    world.stop("a", "t")
    assert world.state.snapshot().reading_power_w(A1, world.now.steady_s) is None


def test_a_restart_keeps_everything_but_the_connections(world: World) -> None:
    world.charger("b", 11)
    world.start("b")
    world.settle()
    world.apply(ev.SmartChargingConfigured(world.now, SmartCharging(50_000, "equal")))
    before = world.state.snapshot()
    world.restart()
    restored = world.state.snapshot()
    assert all(not cp.connected and not cp.ready for cp in restored.charge_points.values())
    assert replace(restored, charge_points=before.charge_points) == before


def test_a_site_without_settings_cannot_be_restored() -> None:
    with pytest.raises(IllegalEvent):
        State.restored([])


def test_a_view_shows_what_was_declared_since() -> None:
    site = SiteSettings("s", "Site", "Europe/London", grid_capacity_w=10_000)
    state = State(site)
    assert state.view().site.grid_capacity_w == 10_000
    state.apply(ev.SiteDeclared(Moment(1.0, 1.0), replace(site, grid_capacity_w=20_000)))
    assert state.view().site.grid_capacity_w == 20_000


def test_of_a_removed_charge_point_nothing_is_left_and_others_keep_theirs() -> None:
    state = State(SiteSettings("s", "S", "UTC", 100_000))
    at = Moment(0.0, 0.0)
    for name in ("a", "b"):
        state.apply(ev.ChargePointDeclared(at, ChargePointSettings(name, "s")))
        state.apply(ev.ChargePointConnected(at, name, f"c{name}", "ocpp1.6"))
        state.apply(ev.ConnectorStatusChanged(at, name, 1, ConnectorStatus.AVAILABLE))
        state.apply(ev.TransactionStarted(at, name, 1, "1", 1 if name == "a" else 2, 0.0))
        state.apply(ev.LimitIssued(at, name, 1, 1, LimitPurpose.TRANSACTION, 11_000, f"c{name}", "1"))
        state.apply(ev.MeterValuesReceived(at, name, 1, 0.0, "1", 5000.0, PowerSource.POWER))
    removed = ev.ChargePointRemoved(at, "a")
    with pytest.raises(IllegalEvent):
        state.apply(removed)
    state.apply(ev.ChargePointDisconnected(at, "a", "ca"))
    with pytest.raises(IllegalEvent):
        state.apply(removed)
    state.apply(ev.TransactionEnded(at, "a", 1, "1", 0.0, "Local"))
    assert state.apply(removed) == ()
    tables = (state.settings, state.charge_points, state.ended, state.connectors, state.limits, state.readings)
    assert {key if isinstance(key, str) else key[0] for table in tables for key in table} == {"b"}
    assert set(state.snapshot().shapes) == {"b"}
    assert [key.charge_point_id for key in state.snapshot().connector_keys()] == ["b"]
    with pytest.raises(IllegalEvent):
        state.apply(removed)


def test_a_transaction_is_found_on_a_connector_that_nobody_declared(world: World) -> None:
    world.apply(started(world, "t3", connector_id=3))
    found = world.state.transaction("a", "t3")
    assert found is not None
    assert (found.connector_id, found.active) == (3, True)
